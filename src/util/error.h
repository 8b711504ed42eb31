/* error.h - filling a km_error. Fill it once, where the fault happens; a layer boundary may put context before it. */
#ifndef KMI_UTIL_ERROR_H
#define KMI_UTIL_ERROR_H

#include "kuzu_memory.h"

/* Fills *error (may be NULL) and returns `status`, so that a fault is one statement:
 *     return kmi_fail(error, KM_E_INVALID, "priority must be 0 to 9, not %d", priority);
 * Never allocates. Control characters in the result are replaced by '?'. */
km_status kmi_fail(km_error *error, km_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: adds ": " and the text of `saved_errno`, and picks the status from it:
 * EACCES, EPERM, ELOOP → KM_E_PERMISSION; ENOMEM → KM_E_NOMEM; ENOENT → KM_E_NOT_FOUND; EAGAIN, EWOULDBLOCK, EBUSY →
 * KM_E_BUSY; EINTR → KM_E_INTERRUPTED; everything else (ENOSPC, EIO, EROFS, EDQUOT, EMFILE, …) → KM_E_IO. */
km_status kmi_fail_errno(km_error *error, int saved_errno, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message that is there, and returns error->status (or `status` when error is NULL). */
km_status kmi_fail_context(km_error *error, km_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True for faults of the surroundings (disk full, I/O, read-only, no permission, busy, no memory) that say nothing
 * about the task in hand: they pause the worker and use up no attempt. */
bool kmi_is_environment_error(km_status status);

#endif
