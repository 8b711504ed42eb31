/* A flat list of fields; `content` opens each item. Binary rather than JSON: `learn` needs no parser and no escaping. */
#include "queue/payload.h"

#include <string.h>

#include "util/error.h"

enum {
    tag_content = 1,
    tag_source,
    tag_session,
    tag_speaker,
    tag_type,
    tag_key,
    tag_metadata,
    tag_agent,
    tag_user,
    tag_observed_at,
    tag_verbatim,
};

enum { field_header_bytes = 5 }; /* tag 1, length 4 */
enum { label_count = 8 };

/* The text fields besides the content, in the order of their tags. */
static void list_labels(const km_learn_item *item, const char *ret_labels[label_count]) {
    const char *labels[label_count] = {item->source, item->session,       item->speaker, item->type,
                                       item->key,    item->metadata_json, item->agent,   item->user};
    memcpy(ret_labels, labels, sizeof labels);
}

static size_t content_len(const km_learn_item *item) {
    return item->content_len != 0 ? item->content_len : strlen(item->content);
}

size_t kmi_payload_size(const km_learn_item *item) {
    const char *labels[label_count];
    list_labels(item, labels);
    size_t size = field_header_bytes + content_len(item) + 2 * (field_header_bytes + 8);
    for (int i = 0; i < label_count; i++)
        if (labels[i] != NULL) size += field_header_bytes + strlen(labels[i]);
    return size;
}

static void add_field(kmi_buf *buf, unsigned char tag, const void *bytes, size_t len) {
    kmi_buf_add_char(buf, (char)tag);
    kmi_buf_add_u32(buf, (uint32_t)len);
    kmi_buf_add(buf, bytes, len);
}

void kmi_payload_add(kmi_buf *buf, const km_learn_item *item) {
    const char *labels[label_count];
    list_labels(item, labels);
    add_field(buf, tag_content, item->content, content_len(item));
    for (int i = 0; i < label_count; i++)
        if (labels[i] != NULL) add_field(buf, (unsigned char)(tag_source + i), labels[i], strlen(labels[i]));
    if (item->observed_at_us != 0) {
        kmi_buf_add_char(buf, tag_observed_at);
        kmi_buf_add_u32(buf, 8);
        kmi_buf_add_u64(buf, (uint64_t)item->observed_at_us);
    }
    if (item->verbatim) add_field(buf, tag_verbatim, "", 0);
}

static uint64_t read_integer(kmi_slice value, size_t bytes) {
    uint64_t number = 0;
    for (size_t i = 0; i < bytes && i < value.len; i++) number |= (uint64_t)(unsigned char)value.ptr[i] << (8 * i);
    return number;
}

/* Takes the next field off *rest. False at the end or when the rest is no field. */
static bool take_field(kmi_slice *rest, unsigned char *ret_tag, kmi_slice *ret_value) {
    if (rest->len < field_header_bytes) return false;
    size_t len = (size_t)read_integer(kmi_slice_sub(*rest, 1, 4), 4);
    if (len > rest->len - field_header_bytes) return false;
    *ret_tag = (unsigned char)rest->ptr[0];
    *ret_value = kmi_slice_sub(*rest, field_header_bytes, len);
    *rest = kmi_slice_sub(*rest, field_header_bytes + len, rest->len);
    return true;
}

static size_t count_items(kmi_slice payload) {
    size_t count = 0;
    unsigned char tag;
    kmi_slice value;
    while (take_field(&payload, &tag, &value))
        if (tag == tag_content) count++;
    return count;
}

static bool set_field(km_learn_item *item, unsigned char tag, kmi_slice value, kmi_arena *arena) {
    const char **labels[label_count] = {&item->source, &item->session,       &item->speaker, &item->type,
                                        &item->key,    &item->metadata_json, &item->agent,   &item->user};
    if (tag == tag_content) {
        item->content = kmi_arena_copy(arena, value);
        item->content_len = value.len;
        return item->content != NULL;
    }
    if (tag >= tag_source && tag <= tag_user) {
        const char **label = labels[tag - tag_source];
        *label = kmi_arena_copy(arena, value);
        return *label != NULL;
    }
    if (tag == tag_observed_at) item->observed_at_us = (int64_t)read_integer(value, 8);
    if (tag == tag_verbatim) item->verbatim = true;
    return true;
}

km_status kmi_payload_read(kmi_slice payload, kmi_arena *arena, km_learn_item **ret_items, size_t *ret_count,
                           km_error *error) {
    size_t count = count_items(payload);
    if (count == 0) return kmi_fail(error, KM_E_INVALID, "the task holds no text");
    km_learn_item *items = kmi_arena_alloc_array(arena, count, sizeof *items);
    if (items == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading a task");
    size_t at = 0; /* items begun so far */
    unsigned char tag;
    kmi_slice value;
    while (take_field(&payload, &tag, &value)) {
        if (tag == tag_content) at++;
        if (at == 0) return kmi_fail(error, KM_E_INVALID, "the task does not begin with a text");
        if (!set_field(&items[at - 1], tag, value, arena))
            return kmi_fail(error, KM_E_NOMEM, "out of memory while reading a task");
    }
    if (payload.len != 0) return kmi_fail(error, KM_E_INVALID, "the task ends in the middle of a field");
    *ret_items = items;
    *ret_count = count;
    return KM_OK;
}
