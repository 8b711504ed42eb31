/* note.h - one statement that was found in another program's file, on its way into the memory.
 *
 * The readers of this folder are pure: bytes in, notes out, one at a time; what a note points to lives until the visitor
 * returns. They know nothing of files and nothing of memories, and no input can make them fail: a line they cannot use is
 * passed over, or told with its number. */
#ifndef KMI_IMPORT_NOTE_H
#define KMI_IMPORT_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/slice.h"

#define KMI_NOTE_LIMIT_BYTES ((size_t)8192)
#define KMI_NOTE_HEADING_BYTES ((size_t)160)

typedef struct kmi_note {
    kmi_slice text;    /* a whole statement: one line, readable without its surroundings */
    kmi_slice heading; /* what it stood under, or empty */
    const char *type;  /* one of km_memory_types(), or NULL: the learner decides */
    uint64_t line;     /* where it began, from 1 */
} kmi_note;

/* Gets one note, or with `problem` (never the text itself) a line that holds none. Return false to stop. */
typedef bool (*kmi_note_visit)(const kmi_note *note, const char *problem, void *context);

#endif
