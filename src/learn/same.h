/* same.h - finds the memory that says the same as a new statement. */
#ifndef KMI_LEARN_SAME_H
#define KMI_LEARN_SAME_H

#include "store/store.h"

#define KMI_SAME_LIMIT_BYTES ((size_t)600) /* of a text whose turned forms are tried; longer ones must be equal */

/* Finds a live memory with the same normalised text, with a leading or closing phrase at the other end, or with or without
 * "please". A few look-ups by hash. *ret_is_found; ret_id. */
km_status kmi_same_find(kmi_store *store, kmi_slice content, bool *ret_is_found, kmi_uuid *ret_id,
                        km_error *error) KM_MUST_CHECK;

/* Finds among the newest live statements on this subject (NULL: none) one that differs in wording only (see wording.h). */
km_status kmi_same_find_worded(kmi_store *store, const char *subject, kmi_slice content, kmi_arena *arena,
                               bool *ret_is_found, kmi_uuid *ret_id, km_error *error) KM_MUST_CHECK;

#endif
