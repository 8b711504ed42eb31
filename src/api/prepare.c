/* Everything that can be wrong with an item is found here, before anything is written. A lone item without labels costs one
 * arena and no JSON parser.
 *
 * The id of a keyed task is the SHA-256 of its key in the layout of a UUIDv7, so that the answer to the second `learn` with a
 * key names the first task although `learn` never opens the store; the time in such an id means nothing. */
#include "api/prepare.h"

#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "queue/payload.h"
#include "util/clock.h"
#include "util/error.h"

enum { prepared_limit = 1024 * 1024 * 1024, json_depth_max = 64 };

/* ---- Checking ---- */

static km_status check_label(const char *label, const char *name, km_error *error) {
    if (label == NULL) return KM_OK;
    size_t len = strlen(label);
    if (len > KM_LABEL_LIMIT_BYTES)
        return kmi_fail(error, KM_E_INVALID, "%s is %zu bytes long; the limit is %zu", name, len, KM_LABEL_LIMIT_BYTES);
    return kmi_text_check_utf8((kmi_slice){label, len}, name, error);
}

static km_status check_type(const char *type, km_error *error) {
    if (type == NULL) return KM_OK;
    for (const char *const *known = km_memory_types(); *known != NULL; known++)
        if (strcmp(*known, type) == 0) return KM_OK;
    return kmi_fail(
        error, KM_E_INVALID,
        "\"%.40s\" is no memory type; use fact, identity, preference, decision, rule, solution, status or note", type);
}

static km_status check_metadata(const char *metadata, km_error *error) {
    if (metadata == NULL) return KM_OK;
    size_t len = strlen(metadata);
    if (len > KM_METADATA_LIMIT_BYTES)
        return kmi_fail(error, KM_E_INVALID, "metadata is %zu bytes long; the limit is %zu", len,
                        KM_METADATA_LIMIT_BYTES);
    json_t *object = NULL;
    km_status status = kmi_json_parse_object((kmi_slice){metadata, len}, "metadata", &object, error);
    if (status == KM_OK) json_decref(object);
    return status;
}

km_status km_learn_item_check(const km_learn_item *item, km_error *error) {
    if (item == NULL || item->content == NULL) return kmi_fail(error, KM_E_INVALID, "there is no text to learn");
    kmi_slice content = {item->content, item->content_len != 0 ? item->content_len : strlen(item->content)};
    if (content.len > KM_CONTENT_LIMIT_BYTES)
        return kmi_fail(error, KM_E_INVALID, "the text is %zu bytes long; the limit is %zu, so split it into parts",
                        content.len, KM_CONTENT_LIMIT_BYTES);
    km_status status = kmi_text_check_utf8(content, "the text", error);
    if (status == KM_OK && kmi_text_is_blank(content)) status = kmi_fail(error, KM_E_INVALID, "the text is empty");
    if (status == KM_OK) status = check_label(item->source, "source", error);
    if (status == KM_OK) status = check_label(item->session, "session", error);
    if (status == KM_OK) status = check_label(item->speaker, "speaker", error);
    if (status == KM_OK) status = check_label(item->key, "key", error);
    if (status == KM_OK) status = check_label(item->agent, "agent", error);
    if (status == KM_OK) status = check_label(item->user, "user", error);
    if (status == KM_OK && item->key != NULL && item->key[0] == '\0')
        status = kmi_fail(error, KM_E_INVALID, "key is empty");
    if (status == KM_OK) status = check_type(item->type, error);
    if (status == KM_OK) status = check_metadata(item->metadata_json, error);
    return status;
}

/* ---- Redacting ---- */

static km_status no_memory(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while preparing the text");
}

/* Replaces *text by a copy without secrets, if it has any. */
static km_status redact(kmi_prepared *prepared, kmi_slice *text, km_error *error) {
    KMI_CLEANUP_BUF kmi_buf clean;
    kmi_buf_init(&clean, 2 * KM_CONTENT_LIMIT_BYTES);
    bool is_changed = false;
    if (kmi_secrets_redact(*text, &clean, &is_changed, &prepared->redactions) != KM_OK) return no_memory(error);
    if (!is_changed) return KM_OK;
    const char *copy = kmi_arena_copy(prepared->arena, kmi_buf_slice(&clean));
    if (copy == NULL) return no_memory(error);
    *text = (kmi_slice){copy, clean.len};
    return KM_OK;
}

static km_status redact_label(kmi_prepared *prepared, const char **label, km_error *error) {
    if (*label == NULL) return KM_OK;
    kmi_slice text = kmi_slice_from(*label);
    km_status status = redact(prepared, &text, error);
    *label = text.ptr;
    return status;
}

