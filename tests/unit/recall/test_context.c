/* Choosing memories for a prompt: relevant ones, standing ones in free places, each thing once, within a budget. */
#include "../store/store_fixture.h"

#include "recall/recall.h"

static kmi_context_request make_request(const char *prompt) {
    return (kmi_context_request){.prompt = kmi_slice_from(prompt),
                                 .max_memories = 5,
                                 .confidence_threshold = 0.3,
                                 .max_chars = 4000,
                                 .standing_memories = 2,
                                 .now_us = TEST_NOW_US};
}

static size_t choose(store_fixture *f, const kmi_context_request *request, km_memory **ret_items) {
    size_t count = 0;
    double confidence = -1;
    expect_ok(kmi_context_choose(f->store, request, f->arena, ret_items, NULL, &count, &confidence, NULL, &f->error));
    double best = 0;
    for (size_t i = 0; i < count; i++) {
        double value = (*ret_items)[i].confidence;
        assert_true(value >= 0 && value <= 1 && (*ret_items)[i].reason != NULL);
        if (value > best) best = value;
    }
    assert_true(confidence == best);
    return count;
}

static bool holds(const km_memory *items, size_t count, const char *content) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].content, content) == 0) return true;
    }
    return false;
}

static void keep_guide(store_fixture *f) {
    keep_memory(f, "User prefers TypeScript", "preference");
    keep_memory(f, "Team decided to use Docker for deployment", "decision");
    keep_memory(f, "User prefers detailed error messages", "preference");
    keep_memory(f, "User prefers async/await patterns", "preference");
    keep_memory(f, "Test memory", "note");
}

/* Chooses for the request, and says whether this text is among what was chosen. */
static bool choose_holds(store_fixture *f, const kmi_context_request *request, const char *content) {
    km_memory *items = NULL;
    size_t count = choose(f, request, &items);
    return holds(items, count, content);
}

static void pairs_of_the_guide_meet(void **state) {
    store_fixture *f = *state;
    km_memory *items = NULL;
    keep_guide(f);
    kmi_context_request request = make_request("How do I deploy this?");
    assert_true(choose(f, &request, &items) >= 1);
    assert_string_equal(items[0].content, "Team decided to use Docker for deployment");
    request = make_request("How should I handle errors?");
    assert_true(choose(f, &request, &items) >= 1);
    assert_string_equal(items[0].content, "User prefers detailed error messages");
    request = make_request("How do I handle promises?");
    size_t count = choose(f, &request, &items);
    assert_true(count >= 1 && count <= 2);
    assert_true(holds(items, count, "User prefers async/await patterns"));
}

static void pairs_meet_in_a_big_store_too(void **state) {
    store_fixture *f = *state;
    km_memory *items = NULL;
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < 2000; i++) {
        char text[128];
        snprintf(text, sizeof text, "component%d talks to component%d about topic%d %s", i, i + 1, i % 37,
                 i % 50 == 0 ? "error" : "");
        kmi_candidate candidate = make_candidate(text, "fact");
        put_memory(f, &candidate);
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
    keep_guide(f);
    kmi_context_request request = make_request("How do I deploy this?");
    assert_true(choose(f, &request, &items) >= 1);
    assert_string_equal(items[0].content, "Team decided to use Docker for deployment");
    request = make_request("How should I handle errors?");
    assert_true(choose_holds(f, &request, "User prefers detailed error messages"));
    request = make_request("How do I handle promises?");
    assert_true(choose_holds(f, &request, "User prefers async/await patterns"));
}

static void nothing_relevant_is_nothing(void **state) {
    store_fixture *f = *state;
    km_memory *items = NULL;
    keep_memory(f, "The importer reads CSV files", "fact");
    kmi_context_request request = make_request("What is the weather in Paris?");
    assert_int_equal(choose(f, &request, &items), 0);
    request = make_request("");
    assert_int_equal(choose(f, &request, &items), 0);
    store_reopen(f, KMI_STORE_READ);
    request = make_request("importer");
    assert_int_equal(choose(f, &request, &items), 1);
}

static void limits_hold(void **state) {
    store_fixture *f = *state;
    km_memory *items = NULL;
    for (int i = 0; i < 10; i++) {
        char text[64];
        snprintf(text, sizeof text, "deployment step number%d of word%d", i, i * 7);
        keep_memory(f, text, "fact");
    }
    keep_guide(f);
    kmi_context_request request = make_request("deployment");
    assert_int_equal(choose(f, &request, &items), 5);
    request.max_memories = 3;
    assert_int_equal(choose(f, &request, &items), 3);
    request.max_memories = 0;
    assert_int_equal(choose(f, &request, &items), 0);
    request = make_request("How do I handle promises?");
    request.standing_memories = 0;
    assert_int_equal(choose(f, &request, &items), 0);
    request.standing_memories = 1;
    assert_int_equal(choose(f, &request, &items), 1);
    request = make_request("deployment");
    request.confidence_threshold = 1.1;
    request.standing_memories = 0;
    assert_int_equal(choose(f, &request, &items), 0);
}

