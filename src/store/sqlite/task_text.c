/* Removing the words of a forgotten memory from task records. A task that may run again keeps its payload, which may hold many
 * items; so only the statement itself is overwritten, with as many spaces, and the layout of the payload, which the queue
 * owns, stays as it is. An item that becomes blank teaches nothing. */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/handle.h"

#define PAYLOAD_LIMIT_BYTES ((size_t)256 * 1024 * 1024)

static bool blank_out(char *bytes, size_t len, kmi_slice text) {
    bool is_changed = false;
    char *at = memmem(bytes, len, text.ptr, text.len);
    while (at != NULL) {
        memset(at, ' ', text.len);
        is_changed = true;
        size_t done = (size_t)(at - bytes) + text.len;
        at = memmem(bytes + done, len - done, text.ptr, text.len);
    }
    return is_changed;
}

static km_status write_payload(kmi_store *store, kmi_slice id, kmi_slice payload, km_error *error) {
    static const char UPDATE_PAYLOAD[] = "UPDATE tasks SET payload=?2 WHERE id=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, UPDATE_PAYLOAD, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, id.ptr, id.len);
    kmi_sql_bind_blob(&use, 2, payload.ptr, payload.len);
    return kmi_sql_run(&use, error);
}

/* Finds the next task after `id` that still has a payload; *ret_has_one false at the end. */
static km_status next_payload(kmi_store *store, kmi_uuid *id, kmi_buf *payload, bool *ret_has_one, km_error *error) {
    static const char NEXT_PAYLOAD[] = "SELECT id,payload FROM tasks WHERE state<>3 AND payload IS NOT NULL AND id>?1"
                                       " ORDER BY id LIMIT 1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, NEXT_PAYLOAD, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_blob(&use, 1, id->bytes, sizeof(id->bytes));
    status = kmi_sql_step(&use, ret_has_one, error);
    if (status != KM_OK || !*ret_has_one) return status;
    kmi_slice found = kmi_sql_slice(&use, 0);
    if (found.len != sizeof(id->bytes)) {
        *ret_has_one = false;
        return KM_OK;
    }
    kmi_buf_clear(payload);
    kmi_buf_add_slice(payload, kmi_sql_slice(&use, 1));
    kmi_uuid next;
    memcpy(next.bytes, found.ptr, sizeof(next.bytes));
    kmi_sql_end(&use);
    *id = next;
    return kmi_buf_status(payload) == KM_OK ? KM_OK : kmi_store_fail_nomem(store, error);
}

static km_status blank_payloads(kmi_store *store, kmi_slice content, km_error *error) {
    kmi_uuid id = {{0}};
    KMI_CLEANUP_BUF kmi_buf payload;
    kmi_buf_init(&payload, PAYLOAD_LIMIT_BYTES);
    for (;;) {
        bool has_one = false;
        km_status status = next_payload(store, &id, &payload, &has_one, error);
        if (status != KM_OK || !has_one) return status;
        if (payload.ptr == NULL || !blank_out(payload.ptr, payload.len, content)) continue;
        status =
            write_payload(store, (kmi_slice){(const char *)id.bytes, sizeof(id.bytes)}, kmi_buf_slice(&payload), error);
        if (status != KM_OK) return status;
    }
}

/* Open tasks are few as a rule; a look at their number saves the walk. */
static km_status has_payloads(kmi_store *store, bool *ret_has_payloads, km_error *error) {
    static const char FIND_OPEN[] = "SELECT EXISTS(SELECT 1 FROM tasks WHERE state<>3)";
    int64_t found = 0;
    km_status status = kmi_store_read_number(store, FIND_OPEN, &found, error);
    *ret_has_payloads = found != 0;
    return status;
}

km_status kmi_task_forget(kmi_store *store, kmi_slice content, km_error *error) {
    bool has_open = false;
    km_status status = has_payloads(store, &has_open, error);
    if (status != KM_OK || !has_open || content.len == 0) return status;
    return blank_payloads(store, content, error);
}
