/* Checkpoints, checks, and erasure for good.
 *
 * Deleting rows leaves their words in three places: FTS5 writes a deletion as one more copy of the word until segments are merged,
 * pages of a B-tree keep old cells in their gaps even with secure_delete, and the write-ahead log holds the pages of both.
 * `optimize` cures the first, VACUUM the second, a truncating checkpoint the third, in this order. Who deletes notes in the same
 * transaction that this is still to be done, so that whoever comes after a crash does it; the note goes after VACUUM, for
 * every worker empties the log when it leaves. */

#include "store/sqlite/index.h"
#include "util/clock.h"

#define TRUNCATE_BUSY_TIMEOUT_MS 50

km_status kmi_store_schema_version(kmi_store *store, uint64_t *ret_version, km_error *error) {
    static const char READ_VERSION[] = "PRAGMA user_version";
    int64_t version = 0;
    km_status status = kmi_store_read_number(store, READ_VERSION, &version, error);
    if (status == KM_OK) *ret_version = (uint64_t)version;
    return status;
}

km_status kmi_store_generation(kmi_store *store, uint64_t *ret_generation, km_error *error) {
    static const char READ_GENERATION[] = "SELECT generation FROM state";
    int64_t generation = 0;
    km_status status = kmi_store_read_number(store, READ_GENERATION, &generation, error);
    if (status == KM_OK) *ret_generation = (uint64_t)generation;
    return status;
}

km_status kmi_store_space(kmi_store *store, uint64_t *ret_page_bytes, uint64_t *ret_page_count,
                          uint64_t *ret_free_pages, km_error *error) {
    static const char PAGE_BYTES[] = "PRAGMA page_size";
    static const char PAGE_COUNT[] = "PRAGMA page_count";
    static const char FREE_PAGES[] = "PRAGMA freelist_count";
    int64_t page_bytes = 0, page_count = 0, free_pages = 0;
    km_status status = kmi_store_read_number(store, PAGE_BYTES, &page_bytes, error);
    if (status == KM_OK) status = kmi_store_read_number(store, PAGE_COUNT, &page_count, error);
    if (status == KM_OK) status = kmi_store_read_number(store, FREE_PAGES, &free_pages, error);
    if (status != KM_OK) return status;
    *ret_page_bytes = (uint64_t)page_bytes;
    *ret_page_count = (uint64_t)page_count;
    *ret_free_pages = (uint64_t)free_pages;
    return KM_OK;
}

km_status kmi_store_extent(kmi_store *store, uint64_t *ret_generation, uint64_t *ret_unit_count, km_error *error) {
    static const char READ_EXTENT[] = "SELECT generation,next_seq FROM state";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_EXTENT, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK) return status;
    int64_t next_seq = has_row ? kmi_sql_integer(&use, 1) : 1;
    *ret_generation = has_row ? (uint64_t)kmi_sql_integer(&use, 0) : 0;
    *ret_unit_count = next_seq > 1 ? (uint64_t)(next_seq - 1) : 0;
    return KM_OK;
}

km_status kmi_store_next_expiry(kmi_store *store, int64_t now_us, int64_t *ret_expiry_us, km_error *error) {
    static const char READ_EXPIRY[] = "SELECT min(expires_at) FROM memories WHERE expires_at>?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_EXPIRY, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, now_us);
    status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK) return status;
    *ret_expiry_us = has_row && !kmi_sql_is_null(&use, 0) ? kmi_sql_integer(&use, 0) : INT64_MAX;
    return KM_OK;
}

uint64_t kmi_store_wal_pages(const kmi_store *store) {
    return store->wal_pages;
}

/* ---- Checkpoints ---- */

