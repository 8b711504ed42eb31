/* A question is short and names times in few ways, so each way is one small function that looks at the words from one place
 * on. What could as well be something else ("may", "2000 requests", "march on") counts only behind a preposition or in full.
 *
 * extract/time_phrases.c reads the same language for another purpose: the first instant of a phrase in a statement, on the
 * extractor's tokens, with "by" and "since" giving the direction. A question needs the whole span and looks back. */
#include "base/time_span.h"

#include <stdlib.h>
#include <string.h>

#include "util/calendar.h"
#include "util/clock.h"
#include "util/error.h"

#define WORDS_MAX ((size_t)400)
#define WORD_LEN_MAX ((size_t)10)
#define FIRST_YEAR 1970
#define LAST_YEAR 2200
#define COUNT_MAX 1000

typedef struct word {
    uint32_t start, end;          /* in the text */
    char lower[WORD_LEN_MAX + 1]; /* empty: too long to be one of ours */
    char gap;                     /* the one character before it; ' ' where there are more, or none */
    bool is_capital;
} word;

typedef struct day_span {
    int64_t from, until; /* days since 1970 */
    bool is_yearly;
} day_span;

typedef struct scan {
    kmi_slice text;
    size_t count;
    int64_t today;
    bool is_certain; /* the text is a time: nothing else is meant */
    word words[WORDS_MAX];
} scan;

static bool is_word_byte(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static void add_word(scan *s, size_t start, size_t end, size_t gap_start) {
    word *added = &s->words[s->count++];
    *added = (word){.start = (uint32_t)start, .end = (uint32_t)end, .gap = ' '};
    if (start == gap_start + 1 && start > 0) added->gap = s->text.ptr[gap_start];
    added->is_capital = s->text.ptr[start] >= 'A' && s->text.ptr[start] <= 'Z';
    if (end - start > WORD_LEN_MAX) return;
    for (size_t i = start; i < end; i++) {
        char c = s->text.ptr[i];
        added->lower[i - start] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
}

static void split(scan *s) {
    size_t at = 0;
    while (at < s->text.len && s->count < WORDS_MAX) {
        size_t gap_start = at;
        while (at < s->text.len && !is_word_byte(s->text.ptr[at])) at++;
        size_t start = at;
        while (at < s->text.len && is_word_byte(s->text.ptr[at])) at++;
        if (at > start) add_word(s, start, at, gap_start);
    }
}

/* True if the word is one of these, separated by '|'. */
static bool is_any(const scan *s, size_t at, const char *choices) {
    if (at >= s->count || s->words[at].lower[0] == '\0') return false;
    size_t len = strlen(s->words[at].lower);
    for (const char *choice = choices; *choice != '\0';) {
        size_t choice_len = strcspn(choice, "|");
        if (choice_len == len && memcmp(choice, s->words[at].lower, len) == 0) return true;
        choice += choice_len + (choice[choice_len] == '|' ? 1 : 0);
    }
    return false;
}

/* "7", "7th", "seven", "a", "couple": -1 for anything else. */
static int64_t number_at(const scan *s, size_t at) {
    static const char *const NAMES[] = {"zero",  "one",   "two",  "three", "four",   "five",  "six",
                                        "seven", "eight", "nine", "ten",   "eleven", "twelve"};
    if (at >= s->count) return -1;
    const char *text = s->words[at].lower;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strcmp(text, NAMES[i]) == 0) return (int64_t)i;
    }
    if (is_any(s, at, "a|an")) return 1;
    if (is_any(s, at, "couple")) return 2;
    if (is_any(s, at, "few|several")) return 3;
    int64_t value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 4) return -1;
    for (size_t i = 0; i < digits; i++) value = value * 10 + (text[i] - '0');
    bool is_ordinal = digits <= 2 && strlen(text) == digits + 2 && strchr("snrt", text[digits]) != NULL;
    return text[digits] == '\0' || is_ordinal ? value : -1;
}

