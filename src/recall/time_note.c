#include "recall/time_note.h"

#include <stdio.h>
#include <string.h>

#include "recall/word_reader.h"
#include "util/calendar.h"

static const char *month_name(int month) {
    static const char *const NAMES[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
    return NAMES[(month + 11) % 12];
}

static size_t write_note(char *ret_note, const char *before, int64_t time_us, bool with_day) {
    kmi_date date = kmi_calendar_date(kmi_calendar_day_of(time_us));
    int year = (int)(date.year % 10000);
    int len = with_day ? snprintf(ret_note, KMI_TIME_NOTE_SIZE, "(%s%d %s %d)", before, date.day % 100,
                                  month_name(date.month), year)
                       : snprintf(ret_note, KMI_TIME_NOTE_SIZE, "(%s%s %d)", before, month_name(date.month), year);
    return len > 0 ? (size_t)len : 0;
}

static size_t write_age(char *ret_note, int64_t days) {
    static const struct {
        int64_t days;
        const char *name;
    } UNITS[] = {{365, "year"}, {30, "month"}, {7, "week"}, {1, "day"}};
    size_t unit = 0;
    while (unit < 3 && days < 2 * UNITS[unit].days) unit++; /* "10 days", not "1 week" */
    int64_t count = days / UNITS[unit].days;
    int len = snprintf(ret_note, KMI_TIME_NOTE_SIZE, "(said %lld %s%s ago)", (long long)count, UNITS[unit].name,
                       count == 1 ? "" : "s");
    return len > 0 ? (size_t)len : 0;
}

/* "yesterday", "currently", "last week": means something else when it is read later. */
static bool is_relative(kmi_slice text) {
    static const char *const WORDS[] = {"yesterday", "today",    "tonight",   "tomorrow",
                                        "ago",       "recently", "currently", "nowadays"};
    static const char *const POINTERS[] = {"last", "next", "this"};
    static const char *const UNITS[] = {"night",     "week",     "weekend", "month",    "quarter", "sprint", "year",
                                        "spring",    "summer",   "autumn",  "fall",     "winter",  "monday", "tuesday",
                                        "wednesday", "thursday", "friday",  "saturday", "sunday",  "morning"};
    kmi_word_reader reader = {.text = text};
    bool was_pointer = false;
    while (kmi_word_next(&reader)) {
        if (KMI_WORD_IN(reader.lower, WORDS) || (was_pointer && KMI_WORD_IN(reader.lower, UNITS))) return true;
        was_pointer = KMI_WORD_IN(reader.lower, POINTERS);
    }
    return false;
}

static bool holds_year(kmi_slice text) {
    kmi_word_reader reader = {.text = text};
    while (kmi_word_next(&reader)) {
        if (strlen(reader.lower) == 4 && strspn(reader.lower, "0123456789") == 4) return true;
    }
    return false;
}

/* "since March" names a month; "12 June", "next Friday" and "two days ago" a day. */
static bool names_day(kmi_slice phrase) {
    static const char *const WORDS[] = {"day",      "days",   "yesterday", "today",     "tonight",  "tomorrow",
                                        "night",    "monday", "tuesday",   "wednesday", "thursday", "friday",
                                        "saturday", "sunday", "week",      "weeks",     "weekend"};
    kmi_word_reader reader = {.text = phrase};
    while (kmi_word_next(&reader)) {
        if (KMI_WORD_IN(reader.lower, WORDS)) return true;
        if (reader.lower[0] >= '0' && reader.lower[0] <= '9') return true;
    }
    return false;
}

size_t kmi_time_note(const km_memory *memory, bool has_superseded, int64_t now_us, char ret_note[KMI_TIME_NOTE_SIZE]) {
    ret_note[0] = '\0';
    int64_t said_us = memory->observed_at_us != 0 ? memory->observed_at_us : memory->created_at_us;
    int64_t days = (now_us - said_us) / KMI_DAY_US;
    if (said_us == 0 || days < 1) return 0;
    if (memory->type != NULL && strcmp(memory->type, "status") == 0) return write_age(ret_note, days);
    kmi_slice phrase = kmi_slice_from(memory->time_phrase);
    if (phrase.len > 0 && memory->event_at_us != 0) {
        if (holds_year(phrase)) return 0;
        return write_note(ret_note, "", memory->event_at_us, names_day(phrase));
    }
    if (has_superseded) return write_note(ret_note, "since ", said_us, days < 60);
    return is_relative(kmi_slice_from(memory->content)) ? write_note(ret_note, "said ", said_us, true) : 0;
}
