/* What the learner recognises as one property with two values is superseded there, and by its fields in context.c. This is for
 * statements that say the same in other words: another number and a word of change, "no longer", or the same beginning with "now" in
 * it. Nothing less: "team A has 5 people" and "team B has 6" stand side by side, and hiding what holds costs more than a line too
 * many. */
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
    bool is_denial;            /* "no longer": what it names does not hold, whatever came in its place */
    bool adds;                 /* "also" */
    size_t now_start, now_end; /* of a word for "now"; both 0: none */
    bool names_subject;        /* something stands before that word */
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

static bool is_word(kmi_slice folded, const char *word) {
    return folded.ptr[0] == word[0] && kmi_slice_equal(folded, kmi_slice_from(word));
}

static bool is_now(kmi_slice folded) {
    static const char NOWS[][16] = {"now", "jetzt",  "nun",    "maintenant", "desormais", "ahora", "adesso", "agora",
                                    "nu",  "теперь", "сейчас", "现在",       "現在",      "今は",  "지금"};
    for (size_t i = 0; i < sizeof NOWS / sizeof NOWS[0]; i++) {
        if (is_word(folded, NOWS[i])) return true;
    }
    return false;
}

static bool is_adding(kmi_slice folded) {
    static const char ADDING[][16] = {"also",  "too",    "auch", "aussi", "tambien",
                                      "anche", "tambem", "ook",  "также", "тоже"};
    for (size_t i = 0; i < sizeof ADDING / sizeof ADDING[0]; i++) {
        if (is_word(folded, ADDING[i])) return true;
    }
    return false;
}

static bool has_digit(kmi_slice term) {
    for (size_t i = 0; i < term.len; i++) {
        if (term.ptr[i] >= '0' && term.ptr[i] <= '9') return true;
    }
    return false;
}

static bool is_denial(kmi_slice folded) {
    return kmi_slice_equal(folded, KMI_SLICE_LITERAL("longer")) ||
           kmi_slice_equal(folded, KMI_SLICE_LITERAL("anymore"));
}

static bool add_word(const kmi_text_word *word, void *context) {
    word_list *list = context;
    bool is_number = has_digit(word->folded);
    if (word->is_part && is_number) return true; /* a version is one number; a name such as MAX_SIZE is several words */
    bool is_word_of_change = is_change(word->folded);
    bool is_stop_word = kmi_text_is_stop_word(word->folded);
    list->tells_change |= is_word_of_change;
    list->is_denial |= is_word_of_change && is_denial(word->folded);
    list->adds |= is_adding(word->folded);
    if (list->now_end == 0 && is_now(word->folded)) {
        list->now_start = word->start;
        list->now_end = word->end;
    }
    if (list->now_end == 0 && !list->names_subject && !is_stop_word &&
        kmi_text_foreignness(word->folded) == KMI_FOREIGN_NOT)
        list->names_subject = true;
    if (!is_number && (is_word_of_change || is_stop_word)) return true;
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

/* How much of the text is its first word; a character where words are not divided. */
static size_t first_word_length(kmi_slice text) {
    size_t at = 0;
    if (text.len > 0 && (unsigned char)text.ptr[0] >= 0xE3) {
        (void)kmi_text_next(text, &at);
        return at;
    }
    while (at < text.len && text.ptr[at] != ' ') at++;
    return at;
}

static bool begin_alike(kmi_slice a, kmi_slice b) {
    size_t len = first_word_length(a);
    if (len == 0 || b.len == 0) return false;
    if (has_digit(kmi_slice_sub(a, 0, 1)) && has_digit(kmi_slice_sub(b, 0, 1))) return true;
    return len == first_word_length(b) && kmi_slice_equal_nocase(kmi_slice_sub(a, 0, len), kmi_slice_sub(b, 0, len));
}

/* "The model is now trained on Mondays" is "The model is trained …" with another end, in any language: without the word for
 * "now" both begin alike, at least up to the word behind it. */
static bool is_same_but_for_now(kmi_slice earlier, kmi_slice later, const word_list *new) {
    if (new->now_end == 0 || !new->names_subject || new->adds) return false;
    kmi_slice before = kmi_slice_trim(kmi_slice_sub(later, 0, new->now_start));
    kmi_slice behind = kmi_slice_trim(kmi_slice_sub(later, new->now_end, later.len));
    earlier = kmi_slice_trim(earlier);
    if (!kmi_slice_equal_nocase(kmi_slice_sub(earlier, 0, before.len), before)) return false;
    return begin_alike(behind, kmi_slice_trim(kmi_slice_sub(earlier, before.len, earlier.len)));
}

km_status kmi_is_outdated(kmi_slice earlier, kmi_slice later, bool *ret_is_outdated, km_error *error) {
    word_list old = {.count = 0};
    word_list new = {.count = 0};
    *ret_is_outdated = false;
    km_status status = kmi_text_words(earlier, add_word, &old, error);
    if (status == KM_OK) status = kmi_text_words(later, add_word, &new, error);
    if (status != KM_OK || old.is_long || new.is_long) return status;
    *ret_is_outdated = is_same_but_for_now(earlier, later, &new);
    if (*ret_is_outdated || !new.tells_change) return KM_OK;
    bool has_other_number = old.number_count > 0 && new.number_count > 0 &&
                            count_shared(old.numbers, old.number_count, new.numbers, new.number_count) == 0;
    if (!has_other_number && (!new.is_denial || old.is_denial)) return KM_OK;
    size_t shared = count_shared(old.words, old.count, new.words, new.count);
    *ret_is_outdated = shared >= 2 && (double)shared >= SHARED_MIN * (double)old.count;
    return KM_OK;
}
