/* The full-text index. FTS5 collects what is inserted in memory and writes it as one segment, but it does so at every savepoint
 * too: a savepoint per task would turn a batch into hundreds of tiny segments that are merged ever after. So texts wait
 * here until COMMIT. The list only grows while a savepoint stands: what an undone savepoint wrote to the index early is
 * then still here to be written again. */
#include "store/sqlite/index.h"

#include <stdlib.h>
#include <string.h>

#include "store/sqlite/postings.h"

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
    if (status == KM_OK) status = kmi_postings_register(store, api, error);
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

km_status kmi_index_add(kmi_store *store, int64_t seq, const kmi_units *units, bool is_new, km_error *error) {
    kmi_buf *buf = &store->unit_text;
    size_t start = buf->len;
    kmi_buf_add_slice(buf, units->text);
    if (kmi_buf_status(buf) != KM_OK) return kmi_store_fail_nomem(store, error);
    kmi_store_changes *changes = &store->changes;
    for (size_t i = 0; i < units->count; i++) {
        km_status status = make_room(store, error);
        if (status != KM_OK) return status;
        kmi_slice text = kmi_units_get(units, i);
        size_t offset = text.len > 0 ? (size_t)(text.ptr - units->text.ptr) : 0;
        store->units[changes->unit_count++] = (kmi_pending_unit){.unit = seq + (int64_t)i,
                                                                 .offset = start + offset,
                                                                 .len = text.len,
                                                                 .unit_count = i == 0 ? units->count : 0,
                                                                 .is_new = is_new};
    }
    changes->unit_text_len = buf->len;
    return KM_OK;
}

/* The tokenizer counts the words of what is inserted. */
static km_status write_unit(kmi_store *store, kmi_sql_use *insert, const kmi_pending_unit *unit, km_error *error) {
    kmi_slice text = {store->unit_text.ptr != NULL ? store->unit_text.ptr + unit->offset : "", unit->len};
    kmi_sql_bind_integer(insert, 1, unit->unit);
    kmi_sql_bind_slice(insert, 2, text);
    store->word_count = 0;
    km_status status = kmi_sql_run(insert, error);
    if (status != KM_OK) return status;
    size_t len = store->word_count < KMI_UNIT_LEN_MAX ? store->word_count : KMI_UNIT_LEN_MAX;
    return kmi_unit_map_set(&store->map, store->sql, unit->unit, (kmi_unit_entry){.len = (uint8_t)len}, error);
}

static km_status link_pending(kmi_store *store, size_t from, size_t to, km_error *error) {
    km_status status = KM_OK;
    for (size_t i = from; status == KM_OK && i < to; i++) {
        const kmi_pending_unit *unit = &store->units[i];
        if (unit->unit_count == 0) continue; /* a further window */
        kmi_unit_range range = {unit->unit, (int64_t)unit->unit_count};
        status = unit->is_new ? kmi_index_link_new(store, range, error) : kmi_index_link(store, unit->unit, error);
    }
    return status;
}

static km_status write_pending(kmi_store *store, km_error *error) {
    kmi_store_changes *changes = &store->changes;
    size_t first = changes->unit_written;
    km_status status = kmi_index_prepare(store, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use insert = {0};
    status = kmi_sql_start(store->sql, INSERT_UNIT, &insert, error);
    while (status == KM_OK && changes->unit_written < changes->unit_count) {
        status = write_unit(store, &insert, &store->units[changes->unit_written], error);
        if (status == KM_OK) changes->unit_written++;
    }
    if (status == KM_OK) status = link_pending(store, first, changes->unit_count, error);
    return status == KM_OK ? kmi_unit_map_write(&store->map, store->sql, error) : status;
}

km_status kmi_index_write_pending(kmi_store *store, km_error *error) {
    kmi_store_changes *changes = &store->changes;
    if (changes->unit_written < changes->unit_count) {
        km_status status = write_pending(store, error);
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

km_status kmi_index_remove(kmi_store *store, int64_t seq, const kmi_units *units, km_error *error) {
    static const char DELETE_UNIT[] = "INSERT INTO units(units,rowid,content) VALUES('delete',?1,?2)";
    km_status status = kmi_index_write_pending(store, error);
    if (status == KM_OK) status = kmi_index_prepare(store, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, DELETE_UNIT, &use, error);
    for (size_t i = 0; status == KM_OK && i < units->count; i++) {
        int64_t unit = seq + (int64_t)i;
        kmi_sql_bind_integer(&use, 1, unit);
        kmi_sql_bind_slice(&use, 2, kmi_units_get(units, i));
        status = kmi_sql_run(&use, error);
        if (status == KM_OK) status = kmi_unit_map_set(&store->map, store->sql, unit, (kmi_unit_entry){0}, error);
    }
    return status == KM_OK ? kmi_unit_map_write(&store->map, store->sql, error) : status;
}