static km_status redact_member(kmi_prepared *prepared, const char *name, json_t **value, km_error *error);

/* Replaces secrets in all strings below `node`. Depth is bounded by the parser and by json_depth_max. */
static km_status redact_json(kmi_prepared *prepared, json_t *node, int depth, km_error *error) {
    const char *name;
    json_t *child;
    size_t index;
    void *next;
    km_status status = KM_OK;
    if (depth > json_depth_max) return kmi_fail(error, KM_E_INVALID, "metadata is nested too deeply");
    if (json_is_object(node)) {
        json_object_foreach_safe(node, next, name, child) {
            json_t *clean = child;
            status = json_is_string(child) ? redact_member(prepared, name, &clean, error)
                                           : redact_json(prepared, child, depth + 1, error);
            if (status == KM_OK && clean != child && json_object_set_new(node, name, clean) != 0)
                status = no_memory(error);
            if (status != KM_OK) return status;
        }
    } else if (json_is_array(node)) {
        json_array_foreach(node, index, child) {
            json_t *clean = child;
            status = json_is_string(child) ? redact_member(prepared, "", &clean, error)
                                           : redact_json(prepared, child, depth + 1, error);
            if (status == KM_OK && clean != child && json_array_set_new(node, index, clean) != 0)
                status = no_memory(error);
            if (status != KM_OK) return status;
        }
    }
    return KM_OK;
}

/* A value may be a secret by its look or by the name it stands under: it is judged as an assignment to that name. */
static km_status redact_member(kmi_prepared *prepared, const char *name, json_t **value, km_error *error) {
    char *assignment = kmi_arena_format(prepared->arena, "%s=%s", name, json_string_value(*value));
    if (assignment == NULL) return no_memory(error);
    kmi_slice text = kmi_slice_from(assignment);
    km_status status = redact(prepared, &text, error);
    if (status != KM_OK || text.ptr == assignment) return status;
    size_t value_at = strlen(name) + 1;
    bool is_name_kept = text.len >= value_at && strncmp(text.ptr, assignment, value_at) == 0;
    json_t *clean = json_string(is_name_kept ? text.ptr + value_at : text.ptr);
    if (clean == NULL) return no_memory(error);
    *value = clean;
    return KM_OK;
}

static km_status redact_metadata(kmi_prepared *prepared, const char **metadata, km_error *error) {
    if (*metadata == NULL) return KM_OK;
    KMI_CLEANUP_JSON json_t *object = NULL;
    size_t before = prepared->redactions.count;
    km_status status = kmi_json_parse_object(kmi_slice_from(*metadata), "metadata", &object, error);
    if (status == KM_OK) status = redact_json(prepared, object, 0, error);
    if (status != KM_OK || prepared->redactions.count == before) return status;
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, 2 * KM_METADATA_LIMIT_BYTES);
    status = kmi_json_dump(object, &text, error);
    if (status == KM_OK && (*metadata = kmi_arena_copy(prepared->arena, kmi_buf_slice(&text))) == NULL)
        status = no_memory(error);
    return status;
}

static km_status redact_item(kmi_prepared *prepared, km_learn_item *item, km_error *error) {
    kmi_slice content = {item->content, item->content_len};
    km_status status = redact(prepared, &content, error);
    item->content = content.ptr;
    item->content_len = content.len;
    if (status == KM_OK) status = redact_label(prepared, &item->source, error);
    if (status == KM_OK) status = redact_label(prepared, &item->session, error);
    if (status == KM_OK) status = redact_label(prepared, &item->speaker, error);
    if (status == KM_OK) status = redact_label(prepared, &item->key, error);
    if (status == KM_OK) status = redact_label(prepared, &item->agent, error);
    if (status == KM_OK) status = redact_label(prepared, &item->user, error);
    if (status == KM_OK) status = redact_metadata(prepared, &item->metadata_json, error);
    return status;
}

/* ---- Packing ---- */

kmi_uuid kmi_task_id_from_key(const char *key) {
    static const kmi_slice purpose = KMI_SLICE_LITERAL("kuzu-memory task key\n");
    kmi_slice parts[] = {purpose, kmi_slice_from(key)};
    unsigned char digest[32];
    kmi_hash_sha256(parts, 2, digest);
    return kmi_uuid_from_hash(digest);
}

