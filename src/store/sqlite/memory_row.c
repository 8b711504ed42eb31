/* From a row to a memory, for every statement that selects MEMORY_COLUMNS. */
#include <string.h>

#include "store/sqlite/handle.h"

enum {
    COLUMN_SEQ,
    COLUMN_ID,
    COLUMN_CONTENT,
    COLUMN_TYPE,
    COLUMN_KNOWLEDGE_TYPE,
    COLUMN_POLARITY,
    COLUMN_PATTERN,
    COLUMN_CONFIDENCE,
    COLUMN_IMPORTANCE,
    COLUMN_SUBJECT,
    COLUMN_ATTRIBUTE,
    COLUMN_VALUE,
    COLUMN_TIME_PHRASE,
    COLUMN_EVENT_AT,
    COLUMN_SOURCE,
    COLUMN_SPEAKER,
    COLUMN_SESSION,
    COLUMN_AGENT,
    COLUMN_USER,
    COLUMN_KEY,
    COLUMN_METADATA,
    COLUMN_ORIGIN_TASK,
    COLUMN_CREATED_AT,
    COLUMN_OBSERVED_AT,
    COLUMN_LAST_SEEN_AT,
    COLUMN_EXPIRES_AT,
    COLUMN_SEEN_COUNT,
    COLUMN_SUPERSEDED_BY
};

/* Reads a binary id as text; NULL and anything that is no id give NULL. */
static km_status copy_id(const kmi_sql_use *use, int column, kmi_arena *arena, const char **ret_text, km_error *error) {
    kmi_slice bytes = kmi_sql_slice(use, column);
    kmi_uuid id;
    *ret_text = NULL;
    if (bytes.len != sizeof(id.bytes)) return KM_OK;
    memcpy(id.bytes, bytes.ptr, sizeof(id.bytes));
    char *text = kmi_arena_alloc(arena, KMI_UUID_TEXT_SIZE);
    if (text == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading \"%s\"", kmi_sql_path(use->sql));
    *ret_text = kmi_uuid_format(&id, text);
    return KM_OK;
}

typedef struct text_column {
    int column;
    const char **target;
} text_column;

static km_status copy_texts(const kmi_sql_use *use, kmi_arena *arena, km_memory *memory, km_error *error) {
    const text_column texts[] = {
        {COLUMN_CONTENT, &memory->content},         {COLUMN_SUBJECT, &memory->subject},
        {COLUMN_ATTRIBUTE, &memory->attribute},     {COLUMN_VALUE, &memory->value},
        {COLUMN_TIME_PHRASE, &memory->time_phrase}, {COLUMN_KEY, &memory->key},
        {COLUMN_METADATA, &memory->metadata_json},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        km_status status = kmi_sql_copy_text(use, texts[i].column, arena, texts[i].target, error);
        if (status != KM_OK) return status;
    }
    return KM_OK;
}

static km_status copy_labels(kmi_store *store, const kmi_sql_use *use, kmi_arena *arena, km_memory *memory,
                             km_error *error) {
    const text_column labels[] = {
        {COLUMN_TYPE, &memory->type},         {COLUMN_KNOWLEDGE_TYPE, &memory->knowledge_type},
        {COLUMN_POLARITY, &memory->polarity}, {COLUMN_PATTERN, &memory->pattern},
        {COLUMN_SOURCE, &memory->source},     {COLUMN_SPEAKER, &memory->speaker},
        {COLUMN_SESSION, &memory->session},   {COLUMN_AGENT, &memory->agent},
        {COLUMN_USER, &memory->user},
    };
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        int64_t id = kmi_sql_integer(use, labels[i].column);
        km_status status = kmi_label_copy(store, id, arena, labels[i].target, error);
        if (status != KM_OK) return status;
    }
    return KM_OK;
}

