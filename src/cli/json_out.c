/* A writer instead of a tree: results are written in the order they come, and a tree of jansson values for ten thousand
 * memories would cost more than the search that found them. */
#include "cli/json_out.h"

#include <inttypes.h>
#include <math.h>

#include "util/clock.h"

kmi_json_out kmi_json_out_start(kmi_buf *buf) {
    return (kmi_json_out){.buf = buf};
}

static void begin_value(kmi_json_out *out, const char *key) {
    if (out->has_member[out->depth]) {
        kmi_buf_add_char(out->buf, ',');
    }
    out->has_member[out->depth] = true;
    if (key != NULL) {
        kmi_buf_add_format(out->buf, "\"%s\":", key);
    }
}

static void open_level(kmi_json_out *out, const char *key, char bracket) {
    begin_value(out, key);
    kmi_buf_add_char(out->buf, bracket);
    if (out->depth + 1 < KMI_JSON_OUT_DEPTH) {
        out->depth++;
    }
    out->has_member[out->depth] = false;
}

static void close_level(kmi_json_out *out, char bracket) {
    kmi_buf_add_char(out->buf, bracket);
    if (out->depth > 0) {
        out->depth--;
    }
}

void kmi_json_out_object(kmi_json_out *out, const char *key) {
    open_level(out, key, '{');
}

void kmi_json_out_object_end(kmi_json_out *out) {
    close_level(out, '}');
}

void kmi_json_out_array(kmi_json_out *out, const char *key) {
    open_level(out, key, '[');
}

void kmi_json_out_array_end(kmi_json_out *out) {
    close_level(out, ']');
}

void kmi_json_out_slice(kmi_json_out *out, const char *key, kmi_slice text) {
    begin_value(out, key);
    kmi_buf_add_json_string(out->buf, text);
}

void kmi_json_out_text(kmi_json_out *out, const char *key, const char *text) {
    if (text == NULL) {
        kmi_json_out_null(out, key);
        return;
    }
    kmi_json_out_slice(out, key, kmi_slice_from(text));
}

void kmi_json_out_integer(kmi_json_out *out, const char *key, int64_t value) {
    begin_value(out, key);
    kmi_buf_add_format(out->buf, "%" PRId64, value);
}

void kmi_json_out_count(kmi_json_out *out, const char *key, uint64_t value) {
    begin_value(out, key);
    kmi_buf_add_format(out->buf, "%" PRIu64, value);
}

void kmi_json_out_real(kmi_json_out *out, const char *key, double value) {
    begin_value(out, key);
    if (isfinite(value)) {
        kmi_buf_add_format(out->buf, "%.6g", value);
    } else {
        kmi_buf_add_text(out->buf, "null");
    }
}

void kmi_json_out_bool(kmi_json_out *out, const char *key, bool value) {
    begin_value(out, key);
    kmi_buf_add_text(out->buf, value ? "true" : "false");
}

void kmi_json_out_null(kmi_json_out *out, const char *key) {
    begin_value(out, key);
    kmi_buf_add_text(out->buf, "null");
}

void kmi_json_out_time(kmi_json_out *out, const char *key, int64_t time_us) {
    char text[KMI_TIME_TEXT_SIZE];
    kmi_json_out_text(out, key, time_us != 0 ? kmi_time_format(time_us, text) : NULL);
}

void kmi_json_out_ms(kmi_json_out *out, const char *key, int64_t duration_us) {
    begin_value(out, key);
    kmi_buf_add_format(out->buf, "%.3f", (double)duration_us / 1000.0);
}

void kmi_json_out_raw(kmi_json_out *out, const char *key, kmi_slice json) {
    begin_value(out, key);
    kmi_buf_add_slice(out->buf, json);
}
