/* Each fault is made by hand, found, mended, and not found again; copies and salvaged stores hold the same memories. */
#include "store_fixture.h"

#include <sys/stat.h>

#include "base/sql.h"
#include "store/repair.h"
#include "store/sqlite/handle.h"

static void expect_fault(store_fixture *f, kmi_store_fault fault, bool is_there) {
    kmi_store_diagnosis diagnosis;
    expect_ok(kmi_store_diagnose(f->store, NULL, &diagnosis, &f->error));
    for (int i = 0; i < KMI_FAULT_COUNT; i++) {
        bool is_expected = is_there && i == (int)fault;
        if (diagnosis.has[i] != is_expected) print_error("fault %d: %s\n", i, diagnosis.detail[i]);
        assert_int_equal(diagnosis.has[i], is_expected);
    }
    if (is_there) assert_true(strlen(diagnosis.detail[fault]) > 0);
}

static void break_and_mend(store_fixture *f, const char *breakage, kmi_store_fault fault) {
    sqlite3_db_config(kmi_sql_handle(f->store->sql), SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    expect_ok(kmi_sql_execute(f->store->sql, "PRAGMA foreign_keys=OFF", &f->error));
    expect_ok(kmi_sql_execute(f->store->sql, breakage, &f->error));
    expect_fault(f, fault, true);
    expect_ok(kmi_store_repair(f->store, fault, &f->error));
    expect_fault(f, fault, false);
    expect_ok(kmi_sql_execute(f->store->sql, "PRAGMA foreign_keys=ON", &f->error));
    expect_sound(f);
}

static void fill(store_fixture *f, int count) {
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < count; i++) {
        char content[64];
        snprintf(content, sizeof content, "Crate %03d stands in hall %d", i, i % 7);
        kmi_candidate candidate = make_candidate(content, i % 3 == 0 ? "rule" : "fact");
        put_memory(f, &candidate);
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void a_sound_store_has_no_fault(void **state) {
    store_fixture *f = *state;
    expect_fault(f, KMI_FAULT_PAGES, false);
    fill(f, 20);
    expect_fault(f, KMI_FAULT_PAGES, false);
    store_reopen(f, KMI_STORE_READ);
    expect_fault(f, KMI_FAULT_PAGES, false);
}

static void counters_are_recounted(void **state) {
    store_fixture *f = *state;
    fill(f, 20);
    break_and_mend(f, "UPDATE counters SET value=value+3 WHERE kind=0 AND name='memories'", KMI_FAULT_COUNTERS);
    break_and_mend(f, "DELETE FROM counters WHERE kind=1", KMI_FAULT_COUNTERS);
    break_and_mend(f, "INSERT INTO counters VALUES(2,'nobody',5)", KMI_FAULT_COUNTERS);
    break_and_mend(f, "UPDATE state SET next_seq=2", KMI_FAULT_COUNTERS);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 20);
    keep_memory(f, "One more crate", "fact"); /* its number is free */
    expect_sound(f);
}

static void edges_to_nowhere_go(void **state) {
    store_fixture *f = *state;
    fill(f, 5);
    break_and_mend(f, "INSERT INTO mentions VALUES(1,777,0)", KMI_FAULT_EDGES);
    break_and_mend(f,
                   "INSERT INTO relations VALUES(777,1,'uses',2);"
                   "INSERT INTO counters VALUES(0,'relations',1) ON CONFLICT DO UPDATE SET value=value+1",
                   KMI_FAULT_EDGES);
    break_and_mend(f,
                   "INSERT INTO entities(folded,type,name) VALUES('x','tool','X');"
                   "UPDATE counters SET value=value+1 WHERE name='entities';"
                   "INSERT OR IGNORE INTO counters VALUES(0,'entities',1)",
                   KMI_FAULT_EDGES);
    break_and_mend(f,
                   "UPDATE memories SET superseded_by=777 WHERE seq=2;"
                   "UPDATE counters SET value=value-1 WHERE name IN('memories') OR (kind=1 AND name='fact')"
                   " OR (kind=2 AND name='test');"
                   "INSERT INTO counters VALUES(0,'superseded',1) ON CONFLICT DO UPDATE SET value=value+1",
                   KMI_FAULT_EDGES);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 5);
}

