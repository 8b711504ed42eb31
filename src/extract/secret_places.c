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

/* How a command takes a password. */
typedef enum option_form {
    FORM_GLUED,  /* -pHarbour7, quoted or not */
    FORM_EITHER, /* also -p Harbour7 */
    FORM_PAIR,   /* -u name:Harbour7, glued or not */
    FORM_PERCENT /* -U name%Harbour7 */
} option_form;

static const struct {
    const char *command; /* stands on the line before */
    const char *option;  /* without its hyphens */
    option_form form;
} option_rules[] = {
    {"mysql", "p", FORM_GLUED},
    {"mariadb", "p", FORM_GLUED},
    {"7z", "p", FORM_GLUED},
    {"rar ", "p", FORM_GLUED},
    {"rar ", "hp", FORM_GLUED},
    {"sshpass", "p", FORM_EITHER},
    {"mongo", "p", FORM_EITHER},
    {"docker login", "p", FORM_EITHER},
    {"podman login", "p", FORM_EITHER},
    {"az login", "p", FORM_EITHER},
    {"cqlsh", "p", FORM_EITHER},
    {"oc login", "p", FORM_EITHER},
    {"helm registry", "p", FORM_EITHER},
    {"influx", "p", FORM_EITHER},
    {"clickhouse", "p", FORM_EITHER},
    {"sqlcmd", "P", FORM_EITHER},
    {"bcp ", "P", FORM_EITHER},
    {"zip ", "P", FORM_EITHER},
    {"ipmitool", "P", FORM_EITHER},
    {"tsql", "P", FORM_EITHER},
    {"isql", "P", FORM_EITHER},
    {"redis-cli", "a", FORM_EITHER},
    {"valkey-cli", "a", FORM_EITHER},
    {"snmp", "A", FORM_EITHER},
    {"snmp", "X", FORM_EITHER},
    {"ldap", "w", FORM_EITHER},
    {"openssl", "k", FORM_EITHER},
    {"mosquitto", "P", FORM_EITHER},
    {"rabbitmqadmin", "p", FORM_EITHER},
    {"cadaver", "p", FORM_EITHER},
    {"smbclient", "U", FORM_PERCENT},
    {"rpcclient", "U", FORM_PERCENT},
    {"net ", "U", FORM_PERCENT},
    {"curl", "u", FORM_PAIR},
    {"curl", "user", FORM_PAIR},
    {"curl", "proxy-user", FORM_PAIR},
    {"wget", "u", FORM_PAIR},
    {"http", "a", FORM_PAIR},
    {"http", "auth", FORM_PAIR},
    {"http", "u", FORM_PAIR},
    {"http", "user", FORM_PAIR},
    {"xh ", "a", FORM_PAIR},
    {"xh ", "u", FORM_PAIR},
    {"wrk", "u", FORM_PAIR},
    {"lftp", "u", FORM_PAIR},
};

/* "Harbour7" of a value that may be "name:Harbour7". */
static bool take_option_value(kmi_slice text, size_t word_end, option_form form, bool is_glued,
                              kmi_secret_span *ret_span) {
    size_t value = word_end;
    if (!is_glued)
        while (value < text.len && (text.ptr[value] == ' ' || text.ptr[value] == '=')) value++;
    bool is_quoted = value < text.len && strchr("'\"", text.ptr[value]) != NULL;
    value += is_quoted;
    if (value >= text.len || text.ptr[value] == '-') return false;
    size_t end = value_end(text, value);
    if (form == FORM_GLUED && !is_glued) return false;
    if (form != FORM_PAIR && form != FORM_PERCENT) return set_span(text, value, end, "password", ret_span);
    const char *mark = memchr(text.ptr + value, form == FORM_PAIR ? ':' : '%', end - value);
    return mark != NULL && mark > text.ptr + value &&
           set_span(text, (size_t)(mark - text.ptr) + 1, end, "password", ret_span);
}

