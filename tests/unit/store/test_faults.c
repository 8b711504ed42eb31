/* Every allocation and every write of SQLite is made to fail once, one after the other, until the work succeeds. Whatever fails:
 * the call says so, nothing is half done, the writer lock is free, and the store is sound when opened anew. */
#include "store_fixture.h"

#include "base/sql.h"
#include "learn/learn.h"
#include "recall/recall.h"

/* ---- Allocations ---- */

static sqlite3_mem_methods real_memory;
static long allocations_left = -1; /* negative: none fails */

static bool must_fail(long *left) {
    if (*left < 0) return false;
    if (*left == 0) return true; /* and all that follow */
    (*left)--;
    return false;
}

static void *failing_malloc(int size) {
    return must_fail(&allocations_left) ? NULL : real_memory.xMalloc(size);
}

static void *failing_realloc(void *old, int size) {
    return must_fail(&allocations_left) ? NULL : real_memory.xRealloc(old, size);
}

/* ---- Files ---- */

static long writes_left = -1;
static int write_fault = SQLITE_FULL;
static sqlite3_vfs *real_vfs;
static sqlite3_vfs failing_vfs;
static const sqlite3_io_methods *real_methods;
static sqlite3_io_methods failing_methods;

static int failing_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset) {
    return must_fail(&writes_left) ? write_fault : real_methods->xWrite(file, bytes, len, offset);
}

static int failing_sync(sqlite3_file *file, int flags) {
    return must_fail(&writes_left) ? SQLITE_IOERR_FSYNC : real_methods->xSync(file, flags);
}

static int failing_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return must_fail(&writes_left) ? SQLITE_IOERR_TRUNCATE : real_methods->xTruncate(file, size);
}

static int open_failing(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags) {
    (void)vfs;
    int code = real_vfs->xOpen(real_vfs, name, file, flags, ret_flags);
    if (code != SQLITE_OK || file->pMethods == NULL) return code;
    if (real_methods == NULL || real_methods == file->pMethods) {
        real_methods = file->pMethods;
        failing_methods = *real_methods;
        failing_methods.xWrite = failing_write;
        failing_methods.xSync = failing_sync;
        failing_methods.xTruncate = failing_truncate;
        file->pMethods = &failing_methods;
    }
    return code;
}

static int install_faults(void **state) {
    (void)state;
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
    sqlite3_mem_methods methods = real_memory;
    methods.xMalloc = failing_malloc;
    methods.xRealloc = failing_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK) return -1;
    real_vfs = sqlite3_vfs_find(NULL);
    failing_vfs = *real_vfs;
    failing_vfs.zName = "failing";
    failing_vfs.xOpen = open_failing;
    return sqlite3_vfs_register(&failing_vfs, 1) == SQLITE_OK ? 0 : -1;
}

/* ---- The work ---- */

static km_status learn_two(store_fixture *f, kmi_store *store) {
    const km_entity entity = {"Docker", "technology"};
    kmi_candidate candidates[] = {make_candidate("We deploy with Docker", "decision"),
                                  make_candidate("The port is 80", "fact")};
    candidates[0].entities = &entity;
    candidates[0].entity_count = 1;
    candidates[1].subject = "api";
    candidates[1].attribute = "port";
    candidates[1].value = "80";
    kmi_extraction extraction = {.candidate_count = 2, .candidates = candidates};
    km_learn_item item = {.content = "x", .source = "chat"};
    kmi_learn_origin origin = {.item = &item, .submitted_at_us = TEST_NOW_US};
    kmi_task_row task = {.id = {{1}}, .state = KM_TASK_COMPLETED, .created_at_us = 1, .finished_at_us = 2};
    kmi_config config;
    kmi_config_init(&config);
    kmi_learn_outcome *outcomes = NULL;
    km_status status = kmi_store_begin(store, &f->error);
    if (status == KM_OK) status = kmi_store_savepoint(store, &f->error);
    if (status == KM_OK)
        status = kmi_learn_apply(store, &config, &origin, &extraction, TEST_NOW_US, f->arena, &outcomes, &f->error);
    if (status == KM_OK) status = kmi_store_task_put(store, &task, &f->error);
    if (status == KM_OK) status = kmi_store_savepoint_release(store, &f->error);
    if (status == KM_OK) return kmi_store_commit(store, &f->error);
    kmi_store_rollback(store);
    return status;
}

static km_status open_and_learn(store_fixture *f) {
    kmi_store_options options = store_options(f, KMI_STORE_CREATE);
    kmi_store *store = NULL;
    km_status status = kmi_store_open(&options, &store, &f->error);
    if (status == KM_OK) status = learn_two(f, store);
    kmi_store_free(store);
    return status;
}

static km_status open_and_choose(store_fixture *f) {
    kmi_store_options options = store_options(f, KMI_STORE_READ);
    kmi_context_request request = {.prompt = kmi_slice_from("how do we deploy"),
                                   .max_memories = 5,
                                   .confidence_threshold = 0.3,
                                   .max_chars = 1000,
                                   .standing_memories = 2,
                                   .now_us = TEST_NOW_US};
    kmi_store *store = NULL;
    km_memory *items = NULL;
    size_t count = 0;
    double confidence = 0;
    km_status status = kmi_store_open(&options, &store, &f->error);
    if (status == KM_OK)
        status = kmi_context_choose(store, &request, f->arena, &items, NULL, &count, &confidence, NULL, &f->error);
    if (status == KM_OK && count != 1) status = KM_E_INTERNAL;
    kmi_store_free(store);
    return status;
}

