/* The page survives kill -9 as part of the page cache and costs a worker two stores a task. Importing every task of a left-over
 * segment as a suspect, the other way to find out, makes recovery of a long queue a hundred times slower and puts whole
 * neighbourhoods under suspicion. */
#include "worker/evidence.h"

#include <string.h>

#include "util/clock.h"
#include "util/error.h"
#include "worker/retry.h"

void kmi_evidence_collect(const kmi_metrics *metrics, kmi_evidence *ret_evidence) {
    *ret_evidence = (kmi_evidence){0};
    kmi_metrics_page *page = metrics->page;
    if (page == NULL) return;
    bool was_running = atomic_load(&page->pid) != 0 && atomic_load(&page->worker_clean_exit) == 0;
    bool is_same_boot = atomic_load(&page->heartbeat_mono_us) <= kmi_clock_monotonic_us();
    ret_evidence->is_crash = was_running && is_same_boot;
    for (int i = 0; i < KMI_WORKER_SLOTS; i++) {
        if (atomic_exchange(&page->slots[i].started_at_us, 0) == 0 || !ret_evidence->is_crash) continue;
        memcpy(ret_evidence->tasks[ret_evidence->count++].bytes, page->slots[i].task_id, 16);
    }
}

static km_status apply_to_entry(kmi_backlog *backlog, kmi_store *store, const kmi_uuid *id, kmi_batch *scratch,
                                km_error *error) {
    kmi_segment *segment = NULL;
    kmi_segment_entry *entry = kmi_backlog_find(backlog, id, &segment);
    if (entry == NULL) return KM_OK;
    kmi_batch_task *task = &scratch->tasks[0];
    km_status status = kmi_backlog_load(segment, entry, scratch, task, error);
    return status == KM_OK ? kmi_retry_put_crashed(store, task, error) : status;
}

static km_status apply_one(kmi_backlog *backlog, kmi_store *store, const kmi_uuid *id, kmi_batch *scratch,
                           km_error *error) {
    bool is_known = false;
    kmi_task_row row;
    km_status status = kmi_store_task_find(store, id, scratch->arena, &is_known, &row, error);
    if (status != KM_OK) return status;
    if (!is_known) return apply_to_entry(backlog, store, id, scratch, error);
    if (row.state != KM_TASK_QUEUED && row.state != KM_TASK_RETRYING) return KM_OK;
    kmi_batch_task task = {
        .id = row.id,
        .priority = row.priority,
        .attempts = row.attempts,
        .crashes = row.crashes,
        .expected_item_count = row.item_count,
        .is_keyed = row.is_keyed,
        .created_at_us = row.created_at_us,
        .claimed_at_us = row.started_at_us,
        .payload = row.payload,
    };
    return kmi_retry_put_crashed(store, &task, error);
}

/* The store has a record of each of them now, and decides when they run. */
static void take_over_entries(const kmi_evidence *evidence, kmi_backlog *backlog) {
    for (size_t i = 0; i < evidence->count; i++) {
        kmi_segment *segment = NULL;
        kmi_segment_entry *entry = kmi_backlog_find(backlog, &evidence->tasks[i], &segment);
        if (entry != NULL) kmi_backlog_mark_done(segment, entry);
    }
}

km_status kmi_evidence_apply(const kmi_evidence *evidence, kmi_backlog *backlog, kmi_store *store, km_error *error) {
    if (!evidence->is_crash) return KM_OK;
    kmi_batch *scratch = kmi_batch_new();
    if (scratch == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while starting the worker");
    km_status status = kmi_store_begin(store, error);
    if (status == KM_OK) {
        status = kmi_store_counter_add(store, KMI_COUNTER_WORKER_CRASHES, 1, error);
        for (size_t i = 0; i < evidence->count && status == KM_OK; i++)
            status = apply_one(backlog, store, &evidence->tasks[i], scratch, error);
        if (status == KM_OK)
            status = kmi_store_commit(store, error);
        else
            kmi_store_rollback(store);
    }
    if (status == KM_OK) take_over_entries(evidence, backlog);
    kmi_batch_free(scratch);
    return status;
}
