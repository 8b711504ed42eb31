/* A copy of the store while others read and write it: SQLite's online backup, from within one view. Because the view is held open by
 * a transaction, a writer does not make the copy begin anew. */
#include "store/repair.h"
#include "store/sqlite/handle.h"

#include "util/error.h"

#define PAGES_AT_ONCE 1024

static km_status copy_pages(kmi_store *store, kmi_sql *target, const kmi_store_listener *listener, km_error *error) {
    sqlite3_backup *backup = sqlite3_backup_init(kmi_sql_handle(target), "main", kmi_sql_handle(store->sql), "main");
    if (backup == NULL) return kmi_sql_fail(target, sqlite3_extended_errcode(kmi_sql_handle(target)), error);
    int code = SQLITE_OK;
    bool goes_on = true;
    while (goes_on && code == SQLITE_OK) {
        code = sqlite3_backup_step(backup, PAGES_AT_ONCE);
        uint64_t total = (uint64_t)sqlite3_backup_pagecount(backup);
        uint64_t left = (uint64_t)sqlite3_backup_remaining(backup);
        if (listener != NULL && listener->progress != NULL)
            goes_on = listener->progress(total - left, total, listener->context);
    }
    int end_code = sqlite3_backup_finish(backup);
    if (!goes_on) return kmi_fail(error, KM_E_INTERRUPTED, "interrupted");
    if (code == SQLITE_DONE) return KM_OK;
    /* Which of the two files failed is not said; that the source is damaged is known from its own reads. */
    bool is_of_source = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
    return kmi_sql_fail(is_of_source ? store->sql : target, code != SQLITE_OK ? code : end_code, error);
}

km_status kmi_store_copy(kmi_store *store, const char *path, const kmi_store_listener *listener, km_error *error) {
    if (!store->is_reading)
        return kmi_fail(error, KM_E_INTERNAL, "a copy of \"%s\" outside of a view", kmi_sql_path(store->sql));
    kmi_sql *target = NULL;
    km_status status = kmi_sql_open(path, KMI_SQL_WRITE, store->timeout_ms, &target, error);
    if (status != KM_OK) return status;
    status = copy_pages(store, target, listener, error);
    if (status == KM_OK) status = kmi_sql_execute(target, "PRAGMA journal_mode=DELETE", error);
    kmi_sql_close(target);
    return status;
}
