/* wording.c - words are normalised one by one, cut into phrases where a preposition opens one, and the phrases sorted: what
 * "before" and "to" belong to stays with them, so that "A before B" never equals "B before A". */
#include "learn/wording.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 48
#define WORD_BYTES_MAX 48

typedef struct wording_word {
    char text[WORD_BYTES_MAX];
    bool is_name;      /* a capital or a digit: never touched */
    bool opens_phrase; /* behind a comma */
} wording_word;

typedef struct wording_row {
    wording_word words[WORDS_MAX];
    size_t count;
} wording_row;

static bool is_any(const char *word, const char *const *list) {
    for (; *list != NULL; list++)
        if (strcmp(word, *list) == 0) return true;
    return false;
}
static bool is_word(const wording_row *row, size_t i, const char *word) {
    return i < row->count && strcmp(row->words[i].text, word) == 0;
}

static bool add_word(wording_row *row, kmi_slice word, bool opens_phrase) {
    if (row->count == WORDS_MAX || word.len + 1 > WORD_BYTES_MAX) return false;
    wording_word *to = &row->words[row->count];
    *to = (wording_word){.opens_phrase = opens_phrase};
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        bool is_capital = c >= 'A' && c <= 'Z';
        to->is_name |= (is_capital && (i > 0 || row->count > 0)) || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
        to->text[i] = (char)(is_capital ? c + 0x20 : c);
    }
    row->count++;
    return true;
}

static bool split(kmi_slice text, wording_row *row) {
    static const char *const wouldlike[] = {"i'd", "we'd", "he'd", "she'd", "they'd", NULL};
    static const char *const being[] = {"i'm", "we're", "they're", "it's", "he's", "she's", NULL};
    bool opens_phrase = false;
    row->count = 0;
    for (size_t at = 0; at < text.len;) {
        while (at < text.len && strchr(" \t\r\n", text.ptr[at]) != NULL) at++;
        size_t end = at;
        while (end < text.len && strchr(" \t\r\n", text.ptr[end]) == NULL) end++;
        kmi_slice word = {text.ptr + at, end - at};
        at = end;
        bool has_comma = false;
        while (word.len > 0 && strchr(".,;:!\"", word.ptr[word.len - 1]) != NULL) {
            has_comma |= word.ptr[word.len - 1] == ',';
            word.len--;
        }
        if (word.len == 0) continue;
        if (!add_word(row, word, opens_phrase)) return false;
        wording_word *last = &row->words[row->count - 1];
        char *mark = strchr(last->text, '\'');
        if (mark != NULL && (is_any(last->text, wouldlike) || is_any(last->text, being))) { /* "I'd" is "I would" */
            bool is_would = is_any(last->text, wouldlike);
            *mark = '\0';
            last->is_name = false;
            if (!add_word(row, kmi_slice_from(is_would ? "would" : "are"), false)) return false;
        }
        opens_phrase = has_comma;
    }
    return row->count >= 3;
}

static void drop(wording_row *row, size_t at, size_t count) {
    bool opens_phrase = false;
    for (size_t i = at; i < at + count; i++) opens_phrase |= row->words[i].opens_phrase;
    memmove(&row->words[at], &row->words[at + count], (row->count - at - count) * sizeof row->words[0]);
    row->count -= count;
    if (at < row->count) row->words[at].opens_phrase |= opens_phrase;
}

static bool ends_with(const char *word, const char *suffix) {
    size_t len = strlen(word), tail = strlen(suffix);
    return len > tail + 1 && strcmp(word + len - tail, suffix) == 0;
}

/* "runs" and "run", "uses" and "use": one form, which need not be a word. */
static void cut_ending(char *word) {
    size_t len = strlen(word);
    if (len > 3 && ends_with(word, "s") && !ends_with(word, "ss") && !ends_with(word, "us") && !ends_with(word, "is"))
        word[--len] = '\0';
    if (len > 2 && word[len - 1] == 'e') word[--len] = '\0';
}

/* "running" is "run", "using" is "us" (as "uses" is). */
static void cut_progressive(char *word) {
    size_t len = strlen(word) - 3;
    word[len] = '\0';
    if (len > 3 && word[len - 1] == word[len - 2] && strchr("bdgmnprt", word[len - 1]) != NULL) word[--len] = '\0';
}