static km_status open_and_erase(store_fixture *f) {
    kmi_store_options options = store_options(f, KMI_STORE_WRITE);
    kmi_store *store = NULL;
    bool is_erased = false;
    km_status status = kmi_store_open(&options, &store, &f->error);
    if (status == KM_OK) status = kmi_store_erase(store, &is_erased, &f->error);
    kmi_store_free(store);
    return status;
}

static void remove_files(store_fixture *f) {
    static const char *const NAMES[] = {"memories.db", "memories.db-wal", "memories.db-shm", "memories.db-journal"};
    kmi_store_free(f->store);
    f->store = NULL;
    for (size_t i = 0; i < 4; i++) unlinkat(f->dir->fd, NAMES[i], 0);
}

/* After a fault: the lock is free, the store opens, is sound, and holds all of the work or none. */
static void expect_whole(store_fixture *f, bool may_hold) {
    allocations_left = -1;
    writes_left = -1;
    int fd = openat(f->dir->fd, "lock", O_RDWR | O_CLOEXEC);
    km_error error = {0};
    assert_int_equal(kmi_lock_try(fd, LOCK_BYTE, &error), KM_OK);
    close(fd);
    store_reopen(f, KMI_STORE_CREATE);
    expect_sound(f);
    int64_t memories = count_of(f, KMI_COUNTER_MEMORIES);
    assert_true(memories == 0 || (may_hold && memories == 2));
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_COMPLETED), memories / 2);
    assert_int_equal(search_count(f, "docker port"), memories);
    kmi_arena_clear(f->arena);
}

static void check_message(const store_fixture *f) {
    assert_string_not_equal(f->error.message, "");
    assert_null(strstr(f->error.message, "Docker"));
}

/* Fails the n-th of `left`, for every n (of big n some), until the work succeeds. Returns: how many n there were. SQLite tells
 * some lost allocations as input and output that failed. */
static long fail_each(store_fixture *f, long *left, km_status (*work)(store_fixture *f), bool starts_empty,
                      km_status wanted) {
    for (long n = 0; n < 100000; n += 1 + n / 30) {
        if (starts_empty) remove_files(f);
        kmi_store_free(f->store);
        f->store = NULL;
        *left = n;
        memset(&f->error, 0, sizeof f->error);
        km_status status = work(f);
        bool is_over = *left > 0 || status == KM_OK;
        *left = -1;
        kmi_arena_clear(f->arena);
        if (status != KM_OK) {
            check_message(f);
            if (status != wanted && status != KM_E_IO)
                print_error("n %ld: status %d, %s\n", n, status, f->error.message);
            assert_true(status == wanted || status == KM_E_IO);
        }
        if (starts_empty) expect_whole(f, true);
        if (is_over && status == KM_OK) return n;
    }
    return -1;
}

static void lost_allocations_while_creating_and_learning(void **state) {
    store_fixture *f = *state;
    assert_true(fail_each(f, &allocations_left, open_and_learn, true, KM_E_NOMEM) > 100);
}

static void lost_allocations_while_choosing(void **state) {
    store_fixture *f = *state;
    expect_ok(learn_two(f, f->store));
    assert_true(fail_each(f, &allocations_left, open_and_choose, false, KM_E_NOMEM) > 50);
}

static void full_disk_while_creating_and_learning(void **state) {
    store_fixture *f = *state;
    write_fault = SQLITE_FULL;
    assert_true(fail_each(f, &writes_left, open_and_learn, true, KM_E_IO) > 5);
}

static void lost_writes_while_creating_and_learning(void **state) {
    store_fixture *f = *state;
    write_fault = SQLITE_IOERR_WRITE;
    assert_true(fail_each(f, &writes_left, open_and_learn, true, KM_E_IO) > 5);
}

static void lost_writes_while_erasing(void **state) {
    store_fixture *f = *state;
    write_fault = SQLITE_IOERR_WRITE;
    expect_ok(learn_two(f, f->store));
    assert_true(fail_each(f, &writes_left, open_and_erase, false, KM_E_IO) > 5);
    store_reopen(f, KMI_STORE_WRITE);
    expect_sound(f);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 2);
}

/* The disk fills up in the middle of a batch; the next batch finds the same handle in good order. */
static void handle_goes_on_after_a_full_disk(void **state) {
    store_fixture *f = *state;
    write_fault = SQLITE_FULL;
    for (long n = 0; n < 50; n++) {
        writes_left = n;
        km_status status = learn_two(f, f->store);
        writes_left = -1;
        if (status == KM_OK) break;
        assert_int_equal(status, KM_E_IO);
        assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 0);
    }
    if (count_of(f, KMI_COUNTER_MEMORIES) == 0) expect_ok(learn_two(f, f->store));
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 2);
    expect_sound(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(lost_allocations_while_creating_and_learning),
        STORE_TEST(lost_allocations_while_choosing),
        STORE_TEST(full_disk_while_creating_and_learning),
        STORE_TEST(lost_writes_while_creating_and_learning),
        STORE_TEST(lost_writes_while_erasing),
        STORE_TEST(handle_goes_on_after_a_full_disk),
    };
    return cmocka_run_group_tests(tests, install_faults, NULL);
}
