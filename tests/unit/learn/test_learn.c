/* The learner's decisions: known, replacing, or new; when it was said counts, not when it was learnt. */
#include "../store/store_fixture.h"

#include "learn/learn.h"

typedef struct statement {
    const char *content, *type, *polarity, *subject, *attribute, *value, *replaces;
    bool is_correction;
    int64_t said_at_us;
    bool never_expires;
} statement;

static kmi_learn_outcome learn(store_fixture *f, const statement *s) {
    kmi_candidate candidate = make_candidate(s->content, s->type != NULL ? s->type : "fact");
    candidate.polarity = s->polarity != NULL ? s->polarity : "neutral";
    candidate.subject = s->subject;
    candidate.attribute = s->attribute;
    candidate.value = s->value;
    candidate.replaces = s->replaces;
    candidate.is_correction = s->is_correction;
    kmi_extraction extraction = {.candidate_count = 1, .candidates = &candidate};
    km_learn_item item = {.content = s->content, .source = "chat", .speaker = "user", .observed_at_us = s->said_at_us};
    kmi_learn_origin origin = {.item = &item, .submitted_at_us = TEST_NOW_US, .never_expires = s->never_expires};
    kmi_config config;
    kmi_config_init(&config);
    kmi_learn_outcome *outcomes = NULL;
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_learn_apply(f->store, &config, &origin, &extraction, TEST_NOW_US, f->arena, &outcomes, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    expect_sound(f);
    return outcomes[0];
}

static km_memory memory_of(store_fixture *f, const kmi_learn_outcome *outcome) {
    km_memory memory;
    expect_ok(kmi_store_memory_get(f->store, &outcome->id, f->arena, &memory, &f->error));
    return memory;
}

static void repeat_is_strengthened_and_counted(void **state) {
    store_fixture *f = *state;
    kmi_learn_outcome first = learn(f, &(statement){.content = "Team decided to use Docker."});
    kmi_learn_outcome again =
        learn(f, &(statement){.content = "The team decided to use docker", .said_at_us = TEST_NOW_US + 9});
    assert_string_equal(first.action, "stored");
    assert_string_equal(again.action, "strengthened");
    assert_int_equal(kmi_uuid_compare(&first.id, &again.id), 0);
    assert_int_equal(memory_of(f, &first).seen_count, 2);
    assert_int_equal(memory_of(f, &first).last_seen_at_us, TEST_NOW_US + 9);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 1);
    assert_int_equal(count_of(f, KMI_COUNTER_DUPLICATES), 1);
    kmi_learn_outcome denied = learn(f, &(statement){.content = "The team decided not to use docker"});
    assert_string_equal(denied.action, "stored");
}

static void a_moved_phrase_or_a_plea_changes_nothing(void **state) {
    store_fixture *f = *state;
    static const char *const pairs[][2] = {
        {"We use tape for the labels.", "For the labels we use tape."},
        {"Every night the pump runs at 3 am.", "The pump runs at 3 am every night."},
        {"Never wash the blanket.", "Please never wash the blanket."},
        {"Please keep it short.", "Keep it short."},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_string_equal(learn(f, &(statement){.content = pairs[i][0]}).action, "stored");
        assert_string_equal(learn(f, &(statement){.content = pairs[i][1]}).action, "strengthened");
    }
    assert_string_equal(learn(f, &(statement){.content = "We prefer ink over lead."}).action, "stored");
    assert_string_equal(learn(f, &(statement){.content = "We prefer lead over ink."}).action, "stored");
}

static void origin_is_kept(void **state) {
    store_fixture *f = *state;
    kmi_learn_outcome outcome = learn(f, &(statement){.content = "x y z", .said_at_us = 1234});
    km_memory memory = memory_of(f, &outcome);
    assert_string_equal(memory.source, "chat");
    assert_string_equal(memory.speaker, "user");
    assert_int_equal(memory.created_at_us, TEST_NOW_US);
    assert_int_equal(memory.observed_at_us, 1234);
    assert_null(memory.origin_task);
    kmi_learn_outcome undated = learn(f, &(statement){.content = "a b c"});
    assert_int_equal(memory_of(f, &undated).observed_at_us, TEST_NOW_US);
}

