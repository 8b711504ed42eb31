/* The index: how texts are divided, who is whose neighbour, and that changes leave it as if it had been built anew. */
#include "store_fixture.h"

#include "store/sqlite/index.h"

static const char *const WORDS[] = {"lamp",   "river",  "stone",  "cloud",  "paper",   "honey",  "anchor", "violin",
                                    "copper", "meadow", "ladder", "candle", "harbour", "pepper", "saddle", "thimble"};

/* A text of so many words, none of them a stop word. */
static void write_words(char *text, size_t size, size_t count, unsigned seed) {
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && len + 12 < size; i++) {
        seed = seed * 1103515245u + 12345u;
        len += (size_t)snprintf(text + len, size - len, "%s%s", i > 0 ? " " : "", WORDS[(seed >> 16) % 16]);
    }
}

typedef struct place {
    const char *session;
    const kmi_uuid *task;
} place;

static kmi_uuid put_at(store_fixture *f, const char *content, place at) {
    kmi_candidate candidate = make_candidate(content, "fact");
    kmi_memory_new memory = {.candidate = &candidate,
                             .source = "test",
                             .session = at.session,
                             .origin_task = at.task,
                             .created_at_us = TEST_NOW_US};
    expect_ok(kmi_uuid_make(&memory.id, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &memory, &f->error));
    return memory.id;
}

static kmi_uuid keep_at(store_fixture *f, const char *content, place at) {
    expect_ok(kmi_store_begin(f->store, &f->error));
    kmi_uuid id = put_at(f, content, at);
    expect_ok(kmi_store_commit(f->store, &f->error));
    return id;
}

