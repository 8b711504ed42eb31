/* decision.h - decision records that an assistant wrote: one note that says where the record stands and what it is about.
 *
 * Conservative on purpose. A record is a Markdown file that was not there before, right in one of the folders that projects
 * keep such records in. What it says is read with the file; the note has its title alone. */
#ifndef KMI_ASSIST_DECISION_H
#define KMI_ASSIST_DECISION_H

#include <stdbool.h>

#include "util/slice.h"

#define KMI_DECISION_BYTES 512

/* Makes the note of a file just created, if it is a record of the project in the folder `root` and has a title.
 * Returns: false when it is none, or cannot be read. */
bool kmi_decision_take(const char *root, kmi_slice path, char *ret_note, size_t size);

#endif
