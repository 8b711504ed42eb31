/* secret_values.c - what a value beside a telling name looks like.
 *
 * How much it must look like a secret depends on what stands between: after '=' nearly everything is one, after " is "
 * only something that no English sentence would say there. Being wrong costs either way: a leak, or a memory that lost
 * its number ("the password is 12 characters long"). */
#include "extract/secret_values.h"

#include <string.h>

#include "extract/secret_match.h"

#define LONG_VALUE_BYTES 128 /* no word is that long: beside a telling name it is a secret whatever it looks like */

/* Words that stand where a value could stand: types, states, references. Compared without case. */
static const char *const placeholders[] = {
    "true",     "false",     "null",     "nil",       "none",     "string",   "str",        "text",      "bool",
    "boolean",  "int",       "required", "optional",  "redacted", "hidden",   "masked",     "empty",     "unset",
    "password", "passwd",    "pass",     "pwd",       "secret",   "token",    "key",        "apikey",    "api_key",
    "value",    "example",   "changeme", "undefined", "user",     "username", "your",       "self",      "expired",
    "invalid",  "missing",   "wrong",    "bytes",     "object",   "number",   "credential", "varchar",   "stored",
    "needed",   "mandatory", "managed",  "disabled",  "enabled",  "default",  "unknown",    "encrypted",
};
/* Beginnings of values that are names of methods or references to somewhere else. */
static const char *const harmless_beginnings[] = {
    "base64",   "sha1",   "sha2",    "sha3",    "sha5",      "sha-",     "md5",    "argon2",     "bcrypt",
    "scrypt",   "pbkdf2", "oauth",   "rs256",   "rs512",     "hs256",    "es256",  "aes",        "rsa",
    "ed25519",  "x509",   "utf",     "your",    "my_",       "my-",      "xxx",    "os.environ", "process.env",
    "env.",     "env(",   "getenv",  "config.", "settings.", "secrets.", "vault:", "${",         "{{",
    "$(",       "<",      "***",     "...",     "[redacted", "op://",    "arn:",   "ref+",       "http://",
    "https://", "!vault", "!secret", "!sub",    "!ref",      "!env",     "kv/",    "file:",      "/run/secrets",
    "2fa",      "pkcs",   "mfa",
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

bool kmi_secret_begins_harmlessly(kmi_slice value) {
    for (size_t i = 0; i < sizeof harmless_beginnings / sizeof harmless_beginnings[0]; i++)
        if (begins_lower(value, harmless_beginnings[i])) return true;
    return false;
}

bool kmi_secret_is_placeholder(kmi_slice value) {
    if (kmi_secret_begins_harmlessly(value)) return true;
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

static size_t count_byte(kmi_slice value, char c) {
    size_t count = 0;
    for (size_t i = 0; i < value.len; i++) count += value.ptr[i] == c;
    return count;
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

bool kmi_secret_looks_random(kmi_slice value, size_t least_len) {
    value_look look = look_at(value);
    if (value.len < least_len) return false;
    if (look.digits > 0 && look.upper + look.lower > 0) return true;
    bool has_odd_symbol = false;
    for (size_t i = 0; i < value.len; i++) has_odd_symbol |= strchr("!@#$%^&*+=~?|", value.ptr[i]) != NULL;
    return has_odd_symbol && look.upper + look.lower > 0;
}

/* Upper and lower case change more often than in any name of a program: "xUmzTqhMvuMx". */
static bool is_jumbled(kmi_slice value) {
    size_t changes = 0;
    for (size_t i = 1; i < value.len; i++) {
        bool was_upper = is_class(value.ptr[i - 1], KMI_BYTE_UPPER), is_upper = is_class(value.ptr[i], KMI_BYTE_UPPER);
        changes += was_upper != is_upper;
    }
    return value.len >= 8 && changes >= 4 && changes * 5 >= value.len * 2 && memchr(value.ptr, ' ', value.len) == NULL;
}

/* "correct-horse-battery": three parts and more, the last of which is no participle ("company-wide-enforced"). */
static bool is_hyphenated_phrase(kmi_slice value, const value_look *look) {
    size_t hyphens = count_byte(value, '-');
    kmi_slice ed = KMI_SLICE_LITERAL("ed");
    return hyphens >= 2 && value.len >= 12 && look->digits + look->upper + look->lower + hyphens == value.len &&
           !kmi_slice_ends_with(value, ed) && count_byte(value, '/') == 0;
}

/* UPPER_SNAKE names an environment variable, a path names a file; neither is the secret itself. */
static bool is_reference(kmi_slice value, const value_look *look) {
    if (look->upper > 0 && look->lower == 0 && memchr(value.ptr, '_', value.len) != NULL && look->digits < 3)
        return true;
    if (value.ptr[0] == '/' || value.ptr[0] == '~' || (value.len > 1 && value.ptr[0] == '.' && value.ptr[1] == '/'))
        return look->digits < 4;
    return false;
}

/* What a sentence says of passwords: "the password is expired", "is weak", "is optional". */
static bool is_description(kmi_slice value) {
    static const char *const endings[] = {"ed",  "ing", "able", "ible", "ive",  "ory",  "al",  "ful", "less",
                                          "ly",  "en",  "ent",  "ant",  "ous",  "ic",   "ary", "er",  "est",
                                          "ate", "ete", "only", "text", "wide", "side", "self"};
    static const char *const words[] = {
        "weak",      "strong",  "wrong",  "right",    "short",      "long",     "same",     "safe",     "secure",
        "public",    "there",   "here",   "blank",    "valid",      "unknown",  "random",   "unique",   "gone",
        "okay",      "correct", "simple", "lost",     "hashed",     "yours",    "mine",     "ours",     "bound",
        "salted",    "stale",   "reset",  "needed",   "sent",       "shown",    "kept",     "known",    "false",
        "empty",     "trivial", "crap",   "great",    "useless",    "leaked",   "always",   "never",    "about",
        "above",     "below",   "still",  "again",    "again",      "fixed",    "ready",    "required", "unset",
        "split",     "rotten",  "plain",  "bcrypt",   "argon2",     "basic",    "those",    "these",    "their",
        "where",     "which",   "what",   "under",    "after",      "before",   "until",    "without",  "within",
        "extremely", "really",  "quite",  "annoying", "ridiculous", "nonsense", "overkill", "obsolete", "alphanumeric",
        "numeric",   "live",    "wired",  "bogus",    "tricky",     "mixed",    "sticky",   "broken",   "stolen",
        "shared",    "local",   "global", "private",  "secret",     "sensitive"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (value.len > strlen(endings[i]) + 1 && kmi_slice_ends_with(value, kmi_slice_from(endings[i]))) return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (equals_lower(value.ptr, value.len, words[i])) return true;
    return false;
}

static bool is_plain_word(kmi_slice value, const value_look *look) {
    return value.len >= 5 && look->lower >= value.len - 1 && look->lower + look->upper == value.len &&
           !is_description(value);
}

/* A long value of letters and digits that no program calls a thing: neither a UUID nor a digest nor a name with parts. */
static bool is_key_like(kmi_slice value, bool may_be_hexadecimal) {
    value_look look = look_at(value);
    size_t odd = 0;
    for (size_t i = 0; i < value.len; i++)
        odd += !is_class(value.ptr[i], KMI_BYTE_WORD) && strchr("+/=-.%", value.ptr[i]) == NULL;
    if (value.len < 16 || odd > 0 || look.digits == 0 || kmi_secret_is_uuid(value)) return false;
    if (look.upper > 0 && look.lower > 0) return look.digits > 1 || is_jumbled(value);
    if (look.upper > 0 && look.symbols == 0) return look.digits > 1 && kmi_secret_is_scrambled(value);
    return may_be_hexadecimal && value.len >= 24 && look.digits >= 4 && look.symbols == 0;
}

/* "4821", "4821#"; with letters only where they are few ("C4821"). */
static bool is_digits_code(kmi_slice value, const value_look *look, kmi_secret_link how, bool may_have_letters) {
    size_t hyphens = count_byte(value, '-'), signs = count_byte(value, '#') + count_byte(value, '*');
    if (look->digits < 4 || look->digits > 12 || look->symbols != hyphens + signs || hyphens > 3) return false;
    if (look->upper + look->lower > 0)
        return may_have_letters && how > KMI_LINK_SPACE && look->lower == 0 && hyphens == 0;
    return hyphens == 0 || how > KMI_LINK_SPACE;
}

static bool is_after_colon(kmi_slice value, const kmi_secret_name *name, const kmi_secret_found *found,
                           const value_look *look) {
    bool is_password = name->value == KMI_VALUE_PASSWORD;
    if (found->is_quoted) return value.len >= 6 && memchr(value.ptr, ' ', value.len) == NULL;
    if (name->only_equals) /* "pass: Moon!Path", but not the "PASS: test_7" of a test run */
        return found->ends_line && value.len >= 6 && look->upper > 0 && look->lower > 0 &&
               (look->symbols > count_byte(value, '_') || look->digits > 1 || is_jumbled(value)) &&
               (kmi_secret_looks_random(value, 6) || is_jumbled(value));
    return kmi_secret_looks_random(value, 6) || (look->digits == value.len && value.len >= 4 && is_password) ||
           (is_password && found->ends_line && value.len >= 6 && (look->upper + look->lower + look->digits > 0)) ||
           (found->ends_line && value.len >= 16);
}

static bool is_in_sentence(kmi_slice value, const kmi_secret_name *name, kmi_secret_link how,
                           const kmi_secret_found *found, const value_look *look) {
    bool is_password = name->value == KMI_VALUE_PASSWORD;
    if (how == KMI_LINK_IS && found->is_quoted) return value.len >= 4 && memchr(value.ptr, ' ', value.len) == NULL;
    if (is_jumbled(value)) return true;
    if (how == KMI_LINK_SPACE && found->is_quoted)
        return is_password && value.len >= 6 && memchr(value.ptr, ' ', value.len) == NULL &&
               count_byte(value, '_') == 0;
    if (how == KMI_LINK_SPACE && (!is_password || name->qualifiers != NULL))
        return kmi_secret_looks_random(value, 16) && look->digits > 1;
    if (how == KMI_LINK_SPACE)
        return kmi_secret_looks_random(value, 6) && (look->digits > 0 || (look->upper > 0 && look->lower > 0));
    return kmi_secret_looks_random(value, 6) ||
           (is_password &&
            (is_hyphenated_phrase(value, look) || (look->digits == value.len && value.len >= 4 && found->ends_clause) ||
             (found->ends_clause && is_plain_word(value, look))));
}

bool kmi_secret_value_is(kmi_slice text, const kmi_secret_name *name, kmi_secret_link how,
                         const kmi_secret_found *found) {
    kmi_slice value = {text.ptr + found->start, found->end - found->start};
    if (how == KMI_LINK_NONE || value.len < 3 || kmi_secret_is_placeholder(value)) return false;
    value_look look = look_at(value);
    if (name->value == KMI_VALUE_DIGITS)
        return is_digits_code(value, &look, how, name->qualifiers != NULL) &&
               (how > KMI_LINK_SPACE || found->ends_clause);
    if (value.len >= LONG_VALUE_BYTES && found->is_ascii) return true;
    if (name->value == KMI_VALUE_HEADER)
        return how == KMI_LINK_SPACE && value.len >= 8 &&
               (kmi_secret_looks_random(value, 8) || (look.upper > 1 && look.lower > 1 && value.len >= 12));
    if (is_reference(value, &look)) return false;
    if (name->value == KMI_VALUE_RANDOM && strcmp(name->kind, "secret") == 0 && look.lower == 0 && value.len >= 16)
        return look.digits > 0 && look.symbols == 0; /* the seed of one-time passwords: base32 */
    if (name->value == KMI_VALUE_RANDOM)
        return how != KMI_LINK_SPACE && is_key_like(value, how == KMI_LINK_EQUALS || how == KMI_LINK_COLON);
    bool is_word = look.digits == 0 && look.symbols == 0;
    switch (how) {
    case KMI_LINK_EQUALS:
        return (found->is_quoted || !(found->is_call && look.digits == 0)) &&
               !(look.digits > 0 && look.digits < 4 && look.digits == value.len);
    case KMI_LINK_COLON:
        return is_after_colon(value, name, found, &look);
    case KMI_LINK_OPTION:
        return value.ptr[0] != '-' && (!is_word || is_jumbled(value)) && value.ptr[0] != '(';
    case KMI_LINK_IS:
    case KMI_LINK_WITH:
    case KMI_LINK_SPACE:
        return is_in_sentence(value, name, how, found, &look);
    case KMI_LINK_NONE:
        break;
    }
    return false;
}

/* ---- Several words ---- */

static bool builds_sentences(const char *word, size_t len) {
    static const char *const words[] = {"the",  "a",      "an",   "is",    "are",    "was",   "be",  "to",    "of",
                                        "for",  "and",    "or",   "not",   "at",     "in",    "on",  "by",    "with",
                                        "from", "it",     "that", "this",  "we",     "you",   "i",   "must",  "should",
                                        "can",  "will",   "has",  "have",  "too",    "very",  "no",  "as",    "but",
                                        "than", "then",   "when", "if",    "my",     "your",  "our", "least", "only",
                                        "also", "stored", "so",   "after", "before", "every", "all", "same",  "does"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (equals_lower(word, len, words[i])) return true;
    return false;
}

#define PHRASE_WORDS_MAX 26

bool kmi_secret_value_is_phrase(kmi_slice text, size_t at, size_t least, size_t *ret_end) {
    size_t words = 0, end = at;
    while (words < PHRASE_WORDS_MAX) {
        size_t from = end;
        while (end < text.len && end - from < 16 && text.ptr[end] >= 'a' && text.ptr[end] <= 'z') end++;
        if (end - from < 3 || builds_sentences(text.ptr + from, end - from)) return false;
        words++;
        if (end + 1 >= text.len || text.ptr[end] != ' ' || !(text.ptr[end + 1] >= 'a' && text.ptr[end + 1] <= 'z'))
            break;
        end++;
    }
    bool ends_clause = end >= text.len || strchr(".,;:!\"'`\n\r)", text.ptr[end]) != NULL;
    *ret_end = end;
    return words >= least && ends_clause;
}

bool kmi_secret_value_is_codes(kmi_slice text, size_t at, size_t *ret_end) {
    size_t end = at, codes = 0;
    while (codes < 24) {
        size_t from = end, digits = 0;
        while (end < text.len && end - from < 40 && (is_class(text.ptr[end], KMI_BYTE_WORD) || text.ptr[end] == '-')) {
            digits += is_class(text.ptr[end], KMI_BYTE_DIGIT);
            end++;
        }
        if (end - from < 6 || digits < 2) {
            end = from;
            break;
        }
        codes++;
        *ret_end = end;
        while (end < text.len && strchr(", \n\t-*;", text.ptr[end]) != NULL && end - *ret_end < 4) end++;
    }
    return codes > 0;
}