static void delete (store_fixture *f, const kmi_uuid *id) {
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_delete(f->store, id, 1, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static kmi_unit_entry entry_of(store_fixture *f, int64_t unit) {
    kmi_unit_map map = {0};
    kmi_unit_entry entry;
    expect_ok(kmi_unit_map_get(&map, f->store->sql, unit, &entry, &f->error));
    kmi_unit_map_clear(&map);
    return entry;
}

static void expect_entry(store_fixture *f, int64_t unit, unsigned len, unsigned before, unsigned after) {
    kmi_unit_entry entry = entry_of(f, unit);
    if (entry.len != len || entry.before != before || entry.after != after)
        print_error("unit %d: %u words, %u before, %u after\n", (int)unit, entry.len, entry.before, entry.after);
    assert_int_equal(entry.len, len);
    assert_int_equal(entry.before, before);
    assert_int_equal(entry.after, after);
}

static void long_texts_are_cut_into_windows(void **state) {
    static const size_t CASES[][2] = {{1, 1}, {60, 1}, {61, 3}, {80, 3}, {81, 4}, {100, 4}, {101, 5}, {1000, 49}};
    (void)state;
    char text[16384];
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        kmi_units units = {0};
        write_words(text, sizeof text, CASES[i][0], 7);
        assert_int_equal(kmi_units_cut(kmi_slice_from(text), SIZE_MAX, &units, NULL), KM_OK);
        assert_int_equal(units.count, CASES[i][1]);
        kmi_slice first = kmi_units_get(&units, 0);
        kmi_slice last = kmi_units_get(&units, units.count - 1);
        assert_ptr_equal(first.ptr, text);
        assert_ptr_equal(last.ptr + last.len, text + strlen(text));
        if (units.count > 1) assert_int_equal(units.step, 20);
        kmi_units_deinit(&units);
    }
    /* Fewer than it asks for: longer steps, and still nothing is left out. */
    write_words(text, sizeof text, 1000, 7);
    for (size_t most = 1; most < 60; most++) {
        kmi_units units = {0};
        assert_int_equal(kmi_units_cut(kmi_slice_from(text), most, &units, NULL), KM_OK);
        assert_int_equal(units.count, most < 49 ? most : 49);
        const char *end = text;
        for (size_t i = 0; i < units.count; i++) {
            kmi_slice unit = kmi_units_get(&units, i);
            if (unit.len == 0) continue; /* the steps were rounded up */
            assert_true(unit.ptr <= end);
            end = unit.ptr + unit.len;
        }
        assert_ptr_equal(end, text + strlen(text));
        kmi_units_deinit(&units);
    }
}

static void neighbours_are_those_of_the_session(void **state) {
    store_fixture *f = *state;
    char text[2048];
    keep_at(f, "one two three", (place){"a", NULL}); /* 1 */
    keep_at(f, "four five", (place){"b", NULL});     /* 2 */
    write_words(text, sizeof text, 90, 3);           /* 3 to 6 */
    keep_at(f, text, (place){"a", NULL});
    keep_at(f, "six seven eight nine", (place){"a", NULL}); /* 7 */
    keep_at(f, "ten", (place){NULL, NULL});                 /* 8 */
    expect_entry(f, 1, 3, 0, 2);
    expect_entry(f, 2, 2, 0, 0);
    expect_entry(f, 3, 40, 2, 2);
    expect_entry(f, 4, 40, 3, 2);
    expect_entry(f, 5, 40, 2, 2);
    expect_entry(f, 6, 30, 2, 1);
    expect_entry(f, 7, 4, 1, 0);
    expect_entry(f, 8, 1, 0, 0);
    expect_sound(f);
}

static void memories_of_a_task_are_neighbours(void **state) {
    store_fixture *f = *state;
    const kmi_uuid first = {{1}};
    const kmi_uuid second = {{2}};
    keep_at(f, "alpha beta", (place){NULL, &first});           /* 1 */
    kmi_uuid id = keep_at(f, "gamma", (place){NULL, &second}); /* 2 */
    keep_at(f, "delta", (place){NULL, &first});                /* 3 */
    keep_at(f, "epsilon", (place){NULL, &first});              /* 4 */
    expect_entry(f, 1, 2, 0, 0);
    expect_entry(f, 3, 1, 0, 1);
    expect_entry(f, 4, 1, 1, 0);
    delete (f, &id); /* what stood between them is gone */
    expect_entry(f, 1, 2, 0, 2);
    expect_entry(f, 3, 1, 2, 1);
    expect_sound(f);
}

static void an_answer_is_found_by_its_question(void **state) {
    store_fixture *f = *state;
    for (int i = 0; i < 30; i++) {
        char text[64];
        snprintf(text, sizeof text, "We talked about lunch number%d", i);
        keep_at(f, text, (place){"s", NULL});
    }
    keep_at(f, "Which database will the shop use?", (place){"s", NULL});
    keep_at(f, "Postgres, because Maria knows it.", (place){"s", NULL});
    keep_at(f, "Thanks, good to know!", (place){"t", NULL});
    kmi_search_hit *hits = NULL;
    size_t count = 0;
    kmi_search_info info;
    kmi_slice query = kmi_slice_from("database of the shop");
    expect_ok(kmi_store_search(f->store, query, NULL, 10, f->arena, &hits, &count, &info, &f->error));
    assert_int_equal(count, 3); /* the question, the answer, and what was said before the question */
    assert_int_equal(hits[0].seq, 31);
    assert_int_equal(hits[1].seq, 32);
    assert_true(hits[1].score < hits[0].score);
    assert_true(hits[1].coverage > 0.99);
    assert_int_equal(hits[2].seq, 30);
    assert_int_equal(hits[1].session, hits[0].session);
    assert_int_not_equal(hits[1].session, 0);
    assert_null(hits[1].speaker);
    assert_int_equal(hits[1].observed_at_us, TEST_NOW_US);
    assert_int_equal(hits[1].unit_count, 1);
    assert_true(info.best_unit >= hits[0].score && info.unseen_share == 0 && info.twentieth_unit == 0);
}

static void an_edit_stays_in_its_place(void **state) {
    store_fixture *f = *state;
    char text[4096];
    keep_at(f, "before", (place){"s", NULL});
    kmi_uuid id = keep_at(f, "short one", (place){"s", NULL});
    keep_at(f, "after", (place){"s", NULL});
    write_words(text, sizeof text, 200, 9); /* asks for nine units and has one */
    strcat(text, " zebra");
    for (int round = 0; round < 2; round++) {
        kmi_candidate candidate = make_candidate(round == 0 ? text : "short again", "fact");
        expect_ok(kmi_store_begin(f->store, &f->error));
        expect_ok(kmi_store_memory_edit(f->store, &id, &candidate, TEST_NOW_US, &f->error));
        expect_ok(kmi_store_commit(f->store, &f->error));
        expect_entry(f, 1, 1, 0, 1);
        expect_entry(f, 2, round == 0 ? KMI_UNIT_LEN_MAX : 2, 1, 1);
        assert_int_equal(search_count(f, "zebra"), round == 0 ? 3 : 0);
        expect_sound(f);
    }
}

/* ---- Random changes ---- */

#define MODEL_MAX 60

typedef struct model {
    kmi_uuid ids[MODEL_MAX];
    size_t count;
    unsigned seed;
} model;

static unsigned roll(model *m, unsigned sides) {
    m->seed = m->seed * 1103515245u + 12345u;
    return (m->seed >> 16) % sides;
}

static void change(store_fixture *f, model *m) {
    static const char *const SESSIONS[] = {"a", "b", NULL};
    static const kmi_uuid TASKS[] = {{{1}}, {{2}}};
    static char text[8192];
    size_t words = roll(m, 4) == 0 ? roll(m, 300) : 1 + roll(m, 20);
    write_words(text, sizeof text, words, m->seed);
    unsigned kind = roll(m, 10);
    if (m->count == 0 || (kind < 5 && m->count < MODEL_MAX)) {
        place at = {SESSIONS[roll(m, 3)], roll(m, 4) == 0 ? NULL : &TASKS[roll(m, 2)]};
        m->ids[m->count++] = put_at(f, text, at);
        return;
    }
    size_t which = roll(m, (unsigned)m->count);
    if (kind < 8) {
        expect_ok(kmi_store_memory_delete(f->store, &m->ids[which], 1, &f->error));
        m->ids[which] = m->ids[--m->count];
        return;
    }
    kmi_candidate candidate = make_candidate(text, "fact");
    expect_ok(kmi_store_memory_edit(f->store, &m->ids[which], &candidate, TEST_NOW_US, &f->error));
}

static void transaction(store_fixture *f, model *m) {
    expect_ok(kmi_store_begin(f->store, &f->error));
    unsigned steps = 1 + roll(m, 6);
    for (unsigned i = 0; i < steps; i++) {
        model before = *m;
        expect_ok(kmi_store_savepoint(f->store, &f->error));
        change(f, m);
        if (roll(m, 5) == 0) {
            expect_ok(kmi_store_savepoint_rollback(f->store, &f->error));
            unsigned seed = m->seed;
            *m = before;
            m->seed = seed;
        } else {
            expect_ok(kmi_store_savepoint_release(f->store, &f->error));
        }
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static size_t search_words(store_fixture *f, unsigned seed, kmi_search_hit **ret_hits) {
    char query[64];
    size_t count = 0;
    write_words(query, sizeof query, 3, seed);
    expect_ok(
        kmi_store_search(f->store, kmi_slice_from(query), NULL, 100, f->arena, ret_hits, &count, NULL, &f->error));
    return count;
}

static void changes_leave_the_index_as_if_built_anew(void **state) {
    store_fixture *f = *state;
    model m = {.seed = 4711};
    for (int round = 0; round < 60; round++) {
        transaction(f, &m);
        if (round % 5 == 4) expect_sound(f); /* compares index and map with new ones */
        kmi_search_hit *kept = NULL;
        kmi_search_hit *made = NULL;
        size_t kept_count = search_words(f, m.seed, &kept);
        expect_ok(kmi_store_begin(f->store, &f->error));
        expect_ok(kmi_index_rebuild(f->store, true, &f->error));
        expect_ok(kmi_store_commit(f->store, &f->error));
        assert_int_equal(search_words(f, m.seed, &made), kept_count);
        for (size_t i = 0; i < kept_count; i++) {
            assert_int_equal(kept[i].seq, made[i].seq);
            assert_true(kept[i].score == made[i].score);
        }
        kmi_arena_clear(f->arena);
    }
}

static void a_wrong_map_is_noticed(void **state) {
    store_fixture *f = *state;
    keep_at(f, "one two", (place){"s", NULL});
    keep_at(f, "three", (place){"s", NULL});
    expect_sound(f);
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_unit_map_set(&f->store->map, f->store->sql, 2, (kmi_unit_entry){.len = 9}, &f->error));
    expect_ok(kmi_unit_map_write(&f->store->map, f->store->sql, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_int_equal(kmi_store_check(f->store, &f->error), KM_E_STORE);
}

/* ---- Versions ---- */

static void set_version(store_fixture *f, const char *statement) {
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_index_prepare(f->store, &f->error));
    expect_ok(kmi_sql_execute(f->store->sql, statement, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void an_older_index_is_built_anew(void **state) {
    store_fixture *f = *state;
    char text[2048];
    write_words(text, sizeof text, 90, 3);
    keep_at(f, text, (place){"s", NULL});
    keep_at(f, "the walrus", (place){"s", NULL});
    set_version(f,
                "INSERT INTO units(units) VALUES('delete-all'); DELETE FROM unit_map; UPDATE memories SET unit_count=1;"
                "UPDATE state SET index_version=0");
    store_reopen(f, KMI_STORE_READ);
    kmi_search_hit *hits = NULL;
    size_t count = 0;
    kmi_slice query = kmi_slice_from("walrus");
    assert_int_equal(kmi_store_search(f->store, query, NULL, 5, f->arena, &hits, &count, NULL, &f->error), KM_E_STORE);
    store_reopen(f, KMI_STORE_WRITE);
    assert_int_equal(search_count(f, "walrus"), 2); /* and the end of what was said before it */
    expect_entry(f, 1, 40, 0, 2);
    expect_sound(f);
}

static void a_newer_index_is_left_alone(void **state) {
    store_fixture *f = *state;
    keep_at(f, "the walrus", (place){"s", NULL});
    set_version(f, "UPDATE state SET index_version=1000");
    kmi_store_options options = store_options(f, KMI_STORE_WRITE);
    kmi_store *store = NULL;
    assert_int_equal(kmi_store_open(&options, &store, &f->error), KM_E_STORE);
    assert_null(store);
    assert_non_null(strstr(f->error.message, "newer"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_texts_are_cut_into_windows),
        STORE_TEST(neighbours_are_those_of_the_session),
        STORE_TEST(memories_of_a_task_are_neighbours),
        STORE_TEST(an_answer_is_found_by_its_question),
        STORE_TEST(an_edit_stays_in_its_place),
        STORE_TEST(changes_leave_the_index_as_if_built_anew),
        STORE_TEST(a_wrong_map_is_noticed),
        STORE_TEST(an_older_index_is_built_anew),
        STORE_TEST(a_newer_index_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
