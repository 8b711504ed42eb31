/* Times in questions and options. Today is Wednesday, 18 November 2026. */
#include "../util/temp_dir.h"

#include "base/time_span.h"
#include "util/clock.h"

static int64_t at(const char *text) {
    int64_t time_us = 0;
    assert_int_equal(kmi_time_parse(kmi_slice_from(text), &time_us, NULL), KM_OK);
    return time_us;
}

static void expect_span(const kmi_time_span *span, const char *from, const char *until, const char *text) {
    char got_from[KMI_TIME_TEXT_SIZE];
    char got_until[KMI_TIME_TEXT_SIZE];
    kmi_time_format_date(span->from_us, got_from);
    kmi_time_format_date(span->until_us, got_until);
    if (strcmp(got_from, from) != 0 || strcmp(got_until, until) != 0)
        fail_msg("\"%s\": %s to %s, expected %s to %s", text, got_from, got_until, from, until);
}

typedef struct one_span {
    const char *text, *phrase, *from, *until;
    bool is_yearly;
} one_span;

static void one_time_is_found(void **state) {
    (void)state;
    static const one_span CASES[] = {
        {"What did we decide on 2026-03-10?", "2026-03-10", "2026-03-10", "2026-03-11", false},
        {"What broke in 2026/03, and why?", "2026/03", "2026-03-01", "2026-04-01", false},
        {"What did Ana say on 7 May 2026?", "7 May 2026", "2026-05-07", "2026-05-08", false},
        {"What did Ana say on the 7th of May?", "7th of May", "2026-05-07", "2026-05-08", true},
        {"What did Ana say on December 7th?", "December 7th", "2025-12-07", "2025-12-08", true},
        {"What did Ana say on Dec 7, 2024?", "Dec 7, 2024", "2024-12-07", "2024-12-08", false},
        {"What happened in June 2025?", "June 2025", "2025-06-01", "2025-07-01", false},
        {"What happened in may?", "may", "2026-05-01", "2026-06-01", true},
        {"What happened in March?", "March", "2026-03-01", "2026-04-01", true},
        {"Who left during December?", "December", "2025-12-01", "2026-01-01", true},
        {"Who joined in 2024?", "2024", "2024-01-01", "2025-01-01", false},
        {"What broke yesterday?", "yesterday", "2026-11-17", "2026-11-18", false},
        {"What did we do today", "today", "2026-11-18", "2026-11-19", false},
        {"What did we do last week?", "last week", "2026-11-09", "2026-11-16", false},
        {"What did we do this week?", "this week", "2026-11-16", "2026-11-23", false},
        {"Where was I last weekend?", "last weekend", "2026-11-14", "2026-11-16", false},
        {"What changed last month?", "last month", "2026-10-01", "2026-11-01", false},
        {"What changed last quarter?", "last quarter", "2026-07-01", "2026-10-01", false},
        {"What changed last year?", "last year", "2025-01-01", "2026-01-01", false},
        {"What broke last night?", "last night", "2026-11-17", "2026-11-18", false},
        {"Who called last Monday?", "last Monday", "2026-11-16", "2026-11-17", false},
        {"Who called last Wednesday?", "last Wednesday", "2026-11-11", "2026-11-12", false},
        {"Who called on Friday?", "Friday", "2026-11-13", "2026-11-14", false},
        {"Where did we go last summer?", "last summer", "2026-06-01", "2026-09-01", false},
        {"Where did we go last fall?", "last fall", "2025-09-01", "2025-12-01", false},
        {"Where did we ski last winter?", "last winter", "2025-12-01", "2026-03-01", false},
        {"What was shipped last November?", "last November", "2025-11-01", "2025-12-01", false},
        {"Where did we go last April?", "last April", "2026-04-01", "2026-05-01", false},
        {"What broke this morning?", "this morning", "2026-11-18", "2026-11-19", false},
        {"What did we ship in Q3 2025?", "Q3 2025", "2025-07-01", "2025-10-01", false},
        {"What did we ship in Q4?", "Q4", "2026-10-01", "2027-01-01", false},
        {"What did we ship in the second quarter of 2025?", "second quarter of 2025", "2025-04-01", "2025-07-01",
         false},
        {"What did we ship in the first quarter of the plan?", "first quarter", "2026-01-01", "2026-04-01", false},
        {"Where did we go over the summer?", "summer", "2026-06-01", "2026-09-01", false},
        {"Where did we go in summer 2024?", "summer 2024", "2024-06-01", "2024-09-01", false},
        {"Where did we ski in the winter of 2025?", "winter of 2025", "2024-12-01", "2025-03-01", false},
        {"What broke since Monday?", "Monday", "2026-11-16", "2026-11-19", false},
        {"What changed since March?", "March", "2026-03-01", "2026-11-19", true},
        {"What did we do between May and July?", "May and July", "2026-05-01", "2026-08-01", true},
        {"What broke three days ago?", "three days ago", "2026-11-15", "2026-11-16", false},
        {"What broke 2 weeks ago?", "2 weeks ago", "2026-11-01", "2026-11-08", false},
        {"What broke two months ago?", "two months ago", "2026-09-03", "2026-10-04", false},
        {"What was it a year ago?", "a year ago", "2025-01-01", "2026-01-01", false},
        {"How did I do over the past few months?", "past few months", "2026-08-18", "2026-11-19", false},
        {"The last 10 days were bad", "last 10 days", "2026-11-08", "2026-11-19", false},
        {"a couple of weeks ago it ran", "couple of weeks ago", "2026-11-01", "2026-11-08", false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        kmi_time_span spans[KMI_TIME_SPANS_MAX];
        size_t count = kmi_time_spans_find(kmi_slice_from(CASES[i].text), at("2026-11-18T15:00"), spans, 8);
        if (count != 1) fail_msg("\"%s\": %zu times", CASES[i].text, count);
        expect_span(&spans[0], CASES[i].from, CASES[i].until, CASES[i].text);
        assert_true(kmi_slice_equal(spans[0].phrase, kmi_slice_from(CASES[i].phrase)));
        assert_int_equal(spans[0].is_yearly, CASES[i].is_yearly);
    }
}

static void what_is_no_time_is_left_alone(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "May I use tabs?",
        "You may march on",
        "How do we handle 2000 requests?",
        "Open port 2024 of the server",
        "Is 10.2024.1 the right version?",
        "What is the second step?",
        "Why does the day start at six?",
        "The last test failed",
        "This day is fine",
        "Use mar and jan as names",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        kmi_time_span spans[KMI_TIME_SPANS_MAX];
        size_t count = kmi_time_spans_find(kmi_slice_from(TEXTS[i]), at("2026-11-18"), spans, 8);
        if (count != 0) fail_msg("\"%s\": %.*s", TEXTS[i], (int)spans[0].phrase.len, spans[0].phrase.ptr);
    }
}

