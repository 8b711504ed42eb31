/* text_words.c - splitting text into search terms.
 *
 * A chunk is a run of word characters that may be joined by single connectors: user_name, node.js, src/main.c, e-mail,
 * TCP/IP. A chunk of one part is a word. Otherwise the whole comes first, written without its connectors, so that
 * user_name, userName and user-name meet, as do "Node.js" and "nodejs"; its parts follow at the same place. Humps
 * (getUserName, HTTPServer) divide parts like connectors do, except in names that people read as one word.
 *
 * Everything is bounded, so the time is linear: a term has at most 64 bytes, a chunk at most 32 parts (the last one takes
 * the rest), and each byte is looked at a fixed number of times. Scripts without spaces give pairs of characters. */
#include <string.h>

#include "base/text.h"
#include "base/text_fold.h"
#include "base/text_stem.h"

#define TERM_BYTES ((size_t)64)
#define MOST_PARTS ((size_t)32)

typedef struct part {
    size_t start, end;
    bool after_hump; /* divided from the part before by a capital letter only */
} part;

typedef struct chunk {
    size_t start, end;
    size_t part_count;
    bool has_hump;
    part parts[MOST_PARTS];
} chunk;

typedef struct splitter {
    kmi_slice text;
    kmi_text_word_found found;
    void *context;
    kmi_stemmer *stemmer;
    bool is_stopped;
    bool is_out_of_memory;
} splitter;

/* ---- Characters ---- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

/* Returns: the length of the word character at `at` that is not of a script without spaces, or 0. */
static size_t word_char_length(kmi_slice text, size_t at) {
    if (at >= text.len) return 0;
    char c = text.ptr[at];
    if ((unsigned char)c < 0x80) return is_lower(c) || is_upper(c) || is_digit(c) ? 1 : 0;
    size_t end = at;
    int32_t codepoint = kmi_text_next(text, &end);
    return kmi_text_is_word_char(codepoint) && !kmi_text_is_cjk(codepoint) ? end - at : 0;
}

/* Returns: the length of an apostrophe at `at`, typewriter's or printer's, or 0. */
static size_t apostrophe_length(kmi_slice text, size_t at) {
    if (at < text.len && text.ptr[at] == '\'') return 1;
    return kmi_slice_starts_with(kmi_slice_sub(text, at, 3), KMI_SLICE_LITERAL("\xE2\x80\x99")) ? 3 : 0;
}

/* Returns: the length of a connector that has a word character behind it, or 0. */
static size_t connector_length(kmi_slice text, size_t at) {
    if (at + 1 >= text.len) return 0;
    size_t len = 0;
    switch (text.ptr[at]) {
    case '_':
    case '-':
    case '.':
    case '/':
    case '\\':
    case '@':
    case '&':
        len = 1;
        break;
    case ':':
        len = text.ptr[at + 1] == ':' ? 2 : 0;
        break;
    default:
        len = apostrophe_length(text, at);
        break;
    }
    return len > 0 && word_char_length(text, at + len) > 0 ? len : 0;
}

/* Returns: the length of "'s", "'t", "'re" and the like at the end of a word, or 0. */
static size_t contraction_length(kmi_slice text, size_t at) {
    static const kmi_slice ENDINGS[] = {{"s", 1}, {"t", 1}, {"d", 1}, {"m", 1}, {"re", 2}, {"ve", 2}, {"ll", 2}};
    size_t apostrophe = apostrophe_length(text, at);
    if (apostrophe == 0) return 0;
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        size_t len = apostrophe + ENDINGS[i].len;
        if (kmi_slice_equal_nocase(kmi_slice_sub(text, at + apostrophe, ENDINGS[i].len), ENDINGS[i]) &&
            word_char_length(text, at + len) == 0) {
            return len;
        }
    }
    return 0;
}

/* Returns: the length of the signs that belong to a language's name behind one letter or word: C++, C#, or 0. */
static size_t sign_suffix_length(kmi_slice text, size_t word_len, size_t at) {
    size_t len = 0;
    if (kmi_slice_starts_with(kmi_slice_sub(text, at, 2), KMI_SLICE_LITERAL("++"))) len = 2;
    if (word_len == 1 && at < text.len && text.ptr[at] == '#') len = 1;
    return word_char_length(text, at + len) == 0 ? len : 0;
}

