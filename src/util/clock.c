/* clock.c - reading clocks, and times as text.
 *
 * The calendar is computed (util/calendar.h), without gmtime() and mktime(): those read the time zone files on first use
 * (system calls in every `learn`), and nothing here depends on a zone. */
#include "util/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/calendar.h"
#include "util/error.h"

#define US_PER_MS INT64_C(1000)
#define US_PER_SECOND INT64_C(1000000)
#define FIRST_TIME_US (INT64_C(-62135596800) * US_PER_SECOND)                    /* 0001-01-01T00:00:00 */
#define LAST_TIME_US (INT64_C(253402300799) * US_PER_SECOND + US_PER_SECOND - 1) /* 9999-12-31T23:59:59.999999 */

static _Atomic int64_t wall_offset_us;

static int64_t read_clock_us(clockid_t clock) {
    struct timespec now = {0};
    /* Fails only for an unknown clock; the four used here exist on every supported kernel. */
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

#ifdef KMI_TEST_HOOKS
#include <stdlib.h>

/* A wrong clock for the programs that the fault tests run: seconds that it is ahead, from a file that is read each time. */
static void read_test_offset(void) {
    const char *path = getenv("KUZU_MEMORY_TEST_CLOCK_AHEAD");
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    long long seconds = 0;
    if (file == NULL) return;
    if (fscanf(file, "%lld", &seconds) == 1) kmi_clock_set_offset_us(seconds * US_PER_SECOND);
    fclose(file);
}
#else
static void read_test_offset(void) {
}
#endif

int64_t kmi_clock_now_us(void) {
    read_test_offset();
    return read_clock_us(CLOCK_REALTIME) + atomic_load_explicit(&wall_offset_us, memory_order_relaxed);
}

int64_t kmi_clock_monotonic_us(void) {
    return read_clock_us(CLOCK_MONOTONIC);
}

uint64_t kmi_clock_monotonic_ns(void) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

int64_t kmi_clock_boottime_us(void) {
    return read_clock_us(CLOCK_BOOTTIME);
}

int64_t kmi_clock_thread_cpu_us(void) {
    return read_clock_us(CLOCK_THREAD_CPUTIME_ID);
}

void kmi_clock_set_offset_us(int64_t offset_us) {
    atomic_store_explicit(&wall_offset_us, offset_us, memory_order_relaxed);
}

static int64_t clamp_time(int64_t time_us) {
    return time_us < FIRST_TIME_US ? FIRST_TIME_US : time_us > LAST_TIME_US ? LAST_TIME_US : time_us;
}

char *kmi_time_format(int64_t time_us, char ret_text[KMI_TIME_TEXT_SIZE]) {
    int64_t clamped = clamp_time(time_us);
    int64_t days = kmi_calendar_day_of(clamped);
    int64_t of_day = clamped - days * KMI_DAY_US;
    kmi_date date = kmi_calendar_date(days);
    unsigned seconds = (unsigned)(of_day / US_PER_SECOND);
    snprintf(ret_text, KMI_TIME_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned)date.year % 10000,
             (unsigned)date.month % 100, (unsigned)date.day % 100, seconds / 3600 % 100, seconds / 60 % 60,
             seconds % 60, (unsigned)(of_day % US_PER_SECOND));
    return ret_text;
}

char *kmi_time_format_date(int64_t time_us, char ret_text[KMI_TIME_TEXT_SIZE]) {
    kmi_time_format(time_us, ret_text);
    ret_text[10] = '\0';
    return ret_text;
}

/* ---- Parsing: a cursor over the text; every step returns false when the text does not go on as expected ---- */

typedef struct cursor {
    kmi_slice text;
    size_t at;
} cursor;

static bool take_char(cursor *in, const char *accepted) {
    if (in->at < in->text.len && in->text.ptr[in->at] != '\0' && strchr(accepted, in->text.ptr[in->at]) != NULL) {
        in->at++;
        return true;
    }
    return false;
}

