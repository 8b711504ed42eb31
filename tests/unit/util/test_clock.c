/* Times as text and back, and durations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "util/clock.h"

#define SECOND INT64_C(1000000)

static void assert_parses(const char *text, const char *expected) {
    int64_t time_us = 0;
    km_error error;
    char formatted[KMI_TIME_TEXT_SIZE];
    if (kmi_time_parse(kmi_slice_from(text), &time_us, &error) != KM_OK) fail_msg("%s", error.message);
    assert_string_equal(kmi_time_format(time_us, formatted), expected);
}

static void known_forms_are_read(void **state) {
    (void)state;
    assert_parses("2026-11-22", "2026-11-22T00:00:00.000000Z");
    assert_parses("2026-11-22T18:16", "2026-11-22T18:16:00.000000Z");
    assert_parses("  2026-11-22T18:16:20Z\n", "2026-11-22T18:16:20.000000Z");
    assert_parses("2026-11-22t18:16:20.123456789z", "2026-11-22T18:16:20.123456Z");
    assert_parses("2026-11-22 18:16:20.5+02:00", "2026-11-22T16:16:20.500000Z");
    assert_parses("2026-11-22 18:16:20,5-0230", "2026-11-22T20:46:20.500000Z");
    assert_parses("2026-11-22T18:16+02", "2026-11-22T16:16:00.000000Z");
    assert_parses("2024-02-29T23:59:60Z", "2024-03-01T00:00:00.000000Z");
    assert_parses("2000-02-29", "2000-02-29T00:00:00.000000Z");
    assert_parses("0001-01-01", "0001-01-01T00:00:00.000000Z");
    assert_parses("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z");
    assert_parses("@0", "1970-01-01T00:00:00.000000Z");
    assert_parses("@1764000000", "2025-11-24T16:00:00.000000Z");
    assert_parses("@-1.5", "1969-12-31T23:59:58.500000Z");
}

static void other_texts_are_refused(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "",
        " ",
        "now",
        "2026",
        "2026-13-01",
        "2026-00-01",
        "2026-11-31",
        "2023-02-29",
        "1900-02-29",
        "0000-01-01",
        "2026-11-22T",
        "2026-11-22T24:00",
        "2026-11-22T18:60",
        "2026-11-22T18:16:61",
        "2026-11-22T18:16:20.",
        "2026-11-22T18:16+",
        "2026-11-22T18:16+24:00",
        "2026-11-22T18:16+02:60",
        "2026-11-22T18:16 x",
        "2026-11-22x",
        "@",
        "@x",
        "@-",
        "@1.",
        "@99999999999999999999",
        "@253402300800",
        "0001-01-01T00:00+01:00",
        "9999-12-31T23:59-01:00",
        "2026-1-2",
        "+2026-11-22",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        int64_t time_us = 42;
        km_error error = {.status = KM_OK};
        if (kmi_time_parse(kmi_slice_from(TEXTS[i]), &time_us, &error) != KM_E_INVALID)
            fail_msg("\"%s\" passed", TEXTS[i]);
        assert_int_equal(time_us, 42);
        assert_non_null(strstr(error.message, "2026-11-22"));
    }
    int64_t time_us = 0;
    assert_int_equal(kmi_time_parse((kmi_slice){"2026-11-22T\0", 12}, &time_us, NULL), KM_E_INVALID);
}

static void the_calendar_agrees_with_the_c_library(void **state) {
    (void)state;
    /* a day in every 17, over 800 years; gmtime_r() is the reference */
    for (int64_t day = -200000; day < 100000; day += 17) {
        time_t seconds = (time_t)(day * 86400 + 12345);
        struct tm tm;
        char expected[KMI_TIME_TEXT_SIZE];
        char formatted[KMI_TIME_TEXT_SIZE];
        int64_t parsed = 0;
        gmtime_r(&seconds, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000000Z", &tm);
        assert_string_equal(kmi_time_format(seconds * SECOND, formatted), expected);
        assert_int_equal(kmi_time_parse(kmi_slice_from(expected), &parsed, NULL), KM_OK);
        assert_int_equal(parsed, seconds * SECOND);
        expected[10] = '\0';
        assert_string_equal(kmi_time_format_date(seconds * SECOND, formatted), expected);
    }
}

static void times_out_of_range_are_clamped(void **state) {
    (void)state;
    char text[KMI_TIME_TEXT_SIZE];
    assert_string_equal(kmi_time_format(INT64_MAX, text), "9999-12-31T23:59:59.999999Z");
    assert_string_equal(kmi_time_format(INT64_MIN, text), "0001-01-01T00:00:00.000000Z");
    assert_string_equal(kmi_time_format(-1, text), "1969-12-31T23:59:59.999999Z");
}

static void durations_have_a_fitting_unit(void **state) {
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } CASES[] = {
        {0, "0µs"},          {85, "85µs"},
        {999, "999µs"},      {1000, "1ms"},
        {1234, "1.2ms"},     {9949, "9.9ms"},
        {9950, "10ms"},      {120000, "120ms"},
        {999499, "999ms"},   {999500, "1s"},
        {3400000, "3.4s"},   {9950000, "10s"},
        {59400000, "59s"},   {59700000, "1m"},
        {60000000, "1m"},    {125000000, "2m 5s"},
        {3600000000, "1h"},  {12000000000, "3h 20m"},
        {86400000000, "1d"}, {187200000000, "2d 4h"},
        {-1200, "-1.2ms"},   {INT64_MIN, "-106751991d 4h"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[24];
        assert_string_equal(kmi_duration_format(CASES[i].us, text, sizeof text), CASES[i].text);
    }
}

static void the_wall_clock_can_be_moved(void **state) {
    (void)state;
    int64_t before = kmi_clock_now_us();
    kmi_clock_set_offset_us(3600 * SECOND);
    int64_t moved = kmi_clock_now_us();
    kmi_clock_set_offset_us(0);
    assert_true(moved - before >= 3600 * SECOND);
    assert_true(kmi_clock_now_us() - before < 1800 * SECOND);
    int64_t monotonic = kmi_clock_monotonic_us();
    assert_true(kmi_clock_monotonic_us() >= monotonic);
    assert_true(kmi_clock_boottime_us() > 0);
    assert_true(kmi_clock_thread_cpu_us() > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_forms_are_read),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(the_calendar_agrees_with_the_c_library),
        cmocka_unit_test(times_out_of_range_are_clamped),
        cmocka_unit_test(durations_have_a_fitting_unit),
        cmocka_unit_test(the_wall_clock_can_be_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
