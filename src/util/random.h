/* random.h - random bytes from the kernel, fetched for several uses at once. */
#ifndef KMI_UTIL_RANDOM_H
#define KMI_UTIL_RANDOM_H

#include "kuzu_memory.h"

#define KMI_RANDOM_LIMIT_BYTES 32 /* of one call */

/* Fills in up to KMI_RANDOM_LIMIT_BYTES. *ret_fork_count (may be NULL) is another number after a fork() than before it:
 * who derives something from earlier bytes remembers it and starts anew when it changes. What a parent had fetched is
 * thrown away by itself. KM_E_IO when the kernel gives none. Cost: a system call for the first 48 bytes of a thread,
 * then one for each 256. */
km_status kmi_random_bytes(void *ret_bytes, size_t len, unsigned *ret_fork_count, km_error *error) KM_MUST_CHECK;

#endif
