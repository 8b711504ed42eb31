/* buf.c - the bounded buffer everything is built in.
 *
 * An append that does not fit adds nothing at all: half a JSON string or half a path is worse than none. Capacity
 * doubles, so that n appends cost O(n); the limit is checked before any allocation. */
#include "util/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)128)

void kmi_buf_init(kmi_buf *buf, size_t limit) {
    /* One byte more is needed for the NUL. */
    *buf = (kmi_buf){.limit = limit < SIZE_MAX ? limit : SIZE_MAX - 1, .status = KM_OK};
}

void kmi_buf_init_fixed(kmi_buf *buf, char *storage, size_t size) {
    storage[0] = '\0';
    *buf = (kmi_buf){.ptr = storage, .capacity = size, .limit = size - 1, .status = KM_OK, .is_fixed = true};
}

void kmi_buf_deinit(kmi_buf *buf) {
    if (!buf->is_fixed) {
        free(buf->ptr);
        buf->ptr = NULL;
        buf->capacity = 0;
    }
    buf->len = 0;
}

void kmi_buf_clear(kmi_buf *buf) {
    buf->len = 0;
    buf->status = KM_OK;
    if (buf->ptr != NULL) {
        buf->ptr[0] = '\0';
    }
}

km_status kmi_buf_status(const kmi_buf *buf) {
    return buf->status;
}

/* Makes room for `extra` bytes and the NUL. Returns false, with the status set, when there is none. */
static bool make_room(kmi_buf *buf, size_t extra) {
    if (buf->status != KM_OK) {
        return false;
    }
    if (extra > buf->limit - buf->len) {
        buf->status = KM_E_INVALID;
        return false;
    }
    size_t needed = buf->len + extra + 1;
    if (needed <= buf->capacity) {
        return true;
    }
    size_t capacity = buf->capacity > 0 ? buf->capacity : FIRST_CAPACITY;
    while (capacity < needed) {
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    }
    if (capacity > buf->limit + 1) {
        capacity = buf->limit + 1;
    }
    char *grown = realloc(buf->ptr, capacity);
    if (grown == NULL) {
        buf->status = KM_E_NOMEM;
        return false;
    }
    buf->ptr = grown;
    buf->capacity = capacity;
    return true;
}

void kmi_buf_add(kmi_buf *buf, const void *bytes, size_t len) {
    if (len == 0 || !make_room(buf, len)) {
        return;
    }
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

void kmi_buf_add_slice(kmi_buf *buf, kmi_slice text) {
    kmi_buf_add(buf, text.ptr, text.len);
}

void kmi_buf_add_text(kmi_buf *buf, const char *text) {
    if (text != NULL) {
        kmi_buf_add(buf, text, strlen(text));
    }
}

void kmi_buf_add_char(kmi_buf *buf, char c) {
    kmi_buf_add(buf, &c, 1);
}

void kmi_buf_add_format_v(kmi_buf *buf, const char *format, va_list arguments) {
    if (buf->status != KM_OK) {
        return;
    }
    size_t room = buf->capacity > buf->len ? buf->capacity - buf->len : 0;
    va_list again;
    va_copy(again, arguments);
    int needed = vsnprintf(room > 0 ? buf->ptr + buf->len : NULL, room, format, arguments);
    if (needed >= 0 && (size_t)needed >= room && make_room(buf, (size_t)needed)) {
        needed = vsnprintf(buf->ptr + buf->len, (size_t)needed + 1, format, again);
    }
    va_end(again);
    if (needed < 0) {
        buf->status = KM_E_INVALID;
    }
    if (buf->status == KM_OK) {
        buf->len += (size_t)needed;
    }
    if (buf->ptr != NULL) {
        buf->ptr[buf->len] = '\0'; /* takes back what the first try wrote behind the end */
    }
}

void kmi_buf_add_format(kmi_buf *buf, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    kmi_buf_add_format_v(buf, format, arguments);
    va_end(arguments);
}

/* Returns: the length of the valid UTF-8 sequence at `at`, or 0. */
static size_t utf8_length(const unsigned char *at, size_t rest) {
    unsigned char first = at[0];
    if (first < 0x80) {
        return 1;
    }
    size_t len = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || len > rest) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool is_overlong = (first == 0xE0 && at[1] < 0xA0) || (first == 0xF0 && at[1] < 0x90);
    bool is_outside = (first == 0xED && at[1] > 0x9F) || (first == 0xF4 && at[1] > 0x8F);
    return is_overlong || is_outside ? 0 : len;
}

static void add_json_escape(kmi_buf *buf, unsigned code) {
    static const char short_names[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};
    if (code < sizeof short_names && short_names[code] != '\0') {
        char escape[2] = {'\\', short_names[code]};
        kmi_buf_add(buf, escape, sizeof escape);
    } else {
        kmi_buf_add_format(buf, "\\u%04x", code);
    }
}

/* Bytes that are no UTF-8 (a file name may hold any) become U+FFFD: the output must always be valid JSON. The C1
 * controls U+0080 to U+009F are escaped too, since a terminal may obey them. */
void kmi_buf_add_json_string(kmi_buf *buf, kmi_slice text) {
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    size_t plain_from = 0;
    size_t at = 0;
    kmi_buf_add_char(buf, '"');
    while (at < text.len && buf->status == KM_OK) {
        unsigned char c = bytes[at];
        size_t len = utf8_length(bytes + at, text.len - at);
        bool is_c1 = len == 2 && c == 0xC2 && bytes[at + 1] < 0xA0;
        if (len > 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7F && !is_c1) {
            at += len;
            continue;
        }
        kmi_buf_add(buf, bytes + plain_from, at - plain_from);
        if (len == 0) {
            kmi_buf_add_text(buf, "\xEF\xBF\xBD");
            len = 1;
        } else {
            add_json_escape(buf, is_c1 ? bytes[at + 1] : c);
        }
        at += len;
        plain_from = at;
    }
    if (at > plain_from) {
        kmi_buf_add(buf, bytes + plain_from, at - plain_from);
    }
    kmi_buf_add_char(buf, '"');
}

void kmi_buf_add_u32(kmi_buf *buf, uint32_t value) {
    unsigned char bytes[4];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
    kmi_buf_add(buf, bytes, sizeof bytes);
}

void kmi_buf_add_u64(kmi_buf *buf, uint64_t value) {
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
    kmi_buf_add(buf, bytes, sizeof bytes);
}

kmi_slice kmi_buf_slice(const kmi_buf *buf) {
    return (kmi_slice){buf->ptr, buf->len};
}

char *kmi_buf_take(kmi_buf *buf) {
    if (buf->is_fixed || !make_room(buf, 0)) {
        return NULL;
    }
    char *taken = buf->ptr;
    taken[buf->len] = '\0';
    buf->ptr = NULL;
    buf->len = 0;
    buf->capacity = 0;
    return taken;
}
