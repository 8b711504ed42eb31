/* secret_places.c - secrets told by the place where they stand: behind an option of a command ("mysql -pHarbour7",
 * "curl -u ops:Harbour7"), before their name ("Harbour7 is the root password"), around a colon (bot tokens). Looking back
 * is bounded by a line and by LOOK_BACK_BYTES, so the scan stays linear. */
#include <stdint.h>
#include <string.h>

#include "extract/secret_match.h"

#define LOOK_BACK_BYTES 160
#define VALUE_LIMIT_BYTES 256
#define WORDS_BEFORE_NAME_MAX 5

static bool is_class(char c, unsigned classes) {
    return (kmi_secret_byte_class((unsigned char)c) & classes) != 0;
}

static bool is_token_byte(char c) {
    return is_class(c, KMI_BYTE_WORD) || c == '-';
}

/* The part of the line before `at` that is looked at. */
static kmi_slice line_before(kmi_slice text, size_t at) {
    size_t from = at;
    while (from > 0 && at - from < LOOK_BACK_BYTES && text.ptr[from - 1] != '\n') from--;
    return (kmi_slice){text.ptr + from, at - from};
}

static bool names_any(kmi_slice line, const char *const *commands) {
    for (; *commands != NULL; commands++)
        if (kmi_slice_find(line, kmi_slice_from(*commands), 0) != SIZE_MAX) return true;
    return false;
}

static size_t value_end(kmi_slice text, size_t at) {
    size_t end = at;
    while (end < text.len && end - at < VALUE_LIMIT_BYTES && !is_class(text.ptr[end], KMI_BYTE_SPACE) &&
           strchr("\"'`", text.ptr[end]) == NULL)
        end++;
    return end;
}

static bool set_span(kmi_slice text, size_t start, size_t end, const char *kind, kmi_secret_span *ret_span) {
    if (end < start + 3 || kmi_secret_is_placeholder((kmi_slice){text.ptr + start, end - start}) ||
        text.ptr[start] == '$')
        return false;
    *ret_span = (kmi_secret_span){start, end, kind};
    return true;
}

bool kmi_secret_match_option(kmi_slice text, size_t at, size_t word_end, kmi_secret_span *ret_span) {
    static const char *const databases[] = {"mysql", "mariadb", "sshpass", "mongo", NULL};
    static const char *const fetchers[] = {"curl", "wget", "http", "xh ", NULL};
    if (at < 2 || text.ptr[at - 1] != '-') return false;
    bool is_long = text.ptr[at - 2] == '-';
    bool is_password = !is_long && text.ptr[at] == 'p' && is_class(text.ptr[at - 2], KMI_BYTE_SPACE);
    bool is_user = (!is_long && text.ptr[at] == 'u' && word_end == at + 1) ||
                   (is_long && word_end - at == 4 && memcmp(text.ptr + at, "user", 4) == 0);
    if (!is_password && !is_user) return false;
    size_t value = is_password ? at + 1 : word_end;
    while (value < text.len && strchr(" ='\"", text.ptr[value]) != NULL) value++;
    size_t end = value_end(text, value);
    if (is_password) {
        bool is_glued = value == at + 1 || strchr("'\"", text.ptr[value - 1]) != NULL;
        return is_glued && end > value && names_any(line_before(text, at), databases) &&
               set_span(text, value, end, "password", ret_span);
    }
    const char *colon = memchr(text.ptr + value, ':', end - value);
    return colon != NULL && colon > text.ptr + value && names_any(line_before(text, at), fetchers) &&
           set_span(text, (size_t)(colon - text.ptr) + 1, end, "password", ret_span);
}

/* Digits, letters, and either both cases or a sign: what nobody says in a sentence. */
static bool is_surely_random(kmi_slice value, size_t least_len) {
    size_t digits = 0, upper = 0, lower = 0, signs = 0;
    for (size_t i = 0; i < value.len; i++) {
        digits += is_class(value.ptr[i], KMI_BYTE_DIGIT);
        upper += is_class(value.ptr[i], KMI_BYTE_UPPER);
        lower += is_class(value.ptr[i], KMI_BYTE_LOWER);
        signs += strchr("!@#$%^&*+=~?", value.ptr[i]) != NULL;
    }
    if (value.len < least_len || upper + lower == 0) return false;
    return (digits > 0 && upper > 0 && lower > 1) || (digits > 0 && signs > 0) ||
           (signs > 0 && upper > 0 && lower > 0) || (digits > 2 && value.len >= 12);
}

