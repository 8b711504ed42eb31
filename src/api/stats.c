/* Every number comes from where it is kept: counters from the store (written in the transaction they count), waiting tasks from
 * the queue's files, latencies and signs of life from the metrics page. Nothing here waits for the worker. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "api/alerts.h"
#include "api/project.h"
#include "api/result.h"
#include "api/waiting.h"
#include "base/stages.h"
#include "queue/inspect.h"
#include "queue/journal.h"
#include "recall/context_cache.h"
#include "status/liveness.h"
#include "util/clock.h"
#include "util/error.h"
#include "worker/oldest.h"

enum { last_errors_max = 5 };

typedef struct stats_result {
    km_stats public;
    kmi_arena *arena;
} stats_result;

void km_stats_free(km_stats *public) {
    stats_result *result = (stats_result *)public;
    if (result == NULL) return;
    kmi_arena_free(result->arena);
    free(result);
}

static uint64_t file_bytes(const km_project *project, const char *name) {
    struct stat file;
    if (project->memory_dir_fd < 0 || fstatat(project->memory_dir_fd, name, &file, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    return (uint64_t)file.st_size;
}

/* What it takes on the disk: most of a new cache is a hole. */
static uint64_t disk_bytes(const km_project *project, const char *name) {
    struct stat file;
    if (project->memory_dir_fd < 0 || fstatat(project->memory_dir_fd, name, &file, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    return (uint64_t)file.st_blocks * 512; /* the unit of st_blocks, whatever the file system's blocks are */
}

static void copy_counters(const int64_t c[KMI_COUNTER_COUNT], km_stats *stats) {
    int64_t completed = c[KMI_COUNTER_TASKS_COMPLETED];
    stats->completed_tasks = (uint64_t)completed;
    stats->failed_tasks = (uint64_t)c[KMI_COUNTER_TASKS_FAILED];
    stats->cancelled_tasks = (uint64_t)c[KMI_COUNTER_TASKS_CANCELLED];
    stats->retrying_tasks = (uint64_t)c[KMI_COUNTER_TASKS_RETRYING];
    stats->queue_size += (uint64_t)(c[KMI_COUNTER_TASKS_QUEUED] + c[KMI_COUNTER_TASKS_RETRYING]);
    stats->average_processing_us = completed == 0 ? 0 : c[KMI_COUNTER_PROCESSING_US] / completed;
    stats->average_wait_us = completed == 0 ? 0 : c[KMI_COUNTER_WAIT_US] / completed;
    stats->memories = (uint64_t)c[KMI_COUNTER_MEMORIES];
    stats->superseded_memories = (uint64_t)c[KMI_COUNTER_SUPERSEDED];
    stats->entities = (uint64_t)c[KMI_COUNTER_ENTITIES];
    stats->relations = (uint64_t)c[KMI_COUNTER_RELATIONS];
    stats->duplicates = (uint64_t)c[KMI_COUNTER_DUPLICATES];
    stats->redactions = (uint64_t)c[KMI_COUNTER_REDACTIONS];
    stats->skipped_texts = (uint64_t)c[KMI_COUNTER_SKIPPED];
    stats->worker_starts = (uint64_t)c[KMI_COUNTER_WORKER_STARTS];
    stats->worker_crashes = (uint64_t)c[KMI_COUNTER_WORKER_CRASHES];
    stats->slow_tasks = (uint64_t)c[KMI_COUNTER_SLOW_TASKS];
    stats->failures = (uint64_t)c[KMI_COUNTER_TASKS_FAILED_EVER];
}

static void keep_older(km_stats *stats, int64_t now_us, int64_t created_at_us) {
    if (created_at_us != KMI_OLDEST_NONE && now_us - created_at_us > stats->oldest_waiting_us)
        stats->oldest_waiting_us = now_us - created_at_us;
}

static km_status read_store(kmi_store *store, stats_result *result, int64_t now_us, km_error *error) {
    km_stats *stats = &result->public;
    int64_t counters[KMI_COUNTER_COUNT];
    km_name_count *types = NULL, *sources = NULL, *errors = NULL;
    uint64_t generation = 0, unit_count = 0;
    int64_t oldest_us = KMI_OLDEST_NONE;
    km_status status = kmi_store_counters_get(store, counters, error);
    if (status == KM_OK) status = kmi_store_extent(store, &generation, &unit_count, error);
    stats->is_cache_needed = unit_count >= KMI_CACHE_UNITS_MIN;
    if (status == KM_OK) copy_counters(counters, stats);
    if (status == KM_OK) status = kmi_store_counts_by_type(store, result->arena, &types, &stats->type_count, error);
    if (status == KM_OK)
        status = kmi_store_counts_by_source(store, result->arena, &sources, &stats->source_count, error);
    if (status == KM_OK)
        status = kmi_store_last_errors(store, last_errors_max, result->arena, &errors, &stats->last_error_count, error);
    if (status == KM_OK) status = kmi_store_schema_version(store, &stats->schema_version, error);
    if (status == KM_OK && counters[KMI_COUNTER_TASKS_QUEUED] + counters[KMI_COUNTER_TASKS_RETRYING] != 0)
        status = kmi_oldest_in_store(store, &oldest_us, error);
    keep_older(stats, now_us, oldest_us);
    stats->types = types;
    stats->sources = sources;
    stats->last_errors = errors;
    return status;
}

typedef struct counting {
    km_stats *stats;
    int64_t now_us;
} counting;

static bool count_waiting(const kmi_record *record, bool is_in_hand, void *context) {
    counting *c = context;
    (void)is_in_hand;
    c->stats->queue_size++;
    keep_older(c->stats, c->now_us, record->created_at_us);
    return true;
}

static km_rate read_rate(const kmi_metrics *metrics, kmi_series series, int64_t now_us) {
    return (km_rate){.one_minute = kmi_series_per_second(metrics, series, 1, now_us),
                     .five_minutes = kmi_series_per_second(metrics, series, 5, now_us),
                     .fifteen_minutes = kmi_series_per_second(metrics, series, 15, now_us)};
}

static void read_rates(const kmi_metrics *metrics, int64_t now_us, km_stats *stats) {
    stats->submit_rate = read_rate(metrics, KMI_SERIES_SUBMITTED, now_us);
    stats->complete_rate = read_rate(metrics, KMI_SERIES_COMPLETED, now_us);
    stats->failure_rate = read_rate(metrics, KMI_SERIES_FAILED, now_us);
    stats->enhance_rate = read_rate(metrics, KMI_SERIES_ENHANCED, now_us);
}

static void read_usage(const kmi_metrics *metrics, km_stats *stats) {
    if (metrics->page == NULL) return;
    bool is_running = stats->worker.state != KM_WORKER_STOPPED;
    stats->worker_resident_bytes = is_running ? atomic_load(&metrics->page->worker_resident_bytes) : 0;
    stats->worker_peak_bytes = atomic_load(&metrics->page->worker_peak_bytes);
    stats->worker_cpu_us = (int64_t)atomic_load(&metrics->page->worker_cpu_us);
}

static void read_metrics(const kmi_metrics *metrics, km_stats *stats) {
    stats->cache_hits = kmi_metrics_get(metrics, KMI_METRIC_CACHE_HITS);
    stats->cache_misses = kmi_metrics_get(metrics, KMI_METRIC_CACHE_MISSES);
    stats->cache_evictions = kmi_metrics_get(metrics, KMI_METRIC_CACHE_EVICTIONS);
    stats->cache_aside = kmi_metrics_get(metrics, KMI_METRIC_CACHE_ASIDE);
    stats->slow_recalls = kmi_metrics_get(metrics, KMI_METRIC_SLOW_RECALLS);
    kmi_metrics_latency(metrics, KMI_HISTOGRAM_SUBMIT, &stats->submit);
    kmi_metrics_latency(metrics, KMI_HISTOGRAM_WAIT, &stats->wait);
    kmi_metrics_latency(metrics, KMI_HISTOGRAM_PROCESS, &stats->process);
    kmi_metrics_latency(metrics, KMI_HISTOGRAM_COMMIT, &stats->commit);
    kmi_metrics_latency(metrics, KMI_HISTOGRAM_ENHANCE, &stats->enhance);
}

static int compare_counts(const void *a, const void *b) {
    const km_name_count *left = a, *right = b;
    return (left->count < right->count) - (left->count > right->count);
}

static km_status read_learning(const kmi_metrics *metrics, stats_result *result, km_error *error) {
    km_stats *stats = &result->public;
    kmi_learning learning;
    kmi_metrics_learning(metrics, &learning);
    km_stage *stages = kmi_arena_alloc_array(result->arena, KMI_STAGE_COUNT, sizeof *stages);
    km_name_count *reasons = kmi_arena_alloc_array(result->arena, KMI_SKIP_REASONS, sizeof *reasons);
    if (stages == NULL || reasons == NULL) return kmi_fail_memory(error);
    for (size_t i = 0; i < KMI_STAGE_COUNT; i++)
        stages[i] = (km_stage){kmi_stage_name((kmi_stage)i), learning.stage_ns[i]};
    for (size_t i = 0; i < KMI_SKIP_REASONS; i++)
        if (learning.skipped[i] > 0)
            reasons[stats->skip_reason_count++] = (km_name_count){kmi_skip_reason_name(i), learning.skipped[i]};
    qsort(reasons, stats->skip_reason_count, sizeof *reasons, compare_counts);
    stats->measured_tasks = learning.tasks;
    stats->measured_memories = learning.memories;
    stats->stage_count = KMI_STAGE_COUNT;
    stats->stages = stages;
    stats->skip_reasons = reasons;
    return KM_OK;
}

/* Tasks that a dead worker left in hand are not active. */
static uint64_t count_active(const kmi_metrics *metrics, const km_worker_info *worker) {
    if (metrics->page == NULL || worker->state == KM_WORKER_STOPPED) return 0;
    return atomic_load(&metrics->page->active_tasks);
}

/* A task that waits in a file is known by reading the file, and by asking the store whether it has decided on it meanwhile: right
 * to the last one, and soon done for a queue of any usual length. A long one is told from its counters. */
enum { most_bytes_to_read = 256 * 1024 };

static km_status estimate_waiting(kmi_queue *queue, kmi_store *store, counting *c, km_error *error) {
    uint64_t in_store = c->stats->queue_size, records = 0, backlog = 0;
    int64_t oldest_us = KMI_OLDEST_NONE;
    km_status status = kmi_oldest_in_queue(queue, store, &oldest_us, error);
    keep_older(c->stats, c->now_us, oldest_us);
    if (status == KM_OK) status = kmi_journal_depth(queue, &records, &backlog, error);
    c->stats->queue_size = records + (backlog > in_store ? backlog : in_store);
    return status;
}

static km_status look_into_queue(kmi_queue *queue, kmi_store *store, const kmi_metrics *metrics, counting *c,
                                 km_error *error) {
    if (kmi_queue_record_bytes(queue) > most_bytes_to_read) return estimate_waiting(queue, store, c, error);
    return kmi_waiting_each(queue, store, metrics, count_waiting, c, error);
}

static km_status read_queue(km_project *project, kmi_store *store, stats_result *result, int64_t now_us,
                            km_error *error) {
    km_stats *stats = &result->public;
    kmi_queue *queue = NULL;
    km_status status = kmi_project_find_queue(project, &queue, error);
    if (status != KM_OK || queue == NULL) return status;
    const kmi_metrics *metrics = kmi_project_metrics(project);
    read_metrics(metrics, stats);
    read_rates(metrics, now_us, stats);
    status = read_learning(metrics, result, error);
    if (status != KM_OK) return status;
    counting c = {stats, now_us};
    status = look_into_queue(queue, store, metrics, &c, error);
    if (status == KM_OK) status = kmi_worker_look(queue, metrics, &stats->worker, error);
    stats->active_tasks = count_active(metrics, &stats->worker);
    read_usage(metrics, stats);
    stats->quarantined_bytes = kmi_quarantine_bytes(queue);
    stats->queue_bytes = file_bytes(project, "queue/journal");
    return status;
}

km_status km_stats_get(km_project *project, km_stats **ret_stats, km_error *error) {
    if (project == NULL || ret_stats == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_stats must not be NULL");
    stats_result *result = calloc(1, sizeof *result);
    if (result == NULL || (result->arena = kmi_arena_new(KMI_RESULT_LIMIT_BYTES)) == NULL) {
        free(result);
        return kmi_fail_memory(error);
    }
    const int64_t now_us = kmi_clock_now_us();
    km_stats *stats = &result->public;
    stats->queue_limit = (uint64_t)project->config.async_max_queue_size;
    stats->cache_limit_bytes = (uint64_t)project->config.performance_cache_size_mb << 20;
    stats->cache_memories_min = KMI_CACHE_UNITS_MIN;
    stats->cache_bytes = disk_bytes(project, "state/cache");
    stats->database_bytes = file_bytes(project, "memories.db") + file_bytes(project, "memories.db-wal");
    *ret_stats = stats;
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_error fault = {0};
    km_status store_status = kmi_project_glance_store(project, &store, &fault);
    if (store_status == KM_OK) store_status = read_store(store, result, now_us, &fault);
    if (store_status == KM_E_NOT_FOUND) store_status = KM_OK;
    km_status status = read_queue(project, store_status == KM_OK ? store : NULL, result, now_us, error);
    km_alert *alerts = NULL;
    if (status == KM_OK)
        status = kmi_project_watch(project, stats, false, result->arena, &alerts, &stats->alert_count, error);
    stats->alerts = alerts;
    if (status == KM_OK && store_status != KM_OK) {
        if (error != NULL) *error = fault;
        status = store_status;
    }
    return status;
}
