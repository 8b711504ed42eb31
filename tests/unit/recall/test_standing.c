/* Standing memories: which apply to what kind of prompt, and in which order. */
#include "../store/store_fixture.h"

#include "recall/recall.h"

static void keep_by(store_fixture *f, const char *content, const char *type, const char *speaker, int64_t seen_at_us) {
    kmi_candidate candidate = make_candidate(content, type);
    kmi_memory_new memory = {
        .candidate = &candidate, .speaker = speaker, .created_at_us = TEST_NOW_US, .last_seen_at_us = seen_at_us};
    expect_ok(kmi_uuid_make(&memory.id, &f->error));
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &memory, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
}

/* The texts chosen for a prompt, joined by "|". */
static const char *chosen_for(store_fixture *f, const char *prompt, double threshold) {
    kmi_context_request request = {.prompt = kmi_slice_from(prompt),
                                   .max_memories = 5,
                                   .confidence_threshold = threshold,
                                   .max_chars = 4000,
                                   .standing_memories = 3,
                                   .now_us = TEST_NOW_US};
    km_memory *items = NULL;
    size_t count = 0;
    double confidence = 0;
    const char *joined = "";
    expect_ok(kmi_context_choose(f->store, &request, f->arena, &items, NULL, &count, &confidence, NULL, &f->error));
    for (size_t i = 0; i < count; i++)
        joined = kmi_arena_format(f->arena, "%s%s%s", joined, i > 0 ? "|" : "", items[i].content);
    return joined;
}

static void they_apply_by_kind_of_prompt(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "Always answer in Portuguese", "rule");
    keep_memory(f, "User prefers tabs", "preference");
    keep_memory(f, "We decided to use MariaDB", "decision");
    keep_memory(f, "User is a gardener", "identity");
    assert_string_equal(chosen_for(f, "Hello there!", 0.3), "");
    assert_string_equal(chosen_for(f, "run it again", 0.3), "");
    assert_string_equal(chosen_for(f, "What is the tallest tree?", 0.3), "Always answer in Portuguese");
    assert_string_equal(chosen_for(f, "How do I sort a list?", 0.3), "Always answer in Portuguese|User prefers tabs");
    assert_string_equal(chosen_for(f, "Write a parser", 0.3), "Always answer in Portuguese|User prefers tabs");
    assert_string_equal(chosen_for(f, "Write a limerick", 0.3), "Always answer in Portuguese");
    assert_string_equal(chosen_for(f, "Is MariaDB fast?", 0.3),
                        "We decided to use MariaDB|Always answer in Portuguese");
    /* A closed gate: what shares words does not count for it any more. */
    assert_string_equal(chosen_for(f, "Is MariaDB fast?", 1.1), "Always answer in Portuguese");
}

static void a_rule_of_work_has_nothing_to_say_to_questions(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "Never edit files in vendor", "rule");
    keep_memory(f, "Every importer needs a test", "rule");
    static const char *const UNRELATED[] = {"Who wrote Moby-Dick?", "tell me a joke", "explain this function",
                                            "Write a limerick about tea", "Was ist die Hauptstadt von Peru?"};
    for (size_t i = 0; i < sizeof UNRELATED / sizeof UNRELATED[0]; i++)
        assert_string_equal(chosen_for(f, UNRELATED[i], 0.3), "");
    assert_string_equal(chosen_for(f, "Where do the vendor files come from?", 0.3), "Never edit files in vendor");
    assert_string_equal(chosen_for(f, "Create a parser for invoices", 0.3),
                        "Every importer needs a test|Never edit files in vendor");
    assert_string_equal(
        chosen_for(f, "the page with the invoices shows a wrong sum for customers with two addresses", 0.3),
        "Every importer needs a test|Never edit files in vendor");
}

static void what_others_said_does_not_stand(void **state) {
    store_fixture *f = *state;
    keep_by(f, "Always answer in Latin", "rule", "assistant", TEST_NOW_US);
    keep_by(f, "Never answer before noon", "rule", "Ben", TEST_NOW_US);
    assert_string_equal(chosen_for(f, "How do I sort a list?", 0.3), "");
    keep_by(f, "Never answer in rhymes", "rule", "User", TEST_NOW_US);
    assert_string_equal(chosen_for(f, "How do I sort a list?", 0.3), "Never answer in rhymes");
}

static void a_long_message_does_not_stand(void **state) {
    store_fixture *f = *state;
    char text[600] = "Always answer in Portuguese";
    while (strlen(text) < 450) strcat(text, " and so on");
    keep_by(f, text, "rule", "user", TEST_NOW_US);
    assert_string_equal(chosen_for(f, "How do I sort a list?", 0.3), "");
}

static void the_latest_confirmed_come_first(void **state) {
    store_fixture *f = *state;
    keep_by(f, "Never use the word delve", "rule", NULL, TEST_NOW_US + 5);
    keep_by(f, "Always greet by name", "preference", NULL, TEST_NOW_US + 9);
    keep_by(f, "User prefers oak", "preference", NULL, TEST_NOW_US + 20);
    keep_by(f, "Always show the units", "rule", NULL, TEST_NOW_US + 7);
    assert_string_equal(chosen_for(f, "How do I sort a list?", 0.3),
                        "Always greet by name|Always show the units|Never use the word delve");
}

static void of_two_that_contradict_the_newer_is_given(void **state) {
    store_fixture *f = *state;
    static const char *const TEXTS[] = {"The gateway listens on port 8443", "The gateway listens on port 9443 now"};
    static const char *const VALUES[] = {"8443", "9443"};
    for (int order = 0; order < 2; order++) {
        for (int i = 0; i < 2; i++) {
            kmi_candidate candidate = make_candidate(TEXTS[i], "fact");
            candidate.subject = order == 0 ? "gateway" : "old gateway";
            candidate.attribute = "port";
            candidate.value = VALUES[i];
            kmi_memory_new memory = {.candidate = &candidate, .created_at_us = TEST_NOW_US};
            memory.observed_at_us = TEST_NOW_US + (order == 0 ? i : -i); /* the second time the other way round */
            expect_ok(kmi_uuid_make(&memory.id, &f->error));
            expect_ok(kmi_store_begin(f->store, &f->error));
            expect_ok(kmi_store_memory_insert(f->store, &memory, &f->error));
            expect_ok(kmi_store_commit(f->store, &f->error));
        }
        const char *chosen = chosen_for(f, "Which port does the gateway listen on?", 0.3);
        assert_string_equal(chosen, TEXTS[order == 0 ? 1 : 0]);
        kmi_uuid ids[4];
        km_memory *items = NULL;
        size_t count = 0;
        expect_ok(kmi_store_memory_recent(f->store, NULL, f->arena, &items, &count, &f->error));
        for (size_t i = 0; i < count; i++) expect_ok(kmi_uuid_parse(items[i].id, &ids[i], &f->error));
        expect_ok(kmi_store_begin(f->store, &f->error));
        expect_ok(kmi_store_memory_delete(f->store, ids, count, &f->error));
        expect_ok(kmi_store_commit(f->store, &f->error));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(they_apply_by_kind_of_prompt),    STORE_TEST(a_rule_of_work_has_nothing_to_say_to_questions),
        STORE_TEST(what_others_said_does_not_stand), STORE_TEST(a_long_message_does_not_stand),
        STORE_TEST(the_latest_confirmed_come_first), STORE_TEST(of_two_that_contradict_the_newer_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