static bool is_digits(const scan *s, size_t at, size_t least, size_t most) {
    if (at >= s->count) return false;
    size_t len = strlen(s->words[at].lower);
    return len >= least && len <= most && strspn(s->words[at].lower, "0123456789") == len;
}

static int64_t year_at(const scan *s, size_t at) {
    if (!is_digits(s, at, 4, 4)) return 0;
    int64_t year = number_at(s, at);
    return year >= FIRST_YEAR && year <= LAST_YEAR ? year : 0;
}

static int64_t day_at(const scan *s, size_t at) {
    if (at >= s->count || s->words[at].lower[0] < '0' || s->words[at].lower[0] > '9') return 0;
    int64_t day = number_at(s, at);
    return day >= 1 && day <= 31 ? day : 0;
}

static int find_name(const char *text, const char *const *names, int count, bool *ret_is_full) {
    size_t len = strlen(text);
    for (int i = 0; i < count; i++) {
        *ret_is_full = strcmp(text, names[i]) == 0;
        if (*ret_is_full || (len == 3 && memcmp(text, names[i], 3) == 0)) return i + 1;
    }
    return 0;
}

static int month_at(const scan *s, size_t at, bool *ret_is_full) {
    static const char *const NAMES[] = {"january", "february", "march",     "april",   "may",      "june",
                                        "july",    "august",   "september", "october", "november", "december"};
    *ret_is_full = false;
    if (at >= s->count) return 0;
    return is_any(s, at, "sept") ? 9 : find_name(s->words[at].lower, NAMES, 12, ret_is_full);
}

