/* Sets of hashed terms, compared by the share of words in common. The bar is high, and a word of denial on one side alone or a
 * different number is always a difference: showing one line too many costs less than hiding a statement. */
#include "recall/similar.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/text.h"

#define WORDS_MAX ((size_t)128)
#define SHARED_MIN 0.85
#define NUMBER_MARK ((uint64_t)1) /* lowest bit of the hash of a term with a digit in it */

typedef struct word_list {
    size_t count;
    bool is_negative;
    uint64_t hashes[WORDS_MAX];
} word_list;

static bool is_denial(kmi_slice term) {
    static const char *const DENIALS[] = {"not", "never", "no", "cannot", "without", "dont"};
    for (size_t i = 0; i < sizeof(DENIALS) / sizeof(DENIALS[0]); i++) {
        if (kmi_slice_equal(term, kmi_slice_from(DENIALS[i]))) return true;
    }
    return kmi_slice_ends_with(term, KMI_SLICE_LITERAL("n't"));
}

static bool has_digit(kmi_slice term) {
    for (size_t i = 0; i < term.len; i++) {
        if (term.ptr[i] >= '0' && term.ptr[i] <= '9') return true;
    }
    return false;
}

static bool add_word(const kmi_text_word *word, void *context) {
    word_list *list = context;
    if (word->is_part) return true;
    if (is_denial(word->folded)) list->is_negative = !list->is_negative;
    uint64_t hash = kmi_hash_checksum(0, &word->term, 1) & ~NUMBER_MARK;
    list->hashes[list->count++] = hash | (has_digit(word->term) ? NUMBER_MARK : 0);
    return list->count < WORDS_MAX;
}

static int compare_hashes(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

km_status kmi_word_set_make(kmi_slice text, kmi_arena *arena, kmi_word_set *ret_set, km_error *error) {
    word_list list = {0};
    km_status status = kmi_text_words(text, add_word, &list, error);
    if (status != KM_OK) return status;
    qsort(list.hashes, list.count, sizeof(list.hashes[0]), compare_hashes);
    uint64_t *hashes = kmi_arena_alloc_array(arena, list.count + 1, sizeof(*hashes));
    if (hashes == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while comparing memories");
    size_t count = 0;
    for (size_t i = 0; i < list.count; i++) {
        if (count == 0 || hashes[count - 1] != list.hashes[i]) hashes[count++] = list.hashes[i];
    }
    *ret_set = (kmi_word_set){.hashes = hashes, .count = count, .is_negative = list.is_negative};
    return KM_OK;
}

static size_t count_shared(const kmi_word_set *a, const kmi_word_set *b, bool *ret_has_other_number) {
    size_t shared = 0;
    size_t i = 0;
    size_t k = 0;
    *ret_has_other_number = false;
    while (i < a->count || k < b->count) {
        bool is_shared = i < a->count && k < b->count && a->hashes[i] == b->hashes[k];
        bool is_left = !is_shared && (k == b->count || (i < a->count && a->hashes[i] < b->hashes[k]));
        if (is_shared)
            shared++;
        else if (((is_left ? a->hashes[i] : b->hashes[k]) & NUMBER_MARK) != 0)
            *ret_has_other_number = true;
        if (is_shared || is_left) i++;
        if (is_shared || !is_left) k++;
    }
    return shared;
}

double kmi_word_set_share(const kmi_word_set *a, const kmi_word_set *b) {
    bool has_other_number = false;
    size_t shared = count_shared(a, b, &has_other_number);
    size_t all = a->count + b->count - shared;
    return all > 0 ? (double)shared / (double)all : 0;
}

bool kmi_word_set_is_similar(const kmi_word_set *a, const kmi_word_set *b) {
    bool has_other_number = false;
    size_t shared = count_shared(a, b, &has_other_number);
    if (a->is_negative != b->is_negative || has_other_number || shared == 0) return false;
    return (double)shared >= SHARED_MIN * (double)(a->count + b->count - shared);
}
