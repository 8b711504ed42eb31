/* The same extraction and the same application as in the worker, without the queue: at most transaction_tasks tasks to a
 * transaction, so that other writers get their turn between. */
#include "api/learn_now.h"

#include "api/learn_result.h"
#include "learn/learn.h"
#include "util/clock.h"
#include "util/error.h"

enum { transaction_tasks = 256 };

typedef struct learning {
    km_project *project;
    const kmi_prepared *prepared;
    const kmi_learn_now *how;
    kmi_extractor *extractor;
    kmi_store *store; /* NULL in a dry run */
    kmi_learn_result *result;
    kmi_arena *scratch;
    kmi_learning learning; /* what it took, for the metrics page */
} learning;

/* Extracts and applies one item; *ret_ids grows by its memories. */
static km_status learn_item(learning *l, const km_learn_item *item, const kmi_record *record, kmi_uuid *ids,
                            size_t ids_max, size_t *id_count, km_error *error) {
    kmi_extraction extraction = {0};
    kmi_learn_outcome *outcomes = NULL;
    const int64_t deadline_us = kmi_clock_monotonic_us() + l->project->config.async_worker_timeout_seconds * 1000000;
    km_status status = kmi_learn_extract(l->extractor, item, record->created_at_us, deadline_us, &extraction, error);
    if (status != KM_OK) return status;
    kmi_learning_add_extraction(&l->learning, &extraction);
    if (l->store != NULL) {
        kmi_learn_origin origin = {.item = item,
                                   .task = l->how->has_tasks ? &record->task_id : NULL,
                                   .submitted_at_us = record->created_at_us,
                                   .never_expires = l->how->never_expires,
                                   .learning = &l->learning};
        status = kmi_learn_apply(l->store, &l->project->config, &origin, &extraction, kmi_clock_now_us(), l->scratch,
                                 &outcomes, error);
        for (size_t i = 0; status == KM_OK && i < extraction.candidate_count && *id_count < ids_max; i++)
            ids[(*id_count)++] = outcomes[i].id;
    }
    if (status == KM_OK) status = kmi_learn_result_add(l->result, &extraction, outcomes, error);
    kmi_extraction_deinit(&extraction);
    return status;
}

static km_status put_task(learning *l, const kmi_record *record, const kmi_uuid *ids, size_t id_count, int64_t start_us,
                          km_error *error) {
    kmi_task_row row = {
        .id = record->task_id,
        .state = KM_TASK_COMPLETED,
        .priority = record->priority,
        .item_count = record->item_count,
        .created_at_us = record->created_at_us,
        .started_at_us = record->created_at_us,
        .finished_at_us = kmi_clock_now_us(),
        .processing_us = kmi_clock_monotonic_us() - start_us,
        .memory_ids = ids,
        .memory_count = id_count,
        .is_keyed = record->is_keyed,
    };
    km_status status = kmi_store_task_put(l->store, &row, error);
    if (status == KM_OK && record->redaction_count != 0)
        status = kmi_store_counter_add(l->store, KMI_COUNTER_REDACTIONS, record->redaction_count, error);
    return status;
}

static km_status learn_task(learning *l, size_t task, km_error *error) {
    enum { ids_max = 4096 };
    const kmi_record *record = &l->prepared->records[task];
    const int64_t start_us = kmi_clock_monotonic_us();
    km_status status = KM_OK;
    if (l->store != NULL && record->is_keyed) {
        bool is_known = false;
        status = kmi_store_task_find(l->store, &record->task_id, NULL, &is_known, NULL, error);
        if (status != KM_OK || is_known) return status; /* the key has been used: nothing is learnt again */
    }
    kmi_uuid *ids = kmi_arena_alloc_array(l->scratch, ids_max, sizeof *ids);
    size_t id_count = 0;
    if (ids == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while learning");
    for (size_t i = l->prepared->first_items[task]; i < l->prepared->first_items[task + 1] && status == KM_OK; i++)
        status = learn_item(l, &l->prepared->items[i], record, ids, ids_max, &id_count, error);
    if (status == KM_OK && l->store != NULL && l->how->has_tasks)
        status = put_task(l, record, ids, id_count, start_us, error);
    if (status == KM_OK) l->learning.tasks++;
    kmi_arena_clear(l->scratch);
    return status;
}

/* Learns tasks [first, first + count) in one transaction. */
static km_status learn_together(learning *l, size_t first, size_t count, km_error *error) {
    km_status status = l->store == NULL ? KM_OK : kmi_store_begin(l->store, error);
    if (status != KM_OK) return status;
    for (size_t i = 0; i < count && status == KM_OK; i++) status = learn_task(l, first + i, error);
    if (l->store == NULL) return status;
    if (status == KM_OK) return kmi_store_commit(l->store, error);
    kmi_store_rollback(l->store);
    return status;
}

static km_status learn_all(learning *l, km_error *error) {
    km_status status = KM_OK;
    for (size_t first = 0; first < l->prepared->task_count && status == KM_OK; first += transaction_tasks) {
        size_t left = l->prepared->task_count - first;
        status = learn_together(l, first, left < transaction_tasks ? left : transaction_tasks, error);
    }
    return status;
}

km_status kmi_learn_now_run(km_project *project, const kmi_prepared *prepared, const kmi_learn_now *how,
                            km_learn_result **ret_result, km_error *error) {
    const int64_t start_us = kmi_clock_monotonic_us();
    KMI_CLEANUP_WRITER kmi_writer writer = {0};
    learning l = {.project = project, .prepared = prepared, .how = how, .scratch = kmi_arena_new((size_t)256 << 20)};
    km_status status = l.scratch == NULL ? kmi_fail(error, KM_E_NOMEM, "out of memory while learning") : KM_OK;
    if (status == KM_OK) status = kmi_extractor_new(project->config.learn_custom_patterns_json, &l.extractor, error);
    if (status == KM_OK)
        status =
            kmi_learn_result_new(prepared, how->is_dry_run ? KM_LEARN_DRY_RUN : KM_LEARN_COMPLETED, &l.result, error);
    if (status == KM_OK && !how->is_dry_run) status = kmi_writer_open(project, true, &writer, error);
    l.store = writer.store;
    if (status == KM_OK) status = learn_all(&l, error);
    if (status == KM_OK) kmi_writer_shorten_log(&writer);
    kmi_extractor_free(l.extractor);
    kmi_arena_free(l.scratch);
    if (status != KM_OK) {
        if (l.result != NULL) km_learn_result_free(&l.result->public);
        return status;
    }
    if (!how->is_dry_run && project->config.performance_monitoring)
        kmi_metrics_add_learning(kmi_project_make_metrics(project), &l.learning);
    l.result->public.elapsed_us = kmi_clock_monotonic_us() - start_us;
    kmi_project_announce_change(project);
    *ret_result = &l.result->public;
    return KM_OK;
}
