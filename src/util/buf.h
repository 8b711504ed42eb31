/* buf.h - a bounded, growing byte buffer with a sticky error, so that twenty appends need one check.
 *
 * Invariants: `ptr` is NUL-terminated whenever it is not NULL; `len` never passes `limit`; after the first failure
 * (limit reached or out of memory) every further append does nothing and kmi_buf_status() tells the failure.
 * A buffer started with kmi_buf_init_fixed() writes into the caller's storage and never allocates. */
#ifndef KMI_UTIL_BUF_H
#define KMI_UTIL_BUF_H

#include <stdarg.h>
#include <stdint.h>

#include "kuzu_memory.h"
#include "util/slice.h"

typedef struct kmi_buf {
    char *ptr;
    size_t len;
    size_t capacity; /* bytes at ptr, the NUL included */
    size_t limit;    /* len never passes this */
    km_status status;
    bool is_fixed; /* ptr belongs to the caller */
} kmi_buf;

/* Starts an empty heap buffer that holds at most `limit` bytes. Allocates on first use. End with kmi_buf_deinit(). */
void kmi_buf_init(kmi_buf *buf, size_t limit);
/* Starts an empty buffer over caller's storage of `size` bytes (size > 0); holds at most size - 1 bytes. */
void kmi_buf_init_fixed(kmi_buf *buf, char *storage, size_t size);
void kmi_buf_deinit(kmi_buf *buf);
/* Makes it empty and reusable, and forgets a failure. */
void kmi_buf_clear(kmi_buf *buf);
/* Returns: KM_OK, or KM_E_NOMEM, or KM_E_INVALID when the limit was reached. */
km_status kmi_buf_status(const kmi_buf *buf);

void kmi_buf_add(kmi_buf *buf, const void *bytes, size_t len);
void kmi_buf_add_slice(kmi_buf *buf, kmi_slice text);
void kmi_buf_add_text(kmi_buf *buf, const char *text); /* NULL adds nothing */
void kmi_buf_add_char(kmi_buf *buf, char c);
void kmi_buf_add_format(kmi_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kmi_buf_add_format_v(kmi_buf *buf, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
/* Adds the text as a JSON string with its quotes. Control characters, quotes and backslashes are escaped. */
void kmi_buf_add_json_string(kmi_buf *buf, kmi_slice text);
/* Fixed-width little-endian integers, for file formats. */
void kmi_buf_add_u32(kmi_buf *buf, uint32_t value);
void kmi_buf_add_u64(kmi_buf *buf, uint64_t value);

/* Returns: the content as a slice; valid until the next append. */
kmi_slice kmi_buf_slice(const kmi_buf *buf);
/* Returns: the content as a string that is now yours (free()); the buffer is empty after. NULL after a failure.
 * Never NULL for an empty healthy heap buffer. Not for fixed buffers. */
char *kmi_buf_take(kmi_buf *buf);

#define KMI_CLEANUP_BUF __attribute__((cleanup(kmi_buf_deinit)))

#endif