/* Runs one checkpoint. *ret_is_complete: everything was moved (and, for TRUNCATE, the log is empty). */
static km_status run_checkpoint(kmi_store *store, int mode, bool *ret_is_complete, km_error *error) {
    int log_pages = 0;
    int moved_pages = 0;
    int code = sqlite3_wal_checkpoint_v2(kmi_sql_handle(store->sql), NULL, mode, &log_pages, &moved_pages);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return kmi_sql_fail(store->sql, code, error);
    *ret_is_complete = code == SQLITE_OK && log_pages == moved_pages;
    if (*ret_is_complete)
        store->wal_pages = 0;
    else if (log_pages > moved_pages && moved_pages >= 0)
        store->wal_pages = (uint64_t)(log_pages - moved_pages);
    return KM_OK;
}

km_status kmi_store_checkpoint(kmi_store *store, bool truncate, km_error *error) {
    if (store->mode == KMI_STORE_READ || store->is_writing || store->is_reading) {
        return kmi_fail(error, KM_E_INTERNAL, "a checkpoint of \"%s\" inside a transaction", kmi_sql_path(store->sql));
    }
    km_status status = kmi_store_lock(store, error);
    if (status != KM_OK) return status;
    bool is_complete = false;
    status = run_checkpoint(store, SQLITE_CHECKPOINT_PASSIVE, &is_complete, error);
    if (status == KM_OK && truncate) {
        sqlite3_busy_timeout(kmi_sql_handle(store->sql), TRUNCATE_BUSY_TIMEOUT_MS);
        status = run_checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, &is_complete, error);
        sqlite3_busy_timeout(kmi_sql_handle(store->sql), (int)store->timeout_ms);
    }
    kmi_store_unlock(store);
    return status;
}

/* ---- Erasure ---- */

static km_status empty_log(kmi_store *store, bool *ret_is_empty, km_error *error) {
    int64_t give_up_at_us = kmi_clock_monotonic_us() + store->timeout_ms * 1000;
    km_status status = KM_OK;
    *ret_is_empty = false;
    sqlite3_busy_timeout(kmi_sql_handle(store->sql), TRUNCATE_BUSY_TIMEOUT_MS);
    do {
        status = run_checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, ret_is_empty, error);
    } while (status == KM_OK && !*ret_is_empty && kmi_clock_monotonic_us() < give_up_at_us);
    sqlite3_busy_timeout(kmi_sql_handle(store->sql), (int)store->timeout_ms);
    return status;
}

km_status kmi_store_note_unerased(kmi_store *store, km_error *error) {
    static const char NOTE[] = "INSERT INTO counters(kind,name,value) VALUES(0,'unerased',1)"
                               " ON CONFLICT(kind,name) DO UPDATE SET value=1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, NOTE, &use, error);
    return status == KM_OK ? kmi_sql_run(&use, error) : status;
}

km_status kmi_store_is_unerased(kmi_store *store, bool *ret_is_unerased, km_error *error) {
    static const char READ[] = "SELECT count(*) FROM counters WHERE kind=0 AND name='unerased' AND value<>0";
    int64_t count = 0;
    km_status status = kmi_store_read_number(store, READ, &count, error);
    if (status == KM_OK) *ret_is_unerased = count != 0;
    return status;
}

km_status kmi_store_erase(kmi_store *store, bool *ret_is_erased, km_error *error) {
    if (store->mode == KMI_STORE_READ || store->is_writing || store->is_reading) {
        return kmi_fail(error, KM_E_INTERNAL, "erasing in \"%s\" inside a transaction", kmi_sql_path(store->sql));
    }
    km_status status = kmi_store_lock(store, error);
    if (status != KM_OK) return status;
    static const char FORGET_NOTE[] = "UPDATE counters SET value=0 WHERE kind=0 AND name='unerased' AND value<>0";
    bool is_empty = false;
    status = kmi_index_prepare(store, error);
    if (status == KM_OK) status = kmi_labels_prune(store, error);
    if (status == KM_OK) status = kmi_sql_execute(store->sql, "INSERT INTO units(units) VALUES('optimize')", error);
    if (status == KM_OK) status = kmi_sql_execute(store->sql, "VACUUM", error);
    if (status == KM_OK) status = kmi_sql_execute(store->sql, FORGET_NOTE, error);
    if (status == KM_OK) status = empty_log(store, &is_empty, error);
    kmi_store_unlock(store);
    if (status == KM_OK) *ret_is_erased = is_empty;
    return status;
}

