/* The index made anew, and the check that compares it with one made anew.
 *
 * Memories keep their numbers, because superseding, mentions and exports name them. A memory that asks for more units than lie
 * before the next one is therefore cut into longer windows; it has lost a little precision and nothing else. */
#include "store/sqlite/index.h"

#include "base/hash.h"

static km_status read_version(kmi_store *store, int64_t *ret_version, km_error *error) {
    static const char READ_VERSION[] = "SELECT index_version FROM state";
    return kmi_store_read_number(store, READ_VERSION, ret_version, error);
}

static km_status fail_newer(const kmi_store *store, km_error *error) {
    return kmi_fail(error, KM_E_STORE,
                    "the search index of \"%s\" was written by a newer kuzu-memory; update this program",
                    kmi_sql_path(store->sql));
}

km_status kmi_index_open_for_search(kmi_store *store, kmi_sql_use *ret_use, km_error *error) {
    static const char READ_STATE[] = "SELECT index_version,next_seq FROM state";
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_STATE, ret_use, error);
    if (status == KM_OK) status = kmi_sql_step(ret_use, &has_row, error);
    if (status != KM_OK) return status;
    int64_t version = has_row ? kmi_sql_integer(ret_use, 0) : 0;
    int64_t next_seq = has_row ? kmi_sql_integer(ret_use, 1) : 0;
    store->last_unit = next_seq > 1 ? next_seq - 1 : 1;
    if (version == KMI_INDEX_VERSION) return KM_OK;
    if (version > KMI_INDEX_VERSION) return fail_newer(store, error);
    return kmi_fail(error, KM_E_STORE,
                    "\"%s\" has the search index of an older version; \"kuzu-memory init\" brings it up to date",
                    kmi_sql_path(store->sql));
}

/* ---- Building ---- */

/* How many units lie between a memory and the next one. */
static km_status count_room(kmi_store *store, int64_t seq, size_t *ret_count, km_error *error) {
    static const char NEXT_PLACE[] = "SELECT ifnull((SELECT min(seq) FROM memories WHERE seq>?1),"
                                     "(SELECT next_seq FROM state))";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, NEXT_PLACE, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK) return status;
    int64_t next = has_row ? kmi_sql_integer(&use, 0) : 0;
    if (next < store->changes.next_seq && next <= seq) next = store->changes.next_seq; /* it came in this transaction */
    *ret_count = next > seq ? (size_t)(next - seq) : 1;
    return KM_OK;
}

km_status kmi_index_cut_again(kmi_store *store, int64_t seq, kmi_slice text, kmi_units *ret_units, km_error *error) {
    static const char SET_UNIT_COUNT[] = "UPDATE memories SET unit_count=?2 WHERE seq=?1 AND unit_count<>?2";
    size_t room = 1;
    km_status status = count_room(store, seq, &room, error);
    if (status == KM_OK) status = kmi_units_cut(text, room, ret_units, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, SET_UNIT_COUNT, &use, error);
    if (status == KM_OK) {
        kmi_sql_bind_integer(&use, 1, seq);
        kmi_sql_bind_integer(&use, 2, (int64_t)ret_units->count);
        status = kmi_sql_run(&use, error);
    }
    if (status != KM_OK) kmi_units_deinit(ret_units);
    return status;
}

static km_status build_next(kmi_store *store, bool keeps_counts, int64_t *seq, bool *ret_has_one, km_error *error) {
    static const char NEXT_MEMORY[] = "SELECT seq,content,unit_count FROM memories WHERE seq>?1 ORDER BY seq LIMIT 1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, NEXT_MEMORY, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, *seq);
    status = kmi_sql_step(&use, ret_has_one, error);
    if (status != KM_OK || !*ret_has_one) return status;
    *seq = kmi_sql_integer(&use, 0);
    KMI_CLEANUP_UNITS kmi_units units = {0};
    if (keeps_counts)
        status = kmi_units_cut(kmi_sql_slice(&use, 1), (size_t)kmi_sql_integer(&use, 2), &units, error);
    else
        status = kmi_index_cut_again(store, *seq, kmi_sql_slice(&use, 1), &units, error);
    return status == KM_OK ? kmi_index_add(store, *seq, &units, true, error) : status;
}

