/* secret_assignments.c - values that are secrets because of the name beside them: "DB_PASSWORD=…", "api key: …",
 * "the token is …", "<password>…", "setPassword("…")". The scan calls in here for every word: secret_names.c turns nearly
 * all of them away. Here stands what may link name and value; secret_values.c judges the value. */
#include <stdint.h>
#include <string.h>

#include "extract/secret_match.h"
#include "extract/secret_names.h"
#include "extract/secret_values.h"

#define NAME_LIMIT_BYTES 128
#define VALUE_LIMIT_BYTES 1024 /* read before deciding; an accepted value is then followed to its end */
#define ACCENTED_LIMIT_BYTES 64
#define PURPOSE_WORDS_MAX 6
#define USER_LOOK_BACK_BYTES 48
#define PHRASE_WORDS_MIN 4
#define SEED_WORDS_MIN 8

static unsigned char lower_byte(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool begins_lower(kmi_slice text, size_t at, const char *beginning) {
    size_t len = strlen(beginning);
    if (at > text.len || text.len - at < len) return false;
    for (size_t i = 0; i < len; i++)
        if (lower_byte(text.ptr[at + i]) != (unsigned char)beginning[i]) return false;
    return true;
}

static bool is_class(char c, unsigned classes) {
    return (kmi_secret_byte_class((unsigned char)c) & classes) != 0;
}

static char byte_at(kmi_slice text, size_t at) {
    return at < text.len ? text.ptr[at] : '\n';
}

static bool is_quote(char c) {
    return c == '"' || c == '\'' || c == '`';
}

static size_t skip_blanks(kmi_slice text, size_t at) {
    size_t end = at + 4;
    while (at < text.len && at < end && (text.ptr[at] == ' ' || text.ptr[at] == '\t')) at++;
    return at;
}

static bool is_word_at(kmi_slice text, size_t at, const char *word) {
    size_t len = strlen(word);
    return at + len < text.len && begins_lower(text, at, word) && !is_class(text.ptr[at + len], KMI_BYTE_WORD);
}

static bool is_any_word_at(kmi_slice text, size_t at, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (is_word_at(text, at, words[i])) return true;
    return false;
}
#define IS_ANY_WORD_AT(text, at, words) is_any_word_at((text), (at), (words), sizeof(words) / sizeof((words)[0]))

/* Returns: the byte behind a verb that announces a value at `at`, 0 without one. */
static size_t find_verb(kmi_slice text, size_t at) {
    static const char *const verbs[] = {"is",        "was",   "are", "will be", "lautet", "es",         "est",
                                        "era",       "é",     "è",   "ist",     "set to", "changed to", "reset to",
                                        "är",        "er",    "war", "était",   "je",     "should be",  "equals",
                                        "remains",   "stays", "has", "becomes", "became", "are now",    "changed from",
                                        "reset from"};
    static const char *const rests[] = {"now",
                                        "currently",
                                        "still",
                                        "just",
                                        "simply",
                                        "actually",
                                        "set to",
                                        "changed to",
                                        "reset to",
                                        "been set to",
                                        "been changed to",
                                        "been reset to",
                                        "probably",
                                        "again",
                                        "literally",
                                        "always",
                                        "set as",
                                        "temporarily",
                                        "changed from",
                                        "reset from",
                                        "updated from",
                                        "rotated from",
                                        "been changed from",
                                        "been reset from"};
    size_t end = 0;
    for (size_t i = sizeof verbs / sizeof verbs[0]; i-- > 0 && end == 0;)
        if (is_word_at(text, at, verbs[i])) end = at + strlen(verbs[i]);
    if (end == 0) return 0;
    size_t next = skip_blanks(text, end);
    for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++)
        if (is_word_at(text, next, rests[i])) return next + strlen(rests[i]);
    return is_word_at(text, at, "has") ? 0 : end;
}