/* True when a hump begins at `at`: lower to upper ("userName"), or the last capital of a row ("HTTPServer"). */
static bool is_hump(kmi_slice text, size_t part_start, size_t at) {
    if (at == part_start || !is_upper(text.ptr[at])) return false;
    char before = text.ptr[at - 1];
    return is_lower(before) || is_digit(before) ||
           (is_upper(before) && at + 1 < text.len && is_lower(text.ptr[at + 1]));
}

/* ---- Finding chunks ---- */

static void close_part(chunk *found, size_t end) {
    found->parts[found->part_count - 1].end = end;
}

static void open_part(chunk *found, size_t before_end, size_t start, bool after_hump) {
    if (found->part_count == MOST_PARTS) return; /* the last part takes the rest */
    close_part(found, before_end);
    found->parts[found->part_count++] = (part){.start = start, .end = start, .after_hump = after_hump};
    found->has_hump |= after_hump;
}

/* Reads the chunk that begins at `start`, where a word character stands. */
static void read_chunk(kmi_slice text, size_t start, chunk *ret_chunk) {
    ret_chunk->start = start; /* not the whole struct: clearing all parts would cost more than reading the word */
    ret_chunk->part_count = 1;
    ret_chunk->has_hump = false;
    ret_chunk->parts[0] = (part){.start = start};
    size_t at = start;
    for (;;) {
        size_t len = word_char_length(text, at);
        if (len > 0) {
            if (is_hump(text, ret_chunk->parts[ret_chunk->part_count - 1].start, at))
                open_part(ret_chunk, at, at, true);
            at += len;
            continue;
        }
        size_t contraction = contraction_length(text, at);
        if (contraction > 0) {
            at += contraction;
            break;
        }
        size_t connector = connector_length(text, at);
        if (connector == 0) {
            at += sign_suffix_length(text, at - ret_chunk->parts[ret_chunk->part_count - 1].start, at);
            break;
        }
        open_part(ret_chunk, at, at + connector, false);
        at += connector;
    }
    close_part(ret_chunk, at);
    ret_chunk->end = at;
}

/* ---- Terms ---- */

typedef struct term_buffer {
    char bytes[TERM_BYTES];
    size_t len;
} term_buffer;

/* Appends the bytes if there is room for all of them. Returns false when there is not. */
static bool add_bytes(term_buffer *term, const char *bytes, size_t len) {
    if (len > TERM_BYTES - term->len) return false;
    memcpy(term->bytes + term->len, bytes, len);
    term->len += len;
    return true;
}

/* Appends the folded text, as much as fits without cutting a character. */
static void add_folded(term_buffer *term, kmi_slice text) {
    size_t at = 0;
    text = kmi_text_prefix(text, KMI_FOLD_RUN_BYTES);
    while (at < text.len && (unsigned char)text.ptr[at] < 0x80) at++;
    if (at == text.len) {
        for (size_t i = 0; i < text.len && term->len < TERM_BYTES; i++) {
            char c = text.ptr[i];
            term->bytes[term->len++] = is_upper(c) ? (char)(c + ('a' - 'A')) : c;
        }
        return;
    }
    int32_t characters[KMI_FOLD_RUN_CHARACTERS];
    size_t count = kmi_text_fold_run(text, characters);
    for (size_t i = 0; i < count; i++) {
        char bytes[4];
        int32_t character = characters[i] == 0x2019 ? '\'' : characters[i]; /* the printer's apostrophe */
        if (!add_bytes(term, bytes, kmi_text_encode(character, bytes))) break;
    }
}

static void emit(splitter *work, size_t start, size_t end, const term_buffer *folded, bool is_part) {
    if (folded->len == 0 || work->is_stopped || work->is_out_of_memory) return;
    kmi_text_word word = {.start = start, .end = end, .is_part = is_part};
    word.folded = (kmi_slice){folded->bytes, folded->len};
    kmi_slice stem = kmi_stemmer_stem(work->stemmer, word.folded);
    if (stem.ptr == NULL) {
        work->is_out_of_memory = true;
        return;
    }
    char term[TERM_BYTES]; /* the callback may use the stemmer itself */
    size_t len = stem.len < TERM_BYTES ? stem.len : TERM_BYTES;
    memcpy(term, stem.ptr, len);
    word.term = (kmi_slice){term, len};
    work->is_stopped = !work->found(&word, work->context);
}

static void emit_text(splitter *work, size_t start, size_t end, bool is_part) {
    term_buffer term;
    term.len = 0;
    add_folded(&term, kmi_slice_sub(work->text, start, end - start));
    emit(work, start, end, &term, is_part);
}

