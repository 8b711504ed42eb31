/* secret_assignments.c - values that are secrets because of the name beside them: "DB_PASSWORD=…", "api key: …",
 * "the token is …", "Authorization: Bearer …".
 *
 * The scan calls in here for every word, so the first question is about its last letter and its length. How much a value
 * must look like a secret depends on what stands between: after '=' nearly everything is one, after " is " only
 * something that no English sentence would say there. Being wrong costs either way: a leak, or a memory that lost its
 * number ("the password is 12 characters long"). */
#include "extract/secret_match.h"

#include <stdint.h>
#include <string.h>

#define NAME_LIMIT_BYTES 128
#define VALUE_LIMIT_BYTES 1024 /* read before deciding; an accepted value is then followed to its end */
#define ACCENTED_LIMIT_BYTES 64
#define PURPOSE_WORDS_MAX 6
#define LONG_VALUE_BYTES 128 /* no word is that long: beside a telling name it is a secret whatever it looks like */

typedef enum link { LINK_NONE, LINK_SPACE, LINK_IS, LINK_COLON, LINK_EQUALS, LINK_OPTION } link;

typedef struct telling_name {
    const char *suffix; /* lower case */
    size_t suffix_len;
    const char *kind;
    bool needs_qualifier; /* "key" alone says nothing */
    bool only_equals;     /* too common in prose for anything but '=' */
} telling_name;

#define NAME(suffix, kind, qualified, equals) {(suffix), sizeof(suffix) - 1, (kind), (qualified), (equals)},
static const telling_name telling_names[] = {
    // clang-format off
    NAME("password", "password", false, false)
    NAME("passwd", "password", false, false)
    NAME("passwort", "password", false, false)
    NAME("kennwort", "password", false, false)
    NAME("passphrase", "password", false, false)
    NAME("passcode", "password", false, false)
    NAME("passe", "password", false, false) /* mot de passe */
    NAME("contrase", "password", false, false) /* contraseña: the ñ ends the word for the scan */
    NAME("contrasena", "password", false, false)
    NAME("senha", "password", false, false)
    NAME("wachtwoord", "password", false, false)
    NAME("senord", "password", false, false) /* lösenord */
    NAME("passord", "password", false, false)
    NAME("adgangskode", "password", false, false)
    NAME("salasana", "password", false, false)
    NAME("heslo", "password", false, false)
    NAME("passwords", "login", false, false)
    NAME("login", "login", false, false)
    NAME("logins", "login", false, false)
    NAME("creds", "login", false, false)
    NAME("account", "login", false, false)
    NAME("jsessionid", "session", false, true)
    NAME("phpsessid", "session", false, true)
    NAME("sessionid", "session", false, true)
    NAME("session_id", "session", false, true)
    NAME("sessid", "session", false, true)
    NAME("sid", "session", false, true)
    NAME("pwd", "password", false, false)
    NAME("pass", "password", false, true)
    NAME("pw", "password", false, false)
    NAME("secret", "secret", false, false)
    NAME("token", "token", false, false)
    NAME("apikey", "api-key", false, false)
    NAME("accountkey", "secret", false, false)
    NAME("sharedaccesskey", "secret", false, false)
    NAME("key", "api-key", true, false)
    NAME("credential", "credentials", false, false)
    NAME("credentials", "credentials", false, false)
    NAME("auth", "secret", false, true)
    NAME("sig", "signature", false, true)
    NAME("bearer", "bearer", false, false)
    NAME("basic", "basic-auth", false, false)
    // clang-format on
};
#undef NAME
#define TELLING_NAME_COUNT (sizeof telling_names / sizeof telling_names[0])

/* What makes a "key" a secret one. */
static const char *const key_qualifiers[] = {"api",     "access",  "secret",  "private", "encryption",  "signing",
                                             "account", "auth",    "license", "live",    "master",      "service",
                                             "shared",  "deploy",  "ssh",     "app",     "webhook",     "session",
                                             "client",  "storage", "admin",   "maps",    "subscription"};

