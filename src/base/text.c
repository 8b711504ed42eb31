/* text.c - single characters: validity, classes, widths.
 *
 * Widths come from utf8proc, not from wcwidth(): that one needs a locale. A sequence of characters that a terminal may
 * draw as one picture (flags, families) counts as the sum of its parts, as most terminals do; it is never cut inside. */
#include "base/text.h"

#include <string.h>
#include <utf8proc.h>

#include "base/text_fold.h"

#define REPLACEMENT_CHARACTER 0xFFFD

/* Returns: the length of the longest prefix of plain ASCII without NUL, found eight bytes at a time. */
static size_t skip_ascii(kmi_slice text, size_t from) {
    size_t at = from;
    while (text.len - at >= 8) {
        uint64_t word = 0;
        memcpy(&word, text.ptr + at, sizeof word);
        bool has_high = (word & UINT64_C(0x8080808080808080)) != 0;
        bool has_nul = ((word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080)) != 0;
        if (has_high || has_nul) break;
        at += 8;
    }
    while (at < text.len && text.ptr[at] > 0) at++;
    return at;
}

km_status kmi_text_check_utf8(kmi_slice text, const char *what, km_error *error) {
    for (size_t at = skip_ascii(text, 0); at < text.len; at = skip_ascii(text, at)) {
        if (text.ptr[at] == '\0') {
            return kmi_fail(error, KM_E_INVALID, "%s holds a NUL character at byte %zu: remove it", what, at);
        }
        utf8proc_int32_t codepoint = -1;
        utf8proc_ssize_t len =
            utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + at, (utf8proc_ssize_t)(text.len - at), &codepoint);
        if (len <= 0) {
            return kmi_fail(error, KM_E_INVALID, "%s is not valid UTF-8 at byte %zu: convert it to UTF-8", what, at);
        }
        at += (size_t)len;
    }
    return KM_OK;
}

int32_t kmi_text_next(kmi_slice text, size_t *offset) {
    unsigned char first = (unsigned char)text.ptr[*offset];
    if (first < 0x80) {
        *offset += 1;
        return first;
    }
    utf8proc_int32_t codepoint = -1;
    utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + *offset,
                                            (utf8proc_ssize_t)(text.len - *offset), &codepoint);
    *offset += len > 0 ? (size_t)len : 1; /* a broken byte must not stop the walk */
    return len > 0 ? codepoint : REPLACEMENT_CHARACTER;
}

bool kmi_text_is_blank(kmi_slice text) {
    for (size_t at = 0; at < text.len;) {
        switch (utf8proc_category(kmi_text_next(text, &at))) {
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF:
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            break;
        default:
            return false;
        }
    }
    return true;
}

bool kmi_text_is_word_char(int32_t codepoint) {
    if (codepoint < 0x80) {
        return (codepoint >= 'a' && codepoint <= 'z') || (codepoint >= 'A' && codepoint <= 'Z') ||
               (codepoint >= '0' && codepoint <= '9');
    }
    switch (utf8proc_category(codepoint)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

bool kmi_text_is_mark(int32_t codepoint) {
    if (codepoint < 0x0300) return false;
    utf8proc_category_t category = utf8proc_category(codepoint);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

/* Korean has spaces, but glues its particles to the words: pairs of syllables find them, whole words do not. */
bool kmi_text_is_cjk(int32_t codepoint) {
    static const struct {
        int32_t first, last;
    } SCRIPTS[] = {
        {0x0E01, 0x0EFF},   /* Thai, Lao */
        {0x1000, 0x109F},   /* Myanmar */
        {0x1100, 0x11FF},   /* Hangul letters */
        {0x1780, 0x17FF},   /* Khmer */
        {0x2E80, 0x2FDF},   /* Han radicals */
        {0x3005, 0x3007},   /* iteration mark, zero */
        {0x3021, 0x3035},   /* numerals, kana repeat marks */
        {0x3041, 0x30FF},   /* Hiragana, Katakana */
        {0x3105, 0x312F},   /* Bopomofo */
        {0x31A0, 0x31BF},   /* Bopomofo */
        {0x31F0, 0x31FF},   /* Katakana */
        {0x3400, 0x4DBF},   /* Han */
        {0x4E00, 0x9FFF},   /* Han */
        {0xAC00, 0xD7A3},   /* Hangul */
        {0xF900, 0xFAFF},   /* Han */
        {0xFF66, 0xFF9F},   /* halfwidth Katakana */
        {0x1B000, 0x1B16F}, /* Kana */
        {0x20000, 0x3FFFF}, /* Han */
    };
    if (codepoint < SCRIPTS[0].first) return false;
    for (size_t i = 0; i < sizeof SCRIPTS / sizeof SCRIPTS[0]; i++) {
        if (codepoint <= SCRIPTS[i].last) return codepoint >= SCRIPTS[i].first;
    }
    return false;
}

/* Returns: columns of one character; 0 for marks and controls. */
static size_t character_width(int32_t codepoint) {
    if (codepoint >= 0x20 && codepoint < 0x7F) return 1;
    int width = utf8proc_charwidth(codepoint);
    return width > 0 ? (size_t)width : 0;
}

size_t kmi_text_width(kmi_slice text) {
    size_t columns = 0;
    for (size_t at = 0; at < text.len;) columns += character_width(kmi_text_next(text, &at));
    return columns;
}

kmi_slice kmi_text_cut(kmi_slice text, size_t columns) {
    size_t used = 0;
    size_t safe_end = 0; /* end of the last whole cluster that fits */
    int32_t previous = 0;
    utf8proc_int32_t state = 0;
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        int32_t codepoint = kmi_text_next(text, &at);
        if (start == 0 || utf8proc_grapheme_break_stateful(previous, codepoint, &state)) safe_end = start;
        used += character_width(codepoint);
        if (used > columns) return kmi_slice_sub(text, 0, safe_end);
        previous = codepoint;
    }
    return text;
}
