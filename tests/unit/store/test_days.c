/* The history by day and the changes of tasks: written with what they tell about, bounded, and gone with it. */
#include "store_fixture.h"

#include "store/sqlite/handle.h"

#define DAY_US (INT64_C(86400) * 1000000)

static void put_task(store_fixture *f, unsigned char id, km_task_state state, const char *message) {
    kmi_task_row task = {.id = {{id}},
                         .state = state,
                         .item_count = 1,
                         .created_at_us = TEST_NOW_US,
                         .started_at_us = TEST_NOW_US + 10,
                         .finished_at_us = TEST_NOW_US + 20,
                         .processing_us = 100,
                         .error = message,
                         .payload = KMI_SLICE_LITERAL("payload")};
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_task_put(f->store, &task, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static size_t read_days(store_fixture *f, kmi_day_row **ret_days) {
    size_t count = 0;
    expect_ok(kmi_store_days(f->store, 0, f->arena, ret_days, &count, &f->error));
    return count;
}

static size_t read_events(store_fixture *f, unsigned char id, kmi_task_event **ret_events) {
    size_t count = 0;
    expect_ok(kmi_store_task_events(f->store, &(kmi_uuid){{id}}, f->arena, ret_events, &count, &f->error));
    return count;
}

static void a_day_sums_what_its_transactions_counted(void **state) {
    store_fixture *f = *state;
    kmi_day_row *days = NULL;
    keep_memory(f, "the first statement", "fact");
    put_task(f, 1, KM_TASK_COMPLETED, NULL);
    put_task(f, 2, KM_TASK_COMPLETED, NULL);
    put_task(f, 3, KM_TASK_FAILED, "it broke");
    kmi_clock_set_offset_us(2 * DAY_US);
    put_task(f, 4, KM_TASK_COMPLETED, NULL);
    assert_int_equal(read_days(f, &days), 2);
    assert_int_equal(days[1].day - days[0].day, 2);
    assert_int_equal(days[0].values[KMI_COUNTER_TASKS_COMPLETED], 2);
    assert_int_equal(days[0].values[KMI_COUNTER_TASKS_FAILED_EVER], 1);
    assert_int_equal(days[0].values[KMI_COUNTER_PROCESSING_US], 200);
    assert_int_equal(days[0].values[KMI_COUNTER_MEMORIES], 1);
    assert_int_equal(days[1].values[KMI_COUNTER_TASKS_COMPLETED], 1);
    assert_int_equal(days[0].values[KMI_COUNTER_TASKS_COMPLETED] + days[1].values[KMI_COUNTER_TASKS_COMPLETED],
                     count_of(f, KMI_COUNTER_TASKS_COMPLETED));
    expect_sound(f);
}

static void what_is_rolled_back_leaves_no_day(void **state) {
    store_fixture *f = *state;
    kmi_day_row *days = NULL;
    kmi_task_row task = {.id = {{1}}, .state = KM_TASK_COMPLETED, .created_at_us = TEST_NOW_US};
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_task_put(f->store, &task, &f->error));
    kmi_store_rollback(f->store);
    assert_int_equal(read_days(f, &days), 0);
}

static void days_are_kept_for_so_long_only(void **state) {
    store_fixture *f = *state;
    kmi_day_row *days = NULL;
    int64_t today = kmi_clock_now_us() / DAY_US;
    for (int day = -100; day <= 0; day++) {
        kmi_clock_set_offset_us(day * DAY_US);
        put_task(f, 1, KM_TASK_FAILED, "it broke");
        put_task(f, 1, KM_TASK_COMPLETED, NULL);
        put_task(f, 1, KM_TASK_QUEUED, NULL);
    }
    assert_int_equal(read_days(f, &days), KMI_HISTORY_DAYS);
    assert_int_equal(days[0].day, today - KMI_HISTORY_DAYS + 1);
    assert_int_equal(days[KMI_HISTORY_DAYS - 1].day, today);
}

static void a_task_that_simply_ends_well_has_no_events(void **state) {
    store_fixture *f = *state;
    kmi_task_event *events = NULL;
    put_task(f, 1, KM_TASK_COMPLETED, NULL);
    assert_int_equal(read_events(f, 1, &events), 0);
}

static void every_change_of_another_task_is_noted(void **state) {
    store_fixture *f = *state;
    kmi_task_event *events = NULL;
    put_task(f, 1, KM_TASK_RETRYING, "it broke");
    put_task(f, 1, KM_TASK_COMPLETED, NULL);
    assert_int_equal(read_events(f, 1, &events), 3);
    assert_int_equal(events[0].state, KM_TASK_PROCESSING);
    assert_int_equal(events[0].at_us, TEST_NOW_US + 10);
    assert_int_equal(events[1].state, KM_TASK_RETRYING);
    assert_string_equal(events[1].error, "it broke");
    assert_int_equal(events[2].state, KM_TASK_COMPLETED);
    assert_null(events[2].error);
    assert_int_equal(read_events(f, 2, &events), 0);
}

static void events_are_bounded_and_go_with_their_task(void **state) {
    store_fixture *f = *state;
    kmi_task_event *events = NULL;
    for (int i = 0; i < 300; i++) {
        kmi_clock_set_offset_us(i * INT64_C(1000000));
        put_task(f, 1, i % 2 == 0 ? KM_TASK_RETRYING : KM_TASK_QUEUED, "it broke");
    }
    put_task(f, 2, KM_TASK_FAILED, "it broke");
    assert_in_range(read_events(f, 1, &events), 50, 101);
    uint64_t count = 0;
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_task_purge(f->store, INT64_MAX, true, &count, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_int_equal(count, 1);
    assert_int_equal(read_events(f, 2, &events), 0);
    assert_in_range(read_events(f, 1, &events), 50, 101);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_FAILED_EVER), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_day_sums_what_its_transactions_counted), STORE_TEST(what_is_rolled_back_leaves_no_day),
        STORE_TEST(days_are_kept_for_so_long_only),           STORE_TEST(a_task_that_simply_ends_well_has_no_events),
        STORE_TEST(every_change_of_another_task_is_noted),    STORE_TEST(events_are_bounded_and_go_with_their_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
