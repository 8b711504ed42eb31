/* Task records: states and the counters that follow them, what is due, keys that outlive their records. */
#include "store_fixture.h"

static kmi_task_row make_task(unsigned char number, km_task_state state) {
    return (kmi_task_row){.id = {{number}}, .state = state, .priority = 5, .item_count = 1, .created_at_us = number};
}

static void put(store_fixture *f, const kmi_task_row *task) {
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_task_put(f->store, task, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void every_field_comes_back(void **state) {
    store_fixture *f = *state;
    const kmi_uuid ids[] = {{{1}}, {{2}}};
    kmi_task_row task = {.id = {{7, 7}},
                         .state = KM_TASK_RETRYING,
                         .priority = 2,
                         .attempts = 3,
                         .crashes = 1,
                         .item_count = 4,
                         .created_at_us = 10,
                         .started_at_us = 20,
                         .finished_at_us = 30,
                         .run_at_us = 40,
                         .processing_us = 50,
                         .wait_us = 60,
                         .error = "it broke",
                         .payload = KMI_SLICE_LITERAL("pay\0load"),
                         .memory_ids = ids,
                         .memory_count = 2,
                         .is_keyed = true};
    put(f, &task);
    kmi_task_row found;
    bool is_known = false;
    expect_ok(kmi_store_task_find(f->store, &task.id, f->arena, &is_known, &found, &f->error));
    assert_true(is_known);
    assert_int_equal(found.state, KM_TASK_RETRYING);
    assert_int_equal(found.priority, 2);
    assert_int_equal(found.attempts, 3);
    assert_int_equal(found.crashes, 1);
    assert_int_equal(found.item_count, 4);
    assert_int_equal(found.created_at_us, 10);
    assert_int_equal(found.started_at_us, 20);
    assert_int_equal(found.finished_at_us, 30);
    assert_int_equal(found.run_at_us, 40);
    assert_int_equal(found.processing_us, 50);
    assert_int_equal(found.wait_us, 60);
    assert_string_equal(found.error, "it broke");
    assert_true(kmi_slice_equal(found.payload, task.payload));
    assert_int_equal(found.memory_count, 2);
    assert_memory_equal(found.memory_ids, ids, sizeof ids);
    assert_true(found.is_keyed);
    task.state = KM_TASK_COMPLETED; /* a finished task gives its payload back */
    put(f, &task);
    expect_ok(kmi_store_task_find(f->store, &task.id, f->arena, &is_known, &found, &f->error));
    assert_int_equal(found.payload.len, 0);
    kmi_uuid unknown = {{99}};
    expect_ok(kmi_store_task_find(f->store, &unknown, NULL, &is_known, NULL, &f->error));
    assert_false(is_known);
}

static void counters_follow_the_states(void **state) {
    store_fixture *f = *state;
    kmi_task_row task = make_task(1, KM_TASK_QUEUED);
    put(f, &task);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_QUEUED), 1);
    task.state = KM_TASK_PROCESSING;
    put(f, &task);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_QUEUED), 0);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_PROCESSING), 1);
    task.state = KM_TASK_RETRYING;
    put(f, &task);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_PROCESSING), 0);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_RETRYING), 1);
    task.state = KM_TASK_FAILED;
    put(f, &task);
    put(f, &task);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_RETRYING), 0);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_FAILED), 1);
    task.state = KM_TASK_CANCELLED;
    put(f, &task);
    put(f, &task);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_FAILED), 0);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_CANCELLED), 1);
    task.state = KM_TASK_COMPLETED;
    task.processing_us = 100;
    task.wait_us = 7;
    put(f, &task);
    put(f, &task); /* twice the same: once the effect */
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_COMPLETED), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_CANCELLED), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_PROCESSING_US), 100);
    assert_int_equal(count_of(f, KMI_COUNTER_WAIT_US), 7);
    expect_sound(f);
}

static void put_due(store_fixture *f, unsigned char number, km_task_state state, int priority, int64_t created,
                    int64_t run_at) {
    kmi_task_row task = make_task(number, state);
    task.priority = priority;
    task.created_at_us = created;
    task.run_at_us = run_at;
    task.payload = KMI_SLICE_LITERAL("x");
    put(f, &task);
}

static void due_tasks_by_priority_and_age(void **state) {
    store_fixture *f = *state;
    const int64_t minute = 60000000;
    const int64_t now = 100 * minute;
    put_due(f, 1, KM_TASK_QUEUED, 5, now - 1, 0);
    put_due(f, 2, KM_TASK_QUEUED, 1, now, 0);
    put_due(f, 3, KM_TASK_RETRYING, 5, now - 2, now);               /* due now */
    put_due(f, 4, KM_TASK_RETRYING, 0, now - 3, now + minute);      /* not yet */
    put_due(f, 5, KM_TASK_RETRYING, 9, now - 4, now + 62 * minute); /* the clock went back: due */
    put_due(f, 6, KM_TASK_FAILED, 0, now - 5, 0);
    put_due(f, 7, KM_TASK_QUEUED, 9, now - 90 * minute, 0); /* has waited long enough to come first */
    put_due(f, 8, KM_TASK_COMPLETED, 0, now, 0);
    kmi_task_row *items = NULL;
    size_t count = 0;
    int64_t next = 0;
    expect_ok(kmi_store_task_due(f->store, now, 10, f->arena, &items, &count, &next, &f->error));
    const unsigned char wanted[] = {7, 2, 3, 1, 5};
    assert_int_equal(count, sizeof wanted);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(items[i].id.bytes[0], wanted[i]);
        assert_int_equal(items[i].payload.len, 1);
    }
    assert_int_equal(next, now + minute);
    expect_ok(kmi_store_task_due(f->store, now, 2, f->arena, &items, &count, &next, &f->error));
    assert_int_equal(count, 2);
}

