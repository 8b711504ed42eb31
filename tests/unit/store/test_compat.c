/* Databases of every release stay readable. tests/data/compat/store-N.db was written by the release with schema N and is
 * never written again; a new schema adds a file:
 *
 *     KM_UPDATE_COMPAT=1 KM_TEST_DATA=tests/data …/store-compat      writes the file of the present schema if there is none */
#include "store_fixture.h"

#include "base/sql.h"
#include "store/sqlite/handle.h"

/* What every kept file holds. Ids and times are fixed, so that the same release writes the same file. */
static void fill(store_fixture *f) {
    const km_entity entity = {"Docker", "technology"};
    const kmi_relation relation = {"team", "uses", "Docker"};
    kmi_candidate candidate = make_candidate("Team decided to use Docker for deployment", "decision");
    candidate.subject = "team";
    candidate.attribute = "deployment";
    candidate.value = "docker";
    candidate.entities = &entity;
    candidate.entity_count = 1;
    candidate.relations = &relation;
    candidate.relation_count = 1;
    kmi_candidate older = make_candidate("Team deploys by hand", "decision");
    kmi_candidate preference = make_candidate("User prefers async/await patterns", "preference");
    kmi_memory_new new = {.candidate = &older,
                          .source = "chat",
                          .speaker = "user",
                          .session = "s",
                          .metadata_json = "{\"n\":1}",
                          .created_at_us = TEST_NOW_US};
    kmi_task_row done = {.id = {{0x10}},
                         .state = KM_TASK_COMPLETED,
                         .priority = 5,
                         .item_count = 1,
                         .created_at_us = TEST_NOW_US,
                         .finished_at_us = TEST_NOW_US + 1,
                         .processing_us = 120,
                         .wait_us = 30,
                         .is_keyed = true};
    kmi_task_row failed = {.id = {{0x20}},
                           .state = KM_TASK_FAILED,
                           .priority = 0,
                           .attempts = 3,
                           .item_count = 1,
                           .created_at_us = TEST_NOW_US,
                           .error = "it broke",
                           .payload = KMI_SLICE_LITERAL("payload")};
    expect_ok(kmi_store_begin(f->store, &f->error));
    new.id = (kmi_uuid){{1}};
    expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    new.id = (kmi_uuid){{2}};
    new.candidate = &candidate;
    expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    new.id = (kmi_uuid){{3}};
    new.candidate = &preference;
    expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    expect_ok(kmi_store_memory_supersede(f->store, &(kmi_uuid){{1}}, &(kmi_uuid){{2}}, &f->error));
    expect_ok(kmi_store_task_put(f->store, &done, &f->error));
    expect_ok(kmi_store_task_put(f->store, &failed, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void expect_filled(store_fixture *f) {
    km_memory *items = NULL;
    size_t count = 0;
    kmi_task_row task;
    bool is_known = false;
    assert_string_equal(search_best(f, "how do we deploy", NULL), "Team decided to use Docker for deployment");
    expect_ok(kmi_store_memory_recent(f->store, &(km_recall_query){.include_superseded = true}, f->arena, &items,
                                      &count, &f->error));
    assert_int_equal(count, 3);
    assert_int_equal(items[1].entity_count, 1);
    assert_string_equal(items[1].value, "docker");
    assert_string_equal(items[2].superseded_by, items[1].id);
    assert_string_equal(items[2].metadata_json, "{\"n\":1}");
    expect_ok(kmi_store_task_find(f->store, &(kmi_uuid){{0x20}}, f->arena, &is_known, &task, &f->error));
    assert_true(is_known);
    assert_int_equal(task.payload.len, 7);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 2);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_COMPLETED), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_TASKS_FAILED), 1);
}

/* A reader does not migrate: what an older store has no table for is simply not there. */
static void expect_readable_without_newer_tables(store_fixture *f) {
    kmi_day_row *days = NULL;
    kmi_task_event *events = NULL;
    size_t count = 0;
    expect_ok(kmi_store_days(f->store, 0, f->arena, &days, &count, &f->error));
    expect_ok(kmi_store_task_events(f->store, &(kmi_uuid){{0x20}}, f->arena, &events, &count, &f->error));
}

