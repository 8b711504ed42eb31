/* Memories: every field comes back, repeats strengthen, corrections supersede, edits and deletions leave nothing behind. */
#include <sqlite3.h>

#include "store/sqlite/handle.h"
#include "store_fixture.h"

static km_memory get_memory(store_fixture *f, const kmi_uuid *id) {
    km_memory memory;
    expect_ok(kmi_store_memory_get(f->store, id, f->arena, &memory, &f->error));
    return memory;
}

static void every_field_comes_back(void **state) {
    store_fixture *f = *state;
    const km_entity entities[] = {{"Docker", "technology"}, {"docker", "technology"}, {"Berlin", "place"}};
    const kmi_relation relations[] = {{"team", "uses", "Docker"}, {"Docker", "located_at", "Berlin"}};
    kmi_candidate candidate = {.content = "The team runs Docker in Berlin ☁",
                               .type = "decision",
                               .knowledge_type = "architecture",
                               .polarity = "positive",
                               .pattern = "team-runs",
                               .confidence = 0.75,
                               .importance = 0.25,
                               .subject = "team",
                               .attribute = "runs",
                               .value = "docker",
                               .time_phrase = "since March",
                               .event_at_us = 77,
                               .entity_count = 3,
                               .entities = entities,
                               .relation_count = 2,
                               .relations = relations};
    kmi_uuid task = {{1, 2, 3}};
    kmi_memory_new new = {.candidate = &candidate,
                          .source = "chat",
                          .speaker = "Ann",
                          .session = "s1",
                          .agent = "a",
                          .user = "u",
                          .key = "k",
                          .metadata_json = "{\"a\":1}",
                          .origin_task = &task,
                          .created_at_us = 11,
                          .observed_at_us = 22,
                          .last_seen_at_us = 33,
                          .expires_at_us = INT64_MAX,
                          .seen_count = 4};
    expect_ok(kmi_uuid_make(&new.id, &f->error));
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    km_memory memory = get_memory(f, &new.id);
    char text[KMI_UUID_TEXT_SIZE];
    assert_string_equal(memory.id, kmi_uuid_format(&new.id, text));
    assert_string_equal(memory.origin_task, kmi_uuid_format(&task, text));
    assert_string_equal(memory.content, candidate.content);
    assert_string_equal(memory.type, "decision");
    assert_string_equal(memory.knowledge_type, "architecture");
    assert_string_equal(memory.polarity, "positive");
    assert_string_equal(memory.pattern, "team-runs");
    assert_string_equal(memory.subject, "team");
    assert_string_equal(memory.attribute, "runs");
    assert_string_equal(memory.value, "docker");
    assert_string_equal(memory.time_phrase, "since March");
    assert_string_equal(memory.source, "chat");
    assert_string_equal(memory.speaker, "Ann");
    assert_string_equal(memory.session, "s1");
    assert_string_equal(memory.agent, "a");
    assert_string_equal(memory.user, "u");
    assert_string_equal(memory.key, "k");
    assert_string_equal(memory.metadata_json, "{\"a\":1}");
    assert_null(memory.superseded_by);
    assert_true(memory.confidence == 0.75 && memory.importance == 0.25);
    assert_int_equal(memory.event_at_us, 77);
    assert_int_equal(memory.created_at_us, 11);
    assert_int_equal(memory.observed_at_us, 22);
    assert_int_equal(memory.last_seen_at_us, 33);
    assert_true(memory.expires_at_us == INT64_MAX);
    assert_int_equal(memory.seen_count, 4);
    assert_int_equal(memory.seq, 1);
    assert_int_equal(memory.entity_count, 2); /* the second spelling is the same entity */
    assert_string_equal(memory.entities[0].name, "Docker");
    assert_string_equal(memory.entities[1].type, "place");
    assert_int_equal(count_of(f, KMI_COUNTER_ENTITIES), 3); /* and the team */
    assert_int_equal(count_of(f, KMI_COUNTER_RELATIONS), 2);
    expect_sound(f);
}

