/* similar.h - how much two statements have in common, as sets of words. */
#ifndef KMI_IMPORT_SIMILAR_H
#define KMI_IMPORT_SIMILAR_H

#include <stdint.h>

#include "util/slice.h"

#define KMI_SIMILAR_WORDS 64

typedef struct kmi_word_set {
    uint32_t words[KMI_SIMILAR_WORDS]; /* hashes, ascending */
    size_t count;
} kmi_word_set;

/* Collects the first words of a text as search knows them. Returns: an empty set for what is no text. */
kmi_word_set kmi_word_set_of(kmi_slice text);
/* Returns: shared words by all words, 0 to 1. */
double kmi_word_set_overlap(const kmi_word_set *a, const kmi_word_set *b);

#endif