/* ---- Checks ---- */

static km_status check_integrity(kmi_store *store, km_error *error) {
    static const char INTEGRITY[] = "PRAGMA integrity_check(1)";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, INTEGRITY, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK) return status;
    kmi_slice finding = kmi_sql_slice(&use, 0);
    if (has_row && kmi_slice_equal(finding, KMI_SLICE_LITERAL("ok"))) return KM_OK;
    return kmi_fail(error, KM_E_STORE, "\"%s\" is damaged: %.*s; restore a backup", kmi_sql_path(store->sql),
                    (int)(finding.len < 200 ? finding.len : 200), finding.ptr);
}

static km_status check_foreign_keys(kmi_store *store, km_error *error) {
    static const char FOREIGN_KEYS[] = "PRAGMA foreign_key_check";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, FOREIGN_KEYS, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK || !has_row) return status;
    kmi_slice table = kmi_sql_slice(&use, 0);
    return kmi_fail(error, KM_E_STORE,
                    "\"%s\" is damaged: a row of \"%.*s\" refers to one that is not there; restore a backup",
                    kmi_sql_path(store->sql), (int)(table.len < 60 ? table.len : 60), table.ptr);
}

static km_status check_index(kmi_store *store, km_error *error) {
    km_status status = kmi_index_prepare(store, error);
    if (status != KM_OK) return status;
    int code = sqlite3_exec(kmi_sql_handle(store->sql), "INSERT INTO units(units) VALUES('integrity-check')", NULL,
                            NULL, NULL);
    if ((code & 0xff) == SQLITE_CORRUPT) {
        return kmi_fail(error, KM_E_STORE, "the search index of \"%s\" is damaged; restore a backup",
                        kmi_sql_path(store->sql));
    }
    return code == SQLITE_OK ? KM_OK : kmi_sql_fail(store->sql, code, error);
}

km_status kmi_store_check_index(kmi_store *store, km_error *error) {
    if (store->mode == KMI_STORE_READ) return KM_OK; /* FTS5 takes the question for a change */
    km_status status = kmi_store_lock(store, error);
    if (status != KM_OK) return status;
    status = check_index(store, error);
    kmi_store_unlock(store);
    return status == KM_OK ? kmi_index_check(store, error) : status;
}

km_status kmi_store_check(kmi_store *store, km_error *error) {
    bool needs_lock = store->mode != KMI_STORE_READ && !store->is_writing;
    km_status status = needs_lock ? kmi_store_lock(store, error) : KM_OK;
    if (status != KM_OK) return status;
    status = check_integrity(store, error);
    if (status == KM_OK) status = check_foreign_keys(store, error);
    if (status == KM_OK && store->mode != KMI_STORE_READ) status = check_index(store, error);
    if (needs_lock) kmi_store_unlock(store);
    /* Comparing the index with the texts takes a transaction to build another one in. */
    return status == KM_OK && needs_lock ? kmi_index_check(store, error) : status;
}

/* ---- Counters against a recount ---- */

typedef struct recount {
    kmi_counter counter;
    const char *text;
} recount;

/* Counters of things that ever happened cannot be recounted: what they counted is gone. */
static const recount RECOUNTS[] = {
    {KMI_COUNTER_TASKS_FAILED, "SELECT count(*) FROM tasks WHERE state=4"},
    {KMI_COUNTER_TASKS_QUEUED, "SELECT count(*) FROM tasks WHERE state=0"},
    {KMI_COUNTER_TASKS_RETRYING, "SELECT count(*) FROM tasks WHERE state=2"},
    {KMI_COUNTER_TASKS_PROCESSING, "SELECT count(*) FROM tasks WHERE state=1"},
    {KMI_COUNTER_MEMORIES, "SELECT count(*) FROM memories WHERE superseded_by IS NULL"},
    {KMI_COUNTER_SUPERSEDED, "SELECT count(*) FROM memories WHERE superseded_by IS NOT NULL"},
    {KMI_COUNTER_ENTITIES, "SELECT count(*) FROM entities"},
    {KMI_COUNTER_RELATIONS, "SELECT count(*) FROM relations"},
};

