/* What opening accepts, what it refuses, and that it never harms a file that is not ours. */
#include "store_fixture.h"

#include "store/sqlite/handle.h"

#include <sys/wait.h>

#include "base/sql.h"

static km_status try_open(store_fixture *f, kmi_store_mode mode, kmi_store **ret_store) {
    kmi_store_options options = store_options(f, mode);
    memset(&f->error, 0, sizeof f->error);
    return kmi_store_open(&options, ret_store, &f->error);
}

static void expect_refused(store_fixture *f, km_status wanted) {
    static const kmi_store_mode MODES[] = {KMI_STORE_READ, KMI_STORE_WRITE, KMI_STORE_CREATE};
    for (size_t i = 0; i < 3; i++) {
        kmi_store *store = NULL;
        assert_int_equal(try_open(f, MODES[i], &store), wanted);
        assert_null(store);
        assert_non_null(strstr(f->error.message, "memories.db"));
    }
}

static void run_sql(const char *path, const char *text) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void drop_store(store_fixture *f) {
    static const char *const NAMES[] = {"memories.db", "memories.db-wal", "memories.db-shm"};
    kmi_store_free(f->store);
    f->store = NULL;
    for (size_t i = 0; i < 3; i++) unlinkat(f->dir->fd, NAMES[i], 0);
}

static mode_t mode_of(store_fixture *f, const char *name) {
    struct stat info;
    assert_int_equal(fstatat(f->dir->fd, name, &info, AT_SYMLINK_NOFOLLOW), 0);
    return info.st_mode & 07777;
}

static void files_are_private_whatever_the_umask(void **state) {
    store_fixture *f = *state;
    drop_store(f);
    mode_t old = umask(0);
    store_reopen(f, KMI_STORE_CREATE);
    keep_memory(f, "a statement", "fact");
    umask(old);
    assert_int_equal(mode_of(f, "memories.db"), 0600);
    assert_int_equal(mode_of(f, "memories.db-wal"), 0600);
    assert_int_equal(mode_of(f, "memories.db-shm"), 0600);
}

static void absent_store_is_not_found_and_not_made(void **state) {
    store_fixture *f = *state;
    kmi_store *store = NULL;
    drop_store(f);
    assert_int_equal(try_open(f, KMI_STORE_READ, &store), KM_E_NOT_FOUND);
    assert_int_equal(try_open(f, KMI_STORE_WRITE, &store), KM_E_NOT_FOUND);
    assert_int_not_equal(faccessat(f->dir->fd, "memories.db", F_OK, 0), 0);
    snprintf(f->path, sizeof f->path, "%s/no/memories.db", f->dir->path);
    assert_int_equal(try_open(f, KMI_STORE_CREATE, &store), KM_E_NOT_FOUND);
}

static void empty_file_counts_as_none(void **state) {
    store_fixture *f = *state;
    kmi_store *store = NULL;
    drop_store(f);
    temp_dir_write(f->dir, "memories.db", "");
    assert_int_equal(try_open(f, KMI_STORE_READ, &store), KM_E_NOT_FOUND);
    store_reopen(f, KMI_STORE_CREATE);
    keep_memory(f, "a statement", "fact");
    expect_sound(f);
}

static void garbage_is_refused_and_left_alone(void **state) {
    store_fixture *f = *state;
    static const char *const TEXTS[] = {"hello, this is not a database", "SQLite format 3", "x"};
    for (size_t i = 0; i < 3; i++) {
        drop_store(f);
        temp_dir_write(f->dir, "memories.db", TEXTS[i]);
        expect_refused(f, KM_E_STORE);
        assert_string_equal(temp_dir_read(f->dir, "memories.db"), TEXTS[i]);
    }
}

static void another_programs_database_is_refused_and_left_alone(void **state) {
    store_fixture *f = *state;
    drop_store(f);
    run_sql(f->path, "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(42)");
    expect_refused(f, KM_E_STORE);
    run_sql(f->path, "PRAGMA application_id=252006675; PRAGMA user_version=1");
    expect_refused(f, KM_E_STORE);
    run_sql(f->path, "INSERT INTO theirs SELECT x+1 FROM theirs WHERE x=42");
    assert_int_not_equal(faccessat(f->dir->fd, "memories.db-wal", F_OK, 0), 0);
}

