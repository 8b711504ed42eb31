/* injected.h - passages of a conversation that a machine put there: the notes that hooks hand to an assistant, and the
 * reminders and environments that clients wrap in tags. They come back inside of prompts and transcripts, and are
 * neither the user's words nor the assistant's. */
#ifndef KMI_BASE_INJECTED_H
#define KMI_BASE_INJECTED_H

#include <stdint.h>

#include "util/buf.h"

/* What opens and closes a block of our own notes. Clients may escape both (&lt;kuzu-memory&gt;). */
#define KMI_INJECTED_OPEN "<kuzu-memory>"
#define KMI_INJECTED_CLOSE "</kuzu-memory>"

/* Tells whether such a passage begins at text[at], and where it ends. *unclosed (0 at first) remembers which tags have no
 * end any more, so that a text full of openings is read once and not once for each. */
bool kmi_injected_at(kmi_slice text, size_t at, uint32_t *unclosed, size_t *ret_end);
/* Appends the text without such passages. */
void kmi_injected_strip(kmi_slice text, kmi_buf *buf);

#endif
