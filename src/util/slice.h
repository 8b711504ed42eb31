/* slice.h - a borrowed run of bytes: pointer and length, passed by value. Not NUL-terminated, may hold any bytes. */
#ifndef KMI_UTIL_SLICE_H
#define KMI_UTIL_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct kmi_slice {
    const char *ptr;
    size_t len;
} kmi_slice;

#define KMI_SLICE_LITERAL(text) ((kmi_slice){(text), sizeof(text) - 1})

/* Returns: the slice over a NUL-terminated string; empty for NULL. Inline: the length of a literal costs nothing. */
static inline kmi_slice kmi_slice_from(const char *text) {
    return (kmi_slice){text, text != NULL ? strlen(text) : 0};
}
/* Returns: text[from .. from+len), cut to what is there. */
kmi_slice kmi_slice_sub(kmi_slice text, size_t from, size_t len);
/* Returns: without ASCII white space at both ends. */
kmi_slice kmi_slice_trim(kmi_slice text);
bool kmi_slice_equal(kmi_slice a, kmi_slice b);
/* Compares without regard to the case of ASCII letters. */
bool kmi_slice_equal_nocase(kmi_slice a, kmi_slice b);
bool kmi_slice_starts_with(kmi_slice text, kmi_slice prefix);
bool kmi_slice_ends_with(kmi_slice text, kmi_slice suffix);
/* Returns: offset of the first occurrence at or after `from`, or SIZE_MAX. */
size_t kmi_slice_find(kmi_slice text, kmi_slice needle, size_t from);

#endif