static void defaults_fill_what_is_not_given(void **state) {
    store_fixture *f = *state;
    kmi_candidate candidate = {.content = "bare", .confidence = 7.0, .importance = -1.0};
    kmi_memory_new new = {.candidate = &candidate, .created_at_us = 11};
    expect_ok(kmi_uuid_make(&new.id, &f->error));
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    km_memory memory = get_memory(f, &new.id);
    assert_string_equal(memory.type, "note");
    assert_string_equal(memory.source, "cli");
    assert_true(memory.confidence == 1.0 && memory.importance == 0.0);
    assert_int_equal(memory.observed_at_us, 11);
    assert_int_equal(memory.last_seen_at_us, 11);
    assert_int_equal(memory.seen_count, 1);
    assert_null(memory.speaker);
    assert_null(memory.origin_task);
}

static void same_id_twice_is_a_conflict(void **state) {
    store_fixture *f = *state;
    kmi_candidate candidate = make_candidate("one", "fact");
    kmi_memory_new new = {.id = {{5}}, .candidate = &candidate, .created_at_us = 1};
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    candidate.content = "SECRETWORD two";
    assert_int_equal(kmi_store_memory_insert(f->store, &new, &f->error), KM_E_CONFLICT);
    assert_null(strstr(f->error.message, "SECRETWORD"));
    kmi_store_rollback(f->store);
    expect_sound(f);
}

