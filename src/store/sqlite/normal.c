/* When are two statements the same? When they differ only in what a careful reader would not notice: case, accents' encoding,
 * spaces, closing punctuation, quotation marks around a word, and articles. Everything else says something: "not", a number, a path,
 * "C++" against "C". So whole words are compared in their order, and only punctuation at the edge of a word is dropped.
 *
 * Contractions are spelt out, so "don't" is "do not" and "we're" is "we are".
 *
 * "A" in the middle of a sentence is usually a name ("option A"), so only "a" and a first "A" are articles. */
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "store/sqlite/handle.h"

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_plain(char c) { /* a letter, a digit, or a byte of a character outside of ASCII */
    unsigned char u = (unsigned char)c;
    return (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || u >= 0x80;
}

/* Length of a quotation mark at the start of the text, 0 without one. */
static size_t quote_at_start(kmi_slice word) {
    if (word.len > 0 && (word.ptr[0] == '"' || word.ptr[0] == '\'' || word.ptr[0] == '`')) return 1;
    if (word.len < 3 || memcmp(word.ptr, "\xE2\x80", 2) != 0) return 0;
    unsigned char last = (unsigned char)word.ptr[2];
    return last >= 0x98 && last <= 0x9F ? 3 : 0; /* U+2018 to U+201F */
}

static size_t quote_at_end(kmi_slice word) {
    if (word.len > 0) {
        char last = word.ptr[word.len - 1];
        if (last == '"' || last == '\'' || last == '`') return 1;
    }
    return word.len >= 3 ? quote_at_start((kmi_slice){word.ptr + word.len - 3, 3}) == 3 ? 3 : 0 : 0;
}

/* Closing punctuation. '!' and ':' close a word only; in ":q!" they are part of it. */
static bool ends_in_punctuation(kmi_slice word) {
    if (word.len < 2) return word.len == 1 && (word.ptr[0] == '.' || word.ptr[0] == ',' || word.ptr[0] == ';');
    char last = word.ptr[word.len - 1];
    if (last == '.' || last == ',' || last == ';') return true;
    return (last == '!' || last == ':') && is_plain(word.ptr[0]);
}

static kmi_slice strip_word(kmi_slice word) {
    size_t quote = quote_at_start(word);
    while (quote > 0) {
        word = kmi_slice_sub(word, quote, word.len);
        quote = quote_at_start(word);
    }
    for (;;) {
        quote = quote_at_end(word);
        if (quote > 0)
            word.len -= quote;
        else if (ends_in_punctuation(word))
            word.len--;
        else
            return word;
    }
}

static bool is_article(kmi_slice word, bool is_first) {
    if (kmi_slice_equal_nocase(word, KMI_SLICE_LITERAL("the")) || kmi_slice_equal_nocase(word, KMI_SLICE_LITERAL("an")))
        return true;
    if (kmi_slice_equal(word, KMI_SLICE_LITERAL("a"))) return true;
    return is_first && kmi_slice_equal(word, KMI_SLICE_LITERAL("A"));
}

/* Endings and whole words that are short for two; the apostrophe is always written "'" here. */
static const struct {
    const char *ending;
    const char *spelt;
    bool is_whole;
} contractions[] = {
    {"can't", "can not", true},    {"won't", "will not", true}, {"cannot", "can not", true}, {"dont", "do not", true},
    {"doesnt", "does not", true},  {"didnt", "did not", true},  {"isnt", "is not", true},    {"cant", "can not", true},
    {"it's", "it is", true},       {"that's", "that is", true}, {"he's", "he is", true},     {"she's", "she is", true},
    {"there's", "there is", true}, {"i'm", "i am", true},       {"n't", " not", false},      {"'re", " are", false},
    {"'ve", " have", false},       {"'ll", " will", false},
};

/* Adds the word, spelt out if it is short for two. At most three bytes longer, and only a word of three and more. */
static void add_spelt_out(kmi_slice word, kmi_buf *words) {
    char plain[16];
    size_t n = 0;
    for (size_t i = 0; i < word.len && n < sizeof(plain); i++) {
        bool is_curly = word.len - i >= 3 && memcmp(word.ptr + i, "\xE2\x80\x99", 3) == 0;
        plain[n++] = is_curly ? '\'' : word.ptr[i];
        i += is_curly ? 2 : 0;
    }
    kmi_slice spelt = {plain, n};
    for (size_t i = 0; n < sizeof(plain) && i < sizeof(contractions) / sizeof(contractions[0]); i++) {
        size_t len = strlen(contractions[i].ending);
        if (len > n || (contractions[i].is_whole && len != n) ||
            !kmi_slice_equal_nocase((kmi_slice){plain + n - len, len}, kmi_slice_from(contractions[i].ending)))
            continue;
        kmi_buf_add_slice(words, kmi_slice_sub(spelt, 0, n - len));
        kmi_buf_add_text(words, contractions[i].spelt);
        return;
    }
    kmi_buf_add_slice(words, word);
}

static void add_plain_words(kmi_slice content, kmi_buf *words) {
    size_t at = 0;
    bool is_first = true;
    while (at < content.len) {
        while (at < content.len && is_space(content.ptr[at])) at++;
        size_t start = at;
        while (at < content.len && !is_space(content.ptr[at])) at++;
        kmi_slice word = strip_word((kmi_slice){content.ptr + start, at - start});
        if (word.len == 0) continue;
        if (!is_article(word, is_first)) {
            add_spelt_out(word, words);
            kmi_buf_add_char(words, ' ');
        }
        is_first = false;
    }
}

km_status kmi_normal_text(kmi_slice content, kmi_buf *buf, km_error *error) {
    KMI_CLEANUP_BUF kmi_buf words;
    char storage[1024];
    size_t longest = content.len * 2 + 1; /* every word is followed by one space, and some are spelt out */
    if (longest < sizeof(storage))
        kmi_buf_init_fixed(&words, storage, sizeof(storage));
    else
        kmi_buf_init(&words, longest);
    add_plain_words(content, &words);
    if (kmi_buf_status(&words) != KM_OK)
        return kmi_fail(error, KM_E_NOMEM, "out of memory while comparing a text of %zu bytes", content.len);
    /* Nothing but punctuation and articles: then they are what it says. */
    return kmi_text_fold(words.len > 0 ? kmi_buf_slice(&words) : content, buf, error);
}

km_status kmi_normal_hash(kmi_slice content, unsigned char ret_digest[32], km_error *error) {
    KMI_CLEANUP_BUF kmi_buf folded;
    /* Folding may lengthen a text (a ligature becomes letters), at most 18 times in Unicode. */
    char storage[8192];
    if (content.len * 18 < sizeof(storage))
        kmi_buf_init_fixed(&folded, storage, sizeof(storage));
    else
        kmi_buf_init(&folded, content.len * 18 + 64);
    km_status status = kmi_normal_text(content, &folded, error);
    if (status == KM_OK && kmi_buf_status(&folded) != KM_OK) {
        status = kmi_fail(error, KM_E_NOMEM, "out of memory while comparing a text of %zu bytes", content.len);
    }
    if (status != KM_OK) return status;
    kmi_slice part = kmi_buf_slice(&folded);
    kmi_hash_sha256(&part, 1, ret_digest);
    return KM_OK;
}
