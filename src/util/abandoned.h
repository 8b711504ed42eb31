/* abandoned.h - temporary files of processes that were killed. */
#ifndef KMI_UTIL_ABANDONED_H
#define KMI_UTIL_ABANDONED_H

#include <stdbool.h>

/* Says whether a name is one that only an unfinished command makes. */
typedef bool (*kmi_abandoned_test)(const char *name, const void *context);

/* Removes the regular files of one directory whose names pass the test and to which nobody has written for an hour. What cannot
 * be removed stays. */
void kmi_abandoned_remove(int dir_fd, kmi_abandoned_test test, const void *context);
/* A test, without context: what kmi_file_replace() makes. */
bool kmi_abandoned_is_replacement(const char *name, const void *context);

#endif
