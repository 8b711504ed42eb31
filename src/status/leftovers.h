/* leftovers.h - temporary files of processes that were killed. */
#ifndef KMI_STATUS_LEFTOVERS_H
#define KMI_STATUS_LEFTOVERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* True for a regular file that only an unfinished command makes. `path` is relative to the memory directory. */
bool kmi_leftover_is_temporary(const char *path, const struct stat *info);

/* Removes those that nobody has written to for an hour from the memory directory and from state/. The queue looks after its own
 * (kmi_queue_sweep). What cannot be removed stays: `doctor` tells. */
void kmi_leftovers_remove(int memory_dir_fd, int64_t now_us);

#endif
