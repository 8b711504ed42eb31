/* slice.c - comparing and searching bytes with an explicit length.
 *
 * White space and case are ASCII on purpose: ctype.h follows the locale, and a static program must not need one. */
#include "util/slice.h"

#include <stdint.h>
#include <string.h>

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static unsigned char lower(char c) {
    unsigned char byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + ('a' - 'A')) : byte;
}

kmi_slice kmi_slice_sub(kmi_slice text, size_t from, size_t len) {
    if (from > text.len) {
        from = text.len;
    }
    size_t rest = text.len - from;
    /* A NULL slice is empty, and NULL + 0 is not defined in C. */
    return (kmi_slice){from > 0 ? text.ptr + from : text.ptr, len < rest ? len : rest};
}

kmi_slice kmi_slice_trim(kmi_slice text) {
    size_t start = 0;
    size_t end = text.len;
    while (start < end && is_space(text.ptr[start])) {
        start++;
    }
    while (end > start && is_space(text.ptr[end - 1])) {
        end--;
    }
    return kmi_slice_sub(text, start, end - start);
}

bool kmi_slice_equal(kmi_slice a, kmi_slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool kmi_slice_equal_nocase(kmi_slice a, kmi_slice b) {
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool kmi_slice_starts_with(kmi_slice text, kmi_slice prefix) {
    return text.len >= prefix.len && kmi_slice_equal(kmi_slice_sub(text, 0, prefix.len), prefix);
}

bool kmi_slice_ends_with(kmi_slice text, kmi_slice suffix) {
    return text.len >= suffix.len && kmi_slice_equal(kmi_slice_sub(text, text.len - suffix.len, suffix.len), suffix);
}

size_t kmi_slice_find(kmi_slice text, kmi_slice needle, size_t from) {
    if (from > text.len || needle.len > text.len - from) {
        return SIZE_MAX;
    }
    if (needle.len == 0) {
        return from;
    }
    const char *found = memmem(text.ptr + from, text.len - from, needle.ptr, needle.len);
    return found != NULL ? (size_t)(found - text.ptr) : SIZE_MAX;
}
