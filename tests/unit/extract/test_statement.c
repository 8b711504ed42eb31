/* What a statement is about: subject, attribute, value, what it replaces; entities, relations, times, pronouns. Seen
 * through kmi_extract(), since the parts only make sense together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "extract/extract.h"
#include "util/clock.h"

static kmi_extractor *extractor;

static int set_up(void **state) {
    (void)state;
    return kmi_extractor_new(NULL, &extractor, NULL) == KM_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    kmi_extractor_free(extractor);
    return 0;
}

/* Wednesday, 18 November 2026, noon. */
static kmi_extraction run(const char *text) {
    int64_t said_at_us = 0;
    assert_int_equal(kmi_time_parse(KMI_SLICE_LITERAL("2026-11-18T12:00:00Z"), &said_at_us, NULL), KM_OK);
    kmi_extract_input input = {.text = kmi_slice_from(text), .said_at_us = said_at_us};
    kmi_extraction extraction = {0};
    assert_int_equal(kmi_extract(extractor, &input, &extraction, NULL), KM_OK);
    return extraction;
}

static void assert_text(const char *case_text, const char *what, const char *actual, const char *expected) {
    if ((actual == NULL) != (expected == NULL) || (actual != NULL && strcmp(actual, expected) != 0))
        fail_msg("\"%s\": %s is \"%s\" and not \"%s\"", case_text, what, actual != NULL ? actual : "(none)",
                 expected != NULL ? expected : "(none)");
}

static void statements_are_taken_apart(void **state) {
    (void)state;
    static const struct {
        const char *text, *subject, *attribute, *value, *replaces;
        bool is_correction;
    } cases[] = {
        {"The kiosk listens on port 7070.", "kiosk", "listen on port", "7070", NULL, false},
        {"Our quota is 40 GB.", "quota", "be", "40 gb", NULL, false},
        {"We use k8s for previews.", "team", "use for previews", "kubernetes", NULL, false},
        {"We use Node 22.", "team", "use node.js version", "22", NULL, false},
        {"I prefer oak over pine.", "user", "prefer oak or pine", "oak", NULL, false},
        {"I prefer pine over oak.", "user", "prefer oak or pine", "pine", NULL, false},
        {"Yesterday we moved from oil to wax.", "team", NULL, "wax", "oil", true},
        {"We switched to wax from oil last week.", "team", NULL, "wax", "oil", true},
        {"Oil was replaced by wax.", "oil", NULL, "wax", "oil", true},
        {"We ditched oil in favour of wax.", "team", NULL, NULL, "oil", true},
        {"The choir sessions now start at 19:00.", "choir sessions", "start at", "19:00", NULL, true},
        {"In March our quota was 40 GB.", "quota", "be", "40 gb", NULL, false},
        {"we dont use oil for hinges anymore, its wax now", "team", "use for hinges", "wax", "oil", true},
        {"Our dealer for paper is Larch.", "dealer for paper", "be", "larch", NULL, false},
        {"I like tea.", "user", NULL, NULL, NULL, false},
        {"The soup is hot.", "soup", NULL, NULL, NULL, false},
        {"My favourite tree is the larch.", "user favourite tree", "be", "larch", NULL, false},
        {"The policy requires 14 characters.", "policy", "require # characters", "14", NULL, false},
        {"The lamp is called Gleam.", "lamp", "name", "gleam", NULL, false},
        {"The lamp has been renamed to Glow.", "lamp", "name", "glow", NULL, true},
        {"Actually, the kiosk listens on port 7171.", "kiosk", "listen on port", "7171", NULL, true},
        {"The quota is now 80 GB.", "quota", "be", "80 gb", NULL, true},
        {"We now also use glue for chairs.", "team", NULL, NULL, NULL, false},
        {"We moved from Trello to Jira.", "team", NULL, "jira", "trello", true},
        {"We replaced Trello with Jira.", "team", NULL, "jira", "trello", true},
        {"We no longer use Trello.", "team", NULL, NULL, "trello", true},
        {"I don't live in Turku any more.", "user", "live in", NULL, "turku", true},
        {"It's oak, not pine.", "it's", NULL, NULL, "pine", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kmi_extraction extraction = run(cases[i].text);
        assert_int_equal(extraction.candidate_count, 1);
        const kmi_candidate *candidate = &extraction.candidates[0];
        assert_text(cases[i].text, "subject", candidate->subject, cases[i].subject);
        assert_text(cases[i].text, "attribute", candidate->attribute, cases[i].attribute);
        assert_text(cases[i].text, "value", candidate->value, cases[i].value);
        assert_text(cases[i].text, "replaces", candidate->replaces, cases[i].replaces);
        if (candidate->is_correction != cases[i].is_correction)
            fail_msg("\"%s\": correction %d", cases[i].text, candidate->is_correction);
        kmi_extraction_deinit(&extraction);
    }
}

/* "name:type" of all entities, in the order found, joined by blanks. */
static const char *entities_of(const kmi_extraction *extraction) {
    static char text[1024];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < extraction->candidate_count; i++)
        for (size_t k = 0; k < extraction->candidates[i].entity_count; k++) {
            const km_entity *entity = &extraction->candidates[i].entities[k];
            assert_true(n + strlen(entity->name) + strlen(entity->type) + 3 < sizeof text);
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s:%s", n > 0 ? " " : "", entity->name, entity->type);
        }
    return text;
}