static void one_year_is_lent_to_all(void **state) {
    (void)state;
    kmi_time_span spans[KMI_TIME_SPANS_MAX];
    const char *text = "What happened between May 3 and July 2024?";
    assert_int_equal(kmi_time_spans_find(kmi_slice_from(text), at("2026-11-18"), spans, 8), 1);
    expect_span(&spans[0], "2024-05-03", "2024-08-01", text);
    assert_false(spans[0].is_yearly);
    text = "Did we meet in April or in June of 2023?";
    assert_int_equal(kmi_time_spans_find(kmi_slice_from(text), at("2026-11-18"), spans, 8), 2);
    expect_span(&spans[0], "2023-04-01", "2023-05-01", text);
    assert_int_equal(kmi_time_spans_find(kmi_slice_from(text), at("2026-11-18"), spans, 1), 1);
}

static void an_option_is_one_time(void **state) {
    (void)state;
    static const struct {
        const char *text, *from, *until;
    } GOOD[] = {
        {"2026-03", "2026-03-01", "2026-04-01"},   {"2026-03-04", "2026-03-04", "2026-03-05"},
        {"march", "2026-03-01", "2026-04-01"},     {"dec", "2025-12-01", "2026-01-01"},
        {"2025", "2025-01-01", "2026-01-01"},      {" last week ", "2026-11-09", "2026-11-16"},
        {"yesterday", "2026-11-17", "2026-11-18"}, {"monday", "2026-11-16", "2026-11-17"},
        {"since May", "2026-05-01", "2026-06-01"}, {"3 days ago", "2026-11-15", "2026-11-16"},
    };
    static const char *const BAD[] = {"", "soon", "last", "2026-13", "2026-02-30", "last week please", "not yesterday"};
    km_error error = {0};
    kmi_time_span span;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        km_status status = kmi_time_span_parse(kmi_slice_from(GOOD[i].text), at("2026-11-18"), &span, &error);
        if (status != KM_OK) fail_msg("%s", error.message);
        expect_span(&span, GOOD[i].from, GOOD[i].until, GOOD[i].text);
    }
    assert_int_equal(kmi_time_span_parse(kmi_slice_from("2026-03-04T10:00:00Z"), 0, &span, &error), KM_OK);
    assert_true(span.from_us == at("2026-03-04T10:00") && span.until_us == span.from_us);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        km_status status = kmi_time_span_parse(kmi_slice_from(BAD[i]), at("2026-11-18"), &span, &error);
        if (status != KM_E_INVALID) fail_msg("\"%s\" is taken for a time", BAD[i]);
        assert_non_null(strstr(error.message, "last week"));
    }
}

static void times_fit_spans(void **state) {
    (void)state;
    static const struct {
        const char *question, *time;
        int tenths;
    } CASES[] = {
        {"on 7 May 2026", "2026-05-07T23:59", 10},
        {"on 7 May 2026", "2026-05-09", 7},
        {"on 7 May 2026", "2026-05-10", 3},
        {"on 7 May 2026", "2026-04-25", 0},
        {"on 7 May", "2021-05-07", 10},
        {"on 7 May", "2021-06-20", 0},
        {"in May", "2019-05-31", 7},
        {"in May", "2019-06-01", 0},
        {"in May 2026", "2025-05-07", 0},
        {"in 2025", "2025-12-31", 3},
        {"in 2025", "2026-01-01", 0},
        {"last week", "2026-11-10", 7},
        {"last week", "2026-11-17", 3},
        {"last week", "2026-10-01", 0},
        {"on 1 January", "2025-01-01", 10},
        {"on 29 February 2024", "2024-02-29", 10},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        kmi_time_span span;
        assert_int_equal(kmi_time_spans_find(kmi_slice_from(CASES[i].question), at("2026-11-18"), &span, 1), 1);
        int tenths = (int)(10 * kmi_time_span_fit(&span, at(CASES[i].time)) + 0.5);
        if (tenths != CASES[i].tenths)
            fail_msg("\"%s\" and %s: %d tenths, expected %d", CASES[i].question, CASES[i].time, tenths,
                     CASES[i].tenths);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_time_is_found),       cmocka_unit_test(what_is_no_time_is_left_alone),
        cmocka_unit_test(one_year_is_lent_to_all), cmocka_unit_test(an_option_is_one_time),
        cmocka_unit_test(times_fit_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
