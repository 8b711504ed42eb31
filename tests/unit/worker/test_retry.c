/* What becomes of tasks that fail and of those that a worker died on: pauses, attempts, crashes. */
#include "../store/store_fixture.h"

#include "worker/retry.h"

#define HOUR_US INT64_C(3600000000)

static void delay_lies_between_half_and_whole_of_the_exponential(void **state) {
    (void)state;
    int64_t whole_us = 2000000;
    for (uint32_t attempts = 1; attempts <= 11; attempts++, whole_us *= 2) {
        assert_int_equal(kmi_retry_delay_us(attempts, 0), whole_us / 2);
        assert_int_equal(kmi_retry_delay_us(attempts, (uint64_t)whole_us / 2), whole_us);
        for (uint64_t random = 1; random < 1000; random++)
            assert_in_range(kmi_retry_delay_us(attempts, random * 7919), whole_us / 2, whole_us);
    }
}

static void delay_is_capped_at_an_hour(void **state) {
    (void)state;
    assert_int_equal(kmi_retry_delay_us(12, (uint64_t)HOUR_US / 2), HOUR_US);
    assert_int_equal(kmi_retry_delay_us(UINT32_MAX, 0), HOUR_US / 2);
}

static kmi_batch_task make_batch_task(unsigned char number) {
    return (kmi_batch_task){.id = {{number}},
                            .priority = 5,
                            .expected_item_count = 1,
                            .created_at_us = TEST_NOW_US,
                            .claimed_at_us = TEST_NOW_US,
                            .payload = KMI_SLICE_LITERAL("payload")};
}

static kmi_task_row find(store_fixture *f, unsigned char number) {
    kmi_task_row row;
    bool is_known = false;
    expect_ok(kmi_store_task_find(f->store, &(kmi_uuid){{number}}, f->arena, &is_known, &row, &f->error));
    assert_true(is_known);
    return row;
}

static kmi_task_row fail_once_more(store_fixture *f, const kmi_config *config, kmi_batch_task *task, km_status why) {
    km_error fault = {.status = why, .message = "it broke"};
    km_task_state state = KM_TASK_QUEUED;
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_retry_put(f->store, config, task, &fault, &state, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    kmi_task_row row = find(f, task->id.bytes[0]);
    assert_int_equal(row.state, state);
    assert_string_equal(row.error, "it broke");
    assert_int_equal(row.payload.len, task->payload.len);
    task->attempts = row.attempts;
    return row;
}

/* Each pause ends between half of d and d from now, d = min(1 h, 2 s * 2^(n-1)), whatever the clock says; then no more. */
static void attempts_pause_and_are_used_up(void **state) {
    store_fixture *f = *state;
    kmi_config config;
    kmi_config_init(&config);
    config.async_task_retry_attempts = 14;
    kmi_batch_task task = make_batch_task(1);
    for (uint32_t n = 1; n <= 14; n++) {
        kmi_clock_set_offset_us((int64_t)n * 86400 * 1000000 * (n % 2 ? 1 : -1));
        int64_t whole_us = n > 11 ? HOUR_US : INT64_C(2000000) << (n - 1);
        int64_t before_us = kmi_clock_now_us();
        kmi_task_row row = fail_once_more(f, &config, &task, KM_E_INTERNAL);
        assert_int_equal(row.state, KM_TASK_RETRYING);
        assert_int_equal(row.attempts, n);
        assert_true(row.run_at_us >= before_us + whole_us / 2);
        assert_true(row.run_at_us <= kmi_clock_now_us() + whole_us);
        assert_int_equal(row.finished_at_us, 0);
    }
    kmi_task_row row = fail_once_more(f, &config, &task, KM_E_INTERNAL);
    assert_int_equal(row.state, KM_TASK_FAILED);
    assert_int_equal(row.attempts, 15);
    assert_true(row.finished_at_us != 0);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_FAILED), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_RETRYING), 0);
    expect_sound(f);
}

static void what_can_never_go_well_is_not_tried_again(void **state) {
    store_fixture *f = *state;
    kmi_config config;
    kmi_config_init(&config);
    kmi_batch_task task = make_batch_task(2);
    assert_int_equal(fail_once_more(f, &config, &task, KM_E_INVALID).state, KM_TASK_FAILED);
}

static void the_third_crash_is_the_last(void **state) {
    store_fixture *f = *state;
    kmi_batch_task task = make_batch_task(3);
    task.attempts = 2;
    for (uint32_t crashes = 1; crashes <= KMI_CRASHES_MAX; crashes++) {
        expect_ok(kmi_store_begin(f->store, &f->error));
        expect_ok(kmi_retry_put_crashed(f->store, &task, &f->error));
        expect_ok(kmi_store_commit(f->store, &f->error));
        kmi_task_row row = find(f, 3);
        assert_int_equal(row.crashes, crashes);
        assert_int_equal(row.attempts, 2); /* a death is no attempt */
        assert_int_equal(row.state, crashes < 3 ? KM_TASK_QUEUED : KM_TASK_FAILED);
        assert_int_equal(row.finished_at_us != 0, crashes == 3);
        assert_int_equal(row.payload.len, task.payload.len);
        task.crashes = row.crashes;
    }
    expect_sound(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delay_lies_between_half_and_whole_of_the_exponential),
        cmocka_unit_test(delay_is_capped_at_an_hour),
        STORE_TEST(attempts_pause_and_are_used_up),
        STORE_TEST(what_can_never_go_well_is_not_tried_again),
        STORE_TEST(the_third_crash_is_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
