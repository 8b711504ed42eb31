/* Transactions under the project's writer lock.
 *
 * What a transaction collects in memory (counters, texts for the index, the next seq) is one struct that a savepoint copies and
 * an undo puts back, so that rows and numbers cannot part. It is written just before COMMIT: once a batch instead of
 * once a task.
 *
 * SQLite undoes a whole transaction by itself after some faults (disk full, out of memory). Every call that writes asks whether
 * the transaction still stands, so that nothing of a lost batch is committed piece by piece. For the same reason deadlines
 * interrupt statements outside of write transactions only: an interrupted write would take the whole batch with it. */
#include "store/sqlite/index.h"
#include "util/clock.h"
#include "util/random.h"

#include <string.h>

#define LATE_TENTHS 7 /* of the time until the deadline; the rest is for reading and writing down what was found */
#define PROGRESS_STEPS 4000 /* virtual machine instructions between two looks at the clock: about 100 µs */

/* ---- Deadlines ---- */

bool kmi_store_is_overdue(const kmi_store *store) {
    return store->deadline_us != 0 && kmi_clock_monotonic_us() > store->deadline_us;
}

bool kmi_store_is_late(kmi_store *store) {
    bool is_late = store->late_us != 0 && kmi_clock_monotonic_us() > store->late_us;
    if (is_late) store->is_cut_short = true;
    return is_late;
}

bool kmi_store_was_cut_short(const kmi_store *store) {
    return store->is_cut_short;
}

km_status kmi_store_fail_overdue(const kmi_store *store, km_error *error) {
    return kmi_fail(error, KM_E_BUSY, "work on \"%s\" took longer than its deadline", kmi_sql_path(store->sql));
}

static int stop_when_overdue(void *context) {
    const kmi_store *store = context;
    return !store->is_writing && kmi_store_is_overdue(store);
}

void kmi_store_set_deadline(kmi_store *store, int64_t deadline_us) {
    int64_t now_us = kmi_clock_monotonic_us();
    store->deadline_us = deadline_us;
    store->late_us = deadline_us > now_us ? now_us + (deadline_us - now_us) / 10 * LATE_TENTHS : deadline_us;
    sqlite3_progress_handler(kmi_sql_handle(store->sql), deadline_us != 0 ? PROGRESS_STEPS : 0,
                             deadline_us != 0 ? stop_when_overdue : NULL, store);
}

km_status kmi_store_read_number(kmi_store *store, const char *text, int64_t *ret_value, km_error *error) {
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, text, &use, error);
    bool has_row = false;
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK) *ret_value = has_row ? kmi_sql_integer(&use, 0) : 0;
    return status;
}

static km_status run_text(kmi_store *store, const char *text, km_error *error) {
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, text, &use, error);
    return status == KM_OK ? kmi_sql_run(&use, error) : status;
}

/* ---- Writing ---- */

static void forget_changes(kmi_store *store) {
    memset(&store->changes, 0, sizeof(store->changes));
    kmi_buf_clear(&store->unit_text);
    kmi_unit_map_clear(&store->map);
    kmi_labels_clear(store);
    if (store->scratch != NULL) kmi_arena_clear(store->scratch);
    store->is_writing = false;
    store->has_savepoint = false;
}

km_status kmi_store_require_writing(kmi_store *store, km_error *error) {
    if (!store->is_writing) {
        return kmi_fail(error, KM_E_INTERNAL, "a change of \"%s\" outside of a transaction", kmi_sql_path(store->sql));
    }
    if (!kmi_sql_in_transaction(store->sql)) {
        return kmi_fail(error, KM_E_IO, "the changes of \"%s\" were undone after an earlier fault; try again",
                        kmi_sql_path(store->sql));
    }
    return kmi_store_is_overdue(store) ? kmi_store_fail_overdue(store, error) : KM_OK;
}

