/* The path that everything else waits for: prepare, append, see to it that a worker runs. What can fail after the append is
 * not allowed to fail the call: the text is accepted, and the next command starts a worker if this one could not. */
#include <time.h>

#include "api/learn_now.h"
#include "api/learn_result.h"
#include "api/preferences.h"
#include "api/prepare.h"
#include "api/project.h"
#include "queue/journal.h"
#include "util/clock.h"
#include "util/error.h"

/* Appends, waiting up to wait_ms for room. A full queue drains in milliseconds once a worker runs. */
static km_status append(km_project *project, kmi_queue *queue, const kmi_prepared *prepared, int64_t wait_ms,
                        uint64_t *ret_depth, km_error *error) {
    kmi_append_request request = {
        .records = prepared->records,
        .record_count = prepared->task_count,
        .depth_limit = (uint64_t)project->config.async_max_queue_size,
        .is_durable = project->config.async_is_durable,
    };
    const int64_t start_us = kmi_clock_monotonic_us();
    struct timespec pause = {.tv_nsec = 500000};
    for (;;) {
        bool is_full = false;
        km_status status = kmi_journal_append(queue, &request, ret_depth, &is_full, error);
        if (status == KM_E_NOT_FOUND)
            return kmi_fail_context(error, KM_E_IO, "the project was deleted or moved meanwhile");
        if (!is_full) return status;
        kmi_project_keep_worker(project);
        if ((kmi_clock_monotonic_us() - start_us) / 1000 >= wait_ms)
            return kmi_fail(
                error, KM_E_BUSY,
                "the queue is full (%llu tasks, async.max_queue_size is %lld): nothing was stored; try again, wait "
                "longer with --wait, or raise the limit",
                (unsigned long long)*ret_depth, (long long)project->config.async_max_queue_size);
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 4000000) pause.tv_nsec *= 2;
    }
}

static km_status learn_later(km_project *project, const kmi_prepared *prepared, const kmi_learning *preparing,
                             int64_t wait_ms, km_learn_result **ret_result, km_error *error) {
    const int64_t start_us = kmi_clock_monotonic_us();
    kmi_learn_result *result = NULL;
    km_status status =
        kmi_learn_result_new(prepared, KM_LEARN_QUEUED, &result, error); /* what can fail, before the append */
    if (status != KM_OK) return status;
    kmi_queue *queue = NULL;
    status = kmi_project_queue(project, true, &queue, error);
    if (status == KM_OK) status = append(project, queue, prepared, wait_ms, &result->public.queue_size, error);
    if (status != KM_OK) {
        km_learn_result_free(&result->public);
        return status;
    }
    result->public.elapsed_us = kmi_clock_monotonic_us() - start_us;
    if (project->config.performance_monitoring) {
        const kmi_metrics *metrics = kmi_project_make_metrics(project);
        kmi_metrics_observe(metrics, KMI_HISTOGRAM_SUBMIT, result->public.elapsed_us);
        kmi_series_add(metrics, KMI_SERIES_SUBMITTED, prepared->task_count, kmi_clock_now_us());
        kmi_metrics_add_learning(metrics, preparing);
    }
    kmi_project_keep_worker(project);
    *ret_result = &result->public;
    return KM_OK;
}

static km_status learn(km_project *project, const km_learn_item *items, size_t item_count,
                       const km_learn_options *options, km_learn_result **ret_result, km_error *error) {
    km_status status = kmi_project_check_config(project, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_PREPARED kmi_prepared prepared = {0};
    const uint64_t start_ns = kmi_clock_monotonic_ns();
    status = kmi_prepare(&project->config, items, item_count, options->priority, &prepared, error);
    if (status != KM_OK) return status;
    const kmi_learning preparing = {.stage_ns[KMI_STAGE_PREPARE] = kmi_clock_monotonic_ns() - start_ns};
    if (options->synchronous || options->dry_run || !project->config.async_enabled) {
        kmi_learn_now how = {.is_dry_run = options->dry_run, .has_tasks = true};
        return kmi_learn_now_run(project, &prepared, &how, ret_result, error);
    }
    int64_t wait_ms = options->wait_ms >= 0 ? options->wait_ms : project->config.async_queue_full_wait_ms;
    km_error fault = {0}; /* below, a file that is not there is made: only what ends the call is told */
    status = learn_later(project, &prepared, &preparing, wait_ms, ret_result, &fault);
    if (status != KM_OK && error != NULL) *error = fault;
    return status;
}

km_status km_learn(km_project *project, const km_learn_item *items, size_t item_count, const km_learn_options *options,
                   km_learn_result **ret_result, km_error *error) {
    static const km_learn_options defaults = KM_LEARN_OPTIONS_INIT;
    if (options == NULL) options = &defaults;
    if (project == NULL || ret_result == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_result must not be NULL");
    km_status status = learn(project, items, item_count, options, ret_result, error);
    if (status == KM_OK && !options->dry_run) kmi_preferences_hand_on(project, items, item_count, *ret_result);
    return status;
}

km_status km_remember(km_project *project, const km_learn_item *item, km_learn_result **ret_result, km_error *error) {
    if (project == NULL || item == NULL || ret_result == NULL)
        return kmi_fail(error, KM_E_INVALID, "project, item and ret_result must not be NULL");
    km_status status = kmi_project_check_config(project, error);
    if (status != KM_OK) return status;
    km_learn_item exact = *item;
    exact.verbatim = true;
    KMI_CLEANUP_PREPARED kmi_prepared prepared = {0};
    status = kmi_prepare(&project->config, &exact, 1, KM_PRIORITY_DEFAULT, &prepared, error);
    kmi_learn_now how = {.never_expires = true};
    if (status == KM_OK) status = kmi_learn_now_run(project, &prepared, &how, ret_result, error);
    if (status == KM_OK) kmi_preferences_hand_on(project, &exact, 1, *ret_result);
    return status;
}
