/* What the learner recognises as one property with two values is superseded there, and by its fields in context.c. This is for
 * statements that say the same in other words. Numbers only, and only with a word of change: "team A has 5 people" and "team B has 6"
 * stand side by side, and hiding what holds costs more than a line too many. */
#include "recall/outdated.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

#define WORDS_MAX ((size_t)48) /* a longer text says more than one thing */
#define LONGEST_CHANGE ((size_t)10)
#define SHARED_MIN 0.6 /* of the earlier one's words */

typedef struct word_list {
    size_t count, number_count;
    bool is_long, tells_change;
    uint64_t words[WORDS_MAX];
    uint64_t numbers[WORDS_MAX];
} word_list;

static int compare_words(const void *word, const void *entry) {
    const kmi_slice *left = word;
    const char *right = entry;
    size_t right_len = strlen(right);
    int order = memcmp(left->ptr, right, left->len < right_len ? left->len : right_len);
    return order != 0 ? order : (left->len > right_len) - (left->len < right_len);
}

static bool is_change(kmi_slice folded) {
    static const char CHANGES[][LONGEST_CHANGE + 1] = {
        "anymore",  "changed",  "cut",       "doubled",  "downgraded", "dropped",  "extended",
        "fell",     "goes",     "grew",      "halved",   "increased",  "instead",  "longer",
        "lowered",  "migrated", "moved",     "now",      "postponed",  "raised",   "reduced",
        "replaced", "rose",     "shortened", "switched", "updated",    "upgraded", "went"}; /* sorted */
    return folded.len <= LONGEST_CHANGE &&
           bsearch(&folded, CHANGES, sizeof CHANGES / sizeof CHANGES[0], sizeof CHANGES[0], compare_words) != NULL;
}

static bool has_digit(kmi_slice term) {
    for (size_t i = 0; i < term.len; i++) {
        if (term.ptr[i] >= '0' && term.ptr[i] <= '9') return true;
    }
    return false;
}

static bool add_word(const kmi_text_word *word, void *context) {
    word_list *list = context;
    bool is_number = has_digit(word->folded);
    if (word->is_part && is_number) return true; /* a version is one number; a name such as MAX_SIZE is several words */
    bool is_word_of_change = is_change(word->folded);
    list->tells_change |= is_word_of_change;
    if (!is_number && (is_word_of_change || kmi_text_is_stop_word(word->folded))) return true;
    if (list->count == WORDS_MAX || list->number_count == WORDS_MAX) {
        list->is_long = true;
        return false;
    }
    uint64_t hash = kmi_hash_checksum(0, &word->term, 1);
    if (is_number)
        list->numbers[list->number_count++] = hash;
    else
        list->words[list->count++] = hash;
    return true;
}

static size_t count_shared(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count) {
    size_t shared = 0;
    for (size_t i = 0; i < a_count; i++) {
        size_t k = 0;
        while (k < b_count && a[i] != b[k]) k++;
        shared += k < b_count;
    }
    return shared;
}

km_status kmi_is_outdated(kmi_slice earlier, kmi_slice later, bool *ret_is_outdated, km_error *error) {
    word_list old = {.count = 0};
    word_list new = {.count = 0};
    *ret_is_outdated = false;
    km_status status = kmi_text_words(earlier, add_word, &old, error);
    if (status == KM_OK) status = kmi_text_words(later, add_word, &new, error);
    if (status != KM_OK || old.is_long || new.is_long || !new.tells_change) return status;
    if (old.number_count == 0 || new.number_count == 0) return KM_OK;
    if (count_shared(old.numbers, old.number_count, new.numbers, new.number_count) > 0) return KM_OK;
    size_t shared = count_shared(old.words, old.count, new.words, new.count);
    *ret_is_outdated = shared >= 2 && (double)shared >= SHARED_MIN * (double)old.count;
    return KM_OK;
}
