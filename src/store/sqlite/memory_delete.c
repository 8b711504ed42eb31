/* Taking memories out. What hung on a memory goes with it: unit, mentions, relations, entities that nothing names any more, and its
 * text in records of tasks.
 *
 * A memory that superseded others hands them on to its own successor; without one they are live again. To forget a
 * correction is to undo it, and two statements must not vanish because one was forgotten. */
#include "store/sqlite/index.h"

#define EXPIRE_AT_ONCE 256 /* memories looked up in one go; expiry goes on until none is left */

typedef struct doomed_memory {
    int64_t successor; /* seq; 0: live */
    size_t unit_count;
    kmi_buf content;
} doomed_memory;

static km_status read_doomed(kmi_store *store, int64_t seq, doomed_memory *ret_doomed, km_error *error) {
    static const char READ_DOOMED[] = "SELECT superseded_by,content,unit_count FROM memories WHERE seq=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_DOOMED, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK && !has_row)
        status = kmi_fail(error, KM_E_NOT_FOUND, "there is no memory number %lld", (long long)seq);
    if (status != KM_OK) return status;
    ret_doomed->successor = kmi_sql_integer(&use, 0);
    ret_doomed->unit_count = (size_t)kmi_sql_integer(&use, 2);
    kmi_buf_add_slice(&ret_doomed->content, kmi_sql_slice(&use, 1));
    return kmi_buf_status(&ret_doomed->content) == KM_OK ? KM_OK : kmi_store_fail_nomem(store, error);
}

/* Finds one memory that `seq` superseded; 0: none left. */
static km_status find_predecessor(kmi_store *store, int64_t seq, int64_t *ret_seq, km_error *error) {
    static const char FIND_PREDECESSOR[] = "SELECT seq FROM memories WHERE superseded_by=?1 LIMIT 1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, FIND_PREDECESSOR, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK) *ret_seq = has_row ? kmi_sql_integer(&use, 0) : 0;
    return status;
}

static km_status set_successor(kmi_store *store, int64_t seq, int64_t successor, km_error *error) {
    static const char SET_SUCCESSOR[] = "UPDATE memories SET superseded_by=?2 WHERE seq=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, SET_SUCCESSOR, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    kmi_sql_bind_time(&use, 2, successor); /* 0 is NULL here too */
    return kmi_sql_run(&use, error);
}

static km_status hand_on_predecessors(kmi_store *store, int64_t seq, int64_t successor, km_error *error) {
    for (;;) {
        int64_t predecessor = 0;
        km_status status = find_predecessor(store, seq, &predecessor, error);
        if (status != KM_OK || predecessor == 0) return status;
        status = set_successor(store, predecessor, successor, error);
        if (status == KM_OK && successor == 0) {
            status = kmi_memory_count_live(store, predecessor, 1, error);
            if (status == KM_OK) status = kmi_store_counter_add(store, KMI_COUNTER_SUPERSEDED, -1, error);
        }
        if (status != KM_OK) return status;
    }
}

static km_status delete_row(kmi_store *store, int64_t seq, km_error *error) {
    static const char DELETE_MEMORY[] = "DELETE FROM memories WHERE seq=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, DELETE_MEMORY, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    return kmi_sql_run(&use, error);
}

static km_status unindex(kmi_store *store, int64_t seq, const doomed_memory *doomed, km_error *error) {
    KMI_CLEANUP_UNITS kmi_units units = {0};
    km_status status = kmi_units_cut(kmi_buf_slice(&doomed->content), doomed->unit_count, &units, error);
    return status == KM_OK ? kmi_index_remove(store, seq, &units, error) : status;
}

/* What stood on both sides of a memory that is gone are neighbours now. */
static km_status close_gap(kmi_store *store, const int64_t near[KMI_INDEX_NEAR], km_error *error) {
    km_status status = KM_OK;
    for (size_t i = 0; i < KMI_INDEX_NEAR && status == KM_OK; i++) {
        if (near[i] != 0) status = kmi_index_link(store, near[i], error);
    }
    return status == KM_OK ? kmi_unit_map_write(&store->map, store->sql, error) : status;
}

km_status kmi_memory_remove(kmi_store *store, int64_t seq, km_error *error) {
    doomed_memory doomed = {0};
    kmi_buf_init(&doomed.content, PENDING_TEXT_LIMIT_BYTES);
    km_status status = read_doomed(store, seq, &doomed, error);
    if (status == KM_OK) status = hand_on_predecessors(store, seq, doomed.successor, error);
    int64_t near[KMI_INDEX_NEAR] = {0};
    if (status == KM_OK) status = kmi_index_find_near(store, seq, near, error);
    if (status == KM_OK) status = unindex(store, seq, &doomed, error);
    if (status == KM_OK) status = kmi_graph_remove(store, seq, error);
    if (status == KM_OK) status = kmi_task_forget(store, kmi_buf_slice(&doomed.content), error);
    if (status == KM_OK && doomed.successor == 0)
        status = kmi_memory_count_live(store, seq, -1, error);
    else if (status == KM_OK)
        status = kmi_store_counter_add(store, KMI_COUNTER_SUPERSEDED, -1, error);
    if (status == KM_OK) status = delete_row(store, seq, error);
    if (status == KM_OK) status = close_gap(store, near, error);
    if (status == KM_OK) store->changes.are_memories_changed = true;
    kmi_buf_deinit(&doomed.content);
    return status;
}

km_status kmi_store_memory_delete(kmi_store *store, const kmi_uuid *ids, size_t count, km_error *error) {
    km_status status = kmi_store_require_writing(store, error);
    for (size_t i = 0; status == KM_OK && i < count; i++) {
        int64_t seq = 0;
        status = kmi_memory_seq(store, &ids[i], &seq, error);
        if (status == KM_OK) status = kmi_memory_remove(store, seq, error);
    }
    return status == KM_OK ? kmi_store_note_unerased(store, error) : status;
}

static km_status list_expired(kmi_store *store, int64_t now_us, int64_t seqs[EXPIRE_AT_ONCE], size_t *ret_count,
                              km_error *error) {
    static const char LIST_EXPIRED[] = "SELECT seq FROM memories WHERE expires_at<=?1 ORDER BY expires_at LIMIT ?2";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, LIST_EXPIRED, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, now_us);
    kmi_sql_bind_integer(&use, 2, EXPIRE_AT_ONCE);
    *ret_count = 0;
    while (*ret_count < EXPIRE_AT_ONCE) {
        bool has_row = false;
        status = kmi_sql_step(&use, &has_row, error);
        if (status != KM_OK || !has_row) return status;
        seqs[(*ret_count)++] = kmi_sql_integer(&use, 0);
    }
    return KM_OK;
}

km_status kmi_store_expire(kmi_store *store, int64_t now_us, uint64_t *ret_count, km_error *error) {
    uint64_t total = 0;
    size_t count = EXPIRE_AT_ONCE;
    km_status status = kmi_store_require_writing(store, error);
    while (status == KM_OK && count == EXPIRE_AT_ONCE) {
        int64_t seqs[EXPIRE_AT_ONCE];
        status = list_expired(store, now_us, seqs, &count, error);
        for (size_t i = 0; status == KM_OK && i < count; i++) {
            status = kmi_memory_remove(store, seqs[i], error);
            if (status == KM_OK) total++;
        }
    }
    if (status == KM_OK && ret_count != NULL) *ret_count = total;
    return status;
}