/* "set SMTP_PASS to …", "change the password to …": a verb of setting before the name. */
static bool is_being_set(kmi_slice text, size_t name_start) {
    static const char *const verbs[] = {"set",    "change",  "changed",  "reset",   "update", "updated",
                                        "rotate", "rotated", "changing", "setting", "bumped", "switched"};
    size_t at = name_start;
    for (size_t words = 0; words < 4; words++) {
        while (at > 0 && text.ptr[at - 1] == ' ') at--;
        size_t end = at;
        while (at > 0 && end - at < NAME_LIMIT_BYTES && is_class(text.ptr[at - 1], KMI_BYTE_WORD)) at--;
        if (end > at && IS_ANY_WORD_AT(text, at, verbs)) return true;
    }
    return false;
}

/* "password for the staging box is …": steps over what it is for, a few words long. Returns: where the next word
 * stands, or `at` when no purpose follows; `*ret_colon` if a colon ends it. */
static size_t skip_purpose(kmi_slice text, size_t at, bool *ret_colon) {
    static const char *const openings[] = {"for",  "of",   "to",   "on",   "in",  "at",   "für", "zum", "zur",  "vom",
                                           "von",  "del",  "de",   "du",   "des", "para", "do",  "da",  "voor", "van",
                                           "till", "i",    "im",   "pour", "per", "en",   "au",  "der", "we",   "you",
                                           "they", "that", "used", "from", "he",  "she",  "my"};
    size_t begin = at;
    if (!IS_ANY_WORD_AT(text, at, openings)) return at;
    for (size_t words = 0; words < PURPOSE_WORDS_MAX; words++) {
        size_t end = at;
        while (end < text.len && end - at < NAME_LIMIT_BYTES &&
               (is_class(text.ptr[end], KMI_BYTE_WORD) || strchr("-'/.", text.ptr[end]) != NULL ||
                (unsigned char)text.ptr[end] >= 0x80))
            end++;
        if (words > 0 && end > at && end + 1 < text.len && text.ptr[end] == ':' && text.ptr[end + 1] == ' ') {
            *ret_colon = true;
            return end + 1;
        }
        if (end == at || end >= text.len || text.ptr[end] != ' ') return words > 0 && end > at ? begin : at;
        at = skip_blanks(text, end);
        if (words > 0 && find_verb(text, at) > 0) return at;
    }
    return begin;
}

/* "ña" of contraseña, "'s" of "my password's", closing quotes and brackets of a quoted key. */
static size_t skip_end_of_name(kmi_slice text, size_t at, bool *ret_verb) {
    if (is_quote(byte_at(text, at)) && byte_at(text, at + 1) == 's' && byte_at(text, at + 2) == ' ') {
        *ret_verb = true;
        return at + 2;
    }
    if (at + 5 <= text.len && memcmp(text.ptr + at, "’s ", 5) == 0) {
        *ret_verb = true;
        return at + 4;
    }
    if (is_quote(byte_at(text, at))) at++;
    if (byte_at(text, at) == ']') at++;
    if (at + 3 <= text.len && memcmp(text.ptr + at, "ña", 3) == 0) at += 3;
    return at;
}

/* What links name and value without a word between: '=', ':', '>' of a tag, '(' of a call, ',' of an argument. */
static kmi_secret_link find_mark(kmi_slice text, size_t name_start, size_t name_end, size_t at, size_t *ret_value) {
    char c = byte_at(text, at), next = byte_at(text, at + 1);
    bool was_quoted = at > name_end;
    if (c == '=' || c == ':') {
        bool is_equals = c == '=';
        if (c == ':' && next == '=') at++, is_equals = true;
        while (byte_at(text, at + 1) == '=' || byte_at(text, at + 1) == '>') at++;
        *ret_value = skip_blanks(text, at + 1);
        return is_equals ? KMI_LINK_EQUALS : KMI_LINK_COLON;
    }
    if (at + 3 < text.len && memcmp(text.ptr + at, "：", 3) == 0) {
        *ret_value = skip_blanks(text, at + 3);
        return KMI_LINK_COLON;
    }
    if (c == '>' && name_start > 0 && text.ptr[name_start - 1] == '<') {
        *ret_value = at + 1;
        return KMI_LINK_EQUALS;
    }
    if (c == '(' && is_quote(next)) {
        *ret_value = at + 1;
        return KMI_LINK_COLON;
    }
    if (c == ',' && was_quoted && is_quote(byte_at(text, skip_blanks(text, at + 1)))) {
        *ret_value = skip_blanks(text, at + 1);
        return KMI_LINK_COLON;
    }
    if (was_quoted && begins_lower(text, at, "value=")) {
        *ret_value = at + 6;
        return KMI_LINK_EQUALS;
    }
    return KMI_LINK_NONE;
}