/* `restore` and `doctor` put another file in the place of the store; what is written to the old one is written to nobody. */
static km_status require_in_place(kmi_store *store, km_error *error) {
    int has_moved = 0;
    int code = sqlite3_file_control(kmi_sql_handle(store->sql), "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    if (code != SQLITE_OK || has_moved == 0) return KM_OK;
    return kmi_fail(error, KM_E_CONFLICT, "\"%s\" was moved or replaced meanwhile; try again",
                    kmi_sql_path(store->sql));
}

km_status kmi_store_begin(kmi_store *store, km_error *error) {
    static const char BEGIN[] = "BEGIN IMMEDIATE";
    if (store->mode == KMI_STORE_READ || store->is_writing || store->is_reading) {
        return kmi_fail(error, KM_E_INTERNAL, "a write transaction on \"%s\" where none can start",
                        kmi_sql_path(store->sql));
    }
    if (store->scratch == NULL) store->scratch = kmi_arena_new(SCRATCH_LIMIT_BYTES);
    if (store->scratch == NULL) return kmi_store_fail_nomem(store, error);
    km_status status = kmi_store_lock(store, error);
    if (status != KM_OK) return status;
    forget_changes(store);
    store->is_writing = true; /* before BEGIN: no deadline interrupts it */
    status = require_in_place(store, error);
    if (status == KM_OK) status = run_text(store, BEGIN, error);
    if (status != KM_OK) {
        store->is_writing = false;
        kmi_store_unlock(store);
    }
    return status;
}

void kmi_store_rollback(kmi_store *store) {
    if (!store->is_writing) return;
    kmi_sql_rollback(store->sql);
    forget_changes(store);
    kmi_store_unlock(store);
}

/* The lower half of the generation is random: two stores that come from one copy, or one that was put back, part for good. */
static km_status write_state(kmi_store *store, km_error *error) {
    static const char UPDATE_STATE[] =
        "UPDATE state SET generation=(((generation>>32)+1)<<32)|?2,next_seq=max(next_seq,?1)";
    if (!store->changes.are_memories_changed) return KM_OK;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    uint32_t random = 0;
    km_status status = kmi_random_bytes(&random, sizeof(random), NULL, error);
    if (status == KM_OK) status = kmi_sql_start(store->sql, UPDATE_STATE, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, store->changes.next_seq);
    kmi_sql_bind_integer(&use, 2, random);
    return kmi_sql_run(&use, error);
}

km_status kmi_store_commit(kmi_store *store, km_error *error) {
    static const char COMMIT[] = "COMMIT";
    int64_t deadline_us = store->deadline_us;
    store->deadline_us = 0; /* what is ready to be committed is committed */
    km_status status = kmi_store_require_writing(store, error);
    if (status == KM_OK && store->has_savepoint) {
        status = kmi_fail(error, KM_E_INTERNAL, "commit of \"%s\" inside a savepoint", kmi_sql_path(store->sql));
    }
    if (status == KM_OK) status = kmi_index_write_pending(store, error);
    if (status == KM_OK) status = kmi_counts_write(store, error);
    if (status == KM_OK) status = write_state(store, error);
    if (status == KM_OK) status = run_text(store, COMMIT, error);
    store->deadline_us = deadline_us;
    if (status != KM_OK) {
        kmi_store_rollback(store);
        return status;
    }
    forget_changes(store);
    kmi_store_unlock(store);
    return KM_OK;
}

km_status kmi_store_savepoint(kmi_store *store, km_error *error) {
    static const char SAVEPOINT[] = "SAVEPOINT task";
    km_status status = kmi_store_require_writing(store, error);
    if (status == KM_OK && store->has_savepoint) {
        status = kmi_fail(error, KM_E_INTERNAL, "two savepoints on \"%s\"", kmi_sql_path(store->sql));
    }
    if (status == KM_OK) status = kmi_index_write_if_big(store, error);
    if (status == KM_OK) status = run_text(store, SAVEPOINT, error);
    if (status != KM_OK) return status;
    store->saved = store->changes;
    store->has_savepoint = true;
    return KM_OK;
}

km_status kmi_store_savepoint_release(kmi_store *store, km_error *error) {
    static const char RELEASE[] = "RELEASE task";
    if (!store->has_savepoint) {
        return kmi_fail(error, KM_E_INTERNAL, "no savepoint on \"%s\" to release", kmi_sql_path(store->sql));
    }
    /* The deadline is for the work; the work is done. */
    if (!kmi_sql_in_transaction(store->sql)) return kmi_store_require_writing(store, error);
    km_status status = run_text(store, RELEASE, error);
    if (status == KM_OK) store->has_savepoint = false;
    return status;
}

km_status kmi_store_savepoint_rollback(kmi_store *store, km_error *error) {
    static const char UNDO[] = "ROLLBACK TO task";
    static const char RELEASE[] = "RELEASE task";
    if (!store->has_savepoint) {
        return kmi_fail(error, KM_E_INTERNAL, "no savepoint on \"%s\" to undo", kmi_sql_path(store->sql));
    }
    if (!kmi_sql_in_transaction(store->sql)) return kmi_store_require_writing(store, error);
    km_status status = run_text(store, UNDO, error);
    if (status == KM_OK) status = run_text(store, RELEASE, error);
    if (status != KM_OK) return status;
    store->changes = store->saved;
    kmi_unit_map_clear(&store->map); /* it may hold what is undone, as may the labels */
    kmi_labels_clear(store);
    kmi_buf *text = &store->unit_text;
    text->len = store->saved.unit_text_len;
    if (text->ptr != NULL) text->ptr[text->len] = '\0';
    store->has_savepoint = false;
    return KM_OK;
}

/* ---- Reading ---- */

km_status kmi_store_read_begin(kmi_store *store, km_error *error) {
    static const char BEGIN[] = "BEGIN DEFERRED";
    static const char TOUCH[] = "SELECT generation FROM state";
    if (store->is_writing || store->is_reading) {
        return kmi_fail(error, KM_E_INTERNAL, "two transactions on \"%s\"", kmi_sql_path(store->sql));
    }
    km_status status = run_text(store, BEGIN, error);
    if (status != KM_OK) return status;
    store->is_reading = true;
    int64_t generation = 0; /* BEGIN DEFERRED sees nothing until something is read */
    status = kmi_store_read_number(store, TOUCH, &generation, error);
    if (status != KM_OK) kmi_store_read_end(store);
    return status;
}

void kmi_store_read_end(kmi_store *store) {
    if (!store->is_reading) return;
    store->is_reading = false;
    kmi_sql_rollback(store->sql);
}

/* ---- Fencing ---- */

static const char READ_EPOCH[] = "SELECT epoch FROM state";

km_status kmi_store_epoch_raise(kmi_store *store, uint64_t *ret_epoch, km_error *error) {
    static const char RAISE_EPOCH[] = "UPDATE state SET epoch=epoch+1";
    km_status status = kmi_store_begin(store, error);
    if (status != KM_OK) return status;
    int64_t epoch = 0;
    status = run_text(store, RAISE_EPOCH, error);
    if (status == KM_OK) status = kmi_store_read_number(store, READ_EPOCH, &epoch, error);
    if (status == KM_OK)
        status = kmi_store_commit(store, error);
    else
        kmi_store_rollback(store);
    if (status == KM_OK) *ret_epoch = (uint64_t)epoch;
    return status;
}

km_status kmi_store_epoch_check(kmi_store *store, uint64_t epoch, km_error *error) {
    km_status status = kmi_store_require_writing(store, error);
    int64_t current = 0;
    if (status == KM_OK) status = kmi_store_read_number(store, READ_EPOCH, &current, error);
    if (status != KM_OK || (uint64_t)current == epoch) return status;
    return kmi_fail(error, KM_E_CONFLICT, "another worker has taken over \"%s\" (epoch %lld, ours is %llu)",
                    kmi_sql_path(store->sql), (long long)current, (unsigned long long)epoch);
}