static void another_value_supersedes(void **state) {
    store_fixture *f = *state;
    kmi_learn_outcome old =
        learn(f, &(statement){.content = "port is 80", .subject = "api", .attribute = "port", .value = "80"});
    kmi_learn_outcome same =
        learn(f, &(statement){.content = "it listens on 80", .subject = "api", .attribute = "port", .value = "80"});
    assert_string_equal(same.action, "stored"); /* they agree */
    kmi_learn_outcome new =
        learn(f, &(statement){.content = "port is 81", .subject = "api", .attribute = "port", .value = "81"});
    assert_string_equal(new.action, "superseded");
    assert_int_equal(new.supersedes_count, 2);
    assert_string_equal(memory_of(f, &old).superseded_by, memory_of(f, &new).id);
    kmi_learn_outcome other =
        learn(f, &(statement){.content = "port is 82", .subject = "web", .attribute = "port", .value = "82"});
    assert_string_equal(other.action, "stored");
}

static void said_earlier_but_learnt_later_is_superseded_itself(void **state) {
    store_fixture *f = *state;
    kmi_learn_outcome new = learn(
        f, &(statement){
               .content = "port is 81", .subject = "api", .attribute = "port", .value = "81", .said_at_us = 2000});
    kmi_learn_outcome old = learn(
        f, &(statement){
               .content = "port is 80", .subject = "api", .attribute = "port", .value = "80", .said_at_us = 1000});
    assert_string_equal(old.action, "stored");
    assert_int_equal(old.supersedes_count, 0);
    assert_null(memory_of(f, &new).superseded_by);
    assert_string_equal(memory_of(f, &old).superseded_by, memory_of(f, &new).id);
}

static void denial_of_the_same_value_supersedes(void **state) {
    store_fixture *f = *state;
    learn(f, &(statement){.content = "cache is shared",
                          .subject = "cache",
                          .attribute = "shared",
                          .value = "yes",
                          .polarity = "positive"});
    kmi_learn_outcome new = learn(f, &(statement){.content = "cache is not shared",
                                                  .subject = "cache",
                                                  .attribute = "shared",
                                                  .value = "yes",
                                                  .polarity = "negative"});
    assert_string_equal(new.action, "superseded");
}

static void a_named_correction_ends_the_use_and_not_the_talk(void **state) {
    store_fixture *f = *state;
    learn(f, &(statement){.content = "We like oil.", .subject = "team"});
    kmi_learn_outcome use = learn(
        f, &(statement){
               .content = "We use oil for hinges.", .subject = "team", .attribute = "use for hinges", .value = "oil"});
    learn(f, &(statement){.content = "We wrote a guide about oil.", .subject = "team", .said_at_us = TEST_NOW_US + 5});
    statement change = {.content = "We moved from oil to wax.",
                        .subject = "team",
                        .value = "wax",
                        .replaces = "oil",
                        .is_correction = true,
                        .said_at_us = TEST_NOW_US + 9};
    kmi_learn_outcome moved = learn(f, &change);
    assert_int_equal(moved.supersedes_count, 1);
    assert_string_equal(memory_of(f, &use).superseded_by, memory_of(f, &moved).id);
    kmi_learn_outcome used = learn(f, &(statement){.content = "The project uses tape.", .subject = "project"});
    change.content = "We moved from tape to glue.";
    change.replaces = "tape";
    change.value = "glue";
    moved = learn(f, &change);
    assert_string_equal(memory_of(f, &used).superseded_by, memory_of(f, &moved).id);
    learn(f, &(statement){.content = "The shop sells chalk.", .subject = "shop"});
    change.content = "We moved from chalk to ink.";
    change.replaces = "chalk";
    assert_int_equal(learn(f, &change).supersedes_count, 0); /* the shop is another matter */
}

static void correction_takes_only_the_value_it_names(void **state) {
    store_fixture *f = *state;
    kmi_learn_outcome a =
        learn(f, &(statement){.content = "builds run on A", .subject = "ci", .attribute = "runs on", .value = "a"});
    kmi_learn_outcome b =
        learn(f, &(statement){.content = "they run on A too", .subject = "ci", .attribute = "runs on", .value = "a"});
    (void)b;
    kmi_learn_outcome c = learn(f, &(statement){.content = "moved from A to C",
                                                .subject = "ci",
                                                .attribute = "runs on",
                                                .value = "c",
                                                .replaces = "a",
                                                .is_correction = true});
    assert_int_equal(c.supersedes_count, 2);
    assert_non_null(memory_of(f, &a).superseded_by);
    kmi_learn_outcome d = learn(f, &(statement){.content = "moved from Q to D",
                                                .subject = "ci",
                                                .attribute = "runs on",
                                                .value = "d",
                                                .replaces = "q",
                                                .is_correction = true});
    assert_int_equal(d.supersedes_count, 1); /* nothing is called q: what stands is meant */
    assert_non_null(memory_of(f, &c).superseded_by);
}

