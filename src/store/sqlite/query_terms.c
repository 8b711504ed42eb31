/* The terms of a query. A long prompt (a pasted log) is cut to its two ends, where the question stands, and to a number of terms.
 *
 * Mistyped words: all words one letter away are made and looked up, some hundreds of seeks. Walking over the vocabulary would
 * visit fewer words, but FTS5 counts the postings of each word that it passes, which costs more in a big store. */
#include "store/sqlite/query_terms.h"

#include <string.h>

#include "base/text.h"

#define TEXT_END_BYTES ((size_t)8 * 1024) /* of each end of a long text */
#define TERM_LIMIT_BYTES ((size_t)256)
#define SIMILAR_LEN_MIN ((size_t)5)
#define SIMILAR_LEN_MAX ((size_t)16)
#define LETTERS 26
#define SIMILAR_BUDGET ((size_t)4096) /* postings looked at for each load of variants */

static bool is_listed(const kmi_query_terms *list, kmi_slice term) {
    for (size_t i = 0; i < list->count; i++) {
        if (kmi_slice_equal(list->terms[i].text, term)) return true;
    }
    return false;
}

static bool add_term(const kmi_text_word *word, void *context) {
    kmi_query_terms *list = context;
    if (word->term.len == 0 || word->term.len > TERM_LIMIT_BYTES) return true;
    if (is_listed(list, word->term)) return true;
    const char *term = kmi_arena_copy(list->arena, word->term);
    const char *folded = kmi_arena_copy(list->arena, word->folded);
    if (term == NULL || folded == NULL) {
        list->is_out_of_memory = true;
        return false;
    }
    bool is_stop_word = kmi_text_is_stop_word(word->folded);
    list->terms[list->count++] = (kmi_query_term){.text = {term, word->term.len},
                                                  .folded = {folded, word->folded.len},
                                                  .is_stop_word = is_stop_word,
                                                  .foreignness = kmi_text_foreignness(word->folded)};
    return list->count < KMI_TERMS_MAX;
}

static km_status collect_from(kmi_store *store, kmi_slice text, kmi_query_terms *list, km_error *error) {
    if (list->count >= KMI_TERMS_MAX) return KM_OK;
    km_status status = kmi_text_words(text, add_term, list, error);
    if (status == KM_OK && list->is_out_of_memory) status = kmi_store_fail_nomem(store, error);
    return status;
}

/* Moves a cut to the start of a character. */
static size_t character_start(kmi_slice text, size_t at) {
    while (at > 0 && at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80) at--;
    return at;
}

/* Function words of another language are none in an English text: "Los Angeles", "van". Of those that both share ("was") neither is
 * counted. */
static bool is_foreign(const kmi_query_terms *list) {
    size_t english = 0;
    size_t foreign = 0;
    for (size_t i = 0; i < list->count; i++) {
        const kmi_query_term *term = &list->terms[i];
        foreign += term->foreignness == KMI_FOREIGN_SURELY;
        english += term->foreignness == KMI_FOREIGN_NOT && term->is_stop_word && (term->folded.ptr[0] & 0x80) == 0;
    }
    return foreign > english;
}

static void drop_stop_words(kmi_query_terms *list) {
    size_t kept = 0;
    bool drops_foreign = is_foreign(list);
    for (size_t i = 0; i < list->count; i++) {
        kmi_query_term *term = &list->terms[i];
        if (drops_foreign && term->foreignness != KMI_FOREIGN_NOT) term->is_stop_word = true;
        kept += !term->is_stop_word;
    }
    list->has_stop_words_only = kept == 0;
    if (kept == 0 || kept == list->count) return;
    kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!list->terms[i].is_stop_word) list->terms[kept++] = list->terms[i];
    }
    list->count = kept;
}

km_status kmi_query_terms_collect(kmi_store *store, kmi_slice text, kmi_arena *arena, kmi_query_terms *ret_terms,
                                  km_error *error) {
    ret_terms->arena = arena;
    ret_terms->count = 0;
    ret_terms->is_out_of_memory = false;
    km_status status = KM_OK;
    if (text.len <= 2 * TEXT_END_BYTES) {
        status = collect_from(store, text, ret_terms, error);
    } else {
        size_t tail_start = character_start(text, text.len - TEXT_END_BYTES);
        size_t head_end = character_start(text, TEXT_END_BYTES);
        status = collect_from(store, kmi_slice_sub(text, tail_start, text.len), ret_terms, error);
        if (status == KM_OK) status = collect_from(store, kmi_slice_sub(text, 0, head_end), ret_terms, error);
    }
    if (status == KM_OK) drop_stop_words(ret_terms);
    return status;
}

/* ---- Mistyped words ---- */

typedef struct variants {
    kmi_store *store;
    kmi_arena *arena;
    size_t limit, count; /* of what was found */
    kmi_slice *found;    /* most common first */
    double unit_counts[KMI_TERMS_MAX];
    size_t waiting_count;
    kmi_slice waiting[KMI_TERMS_MAX];
    bool is_out_of_memory;
} variants;