static void database_without_any_table_is_filled(void **state) {
    store_fixture *f = *state;
    drop_store(f);
    run_sql(f->path, "PRAGMA journal_mode=WAL; CREATE TABLE t(x); DROP TABLE t;");
    store_reopen(f, KMI_STORE_CREATE);
    keep_memory(f, "a statement", "fact");
    expect_sound(f);
}

static void newer_schema_is_refused_and_left_alone(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "a statement", "fact");
    kmi_store_free(f->store);
    f->store = NULL;
    run_sql(f->path, "PRAGMA user_version=1000");
    expect_refused(f, KM_E_STORE);
    assert_non_null(strstr(f->error.message, "newer"));
    char back[64];
    snprintf(back, sizeof back, "PRAGMA user_version=%d", (int)kmi_schema_last_version(KMI_MIGRATIONS));
    run_sql(f->path, back);
    store_reopen(f, KMI_STORE_WRITE);
    assert_int_equal(search_count(f, "statement"), 1);
}

/* The version may stand in the write-ahead log only. */
static void newer_schema_in_the_log_is_refused(void **state) {
    store_fixture *f = *state;
    sqlite3 *db = NULL;
    kmi_store *store = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA wal_autocheckpoint=0; PRAGMA user_version=7", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(try_open(f, KMI_STORE_READ, &store), KM_E_STORE);
    sqlite3_close(db);
}

static void symbolic_link_is_refused(void **state) {
    store_fixture *f = *state;
    kmi_store_free(f->store);
    f->store = NULL;
    assert_int_equal(renameat(f->dir->fd, "memories.db", f->dir->fd, "elsewhere.db"), 0);
    assert_int_equal(symlinkat("elsewhere.db", f->dir->fd, "memories.db"), 0);
    expect_refused(f, KM_E_PERMISSION);
}

static void link_in_the_directory_part_is_fine(void **state) {
    store_fixture *f = *state;
    char link[80];
    snprintf(link, sizeof link, "%s-link", f->dir->path);
    assert_int_equal(symlink(f->dir->path, link), 0);
    snprintf(f->path, sizeof f->path, "%s/memories.db", link);
    store_reopen(f, KMI_STORE_WRITE);
    keep_memory(f, "a statement", "fact");
    assert_int_equal(unlink(link), 0);
}

static void directory_in_its_place_is_refused(void **state) {
    store_fixture *f = *state;
    drop_store(f);
    assert_int_equal(mkdirat(f->dir->fd, "memories.db", 0700), 0);
    expect_refused(f, KM_E_PERMISSION);
}

static void damaged_tables_are_a_store_error(void **state) {
    store_fixture *f = *state;
    kmi_store *store = NULL;
    km_memory *items = NULL;
    size_t count = 0;
    kmi_store_free(f->store);
    f->store = NULL;
    int fd = openat(f->dir->fd, "memories.db", O_WRONLY | O_CLOEXEC);
    char noise[4096];
    memset(noise, 0xA5, sizeof noise);
    assert_int_equal(pwrite(fd, noise, sizeof noise - 100, 100), sizeof noise - 100);
    close(fd);
    km_status status = try_open(f, KMI_STORE_READ, &store);
    if (status == KM_OK) status = kmi_store_memory_recent(store, NULL, f->arena, &items, &count, &f->error);
    assert_int_equal(status, KM_E_STORE);
    kmi_store_free(store);
}

static void backup_in_another_journal_mode_is_taken_over(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "a statement", "fact");
    kmi_store_free(f->store);
    f->store = NULL;
    run_sql(f->path, "PRAGMA journal_mode=DELETE");
    store_reopen(f, KMI_STORE_READ);
    assert_int_equal(search_count(f, "statement"), 1);
    store_reopen(f, KMI_STORE_WRITE);
    keep_memory(f, "another statement", "fact");
    assert_int_equal(faccessat(f->dir->fd, "memories.db-wal", F_OK, 0), 0);
    store_reopen(f, KMI_STORE_READ);
    assert_int_equal(search_count(f, "statement"), 2);
}

static void strange_names_open(void **state) {
    store_fixture *f = *state;
    kmi_store_free(f->store);
    f->store = NULL;
    snprintf(f->path, sizeof f->path, "%s/a %%41?#b.db", f->dir->path);
    store_reopen(f, KMI_STORE_CREATE);
    keep_memory(f, "a statement", "fact");
    expect_ok(kmi_store_checkpoint(f->store, true, &f->error));
    store_reopen(f, KMI_STORE_READ);
    assert_int_equal(search_count(f, "statement"), 1);
}

/* For root no directory is read-only: become a plain user. */
static bool become_plain_user(void) {
    return geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
}

