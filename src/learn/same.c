/* same.c - the same statement in other words, as far as an index can tell.
 *
 * The store finds equal texts by a hash. Two liberties of English keep their words and cost nothing to undo: a phrase of time
 * or purpose moves from the end to the front ("For the mock-ups we use Figma"), and "please" is added or left out. Each is
 * tried as a text of its own, a few look-ups by hash and no scan. Nothing else is moved: "A before B" is not "B before A". */
#include "learn/same.h"

#include <string.h>

#include "base/text.h"
#include "learn/wording.h"
#include "util/error.h"

#define WORDS_MAX 40
#define TRIES_MAX 4
#define WORDED_MAX ((size_t)32) /* statements on one subject that are compared */

typedef struct word_row {
    kmi_slice words[WORDS_MAX];
    size_t count;
} word_row;

/* Words of the text without the marks at the ends of clauses. False if there are too many. */
static bool split(kmi_slice text, word_row *ret_row) {
    ret_row->count = 0;
    size_t at = 0;
    while (at < text.len) {
        while (at < text.len && text.ptr[at] == ' ') at++;
        size_t end = at;
        while (end < text.len && text.ptr[end] != ' ') end++;
        size_t next = end;
        while (end > at && strchr(".,;!", text.ptr[end - 1]) != NULL) end--;
        if (end > at && ret_row->count == WORDS_MAX) return false;
        if (end > at) ret_row->words[ret_row->count++] = (kmi_slice){text.ptr + at, end - at};
        at = next;
    }
    return ret_row->count >= 3;
}

static bool is_any(kmi_slice word, const char *const *list) {
    for (; *list != NULL; list++)
        if (kmi_slice_equal_nocase(word, kmi_slice_from(*list))) return true;
    return false;
}

/* What begins a phrase that can stand at either end. */
static bool opens_phrase(kmi_slice word) {
    static const char *const words[] = {"for",  "on",    "in",    "at",     "every", "each", "during",  "since", "by",
                                        "from", "until", "after", "before", "with",  "as",   "because", NULL};
    return is_any(word, words);
}

/* What begins the statement behind such a phrase. */
static bool opens_statement(kmi_slice word) {
    static const char *const words[] = {"we",   "i",   "the",    "our",   "my",     "a",     "an", "all", "it",
                                        "they", "you", "always", "never", "please", "don't", "do", NULL};
    return is_any(word, words) || (word.ptr[0] >= 'A' && word.ptr[0] <= 'Z');
}

/* Looks for the words [from, count) followed by [0, from). */
static km_status find_turned(kmi_store *store, const word_row *row, size_t from, kmi_slice opening, kmi_buf *buf,
                             bool *ret_is_found, kmi_uuid *ret_id, km_error *error) {
    kmi_buf_clear(buf);
    kmi_buf_add(buf, opening.ptr, opening.len);
    for (size_t i = 0; i < row->count; i++) {
        kmi_slice word = row->words[(from + i) % row->count];
        if (buf->len > 0) kmi_buf_add_text(buf, " ");
        kmi_buf_add(buf, word.ptr, word.len);
    }
    km_status status = kmi_buf_status(buf);
    if (status != KM_OK) return kmi_fail(error, KM_E_NOMEM, "out of memory while learning");
    return kmi_store_memory_find_same(store, kmi_buf_slice(buf), ret_is_found, ret_id, error);
}

km_status kmi_same_find(kmi_store *store, kmi_slice content, bool *ret_is_found, kmi_uuid *ret_id, km_error *error) {
    km_status status = kmi_store_memory_find_same(store, content, ret_is_found, ret_id, error);
    word_row row;
    if (status != KM_OK || *ret_is_found || content.len > KMI_SAME_LIMIT_BYTES || !split(content, &row)) return status;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, KMI_SAME_LIMIT_BYTES + 64);
    static const kmi_slice nothing = {"", 0}, please = {"please", 6};
    size_t tries = 0;
    /* The phrase at the front goes to the end, … */
    for (size_t i = 2; status == KM_OK && !*ret_is_found && i + 1 < row.count && i < 8 && tries < TRIES_MAX; i++) {
        if (!opens_phrase(row.words[0]) || !opens_statement(row.words[i])) continue;
        tries++;
        status = find_turned(store, &row, i, nothing, &buf, ret_is_found, ret_id, error);
    }
    /* … or one at the end to the front. */
    for (size_t i = row.count - 1; status == KM_OK && !*ret_is_found && i > 1 && row.count - i < 8 && tries < TRIES_MAX;
         i--) {
        if (!opens_phrase(row.words[i]) || !opens_statement(row.words[0])) continue;
        tries++;
        status = find_turned(store, &row, i, nothing, &buf, ret_is_found, ret_id, error);
    }
    if (status != KM_OK || *ret_is_found) return status;
    static const char *const orders[] = {"always", "never", "don't",  "do",    "use", "keep", "avoid", "make", "write",
                                         "prefer", "put",   "answer", "reply", "ask", "run",  "add",   NULL};
    static const char *const pleas[] = {"please", NULL};
    if (is_any(row.words[0], pleas)) {
        word_row rest = {.count = row.count - 1};
        memcpy(rest.words, row.words + 1, rest.count * sizeof rest.words[0]);
        return find_turned(store, &rest, 0, nothing, &buf, ret_is_found, ret_id, error);
    }
    return is_any(row.words[0], orders) ? find_turned(store, &row, 0, please, &buf, ret_is_found, ret_id, error)
                                        : status;
}

km_status kmi_same_find_worded(kmi_store *store, const char *subject, kmi_slice content, kmi_arena *arena,
                               bool *ret_is_found, kmi_uuid *ret_id, km_error *error) {
    *ret_is_found = false;
    KMI_CLEANUP_BUF kmi_buf wording;
    KMI_CLEANUP_BUF kmi_buf other;
    kmi_buf_init(&wording, KMI_WORDING_LIMIT_BYTES * 4);
    kmi_buf_init(&other, KMI_WORDING_LIMIT_BYTES * 4);
    if (subject == NULL || !kmi_wording_make(content, &wording)) return KM_OK;
    km_memory *items = NULL;
    size_t count = 0;
    km_status status = kmi_store_memory_find_subject(store, subject, NULL, WORDED_MAX, arena, &items, &count, error);
    for (size_t i = 0; status == KM_OK && i < count && !*ret_is_found; i++) {
        if (!kmi_wording_make(kmi_slice_from(items[i].content), &other)) continue;
        if (!kmi_slice_equal(kmi_buf_slice(&wording), kmi_buf_slice(&other))) continue;
        *ret_is_found = true;
        status = kmi_uuid_parse(items[i].id, ret_id, error);
    }
    return status;
}
