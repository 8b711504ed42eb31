/* wording.h - the words of a statement without the liberties that English leaves its speakers. */
#ifndef KMI_LEARN_WORDING_H
#define KMI_LEARN_WORDING_H

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

#define KMI_WORDING_LIMIT_BYTES ((size_t)400)

/* Writes a form that two statements share if they differ only in
 *   - articles, "please", case, blanks and marks,
 *   - the form of a verb that means the same ("is running" and "runs", "have to" and "must", "I'd prefer" and "I prefer"),
 *   - the order of phrases that a preposition opens ("every night at three" and "at three every night").
 * Numbers, names, negations and every other word stay. Returns false for a text too long to compare, or out of memory. */
bool kmi_wording_make(kmi_slice content, kmi_buf *wording);

#endif
