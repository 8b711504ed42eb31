/* All of it can wait: nothing here may delay a task or fail a worker that has work. */
#include "worker/upkeep.h"

#include <string.h>

#include "queue/inspect.h"
#include "util/abandoned.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

enum { checkpoint_pages = 1000 }; /* 4 MiB, SQLite's own default */

km_status kmi_upkeep_after_commit(kmi_upkeep *upkeep, kmi_store *store, km_error *error) {
    (void)upkeep;
    if (kmi_store_wal_pages(store) < checkpoint_pages) return KM_OK;
    km_status status = kmi_store_checkpoint(store, false, error);
    return status == KM_E_BUSY ? KM_OK : status;
}

typedef struct holding {
    kmi_store *store;
    int64_t until_us;
    km_status status;
    km_error *error;
} holding;

static bool hold_record(const kmi_record *record, void *context) {
    holding *h = context;
    h->status = kmi_store_task_hold(h->store, &record->task_id, h->until_us, h->error);
    return h->status == KM_OK;
}

/* Two guards, because clocks go back: by time for files that a worker moves meanwhile, by id for what is in them now. */
km_status kmi_upkeep_purge_tasks(kmi_store *store, kmi_queue *queue, int64_t before_us, bool with_failed,
                                 uint64_t *ret_count, km_error *error) {
    int64_t oldest_us = kmi_queue_oldest_us(queue);
    holding h = {.store = store, .until_us = before_us < oldest_us ? before_us : oldest_us, .error = error};
    km_status status = kmi_queue_each_moving(queue, hold_record, &h, error);
    if (status == KM_OK) status = h.status;
    return status == KM_OK ? kmi_store_task_purge(store, h.until_us, with_failed, ret_count, error) : status;
}

static km_status clean_up(kmi_store *store, kmi_queue *queue, const kmi_config *config, km_error *error) {
    int64_t now_us = kmi_clock_now_us();
    int64_t before_us = now_us - config->async_max_task_age_seconds * 1000000;
    uint64_t purged = 0, expired = 0;
    km_status status = kmi_store_begin(store, error);
    if (status != KM_OK) return status;
    status = kmi_upkeep_purge_tasks(store, queue, before_us, false, &purged, error);
    if (status == KM_OK) status = kmi_store_expire(store, now_us, &expired, error);
    if (status == KM_OK) return kmi_store_commit(store, error);
    kmi_store_rollback(store);
    return status;
}

km_status kmi_upkeep_when_idle(kmi_upkeep *upkeep, kmi_store *store, kmi_queue *queue, const kmi_config *config,
                               km_error *error) {
    int64_t now_us = kmi_clock_monotonic_us();
    if (upkeep->last_cleanup_us == 0)
        upkeep->last_cleanup_us = now_us; /* not at once: a short life has better things to do */
    if (now_us - upkeep->last_cleanup_us < config->async_cleanup_interval_seconds * 1000000) return KM_OK;
    upkeep->last_cleanup_us = now_us;
    return clean_up(store, queue, config, error);
}

/* What a killed forget left to be done. */
static void erase_rest(kmi_store *store) {
    bool is_unerased = false, is_erased = false;
    if (kmi_store_is_unerased(store, &is_unerased, NULL) != KM_OK || !is_unerased) return;
    km_status ignored = kmi_store_erase(store, &is_erased, NULL); /* the next worker tries again */
    (void)ignored;
}

/* A store that restore or doctor did not finish can hold every memory: it is not left lying about until somebody asks doctor. */
static bool is_temporary(const char *name, const void *context) {
    return kmi_abandoned_is_replacement(name, context) || strncmp(name, "memories.db.new", 15) == 0 ||
           strncmp(name, "memories.db.restore", 19) == 0;
}

void kmi_upkeep_before_leaving(kmi_store *store, int memory_dir_fd) {
    KMI_CLEANUP_FD int state_fd = -1;
    kmi_abandoned_remove(memory_dir_fd, is_temporary, NULL);
    if (kmi_dir_open(memory_dir_fd, "state", &state_fd, NULL) == KM_OK)
        kmi_abandoned_remove(state_fd, kmi_abandoned_is_replacement, NULL);
    erase_rest(store);
    if (kmi_store_checkpoint(store, true, NULL) != KM_OK) return; /* the next worker does it */
}
