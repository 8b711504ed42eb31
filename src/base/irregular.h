/* irregular.h - English forms that no stemmer finds: went, mice, bought, children. */
#ifndef KMI_BASE_IRREGULAR_H
#define KMI_BASE_IRREGULAR_H

#include "util/slice.h"

/* Returns: the basic form of a folded word ("go" for "went"), or NULL when it is regular. Static. */
const char *kmi_irregular_find(kmi_slice folded_word);

#endif
