/* text_stem.h - from a folded word to its search term: irregular forms, then English Porter2 stems. */
#ifndef KMI_BASE_TEXT_STEM_H
#define KMI_BASE_TEXT_STEM_H

#include "util/slice.h"

typedef struct kmi_stemmer kmi_stemmer;

/* Returns: the stemmer of this thread, made on first use and freed with the thread; NULL when out of memory. */
kmi_stemmer *kmi_stemmer_require(void);
/* Returns: the stem of a folded word; the word itself if it has more than letters a to z. Valid until the next call of
 * this thread. {NULL, 0} when out of memory. */
kmi_slice kmi_stemmer_stem(kmi_stemmer *stemmer, kmi_slice folded_word);

#endif