bool kmi_secret_match_before_name(kmi_slice text, size_t name_start, bool is_password, kmi_secret_span *ret_span) {
    kmi_slice line = line_before(text, name_start);
    size_t offset = name_start - line.len, at = line.len;
    for (size_t words = 0; words <= WORDS_BEFORE_NAME_MAX; words++) {
        while (at > 0 && line.ptr[at - 1] == ' ') at--;
        size_t end = at;
        while (at > 0 && (is_class(line.ptr[at - 1], KMI_BYTE_WORD) || strchr("'-", line.ptr[at - 1]) != NULL)) at--;
        kmi_slice word = {line.ptr + at, end - at};
        if (word.len == 0) return false;
        if (!kmi_slice_equal_nocase(word, KMI_SLICE_LITERAL("is")) &&
            !kmi_slice_equal_nocase(word, KMI_SLICE_LITERAL("as")) &&
            !kmi_slice_equal_nocase(word, KMI_SLICE_LITERAL("was")))
            continue;
        while (at > 0 && line.ptr[at - 1] == ' ') at--;
        size_t value_to = at;
        while (at > 0 && line.ptr[at - 1] != ' ') at--;
        while (value_to > at && strchr("\"'`,)", line.ptr[value_to - 1]) != NULL) value_to--;
        while (at < value_to && strchr("\"'`(", line.ptr[at]) != NULL) at++;
        kmi_slice value = {line.ptr + at, value_to - at};
        if (!is_surely_random(value, is_password ? 6 : 16) || memchr(value.ptr, '/', value.len) != NULL) return false;
        return set_span(text, offset + at, offset + value_to, is_password ? "password" : "secret", ret_span);
    }
    return false;
}

bool kmi_secret_match_pair(kmi_slice text, size_t at, kmi_secret_span *ret_span) {
    size_t end = at;
    while (end < text.len && end - at < LOOK_BACK_BYTES &&
           (is_token_byte(text.ptr[end]) || text.ptr[end] == '.' || text.ptr[end] == '@'))
        end++;
    if (end == at) return false;
    while (end < text.len && text.ptr[end] == ' ') end++;
    if (end >= text.len || (text.ptr[end] != '/' && text.ptr[end] != ':')) return false;
    size_t value = end + 1;
    while (value < text.len && text.ptr[value] == ' ') value++;
    size_t stop = value_end(text, value);
    while (stop > value && strchr(".,;)]", text.ptr[stop - 1]) != NULL) stop--;
    if (!is_surely_random((kmi_slice){text.ptr + value, stop - value}, 6)) return false;
    return set_span(text, value, stop, "password", ret_span);
}

bool kmi_secret_match_bot_token(kmi_slice text, size_t colon, kmi_secret_span *ret_span) {
    size_t start = colon, end = colon + 1, digits = 0;
    if (end >= text.len || text.ptr[end] != 'A') return false;
    while (start > 0 && colon - start < 16 && is_token_byte(text.ptr[start - 1])) {
        start--;
        digits += is_class(text.ptr[start], KMI_BYTE_DIGIT);
    }
    while (end < text.len && end - colon < 512 && is_token_byte(text.ptr[end])) end++;
    size_t before = colon - start, behind = end - colon - 1;
    bool is_telegram = digits == before && before >= 8 && before <= 10 && behind >= 33 && behind <= 40;
    bool is_firebase = before == 11 && memcmp(text.ptr + start, "AAAA", 4) == 0 && behind >= 100;
    if (!is_telegram && !is_firebase) return false;
    *ret_span = (kmi_secret_span){start, end, is_telegram ? "telegram-token" : "firebase-key"};
    return true;
}
