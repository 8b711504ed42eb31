/* Lists of memories: newest first, standing ones, and all of them for export. */
#include "store/sqlite/handle.h"
#include "util/clock.h"

#define DEFAULT_LIMIT 10
#define UNITS_OF_TIME 200000
#define EXPORT_ARENA_LIMIT_BYTES ((size_t)64 * 1024 * 1024)

km_status kmi_store_memory_recent(kmi_store *store, const km_recall_query *query, kmi_arena *arena,
                                  km_memory **ret_items, size_t *ret_count, km_error *error) {
    static const char LIST_RECENT[] =
        "SELECT " MEMORY_COLUMNS " FROM memories m WHERE " MEMORY_FILTER " ORDER BY m.seq DESC LIMIT ?8";
    static const km_recall_query NO_FILTER;
    const km_recall_query *filter = query != NULL ? query : &NO_FILTER;
    size_t limit = filter->limit != 0 ? filter->limit : DEFAULT_LIMIT;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, LIST_RECENT, &use, error);
    if (status != KM_OK) return status;
    status = kmi_memory_bind_filter(store, &use, filter, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 8, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
    return kmi_memory_read_all(store, &use, limit, arena, ret_items, ret_count, error);
}

km_status kmi_store_memory_of_time(kmi_store *store, const km_recall_query *query, size_t limit, kmi_arena *arena,
                                   km_memory **ret_items, size_t *ret_count, km_error *error) {
    /* No index over times: it would cost every write, and few questions name nothing but a time. */
    static const char LIST_OF_TIME[] =
        "SELECT " MEMORY_COLUMNS " FROM memories m WHERE " MEMORY_FILTER " AND m.seq>(SELECT max(seq) FROM memories)-?9"
        " ORDER BY m.observed_at DESC,m.seq DESC LIMIT ?8";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, LIST_OF_TIME, &use, error);
    if (status != KM_OK) return status;
    status = kmi_memory_bind_filter(store, &use, query, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 8, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
    kmi_sql_bind_integer(&use, 9, UNITS_OF_TIME);
    return kmi_memory_read_all(store, &use, limit, arena, ret_items, ret_count, error);
}

km_status kmi_memory_bind_filter(kmi_store *store, kmi_sql_use *use, const km_recall_query *query, km_error *error) {
    const char *const labels[] = {query->source, query->type, query->session};
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        int64_t id = 0;
        km_status status = labels[i] != NULL ? kmi_label_find(store, labels[i], &id, error) : KM_OK;
        if (status != KM_OK) return status;
        if (labels[i] != NULL) kmi_sql_bind_integer(use, (int)i + 1, id); /* else it stays NULL */
    }
    kmi_sql_bind_time(use, 4, query->since_us);
    kmi_sql_bind_time(use, 5, query->until_us);
    kmi_sql_bind_integer(use, 6, query->now_us != 0 ? query->now_us : kmi_clock_now_us());
    kmi_sql_bind_integer(use, 7, query->include_superseded);
    return KM_OK;
}

km_status kmi_store_memory_standing(kmi_store *store, size_t limit, kmi_arena *arena, km_memory **ret_items,
                                    size_t *ret_count, km_error *error) {
    static const char LIST_STANDING[] =
        "SELECT " MEMORY_COLUMNS " FROM memories m WHERE m.superseded_by IS NULL AND m.type IN " STANDING_TYPES
        " AND (m.speaker IS NULL OR m.speaker=" LABEL_USER
        " OR m.speaker IN (SELECT id FROM labels WHERE text IN ('User','USER'))) AND length(m.content)<=400"
        " AND (m.expires_at IS NULL OR m.expires_at>?1) ORDER BY m.last_seen_at DESC,m.seq DESC LIMIT ?2";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, LIST_STANDING, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, kmi_clock_now_us());
    kmi_sql_bind_integer(&use, 2, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
    return kmi_memory_read_all(store, &use, limit, arena, ret_items, ret_count, error);
}

km_status kmi_store_memory_statuses(kmi_store *store, size_t limit, kmi_arena *arena, km_memory **ret_items,
                                    size_t *ret_count, km_error *error) {
    /* Everything that expires lies in a small index of its own. */
    static const char LIST_STATUSES[] =
        "SELECT " MEMORY_COLUMNS " FROM memories m WHERE m.expires_at>?1 AND m.type=" LABEL_STATUS
        " AND m.superseded_by IS NULL"
        " ORDER BY m.expires_at DESC LIMIT ?2";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, LIST_STATUSES, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, kmi_clock_now_us());
    kmi_sql_bind_integer(&use, 2, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
    return kmi_memory_read_all(store, &use, limit, arena, ret_items, ret_count, error);
}

km_status kmi_store_memory_each(kmi_store *store, bool (*visit)(const km_memory *memory, void *context), void *context,
                                km_error *error) {
    static const char EACH_MEMORY[] = "SELECT " MEMORY_COLUMNS " FROM memories m ORDER BY m.seq";
    KMI_CLEANUP_ARENA kmi_arena *arena = kmi_arena_new(EXPORT_ARENA_LIMIT_BYTES);
    if (arena == NULL) return kmi_store_fail_nomem(store, error);
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, EACH_MEMORY, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    while (status == KM_OK && has_row) {
        km_memory memory;
        kmi_arena_clear(arena);
        status = kmi_memory_read(store, &use, arena, &memory, error);
        if (status != KM_OK || !visit(&memory, context)) break;
        status = kmi_sql_step(&use, &has_row, error);
    }
    return status;
}