static void repeat_strengthens(void **state) {
    store_fixture *f = *state;
    kmi_uuid id = keep_memory(f, "We use Consul.", "fact");
    kmi_uuid found;
    bool is_found = false;
    expect_ok(kmi_store_memory_find_same(f->store, kmi_slice_from("  we  USE consul "), &is_found, &found, &f->error));
    assert_true(is_found);
    assert_int_equal(kmi_uuid_compare(&id, &found), 0);
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_strengthen(f->store, &id, TEST_NOW_US + 5, 0.5, 0, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    km_memory memory = get_memory(f, &id);
    assert_int_equal(memory.seen_count, 2);
    assert_int_equal(memory.last_seen_at_us, TEST_NOW_US + 5);
    assert_true(memory.confidence > 0.8 && memory.confidence < 1.0);
    assert_int_equal(memory.created_at_us, TEST_NOW_US);
}

/* What the index holds of the hash is short: a match must be compared in full. */
static void the_start_of_a_hash_is_not_enough(void **state) {
    store_fixture *f = *state;
    kmi_uuid id = keep_memory(f, "We use Consul.", "fact");
    kmi_uuid found;
    bool is_found = true;
    expect_ok(kmi_sql_execute(f->store->sql, "UPDATE memories SET content='We use Nomad.'", &f->error));
    expect_ok(kmi_store_memory_find_same(f->store, kmi_slice_from("we use consul"), &is_found, &found, &f->error));
    assert_false(is_found);
    expect_ok(kmi_sql_execute(f->store->sql, "UPDATE memories SET content='We use CONSUL'", &f->error));
    expect_ok(kmi_store_memory_find_same(f->store, kmi_slice_from("we use consul"), &is_found, &found, &f->error));
    assert_true(is_found);
    assert_int_equal(kmi_uuid_compare(&id, &found), 0);
}

static int64_t count_labels(store_fixture *f, const char *statement) {
    int64_t count = 0;
    expect_ok(kmi_store_read_number(f->store, statement, &count, &f->error));
    return count;
}

/* Names that many memories share are kept once, seen by all, and gone when the last one of them is erased. */
static void names_are_kept_once(void **state) {
    static const char COUNT_SPEAKER[] = "SELECT count(*) FROM labels WHERE text='Zebulon'";
    static const char COUNT_LATER[] = "SELECT count(*) FROM labels WHERE text='later'";
    static const char COUNT_EMPTY[] = "SELECT count(*) FROM labels WHERE text=''";
    store_fixture *f = *state;
    kmi_candidate candidate = make_candidate("one", "fact");
    kmi_memory_new new = {.candidate = &candidate, .speaker = "Zebulon", .session = "s", .created_at_us = 1};
    kmi_uuid ids[2];
    bool is_erased = false;
    for (int i = 0; i < 2; i++) {
        expect_ok(kmi_store_begin(f->store, &f->error));
        expect_ok(kmi_store_savepoint(f->store, &f->error));
        new.speaker = i == 0 ? "Undone" : "Zebulon"; /* what is undone must not be remembered */
        expect_ok(kmi_uuid_make(&new.id, &f->error));
        expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
        expect_ok(kmi_store_savepoint_rollback(f->store, &f->error));
        new.speaker = "Zebulon";
        candidate.content = i == 0 ? "the first" : "the second";
        expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
        ids[i] = new.id;
        expect_ok(kmi_store_commit(f->store, &f->error));
        assert_string_equal(get_memory(f, &ids[i]).speaker, "Zebulon");
        assert_string_equal(get_memory(f, &ids[i]).session, "s");
    }
    assert_int_equal(count_labels(f, COUNT_SPEAKER), 1);
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_delete(f->store, ids, 1, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    expect_ok(kmi_store_erase(f->store, &is_erased, &f->error));
    assert_int_equal(count_labels(f, COUNT_SPEAKER), 1);
    new.speaker = "later";
    expect_ok(kmi_uuid_make(&new.id, &f->error));
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    expect_ok(kmi_store_memory_delete(f->store, &ids[1], 1, &f->error));
    expect_ok(kmi_store_memory_delete(f->store, &new.id, 1, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    expect_ok(kmi_store_erase(f->store, &is_erased, &f->error));
    assert_int_equal(count_labels(f, COUNT_SPEAKER), 0);
    assert_int_equal(count_labels(f, COUNT_LATER), 0); /* it had the greatest number, which stays */
    assert_int_equal(count_labels(f, COUNT_EMPTY), 1);
    expect_sound(f);
}

static void later_expiry_wins(void **state) {
    store_fixture *f = *state;
    kmi_candidate candidate = make_candidate("the build is red", "status");
    kmi_memory_new new = {.candidate = &candidate, .created_at_us = 1, .expires_at_us = 100};
    expect_ok(kmi_uuid_make(&new.id, &f->error));
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    expect_ok(kmi_store_memory_strengthen(f->store, &new.id, 2, 0.5, 50, &f->error));
    assert_int_equal(get_memory(f, &new.id).expires_at_us, 100);
    expect_ok(kmi_store_memory_strengthen(f->store, &new.id, 2, 0.5, 200, &f->error));
    assert_int_equal(get_memory(f, &new.id).expires_at_us, 200);
    expect_ok(kmi_store_memory_strengthen(f->store, &new.id, 2, 0.5, 0, &f->error));
    assert_int_equal(get_memory(f, &new.id).expires_at_us, 0);
    expect_ok(kmi_store_memory_strengthen(f->store, &new.id, 2, 0.5, 300, &f->error));
    assert_int_equal(get_memory(f, &new.id).expires_at_us, 0);
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void supersede(store_fixture *f, const kmi_uuid *old_id, const kmi_uuid *new_id) {
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_supersede(f->store, old_id, new_id, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void superseded_memory_steps_back(void **state) {
    store_fixture *f = *state;
    kmi_uuid old_id = keep_memory(f, "we deploy with ansible", "decision");
    kmi_uuid new_id = keep_memory(f, "we deploy with nomad", "decision");
    kmi_uuid found;
    bool is_found = true;
    km_memory *items = NULL;
    size_t count = 0;
    supersede(f, &old_id, &new_id);
    assert_non_null(get_memory(f, &old_id).superseded_by);
    assert_string_equal(get_memory(f, &old_id).superseded_by, get_memory(f, &new_id).id);
    assert_string_equal(search_best(f, "ansible deploy", NULL), "we deploy with nomad");
    km_recall_query all = {.include_superseded = true};
    assert_string_equal(search_best(f, "ansible", &all), "we deploy with ansible");
    expect_ok(
        kmi_store_memory_find_same(f->store, kmi_slice_from("we deploy with ansible"), &is_found, &found, &f->error));
    assert_false(is_found);
    expect_ok(kmi_store_memory_standing(f->store, 10, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 1);
    expect_ok(kmi_store_memory_predecessors(f->store, &new_id, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 1);
    assert_string_equal(items[0].content, "we deploy with ansible");
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_SUPERSEDED), 1);
    supersede(f, &old_id, &new_id); /* again: counted once */
    assert_int_equal(count_of(f, KMI_COUNTER_SUPERSEDED), 1);
    expect_ok(kmi_store_begin(f->store, &f->error));
    assert_int_equal(kmi_store_memory_supersede(f->store, &new_id, &new_id, &f->error), KM_E_INVALID);
    kmi_store_rollback(f->store);
    expect_sound(f);
}

static void forget(store_fixture *f, const kmi_uuid *id) {
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_delete(f->store, id, 1, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    expect_sound(f);
}

static void forgetting_a_successor_hands_on_what_it_replaced(void **state) {
    store_fixture *f = *state;
    kmi_uuid first = keep_memory(f, "port is 1", "fact");
    kmi_uuid second = keep_memory(f, "port is 2", "fact");
    kmi_uuid third = keep_memory(f, "port is 3", "fact");
    supersede(f, &first, &second);
    supersede(f, &second, &third);
    forget(f, &second);
    assert_string_equal(get_memory(f, &first).superseded_by, get_memory(f, &third).id);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 1);
    forget(f, &third);
    assert_null(get_memory(f, &first).superseded_by);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_SUPERSEDED), 0);
}

static void deletion_takes_everything_along(void **state) {
    store_fixture *f = *state;
    const km_entity entities[] = {{"Redis", "technology"}, {"Kafka", "technology"}};
    const kmi_relation relation = {"Redis", "replaces", "Kafka"};
    kmi_candidate first = make_candidate("Redis replaces Kafka", "fact");
    kmi_candidate second = make_candidate("Redis is fast", "fact");
    first.entities = entities;
    first.entity_count = 2;
    first.relations = &relation;
    first.relation_count = 1;
    second.entities = entities;
    second.entity_count = 1;
    expect_ok(kmi_store_begin(f->store, &f->error));
    kmi_uuid id = put_memory(f, &first);
    put_memory(f, &second);
    expect_ok(kmi_store_commit(f->store, &f->error));
    forget(f, &id);
    assert_int_equal(search_count(f, "kafka"), 0);
    assert_int_equal(search_count(f, "redis"), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_ENTITIES), 1); /* Redis is still mentioned */
    assert_int_equal(count_of(f, KMI_COUNTER_RELATIONS), 0);
    km_memory memory;
    assert_int_equal(kmi_store_memory_get(f->store, &id, f->arena, &memory, &f->error), KM_E_NOT_FOUND);
    expect_ok(kmi_store_begin(f->store, &f->error));
    assert_int_equal(kmi_store_memory_delete(f->store, &id, 1, &f->error), KM_E_NOT_FOUND);
    kmi_store_rollback(f->store);
}

static void sequence_numbers_are_not_used_again(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "one", "fact");
    kmi_uuid second = keep_memory(f, "two", "fact");
    int64_t seq = get_memory(f, &second).seq;
    forget(f, &second);
    kmi_uuid third = keep_memory(f, "three", "fact");
    assert_true(get_memory(f, &third).seq > seq);
}

static void edit_replaces_text_and_what_hangs_on_it(void **state) {
    store_fixture *f = *state;
    const km_entity entity = {"Travis", "technology"};
    kmi_candidate old = make_candidate("CI runs on Travis", "fact");
    kmi_candidate edited = make_candidate("CI runs on Buildbot", "rule");
    old.entities = &entity;
    old.entity_count = 1;
    expect_ok(kmi_store_begin(f->store, &f->error));
    kmi_uuid id = put_memory(f, &old);
    expect_ok(kmi_store_memory_edit(f->store, &id, &edited, TEST_NOW_US + 9, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    km_memory memory = get_memory(f, &id);
    assert_string_equal(memory.content, "CI runs on Buildbot");
    assert_string_equal(memory.type, "fact"); /* the type stays */
    assert_int_equal(memory.created_at_us, TEST_NOW_US);
    assert_int_equal(memory.last_seen_at_us, TEST_NOW_US + 9);
    assert_int_equal(memory.entity_count, 0);
    assert_int_equal(search_count(f, "travis"), 0);
    assert_int_equal(search_count(f, "buildbot"), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_ENTITIES), 0);
    kmi_uuid found;
    bool is_found = false;
    expect_ok(
        kmi_store_memory_find_same(f->store, kmi_slice_from("ci runs on buildbot"), &is_found, &found, &f->error));
    assert_true(is_found);
    expect_sound(f);
    expect_ok(kmi_store_begin(f->store, &f->error));
    kmi_uuid unknown = {{0xff}};
    assert_int_equal(kmi_store_memory_edit(f->store, &unknown, &edited, 1, &f->error), KM_E_NOT_FOUND);
    kmi_store_rollback(f->store);
}

static void prefixes_resolve(void **state) {
    store_fixture *f = *state;
    kmi_candidate candidate = make_candidate("x", "fact");
    kmi_memory_new one = {.id = {{0xab, 0xcd, 0x10}}, .candidate = &candidate, .created_at_us = 1};
    kmi_memory_new two = {.id = {{0xab, 0xce, 0x10}}, .candidate = &candidate, .created_at_us = 1};
    kmi_uuid id;
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &one, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &two, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    expect_ok(kmi_store_memory_resolve(f->store, "abcd", &id, &f->error));
    assert_int_equal(kmi_uuid_compare(&id, &one.id), 0);
    assert_int_equal(kmi_store_memory_resolve(f->store, "abc", &id, &f->error), KM_E_CONFLICT);
    assert_non_null(strstr(f->error.message, "abcd1000"));
    assert_int_equal(kmi_store_memory_resolve(f->store, "1234", &id, &f->error), KM_E_NOT_FOUND);
    assert_int_equal(kmi_store_memory_resolve(f->store, "xyz", &id, &f->error), KM_E_INVALID);
    assert_int_equal(kmi_store_memory_resolve(f->store, "", &id, &f->error), KM_E_INVALID);
}

static void recent_lists_newest_first_and_filters(void **state) {
    store_fixture *f = *state;
    static const char *const SOURCES[] = {"chat", "mail", "chat", "chat"};
    static const char *const SESSIONS[] = {"s1", "s1", NULL, "s2"};
    for (size_t i = 0; i < 4; i++) {
        char text[32];
        snprintf(text, sizeof text, "statement %zu", i);
        kmi_candidate candidate = make_candidate(text, i == 3 ? "rule" : "fact");
        kmi_memory_new new = {.candidate = &candidate,
                              .source = SOURCES[i],
                              .session = SESSIONS[i],
                              .created_at_us = 50,
                              .observed_at_us = 100 + (int64_t)i,
                              .expires_at_us = i == 0 ? 1000 : 0};
        expect_ok(kmi_uuid_make(&new.id, &f->error));
        expect_ok(kmi_store_begin(f->store, &f->error));
        expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
        expect_ok(kmi_store_commit(f->store, &f->error));
    }
    const struct {
        km_recall_query query;
        const char *wanted; /* numbers in order */
    } cases[] = {
        {{.now_us = 500}, "3210"},
        {{.now_us = 1000}, "321"}, /* the first has expired */
        {{.now_us = 500, .limit = 2}, "32"},
        {{.now_us = 500, .source = "chat"}, "320"},
        {{.now_us = 500, .type = "rule"}, "3"},
        {{.now_us = 500, .session = "s1"}, "10"},
        {{.now_us = 500, .since_us = 101, .until_us = 102}, "21"},
        {{.now_us = 500, .source = "nobody"}, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        km_memory *items = NULL;
        size_t count = 0;
        char got[8] = "";
        expect_ok(kmi_store_memory_recent(f->store, &cases[i].query, f->arena, &items, &count, &f->error));
        for (size_t k = 0; k < count; k++) got[k] = items[k].content[10];
        assert_string_equal(got, cases[i].wanted);
    }
}

static void standing_memories_by_last_confirmation(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "prefers tabs", "preference");
    kmi_uuid rule = keep_memory(f, "never push on friday", "rule");
    keep_memory(f, "just a fact", "fact");
    keep_memory(f, "is a gardener", "identity");
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_strengthen(f->store, &rule, TEST_NOW_US + 1, 0.5, 0, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    km_memory *items = NULL;
    size_t count = 0;
    expect_ok(kmi_store_memory_standing(f->store, 10, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 3);
    assert_string_equal(items[0].content, "never push on friday");
    assert_string_equal(items[1].content, "is a gardener");
    expect_ok(kmi_store_memory_standing(f->store, 1, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 1);
}

static void subject_and_attribute_find_live_ones(void **state) {
    store_fixture *f = *state;
    kmi_candidate old = make_candidate("the port is 80", "fact");
    kmi_candidate other = make_candidate("the host is north", "fact");
    old.subject = "server";
    old.attribute = "port";
    other.subject = "server";
    other.attribute = "host";
    expect_ok(kmi_store_begin(f->store, &f->error));
    kmi_uuid old_id = put_memory(f, &old);
    put_memory(f, &other);
    old.content = "the port is 81";
    kmi_uuid new_id = put_memory(f, &old);
    km_memory *items = NULL;
    size_t count = 0;
    expect_ok(kmi_store_memory_find_subject(f->store, "server", "port", 10, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 2);
    assert_string_equal(items[0].content, "the port is 81");
    expect_ok(kmi_store_memory_supersede(f->store, &old_id, &new_id, &f->error));
    expect_ok(kmi_store_memory_find_subject(f->store, "server", "port", 10, f->arena, &items, &count, &f->error));
    assert_int_equal(count, 1);
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static int count_turn(void *context) {
    ++*(int *)context;
    return 0;
}

/* In tens of SQLite's steps. */
static int cost_of_finding(store_fixture *f, const char *attribute, size_t expected) {
    int turns = 0;
    km_memory *items = NULL;
    size_t count = 0;
    sqlite3_progress_handler(kmi_sql_handle(f->store->sql), 10, count_turn, &turns);
    expect_ok(kmi_store_memory_find_subject(f->store, "server", attribute, 4, f->arena, &items, &count, &f->error));
    sqlite3_progress_handler(kmi_sql_handle(f->store->sql), 0, NULL, NULL);
    assert_int_equal(count, expected);
    return turns;
}

/* What was replaced long ago, and what else there is to say of a subject, costs nothing. */
static void a_long_history_costs_nothing(void **state) {
    store_fixture *f = *state;
    kmi_uuid before = {{0}};
    int first_cost = 0;
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < 400; i++) {
        char text[48];
        snprintf(text, sizeof text, "the port is %d", i);
        kmi_candidate port = make_candidate(text, "fact");
        port.subject = "server";
        port.attribute = "port";
        kmi_uuid id = put_memory(f, &port);
        if (i > 0) expect_ok(kmi_store_memory_supersede(f->store, &before, &id, &f->error));
        before = id;
        snprintf(text, sizeof text, "the server also has room %d", i);
        kmi_candidate room = make_candidate(text, "fact");
        room.subject = "server";
        put_memory(f, &room);
        if (i == 10) first_cost = cost_of_finding(f, "port", 1) + cost_of_finding(f, NULL, 4);
    }
    int last_cost = cost_of_finding(f, "port", 1) + cost_of_finding(f, NULL, 4);
    assert_true(last_cost <= first_cost + 5);
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void expired_memories_go(void **state) {
    store_fixture *f = *state;
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < 600; i++) {
        char text[32];
        snprintf(text, sizeof text, "status number%d", i);
        kmi_candidate candidate = make_candidate(text, "status");
        kmi_memory_new new = {.candidate = &candidate, .created_at_us = 1, .expires_at_us = i < 550 ? 100 : 1000};
        expect_ok(kmi_uuid_make(&new.id, &f->error));
        expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
    uint64_t count = 0;
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_expire(f->store, 99, &count, &f->error));
    assert_int_equal(count, 0);
    expect_ok(kmi_store_expire(f->store, 100, &count, &f->error));
    assert_int_equal(count, 550);
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 50);
    expect_sound(f);
}

typedef struct export_list {
    char seen[256];
    size_t limit;
} export_list;

static bool note_memory(const km_memory *memory, void *context) {
    export_list *list = context;
    strncat(list->seen, memory->content, sizeof list->seen - strlen(list->seen) - 1);
    return strlen(list->seen) < list->limit;
}

static bool note_relation(const kmi_relation_row *row, void *context) {
    export_list *list = context;
    size_t len = strlen(list->seen);
    snprintf(list->seen + len, sizeof list->seen - len, "%s-%s-%s@%.4s;", row->from, row->name, row->to,
             row->memory_id);
    return true;
}

static void export_visits_all_in_order(void **state) {
    store_fixture *f = *state;
    const km_entity entity = {"Zig", "language"};
    const kmi_relation relation = {"user", "prefers", "Zig"};
    kmi_candidate candidate = make_candidate("c", "preference");
    candidate.entities = &entity;
    candidate.entity_count = 1;
    candidate.relations = &relation;
    candidate.relation_count = 1;
    kmi_uuid a = keep_memory(f, "a", "fact");
    kmi_uuid b = keep_memory(f, "b", "fact");
    supersede(f, &a, &b);
    kmi_memory_new new = {.id = {{0xab, 0xcd}}, .candidate = &candidate, .created_at_us = 1};
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    export_list list = {.limit = 100};
    expect_ok(kmi_store_memory_each(f->store, note_memory, &list, &f->error));
    assert_string_equal(list.seen, "abc");
    export_list cut = {.limit = 2};
    expect_ok(kmi_store_memory_each(f->store, note_memory, &cut, &f->error));
    assert_string_equal(cut.seen, "ab");
    export_list relations = {.limit = 100};
    expect_ok(kmi_store_relation_each(f->store, note_relation, &relations, &f->error));
    assert_string_equal(relations.seen, "user-prefers-Zig@abcd;");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(every_field_comes_back),
        STORE_TEST(defaults_fill_what_is_not_given),
        STORE_TEST(same_id_twice_is_a_conflict),
        STORE_TEST(repeat_strengthens),
        STORE_TEST(the_start_of_a_hash_is_not_enough),
        STORE_TEST(names_are_kept_once),
        STORE_TEST(later_expiry_wins),
        STORE_TEST(superseded_memory_steps_back),
        STORE_TEST(forgetting_a_successor_hands_on_what_it_replaced),
        STORE_TEST(deletion_takes_everything_along),
        STORE_TEST(sequence_numbers_are_not_used_again),
        STORE_TEST(edit_replaces_text_and_what_hangs_on_it),
        STORE_TEST(prefixes_resolve),
        STORE_TEST(recent_lists_newest_first_and_filters),
        STORE_TEST(standing_memories_by_last_confirmation),
        STORE_TEST(subject_and_attribute_find_live_ones),
        STORE_TEST(a_long_history_costs_nothing),
        STORE_TEST(expired_memories_go),
        STORE_TEST(export_visits_all_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
