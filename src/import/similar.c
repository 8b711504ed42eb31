#include "import/similar.h"

#include "base/hash.h"
#include "base/text.h"

static bool take_word(const kmi_text_word *word, void *context) {
    kmi_word_set *set = context;
    uint32_t hash = (uint32_t)kmi_hash_checksum(0, &word->term, 1);
    size_t at = 0;
    while (at < set->count && set->words[at] < hash) at++;
    if (at < set->count && set->words[at] == hash) return true;
    if (set->count == KMI_SIMILAR_WORDS) return false;
    memmove(set->words + at + 1, set->words + at, (set->count - at) * sizeof set->words[0]);
    set->words[at] = hash;
    set->count++;
    return true;
}

kmi_word_set kmi_word_set_of(kmi_slice text) {
    kmi_word_set set = {.count = 0};
    if (kmi_text_check_utf8(text, "text", NULL) != KM_OK) return set;
    if (kmi_text_words(text, take_word, &set, NULL) != KM_OK) set.count = 0;
    return set;
}

double kmi_word_set_overlap(const kmi_word_set *a, const kmi_word_set *b) {
    size_t shared = 0;
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        if (a->words[i] == b->words[j]) {
            shared++;
            i++;
            j++;
        } else if (a->words[i] < b->words[j]) {
            i++;
        } else {
            j++;
        }
    }
    size_t all = a->count + b->count - shared;
    return all > 0 ? (double)shared / (double)all : 0;
}