static int weekday_at(const scan *s, size_t at) {
    static const char *const NAMES[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    bool is_full = false;
    if (at >= s->count) return 0;
    int weekday = find_name(s->words[at].lower, NAMES, 7, &is_full);
    return is_full || s->is_certain ? weekday : 0;
}

static bool is_after_preposition(const scan *s, size_t at) {
    return at > 0 &&
           is_any(s, at - 1, "in|of|since|during|until|by|from|before|after|early|late|mid|year|this|between|and");
}

/* ---- Days, months and years ---- */

static int64_t month_end(int64_t year, int month) {
    return kmi_calendar_add_months(kmi_calendar_days((kmi_date){year, month, 1}), 1, 1);
}

/* year 0: the latest that has begun. day 0: the whole month. False for 30 February. */
static bool span_of_date(const scan *s, int64_t year, int month, int64_t day, day_span *ret_span) {
    bool is_yearly = year == 0;
    if (is_yearly) year = kmi_calendar_date(s->today).year;
    int64_t from = kmi_calendar_days((kmi_date){year, month, day > 0 ? (int)day : 1});
    if (is_yearly && from > s->today) from = kmi_calendar_days((kmi_date){--year, month, day > 0 ? (int)day : 1});
    *ret_span = (day_span){from, day > 0 ? from + 1 : month_end(year, month), is_yearly};
    return from < month_end(year, month);
}

/* "2026-03-10", "2026/03" */
static size_t read_iso(const scan *s, size_t at, day_span *ret_span) {
    int64_t year = year_at(s, at);
    if (year == 0 || !is_digits(s, at + 1, 1, 2)) return 0;
    char gap = s->words[at + 1].gap;
    int64_t month = number_at(s, at + 1);
    if ((gap != '-' && gap != '/') || month < 1 || month > 12) return 0;
    bool has_day = is_digits(s, at + 2, 1, 2) && s->words[at + 2].gap == gap;
    int64_t day = has_day ? day_at(s, at + 2) : 0;
    if ((has_day && day == 0) || !span_of_date(s, year, (int)month, day, ret_span)) return 0;
    return has_day ? 3 : 2;
}

/* "7 May 2026", "7th of May", "May 7, 2026", "May 2026", "in May" */
static size_t read_date(const scan *s, size_t at, day_span *ret_span) {
    bool is_full = false;
    int64_t day = day_at(s, at);
    if (day > 0) {
        size_t next = at + (is_any(s, at + 1, "of") ? 2 : 1);
        int month = month_at(s, next, &is_full);
        if (month == 0) return 0;
        int64_t year = year_at(s, next + 1);
        return span_of_date(s, year, month, day, ret_span) ? next - at + 1 + (year > 0 ? 1 : 0) : 0;
    }
    int month = month_at(s, at, &is_full);
    if (month == 0) return 0;
    size_t next = at + (is_any(s, at + 1, "the|of") ? 2 : 1);
    int64_t year = year_at(s, next);
    if (year > 0) return span_of_date(s, year, month, 0, ret_span) ? next - at + 1 : 0;
    day = day_at(s, next);
    if (day > 0) {
        year = year_at(s, next + 1);
        return span_of_date(s, year, month, day, ret_span) ? next - at + 1 + (year > 0 ? 1 : 0) : 0;
    }
    bool is_plain = is_full && s->words[at].is_capital && !is_any(s, at, "may|march");
    bool is_meant = s->is_certain || is_plain || (is_full && is_after_preposition(s, at));
    return is_meant && span_of_date(s, 0, month, 0, ret_span) ? 1 : 0;
}

/* "in 2026", "… 2026?" */
static size_t read_year(const scan *s, size_t at, day_span *ret_span) {
    int64_t year = year_at(s, at);
    if (year == 0) return 0;
    size_t end = s->words[at].end;
    bool is_at_end = at + 1 == s->count || (s->text.ptr[end] != ' ' && s->words[at + 1].gap == ' ');
    if (s->words[at].gap != ' ' || (!is_at_end && !is_after_preposition(s, at))) return 0;
    *ret_span =
        (day_span){kmi_calendar_days((kmi_date){year, 1, 1}), kmi_calendar_days((kmi_date){year + 1, 1, 1}), false};
    return 1;
}

/* "Q3 2025", "Q3", "the third quarter of 2025"; without a year the latest that has begun. */
static size_t read_quarter(const scan *s, size_t at, day_span *ret_span) {
    int64_t quarter = 0;
    size_t next = at + 1;
    if (at < s->count && s->words[at].lower[0] == 'q' && strlen(s->words[at].lower) == 2) {
        quarter = s->words[at].lower[1] - '0';
    } else if (is_any(s, at + 1, "quarter")) {
        static const char *const NAMES[] = {"first|1st", "second|2nd", "third|3rd", "fourth|4th"};
        for (int i = 0; i < 4; i++) {
            if (is_any(s, at, NAMES[i])) quarter = i + 1;
        }
        next = at + 2;
    }
    if (quarter < 1 || quarter > 4) return 0;
    if (is_any(s, next, "of")) next++;
    int64_t year = year_at(s, next);
    int64_t asked = year > 0 ? year : kmi_calendar_date(s->today).year;
    int64_t from = kmi_calendar_days((kmi_date){asked, (int)quarter * 3 - 2, 1});
    if (year == 0 && from > s->today) from = kmi_calendar_add_months(from, -12, 1);
    *ret_span = (day_span){from, kmi_calendar_add_months(from, 3, 1), false};
    if (year > 0) return next - at + 1;
    return is_any(s, next - 1, "of") ? next - at - 1 : next - at;
}

/* ---- Relative to today ---- */

typedef enum unit { UNIT_NONE, UNIT_DAY, UNIT_WEEK, UNIT_WEEKEND, UNIT_MONTH, UNIT_QUARTER, UNIT_YEAR } unit;

static unit unit_at(const scan *s, size_t at) {
    static const struct {
        const char *names;
        unit value;
    } UNITS[] = {{"day|days|night", UNIT_DAY}, {"week|weeks", UNIT_WEEK},          {"weekend|weekends", UNIT_WEEKEND},
                 {"month|months", UNIT_MONTH}, {"quarter|quarters", UNIT_QUARTER}, {"year|years", UNIT_YEAR}};
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (is_any(s, at, UNITS[i].names)) return UNITS[i].value;
    }
    return UNIT_NONE;
}

