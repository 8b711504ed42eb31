/* diff.h - the lines that differ between two texts, for people: "-" and "+" with a little context. */
#ifndef KMI_CLI_DIFF_H
#define KMI_CLI_DIFF_H

#include "cli/terminal.h"
#include "util/slice.h"

/* Adds the differing lines, each indented by two spaces, with two lines of context and "…" between distant places. Control
 * characters become '?'. Very long texts that differ all over are shown as one block. */
void kmi_diff_add(const kmi_terminal *terminal, kmi_buf *buf, kmi_slice before, kmi_slice after);

#endif