/* Returns: how many items from `first` on make the next task. */
static size_t choose_pack(const kmi_prepared *prepared, size_t first) {
    size_t bytes = 0, count = 0;
    while (first + count < prepared->item_count && count < KMI_PACK_ITEMS_MAX) {
        const km_learn_item *item = &prepared->items[first + count];
        if (item->key != NULL) return count == 0 ? 1 : count;
        bytes += kmi_payload_size(item);
        if (count > 0 && bytes > KMI_PACK_BYTES_MAX) break;
        count++;
    }
    return count;
}

static km_status pack_task(kmi_prepared *prepared, size_t first, size_t count, int priority, km_error *error) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++) size += kmi_payload_size(&prepared->items[first + i]);
    char *storage = kmi_arena_alloc(prepared->arena, size + 1);
    if (storage == NULL) return no_memory(error);
    kmi_buf payload;
    kmi_buf_init_fixed(&payload, storage, size + 1);
    for (size_t i = 0; i < count; i++) kmi_payload_add(&payload, &prepared->items[first + i]);
    if (kmi_buf_status(&payload) != KM_OK) return kmi_fail(error, KM_E_INTERNAL, "a task is larger than was computed");
    kmi_record *record = &prepared->records[prepared->task_count];
    const char *key = prepared->items[first].key;
    *record = (kmi_record){
        .created_at_us = kmi_clock_now_us(),
        .priority = (uint8_t)priority,
        .is_keyed = key != NULL,
        .item_count = (uint32_t)count,
        .payload = {storage, payload.len},
    };
    if (key != NULL) record->task_id = kmi_task_id_from_key(key);
    km_status status = key != NULL ? KM_OK : kmi_uuid_make(&record->task_id, error);
    prepared->first_items[prepared->task_count++] = first;
    prepared->first_items[prepared->task_count] = first + count;
    return status;
}

static km_status pack(kmi_prepared *prepared, int priority, km_error *error) {
    prepared->records = kmi_arena_alloc_array(prepared->arena, prepared->item_count, sizeof *prepared->records);
    prepared->first_items =
        kmi_arena_alloc_array(prepared->arena, prepared->item_count + 1, sizeof *prepared->first_items);
    if (prepared->records == NULL || prepared->first_items == NULL) return no_memory(error);
    km_status status = KM_OK;
    for (size_t first = 0; first < prepared->item_count && status == KM_OK;) {
        size_t count = choose_pack(prepared, first);
        status = pack_task(prepared, first, count, priority, error);
        first += count;
    }
    prepared->records[0].redaction_count = (uint32_t)prepared->redactions.count;
    return status;
}

static km_status prepare_item(const kmi_config *config, const km_learn_item *given, kmi_prepared *prepared,
                              km_learn_item *item, km_error *error) {
    km_status status = km_learn_item_check(given, error);
    if (status != KM_OK) return status;
    *item = *given;
    if (item->content_len == 0) item->content_len = strlen(item->content);
    if (item->source == NULL) item->source = "cli";
    return config->learn_redact_secrets ? redact_item(prepared, item, error) : KM_OK;
}

km_status kmi_prepare(const kmi_config *config, const km_learn_item *items, size_t item_count, int priority,
                      kmi_prepared *ret_prepared, km_error *error) {
    if (items == NULL || item_count == 0) return kmi_fail(error, KM_E_INVALID, "there is nothing to learn");
    if (priority < KM_PRIORITY_FIRST || priority > KM_PRIORITY_LAST)
        return kmi_fail(error, KM_E_INVALID, "priority must be %d (first) to %d (last), not %d", KM_PRIORITY_FIRST,
                        KM_PRIORITY_LAST, priority);
    kmi_prepared prepared = {.arena = kmi_arena_new(prepared_limit), .item_count = item_count};
    if (prepared.arena == NULL) return no_memory(error);
    prepared.items = kmi_arena_alloc_array(prepared.arena, item_count, sizeof *prepared.items);
    if (prepared.items == NULL) {
        kmi_prepared_deinit(&prepared);
        return no_memory(error);
    }
    km_status status = KM_OK;
    for (size_t i = 0; i < item_count && status == KM_OK; i++) {
        status = prepare_item(config, &items[i], &prepared, &prepared.items[i], error);
        if (status != KM_OK && item_count > 1) status = kmi_fail_context(error, status, "item %zu", i + 1);
    }
    if (status == KM_OK) status = pack(&prepared, priority, error);
    if (status != KM_OK) {
        kmi_prepared_deinit(&prepared);
        return status;
    }
    *ret_prepared = prepared;
    return KM_OK;
}

void kmi_prepared_deinit(kmi_prepared *prepared) {
    kmi_arena_free(prepared->arena);
    prepared->arena = NULL;
}