static bool is_told_with(kmi_slice text, size_t name_start) {
    static const char *const words[] = {" with", " using", " via", " by", " mit", " avec", " con"};
    size_t end = name_start;
    if (end > 4 && begins_lower(text, end - 4, "the ")) end -= 4;
    while (end > 0 && text.ptr[end - 1] == ' ') end--;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);
        if (end >= len && begins_lower(text, end - len, words[i])) return true;
    }
    return false;
}

/* What links name and value, and where the value may start. */
static kmi_secret_link find_link(kmi_slice text, size_t name_start, size_t name_end, size_t *ret_value) {
    static const char *const particles[] = {"是", "为", "は", "は、", "то", "это", "to", "：", "は「", "是“"};
    bool is_verb = false, has_colon = false;
    size_t at = skip_end_of_name(text, name_end, &is_verb);
    size_t after_blanks = skip_blanks(text, at);
    if (after_blanks >= text.len) return KMI_LINK_NONE;
    *ret_value = after_blanks;
    if (is_verb) return KMI_LINK_IS;
    kmi_secret_link how = find_mark(text, name_start, name_end, after_blanks, ret_value);
    if (how != KMI_LINK_NONE) return how;
    if (name_end > name_start &&
        (unsigned char)text.ptr[name_start] >= 0x80) { /* names beyond ASCII bring their own particles */
        for (size_t i = 0; i < sizeof particles / sizeof particles[0]; i++)
            if (begins_lower(text, after_blanks, particles[i]))
                *ret_value = skip_blanks(text, after_blanks + strlen(particles[i]));
        return KMI_LINK_IS;
    }
    if (after_blanks == at) return KMI_LINK_NONE;
    size_t behind_verb = find_verb(text, after_blanks);
    bool is_from = is_word_at(text, after_blanks, "from");
    if (behind_verb == 0 && (is_from || is_word_at(text, after_blanks, "to")) && is_being_set(text, name_start))
        behind_verb = after_blanks + (is_from ? strlen("from") : strlen("to"));
    if (behind_verb == 0) {
        size_t rest = skip_purpose(text, after_blanks, &has_colon);
        if (has_colon) {
            *ret_value = skip_blanks(text, rest);
            return KMI_LINK_COLON;
        }
        behind_verb = find_verb(text, rest);
        if (behind_verb == 0 && rest > after_blanks && is_word_at(text, rest, "to") && is_being_set(text, name_start))
            behind_verb = rest + 2;
    }
    if (behind_verb > 0) {
        *ret_value = skip_blanks(text, behind_verb);
        if (byte_at(text, *ret_value) == ':') *ret_value = skip_blanks(text, *ret_value + 1);
        return KMI_LINK_IS;
    }
    if (text.ptr[after_blanks] == '(') (*ret_value)++;
    bool is_option = name_start >= 2 && text.ptr[name_start - 1] == '-' && text.ptr[name_start - 2] != ' ';
    is_option |=
        name_start >= 2 && text.ptr[name_start - 1] == '-' && is_class(text.ptr[name_start - 2], KMI_BYTE_SPACE);
    if (is_option) return KMI_LINK_OPTION;
    return is_told_with(text, name_start) ? KMI_LINK_WITH : KMI_LINK_SPACE;
}

static bool ends_value(char c, bool is_query, bool is_tag) {
    return is_class(c, KMI_BYTE_SPACE) || c == '"' || c == '`' || (is_query && (c == '&' || c == '#')) ||
           (is_tag && c == '<');
}

