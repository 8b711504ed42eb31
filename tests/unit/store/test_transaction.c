/* Transactions: the writer lock, savepoints, fencing, deadlines, and what is left after a rollback. */
#include "store_fixture.h"

#include "store/sqlite/handle.h"

static bool lock_is_free(const store_fixture *f) {
    int fd = openat(f->dir->fd, "lock", O_RDWR | O_CLOEXEC);
    bool is_held = true;
    km_error error = {0};
    assert_int_equal(kmi_lock_probe(fd, LOCK_BYTE, &is_held, &error), KM_OK);
    close(fd);
    return !is_held;
}

static void writer_lock_is_held_for_a_transaction_only(void **state) {
    store_fixture *f = *state;
    assert_true(lock_is_free(f));
    expect_ok(kmi_store_begin(f->store, &f->error));
    assert_false(lock_is_free(f));
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_true(lock_is_free(f));
    expect_ok(kmi_store_begin(f->store, &f->error));
    kmi_store_rollback(f->store);
    assert_true(lock_is_free(f));
    expect_ok(kmi_store_checkpoint(f->store, true, &f->error));
    assert_true(lock_is_free(f));
    expect_ok(kmi_store_begin(f->store, &f->error));
    kmi_store_free(f->store);
    f->store = NULL;
    assert_true(lock_is_free(f));
}

static void busy_lock_ends_the_wait(void **state) {
    store_fixture *f = *state;
    int other = openat(f->dir->fd, "lock", O_RDWR | O_CLOEXEC);
    expect_ok(kmi_lock_try(other, LOCK_BYTE, &f->error));
    int64_t start_us = kmi_clock_monotonic_us();
    assert_int_equal(kmi_store_begin(f->store, &f->error), KM_E_BUSY);
    assert_true(kmi_clock_monotonic_us() - start_us >= 250000);
    assert_non_null(strstr(f->error.message, "memories.db"));
    bool is_erased = true;
    assert_int_equal(kmi_store_checkpoint(f->store, false, &f->error), KM_E_BUSY);
    assert_int_equal(kmi_store_erase(f->store, &is_erased, &f->error), KM_E_BUSY);
    close(other);
    expect_ok(kmi_store_begin(f->store, &f->error));
    kmi_store_rollback(f->store);
}

static void rollback_leaves_nothing(void **state) {
    store_fixture *f = *state;
    uint64_t before = 0;
    uint64_t after = 0;
    expect_ok(kmi_store_generation(f->store, &before, &f->error));
    kmi_candidate candidate = make_candidate("never to be seen", "fact");
    expect_ok(kmi_store_begin(f->store, &f->error));
    put_memory(f, &candidate);
    expect_ok(kmi_store_counter_add(f->store, KMI_COUNTER_SKIPPED, 5, &f->error));
    kmi_store_rollback(f->store);
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    expect_ok(kmi_store_generation(f->store, &after, &f->error));
    assert_int_equal(before, after);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 0);
    assert_int_equal(count_of(f, KMI_COUNTER_SKIPPED), 0);
    assert_int_equal(search_count(f, "never seen"), 0);
    expect_sound(f);
}

static void undone_savepoint_takes_back_rows_words_and_numbers(void **state) {
    store_fixture *f = *state;
    kmi_candidate first = make_candidate("alpha stays", "fact");
    kmi_candidate second = make_candidate("beta goes", "rule");
    kmi_candidate third = make_candidate("gamma stays", "fact");
    kmi_task_row task = {.id = {{9}}, .state = KM_TASK_COMPLETED, .created_at_us = 1, .finished_at_us = 2};
    expect_ok(kmi_store_begin(f->store, &f->error));
    put_memory(f, &first);
    expect_ok(kmi_store_savepoint(f->store, &f->error));
    put_memory(f, &second);
    expect_ok(kmi_store_task_put(f->store, &task, &f->error));
    expect_ok(kmi_store_counter_add(f->store, KMI_COUNTER_DUPLICATES, 3, &f->error));
    expect_ok(kmi_store_savepoint_rollback(f->store, &f->error));
    expect_ok(kmi_store_savepoint(f->store, &f->error));
    put_memory(f, &third);
    expect_ok(kmi_store_savepoint_release(f->store, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 2);
    assert_int_equal(count_of(f, KMI_COUNTER_DUPLICATES), 0);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_COMPLETED), 0);
    assert_int_equal(search_count(f, "stays"), 2);
    assert_int_equal(search_count(f, "beta"), 0);
    expect_sound(f);
}

/* An edit or deletion makes the texts that wait for the index be written early; undoing it must not lose those from before
 * the savepoint. */
