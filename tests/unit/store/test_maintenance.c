/* Counters by name, checks that notice damage, and erasure: no file holds a forgotten word afterwards. */
#include "store_fixture.h"

#include "base/sql.h"
#include "store/sqlite/handle.h"

static void counts_by_type_and_source(void **state) {
    store_fixture *f = *state;
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < 200; i++) { /* more sources than a transaction keeps names in memory */
        char source[32];
        snprintf(source, sizeof source, "source %03d", i < 50 ? 0 : i);
        kmi_candidate candidate = make_candidate("x", i % 4 == 0 ? "rule" : "fact");
        kmi_memory_new new = {.candidate = &candidate, .source = source, .created_at_us = 1};
        expect_ok(kmi_uuid_make(&new.id, &f->error));
        expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
    km_name_count *items = NULL;
    size_t count = 0;
    expect_ok(kmi_store_counts_by_type(f->store, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 2);
    assert_string_equal(items[0].name, "fact");
    assert_int_equal(items[0].count, 150);
    assert_int_equal(items[1].count, 50);
    expect_ok(kmi_store_counts_by_source(f->store, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 151);
    assert_string_equal(items[0].name, "source 000");
    assert_int_equal(items[0].count, 50);
    expect_sound(f);
}

static void recount_notices_a_wrong_counter(void **state) {
    store_fixture *f = *state;
    bool is_equal = true;
    keep_memory(f, "x", "fact");
    expect_ok(kmi_sql_execute(f->store->sql, "UPDATE counters SET value=7 WHERE name='memories'", &f->error));
    expect_ok(kmi_store_counters_verify(f->store, &is_equal, &f->error));
    assert_false(is_equal);
    assert_non_null(strstr(f->error.message, "\"memories\""));
    expect_ok(kmi_sql_execute(f->store->sql, "UPDATE counters SET value=1 WHERE name='memories'", &f->error));
    expect_sound(f);
    expect_ok(kmi_sql_execute(f->store->sql, "UPDATE counters SET value=2 WHERE name='fact'", &f->error));
    expect_ok(kmi_store_counters_verify(f->store, &is_equal, &f->error));
    assert_false(is_equal);
}

static void check_notices_index_and_references(void **state) {
    store_fixture *f = *state;
    kmi_uuid id = keep_memory(f, "alpha beta", "fact");
    (void)id;
    expect_ok(kmi_sql_execute(f->store->sql, "UPDATE memories SET content='gamma delta'", &f->error));
    assert_int_equal(kmi_store_check(f->store, &f->error), KM_E_STORE);
    assert_null(strstr(f->error.message, "gamma"));
    expect_ok(kmi_sql_execute(f->store->sql, "UPDATE memories SET content='alpha beta'", &f->error));
    expect_sound(f);
    expect_ok(kmi_sql_execute(f->store->sql,
                              "PRAGMA foreign_keys=OFF;INSERT INTO mentions VALUES(77,88,0);PRAGMA foreign_keys=ON",
                              &f->error));
    assert_int_equal(kmi_store_check(f->store, &f->error), KM_E_STORE);
}

static bool file_holds(const store_fixture *f, const char *name, const char *word) {
    int fd = openat(f->dir->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    char *bytes = malloc((size_t)info.st_size + 1);
    assert_non_null(bytes);
    ssize_t len = read(fd, bytes, (size_t)info.st_size);
    close(fd);
    bool is_there = len > 0 && memmem(bytes, (size_t)len, word, strlen(word)) != NULL;
    free(bytes);
    return is_there;
}

static bool any_file_holds(const store_fixture *f, const char *word) {
    return file_holds(f, "memories.db", word) || file_holds(f, "memories.db-wal", word) ||
           file_holds(f, "memories.db-shm", word);
}

static void keep_many(store_fixture *f, kmi_uuid *ids, int count) {
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < count; i++) {
        char text[256];
        snprintf(text, sizeof text, "wordqqx%03d stands in a sentence with zzkept%03d and %.*s", i, i, i % 90,
                 "some padding that makes rows of different lengths so that pages split and leave gaps behind them");
        kmi_candidate candidate = make_candidate(text, "fact");
        ids[i] = put_memory(f, &candidate);
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void forgotten_words_are_in_no_file(void **state) {
    store_fixture *f = *state;
    kmi_uuid ids[300];
    bool is_erased = false;
    keep_many(f, ids, 300);
    expect_ok(kmi_store_checkpoint(f->store, false, &f->error));
    assert_true(any_file_holds(f, "wordqqx007"));
    kmi_task_row task = {
        .id = {{9}},
        .state = KM_TASK_FAILED,
        .created_at_us = 1,
        .payload = KMI_SLICE_LITERAL("\1\2wordqqx007 stands in a sentence with zzkept007 and some pa\3other item")};
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_task_put(f->store, &task, &f->error));
    for (int i = 0; i < 300; i += 7) { /* forget some, edit others */
        kmi_candidate edited = make_candidate("nothing of it is left", "fact");
        if (i % 2 != 0)
            expect_ok(kmi_store_memory_delete(f->store, &ids[i], 1, &f->error));
        else
            expect_ok(kmi_store_memory_edit(f->store, &ids[i], &edited, 5, &f->error));
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
    expect_ok(kmi_store_erase(f->store, &is_erased, &f->error));
    assert_true(is_erased);
    for (int i = 0; i < 300; i++) {
        char word[32];
        snprintf(word, sizeof word, "wordqqx%03d", i);
        assert_int_equal(any_file_holds(f, word), i % 7 != 0);
    }
    assert_true(any_file_holds(f, "zzkept006"));
    assert_true(any_file_holds(f, "other item")); /* the rest of the failed task's payload stays */
    expect_sound(f);
}

static void open_reader_delays_erasure(void **state) {
    store_fixture *f = *state;
    kmi_store *reader = NULL;
    kmi_store_options options = store_options(f, KMI_STORE_READ);
    bool is_erased = true;
    kmi_uuid id = keep_memory(f, "wordqqx is secret", "fact");
    expect_ok(kmi_store_open(&options, &reader, &f->error));
    expect_ok(kmi_store_read_begin(reader, &f->error));
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_delete(f->store, &id, 1, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    expect_ok(kmi_store_erase(f->store, &is_erased, &f->error));
    assert_false(is_erased);
    kmi_store_read_end(reader);
    kmi_store_free(reader);
    assert_int_equal(search_count(f, "secret"), 0);
    expect_ok(kmi_store_erase(f->store, &is_erased, &f->error));
    assert_true(is_erased);
    assert_false(any_file_holds(f, "wordqqx"));
}

static void checkpoint_empties_the_log(void **state) {
    store_fixture *f = *state;
    struct stat info;
    keep_memory(f, "x", "fact");
    assert_true(kmi_store_wal_pages(f->store) > 0);
    expect_ok(kmi_store_checkpoint(f->store, false, &f->error));
    assert_int_equal(kmi_store_wal_pages(f->store), 0);
    keep_memory(f, "y", "fact");
    expect_ok(kmi_store_checkpoint(f->store, true, &f->error));
    assert_int_equal(fstatat(f->dir->fd, "memories.db-wal", &info, 0), 0);
    assert_int_equal(info.st_size, 0);
    uint64_t version = 0;
    expect_ok(kmi_store_schema_version(f->store, &version, &f->error));
    assert_int_equal(version, (uint64_t)kmi_schema_last_version(KMI_MIGRATIONS));
}

/* Closing must not checkpoint by itself: another process may be committing. */
static void closing_leaves_the_log(void **state) {
    store_fixture *f = *state;
    struct stat info;
    keep_memory(f, "x", "fact");
    kmi_store_free(f->store);
    f->store = NULL;
    assert_int_equal(fstatat(f->dir->fd, "memories.db-wal", &info, 0), 0);
    assert_true(info.st_size > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(counts_by_type_and_source),
        STORE_TEST(recount_notices_a_wrong_counter),
        STORE_TEST(check_notices_index_and_references),
        STORE_TEST(forgotten_words_are_in_no_file),
        STORE_TEST(open_reader_delays_erasure),
        STORE_TEST(checkpoint_empties_the_log),
        STORE_TEST(closing_leaves_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