/* The value at `at`: to the closing quote, or to the next blank without the punctuation of the sentence around it. */
static kmi_secret_found read_value(kmi_slice text, size_t at, bool is_query, bool is_tag) {
    kmi_secret_found value = {.start = at, .end = at, .is_ascii = true};
    if (at >= text.len) return value;
    char quote = text.ptr[at];
    size_t limit = text.len - at > VALUE_LIMIT_BYTES ? at + VALUE_LIMIT_BYTES : text.len;
    if (is_quote(quote)) {
        size_t end = at + 1;
        while (end < limit && text.ptr[end] != quote && text.ptr[end] != '\n') end++;
        if (end < limit && text.ptr[end] == quote) {
            return (kmi_secret_found){.start = at + 1, .end = end, .is_quoted = true, .ends_clause = true};
        }
        value.start = ++at;
    }
    size_t end = at;
    while (end < limit && !ends_value(text.ptr[end], is_query, is_tag)) {
        if ((unsigned char)text.ptr[end] >= 0x80 && limit > at + ACCENTED_LIMIT_BYTES)
            limit = end < at + ACCENTED_LIMIT_BYTES ? at + ACCENTED_LIMIT_BYTES : end + 1;
        value.is_ascii &= (unsigned char)text.ptr[end] < 0x80;
        end++;
    }
    while (end > at && end < text.len && ((unsigned char)text.ptr[end] & 0xC0) == 0x80) end--;
    size_t stop = end;
    while (end > at && strchr(".,;:!?)]}'>", text.ptr[end - 1]) != NULL) end--;
    value.end = end;
    value.is_call = memchr(text.ptr + at, '(', end - at) != NULL;
    value.ends_clause = end < stop || stop >= text.len || text.ptr[stop] == '\n' || text.ptr[stop] == '\r';
    size_t rest = skip_blanks(text, stop);
    value.ends_line = rest >= text.len || text.ptr[rest] == '\n' || text.ptr[rest] == '\r' || is_tag;
    return value;
}

/* "User: ops Pass: …": on a line with a user even a plain name counts. */
static bool has_user_before(kmi_slice text, size_t name_start) {
    for (size_t at = name_start; at > 0 && name_start - at < USER_LOOK_BACK_BYTES && text.ptr[at - 1] != '\n'; at--)
        if (begins_lower(text, at - 1, "user") || begins_lower(text, at - 1, "login") ||
            begins_lower(text, at - 1, "ssid"))
            return true;
    return false;
}

/* "Authorization: ApiKey …": a scheme stands before the value. */
static size_t skip_scheme(kmi_slice text, size_t at) {
    size_t end = at;
    while (end < text.len && end - at < 24 && (is_class(text.ptr[end], KMI_BYTE_WORD) || text.ptr[end] == '-')) end++;
    return byte_at(text, end) == ' ' ? end + 1 : at;
}

/* Passwords of several words, wallets, rows of codes. */
static bool match_words(kmi_slice text, const kmi_secret_name *name, kmi_secret_link how, size_t at,
                        kmi_secret_span *ret_span) {
    size_t end = at;
    bool is_told = how == KMI_LINK_IS || how == KMI_LINK_COLON || how == KMI_LINK_EQUALS;
    if (is_quote(byte_at(text, at))) at++;
    bool is_found = false;
    if (name->value == KMI_VALUE_PHRASE)
        is_found = how != KMI_LINK_NONE && kmi_secret_value_is_phrase(text, at, SEED_WORDS_MIN, &end);
    else if (name->value == KMI_VALUE_CODES)
        is_found = is_told && kmi_secret_value_is_codes(text, at, &end);
    else if (name->value == KMI_VALUE_PASSWORD)
        is_found = is_told && kmi_secret_value_is_phrase(text, at, PHRASE_WORDS_MIN, &end);
    *ret_span = (kmi_secret_span){at, end, name->kind};
    return is_found;
}

/* "changed from OLD to NEW": both go, and what stands between. Returns: the end of what goes. */
static size_t end_of_change(kmi_slice text, const kmi_secret_name *name, const kmi_secret_found *old) {
    size_t word = old->start - (old->is_quoted ? 1 : 0), end = old->end + (old->is_quoted ? 1 : 0);
    if (word < 5 || !begins_lower(text, word - 5, "from ")) return old->end;
    end = skip_blanks(text, end);
    if (!is_word_at(text, end, "to")) return old->end;
    kmi_secret_found next = read_value(text, skip_blanks(text, end + 2), false, false);
    if (next.end <= next.start || !kmi_secret_value_is(text, name, KMI_LINK_IS, &next)) return old->end;
    return next.end + (next.is_quoted && !old->is_quoted ? 1 : 0);
}