static void early_index_write_is_undone_with_its_savepoint(void **state) {
    store_fixture *f = *state;
    kmi_uuid old = keep_memory(f, "omega was here before", "fact");
    kmi_candidate first = make_candidate("alpha stays", "fact");
    kmi_candidate second = make_candidate("beta goes", "fact");
    expect_ok(kmi_store_begin(f->store, &f->error));
    put_memory(f, &first);
    expect_ok(kmi_store_savepoint(f->store, &f->error));
    put_memory(f, &second);
    expect_ok(kmi_store_memory_delete(f->store, &old, 1, &f->error));
    expect_ok(kmi_store_savepoint_rollback(f->store, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_int_equal(search_count(f, "alpha"), 1);
    assert_int_equal(search_count(f, "beta"), 0);
    assert_int_equal(search_count(f, "omega"), 1);
    expect_sound(f);
}

static void misuse_is_told(void **state) {
    store_fixture *f = *state;
    kmi_candidate candidate = make_candidate("x", "fact");
    kmi_memory_new memory = {.candidate = &candidate, .created_at_us = 1};
    assert_int_equal(kmi_store_memory_insert(f->store, &memory, &f->error), KM_E_INTERNAL);
    assert_int_equal(kmi_store_counter_add(f->store, KMI_COUNTER_SKIPPED, 1, &f->error), KM_E_INTERNAL);
    assert_int_equal(kmi_store_commit(f->store, &f->error), KM_E_INTERNAL);
    expect_ok(kmi_store_begin(f->store, &f->error));
    assert_int_equal(kmi_store_begin(f->store, &f->error), KM_E_INTERNAL);
    assert_int_equal(kmi_store_savepoint_release(f->store, &f->error), KM_E_INTERNAL);
    kmi_store_rollback(f->store);
    kmi_store_rollback(f->store);
    store_reopen(f, KMI_STORE_READ);
    assert_int_equal(kmi_store_begin(f->store, &f->error), KM_E_INTERNAL);
}

static void older_epoch_cannot_commit(void **state) {
    store_fixture *f = *state;
    uint64_t first = 0;
    uint64_t second = 0;
    expect_ok(kmi_store_epoch_raise(f->store, &first, &f->error));
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_epoch_check(f->store, first, &f->error));
    kmi_store_rollback(f->store);
    expect_ok(kmi_store_epoch_raise(f->store, &second, &f->error));
    assert_int_equal(second, first + 1);
    expect_ok(kmi_store_begin(f->store, &f->error));
    assert_int_equal(kmi_store_epoch_check(f->store, first, &f->error), KM_E_CONFLICT);
    kmi_store_rollback(f->store);
}

static void deadline_stops_reading_and_new_changes_but_not_a_commit(void **state) {
    store_fixture *f = *state;
    kmi_candidate candidate = make_candidate("a statement", "fact");
    kmi_memory_new memory = {.candidate = &candidate, .created_at_us = 1};
    expect_ok(kmi_uuid_make(&memory.id, &f->error));
    expect_ok(kmi_store_begin(f->store, &f->error));
    put_memory(f, &candidate);
    kmi_store_set_deadline(f->store, kmi_clock_monotonic_us() - 1);
    assert_int_equal(kmi_store_memory_insert(f->store, &memory, &f->error), KM_E_BUSY);
    expect_ok(kmi_store_commit(f->store, &f->error));
    kmi_store_set_deadline(f->store, 0);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 1);
}

static void a_search_that_runs_late_gives_what_it_has(void **state) {
    store_fixture *f = *state;
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < 5000; i++) {
        char text[64];
        snprintf(text, sizeof text, "the common word in statement %d", i);
        kmi_candidate candidate = make_candidate(text, "fact");
        put_memory(f, &candidate);
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
    kmi_search_hit *hits = NULL;
    size_t count = 0;
    kmi_slice text = kmi_slice_from("common word statement");
    kmi_store_set_deadline(f->store, kmi_clock_monotonic_us() + 60000000);
    f->store->late_us = kmi_clock_monotonic_us() - 1; /* nothing was read yet */
    expect_ok(kmi_store_search(f->store, text, NULL, 10, f->arena, &hits, &count, NULL, &f->error));
    assert_int_equal(count, 0);
    assert_true(kmi_store_was_cut_short(f->store));
    kmi_store_set_deadline(f->store, kmi_clock_monotonic_us() - 1);
    expect_ok(kmi_store_search(f->store, text, NULL, 10, f->arena, &hits, &count, NULL, &f->error));
    assert_true(kmi_store_was_cut_short(f->store));
    kmi_store_set_deadline(f->store, kmi_clock_monotonic_us() + 60000000);
    expect_ok(kmi_store_search(f->store, text, NULL, 10, f->arena, &hits, &count, NULL, &f->error));
    assert_int_equal(count, 10);
    assert_false(kmi_store_was_cut_short(f->store));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(writer_lock_is_held_for_a_transaction_only),
        STORE_TEST(busy_lock_ends_the_wait),
        STORE_TEST(rollback_leaves_nothing),
        STORE_TEST(undone_savepoint_takes_back_rows_words_and_numbers),
        STORE_TEST(early_index_write_is_undone_with_its_savepoint),
        STORE_TEST(misuse_is_told),
        STORE_TEST(older_epoch_cannot_commit),
        STORE_TEST(deadline_stops_reading_and_new_changes_but_not_a_commit),
        STORE_TEST(a_search_that_runs_late_gives_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