/* Reads in a child for whom the directory is read-only. */
static void read_only_directory_can_be_read(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "a statement", "fact");
    expect_ok(kmi_store_checkpoint(f->store, true, &f->error));
    kmi_store_free(f->store);
    f->store = NULL;
    unlinkat(f->dir->fd, "memories.db-wal", 0);
    unlinkat(f->dir->fd, "memories.db-shm", 0);
    if (geteuid() == 0) assert_int_equal(chown(f->path, 65534, 65534), 0);
    assert_int_equal(chmod(f->dir->path, 0555), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        kmi_store_options options = store_options(f, KMI_STORE_READ);
        km_memory *items = NULL;
        size_t count = 0;
        int result = 1;
        if (become_plain_user() && kmi_store_open(&options, &f->store, &f->error) == KM_OK &&
            kmi_store_memory_recent(f->store, NULL, f->arena, &items, &count, &f->error) == KM_OK) {
            result = count == 1 ? 0 : 2;
        }
        if (result != 0) fprintf(stderr, "# %s\n", f->error.message);
        _exit(result);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(f->dir->path, 0700), 0);
    assert_int_equal(status, 0);
}

static void reader_sees_commits_of_others(void **state) {
    store_fixture *f = *state;
    kmi_store *reader = NULL;
    assert_int_equal(try_open(f, KMI_STORE_READ, &reader), KM_OK);
    uint64_t before = 0;
    uint64_t after = 0;
    expect_ok(kmi_store_generation(reader, &before, &f->error));
    keep_memory(f, "a statement", "fact");
    expect_ok(kmi_store_generation(reader, &after, &f->error));
    assert_true(after > before);
    kmi_store_free(reader);
}

/* A reader neither waits for an open write transaction nor sees any of it. */
static void reader_does_not_wait_for_a_writer(void **state) {
    store_fixture *f = *state;
    kmi_store *reader = NULL;
    int64_t values[KMI_COUNTER_COUNT];
    kmi_candidate candidate = make_candidate("half done", "fact");
    expect_ok(kmi_store_begin(f->store, &f->error));
    put_memory(f, &candidate);
    int64_t start_us = kmi_clock_monotonic_us();
    assert_int_equal(try_open(f, KMI_STORE_READ, &reader), KM_OK);
    expect_ok(kmi_store_counters_get(reader, values, &f->error));
    assert_true(kmi_clock_monotonic_us() - start_us < 250000); /* less than the time a wait would take */
    assert_int_equal(values[KMI_COUNTER_MEMORIES], 0);
    kmi_store_free(reader);
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void read_view_stays_the_same(void **state) {
    store_fixture *f = *state;
    kmi_store *reader = NULL;
    int64_t values[KMI_COUNTER_COUNT];
    assert_int_equal(try_open(f, KMI_STORE_READ, &reader), KM_OK);
    expect_ok(kmi_store_read_begin(reader, &f->error));
    keep_memory(f, "a statement", "fact");
    expect_ok(kmi_store_counters_get(reader, values, &f->error));
    assert_int_equal(values[KMI_COUNTER_MEMORIES], 0);
    kmi_store_read_end(reader);
    expect_ok(kmi_store_counters_get(reader, values, &f->error));
    assert_int_equal(values[KMI_COUNTER_MEMORIES], 1);
    kmi_store_free(reader);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(files_are_private_whatever_the_umask),
        STORE_TEST(absent_store_is_not_found_and_not_made),
        STORE_TEST(empty_file_counts_as_none),
        STORE_TEST(garbage_is_refused_and_left_alone),
        STORE_TEST(another_programs_database_is_refused_and_left_alone),
        STORE_TEST(database_without_any_table_is_filled),
        STORE_TEST(newer_schema_is_refused_and_left_alone),
        STORE_TEST(newer_schema_in_the_log_is_refused),
        STORE_TEST(symbolic_link_is_refused),
        STORE_TEST(link_in_the_directory_part_is_fine),
        STORE_TEST(directory_in_its_place_is_refused),
        STORE_TEST(damaged_tables_are_a_store_error),
        STORE_TEST(backup_in_another_journal_mode_is_taken_over),
        STORE_TEST(strange_names_open),
        STORE_TEST(read_only_directory_can_be_read),
        STORE_TEST(reader_sees_commits_of_others),
        STORE_TEST(reader_does_not_wait_for_a_writer),
        STORE_TEST(read_view_stays_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