/* Words that stand where a value could stand: types, states, references. Compared without case. */
static const char *const placeholders[] = {
    "true",     "false",   "null",     "nil",       "none",     "string",   "str",        "text",    "bool",
    "boolean",  "int",     "required", "optional",  "redacted", "hidden",   "masked",     "empty",   "unset",
    "password", "passwd",  "pass",     "pwd",       "secret",   "token",    "key",        "apikey",  "api_key",
    "value",    "example", "changeme", "undefined", "user",     "username", "your",       "self",    "expired",
    "invalid",  "missing", "wrong",    "bytes",     "object",   "number",   "credential", "varchar", "stored",
};
/* Beginnings of values that are names of methods or references to somewhere else. */
static const char *const harmless_beginnings[] = {
    "base64",   "sha1",   "sha2",         "sha3",    "sha5",      "sha-",     "md5",    "argon2",     "bcrypt",
    "scrypt",   "pbkdf2", "oauth",        "rs256",   "rs512",     "hs256",    "es256",  "aes",        "rsa",
    "ed25519",  "x509",   "utf",          "your",    "my_",       "my-",      "xxx",    "os.environ", "process.env",
    "env.",     "env(",   "getenv",       "config.", "settings.", "secrets.", "vault:", "${",         "{{",
    "$(",       "<",      "***",          "...",     "[redacted", "op://",    "arn:",   "ref+",       "http://",
    "https://", "file:",  "/run/secrets", "2fa",     "pkcs",      "mfa",
};

static unsigned char lower_byte(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool equals_lower(const char *ptr, size_t len, const char *word) {
    for (size_t i = 0; i < len; i++)
        if (word[i] == '\0' || lower_byte(ptr[i]) != (unsigned char)word[i]) return false;
    return word[len] == '\0';
}

static bool begins_lower(kmi_slice value, const char *beginning) {
    size_t len = strlen(beginning);
    if (value.len < len) return false;
    for (size_t i = 0; i < len; i++)
        if (lower_byte(value.ptr[i]) != (unsigned char)beginning[i]) return false;
    return true;
}

static bool is_class(char c, unsigned classes) {
    return (kmi_secret_byte_class((unsigned char)c) & classes) != 0;
}

static bool begins_harmlessly(kmi_slice value) {
    for (size_t i = 0; i < sizeof harmless_beginnings / sizeof harmless_beginnings[0]; i++)
        if (begins_lower(value, harmless_beginnings[i])) return true;
    return false;
}

bool kmi_secret_is_placeholder(kmi_slice value) {
    if (begins_harmlessly(value)) return true;
    size_t upper = 0, masks = 0;
    for (size_t i = 0; i < value.len; i++) {
        upper += is_class(value.ptr[i], KMI_BYTE_UPPER) || value.ptr[i] == '_';
        masks += value.ptr[i] == '*' || value.ptr[i] == 'x' || value.ptr[i] == 'X' || value.ptr[i] == '.';
    }
    if (value.len == 0 || masks == value.len || value.ptr[0] == '<' || value.ptr[0] == '[' || value.ptr[0] == '{' ||
        value.ptr[0] == '%')
        return true;
    if (value.ptr[0] == '$' && value.len > 1 && (value.ptr[1] == '{' || value.ptr[1] == '(' || upper + 1 == value.len))
        return true;
    for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++)
        if (equals_lower(value.ptr, value.len, placeholders[i])) return true;
    return false;
}

/* "key" counts if a qualifying word stands directly before it: "api_key", "apiKey", "X-Api-Key", "api key". */
static bool has_qualifier(kmi_slice text, size_t name_start, size_t suffix_start) {
    size_t end = suffix_start;
    if (end == name_start && end > 0 && (text.ptr[end - 1] == ' ' || text.ptr[end - 1] == '-')) end--;
    while (end > 0 && text.ptr[end - 1] == '_') end--;
    for (size_t i = 0; i < sizeof key_qualifiers / sizeof key_qualifiers[0]; i++) {
        size_t len = strlen(key_qualifiers[i]);
        if (end >= len && equals_lower(text.ptr + end - len, len, key_qualifiers[i])) return true;
    }
    return false;
}

static const telling_name *find_telling_name(kmi_slice text, size_t start, size_t end) {
    size_t len = end - start;
    if (len < 2 || len > NAME_LIMIT_BYTES) return NULL;
    unsigned char last = lower_byte(text.ptr[end - 1]), before_last = lower_byte(text.ptr[end - 2]);
    for (size_t i = 0; i < TELLING_NAME_COUNT; i++) {
        const telling_name *name = &telling_names[i];
        size_t suffix_len = name->suffix_len;
        if ((unsigned char)name->suffix[suffix_len - 1] != last ||
            (unsigned char)name->suffix[suffix_len - 2] != before_last || suffix_len > len ||
            !equals_lower(text.ptr + end - suffix_len, suffix_len, name->suffix))
            continue;
        bool is_whole = suffix_len == len || text.ptr[end - suffix_len - 1] == '_';
        if (name->only_equals && !is_whole) continue;
        if (name->needs_qualifier && !has_qualifier(text, start, end - suffix_len)) continue;
        return name;
    }
    return NULL;
}

