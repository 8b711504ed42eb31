/* time_phrases.c - resolves phrases of time to the first instant of what they name, in UTC.
 *
 * Memories are read much later than they are written; "next sprint" must not still be next then. A bare month or weekday
 * is taken as the nearest one in the direction that its preposition says: "since March" backwards, "by March" forwards. */
#include "extract/time_phrases.h"

#include <string.h>

#include "util/calendar.h"

typedef struct seeker {
    const kmi_tokens *tokens;
    size_t at;
    int64_t today; /* days since 1970, or INT64_MIN */
    size_t end;    /* behind the phrase, once found */
    int64_t days;  /* found; INT64_MIN: not resolvable */
} seeker;

static const kmi_token *token_at(const seeker *self, size_t ahead) {
    return self->at + ahead < self->tokens->count ? &self->tokens->items[self->at + ahead] : NULL;
}
static bool is_any(const seeker *self, size_t ahead, const char *words) {
    const kmi_token *token = token_at(self, ahead);
    return token != NULL && kmi_token_is_any(token, words);
}

static int month_of(const kmi_token *token) {
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (token == NULL || !kmi_token_has(token, KMI_W_MONTH) || (token->flags & KMI_T_CAPITAL) == 0 ||
        token->lower.len < 3)
        return 0;
    for (int i = 0; i < 12; i++)
        if (memcmp(names + i * 3, token->lower.ptr, 3) == 0) return i + 1;
    return 0;
}

static int weekday_of(const kmi_token *token) { /* Monday is 1 */
    static const char names[] = "montuewedthufrisatsun";
    if (token == NULL || !kmi_token_has(token, KMI_W_WEEKDAY)) return 0;
    for (int i = 0; i < 7; i++)
        if (memcmp(names + i * 3, token->lower.ptr, 3) == 0) return i + 1;
    return 0;
}

/* A number at the start of the token ("3", "3rd", "2026"); -1 for none. */
static int64_t number_of(const kmi_token *token) {
    static const char *const words[] = {"zero",  "one",   "two",  "three", "four",   "five",  "six",
                                        "seven", "eight", "nine", "ten",   "eleven", "twelve"};
    int64_t value = 0;
    if (token == NULL) return -1;
    for (size_t i = 0; kmi_token_has(token, KMI_W_NUMBER) && i < sizeof words / sizeof words[0]; i++)
        if (kmi_token_is(token, words[i])) return (int64_t)i;
    if (kmi_token_is_any(token, "a|an")) return 1;
    size_t i = 0;
    while (i < token->lower.len && i < 5 && token->lower.ptr[i] >= '0' && token->lower.ptr[i] <= '9')
        value = value * 10 + (token->lower.ptr[i++] - '0');
    bool is_whole =
        i == token->lower.len || (i <= 2 && token->lower.len == i + 2 && strchr("snrt", token->lower.ptr[i]) != NULL);
    return i > 0 && is_whole ? value : -1;
}

static int64_t year_of(const kmi_token *token) {
    int64_t year = number_of(token);
    return token != NULL && token->lower.len == 4 && year >= 1900 && year <= 2200 ? year : 0;
}

static bool found(seeker *self, size_t tokens, int64_t days) {
    self->end = self->at + tokens;
    self->days = days;
    return true;
}

/* The month nearest to today in a direction: -1 back, 1 ahead, 0 whichever year is the current one. */
static int64_t resolve_month(const seeker *self, int month, int day, int64_t year, int direction) {
    if (year == 0 && self->today == INT64_MIN) return INT64_MIN;
    if (year == 0) {
        kmi_date today = kmi_calendar_date(self->today);
        year = today.year;
        int64_t days = kmi_calendar_days((kmi_date){year, month, day});
        if (direction < 0 && days > self->today) year--;
        if (direction > 0 && kmi_calendar_days((kmi_date){year, month, day}) < self->today - 31) year++;
    }
    return kmi_calendar_days((kmi_date){year, month, day});
}

