/* secret_tokens.c - tokens that announce themselves by a prefix, and passwords inside connection strings.
 *
 * The table is data (secret_kinds.inc). Per first byte it is reached through a linear walk over at most a dozen rows with
 * a length check and memcmp: cheaper than building any index, since nearly every word of a text fails on its first byte. */
#include "extract/secret_match.h"

#include <stdint.h>
#include <string.h>

typedef enum alphabet {
    ALPHABET_A,
    ALPHABET_W,
    ALPHABET_U,
    ALPHABET_D,
    ALPHABET_D2,
    ALPHABET_D3,
    ALPHABET_B,
    ALPHABET_B2,
    ALPHABET_H,
    ALPHABET_P
} alphabet;
typedef enum shape { SHAPE_ANY, SHAPE_MIXED, SHAPE_SCRAMBLED, SHAPE_UUID, SHAPE_JWT, SHAPE_DISCORD } shape;

typedef struct token_rule {
    const char *prefix;
    uint8_t prefix_len;
    uint8_t least_len;
    uint8_t alphabet;
    uint8_t shape;
    const char *kind;
} token_rule;

#define TOKEN(prefix, least, letters, form, kind) \
    {(prefix), sizeof(prefix) - 1, (least), ALPHABET_##letters, SHAPE_##form, (kind)},
static const token_rule token_rules[] = {
#include "extract/secret_kinds.inc"
};
#undef TOKEN
#define TOKEN_RULE_COUNT (sizeof token_rules / sizeof token_rules[0])

#define U (KMI_BYTE_WORD | KMI_BYTE_UPPER)
#define L (KMI_BYTE_WORD | KMI_BYTE_LOWER)
#define N (KMI_BYTE_WORD | KMI_BYTE_DIGIT)
static const unsigned char byte_classes[256] = {
    ['\t'] = KMI_BYTE_SPACE, ['\n'] = KMI_BYTE_SPACE, ['\r'] = KMI_BYTE_SPACE, [' '] = KMI_BYTE_SPACE,
    ['\f'] = KMI_BYTE_SPACE, ['\v'] = KMI_BYTE_SPACE, ['0' ... '9'] = N,       ['A' ... 'Z'] = U,
    ['a' ... 'z'] = L,       ['_'] = KMI_BYTE_WORD,
};
/* The first bytes of the prefixes above; a unit test compares it with the table. */
static const bool token_starts[256] = {
    ['1'] = true, ['A'] = true, ['C'] = true, ['E'] = true, ['F'] = true, ['G'] = true, ['H'] = true, ['L'] = true,
    ['M'] = true, ['N'] = true, ['O'] = true, ['P'] = true, ['S'] = true, ['Y'] = true, ['a'] = true, ['b'] = true,
    ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, ['g'] = true, ['h'] = true, ['i'] = true, ['j'] = true,
    ['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true, ['r'] = true, ['s'] = true,
    ['t'] = true, ['v'] = true, ['w'] = true, ['x'] = true, ['y'] = true, ['z'] = true,
};
#undef U
#undef L
#undef N

unsigned kmi_secret_byte_class(unsigned char byte) {
    return byte_classes[byte];
}

bool kmi_secret_may_start_token(unsigned char byte) {
    return token_starts[byte];
}

static bool is_in_alphabet(unsigned char byte, alphabet letters) {
    unsigned class = byte_classes[byte];
    bool is_alnum = (class & (KMI_BYTE_UPPER | KMI_BYTE_LOWER | KMI_BYTE_DIGIT)) != 0;
    switch (letters) {
    case ALPHABET_A:
        return is_alnum;
    case ALPHABET_U:
        return (class & (KMI_BYTE_UPPER | KMI_BYTE_DIGIT)) != 0;
    case ALPHABET_H:
        return (class & KMI_BYTE_DIGIT) != 0 || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
    case ALPHABET_B:
        return is_alnum || byte == '+' || byte == '/' || byte == '=';
    case ALPHABET_B2:
        return is_alnum || byte == '+' || byte == '/' || byte == '=' || byte == '_' || byte == '-';
    case ALPHABET_D:
        return is_alnum || byte == '_' || byte == '-' || byte == '.';
    case ALPHABET_D2:
        return is_alnum || (byte != '\0' && strchr("_-.+=:", byte) != NULL);
    case ALPHABET_D3:
        return is_alnum || byte == '_' || byte == '-' || byte == '$';
    case ALPHABET_P:
        return is_alnum || byte == '_' || byte == '-' || byte == '/';
    case ALPHABET_W:
        return is_alnum || byte == '_' || byte == '-';
    }
    return false;
}

static bool is_mixed(kmi_slice value) {
    size_t digits = 0, upper = 0, lower = 0;
    for (size_t i = 0; i < value.len; i++) {
        unsigned class = byte_classes[(unsigned char)value.ptr[i]];
        digits += (class & KMI_BYTE_DIGIT) != 0;
        upper += (class & KMI_BYTE_UPPER) != 0;
        lower += (class & KMI_BYTE_LOWER) != 0;
    }
    return (digits > 0 && upper > 0 && lower > 0) || (digits >= 3 && upper + lower >= 3 && value.len >= 24);
}

static unsigned kind_of_byte(char c) {
    return byte_classes[(unsigned char)c] & (KMI_BYTE_UPPER | KMI_BYTE_LOWER | KMI_BYTE_DIGIT);
}

bool kmi_secret_is_scrambled(kmi_slice value) {
    size_t changes = 0, digits = 0;
    for (size_t i = 0; i < value.len; i++) {
        digits += kind_of_byte(value.ptr[i]) == KMI_BYTE_DIGIT;
        changes += i > 0 && kind_of_byte(value.ptr[i]) != kind_of_byte(value.ptr[i - 1]);
    }
    return digits >= 2 && digits < value.len && changes * 3 >= value.len;
}

bool kmi_secret_is_uuid(kmi_slice value) {
    if (value.len != 36) return false;
    for (size_t i = 0; i < value.len; i++) {
        bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_hyphen ? value.ptr[i] != '-' : !is_in_alphabet((unsigned char)value.ptr[i], ALPHABET_H)) return false;
    }
    return true;
}

/* A JSON web token has three parts; two are enough to be one whose signature was cut. */
static bool is_jwt(kmi_slice value) {
    const char *dot = memchr(value.ptr, '.', value.len);
    return dot != NULL && dot - value.ptr >= 8 && (size_t)(value.ptr + value.len - dot) > 8;
}

/* The number of a bot in base64, six signs of time, a signature. */
static bool is_discord(kmi_slice value) {
    const char *dot = memchr(value.ptr, '.', value.len);
    size_t left = dot != NULL ? (size_t)(value.ptr + value.len - dot) : 0;
    return dot != NULL && dot - value.ptr >= 20 && dot - value.ptr <= 28 && left > 34 && dot[7] == '.' &&
           is_mixed(value);
}

#define MASK_RUN 8

/* "sk_live_xxxxxxxx…": the same sign again and again masks a key. */
static bool is_masked(kmi_slice value) {
    size_t run = 1;
    for (size_t i = 1; i < value.len && run < MASK_RUN; i++) run = value.ptr[i] == value.ptr[i - 1] ? run + 1 : 1;
    return run >= MASK_RUN;
}

static bool has_shape(kmi_slice value, shape form) {
    if (is_masked(value)) return false;
    if (form == SHAPE_DISCORD) return is_discord(value);
    if (form == SHAPE_MIXED) return is_mixed(value);
    if (form == SHAPE_SCRAMBLED) return kmi_secret_is_scrambled(value);
    if (form == SHAPE_UUID) return kmi_secret_is_uuid(value);
    return form != SHAPE_JWT || is_jwt(value);
}

/* No token is shorter than this with its prefix; ordinary words end long before, and nothing else is asked of them. */
#define TOKEN_LEN_MIN 15

bool kmi_secret_match_token(kmi_slice text, size_t at, kmi_secret_span *ret_span) {
    size_t left = text.len - at;
    const char *ptr = text.ptr + at;
    if (left < TOKEN_LEN_MIN) return false;
    for (size_t i = 1; i < TOKEN_LEN_MIN; i++)
        if ((byte_classes[(unsigned char)ptr[i]] & KMI_BYTE_SPACE) != 0) return false;
    for (size_t i = 0; i < TOKEN_RULE_COUNT; i++) {
        const token_rule *rule = &token_rules[i];
        if (rule->prefix[0] > ptr[0]) break;
        if (rule->prefix[0] != ptr[0] || left < (size_t)rule->prefix_len + rule->least_len ||
            memcmp(ptr, rule->prefix, rule->prefix_len) != 0)
            continue;
        /* A shape may refuse a long run; tied to the start of the run it cannot be asked again inside of it. */
        if (rule->shape != SHAPE_ANY && at > 0 && (ptr[-1] == '-' || ptr[-1] == '.')) continue;
        size_t end = rule->prefix_len;
        while (end < left && is_in_alphabet((unsigned char)ptr[end], (alphabet)rule->alphabet)) end++;
        while (end > rule->prefix_len && (ptr[end - 1] == '.' || ptr[end - 1] == '/')) end--;
        kmi_slice value = {ptr + rule->prefix_len, end - rule->prefix_len};
        if (value.len < rule->least_len || !has_shape(value, (shape)rule->shape)) continue;
        *ret_span = (kmi_secret_span){at, at + end, rule->kind};
        return true;
    }
    return false;
}

/* "32 hexadecimal digits-us12" of Mailchimp, "14 signs.atlasv1.…" of Terraform, "pat… .64 digits" of Airtable: told by what stands behind. */
bool kmi_secret_match_suffixed(kmi_slice text, size_t at, size_t word_end, kmi_secret_span *ret_span) {
    static const char terraform[] = ".atlasv1.";
    size_t len = word_end - at, end = word_end;
    if (len == 32 && text.len - end > 4 && memcmp(text.ptr + end, "-us", 3) == 0) {
        end += 3;
        while (end < text.len && end - word_end < 6 && byte_classes[(unsigned char)text.ptr[end]] & KMI_BYTE_DIGIT)
            end++;
        if (end == word_end + 3) return false;
        *ret_span = (kmi_secret_span){at, end, "mailchimp-key"};
        return true;
    }
    if (len == 17 && memcmp(text.ptr + at, "pat", 3) == 0 && text.len - end > 60 && text.ptr[end] == '.') {
        end++;
        while (end < text.len && is_in_alphabet((unsigned char)text.ptr[end], ALPHABET_H)) end++;
        if (end - word_end < 60) return false;
        *ret_span = (kmi_secret_span){at, end, "airtable-token"};
        return true;
    }
    if (len != 14 || text.len - end < sizeof terraform + 39 ||
        memcmp(text.ptr + end, terraform, sizeof terraform - 1) != 0)
        return false;
    end += sizeof terraform - 1;
    while (end < text.len && is_in_alphabet((unsigned char)text.ptr[end], ALPHABET_W)) end++;
    *ret_span = (kmi_secret_span){at, end, "terraform-token"};
    return true;
}

/* Bytes that end the part of a URL in which user and password stand. */
static bool ends_authority(unsigned char byte) {
    return (byte_classes[byte] & KMI_BYTE_SPACE) != 0 || byte == '"' || byte == '\'' || byte == '`' || byte == '<' ||
           byte == '>' || byte == ')' || byte == '\0';
}

/* The '@' that ends user and password: the last one before the authority ends. A '/' ends it, unless an '@' still
 * follows in the same word and what precedes it looks like user:password (passwords with an unescaped '/'). */
static size_t find_at_sign(kmi_slice text, size_t from, size_t *ret_word_end) {
    size_t at = SIZE_MAX, slash = SIZE_MAX, i = from;
    for (; i < text.len && !ends_authority((unsigned char)text.ptr[i]); i++) {
        if (text.ptr[i] == ':' && i + 2 < text.len && text.ptr[i + 1] == '/' && text.ptr[i + 2] == '/') break;
        if (text.ptr[i] == '@' && slash == SIZE_MAX)
            at = i;
        else if ((text.ptr[i] == '/' || text.ptr[i] == '?') && slash == SIZE_MAX)
            slash = i;
    }
    *ret_word_end = i;
    return at;
}

bool kmi_secret_match_userinfo(kmi_slice text, size_t colon, kmi_secret_span *ret_span) {
    if (colon == 0 || colon + 3 >= text.len || text.ptr[colon + 1] != '/' || text.ptr[colon + 2] != '/' ||
        !(byte_classes[(unsigned char)text.ptr[colon - 1]] & KMI_BYTE_WORD))
        return false;
    size_t from = colon + 3, word_end = 0;
    size_t at = find_at_sign(text, from, &word_end);
    if (at == SIZE_MAX) return false;
    const char *separator = memchr(text.ptr + from, ':', at - from);
    if (separator == NULL) return false;
    size_t start = (size_t)(separator - text.ptr) + 1;
    kmi_slice password = {text.ptr + start, at - start};
    if (password.len == 0 || kmi_secret_is_placeholder(password)) return false;
    *ret_span = (kmi_secret_span){start, at, "connection-password"};
    return true;
}