static int64_t day_of_month(const scan *s) {
    int day = kmi_calendar_date(s->today).day;
    return day < 28 ? day : 28;
}

/* The calendar's day, week, month … that lies `count` away. */
static day_span neighbour_of(const scan *s, unit what, int64_t count) {
    kmi_date today = kmi_calendar_date(s->today);
    int64_t monday = s->today - kmi_calendar_weekday(s->today) + 1;
    int64_t month = kmi_calendar_days((kmi_date){today.year, today.month, 1});
    switch (what) {
    case UNIT_WEEK:
        return (day_span){monday + 7 * count, monday + 7 * count + 7, false};
    case UNIT_WEEKEND:
        return (day_span){monday + 7 * count + 5, monday + 7 * count + 7, false};
    case UNIT_MONTH:
        return (day_span){kmi_calendar_add_months(month, count, 1), kmi_calendar_add_months(month, count + 1, 1),
                          false};
    case UNIT_QUARTER:
        month = kmi_calendar_days((kmi_date){today.year, (today.month - 1) / 3 * 3 + 1, 1});
        return (day_span){kmi_calendar_add_months(month, 3 * count, 1),
                          kmi_calendar_add_months(month, 3 * count + 3, 1), false};
    case UNIT_YEAR:
        return (day_span){kmi_calendar_days((kmi_date){today.year + count, 1, 1}),
                          kmi_calendar_days((kmi_date){today.year + count + 1, 1, 1}), false};
    default:
        return (day_span){s->today + count, s->today + count + 1, false};
    }
}

/* The same day `count` units back. */
static int64_t days_back(const scan *s, unit what, int64_t count) {
    if (what == UNIT_DAY) return s->today - count;
    if (what == UNIT_WEEK || what == UNIT_WEEKEND) return s->today - 7 * count;
    int64_t months = what == UNIT_MONTH ? count : what == UNIT_QUARTER ? 3 * count : 12 * count;
    return kmi_calendar_add_months(s->today, -months, (int)day_of_month(s));
}

/* "last summer", "over the summer", "summer 2025": of the northern hemisphere, June to August. A winter is named by the year in
 * which it ends. at + 1: the season. */
static size_t read_season(const scan *s, size_t at, int direction, day_span *ret_span) {
    static const char *const NAMES[] = {"winter", "spring", "summer", "autumn|fall"};
    for (int i = 0; i < 4; i++) {
        if (!is_any(s, at + 1, NAMES[i])) continue;
        int64_t year = kmi_calendar_date(s->today).year;
        int64_t first = kmi_calendar_days((kmi_date){i == 0 ? year - 1 : year, i == 0 ? 12 : i * 3, 1});
        int64_t months = 0;
        if (direction < 0 && kmi_calendar_add_months(first, 3, 1) > s->today) months = -12;
        if (direction > 0 && first <= s->today) months = 12;
        *ret_span =
            (day_span){kmi_calendar_add_months(first, months, 1), kmi_calendar_add_months(first, months + 3, 1), false};
        return 2;
    }
    return 0;
}

/* "last Monday", "last March": the latest one that has begun before today. */
static size_t read_named(const scan *s, size_t at, int direction, day_span *ret_span) {
    bool is_full = false;
    int weekday = weekday_at(s, at + 1);
    if (weekday > 0) {
        int64_t day = s->today + (weekday - kmi_calendar_weekday(s->today) + 7) % 7;
        if (direction < 0) day -= 7;
        if (direction > 0 && day == s->today) day += 7;
        *ret_span = (day_span){day, day + 1, false};
        return 2;
    }
    int month = month_at(s, at + 1, &is_full);
    if (month == 0 || !is_full || !span_of_date(s, 0, month, 0, ret_span)) return 0;
    ret_span->is_yearly = false;
    int64_t months = 0;
    if (direction < 0 && ret_span->until > s->today) months = -12;
    if (direction > 0 && ret_span->from <= s->today) months = 12;
    ret_span->from = kmi_calendar_add_months(ret_span->from, months, 1);
    ret_span->until = kmi_calendar_add_months(ret_span->from, 1, 1);
    return 2;
}