/* "-password x", "-port 8086": a name behind one hyphen, and no value glued to a letter. */
static bool is_long_name(kmi_slice text, size_t at) {
    static const char *const names[] = {"password", "pass ", "port", "profile", "project", "path",
                                        "pretty",   "print", "user", "auth",    "all"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (kmi_slice_starts_with(kmi_slice_sub(text, at, 16), kmi_slice_from(names[i]))) return true;
    return false;
}

bool kmi_secret_match_option(kmi_slice text, size_t at, size_t word_end, kmi_secret_span *ret_span) {
    if (at < 2 || text.ptr[at - 1] != '-') return false;
    bool is_long = text.ptr[at - 2] == '-';
    if (!is_long && !is_class(text.ptr[at - 2], KMI_BYTE_SPACE)) return false;
    kmi_slice line = {NULL, 0};
    for (size_t i = 0; i < sizeof option_rules / sizeof option_rules[0]; i++) {
        size_t len = strlen(option_rules[i].option);
        bool is_long_option = len > 2;
        if (is_long != is_long_option || word_end - at < len || memcmp(text.ptr + at, option_rules[i].option, len) != 0)
            continue;
        /* Behind a digit or a port ("-p5433", "-p 8080:80") stands no password; a glued one is a word of its own. */
        bool is_glued =
            !is_long && (word_end > at + len || strchr("'\"", at + len < text.len ? text.ptr[at + len] : ' ') != NULL);
        if ((is_long && word_end != at + len) || (is_glued && is_long_name(text, at))) continue;
        if (line.ptr == NULL) line = line_before(text, at);
        if (kmi_slice_find(line, kmi_slice_from(option_rules[i].command), 0) == SIZE_MAX) continue;
        if (take_option_value(text, at + len, option_rules[i].form, is_glued, ret_span)) return true;
    }
    return false;
}

static bool is_command(kmi_slice text, size_t at, size_t end, const char *word) {
    return kmi_slice_equal_nocase((kmi_slice){text.ptr + at, end - at}, kmi_slice_from(word));
}

bool kmi_secret_match_command(kmi_slice text, size_t at, size_t word_end, kmi_secret_span *ret_span) {
    size_t value = word_end;
    if (word_end - at < 4 || word_end >= text.len) return false;
    switch (text.ptr[at] | 0x20) {
    case 's': /* sqlplus scott/… */
    case 't': /* jdbc:oracle:thin:scott/… */
        if (!is_command(text, at, word_end, "sqlplus") &&
            !(is_command(text, at, word_end, "thin") && text.ptr[word_end] == ':'))
            return false;
        value++;
        while (value < text.len && is_token_byte(text.ptr[value])) value++;
        if (value >= text.len || text.ptr[value] != '/') return false;
        value++;
        break;
    case 'i': /* identified by '…' */
        if (!is_command(text, at, word_end, "identified")) return false;
        while (value < text.len && text.ptr[value] == ' ') value++;
        if (text.len - value < 4 || !is_command(text, value, value + 2, "by")) return false;
        value += 2;
        while (value < text.len && text.ptr[value] == ' ') value++;
        if (value >= text.len || strchr("'\"", text.ptr[value]) == NULL) return false;
        value++;
        break;
    case 'o': /* rclone obscure … */
        if (!is_command(text, at, word_end, "obscure") ||
            kmi_slice_find(line_before(text, at), KMI_SLICE_LITERAL("rclone"), 0) == SIZE_MAX)
            return false;
        value++;
        break;
    case 'e': /* echo "…" | docker login --password-stdin */
        if (!is_command(text, at, word_end, "echo") ||
            kmi_slice_find(kmi_slice_sub(text, word_end, LOOK_BACK_BYTES), KMI_SLICE_LITERAL("-stdin"), 0) == SIZE_MAX)
            return false;
        while (value < text.len && strchr(" \"'", text.ptr[value]) != NULL) value++;
        break;
    case 'p': /* openssl … -passin pass:… */
        if (!is_command(text, at, word_end, "pass") || text.ptr[word_end] != ':' ||
            kmi_slice_find(line_before(text, at), KMI_SLICE_LITERAL("-pass"), 0) == SIZE_MAX)
            return false;
        value++;
        break;
    default:
        return false;
    }
    size_t end = value_end(text, value);
    const char *host = memchr(text.ptr + value, '@', end - value);
    if ((text.ptr[at] | 0x20) == 't' || (text.ptr[at] | 0x20) == 's')
        end = host != NULL ? (size_t)(host - text.ptr) : end;
    return set_span(text, value, end, "password", ret_span);
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

/* What a person makes up: letters and two digits at the end, or three words with hyphens. */
static bool is_made_up(kmi_slice value) {
    size_t digits = 0, letters = 0, hyphens = 0, marks = 0;
    for (size_t i = 0; i < value.len; i++) {
        digits += is_class(value.ptr[i], KMI_BYTE_DIGIT);
        letters += is_class(value.ptr[i], KMI_BYTE_UPPER | KMI_BYTE_LOWER);
        hyphens += value.ptr[i] == '-';
        marks += strchr("-_!#$%&*", value.ptr[i]) != NULL;
    }
    if (value.len < 8 || letters < 4 || letters + digits + marks != value.len) return false;
    return digits >= 2 || (hyphens >= 2 && value.len >= 14);
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
        if (value.len == 0 || memchr(value.ptr, '/', value.len) != NULL ||
            !(is_surely_random(value, is_password ? 6 : 16) || (is_password && is_made_up(value))))
            return false;
        return set_span(text, offset + at, offset + value_to, is_password ? "password" : "secret", ret_span);
    }
    return false;
}

bool kmi_secret_match_pair(kmi_slice text, size_t at, bool is_certain, kmi_secret_span *ret_span) {
    size_t end = at;
    if (at < text.len && strchr("\"'`", text.ptr[at]) != NULL) end = ++at;
    while (end < text.len && end - at < LOOK_BACK_BYTES &&
           (is_token_byte(text.ptr[end]) || text.ptr[end] == '.' || text.ptr[end] == '@'))
        end++;
    if (end == at) return false;
    bool is_glued = end < text.len && text.ptr[end] != ' ';
    while (end < text.len && text.ptr[end] == ' ') end++;
    if (end >= text.len || (text.ptr[end] != '/' && text.ptr[end] != ':')) return false;
    bool is_colon = text.ptr[end] == ':';
    size_t value = end + 1;
    is_glued &= value < text.len && text.ptr[value] != ' ';
    while (value < text.len && text.ptr[value] == ' ') value++;
    size_t stop = value_end(text, value);
    while (stop > value && strchr(".,;)]", text.ptr[stop - 1]) != NULL) stop--;
    kmi_slice word = {text.ptr + value, stop - value};
    bool is_path = memchr(word.ptr, '/', word.len) != NULL;
    /* "admin:tulips" and "admin / tulips" only where a login is announced */
    bool is_taken = is_certain && word.len >= 6 && !is_path && is_glued == is_colon;
    bool is_port = is_colon && is_glued && word.len <= 5 && memchr(text.ptr + at, '.', end - at) != NULL;
    if (is_port || (!is_taken && !is_surely_random(word, 6))) return false;
    return set_span(text, value, stop, "password", ret_span);
}

bool kmi_secret_match_bot_token(kmi_slice text, size_t colon, kmi_secret_span *ret_span) {
    size_t start = colon, end = colon + 1, digits = 0;
    if (end >= text.len || text.ptr[end] != 'A') return false;
    while (start > 0 && colon - start < 16 && is_token_byte(text.ptr[start - 1])) {
        start--;
        digits += is_class(text.ptr[start], KMI_BYTE_DIGIT);
    }
    if (colon - start > 3 && memcmp(text.ptr + start, "bot", 3) == 0) start += 3; /* in the address of the service */
    while (end < text.len && end - colon < 512 && is_token_byte(text.ptr[end])) end++;
    size_t before = colon - start, behind = end - colon - 1;
    bool is_telegram = digits == before && before >= 8 && before <= 10 && behind >= 33 && behind <= 40;
    bool is_firebase = before == 11 && memcmp(text.ptr + start, "AAAA", 4) == 0 && behind >= 100;
    if (!is_telegram && !is_firebase) return false;
    *ret_span = (kmi_secret_span){start, end, is_telegram ? "telegram-token" : "firebase-key"};
    return true;
}

bool kmi_secret_match_password_file(kmi_slice text, size_t colon, kmi_secret_span *ret_span) {
    size_t at = colon + 1, from = at;
    while (at < text.len && at - from < 6 && is_class(text.ptr[at], KMI_BYTE_DIGIT)) at++;
    if (at - from < 4) return false;
    for (size_t field = 0; field < 2; field++) {
        if (at >= text.len || text.ptr[at] != ':') return false;
        from = ++at;
        while (at < text.len && at - from < 64 && (is_token_byte(text.ptr[at]) || text.ptr[at] == '*')) at++;
        if (at == from) return false;
    }
    if (at >= text.len || text.ptr[at] != ':') return false;
    size_t end = value_end(text, at + 1);
    return kmi_slice_find((kmi_slice){text.ptr + at + 1, end - at - 1}, KMI_SLICE_LITERAL(":"), 0) == SIZE_MAX &&
           set_span(text, at + 1, end, "password", ret_span);
}