static void correction_without_property_finds_what_it_names(void **state) {
    store_fixture *f = *state;
    kmi_learn_outcome tea = learn(f, &(statement){.content = "We like steam", .subject = "team"});
    kmi_learn_outcome jenkins = learn(f, &(statement){.content = "We use Jenkins for builds.", .subject = "team"});
    kmi_learn_outcome new = learn(
        f, &(statement){
               .content = "We no longer use Jenkins", .subject = "team", .replaces = "jenkins", .is_correction = true});
    assert_int_equal(new.supersedes_count, 1);
    assert_int_equal(kmi_uuid_compare(&new.supersedes[0], &jenkins.id), 0);
    kmi_learn_outcome part =
        learn(f, &(statement){.content = "No longer tea", .subject = "team", .replaces = "tea", .is_correction = true});
    assert_int_equal(part.supersedes_count, 0); /* "steam" is another word */
    assert_null(memory_of(f, &tea).superseded_by);
}

static void bare_correction_finds_the_nearest_statement(void **state) {
    store_fixture *f = *state;
    learn(f, &(statement){.content = "The mobile team tests on Mondays", .subject = "mobile team"});
    kmi_learn_outcome old =
        learn(f, &(statement){.content = "The mobile team decided to use React", .subject = "mobile team"});
    kmi_learn_outcome new = learn(f, &(statement){.content = "The mobile team decided to use Flutter",
                                                  .subject = "mobile team",
                                                  .is_correction = true});
    assert_int_equal(new.supersedes_count, 1);
    assert_int_equal(kmi_uuid_compare(&new.supersedes[0], &old.id), 0);
    kmi_learn_outcome far =
        learn(f, &(statement){.content = "Entirely other words", .subject = "mobile team", .is_correction = true});
    assert_string_equal(far.action, "stored");
}

static void only_status_expires(void **state) {
    store_fixture *f = *state;
    const int64_t day_us = INT64_C(86400000000);
    kmi_learn_outcome status =
        learn(f, &(statement){.content = "the build is red", .type = "status", .said_at_us = 5000});
    kmi_learn_outcome fact = learn(f, &(statement){.content = "the build is slow", .type = "fact"});
    assert_int_equal(memory_of(f, &status).expires_at_us, 5000 + day_us);
    assert_int_equal(memory_of(f, &fact).expires_at_us, 0);
    learn(f, &(statement){.content = "the build is red", .type = "status", .said_at_us = 6000});
    assert_int_equal(memory_of(f, &status).expires_at_us, 6000 + day_us);
    learn(f, &(statement){.content = "the build is red", .type = "status", .never_expires = true});
    assert_int_equal(memory_of(f, &status).expires_at_us, 0);
}

static void skipped_texts_are_counted_and_nothing_is_fine(void **state) {
    store_fixture *f = *state;
    const km_skipped skipped[] = {{"hello", "greeting"}, {"why?", "question"}};
    kmi_extraction extraction = {.skipped_count = 2, .skipped = skipped};
    km_learn_item item = {.content = "hello. why?"};
    kmi_learn_origin origin = {.item = &item};
    kmi_config config;
    kmi_config_init(&config);
    kmi_learn_outcome *outcomes = NULL;
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_learn_apply(f->store, &config, &origin, &extraction, TEST_NOW_US, f->arena, &outcomes, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_int_equal(count_of(f, KMI_COUNTER_SKIPPED), 2);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(repeat_is_strengthened_and_counted),
        STORE_TEST(a_moved_phrase_or_a_plea_changes_nothing),
        STORE_TEST(origin_is_kept),
        STORE_TEST(another_value_supersedes),
        STORE_TEST(a_named_correction_ends_the_use_and_not_the_talk),
        STORE_TEST(said_earlier_but_learnt_later_is_superseded_itself),
        STORE_TEST(denial_of_the_same_value_supersedes),
        STORE_TEST(correction_takes_only_the_value_it_names),
        STORE_TEST(correction_without_property_finds_what_it_names),
        STORE_TEST(bare_correction_finds_the_nearest_statement),
        STORE_TEST(only_status_expires),
        STORE_TEST(skipped_texts_are_counted_and_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
