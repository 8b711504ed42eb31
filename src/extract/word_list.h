/* word_list.h - "is this word one of these?", for lists that stand in the code where they are asked: "is|are|was".
 *
 * The extractor asks this hundreds of times for each sentence and the answer is nearly always no. So each thread
 * remembers for each list which hashes its words have: a no is one look into a table, a yes is looked for in the list. */
#ifndef KMI_EXTRACT_WORD_LIST_H
#define KMI_EXTRACT_WORD_LIST_H

#include <stdint.h>

#include "util/slice.h"

/* Returns: a hash that does not depend on the case of ASCII letters. */
uint32_t kmi_word_hash(kmi_slice word);
/* True if the word is in the list, whose words are separated by '|' or blanks; the case of ASCII letters does not matter.
 * `list` must be a literal or static: it is known again by its address. `hash` is kmi_word_hash(word). */
bool kmi_word_list_has(const char *list, kmi_slice word, uint32_t hash);

#endif