km_status kmi_index_rebuild(kmi_store *store, bool keeps_counts, km_error *error) {
    static const char SET_VERSION[] = "UPDATE state SET index_version=?1";
    km_status status = kmi_index_write_pending(store, error);
    if (status == KM_OK) status = kmi_index_prepare(store, error);
    if (status == KM_OK) status = kmi_sql_execute(store->sql, "INSERT INTO units(units) VALUES('delete-all')", error);
    if (status == KM_OK) status = kmi_sql_execute(store->sql, "DELETE FROM unit_map", error);
    kmi_unit_map_clear(&store->map);
    bool has_one = true;
    for (int64_t seq = 0; status == KM_OK && has_one;) {
        status = build_next(store, keeps_counts, &seq, &has_one, error);
        if (status == KM_OK) status = kmi_index_write_if_big(store, error);
    }
    if (status == KM_OK) status = kmi_index_write_pending(store, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, SET_VERSION, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, KMI_INDEX_VERSION);
    return kmi_sql_run(&use, error);
}

km_status kmi_index_upgrade(kmi_store *store, km_error *error) {
    int64_t version = 0;
    km_status status = read_version(store, &version, error);
    if (status != KM_OK || version == KMI_INDEX_VERSION) return status;
    if (version > KMI_INDEX_VERSION) return fail_newer(store, error);
    status = kmi_store_begin(store, error);
    if (status != KM_OK) return status;
    status = read_version(store, &version, error); /* another process may have been first */
    if (status == KM_OK && version < KMI_INDEX_VERSION) {
        store->changes.are_memories_changed = true; /* answers will differ */
        status = kmi_index_rebuild(store, false, error);
    }
    if (status == KM_OK) return kmi_store_commit(store, error);
    kmi_store_rollback(store);
    return status;
}

/* ---- Checking ---- */

static km_status add_rows_to_hash(kmi_store *store, const char *statement, uint64_t *hash, km_error *error) {
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, statement, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    while (status == KM_OK && has_row) {
        int64_t numbers[2] = {kmi_sql_integer(&use, 1), kmi_sql_integer(&use, 2)};
        kmi_slice parts[] = {kmi_sql_slice(&use, 0), {(const char *)numbers, sizeof(numbers)}};
        *hash = kmi_hash_checksum(*hash, parts, 2);
        status = kmi_sql_step(&use, &has_row, error);
    }
    return status;
}

static km_status fingerprint(kmi_store *store, uint64_t *ret_hash, km_error *error) {
    static const char OPEN_WORDS[] =
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.unit_words USING fts5vocab(main,units,instance)";
    static const char EACH_WORD[] = "SELECT term,doc,offset FROM temp.unit_words";
    static const char EACH_BLOCK[] = "SELECT entries,block,0 FROM unit_map WHERE entries<>zeroblob(length(entries))"
                                     " ORDER BY block";
    *ret_hash = 0;
    km_status status = kmi_sql_execute(store->sql, OPEN_WORDS, error);
    if (status == KM_OK) status = add_rows_to_hash(store, EACH_WORD, ret_hash, error);
    return status == KM_OK ? add_rows_to_hash(store, EACH_BLOCK, ret_hash, error) : status;
}

static km_status compare_with_new(kmi_store *store, km_error *error) {
    uint64_t kept = 0;
    uint64_t made = 0;
    km_status status = fingerprint(store, &kept, error);
    if (status == KM_OK) status = kmi_index_rebuild(store, true, error);
    if (status == KM_OK) status = fingerprint(store, &made, error);
    if (status != KM_OK || kept == made) return status;
    return kmi_fail(error, KM_E_STORE, "the search index of \"%s\" does not match the memories; restore a backup",
                    kmi_sql_path(store->sql));
}

/* A whole index is built for it and then undone. */
km_status kmi_index_check(kmi_store *store, km_error *error) {
    km_status status = kmi_store_begin(store, error);
    if (status != KM_OK) return status;
    status = compare_with_new(store, error);
    kmi_store_rollback(store);
    return status;
}