static void lost_labels_get_a_name(void **state) {
    store_fixture *f = *state;
    fill(f, 3);
    break_and_mend(f, "UPDATE memories SET speaker=999", KMI_FAULT_EDGES);
    km_memory *items = NULL;
    size_t count = 0;
    expect_ok(kmi_store_memory_recent(f->store, &(km_recall_query){.limit = 5}, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 3);
    assert_string_equal(items[0].speaker, "lost-999");
}

static void the_search_index_is_made_anew(void **state) {
    store_fixture *f = *state;
    fill(f, 20);
    assert_true(search_count(f, "crate 004") > 0);
    break_and_mend(f, "UPDATE memories SET content='Barrel 004 stands in hall 4' WHERE content LIKE 'Crate 004%'",
                   KMI_FAULT_SEARCH);
    assert_int_equal(search_count(f, "barrel"), 1);
}

static void an_index_of_a_table_is_made_anew(void **state) {
    store_fixture *f = *state;
    fill(f, 20);
    sqlite3_db_config(kmi_sql_handle(f->store->sql), SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    /* The rows of one index become those of another: what it lists is then not what the table holds. */
    expect_ok(kmi_sql_execute(f->store->sql,
                              "PRAGMA writable_schema=ON;"
                              "UPDATE sqlite_schema SET sql=replace(sql,'expires_at IS NOT NULL','expires_at IS NULL')"
                              " WHERE name='memories_expiry';PRAGMA writable_schema=OFF",
                              &f->error));
    store_reopen(f, KMI_STORE_WRITE);
    expect_fault(f, KMI_FAULT_INDEXES, true);
    expect_ok(kmi_store_repair(f->store, KMI_FAULT_INDEXES, &f->error));
    expect_fault(f, KMI_FAULT_INDEXES, false);
}

static bool stop_at_once(uint64_t done, uint64_t total, void *context) {
    (void)done, (void)total;
    ++*(int *)context;
    return false;
}

static void checks_can_be_stopped(void **state) {
    store_fixture *f = *state;
    int calls = 0;
    const kmi_store_listener listener = {stop_at_once, &calls};
    kmi_store_diagnosis diagnosis;
    fill(f, 5);
    assert_int_equal(kmi_store_diagnose(f->store, &listener, &diagnosis, &f->error), KM_E_INTERRUPTED);
    assert_true(calls >= 1);
    expect_sound(f); /* and the handle works on */
}

/* ---- Copies ---- */

static void make_file(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void a_copy_is_of_the_view_and_has_no_log(void **state) {
    store_fixture *f = *state;
    char copy[160], log[176];
    struct stat info;
    snprintf(copy, sizeof copy, "%s/copy.db", f->dir->path);
    snprintf(log, sizeof log, "%s-wal", copy);
    make_file(copy);
    fill(f, 10);
    kmi_store *reader = NULL;
    kmi_store_options options = store_options(f, KMI_STORE_READ);
    expect_ok(kmi_store_open(&options, &reader, &f->error));
    assert_int_equal(kmi_store_copy(reader, copy, NULL, &f->error), KM_E_INTERNAL); /* no view */
    expect_ok(kmi_store_read_begin(reader, &f->error));
    keep_memory(f, "Too late for the copy", "fact");
    expect_ok(kmi_store_copy(reader, copy, NULL, &f->error));
    kmi_store_free(reader);
    assert_int_not_equal(stat(log, &info), 0);
    snprintf(f->path, sizeof f->path, "%s/copy.db", f->dir->path);
    store_reopen(f, KMI_STORE_WRITE);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 10);
    expect_sound(f);
}

/* ---- Marks ---- */

static void marks_are_exceeded(void **state) {
    store_fixture *f = *state;
    uint64_t epoch = 0, generation = 0, first_epoch = 0, first_generation = 0;
    keep_memory(f, "x", "fact");
    expect_ok(kmi_store_marks(f->store, &first_epoch, &first_generation, &f->error));
    expect_ok(kmi_store_exceed_marks(f->store, first_epoch + 100, first_generation + 200, &f->error));
    expect_ok(kmi_store_marks(f->store, &epoch, &generation, &f->error));
    assert_true(epoch == first_epoch + 101 && generation == first_generation + 201);
    expect_ok(kmi_store_exceed_marks(f->store, 5, 6, &f->error)); /* lower ones change no more than a step */
    expect_ok(kmi_store_marks(f->store, &epoch, &generation, &f->error));
    assert_true(epoch == first_epoch + 102 && generation == first_generation + 202);
}

/* ---- Salvage ---- */

static void damage_page(const char *path, int page) {
    unsigned char noise[4096];
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    memset(noise, 0xA5, sizeof noise);
    assert_int_equal(pwrite(fd, noise, sizeof noise, (off_t)(page - 1) * 4096), sizeof noise);
    close(fd);
}

static int leaf_of_memories(store_fixture *f) {
    static const char LEAF[] = "SELECT pageno FROM dbstat WHERE name='memories' AND pagetype='leaf' LIMIT 1 OFFSET 4";
    int64_t page = 0;
    expect_ok(kmi_store_read_number(f->store, LEAF, &page, &f->error));
    assert_true(page > 1);
    return (int)page;
}

static void salvage_into(store_fixture *f, const char *damaged, kmi_salvage *ret_salvage) {
    snprintf(f->path, sizeof f->path, "%s/saved.db", f->dir->path);
    store_reopen(f, KMI_STORE_CREATE);
    expect_ok(kmi_store_salvage(f->store, damaged, NULL, ret_salvage, &f->error));
    expect_fault(f, KMI_FAULT_PAGES, false);
    expect_sound(f);
}

static void one_bad_page_costs_its_rows_only(void **state) {
    store_fixture *f = *state;
    char damaged[128];
    kmi_salvage saved;
    memcpy(damaged, f->path, sizeof damaged);
    fill(f, 400);
    expect_ok(kmi_store_checkpoint(f->store, true, &f->error));
    int page = leaf_of_memories(f);
    kmi_store_free(f->store);
    f->store = NULL;
    damage_page(damaged, page);
    salvage_into(f, damaged, &saved);
    assert_true(saved.memories >= 350 && saved.memories < 400);
    assert_int_equal(saved.memories + saved.memories_lost, 400);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), saved.memories);
    assert_true(search_count(f, "crate 001") > 0);
    assert_true(search_count(f, "crate 399") > 0);
}