static void open_copy(store_fixture *f, int64_t version) {
    char kept[512];
    kmi_store_free(f->store);
    f->store = NULL;
    static const char *const NAMES[] = {"memories.db", "memories.db-wal", "memories.db-shm"};
    for (size_t i = 0; i < 3; i++) unlinkat(f->dir->fd, NAMES[i], 0);
    compat_path(kept, sizeof kept, version);
    copy_store_file(kept, f->path);
}

static void every_older_store_is_read_and_goes_on(void **state) {
    store_fixture *f = *state;
    for (int64_t version = 1; version <= kmi_schema_last_version(KMI_MIGRATIONS); version++) {
        open_copy(f, version);
        if (version >= KMI_SCHEMA_OLDEST_READABLE) {
            store_reopen(f, KMI_STORE_READ);
            expect_filled(f);
            expect_readable_without_newer_tables(f);
        }
        store_reopen(f, KMI_STORE_CREATE);
        expect_filled(f);
        expect_sound(f);
        keep_memory(f, "a new statement", "fact");
        assert_int_equal(search_count(f, "new statement"), 1);
        expect_sound(f);
    }
}

static const kmi_migration NEXT[] = {{1, "never run"}, {2, "CREATE TABLE later(x INTEGER) STRICT"}, {0, NULL}};
static const kmi_migration BROKEN[] = {
    {1, "never run"}, {2, "CREATE TABLE later(x INTEGER) STRICT; CREATE TABLE later(y)"}, {0, NULL}};

static int64_t read_number(kmi_sql *sql, const char *text) {
    kmi_sql_use use = {0};
    bool has_row = false;
    assert_int_equal(kmi_sql_start(sql, text, &use, NULL), KM_OK);
    assert_int_equal(kmi_sql_step(&use, &has_row, NULL), KM_OK);
    int64_t number = kmi_sql_integer(&use, 0);
    kmi_sql_end(&use);
    return number;
}

static void only_missing_steps_are_run_and_all_or_none(void **state) {
    store_fixture *f = *state;
    static const char COUNT_LATER[] = "SELECT count(*) FROM sqlite_schema WHERE name='later'";
    static const char COUNT_STEPS[] = "SELECT count(*) FROM schema_migrations";
    static const char VERSION[] = "PRAGMA user_version";
    kmi_sql *sql = NULL;
    open_copy(f, 1);
    expect_ok(kmi_sql_open(f->path, KMI_SQL_WRITE, 100, &sql, &f->error));
    assert_int_not_equal(kmi_schema_migrate(sql, BROKEN, &f->error), KM_OK);
    assert_int_equal(read_number(sql, COUNT_LATER), 0);
    assert_int_equal(read_number(sql, VERSION), 1);
    expect_ok(kmi_schema_migrate(sql, NEXT, &f->error));
    assert_int_equal(read_number(sql, COUNT_LATER), 1);
    assert_int_equal(read_number(sql, COUNT_STEPS), 2);
    assert_int_equal(read_number(sql, VERSION), 2);
    kmi_sql_close(sql);
    if (kmi_schema_last_version(KMI_MIGRATIONS) < 2) { /* what a program of today says to it */
        kmi_store_options options = store_options(f, KMI_STORE_READ);
        assert_int_equal(kmi_store_open(&options, &f->store, &f->error), KM_E_STORE);
    }
}

/* The file of the present schema, written on request. */
static void write_compat_file(void **state) {
    store_fixture *f = *state;
    char kept[512];
    bool is_erased = false;
    if (getenv("KM_UPDATE_COMPAT") == NULL) return;
    compat_path(kept, sizeof kept, kmi_schema_last_version(KMI_MIGRATIONS));
    if (access(kept, F_OK) == 0) return;
    fill(f);
    expect_ok(kmi_store_erase(f->store, &is_erased, &f->error));
    copy_store_file(f->path, kept);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(write_compat_file),
        STORE_TEST(every_older_store_is_read_and_goes_on),
        STORE_TEST(only_missing_steps_are_run_and_all_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