static bool match_name(kmi_slice text, const kmi_secret_name *name, size_t name_start, size_t name_end,
                       kmi_secret_span *ret_span) {
    size_t at = 0;
    kmi_secret_link how = find_link(text, name_start, name_end, &at);
    bool is_password = name->value == KMI_VALUE_PASSWORD;
    bool may_stand_before = how != KMI_LINK_EQUALS && how != KMI_LINK_COLON && !name->only_equals &&
                            (name->value <= KMI_VALUE_TOKEN || name->value == KMI_VALUE_LOGIN) &&
                            !kmi_secret_name_is_compound(text, name_end);
    if (may_stand_before && kmi_secret_match_before_name(text, name_start, is_password, ret_span)) return true;
    bool is_variable = name_end - name_start > name->suffix_len; /* SMTP_PASS: not the pass of a mountain */
    bool has_user = name->only_equals && is_password && how == KMI_LINK_COLON && has_user_before(text, name_start);
    bool may_link = !name->only_equals || how == KMI_LINK_EQUALS || (is_password && how == KMI_LINK_COLON) ||
                    (name->value == KMI_VALUE_TOKEN && how == KMI_LINK_COLON && is_variable) ||
                    (name->value == KMI_VALUE_RANDOM && how == KMI_LINK_COLON) || (is_password && how == KMI_LINK_IS) ||
                    how == KMI_LINK_OPTION;
    if (how == KMI_LINK_NONE || !may_link) return false;
    if (at >= text.len || text.ptr[at] == '[' || kmi_secret_begins_harmlessly(kmi_slice_sub(text, at, 32)))
        return false; /* before reading on: it may be long */
    bool has_pair = how == KMI_LINK_COLON || how == KMI_LINK_IS || how == KMI_LINK_WITH;
    if (name->value == KMI_VALUE_LOGIN) {
        if (!has_pair && is_word_at(text, at, "with"))
            at = skip_blanks(text, at + 4);
        else if (!has_pair)
            return how == KMI_LINK_EQUALS && kmi_secret_match_pair(text, at, true, ret_span);
        return kmi_secret_match_pair(text, at, how == KMI_LINK_COLON, ret_span);
    }
    if (has_pair && is_password && kmi_secret_match_pair(text, at, false, ret_span)) return true;
    if (match_words(text, name, how, at, ret_span)) return true;
    if (how == KMI_LINK_COLON && name->value == KMI_VALUE_RANDOM) {
        if (is_word_at(text, at, "bearer") || is_word_at(text, at, "basic")) return false; /* they are names, too */
        at = skip_scheme(text, at);
    }
    bool is_query = name_start > 0 && strchr("?&#", text.ptr[name_start - 1]) != NULL;
    kmi_secret_found found = read_value(text, at, is_query, name_start > 0 && text.ptr[name_start - 1] == '<');
    if (found.end <= found.start) return false;
    kmi_secret_name plain = *name;
    plain.only_equals &= !has_user && !is_variable;
    if (!kmi_secret_value_is(text, &plain, how, &found)) return false;
    while (!found.is_quoted && found.end - found.start + 1 >= VALUE_LIMIT_BYTES && found.end < text.len &&
           (unsigned char)text.ptr[found.end] < 0x80 && !ends_value(text.ptr[found.end], is_query, false))
        found.end++;
    *ret_span = (kmi_secret_span){found.start, how == KMI_LINK_IS ? end_of_change(text, &plain, &found) : found.end,
                                  name->kind};
    return true;
}

bool kmi_secret_match_assignment(kmi_slice text, size_t name_start, size_t name_end, kmi_secret_span *ret_span) {
    const kmi_secret_name *name = kmi_secret_name_find(text, name_start, name_end);
    return name != NULL && match_name(text, name, name_start, name_end, ret_span);
}

bool kmi_secret_match_accented(kmi_slice text, size_t at, kmi_secret_span *ret_span) {
    size_t end = at;
    const kmi_secret_name *name = kmi_secret_name_find_accented(text, at, &end);
    return name != NULL && match_name(text, name, at, end, ret_span) && ret_span->start > at;
}
