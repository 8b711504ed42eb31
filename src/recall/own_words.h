/* own_words.h - which words of a prompt a memory says itself; the search counts its neighbours' words too. */
#ifndef KMI_RECALL_OWN_WORDS_H
#define KMI_RECALL_OWN_WORDS_H

#include "store/store.h"

/* Most words of the query that stand within any 40 words of a text, of its first 64 KiB. With skip_common words
 * that say little ("use", "write") do not count where the query has others. A query of which no word stands anywhere
 * was answered with words that are spelt alike: all of them count as said. */
km_status kmi_own_words_count(kmi_slice text, const kmi_search_info *info, bool skip_common, size_t *ret_count,
                              km_error *error) KM_MUST_CHECK;

#endif
