/* A segment is sorted once, when it is read; picking compares the heads of at most open_segments_max segments. */
#include "worker/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "queue/names.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

enum { open_segments_max = 64 };

typedef struct waiting_entry {
    int64_t rank; /* smaller comes first */
    kmi_segment_entry *entry;
} waiting_entry;

typedef struct open_segment {
    kmi_segment segment;
    waiting_entry *order;
    size_t next; /* first of `order` that was not picked */
} open_segment;

struct kmi_backlog {
    kmi_queue *queue;
    open_segment *segments[open_segments_max];
    size_t count;
    open_segment *dropped[open_segments_max]; /* read anew or gone; batches in flight may point into them */
    size_t dropped_count;
    int64_t last_created_us; /* keeps arrival order when the wall clock steps back */
};

km_status kmi_backlog_new(kmi_queue *queue, kmi_backlog **ret_backlog, km_error *error) {
    kmi_backlog *backlog = calloc(1, sizeof *backlog);
    if (backlog == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while starting the worker");
    backlog->queue = queue;
    *ret_backlog = backlog;
    return KM_OK;
}

static void close_segment(open_segment *opened) {
    kmi_segment_close(&opened->segment);
    free(opened->order);
    free(opened);
}

void kmi_backlog_free(kmi_backlog *backlog) {
    if (backlog == NULL) return;
    for (size_t i = 0; i < backlog->count; i++) close_segment(backlog->segments[i]);
    for (size_t i = 0; i < backlog->dropped_count; i++) close_segment(backlog->dropped[i]);
    free(backlog);
}

/* ---- Taking in ---- */

static int compare_waiting(const void *a, const void *b) {
    const waiting_entry *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return x->entry->offset < y->entry->offset ? -1 : x->entry->offset > y->entry->offset;
}

static km_status sort_entries(kmi_backlog *backlog, open_segment *opened, km_error *error) {
    size_t count = opened->segment.count;
    opened->order = calloc(count + 1, sizeof *opened->order);
    if (opened->order == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading the queue");
    int64_t now_us = kmi_clock_now_us();
    for (size_t i = 0; i < count; i++) {
        kmi_segment_entry *entry = &opened->segment.entries[i];
        int64_t created_us = entry->created_at_us < now_us ? entry->created_at_us : now_us;
        if (created_us < backlog->last_created_us && backlog->last_created_us <= now_us)
            created_us = backlog->last_created_us;
        backlog->last_created_us = created_us;
        opened->order[i] = (waiting_entry){created_us + (int64_t)entry->priority * 60000000, entry};
    }
    qsort(opened->order, count, sizeof *opened->order, compare_waiting);
    return KM_OK;
}

static bool is_open(const kmi_backlog *backlog, const char *name) {
    for (size_t i = 0; i < backlog->count; i++)
        if (strcmp(backlog->segments[i]->segment.name, name) == 0) return true;
    return false;
}

void kmi_backlog_mark_done(kmi_segment *segment, kmi_segment_entry *entry) {
    if (entry->is_done) return;
    entry->is_done = true;
    segment->done_count++;
}

/* A segment that somebody left behind: what was committed of it, failed, or set apart, has a record in the store. */
static km_status mark_known(kmi_segment *segment, kmi_store *store, km_error *error) {
    for (size_t i = 0; i < segment->count; i++) {
        bool is_known = false;
        km_status status = kmi_store_task_find(store, &segment->entries[i].task_id, NULL, &is_known, NULL, error);
        if (status != KM_OK) return status;
        if (is_known) kmi_backlog_mark_done(segment, &segment->entries[i]);
    }
    return KM_OK;
}

/* `store` NULL: nobody else has worked on this segment. */
static km_status open_one(kmi_backlog *backlog, kmi_store *store, const char *name, uint64_t *ret_damaged_bytes,
                          km_error *error) {
    if (backlog->count == open_segments_max || is_open(backlog, name)) return KM_OK;
    open_segment *opened = calloc(1, sizeof *opened);
    if (opened == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading the queue");
    opened->segment.fd = -1;
    km_status status = kmi_segment_open(backlog->queue, name, &opened->segment, error);
    if (status == KM_OK) status = sort_entries(backlog, opened, error);
    if (status == KM_OK && store != NULL) status = mark_known(&opened->segment, store, error);
    if (status != KM_OK) {
        close_segment(opened);
        return status == KM_E_NOT_FOUND ? KM_OK : status; /* another worker has finished it */
    }
    if (ret_damaged_bytes != NULL) *ret_damaged_bytes += opened->segment.damaged_bytes;
    backlog->segments[backlog->count++] = opened;
    return KM_OK;
}

km_status kmi_backlog_refresh(kmi_backlog *backlog, kmi_store *store, bool list_all, uint64_t *ret_damaged_bytes,
                              km_error *error) {
    char taken[KMI_SEGMENT_NAME_SIZE];
    if (list_all || backlog->count == open_segments_max) {
        KMI_CLEANUP_NAMES kmi_segment_names names = {0};
        km_status status = kmi_segment_list(backlog->queue, &names, error);
        for (size_t i = 0; i < names.count && status == KM_OK; i++)
            status = open_one(backlog, store, names.items[i], ret_damaged_bytes, error);
        if (status != KM_OK) return status;
    }
    if (backlog->count == open_segments_max) return KM_OK;
    km_status status = kmi_segment_take(backlog->queue, kmi_backlog_waiting(backlog), taken, error);
    return status == KM_OK && taken[0] != '\0' ? open_one(backlog, NULL, taken, ret_damaged_bytes, error) : status;
}

/* ---- Picking ---- */

km_status kmi_backlog_load(kmi_segment *segment, kmi_segment_entry *entry, kmi_batch *batch, kmi_batch_task *task,
                           km_error *error) {
    KMI_CLEANUP_BUF kmi_buf payload;
    kmi_buf_init(&payload, KMI_RECORD_PAYLOAD_LIMIT + 1);
    *task = (kmi_batch_task){
        .id = entry->task_id,
        .priority = entry->priority,
        .redaction_count = entry->redaction_count,
        .expected_item_count = entry->item_count,
        .is_keyed = entry->is_keyed,
        .segment = segment,
        .entry = entry,
        .created_at_us = entry->created_at_us,
        .claimed_at_us = kmi_clock_now_us(),
    };
    km_status status = kmi_segment_read_payload(segment, entry, &payload, error);
    if (status != KM_OK) return status;
    task->payload = (kmi_slice){kmi_arena_copy(batch->arena, kmi_buf_slice(&payload)), payload.len};
    return task->payload.ptr == NULL ? kmi_fail(error, KM_E_NOMEM, "out of memory while reading a task") : KM_OK;
}

static open_segment *find_best(const kmi_backlog *backlog) {
    open_segment *best = NULL;
    for (size_t i = 0; i < backlog->count; i++) {
        open_segment *opened = backlog->segments[i];
        if (opened->next == opened->segment.count) continue;
        if (best == NULL || opened->order[opened->next].rank < best->order[best->next].rank) best = opened;
    }
    return best;
}

/* Forgets a segment whose file has changed under us. If it is still there, the next look at the directory reads it anew. */
static km_status drop_segment(kmi_backlog *backlog, open_segment *dropped, km_error *error) {
    if (backlog->dropped_count == open_segments_max)
        return kmi_fail(error, KM_E_STORE, "the files of the queue keep changing under the worker");
    backlog->dropped[backlog->dropped_count++] = dropped;
    size_t kept = 0;
    for (size_t i = 0; i < backlog->count; i++)
        if (backlog->segments[i] != dropped) backlog->segments[kept++] = backlog->segments[i];
    backlog->count = kept;
    return KM_OK;
}

static km_status pick_from_segments(kmi_backlog *backlog, size_t task_limit, size_t byte_limit, kmi_batch *batch,
                                    km_error *error) {
    open_segment *best;
    while (batch->count < task_limit && batch->payload_bytes < byte_limit && batch->item_count < KMI_BATCH_ITEMS_MAX &&
           (best = find_best(backlog)) != NULL) {
        kmi_segment_entry *entry = best->order[best->next].entry;
        if (!entry->is_done) {
            kmi_batch_task *task = &batch->tasks[batch->count];
            km_status status = kmi_backlog_load(&best->segment, entry, batch, task, error);
            if (status == KM_E_NOT_FOUND) status = drop_segment(backlog, best, error);
            if (status != KM_OK) return status;
            if (task->payload.ptr == NULL) continue; /* dropped */
            batch->payload_bytes += task->payload.len;
            batch->item_count += task->expected_item_count;
            batch->count++;
        }
        best->next++;
    }
    return KM_OK;
}

static void add_store_task(kmi_batch *batch, const kmi_task_row *row) {
    batch->tasks[batch->count++] = (kmi_batch_task){
        .id = row->id,
        .priority = row->priority,
        .attempts = row->attempts,
        .crashes = row->crashes,
        .expected_item_count = row->item_count,
        .is_keyed = row->is_keyed,
        .is_from_store = true,
        .created_at_us = row->created_at_us,
        .claimed_at_us = kmi_clock_now_us(),
        .payload = row->payload,
    };
    batch->payload_bytes += row->payload.len;
    batch->item_count += row->item_count;
    batch->has_store_tasks = true;
}

/* *ret_is_alone: the batch must not grow further. */
static km_status pick_from_store(kmi_store *store, size_t task_limit, kmi_batch *batch, int64_t *ret_next_run_at_us,
                                 bool *ret_is_alone, km_error *error) {
    kmi_task_row *rows = NULL;
    size_t count = 0;
    size_t limit = task_limit > 1 ? task_limit / 2 : 1;
    km_status status =
        kmi_store_task_due(store, kmi_clock_now_us(), limit, batch->arena, &rows, &count, ret_next_run_at_us, error);
    if (status != KM_OK) return status;
    for (size_t i = 0; i < count && rows[i].crashes == 0; i++) add_store_task(batch, &rows[i]);
    if (batch->count == 0 && count > 0) {
        add_store_task(batch, &rows[0]);
        *ret_is_alone = true;
    }
    return KM_OK;
}

km_status kmi_backlog_pick(kmi_backlog *backlog, kmi_store *store, bool may_use_store, size_t task_limit,
                           size_t byte_limit, kmi_batch *batch, int64_t *ret_next_run_at_us, km_error *error) {
    bool is_alone = false;
    km_status status = KM_OK;
    if (may_use_store) status = pick_from_store(store, task_limit, batch, ret_next_run_at_us, &is_alone, error);
    if (status == KM_OK && !is_alone) status = pick_from_segments(backlog, task_limit, byte_limit, batch, error);
    return status;
}

/* ---- Giving back and looking ---- */

km_status kmi_backlog_retire(kmi_backlog *backlog, km_error *error) {
    size_t kept = 0;
    km_status status = KM_OK;
    for (size_t i = 0; i < backlog->count; i++) {
        open_segment *opened = backlog->segments[i];
        bool is_finished = opened->segment.done_count == opened->segment.count;
        if (is_finished && status == KM_OK) status = kmi_segment_retire(backlog->queue, &opened->segment, error);
        if (is_finished && status == KM_OK)
            close_segment(opened);
        else
            backlog->segments[kept++] = opened;
    }
    backlog->count = kept;
    return status;
}

kmi_segment_entry *kmi_backlog_find(kmi_backlog *backlog, const kmi_uuid *task_id, kmi_segment **ret_segment) {
    for (size_t i = 0; i < backlog->count; i++) {
        kmi_segment *segment = &backlog->segments[i]->segment;
        for (size_t e = 0; e < segment->count; e++) {
            if (segment->entries[e].is_done || kmi_uuid_compare(&segment->entries[e].task_id, task_id) != 0) continue;
            *ret_segment = segment;
            return &segment->entries[e];
        }
    }
    return NULL;
}

uint64_t kmi_backlog_waiting(const kmi_backlog *backlog) {
    uint64_t waiting = 0;
    for (size_t i = 0; i < backlog->count; i++)
        waiting += backlog->segments[i]->segment.count - backlog->segments[i]->segment.done_count;
    return waiting;
}