static bool peek_digit(const cursor *in) {
    return in->at < in->text.len && in->text.ptr[in->at] >= '0' && in->text.ptr[in->at] <= '9';
}

/* Takes exactly `count` digits. */
static bool take_number(cursor *in, int count, int least, int most, int *ret_value) {
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!peek_digit(in)) {
            return false;
        }
        value = value * 10 + (in->text.ptr[in->at++] - '0');
    }
    *ret_value = value;
    return value >= least && value <= most;
}

/* Takes the digits of a fraction of a second; what is finer than a microsecond is dropped. */
static bool take_fraction(cursor *in, int64_t *ret_us) {
    int64_t us = 0;
    int64_t unit = US_PER_SECOND / 10;
    if (!peek_digit(in)) {
        return false;
    }
    while (peek_digit(in)) {
        us += (in->text.ptr[in->at++] - '0') * unit;
        unit /= 10;
    }
    *ret_us = us;
    return true;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

static bool take_date(cursor *in, int64_t *ret_us) {
    int year = 0;
    int month = 0;
    int day = 0;
    if (!take_number(in, 4, 1, 9999, &year) || !take_char(in, "-") || !take_number(in, 2, 1, 12, &month) ||
        !take_char(in, "-") || !take_number(in, 2, 1, days_in_month(year, month), &day)) {
        return false;
    }
    *ret_us = kmi_calendar_days((kmi_date){year, month, day}) * KMI_DAY_US;
    return true;
}

/* Takes "18:16", "18:16:20" or "18:16:20.5". A leap second counts as the first moment of the next minute. */
static bool take_time_of_day(cursor *in, int64_t *ret_us) {
    int hour = 0;
    int minute = 0;
    int second = 0;
    int64_t fraction_us = 0;
    if (!take_number(in, 2, 0, 23, &hour) || !take_char(in, ":") || !take_number(in, 2, 0, 59, &minute)) {
        return false;
    }
    if (take_char(in, ":")) {
        if (!take_number(in, 2, 0, 60, &second)) {
            return false;
        }
        if (take_char(in, ".,") && !take_fraction(in, &fraction_us)) {
            return false;
        }
    }
    *ret_us = ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * US_PER_SECOND + fraction_us;
    return true;
}

/* Takes "Z", "+02:00", "+0200", "+02" or nothing (UTC). */
static bool take_zone(cursor *in, int64_t *ret_offset_us) {
    *ret_offset_us = 0;
    if (in->at == in->text.len || take_char(in, "Zz")) {
        return true;
    }
    bool is_west = in->text.ptr[in->at] == '-';
    int hour = 0;
    int minute = 0;
    if (!take_char(in, "+-") || !take_number(in, 2, 0, 23, &hour)) {
        return false;
    }
    if (take_char(in, ":") || peek_digit(in)) {
        if (!take_number(in, 2, 0, 59, &minute)) {
            return false;
        }
    }
    int64_t offset_us = ((int64_t)hour * 60 + minute) * 60 * US_PER_SECOND;
    *ret_offset_us = is_west ? -offset_us : offset_us;
    return true;
}

/* Takes what follows the "@": seconds since 1970, negative or with a fraction too. */
static bool take_epoch(cursor *in, int64_t *ret_us) {
    bool is_negative = take_char(in, "-");
    int64_t seconds = 0;
    int64_t fraction_us = 0;
    if (!peek_digit(in)) {
        return false;
    }
    while (peek_digit(in)) {
        if (seconds > LAST_TIME_US / US_PER_SECOND) {
            return false;
        }
        seconds = seconds * 10 + (in->text.ptr[in->at++] - '0');
    }
    if (take_char(in, ".") && !take_fraction(in, &fraction_us)) {
        return false;
    }
    if (seconds > LAST_TIME_US / US_PER_SECOND) {
        return false;
    }
    int64_t us = seconds * US_PER_SECOND + fraction_us;
    *ret_us = is_negative ? -us : us;
    return true;
}

static bool take_time(cursor *in, int64_t *ret_us) {
    if (take_char(in, "@")) {
        return take_epoch(in, ret_us);
    }
    int64_t date_us = 0;
    int64_t of_day_us = 0;
    int64_t zone_us = 0;
    if (!take_date(in, &date_us)) {
        return false;
    }
    if (take_char(in, "Tt ") && (!take_time_of_day(in, &of_day_us) || !take_zone(in, &zone_us))) {
        return false;
    }
    *ret_us = date_us + of_day_us - zone_us;
    return true;
}

km_status kmi_time_parse(kmi_slice text, int64_t *ret_time_us, km_error *error) {
    cursor in = {kmi_slice_trim(text), 0};
    int64_t time_us = 0;
    if (!take_time(&in, &time_us) || in.at != in.text.len || time_us != clamp_time(time_us)) {
        int shown = in.text.len < 64 ? (int)in.text.len : 64;
        return kmi_fail(error, KM_E_INVALID,
                        "\"%.*s\" is not a time: expected for example \"2026-11-22\", \"2026-11-22T18:16:20+02:00\" "
                        "or seconds since 1970 as \"@1764000000\"",
                        shown, in.text.ptr != NULL ? in.text.ptr : "");
    }
    *ret_time_us = time_us;
    return KM_OK;
}

/* Writes tenths of a unit, without a zero behind the point: "1.2ms", "3s". */
static void write_tenths(uint64_t tenths, const char *sign, const char *unit, char *ret_text, size_t size) {
    if (tenths % 10 != 0) {
        snprintf(ret_text, size, "%s%llu.%llu%s", sign, (unsigned long long)(tenths / 10),
                 (unsigned long long)(tenths % 10), unit);
    } else {
        snprintf(ret_text, size, "%s%llu%s", sign, (unsigned long long)(tenths / 10), unit);
    }
}

static void write_pair(uint64_t total, uint64_t per_big, const char *sign, const char *big, const char *small,
                       char *ret_text, size_t size) {
    if (total % per_big != 0) {
        snprintf(ret_text, size, "%s%llu%s %llu%s", sign, (unsigned long long)(total / per_big), big,
                 (unsigned long long)(total % per_big), small);
    } else {
        snprintf(ret_text, size, "%s%llu%s", sign, (unsigned long long)(total / per_big), big);
    }
}

char *kmi_duration_format(int64_t duration_us, char *ret_text, size_t size) {
    const char *sign = duration_us < 0 ? "-" : "";
    uint64_t us = duration_us < 0 ? 0 - (uint64_t)duration_us : (uint64_t)duration_us;
    uint64_t seconds = us / (uint64_t)US_PER_SECOND;
    /* Each limit is where rounding would reach the next form: 9.96 ms is "10ms", 999.7 ms is "1s". */
    if (us < 1000) {
        snprintf(ret_text, size, "%s%lluµs", sign, (unsigned long long)us);
    } else if (us < 9950) {
        write_tenths((us + 50) / 100, sign, "ms", ret_text, size);
    } else if (us < 999500) {
        write_tenths((us + 500) / 1000 * 10, sign, "ms", ret_text, size);
    } else if (us < 9950000) {
        write_tenths((us + 50000) / 100000, sign, "s", ret_text, size);
    } else if (us < 59500000) {
        write_tenths((us + 500000) / 1000000 * 10, sign, "s", ret_text, size);
    } else if (us < 60000000) {
        snprintf(ret_text, size, "%s1m", sign);
    } else if (seconds < 3600) {
        write_pair(seconds, 60, sign, "m", "s", ret_text, size);
    } else if (seconds < 86400) {
        write_pair(seconds / 60, 60, sign, "h", "m", ret_text, size);
    } else {
        write_pair(seconds / 3600, 24, sign, "d", "h", ret_text, size);
    }
    return ret_text;
}