static bool seek_iso(seeker *self) {
    const kmi_token *token = token_at(self, 0);
    const char *p = token->lower.ptr;
    if (token->lower.len < 10 || p[4] != '-' || p[7] != '-') return false;
    int64_t parts[3] = {0, 0, 0};
    static const size_t starts[] = {0, 5, 8}, lengths[] = {4, 2, 2};
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = starts[k]; i < starts[k] + lengths[k]; i++) {
            if (p[i] < '0' || p[i] > '9') return false;
            parts[k] = parts[k] * 10 + (p[i] - '0');
        }
    }
    if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31) return false;
    return found(self, 1, kmi_calendar_days((kmi_date){parts[0], (int)parts[1], (int)parts[2]}));
}

/* "12 June 2026", "June 12, 2026", "June 2026" */
static bool seek_date(seeker *self, int direction) {
    int month = month_of(token_at(self, 0));
    int64_t day = number_of(token_at(self, 0));
    if (month == 0 && day >= 1 && day <= 31) {
        size_t next = is_any(self, 1, "of") ? 2 : 1;
        month = month_of(token_at(self, next));
        if (month == 0) return false;
        int64_t year = year_of(token_at(self, next + 1));
        return found(self, next + 1 + (year > 0), resolve_month(self, month, (int)day, year, direction));
    }
    if (month == 0) return false;
    int64_t year = year_of(token_at(self, 1));
    if (year > 0) return found(self, 2, resolve_month(self, month, 1, year, direction));
    day = number_of(token_at(self, 1));
    if (day < 1 || day > 31) return false;
    size_t next = is_any(self, 2, ",") ? 3 : 2;
    year = year_of(token_at(self, next));
    return found(self, year > 0 ? next + 1 : 2, resolve_month(self, month, (int)day, year, direction));
}

static int64_t unit_days(const seeker *self, size_t ahead, int64_t count, int sign) {
    if (self->today == INT64_MIN) return INT64_MIN;
    count *= sign;
    if (is_any(self, ahead, "day|days")) return self->today + count;
    if (is_any(self, ahead, "week|weeks")) return self->today + count * 7;
    if (is_any(self, ahead, "sprint|sprints|fortnight")) return self->today + count * 14;
    int64_t months = is_any(self, ahead, "month|months")       ? count
                     : is_any(self, ahead, "quarter|quarters") ? count * 3
                                                               : count * 12;
    int day = kmi_calendar_date(self->today).day;
    return kmi_calendar_add_months(self->today, months, day > 28 ? 28 : day);
}

static const char units[] = "day|days|week|weeks|month|months|year|years|quarter|quarters|sprint|sprints|fortnight";

/* "last week", "next Monday", "this quarter" */
static bool seek_neighbour(seeker *self) {
    if (!is_any(self, 0, "last|next|this|previous|coming|past")) return false;
    int sign = is_any(self, 0, "last|previous|past") ? -1 : is_any(self, 0, "this") ? 0 : 1;
    int weekday = weekday_of(token_at(self, 1));
    if (weekday > 0) {
        if (self->today == INT64_MIN) return found(self, 2, INT64_MIN);
        int today = kmi_calendar_weekday(self->today);
        int ahead = (weekday - today + 7) % 7;
        return found(self, 2, self->today + (sign < 0 ? ahead - 7 : ahead == 0 && sign > 0 ? 7 : ahead));
    }
    if (month_of(token_at(self, 1)) > 0)
        return found(self, 2, resolve_month(self, month_of(token_at(self, 1)), 1, 0, sign));
    if (is_any(self, 1, "week|month|year|quarter|sprint|fortnight")) return found(self, 2, unit_days(self, 1, 1, sign));
    return is_any(self, 1, "spring|summer|autumn|fall|winter|night|release|iteration|morning")
               ? found(self, 2, INT64_MIN)
               : false;
}