/* Names with humps that are one word: their parts would only bring noise ("java" for JavaScript). */
static bool is_one_word(kmi_slice folded) {
    static const char *const NAMES[] = {"coffeescript", "devops",   "ebay",       "facetime",   "github",
                                        "gitlab",       "icloud",   "ios",        "ipad",       "iphone",
                                        "javascript",   "linkedin", "livescript", "macbook",    "macos",
                                        "openai",       "paypal",   "powerpoint", "powershell", "postscript",
                                        "typescript",   "whatsapp", "wordpress",  "youtube",    NULL};
    for (size_t i = 0; NAMES[i] != NULL; i++) {
        if (kmi_slice_equal(folded, kmi_slice_from(NAMES[i]))) return true;
    }
    return false;
}

/* Adds the whole chunk without its connectors. A point between digits stays: 3.5 is not 35. */
static void join_parts(const splitter *work, const chunk *from, term_buffer *ret_term) {
    const char *bytes = work->text.ptr;
    for (size_t i = 0; i < from->part_count && ret_term->len < TERM_BYTES; i++) {
        size_t start = from->parts[i].start;
        bool is_decimal = i > 0 && !from->parts[i].after_hump && bytes[start - 1] == '.' && is_digit(bytes[start]) &&
                          is_digit(bytes[start - 2]);
        if (is_decimal) (void)add_bytes(ret_term, ".", 1);
        add_folded(ret_term, kmi_slice_sub(work->text, start, from->parts[i].end - start));
    }
}

static void emit_chunk(splitter *work, const chunk *from) {
    if (from->part_count == 1) {
        emit_text(work, from->start, from->end, false);
        return;
    }
    term_buffer whole;
    whole.len = 0;
    join_parts(work, from, &whole);
    emit(work, from->start, from->end, &whole, false);
    if (from->has_hump && is_one_word((kmi_slice){whole.bytes, whole.len})) return;
    for (size_t i = 0; i < from->part_count; i++) {
        const part *piece = &from->parts[i];
        bool is_beside_hump = piece->after_hump || (i + 1 < from->part_count && from->parts[i + 1].after_hump);
        bool is_hump_letter = is_beside_hump && piece->end - piece->start == 1; /* the i of iPhone */
        if (!is_hump_letter) emit_text(work, piece->start, piece->end, true);
    }
}

/* ---- Scripts without spaces ---- */

/* Returns: the end of the character at `at` with the marks that follow it, or `at` if it is of no such script. */
static size_t cjk_unit_end(kmi_slice text, size_t at) {
    size_t end = at;
    if (at >= text.len || (unsigned char)text.ptr[at] < 0xE0) return at;
    int32_t codepoint = kmi_text_next(text, &end);
    if (!kmi_text_is_cjk(codepoint) || !kmi_text_is_word_char(codepoint)) return at;
    for (size_t next = end; next < text.len && kmi_text_is_mark(kmi_text_next(text, &next));) end = next;
    return end;
}

/* Emits the pairs of the run at `start`, or its only character. Returns its end. */
static size_t emit_pairs(splitter *work, size_t start) {
    size_t previous = start;
    size_t at = cjk_unit_end(work->text, start);
    bool is_alone = true;
    while (!work->is_stopped && !work->is_out_of_memory) {
        size_t end = cjk_unit_end(work->text, at);
        if (end == at) break;
        emit_text(work, previous, end, false);
        is_alone = false;
        previous = at;
        at = end;
    }
    if (is_alone) emit_text(work, start, at, false);
    return at;
}

km_status kmi_text_words(kmi_slice text, kmi_text_word_found found, void *context, km_error *error) {
    splitter work = {.text = text, .found = found, .context = context, .stemmer = kmi_stemmer_require()};
    work.is_out_of_memory = work.stemmer == NULL;
    for (size_t at = 0; at < text.len && !work.is_stopped && !work.is_out_of_memory;) {
        if (word_char_length(text, at) > 0) {
            chunk next;
            read_chunk(text, at, &next);
            emit_chunk(&work, &next);
            at = next.end;
        } else if (cjk_unit_end(text, at) > at) {
            at = emit_pairs(&work, at);
        } else {
            (void)kmi_text_next(text, &at);
        }
    }
    return work.is_out_of_memory ? kmi_fail(error, KM_E_NOMEM, "out of memory while splitting text") : KM_OK;
}
