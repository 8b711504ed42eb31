/* guard.h - shared mappings of files that somebody else may cut short: touching what is gone raises SIGBUS.
 *
 * Whoever maps such a file tells it here. A program may have a handler for SIGBUS that calls kmi_guard_mend(), which puts empty
 * memory of the process's own in the place of the mapping; a library must not have one. */
#ifndef KMI_UTIL_GUARD_H
#define KMI_UTIL_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* From here on the mapping may be mended. What does not fit into the list of 64 is not. */
void kmi_guard_add(void *at, size_t len);
/* To be called before it is unmapped. */
void kmi_guard_remove(const void *at);
/* Returns: true when the address lies in such a mapping, all of which then reads as zeros. For a signal handler. */
bool kmi_guard_mend(const void *address);

#endif
