/* lock.h - advisory locks between processes: one byte of a file each, by open file description (F_OFD_SETLK), so that
 * a dead owner releases by itself and nothing depends on process ids. Every wait has a limit. */
#ifndef KMI_UTIL_LOCK_H
#define KMI_UTIL_LOCK_H

#include <sys/types.h>

#include "kuzu_memory.h"

/* Tries once. Returns KM_OK, KM_E_BUSY (someone else holds it; error untouched), or KM_E_IO. Taking a byte that the
 * same descriptor already holds succeeds. */
km_status kmi_lock_try(int fd, off_t byte, km_error *error) KM_MUST_CHECK;
/* Polls, first at 50 µs and then with growing pauses up to 2 ms, until timeout_ms is over: KM_E_BUSY. */
km_status kmi_lock_wait(int fd, off_t byte, int64_t timeout_ms, km_error *error) KM_MUST_CHECK;
void kmi_lock_release(int fd, off_t byte);
/* Says whether another open file description holds the byte. A failing probe counts as held (*ret_is_held = true is
 * the safe answer for the caller that would start a second worker) and returns its error. */
km_status kmi_lock_probe(int fd, off_t byte, bool *ret_is_held, km_error *error) KM_MUST_CHECK;

/* Returns: the process that holds a lock for writing by process (as SQLite takes them) on a byte from `first` to `last` of the file
 * `name` in a directory, or 0. Read from /proc: opening and closing the file would release such locks of our own. */
int64_t kmi_lock_find_process(int dir_fd, const char *name, off_t first, off_t last);

#endif