/* "last week", "this month", "the past three days" */
static size_t read_neighbour(const scan *s, size_t at, day_span *ret_span) {
    if (!is_any(s, at, "last|past|previous|this|next|coming")) return 0;
    int direction = is_any(s, at, "last|past|previous") ? -1 : is_any(s, at, "this") ? 0 : 1;
    unit what = unit_at(s, at + 1);
    if (what != UNIT_NONE && !(what == UNIT_DAY && direction == 0)) {
        *ret_span = neighbour_of(s, what, direction);
        return 2;
    }
    if (direction == 0 && is_any(s, at + 1, "morning|afternoon|evening")) {
        *ret_span = neighbour_of(s, UNIT_DAY, 0);
        return 2;
    }
    size_t used = read_season(s, at, direction, ret_span);
    if (used == 0) used = read_named(s, at, direction, ret_span);
    if (used > 0 || direction >= 0) return used;
    int64_t count = number_at(s, at + 1);
    size_t next = at + (is_any(s, at + 2, "of") ? 3 : 2);
    what = unit_at(s, next);
    if (count < 1 || count > COUNT_MAX || what == UNIT_NONE) return 0;
    *ret_span = (day_span){days_back(s, what, count), s->today + 1, false};
    return next - at + 1;
}

/* "over the summer", "in summer 2025": without a year the latest that has begun. */
static size_t read_bare_season(const scan *s, size_t at, day_span *ret_span) {
    if (at == 0 || !is_any(s, at, "winter|spring|summer|autumn|fall")) return 0;
    size_t before = is_any(s, at - 1, "the") && at > 1 ? at - 2 : at - 1;
    if (!is_any(s, before, "in|over|during|since") || read_season(s, at - 1, 0, ret_span) == 0) return 0;
    size_t used = is_any(s, at + 1, "of") ? 3 : 2;
    int64_t year = year_at(s, at + used - 1);
    int64_t months = ret_span->from > s->today ? -12 : 0;
    if (year > 0) months = 12 * (year - kmi_calendar_date(ret_span->until - 1).year);
    ret_span->from = kmi_calendar_add_months(ret_span->from, months, 1);
    ret_span->until = kmi_calendar_add_months(ret_span->from, 3, 1);
    return year > 0 ? used : 1;
}

/* "three days ago", "a couple of weeks ago" */
static size_t read_ago(const scan *s, size_t at, day_span *ret_span) {
    int64_t count = number_at(s, at);
    if (count < 0 || count > COUNT_MAX) return 0;
    size_t next = at + (is_any(s, at + 1, "of|or") ? 2 : 1);
    unit what = unit_at(s, next);
    if (what == UNIT_NONE || !is_any(s, next + 1, "ago|earlier|back")) return 0;
    int64_t day = days_back(s, what, count);
    if (what == UNIT_YEAR)
        *ret_span = neighbour_of(s, what, -count);
    else if (what == UNIT_DAY)
        *ret_span = (day_span){day, day + 1, false};
    else if (what == UNIT_WEEK || what == UNIT_WEEKEND)
        *ret_span = (day_span){day - 3, day + 4, false};
    else
        *ret_span = (day_span){day - 15, day + 16, false};
    return next - at + 2;
}

static size_t read_day(const scan *s, size_t at, day_span *ret_span) {
    int64_t day = s->today;
    size_t used = 1;
    if (is_any(s, at, "yesterday")) {
        day--;
    } else if (is_any(s, at, "tomorrow")) {
        day++;
    } else if (weekday_at(s, at) > 0 && (s->is_certain || (at > 0 && is_any(s, at - 1, "on|since")))) {
        day -= (kmi_calendar_weekday(day) - weekday_at(s, at) + 7) % 7;
    } else if (!is_any(s, at, "today|tonight")) {
        used = 0;
    }
    *ret_span = (day_span){day, day + 1, false};
    return used;
}

