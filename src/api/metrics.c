/* The metrics are the numbers of km_stats_get() under names that other programs know how to read, and the histograms behind its
 * percentiles. One row a family; a family with labels has a function that fills it. */
#include <stdlib.h>
#include <string.h>

#include "api/metrics_text.h"
#include "api/project.h"
#include "api/result.h"
#include "util/error.h"

#define MOST_FAMILIES 64
#define MOST_TEXT_BYTES ((size_t)16 * 1024 * 1024)

typedef struct metrics_result {
    km_metrics public;
    kmi_arena *arena;
    km_metric families[MOST_FAMILIES];
} metrics_result;

typedef enum scale { PLAIN, MICROSECONDS } scale;

/* A number of km_stats by its place: unsigned or signed, 64 bits either way. */
typedef struct plain_row {
    const char *name;
    const char *type;
    const char *unit;
    const char *help;
    size_t offset;
    scale scale;
} plain_row;

#define FIELD(member_) offsetof(km_stats, member_)

static const plain_row plain_rows[] = {
    {"kuzu_memory_queue_tasks", "gauge", "", "Tasks that wait", FIELD(queue_size), PLAIN},
    {"kuzu_memory_queue_limit_tasks", "gauge", "", "Most tasks that may wait", FIELD(queue_limit), PLAIN},
    {"kuzu_memory_queue_oldest_seconds", "gauge", "seconds", "Age of the oldest waiting task", FIELD(oldest_waiting_us),
     MICROSECONDS},
    {"kuzu_memory_queue_bytes", "gauge", "bytes", "Size of the journal", FIELD(queue_bytes), PLAIN},
    {"kuzu_memory_quarantined_bytes", "gauge", "bytes", "Damaged bytes of the queue that were set aside",
     FIELD(quarantined_bytes), PLAIN},
    {"kuzu_memory_active_tasks", "gauge", "", "Tasks in work", FIELD(active_tasks), PLAIN},
    {"kuzu_memory_retrying_tasks", "gauge", "", "Tasks that wait to be tried again", FIELD(retrying_tasks), PLAIN},
    {"kuzu_memory_failed_tasks", "gauge", "", "Tasks that are kept as failed", FIELD(failed_tasks), PLAIN},
    {"kuzu_memory_tasks_completed", "counter", "", "Tasks that were learnt", FIELD(completed_tasks), PLAIN},
    {"kuzu_memory_tasks_cancelled", "counter", "", "Tasks that were cancelled", FIELD(cancelled_tasks), PLAIN},
    {"kuzu_memory_tasks_failures", "counter", "", "Times that the attempts of a task were used up", FIELD(failures),
     PLAIN},
    {"kuzu_memory_superseded_memories", "gauge", "", "Memories that a newer one replaced", FIELD(superseded_memories),
     PLAIN},
    {"kuzu_memory_entities", "gauge", "", "Entities that memories mention", FIELD(entities), PLAIN},
    {"kuzu_memory_relations", "gauge", "", "Relations between entities", FIELD(relations), PLAIN},
    {"kuzu_memory_duplicates", "counter", "", "Statements that were known already", FIELD(duplicates), PLAIN},
    {"kuzu_memory_redactions", "counter", "", "Secrets that were removed", FIELD(redactions), PLAIN},
    {"kuzu_memory_skipped_texts", "counter", "", "Sentences that were not worth a memory", FIELD(skipped_texts), PLAIN},
    {"kuzu_memory_slow_tasks", "counter", "", "Tasks over performance.max_generation_time_ms", FIELD(slow_tasks),
     PLAIN},
    {"kuzu_memory_slow_recalls", "counter", "", "Prompts over performance.max_recall_time_ms", FIELD(slow_recalls),
     PLAIN},
    {"kuzu_memory_cache_hits", "counter", "", "Prompts that the cache answered", FIELD(cache_hits), PLAIN},
    {"kuzu_memory_cache_misses", "counter", "", "Prompts that it did not", FIELD(cache_misses), PLAIN},
    {"kuzu_memory_database_bytes", "gauge", "bytes", "Size of the store with its log", FIELD(database_bytes), PLAIN},
    {"kuzu_memory_schema_version", "gauge", "", "Version of the schema of the store", FIELD(schema_version), PLAIN},
    {"kuzu_memory_worker_starts", "counter", "", "Workers that were started", FIELD(worker_starts), PLAIN},
    {"kuzu_memory_worker_crashes", "counter", "", "Workers that died", FIELD(worker_crashes), PLAIN},
    {"kuzu_memory_worker_start_time_seconds", "gauge", "seconds", "When the worker that runs was started, since 1970",
     FIELD(worker.started_at_us), MICROSECONDS},
    {"kuzu_memory_worker_heartbeat_time_seconds", "gauge", "seconds", "Last sign of life of a worker, since 1970",
     FIELD(worker.heartbeat_at_us), MICROSECONDS},
    {"kuzu_memory_worker_resident_bytes", "gauge", "bytes", "Memory of the worker that runs",
     FIELD(worker_resident_bytes), PLAIN},
    {"kuzu_memory_worker_peak_bytes", "gauge", "bytes", "Most memory that the worker has had", FIELD(worker_peak_bytes),
     PLAIN},
    {"kuzu_memory_worker_cpu_seconds", "counter", "seconds", "Processor time of the worker", FIELD(worker_cpu_us),
     MICROSECONDS},
};

