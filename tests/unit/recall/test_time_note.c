/* When a memory is of: told where the text alone would mislead, and nowhere else. Now is 18 November 2026. */
#include "../util/temp_dir.h"

#include "recall/time_note.h"
#include "util/clock.h"

static int64_t at(const char *text) {
    int64_t time_us = 0;
    if (text != NULL) assert_int_equal(kmi_time_parse(kmi_slice_from(text), &time_us, NULL), KM_OK);
    return time_us;
}

static void notes(void **state) {
    (void)state;
    static const struct {
        const char *content, *type, *said, *phrase, *event;
        bool has_superseded;
        const char *note;
    } CASES[] = {
        {"Team uses Docker", "decision", "2024-01-01", NULL, NULL, false, ""},
        {"The build is broken", "status", "2026-10-28", NULL, NULL, false, "(said 3 weeks ago)"},
        {"The build is broken", "status", "2026-11-07", NULL, NULL, false, "(said 11 days ago)"},
        {"The build is broken", "status", "2026-11-17", NULL, NULL, false, "(said 1 day ago)"},
        {"The build is broken", "status", "2026-11-17T20:00", NULL, NULL, false, ""},
        {"The build is broken", "status", "2024-11-17", NULL, NULL, false, "(said 2 years ago)"},
        {"Team uses Nomad", "decision", "2025-03-05", NULL, NULL, true, "(since March 2025)"},
        {"Team uses Nomad", "decision", "2026-11-05", NULL, NULL, true, "(since 5 November 2026)"},
        {"The release is next Friday", "fact", "2026-11-10", "next Friday", "2026-11-20", false, "(20 November 2026)"},
        {"We use it since March", "fact", "2025-06-10", "since March", "2025-03-01", false, "(March 2025)"},
        {"We use it since March 2025", "fact", "2025-06-10", "since March 2025", "2025-03-01", false, ""},
        {"I saw her yesterday", "fact", "2026-05-08", NULL, NULL, false, "(said 8 May 2026)"},
        {"They met last week", "note", "2026-05-08", NULL, NULL, false, "(said 8 May 2026)"},
        {"It takes a week", "note", "2026-05-08", NULL, NULL, false, ""},
        {"I saw her yesterday", "fact", "2026-11-18T01:00", NULL, NULL, false, ""},
        {"I saw her yesterday", "fact", "2027-01-01", NULL, NULL, false,
         ""}, /* said in the future: a clock was wrong */
        {"I saw her yesterday", "fact", NULL, NULL, NULL, false, ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        km_memory memory = {.content = CASES[i].content,
                            .type = CASES[i].type,
                            .observed_at_us = at(CASES[i].said),
                            .time_phrase = CASES[i].phrase,
                            .event_at_us = at(CASES[i].event)};
        char note[KMI_TIME_NOTE_SIZE];
        size_t len = kmi_time_note(&memory, CASES[i].has_superseded, at("2026-11-18T12:00"), note);
        assert_string_equal(note, CASES[i].note);
        assert_int_equal(len, strlen(note));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(notes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