/* ---- All of them ---- */

static size_t read_any(const scan *s, size_t at, day_span *ret_span, bool *ret_is_year) {
    typedef size_t (*reader)(const scan *s, size_t at, day_span *ret_span);
    static const reader READERS[] = {read_iso, read_date,        read_quarter, read_neighbour,
                                     read_ago, read_bare_season, read_day};
    *ret_is_year = false;
    for (size_t i = 0; i < sizeof READERS / sizeof READERS[0]; i++) {
        size_t used = READERS[i](s, at, ret_span);
        if (used > 0) return used;
    }
    *ret_is_year = true;
    return read_year(s, at, ret_span);
}

typedef struct found_spans {
    size_t count;
    kmi_time_span items[KMI_TIME_SPANS_MAX];
    bool is_year[KMI_TIME_SPANS_MAX];
} found_spans;

static void find_all(const scan *s, found_spans *found, size_t max) {
    for (size_t at = 0; at < s->count && found->count < max;) {
        day_span days;
        bool is_year = false;
        size_t used = read_any(s, at, &days, &is_year);
        if (used == 0) {
            at++;
            continue;
        }
        size_t start = s->words[at].start;
        bool is_since = at > 0 && is_any(s, at - 1, "since");
        if (is_since && days.until <= s->today) days.until = s->today + 1;
        at += used;
        found->is_year[found->count] = is_year;
        found->items[found->count++] = (kmi_time_span){days.from * KMI_DAY_US, days.until * KMI_DAY_US, days.is_yearly,
                                                       kmi_slice_sub(s->text, start, s->words[at - 1].end - start)};
    }
}

/* "between May and July 2026": May is that of 2026, and the year itself is no time of its own. */
static void lend_year(found_spans *found) {
    int64_t year = 0;
    bool has_yearly = false;
    for (size_t i = 0; i < found->count; i++) {
        has_yearly = has_yearly || found->items[i].is_yearly;
        if (found->items[i].is_yearly) continue;
        int64_t named = kmi_calendar_date(kmi_calendar_day_of(found->items[i].from_us)).year;
        if (year != 0 && year != named) return;
        year = named;
    }
    if (year == 0 || !has_yearly) return;
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        kmi_time_span span = found->items[i];
        if (found->is_year[i]) continue;
        if (span.is_yearly) {
            kmi_date from = kmi_calendar_date(kmi_calendar_day_of(span.from_us));
            int64_t len_us = span.until_us - span.from_us;
            span.from_us = kmi_calendar_days((kmi_date){year, from.month, from.day}) * KMI_DAY_US;
            span.until_us = span.from_us + len_us;
            span.is_yearly = false;
        }
        found->items[kept++] = span;
    }
    found->count = kept;
}

static bool ends_with_word(kmi_slice text, const char *ending) {
    kmi_slice wanted = kmi_slice_from(ending);
    text = kmi_slice_trim(text);
    if (text.len < wanted.len || (text.len > wanted.len && is_word_byte(text.ptr[text.len - wanted.len - 1])))
        return false;
    return kmi_slice_equal_nocase(kmi_slice_sub(text, text.len - wanted.len, wanted.len), wanted);
}

/* "between May and July", "from Monday to Friday": one time from the first to the last. */
static void join_ranges(kmi_slice text, found_spans *found) {
    for (size_t i = 0; i + 1 < found->count; i++) {
        kmi_time_span *first = &found->items[i];
        const kmi_time_span *last = &found->items[i + 1];
        size_t start = (size_t)(first->phrase.ptr - text.ptr);
        size_t end = (size_t)(last->phrase.ptr - text.ptr);
        kmi_slice before = kmi_slice_sub(text, 0, start);
        kmi_slice link =
            kmi_slice_trim(kmi_slice_sub(text, start + first->phrase.len, end - start - first->phrase.len));
        bool is_between = ends_with_word(before, "between") && ends_with_word(link, "and");
        bool is_from = ends_with_word(before, "from") && (ends_with_word(link, "to") || ends_with_word(link, "until"));
        if ((!is_between && !is_from) || link.len > sizeof "until" || last->until_us <= first->from_us) continue;
        first->until_us = last->until_us;
        first->phrase.len = end + last->phrase.len - start;
        for (size_t k = i + 1; k + 1 < found->count; k++) found->items[k] = found->items[k + 1];
        found->count--;
    }
}