static km_status compare_totals(kmi_store *store, bool *ret_is_equal, km_error *error) {
    int64_t values[KMI_COUNTER_COUNT];
    km_status status = kmi_store_counters_get(store, values, error);
    for (size_t i = 0; status == KM_OK && *ret_is_equal && i < sizeof(RECOUNTS) / sizeof(RECOUNTS[0]); i++) {
        int64_t counted = 0;
        status = kmi_store_read_number(store, RECOUNTS[i].text, &counted, error);
        if (status != KM_OK || counted == values[RECOUNTS[i].counter]) continue;
        *ret_is_equal = false;
        kmi_fail(error, KM_E_STORE, "counter \"%s\" of \"%s\" is %lld, a recount gives %lld",
                 kmi_counter_name(RECOUNTS[i].counter), kmi_sql_path(store->sql),
                 (long long)values[RECOUNTS[i].counter], (long long)counted);
    }
    return status;
}

static km_status compare_named(kmi_store *store, bool *ret_is_equal, km_error *error) {
    static const char COUNT_DIFFERENT[] =
        "WITH live AS (SELECT type,source FROM memories WHERE superseded_by IS NULL),"
        " counted AS (SELECT 1 AS kind,(SELECT text FROM labels WHERE id=type) AS name,count(*) AS value"
        " FROM live GROUP BY type"
        " UNION ALL SELECT 2,(SELECT text FROM labels WHERE id=source),count(*) FROM live GROUP BY source),"
        " kept AS (SELECT kind,name,value FROM counters WHERE kind>0 AND value<>0)"
        " SELECT count(*) FROM (SELECT * FROM (SELECT * FROM counted EXCEPT SELECT * FROM kept)"
        " UNION ALL SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM counted))";
    int64_t different = 0;
    km_status status = kmi_store_read_number(store, COUNT_DIFFERENT, &different, error);
    if (status != KM_OK || different == 0) return status;
    *ret_is_equal = false;
    kmi_fail(error, KM_E_STORE, "%lld counts by type or source of \"%s\" differ from a recount", (long long)different,
             kmi_sql_path(store->sql));
    return KM_OK;
}

static km_status compare_completed(kmi_store *store, bool *ret_is_equal, km_error *error) {
    static const char COUNT_COMPLETED[] = "SELECT count(*) FROM tasks WHERE state=3";
    int64_t values[KMI_COUNTER_COUNT];
    int64_t records = 0;
    km_status status = kmi_store_counters_get(store, values, error);
    if (status == KM_OK) status = kmi_store_read_number(store, COUNT_COMPLETED, &records, error);
    if (status != KM_OK || records <= values[KMI_COUNTER_TASKS_COMPLETED]) return status;
    *ret_is_equal = false; /* purged records leave fewer, never more */
    kmi_fail(error, KM_E_STORE, "\"%s\" holds %lld completed tasks but counted %lld", kmi_sql_path(store->sql),
             (long long)records, (long long)values[KMI_COUNTER_TASKS_COMPLETED]);
    return KM_OK;
}

km_status kmi_store_counters_verify(kmi_store *store, bool *ret_is_equal, km_error *error) {
    bool is_equal = true;
    bool opens_view = !store->is_writing && !store->is_reading;
    km_status status = opens_view ? kmi_store_read_begin(store, error) : KM_OK;
    if (status != KM_OK) return status;
    status = compare_totals(store, &is_equal, error);
    if (status == KM_OK && is_equal) status = compare_named(store, &is_equal, error);
    if (status == KM_OK && is_equal) status = compare_completed(store, &is_equal, error);
    if (opens_view) kmi_store_read_end(store);
    if (status == KM_OK) *ret_is_equal = is_equal;
    return status;
}
