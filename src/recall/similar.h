/* similar.h - do two statements say the same in nearly the same words? */
#ifndef KMI_RECALL_SIMILAR_H
#define KMI_RECALL_SIMILAR_H

#include <stdint.h>

#include "util/arena.h"
#include "util/error.h"

typedef struct kmi_word_set {
    const uint64_t *hashes; /* of terms, sorted, each once; in the arena */
    size_t count;
    bool is_negative; /* holds a "not", "never", … */
} kmi_word_set;

km_status kmi_word_set_make(kmi_slice text, kmi_arena *arena, kmi_word_set *ret_set, km_error *error) KM_MUST_CHECK;
/* Returns: words in common as a share of all words of both, 0 to 1. */
double kmi_word_set_share(const kmi_word_set *a, const kmi_word_set *b);
/* True when nearly all words are shared and both affirm or both deny. A differing number makes two statements. */
bool kmi_word_set_is_similar(const kmi_word_set *a, const kmi_word_set *b);

#endif