static scan *new_scan(kmi_slice text, int64_t now_us, bool is_certain) {
    scan *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    s->text = kmi_slice_sub(text, 0, UINT32_MAX);
    s->today = kmi_calendar_day_of(now_us);
    s->is_certain = is_certain;
    split(s);
    return s;
}

size_t kmi_time_spans_find(kmi_slice text, int64_t now_us, kmi_time_span *ret_spans, size_t max) {
    found_spans found = {0};
    scan *s = new_scan(text, now_us, false);
    if (s == NULL) return 0; /* a question without its times is still a question */
    find_all(s, &found, max < KMI_TIME_SPANS_MAX ? max : KMI_TIME_SPANS_MAX);
    free(s);
    lend_year(&found);
    join_ranges(text, &found);
    for (size_t i = 0; i < found.count; i++) ret_spans[i] = found.items[i];
    return found.count;
}

km_status kmi_time_span_parse(kmi_slice text, int64_t now_us, kmi_time_span *ret_span, km_error *error) {
    int64_t time_us = 0;
    text = kmi_slice_trim(text);
    bool is_date = text.len == sizeof "2026-11-22" - 1; /* a whole day, not its first instant */
    if (kmi_time_parse(text, &time_us, NULL) == KM_OK) {
        *ret_span = (kmi_time_span){time_us, is_date ? time_us + KMI_DAY_US : time_us, false, text};
        return KM_OK;
    }
    scan *s = new_scan(text, now_us, true);
    if (s == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading a time");
    size_t at = is_any(s, 0, "since|in|on|the|until|from") ? 1 : 0;
    if (at == 1 && is_any(s, 1, "the")) at = 2;
    day_span days = {0};
    bool is_year = false;
    size_t used = at < s->count ? read_any(s, at, &days, &is_year) : 0;
    bool is_whole = used > 0 && at + used == s->count;
    free(s);
    if (!is_whole) {
        return kmi_fail(error, KM_E_INVALID,
                        "\"%.*s\" is not a time: expected for example \"2026-11-22\", \"2026-11-22T18:16:20+02:00\", "
                        "\"2026-03\", \"yesterday\", \"last week\", \"3 days ago\" or seconds since 1970 as "
                        "\"@1764000000\"",
                        text.len < 64 ? (int)text.len : 64, text.ptr != NULL ? text.ptr : "");
    }
    *ret_span = (kmi_time_span){days.from * KMI_DAY_US, days.until * KMI_DAY_US, false, text};
    return KM_OK;
}

/* ---- Fitting ---- */

double kmi_time_span_fit(const kmi_time_span *span, int64_t time_us) {
    int64_t day = kmi_calendar_day_of(time_us);
    int64_t from = kmi_calendar_day_of(span->from_us);
    int64_t until = kmi_calendar_day_of(span->until_us - 1) + 1;
    kmi_date first = kmi_calendar_date(from);
    if (span->is_yearly) { /* the same day of the span's year */
        kmi_date date = kmi_calendar_date(day);
        day = kmi_calendar_days((kmi_date){first.year, date.month, date.day});
    }
    int64_t len = until - from;
    int64_t distance = day < from ? from - day : day >= until ? day - until + 1 : 0;
    if (len <= 1) {
        kmi_date date = kmi_calendar_date(day);
        if (distance == 0) return 1;
        if (distance <= 2) return 0.7;
        return date.year == first.year && date.month == first.month ? 0.3 : 0;
    }
    if (distance == 0) return len <= 31 ? 0.7 : 0.3;
    return len <= 7 && distance <= 7 ? 0.3 : 0;
}