static void lists_by_state_oldest_first(void **state) {
    store_fixture *f = *state;
    static const km_task_state STATES[] = {KM_TASK_FAILED, KM_TASK_COMPLETED, KM_TASK_FAILED};
    for (unsigned char i = 0; i < 3; i++) {
        kmi_task_row task = make_task((unsigned char)(30 - i), STATES[i]);
        task.payload = KMI_SLICE_LITERAL("text");
        put(f, &task);
    }
    kmi_task_row *items = NULL;
    size_t count = 0;
    km_task_state failed = KM_TASK_FAILED;
    km_task_state completed = KM_TASK_COMPLETED;
    expect_ok(kmi_store_task_list(f->store, NULL, false, 10, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 3);
    assert_int_equal(items[0].id.bytes[0], 28);
    assert_int_equal(items[0].payload.len, 0);
    expect_ok(kmi_store_task_list(f->store, &failed, true, 1, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 1);
    assert_int_equal(items[0].payload.len, 4);
    expect_ok(kmi_store_task_list(f->store, &completed, false, 10, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 1);
}

static void purge_keeps_keys_and_unfinished_work(void **state) {
    store_fixture *f = *state;
    static const km_task_state STATES[] = {KM_TASK_COMPLETED, KM_TASK_CANCELLED, KM_TASK_FAILED, KM_TASK_QUEUED,
                                           KM_TASK_RETRYING};
    for (unsigned char i = 0; i < 5; i++) {
        kmi_task_row task = make_task((unsigned char)(i + 1), STATES[i]);
        task.finished_at_us = 100;
        task.is_keyed = i == 0;
        put(f, &task);
    }
    uint64_t count = 0;
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_task_purge(f->store, 100, false, &count, &f->error));
    assert_int_equal(count, 0);
    expect_ok(kmi_store_task_purge(f->store, 101, false, &count, &f->error));
    assert_int_equal(count, 2);
    expect_ok(kmi_store_task_purge(f->store, 101, true, &count, &f->error));
    assert_int_equal(count, 1);
    expect_ok(kmi_store_commit(f->store, &f->error));
    kmi_task_row found;
    bool is_known = false;
    kmi_uuid keyed = {{1}};
    kmi_uuid cancelled = {{2}};
    expect_ok(kmi_store_task_find(f->store, &keyed, f->arena, &is_known, &found, &f->error));
    assert_true(is_known);
    assert_int_equal(found.state, KM_TASK_COMPLETED);
    expect_ok(kmi_store_task_find(f->store, &cancelled, f->arena, &is_known, &found, &f->error));
    assert_false(is_known);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_COMPLETED), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_FAILED), 0);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_QUEUED), 1);
    expect_sound(f);
}

static void ids_resolve_by_prefix(void **state) {
    store_fixture *f = *state;
    kmi_task_row one = make_task(0xaa, KM_TASK_FAILED);
    kmi_task_row two = make_task(0xab, KM_TASK_FAILED);
    kmi_uuid id;
    put(f, &one);
    put(f, &two);
    expect_ok(kmi_store_task_resolve(f->store, "aa", &id, &f->error));
    assert_int_equal(id.bytes[0], 0xaa);
    assert_int_equal(kmi_store_task_resolve(f->store, "a", &id, &f->error), KM_E_CONFLICT);
    assert_int_equal(kmi_store_task_resolve(f->store, "b", &id, &f->error), KM_E_NOT_FOUND);
}

static void last_errors_are_counted_together(void **state) {
    store_fixture *f = *state;
    static const char *const ERRORS[] = {"slow", "broken", "slow", NULL};
    for (unsigned char i = 0; i < 4; i++) {
        kmi_task_row task = make_task((unsigned char)(i + 1), KM_TASK_FAILED);
        task.error = ERRORS[i];
        task.finished_at_us = 10 + i;
        put(f, &task);
    }
    km_name_count *items = NULL;
    size_t count = 0;
    expect_ok(kmi_store_last_errors(f->store, 5, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 2);
    assert_string_equal(items[0].name, "slow");
    assert_int_equal(items[0].count, 2);
    assert_string_equal(items[1].name, "broken");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(every_field_comes_back),
        STORE_TEST(counters_follow_the_states),
        STORE_TEST(due_tasks_by_priority_and_age),
        STORE_TEST(lists_by_state_oldest_first),
        STORE_TEST(purge_keeps_keys_and_unfinished_work),
        STORE_TEST(ids_resolve_by_prefix),
        STORE_TEST(last_errors_are_counted_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
