/* uuid.h - UUID version 7 (RFC 9562): 48 bits of milliseconds, then random bits. Binary form sorts by time. */
#ifndef KMI_UTIL_UUID_H
#define KMI_UTIL_UUID_H

#include "kuzu_memory.h"

typedef struct kmi_uuid {
    unsigned char bytes[16];
} kmi_uuid;

#define KMI_UUID_TEXT_SIZE 37 /* 36 characters and NUL */

/* Makes a new id. KM_E_IO when the kernel gives no random bytes. Ids made by one thread rise strictly.
 * Random bytes are fetched for many ids at once, so a loop costs no system call each. */
km_status kmi_uuid_make(kmi_uuid *ret_uuid, km_error *error) KM_MUST_CHECK;
/* The version 7 layout over 16 given bytes: for ids that are derived from a key instead of from time. */
kmi_uuid kmi_uuid_from_hash(const unsigned char hash[16]);
char *kmi_uuid_format(const kmi_uuid *uuid, char ret_text[KMI_UUID_TEXT_SIZE]);
/* Parses the 36-character form, either case. KM_E_INVALID otherwise. */
km_status kmi_uuid_parse(const char *text, kmi_uuid *ret_uuid, km_error *error) KM_MUST_CHECK;

/* Turns an id prefix (1 to 36 characters, hyphens optional) into the range of binary ids it stands for:
 * all ids x with low <= x <= high. KM_E_INVALID for other characters or an empty prefix. */
km_status kmi_uuid_prefix_range(const char *prefix, kmi_uuid *ret_low, kmi_uuid *ret_high,
                                km_error *error) KM_MUST_CHECK;
int kmi_uuid_compare(const kmi_uuid *a, const kmi_uuid *b);

#endif