static size_t skip_blanks(kmi_slice text, size_t at) {
    size_t end = at + 4;
    while (at < text.len && at < end && (text.ptr[at] == ' ' || text.ptr[at] == '\t')) at++;
    return at;
}

static bool is_word_at(kmi_slice text, size_t at, const char *word) {
    size_t len = strlen(word);
    return at + len < text.len && equals_lower(text.ptr + at, len, word) &&
           !is_class(text.ptr[at + len], KMI_BYTE_WORD);
}

/* Returns: the byte behind a verb that announces a value at `at`, 0 without one. */
static size_t find_verb(kmi_slice text, size_t at) {
    static const char *const verbs[] = {"is",  "was", "are", "will be", "lautet", "es",         "est",
                                        "era", "é",   "è",   "ist",     "set to", "changed to", "is now",
                                        "är",  "er",  "war", "était",   "on",     "je"};
    for (size_t i = sizeof verbs / sizeof verbs[0]; i-- > 0;)
        if (is_word_at(text, at, verbs[i])) return at + strlen(verbs[i]);
    return 0;
}

/* "set SMTP_PASS to …", "change the password to …": a verb of setting before the name. */
static bool is_being_set(kmi_slice text, size_t name_start) {
    static const char *const verbs[] = {"set", "change", "changed", "reset", "update", "updated", "rotate", "rotated"};
    size_t at = name_start;
    for (size_t words = 0; words < 3; words++) {
        while (at > 0 && text.ptr[at - 1] == ' ') at--;
        size_t end = at;
        while (at > 0 && end - at < NAME_LIMIT_BYTES && is_class(text.ptr[at - 1], KMI_BYTE_WORD)) at--;
        for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
            if (equals_lower(text.ptr + at, end - at, verbs[i])) return true;
    }
    return false;
}

/* "password for the staging box is …": steps over what it is for, a few words long. Returns: where the next word
 * stands, or `at` when no purpose follows. */
static size_t skip_purpose(kmi_slice text, size_t at) {
    static const char *const openings[] = {"for",  "of",  "to", "on",   "in",  "at",   "für", "zum", "zur",  "vom",
                                           "von",  "del", "de", "du",   "des", "para", "do",  "da",  "voor", "van",
                                           "till", "i",   "im", "pour", "per", "en",   "au",  "der"};
    bool is_purpose = false;
    for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) is_purpose |= is_word_at(text, at, openings[i]);
    if (!is_purpose) return at;
    for (size_t words = 0; words < PURPOSE_WORDS_MAX; words++) {
        size_t end = at;
        while (end < text.len && end - at < NAME_LIMIT_BYTES &&
               (is_class(text.ptr[end], KMI_BYTE_WORD) || strchr("-'/.", text.ptr[end]) != NULL ||
                (unsigned char)text.ptr[end] >= 0x80))
            end++;
        if (end == at || end >= text.len || text.ptr[end] != ' ') return at;
        at = skip_blanks(text, end);
        if (find_verb(text, at) > 0 && words > 0) return at;
    }
    return at;
}

