/* The full-text index. FTS5 collects what is inserted in memory and writes it as one segment, but it does so at every savepoint
 * too: a savepoint per task would turn a batch into hundreds of tiny segments that are merged ever after. So texts wait
 * here until COMMIT. The list only grows while a savepoint stands: what an undone savepoint wrote to the index early is
 * then still here to be written again. */
#include "store/sqlite/handle.h"

#include <stdlib.h>
#include <string.h>

static const char INSERT_UNIT[] = "INSERT INTO units(rowid,content) VALUES(?1,?2)";

km_status kmi_index_prepare(kmi_store *store, km_error *error) {
    static const char GET_API[] = "SELECT fts5(?1)";
    if (store->has_tokenizer) return KM_OK;
    fts5_api *api = NULL;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, GET_API, &use, error);
    if (status != KM_OK) return status;
    bool has_row = false;
    use.bind_code = sqlite3_bind_pointer(use.statement, 1, (void *)&api, "fts5_api_ptr", NULL);
    status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK && api == NULL) {
        status = kmi_fail(error, KM_E_INTERNAL, "this SQLite was built without FTS5, which \"%s\" needs",
                          kmi_sql_path(store->sql));
    }
    if (status == KM_OK) status = kmi_tokenizer_register(store, api, error);
    if (status == KM_OK) status = kmi_rank_register(store, api, error);
    store->has_tokenizer = status == KM_OK;
    return status;
}

static km_status make_room(kmi_store *store, km_error *error) {
    if (store->changes.unit_count < store->unit_capacity) return KM_OK;
    size_t capacity = store->unit_capacity == 0 ? 256 : store->unit_capacity * 2;
    kmi_pending_unit *units = reallocarray(store->units, capacity, sizeof(*units));
    if (units == NULL) return kmi_store_fail_nomem(store, error);
    store->units = units;
    store->unit_capacity = capacity;
    return KM_OK;
}

km_status kmi_index_add(kmi_store *store, int64_t seq, kmi_slice text, km_error *error) {
    km_status status = make_room(store, error);
    if (status != KM_OK) return status;
    kmi_buf *buf = &store->unit_text;
    kmi_buf_add_slice(buf, text);
    if (kmi_buf_status(buf) != KM_OK) return kmi_store_fail_nomem(store, error);
    kmi_store_changes *changes = &store->changes;
    store->units[changes->unit_count++] = (kmi_pending_unit){seq, changes->unit_text_len, text.len};
    changes->unit_text_len = buf->len;
    return KM_OK;
}

km_status kmi_index_write_pending(kmi_store *store, km_error *error) {
    kmi_store_changes *changes = &store->changes;
    if (changes->unit_written < changes->unit_count) {
        km_status status = kmi_index_prepare(store, error);
        if (status != KM_OK) return status;
        KMI_CLEANUP_SQL kmi_sql_use use = {0};
        status = kmi_sql_start(store->sql, INSERT_UNIT, &use, error);
        while (status == KM_OK && changes->unit_written < changes->unit_count) {
            const kmi_pending_unit *unit = &store->units[changes->unit_written];
            kmi_slice text = {store->unit_text.ptr != NULL ? store->unit_text.ptr + unit->offset : "", unit->len};
            kmi_sql_bind_integer(&use, 1, unit->seq);
            kmi_sql_bind_slice(&use, 2, text);
            status = kmi_sql_run(&use, error);
            if (status == KM_OK) changes->unit_written++;
        }
        if (status != KM_OK) return status;
    }
    if (!store->has_savepoint) {
        changes->unit_count = 0;
        changes->unit_written = 0;
        changes->unit_text_len = 0;
        kmi_buf_clear(&store->unit_text);
    }
    return KM_OK;
}

km_status kmi_index_write_if_big(kmi_store *store, km_error *error) {
    return store->unit_text.len < PENDING_TEXT_SOFT_LIMIT_BYTES ? KM_OK : kmi_index_write_pending(store, error);
}

km_status kmi_index_remove(kmi_store *store, int64_t seq, kmi_slice text, km_error *error) {
    static const char DELETE_UNIT[] = "INSERT INTO units(units,rowid,content) VALUES('delete',?1,?2)";
    km_status status = kmi_index_write_pending(store, error);
    if (status == KM_OK) status = kmi_index_prepare(store, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, DELETE_UNIT, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    kmi_sql_bind_slice(&use, 2, text);
    return kmi_sql_run(&use, error);
}