static size_t chars_of(const km_memory *items, size_t count) {
    size_t chars = 0;
    for (size_t i = 0; i < count; i++) {
        for (const char *at = items[i].content; *at != '\0'; at++) chars += ((unsigned char)*at & 0xC0) != 0x80;
    }
    return chars;
}

static void character_budget_holds(void **state) {
    store_fixture *f = *state;
    km_memory *items = NULL;
    keep_guide(f);
    keep_memory(f, "Deployment needs a very long explanation that goes on and on ääääääääääääääää", "fact");
    for (size_t budget = 1; budget < 200; budget++) {
        kmi_context_request request = make_request("How do I deploy this?");
        request.max_chars = budget;
        size_t count = choose(f, &request, &items);
        assert_true(count >= 1);
        assert_true(chars_of(items, count) <= budget);
    }
}

static void same_thing_is_said_once(void **state) {
    store_fixture *f = *state;
    km_memory *items = NULL;
    keep_memory(f, "the release of the billing service happens every second friday in the evening", "rule");
    keep_memory(f, "the releases of the billing service happen every second friday in the evening", "fact");
    keep_memory(f, "the release of the billing service never happens every second friday in the evening", "fact");
    kmi_context_request request = make_request("release of the billing service friday evening");
    assert_int_equal(choose(f, &request, &items), 2);
}

static void superseded_and_expired_stay_out(void **state) {
    store_fixture *f = *state;
    km_memory *items = NULL;
    kmi_uuid old = keep_memory(f, "deploy with Ansible", "decision");
    kmi_uuid new = keep_memory(f, "deploy with Nomad", "decision");
    kmi_candidate candidate = make_candidate("deploy is broken", "status");
    kmi_memory_new status = {.candidate = &candidate, .created_at_us = 1, .expires_at_us = TEST_NOW_US - 1};
    expect_ok(kmi_uuid_make(&status.id, &f->error));
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_supersede(f->store, &old, &new, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &status, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    kmi_context_request request = make_request("How do I deploy?");
    assert_int_equal(choose(f, &request, &items), 1);
    assert_string_equal(items[0].content, "deploy with Nomad");
}

static void recall_gives_scores_and_reasons(void **state) {
    store_fixture *f = *state;
    km_memory *items = NULL;
    size_t count = 0;
    keep_guide(f);
    const km_explanation *explanation = NULL;
    km_recall_query query = {.query = "docker deployment"};
    expect_ok(kmi_recall(f->store, &query, 0.3, f->arena, &items, &count, &explanation, &f->error));
    assert_int_equal(count, 1);
    assert_true(items[0].score > 0 && items[0].confidence > 0.5 && items[0].reason != NULL);
    query.query = "prefers docker";
    query.query_len = 7; /* "prefers" alone */
    query.limit = 2;
    expect_ok(kmi_recall(f->store, &query, 0.3, f->arena, &items, &count, &explanation, &f->error));
    assert_int_equal(count, 2);
    query.type = "note";
    expect_ok(kmi_recall(f->store, &query, 0.3, f->arena, &items, &count, &explanation, &f->error));
    assert_int_equal(count, 0);
}

static void deadline_is_told(void **state) {
    store_fixture *f = *state;
    km_memory *items = NULL;
    size_t count = 0;
    double confidence = 0;
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < 3000; i++) {
        char text[64];
        snprintf(text, sizeof text, "common words in number%d", i);
        kmi_candidate candidate = make_candidate(text, "fact");
        put_memory(f, &candidate);
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
    kmi_context_request request = make_request("common words");
    kmi_store_set_deadline(f->store, kmi_clock_monotonic_us() - 1);
    km_status status =
        kmi_context_choose(f->store, &request, f->arena, &items, NULL, &count, &confidence, NULL, &f->error);
    assert_true(status == KM_E_BUSY || kmi_store_was_cut_short(f->store));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(pairs_of_the_guide_meet),
        STORE_TEST(pairs_meet_in_a_big_store_too),
        STORE_TEST(nothing_relevant_is_nothing),
        STORE_TEST(limits_hold),
        STORE_TEST(character_budget_holds),
        STORE_TEST(same_thing_is_said_once),
        STORE_TEST(superseded_and_expired_stay_out),
        STORE_TEST(recall_gives_scores_and_reasons),
        STORE_TEST(deadline_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