/* What links name and value, and where the value may start. */
static link find_link(kmi_slice text, size_t name_start, size_t name_end, size_t *ret_value) {
    size_t at = name_end;
    if (at < text.len && (text.ptr[at] == '"' || text.ptr[at] == '\'' || text.ptr[at] == '`')) at++; /* a quoted key */
    if (at < text.len && text.ptr[at] == ']') at++;
    if (at + 3 <= text.len && memcmp(text.ptr + at, "ña", 3) == 0) at += 3; /* contraseña */
    size_t after_blanks = skip_blanks(text, at);
    if (after_blanks >= text.len) return LINK_NONE;
    char c = text.ptr[after_blanks];
    if (c == '=' || c == ':') {
        bool is_equals = c == '=';
        if (c == ':' && after_blanks + 1 < text.len && text.ptr[after_blanks + 1] == '=')
            after_blanks++, is_equals = true;
        while (after_blanks + 1 < text.len && (text.ptr[after_blanks + 1] == '=' || text.ptr[after_blanks + 1] == '>'))
            after_blanks++;
        *ret_value = skip_blanks(text, after_blanks + 1);
        return is_equals ? LINK_EQUALS : LINK_COLON;
    }
    if (after_blanks == at) return LINK_NONE;
    size_t behind_verb = find_verb(text, after_blanks);
    if (behind_verb == 0 && is_word_at(text, after_blanks, "to") && is_being_set(text, name_start))
        behind_verb = after_blanks + 2;
    if (behind_verb == 0) behind_verb = find_verb(text, skip_purpose(text, after_blanks));
    if (behind_verb > 0) {
        *ret_value = skip_blanks(text, behind_verb);
        if (*ret_value < text.len && text.ptr[*ret_value] == ':') *ret_value = skip_blanks(text, *ret_value + 1);
        return LINK_IS;
    }
    *ret_value = after_blanks;
    bool is_option = name_start >= 2 && text.ptr[name_start - 1] == '-' &&
                     (text.ptr[name_start - 2] == '-' || is_class(text.ptr[name_start - 2], KMI_BYTE_WORD));
    return is_option ? LINK_OPTION : LINK_SPACE;
}

typedef struct value_found {
    size_t start, end;
    bool is_quoted, ends_line, is_call, ends_clause, is_ascii;
} value_found;

static bool ends_value(char c, bool is_query) {
    return is_class(c, KMI_BYTE_SPACE) || c == '"' || c == '`' || (is_query && c == '&');
}