km_status kmi_memory_read(kmi_store *store, const kmi_sql_use *use, kmi_arena *arena, km_memory *ret_memory,
                          km_error *error) {
    km_memory memory = {
        .seq = kmi_sql_integer(use, COLUMN_SEQ),
        .confidence = kmi_sql_real(use, COLUMN_CONFIDENCE),
        .importance = kmi_sql_real(use, COLUMN_IMPORTANCE),
        .event_at_us = kmi_sql_integer(use, COLUMN_EVENT_AT),
        .created_at_us = kmi_sql_integer(use, COLUMN_CREATED_AT),
        .observed_at_us = kmi_sql_integer(use, COLUMN_OBSERVED_AT),
        .last_seen_at_us = kmi_sql_integer(use, COLUMN_LAST_SEEN_AT),
        .expires_at_us = kmi_sql_integer(use, COLUMN_EXPIRES_AT),
        .seen_count = (uint32_t)kmi_sql_integer(use, COLUMN_SEEN_COUNT),
    };
    km_entity *entities = NULL;
    km_status status = copy_texts(use, arena, &memory, error);
    if (status == KM_OK) status = copy_labels(store, use, arena, &memory, error);
    if (status == KM_OK) status = copy_id(use, COLUMN_ID, arena, &memory.id, error);
    if (status == KM_OK) status = copy_id(use, COLUMN_ORIGIN_TASK, arena, &memory.origin_task, error);
    if (status == KM_OK) status = copy_id(use, COLUMN_SUPERSEDED_BY, arena, &memory.superseded_by, error);
    if (status == KM_OK) status = kmi_graph_entities(store, memory.seq, arena, &entities, &memory.entity_count, error);
    if (status != KM_OK) return status;
    memory.entities = entities;
    *ret_memory = memory;
    return KM_OK;
}

km_status kmi_memory_read_all(kmi_store *store, kmi_sql_use *use, size_t limit, kmi_arena *arena, km_memory **ret_items,
                              size_t *ret_count, km_error *error) {
    km_memory *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool has_row = false;
    km_status status = KM_OK;
    while (count < limit) {
        status = kmi_sql_step(use, &has_row, error);
        if (status != KM_OK || !has_row) break;
        if (count == capacity) {
            size_t grown = capacity == 0 ? 8 : capacity * 2;
            km_memory *larger = kmi_arena_alloc_array(arena, grown, sizeof(*larger));
            if (larger == NULL) return kmi_store_fail_nomem(store, error);
            if (count > 0) memcpy(larger, items, count * sizeof(*items));
            items = larger;
            capacity = grown;
        }
        status = kmi_memory_read(store, use, arena, &items[count], error);
        if (status != KM_OK) break;
        count++;
    }
    if (status != KM_OK) return status;
    *ret_items = items;
    *ret_count = count;
    return KM_OK;
}

km_status kmi_memory_seq(kmi_store *store, const kmi_uuid *id, int64_t *ret_seq, km_error *error) {
    static const char FIND_SEQ[] = "SELECT seq FROM memories WHERE id=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, FIND_SEQ, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, id->bytes, sizeof(id->bytes));
    status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK) return status;
    if (!has_row) {
        char text[KMI_UUID_TEXT_SIZE];
        return kmi_fail(error, KM_E_NOT_FOUND, "there is no memory \"%s\"; \"kuzu-memory recent\" lists them",
                        kmi_uuid_format(id, text));
    }
    *ret_seq = kmi_sql_integer(&use, 0);
    return KM_OK;
}

km_status kmi_store_memory_get(kmi_store *store, const kmi_uuid *id, kmi_arena *arena, km_memory *ret_memory,
                               km_error *error) {
    int64_t seq = 0;
    km_status status = kmi_memory_seq(store, id, &seq, error);
    return status == KM_OK ? kmi_store_memory_by_seq(store, seq, arena, ret_memory, error) : status;
}

km_status kmi_store_memory_by_seq(kmi_store *store, int64_t seq, kmi_arena *arena, km_memory *ret_memory,
                                  km_error *error) {
    static const char GET_MEMORY[] = "SELECT " MEMORY_COLUMNS " FROM memories m WHERE m.seq=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, GET_MEMORY, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK) return status;
    if (!has_row) return kmi_fail(error, KM_E_NOT_FOUND, "there is no memory number %lld", (long long)seq);
    return kmi_memory_read(store, &use, arena, ret_memory, error);
}