/* ---- Building ---- */

/* Returns: room for that many samples in a new family, or NULL. */
static km_metric_sample *add_family(metrics_result *result, const char *name, const char *type, const char *unit,
                                    const char *help, size_t sample_count) {
    if (result->public.count == MOST_FAMILIES) return NULL;
    km_metric_sample *samples = kmi_arena_alloc_array(result->arena, sample_count + 1, sizeof *samples);
    result->families[result->public.count++] = (km_metric){name, type, unit, help, sample_count, samples};
    const char *suffix = strcmp(type, "counter") == 0 ? "_total" : strcmp(type, "info") == 0 ? "_info" : "";
    for (size_t i = 0; samples != NULL && i < sample_count; i++) samples[i].suffix = suffix;
    return samples;
}

static double read_field(const km_stats *stats, const plain_row *row) {
    int64_t value = 0; /* all of them stay far below 2^63 */
    memcpy(&value, (const char *)stats + row->offset, sizeof value);
    return row->scale == MICROSECONDS ? (double)value / 1e6 : (double)value;
}

static bool add_plain(metrics_result *result, const km_stats *stats) {
    for (size_t i = 0; i < sizeof plain_rows / sizeof plain_rows[0]; i++) {
        const plain_row *row = &plain_rows[i];
        km_metric_sample *sample = add_family(result, row->name, row->type, row->unit, row->help, 1);
        if (sample == NULL) return false;
        sample->value = read_field(stats, row);
    }
    return true;
}

static km_metric_sample label(km_metric_sample sample, const char *name, const char *value) {
    sample.labels[sample.label_count++] = (km_metric_label){name, value};
    return sample;
}

/* ---- Families with labels ---- */

static bool add_counts(metrics_result *result, const char *name, const char *help, const char *label_name,
                       const km_name_count *counts, size_t count) {
    km_metric_sample *samples = add_family(result, name, "gauge", "", help, count);
    for (size_t i = 0; samples != NULL && i < count; i++) {
        const char *value = kmi_arena_copy_text(result->arena, counts[i].name);
        if (value == NULL) return false;
        samples[i] = label(samples[i], label_name, value);
        samples[i].value = (double)counts[i].count;
    }
    return samples != NULL;
}

static bool add_worker(metrics_result *result, const km_stats *stats) {
    km_metric_sample *build = add_family(result, "kuzu_memory_build", "info", "", "The program that answers", 1);
    km_metric_sample *up = add_family(result, "kuzu_memory_worker_state", "gauge", "", "1 for the state of the worker",
                                      KM_WORKER_STALLED + 1);
    if (build == NULL || up == NULL) return false;
    *build = label(*build, "version", km_version());
    build->value = 1;
    for (int state = 0; state <= KM_WORKER_STALLED; state++) {
        up[state] = label(up[state], "state", km_worker_state_name((km_worker_state)state));
        up[state].value = state == (int)stats->worker.state;
    }
    return true;
}

static bool add_rates(metrics_result *result, const km_stats *stats) {
    static const char *const minutes[] = {"1", "5", "15"};
    const struct {
        const char *what;
        const km_rate *rate;
    } rows[] = {{"submitted", &stats->submit_rate},
                {"completed", &stats->complete_rate},
                {"failed", &stats->failure_rate},
                {"enhanced", &stats->enhance_rate}};
    km_metric_sample *sample =
        add_family(result, "kuzu_memory_throughput", "gauge", "", "Events a second over the last minutes", 12);
    if (sample == NULL) return false;
    for (size_t r = 0; r < 4; r++) {
        const double values[] = {rows[r].rate->one_minute, rows[r].rate->five_minutes, rows[r].rate->fifteen_minutes};
        for (size_t m = 0; m < 3; m++, sample++) {
            *sample = label(label(*sample, "what", rows[r].what), "minutes", minutes[m]);
            sample->value = values[m];
        }
    }
    return true;
}

