/* text_fold.c - folding text for comparison.
 *
 * Decompose, drop accents, compose again: the last step keeps Hangul syllables and voiced kana as one character each,
 * which splitting into pairs relies on. Only true accents go: the vowel signs of Indic scripts are marks as well, and
 * without them different words become one. Text is folded in short runs, so memory stays bounded whatever its length. */
#include "base/text_fold.h"

#include <utf8proc.h>

#include "base/text.h"

static bool is_between(int32_t character, int32_t first, int32_t last) {
    return character >= first && character <= last;
}

static bool is_accent(int32_t character, int32_t base) {
    if (character < 0x0300) return false;
    if (character == 0x0306 && (base == 0x0438 || base == 0x0443)) return false; /* Cyrillic й and ў are letters */
    return is_between(character, 0x0300, 0x036F) || is_between(character, 0x0483, 0x0487) ||
           (is_between(character, 0x0591, 0x05C7) && character != 0x05BE && character != 0x05C0 &&
            character != 0x05C3 && character != 0x05C6) || /* Hebrew points */
           is_between(character, 0x064B, 0x065F) ||
           character == 0x0670 || /* Arabic vowels */
           is_between(character, 0x1AB0, 0x1AFF) || is_between(character, 0x1DC0, 0x1DFF) ||
           is_between(character, 0x20D0, 0x20FF) || is_between(character, 0xFE20, 0xFE2F);
}

static size_t drop_accents(int32_t *characters, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_accent(characters[i], kept > 0 ? characters[kept - 1] : 0)) characters[kept++] = characters[i];
    }
    return kept;
}

/* For what utf8proc does not take: the characters as they are. */
static size_t decode_plain(kmi_slice run, int32_t *ret_characters) {
    size_t count = 0;
    for (size_t at = 0; at < run.len;) ret_characters[count++] = kmi_text_next(run, &at);
    return count;
}

size_t kmi_text_fold_run(kmi_slice run, int32_t ret_characters[KMI_FOLD_RUN_CHARACTERS]) {
    const utf8proc_option_t options =
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE | UTF8PROC_STABLE;
    run = kmi_text_prefix(run, KMI_FOLD_RUN_BYTES);
    utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)run.ptr, (utf8proc_ssize_t)run.len,
                                                ret_characters, (utf8proc_ssize_t)KMI_FOLD_RUN_CHARACTERS, options);
    if (count < 0 || (size_t)count > KMI_FOLD_RUN_CHARACTERS) return decode_plain(run, ret_characters);
    size_t kept = drop_accents(ret_characters, (size_t)count);
    utf8proc_ssize_t composed =
        utf8proc_normalize_utf32(ret_characters, (utf8proc_ssize_t)kept, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    return composed >= 0 ? (size_t)composed : kept;
}

size_t kmi_text_encode(int32_t character, char ret_bytes[4]) {
    return (size_t)utf8proc_encode_char(character, (utf8proc_uint8_t *)ret_bytes);
}

kmi_slice kmi_text_prefix(kmi_slice text, size_t limit) {
    if (text.len <= limit) return text;
    size_t end = limit;
    while (end > 0 && ((unsigned char)text.ptr[end] & 0xC0) == 0x80) end--;
    return kmi_slice_sub(text, 0, end);
}

/* Where folded characters go. White space is held back until something follows it. */
typedef struct folding {
    kmi_buf *buf;
    bool has_content;
    bool has_space;
} folding;

static bool is_space_or_control(int32_t character) {
    if (character < 0x80) return character <= 0x20 || character == 0x7F;
    utf8proc_category_t category = utf8proc_category(character);
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

static void add_folded(folding *out, int32_t character) {
    if (is_space_or_control(character)) {
        out->has_space = true;
        return;
    }
    if (out->has_space && out->has_content) kmi_buf_add_char(out->buf, ' ');
    out->has_space = false;
    out->has_content = true;
    if (character < 0x80) {
        kmi_buf_add_char(out->buf, (char)character);
        return;
    }
    char bytes[4];
    kmi_buf_add(out->buf, bytes, kmi_text_encode(character, bytes));
}

/* Returns: how far the ASCII that begins at `at` may be folded by itself: its last character stays with what follows,
 * because a mark may change it. */
static size_t plain_end(kmi_slice text, size_t at) {
    size_t end = at;
    while (end < text.len && (unsigned char)text.ptr[end] < 0x80) end++;
    return end < text.len && end > at ? end - 1 : end;
}

/* Returns: the end of the run at `at`: up to white space, within the limit of one run. */
static size_t run_end(kmi_slice text, size_t at) {
    size_t end = at;
    while (end < text.len && end - at < KMI_FOLD_RUN_BYTES - 4 && (unsigned char)text.ptr[end] > ' ') {
        (void)kmi_text_next(text, &end);
    }
    return end;
}

km_status kmi_text_fold(kmi_slice text, kmi_buf *buf, km_error *error) {
    folding out = {.buf = buf};
    for (size_t at = 0; at < text.len;) {
        for (size_t end = plain_end(text, at); at < end; at++) {
            char c = text.ptr[at];
            add_folded(&out, c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        }
        if (at == text.len) break;
        if ((unsigned char)text.ptr[at] <= ' ') {
            add_folded(&out, text.ptr[at++]);
            continue;
        }
        int32_t characters[KMI_FOLD_RUN_CHARACTERS];
        size_t end = run_end(text, at);
        size_t count = kmi_text_fold_run(kmi_slice_sub(text, at, end - at), characters);
        for (size_t i = 0; i < count; i++) add_folded(&out, characters[i]);
        at = end;
    }
    km_status status = kmi_buf_status(buf);
    if (status == KM_E_NOMEM) return kmi_fail(error, status, "out of memory while folding text");
    if (status != KM_OK) return kmi_fail(error, status, "folded text is longer than %zu bytes", buf->limit);
    return KM_OK;
}