static void a_missing_end_costs_what_stood_there(void **state) {
    store_fixture *f = *state;
    char damaged[128];
    struct stat info;
    kmi_salvage saved;
    memcpy(damaged, f->path, sizeof damaged);
    fill(f, 400);
    expect_ok(kmi_store_checkpoint(f->store, true, &f->error));
    kmi_store_free(f->store);
    f->store = NULL;
    assert_int_equal(stat(damaged, &info), 0);
    assert_int_equal(truncate(damaged, info.st_size - 3 * 4096), 0);
    salvage_into(f, damaged, &saved);
    assert_true(saved.memories > 0);
}

static void an_older_store_is_saved_too(void **state) {
    store_fixture *f = *state;
    char kept[512], older[128];
    kmi_salvage saved;
    compat_path(kept, sizeof kept, 2);
    snprintf(older, sizeof older, "%s/older.db", f->dir->path);
    copy_store_file(kept, older);
    salvage_into(f, older, &saved);
    assert_int_equal(saved.memories, 3);
    assert_int_equal(saved.tasks, 2);
    km_memory *items = NULL;
    size_t count = 0;
    expect_ok(kmi_store_memory_recent(f->store, NULL, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 2);
    assert_string_equal(items[0].type, "preference");
    assert_string_equal(items[1].type, "decision");
    assert_string_equal(items[1].source, "chat");
    assert_string_equal(items[1].session, "s");
    assert_true(items[1].confidence > 0.7999 && items[1].confidence < 0.8001);
    assert_true(search_count(f, "docker deployment") > 0);
}

static void nothing_can_be_saved_of_noise(void **state) {
    store_fixture *f = *state;
    char damaged[128];
    kmi_salvage saved;
    memcpy(damaged, f->path, sizeof damaged);
    fill(f, 5);
    expect_ok(kmi_store_checkpoint(f->store, true, &f->error));
    kmi_store_free(f->store);
    f->store = NULL;
    damage_page(damaged, 1);
    snprintf(f->path, sizeof f->path, "%s/saved.db", f->dir->path);
    store_reopen(f, KMI_STORE_CREATE);
    assert_int_equal(kmi_store_salvage(f->store, damaged, NULL, &saved, &f->error), KM_E_STORE);
    keep_memory(f, "The target works on", "fact");
    expect_sound(f);
}

static void a_writer_of_a_replaced_store_is_told(void **state) {
    store_fixture *f = *state;
    char aside[160];
    keep_memory(f, "x", "fact");
    snprintf(aside, sizeof aside, "%s.aside", f->path);
    assert_int_equal(rename(f->path, aside), 0);
    assert_int_equal(kmi_store_begin(f->store, &f->error), KM_E_CONFLICT);
    assert_non_null(strstr(f->error.message, "replaced"));
    assert_int_equal(rename(aside, f->path), 0);
    keep_memory(f, "y", "fact");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_sound_store_has_no_fault),
        STORE_TEST(counters_are_recounted),
        STORE_TEST(edges_to_nowhere_go),
        STORE_TEST(lost_labels_get_a_name),
        STORE_TEST(the_search_index_is_made_anew),
        STORE_TEST(an_index_of_a_table_is_made_anew),
        STORE_TEST(checks_can_be_stopped),
        STORE_TEST(a_copy_is_of_the_view_and_has_no_log),
        STORE_TEST(marks_are_exceeded),
        STORE_TEST(one_bad_page_costs_its_rows_only),
        STORE_TEST(a_missing_end_costs_what_stood_there),
        STORE_TEST(an_older_store_is_saved_too),
        STORE_TEST(nothing_can_be_saved_of_noise),
        STORE_TEST(a_writer_of_a_replaced_store_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