static void keep_found(variants *list, kmi_slice term, double unit_count) {
    for (size_t i = 0; i < list->count; i++) {
        if (kmi_slice_equal(list->found[i], term)) return;
    }
    size_t place = list->count;
    while (place > 0 && list->unit_counts[place - 1] < unit_count) place--;
    if (place >= list->limit) return;
    if (list->count < list->limit) list->count++;
    for (size_t i = list->count - 1; i > place; i--) {
        list->found[i] = list->found[i - 1];
        list->unit_counts[i] = list->unit_counts[i - 1];
    }
    list->found[place] = term;
    list->unit_counts[place] = unit_count;
}

static km_status look_up_waiting(variants *list, km_error *error) {
    if (list->waiting_count == 0) return KM_OK;
    kmi_postings postings;
    km_status status =
        kmi_postings_read(list->store, list->waiting, list->waiting_count, SIMILAR_BUDGET, &postings, error);
    for (size_t i = 0; i < list->waiting_count && status == KM_OK; i++) {
        if (postings.terms[i].unit_count > 0) keep_found(list, list->waiting[i], postings.terms[i].unit_count);
    }
    kmi_postings_deinit(&postings);
    list->waiting_count = 0;
    return status;
}

static bool add_variant_term(const kmi_text_word *word, void *context) {
    variants *list = context;
    for (size_t i = 0; i < list->waiting_count; i++) {
        if (kmi_slice_equal(list->waiting[i], word->term)) return false;
    }
    const char *copy = kmi_arena_copy(list->arena, word->term);
    if (copy == NULL)
        list->is_out_of_memory = true;
    else
        list->waiting[list->waiting_count++] = (kmi_slice){copy, word->term.len};
    return false; /* a run of letters is one word */
}

static km_status add_variant(variants *list, const char *letters, size_t len, km_error *error) {
    km_status status = kmi_text_words((kmi_slice){letters, len}, add_variant_term, list, error);
    if (status == KM_OK && list->is_out_of_memory) status = kmi_store_fail_nomem(list->store, error);
    if (status == KM_OK && list->waiting_count == KMI_TERMS_MAX) status = look_up_waiting(list, error);
    return status;
}

/* All words that come from changing the word at one place. */
static km_status add_variants_at(variants *list, kmi_slice word, size_t at, km_error *error) {
    char letters[SIMILAR_LEN_MAX + 2];
    km_status status = KM_OK;
    if (at < word.len) { /* one letter too many */
        memcpy(letters, word.ptr, at);
        memcpy(letters + at, word.ptr + at + 1, word.len - at - 1);
        status = add_variant(list, letters, word.len - 1, error);
    }
    if (at + 1 < word.len && status == KM_OK) { /* two exchanged */
        memcpy(letters, word.ptr, word.len);
        letters[at] = word.ptr[at + 1];
        letters[at + 1] = word.ptr[at];
        status = add_variant(list, letters, word.len, error);
    }
    for (int i = 0; i < LETTERS && status == KM_OK; i++) {
        memcpy(letters, word.ptr, at); /* one too few */
        letters[at] = (char)('a' + i);
        memcpy(letters + at + 1, word.ptr + at, word.len - at);
        status = add_variant(list, letters, word.len + 1, error);
        if (at == word.len || status != KM_OK) continue;
        memcpy(letters, word.ptr, word.len); /* another one */
        letters[at] = (char)('a' + i);
        status = add_variant(list, letters, word.len, error);
    }
    return status;
}

static bool is_plain_word(kmi_slice word) {
    if (word.len < SIMILAR_LEN_MIN || word.len > SIMILAR_LEN_MAX) return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < 'a' || word.ptr[i] > 'z') return false;
    }
    return true;
}

km_status kmi_query_terms_similar(kmi_store *store, kmi_slice folded, kmi_arena *arena, size_t limit,
                                  kmi_slice *ret_terms, size_t *ret_count, km_error *error) {
    *ret_count = 0;
    if (!is_plain_word(folded)) return KM_OK;
    variants *list = kmi_arena_alloc(arena, sizeof(*list));
    if (list == NULL) return kmi_store_fail_nomem(store, error);
    list->store = store;
    list->arena = arena;
    list->limit = limit < KMI_TERMS_MAX ? limit : KMI_TERMS_MAX;
    list->found = ret_terms;
    km_status status = KM_OK;
    for (size_t at = 0; at <= folded.len && status == KM_OK; at++) {
        status = add_variants_at(list, folded, at, error);
        if (status == KM_OK && kmi_store_is_overdue(store)) status = kmi_store_fail_overdue(store, error);
    }
    if (status == KM_OK) status = look_up_waiting(list, error);
    if (status == KM_OK) *ret_count = list->count;
    return status;
}
