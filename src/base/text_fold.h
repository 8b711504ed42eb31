/* text_fold.h - folding of short runs, shared by kmi_text_fold() and the splitter. */
#ifndef KMI_BASE_TEXT_FOLD_H
#define KMI_BASE_TEXT_FOLD_H

#include <stdint.h>

#include "util/slice.h"

/* The longest run that is folded at once, and the most characters that may come of it (one Arabic ligature of three
 * bytes becomes eighteen). */
#define KMI_FOLD_RUN_BYTES ((size_t)256)
#define KMI_FOLD_RUN_CHARACTERS ((size_t)1600)

/* Folds a run of at most KMI_FOLD_RUN_BYTES: compatibility forms, case and accents. Returns the number of characters. */
size_t kmi_text_fold_run(kmi_slice run, int32_t ret_characters[KMI_FOLD_RUN_CHARACTERS]);
/* Writes one character as UTF-8, at most 4 bytes. Returns its length. */
size_t kmi_text_encode(int32_t character, char ret_bytes[4]);
/* True for a mark that belongs to the character before it. */
bool kmi_text_is_mark(int32_t codepoint);
/* Returns: the longest prefix of at most `limit` bytes that does not cut a character. */
kmi_slice kmi_text_prefix(kmi_slice text, size_t limit);

#endif
