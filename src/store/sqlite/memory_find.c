/* Finding single memories: by what they say, by what they are about, by the start of an id, and by who superseded them. */
#include <string.h>

#include "store/sqlite/handle.h"

km_status kmi_store_content_hash(kmi_slice content, unsigned char ret_hash[32], km_error *error) {
    return kmi_normal_hash(content, ret_hash, error);
}

/* The index holds the start of the hash. That two texts share it is not to be expected, and not to be trusted in. */
km_status kmi_store_memory_find_hash(kmi_store *store, const unsigned char hash[32], bool *ret_is_found,
                                     kmi_uuid *ret_id, km_error *error) {
    static const char FIND_SAME[] =
        "SELECT id,content FROM memories WHERE content_hash=?1 AND superseded_by IS NULL ORDER BY seq";
    *ret_is_found = false;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, FIND_SAME, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, hash, CONTENT_HASH_BYTES);
    while ((status = kmi_sql_step(&use, &has_row, error)) == KM_OK && has_row && !*ret_is_found) {
        unsigned char found[32];
        kmi_slice id = kmi_sql_slice(&use, 0);
        if (id.len != sizeof(ret_id->bytes)) continue;
        memcpy(ret_id->bytes, id.ptr, sizeof(ret_id->bytes));
        status = kmi_normal_hash(kmi_sql_slice(&use, 1), found, error);
        if (status != KM_OK) return status;
        *ret_is_found = memcmp(found, hash, sizeof(found)) == 0;
    }
    return status;
}

km_status kmi_store_memory_find_same(kmi_store *store, kmi_slice content, bool *ret_is_found, kmi_uuid *ret_id,
                                     km_error *error) {
    unsigned char hash[32];
    km_status status = kmi_normal_hash(content, hash, error);
    return status == KM_OK ? kmi_store_memory_find_hash(store, hash, ret_is_found, ret_id, error) : status;
}

km_status kmi_store_memory_find_subject(kmi_store *store, const char *subject, const char *attribute, size_t limit,
                                        kmi_arena *arena, km_memory **ret_items, size_t *ret_count, km_error *error) {
    static const char FIND_PROPERTY[] =
        "SELECT " MEMORY_COLUMNS " FROM memories m WHERE m.subject=?1 AND m.attribute=?2"
        " AND m.superseded_by IS NULL ORDER BY m.observed_at DESC,m.seq DESC LIMIT ?3";
    static const char FIND_SUBJECT[] = "SELECT " MEMORY_COLUMNS " FROM memories m WHERE m.subject=?1"
                                       " AND m.superseded_by IS NULL ORDER BY m.observed_at DESC,m.seq DESC LIMIT ?3";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, attribute != NULL ? FIND_PROPERTY : FIND_SUBJECT, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_text(&use, 1, subject);
    if (attribute != NULL) kmi_sql_bind_text(&use, 2, attribute);
    kmi_sql_bind_integer(&use, 3, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
    return kmi_memory_read_all(store, &use, limit, arena, ret_items, ret_count, error);
}

km_status kmi_store_memory_predecessors(kmi_store *store, const kmi_uuid *id, kmi_arena *arena, km_memory **ret_items,
                                        size_t *ret_count, km_error *error) {
    static const char FIND_PREDECESSORS[] = "SELECT " MEMORY_COLUMNS " FROM memories m"
                                            " WHERE m.superseded_by=?1 ORDER BY m.seq DESC";
    int64_t seq = 0;
    km_status status = kmi_memory_seq(store, id, &seq, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, FIND_PREDECESSORS, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    return kmi_memory_read_all(store, &use, SIZE_MAX, arena, ret_items, ret_count, error);
}

/* Finds the one id between two; `text` is a statement with both as parameters that gives at most two ids in order. */
km_status kmi_store_resolve(kmi_store *store, const char *text, const char *what, const char *prefix, kmi_uuid *ret_id,
                            km_error *error) {
    kmi_uuid low;
    kmi_uuid high;
    km_status status = kmi_uuid_prefix_range(prefix, &low, &high, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, text, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, low.bytes, sizeof(low.bytes));
    kmi_sql_bind_blob(&use, 2, high.bytes, sizeof(high.bytes));
    kmi_uuid found[2] = {{{0}}};
    size_t count = 0;
    bool has_row = true;
    while (count < 2) {
        status = kmi_sql_step(&use, &has_row, error);
        if (status != KM_OK) return status;
        if (!has_row) break;
        kmi_slice id = kmi_sql_slice(&use, 0);
        if (id.len == sizeof(found[0].bytes)) memcpy(found[count++].bytes, id.ptr, sizeof(found[0].bytes));
    }
    if (count == 0) return kmi_fail(error, KM_E_NOT_FOUND, "there is no %s \"%.40s\"", what, prefix);
    if (count == 2) {
        char first[KMI_UUID_TEXT_SIZE];
        char second[KMI_UUID_TEXT_SIZE];
        return kmi_fail(error, KM_E_CONFLICT,
                        "\"%.40s\" stands for more than one %s, for example \"%s\" and \"%s\"; give more of it", prefix,
                        what, kmi_uuid_format(&found[0], first), kmi_uuid_format(&found[1], second));
    }
    *ret_id = found[0];
    return KM_OK;
}

km_status kmi_store_memory_resolve(kmi_store *store, const char *prefix, kmi_uuid *ret_id, km_error *error) {
    static const char RESOLVE_MEMORY[] = "SELECT id FROM memories WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 2";
    return kmi_store_resolve(store, RESOLVE_MEMORY, "memory", prefix, ret_id, error);
}
