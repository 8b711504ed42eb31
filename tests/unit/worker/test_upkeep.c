/* How long records of tasks are kept. The clock is the test's. */
#include "../store/store_fixture.h"

#include "worker/upkeep.h"

#define DAY_US INT64_C(86400000000)

static void put(store_fixture *f, unsigned char number, km_task_state state, bool is_keyed) {
    bool is_over = state == KM_TASK_COMPLETED || state == KM_TASK_FAILED || state == KM_TASK_CANCELLED;
    kmi_task_row row = {.id = {{number}},
                        .state = state,
                        .priority = 5,
                        .item_count = 1,
                        .created_at_us = kmi_clock_now_us(),
                        .finished_at_us = is_over ? kmi_clock_now_us() : 0,
                        .is_keyed = is_keyed,
                        .payload = KMI_SLICE_LITERAL("x")};
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_task_put(f->store, &row, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static bool is_there(store_fixture *f, unsigned char number) {
    kmi_task_row row;
    bool is_known = false;
    expect_ok(kmi_store_task_find(f->store, &(kmi_uuid){{number}}, f->arena, &is_known, &row, &f->error));
    return is_known;
}

/* As a worker that has been idle for long enough. */
static void clean_up(store_fixture *f, const kmi_config *config, kmi_queue *queue) {
    kmi_upkeep upkeep = {.last_cleanup_us =
                             kmi_clock_monotonic_us() - config->async_cleanup_interval_seconds * 1000000};
    expect_ok(kmi_upkeep_when_idle(&upkeep, f->store, queue, config, &f->error));
}

static void finished_records_go_after_their_time_and_failed_ones_never(void **state) {
    store_fixture *f = *state;
    kmi_queue queue;
    kmi_config config;
    kmi_config_init(&config);
    config.async_max_task_age_seconds = 300;
    config.async_cleanup_interval_seconds = 1;
    expect_ok(kmi_queue_open(&queue, f->dir->fd, f->dir->path, true, &f->error));
    put(f, 1, KM_TASK_COMPLETED, false);
    put(f, 2, KM_TASK_CANCELLED, false);
    put(f, 3, KM_TASK_FAILED, false);
    put(f, 4, KM_TASK_QUEUED, false);
    put(f, 5, KM_TASK_RETRYING, false);
    put(f, 6, KM_TASK_COMPLETED, true);
    clean_up(f, &config, &queue);
    kmi_clock_set_offset_us(INT64_C(295000000));
    clean_up(f, &config, &queue);
    for (unsigned char number = 1; number <= 6; number++) assert_true(is_there(f, number));
    kmi_clock_set_offset_us(INT64_C(301000000));
    clean_up(f, &config, &queue);
    assert_false(is_there(f, 1));
    assert_false(is_there(f, 2));
    kmi_clock_set_offset_us(3650 * DAY_US);
    clean_up(f, &config, &queue);
    for (unsigned char number = 3; number <= 6; number++)
        assert_true(is_there(f, number)); /* 6: its key is still known */
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_FAILED), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_COMPLETED), 2);
    expect_sound(f);
    kmi_queue_deinit(&queue);
}

int main(void) {
    const struct CMUnitTest tests[] = {STORE_TEST(finished_records_go_after_their_time_and_failed_ones_never)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
