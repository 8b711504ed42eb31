/* json_out.h - writing one JSON document into a buffer: commas and quotes are its business, not the caller's.
 *
 * Members of objects have a key; items of arrays pass NULL. Keys are plain ASCII words. The buffer's sticky error is
 * the only one there is. Nesting is limited to KMI_JSON_OUT_DEPTH, which no document of ours reaches. */
#ifndef KMI_CLI_JSON_OUT_H
#define KMI_CLI_JSON_OUT_H

#include "util/buf.h"

#define KMI_JSON_OUT_DEPTH 16

typedef struct kmi_json_out {
    kmi_buf *buf;
    unsigned depth;
    bool has_member[KMI_JSON_OUT_DEPTH];
} kmi_json_out;

kmi_json_out kmi_json_out_start(kmi_buf *buf);
void kmi_json_out_object(kmi_json_out *out, const char *key);
void kmi_json_out_object_end(kmi_json_out *out);
void kmi_json_out_array(kmi_json_out *out, const char *key);
void kmi_json_out_array_end(kmi_json_out *out);

void kmi_json_out_text(kmi_json_out *out, const char *key, const char *text); /* NULL is null */
void kmi_json_out_slice(kmi_json_out *out, const char *key, kmi_slice text);
void kmi_json_out_integer(kmi_json_out *out, const char *key, int64_t value);
void kmi_json_out_count(kmi_json_out *out, const char *key, uint64_t value);
void kmi_json_out_real(kmi_json_out *out, const char *key, double value); /* six significant digits */
void kmi_json_out_bool(kmi_json_out *out, const char *key, bool value);
void kmi_json_out_null(kmi_json_out *out, const char *key);
/* A time as RFC 3339 text; 0 is null. */
void kmi_json_out_time(kmi_json_out *out, const char *key, int64_t time_us);
/* A duration in milliseconds, with its microseconds as decimals. */
void kmi_json_out_ms(kmi_json_out *out, const char *key, int64_t duration_us);
/* JSON that is there already. */
void kmi_json_out_raw(kmi_json_out *out, const char *key, kmi_slice json);

#endif