static void entities_are_found_and_ordinary_words_are_not(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"The shop runs on Postgres and k8s.", "PostgreSQL:technology Kubernetes:technology"},
        {"Please go on and express yourself.", ""},
        {"We wrote it in Go.", "Go:language"},
        {"The spring is cold and the rust is red.", ""},
        {"Ask Dr. Sofia Ekdahl.", "Sofia Ekdahl:person"},
        {"The office in Sofia is new.", "Sofia:place"},
        {"I work at Larch Analytics.", "Larch Analytics:organization"},
        {"Edit src/lamp.c and ~/.lamprc now.", "src/lamp.c:file ~/.lamprc:file"},
        {"PUT /lamps/{id} switches it.", "/lamps/{id}:endpoint"},
        {"Ping anna about the lid.", "anna:person"},
        {"The lease was signed by Ludo van der Berg.", "Ludo van der Berg:person"},
        {"My aunt Julia bakes.", "Julia:person"},
        {"In April the lamps came.", ""},
        {"It needs @lamps/core and .clang-format now.", "@lamps/core:technology .clang-format:file"},
        {"The vote is on 7/15/2026.", "7/15/2026:date"},
        {"LAMPMODE is set to dim.", "LAMPMODE:configuration"},
        {"Chop the celery.", ""},
        {"Set LAMP_MODE first.", "LAMP_MODE:configuration"},
        {"The lamp_events table is big.", "lamp_events:database_object"},
        {"We shipped v2.1.0 on 3 May 2026.", "v2.1.0:version 3 May 2026:date"},
        {"Write to lamps@shop.example please.", "lamps@shop.example:email"},
        {"See https://lamps.example/a?b=1.", "https://lamps.example/a?b=1:url"},
        {"We are building the Lamp Control Platform.", "Lamp Control Platform:project"},
        {"It weighs 2.3 tonnes at 10:15.", ""},
        {"Everything Is Fine Today.", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kmi_extraction extraction = run(cases[i][0]);
        assert_text(cases[i][0], "entities", entities_of(&extraction), cases[i][1]);
        kmi_extraction_deinit(&extraction);
    }
}

static void times_are_resolved(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"The ferry leaves tomorrow.", "tomorrow", "2026-11-19"},
        {"We painted it yesterday.", "yesterday", "2026-11-17"},
        {"It has been red since March.", "since March", "2026-03-01"},
        {"It has been red since December.", "since December", "2025-12-01"},
        {"The roof is due by Friday.", "by Friday", "2026-11-20"},
        {"The roof is due in two weeks.", "in two weeks", "2026-12-02"},
        {"The pump broke three days ago.", "three days ago", "2026-11-15"},
        {"The lease ends on 30 April 2027.", "on 30 April 2027", "2027-04-30"},
        {"The fair opened on March 3, 2025.", "on March 3, 2025", "2025-03-03"},
        {"The bridge opened in 1999.", "in 1999", "1999-01-01"},
        {"We meet next Monday.", "next Monday", "2026-11-23"},
        {"We moved the desk last month.", "last month", "2026-10-18"},
        {"The date is 2026-12-24.", "2026-12-24", "2026-12-24"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char date[KMI_TIME_TEXT_SIZE];
        kmi_extraction extraction = run(cases[i][0]);
        assert_int_equal(extraction.candidate_count, 1);
        assert_text(cases[i][0], "time", extraction.candidates[0].time_phrase, cases[i][1]);
        assert_text(cases[i][0], "date", kmi_time_format_date(extraction.candidates[0].event_at_us, date), cases[i][2]);
        kmi_extraction_deinit(&extraction);
    }
}

static void relations_are_read(void **state) {
    (void)state;
    static const char *const cases[][4] = {
        {"We use Redis for lamps.", "team", "uses", "Redis"},
        {"I prefer Vim.", "user", "prefers", "Vim"},
        {"I live in Turku.", "user", "located_at", "Turku"},
        {"The Lamp Control Platform depends on Kafka.", "Lamp Control Platform", "depends_on", "Kafka"},
        {"We replaced Trello with Jira.", "jira", "replaces", "trello"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kmi_extraction extraction = run(cases[i][0]);
        bool is_found = false;
        for (size_t k = 0; k < extraction.candidates[0].relation_count; k++) {
            const kmi_relation *relation = &extraction.candidates[0].relations[k];
            is_found |= strcmp(relation->from, cases[i][1]) == 0 && strcmp(relation->name, cases[i][2]) == 0 &&
                        strcmp(relation->to, cases[i][3]) == 0;
        }
        if (!is_found) fail_msg("\"%s\"", cases[i][0]);
        kmi_extraction_deinit(&extraction);
    }
    kmi_extraction denied = run("We don't use Redis.");
    assert_int_equal(denied.candidates[0].relation_count, 0);
    kmi_extraction_deinit(&denied);
}

static void pronouns_are_explained(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"The lamp is red. It hangs in the hall.", "It (the lamp) hangs in the hall."},
        {"The lamps are red. They're heavy too.", "They (the lamps) are heavy too."},
        {"Our gate squeaks. It is old. It is also green.", "It (our gate) is also green."},
        {"The roof took long. This wall is dry.", "This wall is dry."},
        {"We painted. It was fun for all.", "We painted. It was fun for all."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kmi_extraction extraction = run(cases[i][0]);
        assert_text(cases[i][0], "last content", extraction.candidates[extraction.candidate_count - 1].content,
                    cases[i][1]);
        kmi_extraction_deinit(&extraction);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_are_taken_apart), cmocka_unit_test(entities_are_found_and_ordinary_words_are_not),
        cmocka_unit_test(times_are_resolved),         cmocka_unit_test(relations_are_read),
        cmocka_unit_test(pronouns_are_explained),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