/* The value at `at`: to the closing quote, or to the next blank without the punctuation of the sentence around it. */
static value_found read_value(kmi_slice text, size_t at, bool is_query) {
    value_found value = {.start = at, .end = at, .is_ascii = true};
    if (at >= text.len) return value;
    char quote = text.ptr[at];
    size_t limit = text.len - at > VALUE_LIMIT_BYTES ? at + VALUE_LIMIT_BYTES : text.len;
    if (quote == '"' || quote == '\'' || quote == '`') {
        size_t end = at + 1;
        while (end < limit && text.ptr[end] != quote && text.ptr[end] != '\n') end++;
        if (end < limit && text.ptr[end] == quote) {
            return (value_found){.start = at + 1, .end = end, .is_quoted = true, .ends_clause = true};
        }
        value.start = ++at;
    }
    size_t end = at;
    while (end < limit && !ends_value(text.ptr[end], is_query)) {
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
    value.ends_line = rest >= text.len || text.ptr[rest] == '\n' || text.ptr[rest] == '\r';
    return value;
}

typedef struct value_look {
    size_t digits, upper, lower, symbols;
} value_look;

static value_look look_at(kmi_slice value) {
    value_look look = {0};
    for (size_t i = 0; i < value.len; i++) {
        look.digits += is_class(value.ptr[i], KMI_BYTE_DIGIT);
        look.upper += is_class(value.ptr[i], KMI_BYTE_UPPER);
        look.lower += is_class(value.ptr[i], KMI_BYTE_LOWER);
    }
    look.symbols = value.len - look.digits - look.upper - look.lower;
    return look;
}

/* Digits and letters mixed, or letters of both cases with symbols inside: nothing an English sentence says. */
static bool looks_random(kmi_slice value, const value_look *look, size_t least_len) {
    if (value.len < least_len) return false;
    if (look->digits > 0 && look->upper + look->lower > 0) return true;
    bool has_odd_symbol = false;
    for (size_t i = 0; i < value.len; i++) has_odd_symbol |= strchr("!@#$%^&*+=~?|", value.ptr[i]) != NULL;
    return has_odd_symbol && look->upper + look->lower > 0;
}

static size_t count_byte(kmi_slice value, char c) {
    size_t count = 0;
    for (size_t i = 0; i < value.len; i++) count += value.ptr[i] == c;
    return count;
}

/* UPPER_SNAKE names an environment variable, a path names a file; neither is the secret itself. */
static bool is_reference(kmi_slice value, const value_look *look) {
    if (look->upper > 0 && look->lower == 0 && memchr(value.ptr, '_', value.len) != NULL && look->digits < 3)
        return true;
    if (value.ptr[0] == '/' || value.ptr[0] == '~' || (value.len > 1 && value.ptr[0] == '.' && value.ptr[1] == '/'))
        return look->digits < 4;
    return false;
}

static bool is_secret_value(kmi_slice text, const telling_name *name, link how, const value_found *found) {
    kmi_slice value = {text.ptr + found->start, found->end - found->start};
    if (value.len < 3 || kmi_secret_is_placeholder(value)) return false;
    if (value.len >= LONG_VALUE_BYTES && found->is_ascii) return true;
    value_look look = look_at(value);
    bool is_password = strcmp(name->kind, "password") == 0;
    bool is_header = strcmp(name->kind, "bearer") == 0 || strcmp(name->kind, "basic-auth") == 0;
    if (is_header)
        return how == LINK_SPACE && value.len >= 8 &&
               (looks_random(value, &look, 8) || (look.upper > 1 && look.lower > 1 && value.len >= 12));
    if (is_reference(value, &look)) return false;
    bool is_word = look.digits == 0 && look.upper + look.lower + look.symbols == value.len && look.symbols == 0;
    switch (how) {
    case LINK_EQUALS:
        return found->is_quoted || !(found->is_call && look.digits == 0)
                   ? !(look.digits > 0 && look.digits < 4 && look.digits == value.len)
                   : false;
    case LINK_COLON:
        if (found->is_quoted) return value.len >= 6 && memchr(value.ptr, ' ', value.len) == NULL;
        if (name->only_equals) /* "pass: Moon!Path", but not the "PASS: test_7" of a test run */
            return found->ends_line && value.len >= 6 && look.upper > 0 && look.lower > 0 &&
                   (look.symbols > count_byte(value, '_')) && looks_random(value, &look, 6);
        return looks_random(value, &look, 6) || (look.digits == value.len && value.len >= 4 && is_password) ||
               (is_password && found->ends_line && value.len >= 6 && (look.upper + look.lower + look.digits > 0)) ||
               (found->ends_line && value.len >= 16);
    case LINK_OPTION:
        return value.ptr[0] != '-' && !is_word;
    case LINK_IS:
        if (found->is_quoted) return value.len >= 4 && memchr(value.ptr, ' ', value.len) == NULL;
        return looks_random(value, &look, 6) ||
               (look.digits == value.len && value.len >= 4 && is_password && found->ends_clause);
    case LINK_SPACE:
        if (name->needs_qualifier || !is_password) return looks_random(value, &look, 16) && look.digits > 1;
        return looks_random(value, &look, 6) && look.digits > 0;
    case LINK_NONE:
        break;
    }
    return false;
}

bool kmi_secret_match_assignment(kmi_slice text, size_t name_start, size_t name_end, kmi_secret_span *ret_span) {
    const telling_name *name = find_telling_name(text, name_start, name_end);
    if (name == NULL) return false;
    size_t at = 0;
    link how = find_link(text, name_start, name_end, &at);
    bool is_password = strcmp(name->kind, "password") == 0;
    bool may_stand_before = how != LINK_EQUALS && how != LINK_COLON && !name->only_equals;
    if (may_stand_before && kmi_secret_match_before_name(text, name_start, is_password, ret_span)) return true;
    bool is_variable = name_end - name_start > name->suffix_len; /* SMTP_PASS: not the pass of a mountain */
    bool may_link = !name->only_equals || how == LINK_EQUALS || (is_password && how == LINK_COLON) ||
                    (is_password && is_variable && how == LINK_IS);
    if (how == LINK_NONE || !may_link) return false;
    if (begins_harmlessly(kmi_slice_sub(text, at, 32))) return false; /* before reading on: it may be long */
    bool has_pair = how == LINK_COLON || how == LINK_IS;
    bool is_login = strcmp(name->kind, "login") == 0;
    if (has_pair && (is_login || is_password || name->kind[0] == 'c') && kmi_secret_match_pair(text, at, ret_span))
        return true;
    if (is_login) return false;
    bool is_query = name_start > 0 && (text.ptr[name_start - 1] == '?' || text.ptr[name_start - 1] == '&');
    value_found found = read_value(text, at, is_query);
    if (found.end <= found.start || !is_secret_value(text, name, how, &found)) return false;
    while (!found.is_quoted && found.end - found.start + 1 >= VALUE_LIMIT_BYTES && found.end < text.len &&
           (unsigned char)text.ptr[found.end] < 0x80 && !ends_value(text.ptr[found.end], is_query))
        found.end++;
    *ret_span = (kmi_secret_span){found.start, found.end, name->kind};
    return true;
}