static void normalise(wording_row *row) {
    static const char *const silent[] = {"the", "a", "an", "please", NULL};
    static const char *const being[] = {"is", "are", "am", NULL};
    static const char *const choosing[] = {"decided", "agreed", "chose", "opted", "prefer", "prefers", NULL};
    static const char *const wanting[] = {"prefer", "like", "rather", NULL};
    for (size_t i = 0; i < row->count;) {
        wording_word *word = &row->words[i];
        bool has_next = i + 1 < row->count;
        bool is_next_progressive = has_next && !row->words[i + 1].is_name && ends_with(row->words[i + 1].text, "ing");
        bool is_silent = is_any(word->text, silent) && !word->is_name;
        bool is_future = is_word(row, i, "will") && i > 0 && !is_word(row, i + 1, "not");
        bool is_perfect =
            (is_word(row, i, "have") || is_word(row, i, "has")) && has_next && ends_with(row->words[i + 1].text, "ed");
        bool is_all_of = is_word(row, i, "of") && i > 0 && is_word(row, i - 1, "all");
        bool is_polite = is_word(row, i, "would") && has_next && is_any(row->words[i + 1].text, wanting);
        if (is_silent || is_future || is_perfect || is_all_of || is_polite) {
            drop(row, i, 1);
        } else if (i > 0 && is_any(row->words[i - 1].text, choosing) && !word->is_name &&
                   ends_with(word->text, "ing")) {
            cut_progressive(word->text);
            word->is_name = true;
        } else if ((is_word(row, i, "have") || is_word(row, i, "has")) && is_word(row, i + 1, "to")) {
            drop(row, i, 1);
            memcpy(row->words[i].text, "must", sizeof "must");
            i++;
        } else if (is_any(word->text, being) && is_next_progressive) {
            drop(row, i, 1);
            cut_progressive(row->words[i].text);
            if (ends_with(row->words[i].text, "e")) row->words[i].text[strlen(row->words[i].text) - 1] = '\0';
            row->words[i].is_name = true; /* its ending is gone */
            i++;
        } else if (i > 0 && (is_word(row, i, "to") || (is_word(row, i, "on") && is_next_progressive)) &&
                   is_any(row->words[i - 1].text, choosing)) {
            if (is_next_progressive) {
                cut_progressive(row->words[i + 1].text);
                row->words[i + 1].is_name = true;
            }
            drop(row, i, 1);
        } else {
            i++;
        }
    }
    for (size_t i = 0; i < row->count; i++)
        if (!row->words[i].is_name) cut_ending(row->words[i].text);
}

static bool opens_phrase(const wording_row *row, size_t i) {
    static const char *const words[] = {"for",    "on",    "in",     "at",    "every",  "each", "during", "sinc", "by",
                                        "from",   "until", "after",  "befor", "before", "with", "as",     "to",   "of",
                                        "becaus", "if",    "unless", "when",  "into",   "over", "than",   NULL};
    return row->words[i].opens_phrase || is_any(row->words[i].text, words);
}

typedef struct phrase {
    const wording_row *row;
    size_t from, to;
} phrase;

static int compare_phrases(const void *a, const void *b) {
    const phrase *x = a, *y = b;
    for (size_t i = 0;; i++) {
        bool is_x_over = x->from + i >= x->to, is_y_over = y->from + i >= y->to;
        if (is_x_over || is_y_over) return (int)is_y_over - (int)is_x_over;
        int order = strcmp(x->row->words[x->from + i].text, y->row->words[y->from + i].text);
        if (order != 0) return order;
    }
}

bool kmi_wording_make(kmi_slice content, kmi_buf *wording) {
    kmi_buf_clear(wording);
    wording_row row;
    if (content.len > KMI_WORDING_LIMIT_BYTES || !split(content, &row)) return false;
    normalise(&row);
    phrase phrases[WORDS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < row.count; i++) {
        if (count == 0 || opens_phrase(&row, i)) phrases[count++] = (phrase){&row, i, i};
        phrases[count - 1].to = i + 1;
    }
    qsort(phrases, count, sizeof phrases[0], compare_phrases);
    for (size_t p = 0; p < count; p++) {
        for (size_t i = phrases[p].from; i < phrases[p].to; i++) {
            kmi_buf_add_text(wording, row.words[i].text);
            kmi_buf_add_text(wording, i + 1 < phrases[p].to ? " " : "|");
        }
    }
    return count > 0 && kmi_buf_status(wording) == KM_OK;
}