static bool add_alerts(metrics_result *result, const km_stats *stats) {
    km_metric_sample *samples =
        add_family(result, "kuzu_memory_alert", "gauge", "",
                   "Alerts that were not acknowledged: 1 while it holds, 0 when it is over", stats->alert_count);
    for (size_t i = 0; samples != NULL && i < stats->alert_count; i++) {
        samples[i] = label(samples[i], "alert", stats->alerts[i].code);
        samples[i].value = stats->alerts[i].is_active;
    }
    return samples != NULL;
}

/* ---- Histograms ---- */

/* Bounds are the ends of classes, 63 µs to 67 s, so that every count is exact. */
enum { first_power = 6, last_power = 26, bound_count = last_power - first_power + 1, samples_each = bound_count + 3 };

static bool add_histogram(metrics_result *result, const kmi_metrics *metrics, kmi_histogram histogram,
                          const int64_t bounds_us[bound_count], km_metric_sample *samples) {
    uint64_t counts[bound_count], count = 0, sum_us = 0;
    const char *stage = kmi_metrics_histogram_name(histogram);
    kmi_metrics_buckets(metrics, histogram, bounds_us, bound_count, counts, &count, &sum_us);
    for (size_t i = 0; i < samples_each; i++)
        samples[i] = label((km_metric_sample){.suffix = "_bucket"}, "stage", stage);
    for (size_t b = 0; b <= bound_count; b++) {
        const char *bound =
            b == bound_count ? "+Inf" : kmi_arena_format(result->arena, "%.6f", (double)bounds_us[b] / 1e6);
        if (bound == NULL) return false;
        samples[b] = label(samples[b], "le", bound);
        samples[b].value = (double)(b == bound_count ? count : counts[b]);
    }
    samples[bound_count + 1].suffix = "_count";
    samples[bound_count + 1].value = (double)count;
    samples[bound_count + 2].suffix = "_sum";
    samples[bound_count + 2].value = (double)sum_us / 1e6;
    return true;
}

static bool add_histograms(metrics_result *result, const kmi_metrics *metrics) {
    int64_t bounds_us[bound_count];
    for (int b = 0; b < bound_count; b++) bounds_us[b] = ((int64_t)1 << (first_power + b)) - 1;
    size_t named = 0;
    for (int h = 0; h < KMI_HISTOGRAM_COUNT; h++) named += kmi_metrics_histogram_name((kmi_histogram)h) != NULL;
    km_metric_sample *samples = add_family(result, "kuzu_memory_duration_seconds", "histogram", "seconds",
                                           "How long each stage takes", named * samples_each);
    for (int h = 0; samples != NULL && h < KMI_HISTOGRAM_COUNT; h++) {
        if (kmi_metrics_histogram_name((kmi_histogram)h) == NULL) continue;
        if (!add_histogram(result, metrics, (kmi_histogram)h, bounds_us, samples)) return false;
        samples += samples_each;
    }
    return samples != NULL;
}

/* ---- The call ---- */

static km_status fill(metrics_result *result, const km_stats *stats, const kmi_metrics *metrics, km_error *error) {
    bool is_filled =
        add_worker(result, stats) && add_plain(result, stats) &&
        add_counts(result, "kuzu_memory_memories", "Live memories by type", "type", stats->types, stats->type_count) &&
        add_counts(result, "kuzu_memory_source_memories", "Live memories by source", "source", stats->sources,
                   stats->source_count) &&
        add_rates(result, stats) && add_alerts(result, stats) && add_histograms(result, metrics);
    if (!is_filled) return kmi_fail_memory(error);
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, MOST_TEXT_BYTES);
    kmi_metrics_text_add(&text, result->families, result->public.count);
    result->public.items = result->families;
    result->public.text = kmi_arena_copy(result->arena, kmi_buf_slice(&text));
    result->public.text_len = text.len;
    return kmi_buf_status(&text) != KM_OK || result->public.text == NULL ? kmi_fail_memory(error) : KM_OK;
}

void km_metrics_free(km_metrics *public) {
    metrics_result *result = (metrics_result *)public;
    if (result == NULL) return;
    kmi_arena_free(result->arena);
    free(result);
}

km_status km_metrics_get(km_project *project, km_metrics **ret_metrics, km_error *error) {
    if (project == NULL || ret_metrics == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_metrics must not be NULL");
    metrics_result *result = calloc(1, sizeof *result);
    if (result == NULL || (result->arena = kmi_arena_new(KMI_RESULT_LIMIT_BYTES)) == NULL) {
        free(result);
        return kmi_fail_memory(error);
    }
    km_stats *stats = NULL;
    km_status store_status = km_stats_get(project, &stats, error);
    km_status status = stats == NULL ? store_status : fill(result, stats, kmi_project_metrics(project), error);
    km_stats_free(stats);
    if (stats == NULL || status != KM_OK) {
        km_metrics_free(&result->public);
        return status;
    }
    *ret_metrics = &result->public;
    return store_status;
}