static bool seek_distance(seeker *self) {
    bool is_ahead = is_any(self, 0, "in");
    size_t from = is_ahead ? 1 : 0;
    int64_t count = number_of(token_at(self, from));
    if (count < 0 || count > 1000 || !is_any(self, from + 1, units)) return false;
    if (is_ahead) return found(self, 3, unit_days(self, 2, count, 1));
    return is_any(self, 2, "ago") ? found(self, 3, unit_days(self, 1, count, -1)) : false;
}

/* "since March", "by Thursday", "in 2018": with the preposition, which belongs to what was said. */
static bool seek_after_preposition(seeker *self) {
    if (!is_any(self, 0, "since|by|until|till|in|on|from|before|after|during|starting")) return false;
    int direction = is_any(self, 0, "since") ? -1 : is_any(self, 0, "by|until|till|before|starting") ? 1 : 0;
    seeker inner = *self;
    inner.at++;
    if (inner.at >= inner.tokens->count) return false;
    bool is_found = seek_iso(&inner) || seek_date(&inner, direction) || seek_neighbour(&inner);
    if (!is_found && month_of(token_at(&inner, 0)) > 0)
        is_found = found(&inner, 1, resolve_month(&inner, month_of(token_at(&inner, 0)), 1, 0, direction));
    if (!is_found && weekday_of(token_at(&inner, 0)) > 0 &&
        !kmi_slice_ends_with(token_at(&inner, 0)->lower, KMI_SLICE_LITERAL("days"))) {
        int today = inner.today == INT64_MIN ? 0 : kmi_calendar_weekday(inner.today);
        int ahead = (weekday_of(token_at(&inner, 0)) - today + 7) % 7;
        is_found = found(&inner, 1,
                         inner.today == INT64_MIN ? INT64_MIN
                                                  : inner.today + (direction < 0 && ahead > 0 ? ahead - 7 : ahead));
    }
    if (!is_found && year_of(token_at(&inner, 0)) > 0)
        is_found = found(&inner, 1, kmi_calendar_days((kmi_date){year_of(token_at(&inner, 0)), 1, 1}));
    if (!is_found) return false;
    self->end = inner.end;
    self->days = inner.days;
    return true;
}

static bool seek_day(seeker *self) {
    if (!is_any(self, 0, "yesterday|today|tomorrow|tonight")) return false;
    int64_t shift = is_any(self, 0, "yesterday") ? -1 : is_any(self, 0, "tomorrow") ? 1 : 0;
    return found(self, 1, self->today == INT64_MIN ? INT64_MIN : self->today + shift);
}

kmi_time_found kmi_time_phrase_find(const kmi_tokens *tokens, size_t first, int64_t said_at_us) {
    seeker self = {.tokens = tokens, .today = said_at_us != 0 ? kmi_calendar_day_of(said_at_us) : INT64_MIN};
    for (self.at = first; self.at < tokens->count; self.at++) {
        if ((tokens->items[self.at].flags & KMI_T_PUNCT) != 0) continue;
        if (seek_after_preposition(&self) || seek_iso(&self) || seek_date(&self, 0) || seek_neighbour(&self) ||
            seek_distance(&self) || seek_day(&self)) {
            kmi_slice phrase = kmi_tokens_text(tokens, self.at, self.end);
            bool is_resolved = self.days != INT64_MIN && self.days != 0;
            return (kmi_time_found){phrase, is_resolved ? self.days * KMI_DAY_US : 0};
        }
    }
    return (kmi_time_found){0};
}

size_t kmi_time_setting_end(const kmi_tokens *tokens, size_t first, size_t verb) {
    bool is_time =
        kmi_token_is_any(&tokens->items[first], "yesterday|today|tomorrow|tonight|recently|lately|finally|eventually");
    bool is_phrase =
        kmi_token_is_any(&tokens->items[first], "last|this|next|in|on|since|at|during|from|by|until|after|every");
    for (size_t i = first + 1; (is_time || is_phrase) && i < verb && i < first + 5; i++) {
        if (kmi_token_is_any(&tokens->items[i], "we|i|our|my") ||
            (is_time && i == first + 1 && kmi_token_is_any(&tokens->items[i], "the|a")))
            return i;
    }
    return first;
}
