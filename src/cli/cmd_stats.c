/* stats. The four lines that users of the guide look for always come last, word for word; everything else stands before
 * them, so that both `tail -4` and a reader find them. */
#include <inttypes.h>
#include <string.h>

#include "cli/alert_view.h"
#include "cli/cli.h"
#include "cli/history_view.h"
#include "cli/json_out.h"
#include "util/clock.h"
#include "util/error.h"

#define DURATION_SIZE 32

static const char *duration(int64_t duration_us, char *storage) {
    return kmi_duration_format(duration_us, storage, DURATION_SIZE);
}

static void add_size(kmi_buf *buf, const char *name, uint64_t bytes) {
    if (bytes < 1024) {
        kmi_buf_add_format(buf, "  %s: %" PRIu64 " B\n", name, bytes);
    } else if (bytes < 1024 * 1024) {
        kmi_buf_add_format(buf, "  %s: %.1f KiB\n", name, (double)bytes / 1024);
    } else {
        kmi_buf_add_format(buf, "  %s: %.1f MiB\n", name, (double)bytes / (1024 * 1024));
    }
}

/* ---- JSON ---- */
static void add_json_counts(kmi_json_out *out, const char *key, const km_name_count *counts, size_t count) {
    kmi_json_out_array(out, key);
    for (size_t i = 0; i < count; i++) {
        kmi_json_out_object(out, NULL);
        kmi_json_out_text(out, "name", counts[i].name);
        kmi_json_out_count(out, "count", counts[i].count);
        kmi_json_out_object_end(out);
    }
    kmi_json_out_array_end(out);
}

static void add_json_latency(kmi_json_out *out, const char *key, const km_latency *latency) {
    kmi_json_out_object(out, key);
    kmi_json_out_count(out, "count", latency->count);
    kmi_json_out_ms(out, "p50_ms", latency->p50_us);
    kmi_json_out_ms(out, "p95_ms", latency->p95_us);
    kmi_json_out_ms(out, "p99_ms", latency->p99_us);
    kmi_json_out_ms(out, "max_ms", latency->max_us);
    kmi_json_out_object_end(out);
}

static void add_json_worker(kmi_json_out *out, const km_stats *stats) {
    const km_worker_info *worker = &stats->worker;
    kmi_json_out_object(out, "worker");
    kmi_json_out_text(out, "state", km_worker_state_name(worker->state));
    kmi_json_out_integer(out, "pid", worker->pid);
    kmi_json_out_time(out, "started_at", worker->started_at_us);
    kmi_json_out_time(out, "heartbeat_at", worker->heartbeat_at_us);
    kmi_json_out_text(out, "problem", worker->problem[0] != '\0' ? worker->problem : NULL);
    kmi_json_out_count(out, "starts", stats->worker_starts);
    kmi_json_out_count(out, "crashes", stats->worker_crashes);
    kmi_json_out_count(out, "resident_bytes", stats->worker_resident_bytes);
    kmi_json_out_count(out, "peak_bytes", stats->worker_peak_bytes);
    kmi_json_out_ms(out, "cpu_ms", stats->worker_cpu_us);
    kmi_json_out_object_end(out);
}

static void add_json_rate(kmi_json_out *out, const char *key, const km_rate *rate) {
    kmi_json_out_object(out, key);
    kmi_json_out_real(out, "1m", rate->one_minute);
    kmi_json_out_real(out, "5m", rate->five_minutes);
    kmi_json_out_real(out, "15m", rate->fifteen_minutes);
    kmi_json_out_object_end(out);
}

/* What was added last stands last, too. */
static void add_json_rest(kmi_json_out *out, const km_stats *stats) {
    kmi_json_out_count(out, "failures", stats->failures);
    kmi_json_out_object(out, "per_second");
    add_json_rate(out, "submitted", &stats->submit_rate);
    add_json_rate(out, "completed", &stats->complete_rate);
    add_json_rate(out, "failed", &stats->failure_rate);
    add_json_rate(out, "enhanced", &stats->enhance_rate);
    kmi_json_out_object_end(out);
    kmi_alerts_add_json(out, stats->alerts, stats->alert_count);
}

static double hit_rate(const km_stats *stats) {
    uint64_t all = stats->cache_hits + stats->cache_misses;
    return all > 0 ? (double)stats->cache_hits / (double)all : 0;
}

static void add_json_store(kmi_json_out *out, const km_stats *stats) {
    kmi_json_out_count(out, "memories", stats->memories);
    kmi_json_out_count(out, "superseded_memories", stats->superseded_memories);
    kmi_json_out_count(out, "entities", stats->entities);
    kmi_json_out_count(out, "relations", stats->relations);
    kmi_json_out_count(out, "duplicates", stats->duplicates);
    kmi_json_out_count(out, "redactions", stats->redactions);
    kmi_json_out_count(out, "skipped_texts", stats->skipped_texts);
    add_json_counts(out, "types", stats->types, stats->type_count);
    add_json_counts(out, "sources", stats->sources, stats->source_count);
    kmi_json_out_count(out, "database_bytes", stats->database_bytes);
    kmi_json_out_count(out, "queue_bytes", stats->queue_bytes);
    kmi_json_out_count(out, "schema_version", stats->schema_version);
    kmi_json_out_object(out, "cache");
    kmi_json_out_count(out, "hits", stats->cache_hits);
    kmi_json_out_count(out, "misses", stats->cache_misses);
    kmi_json_out_real(out, "hit_rate", hit_rate(stats));
    kmi_json_out_count(out, "evictions", stats->cache_evictions);
    kmi_json_out_count(out, "aside", stats->cache_aside);
    kmi_json_out_bool(out, "needed", stats->is_cache_needed);
    kmi_json_out_count(out, "disk_bytes", stats->cache_bytes);
    kmi_json_out_count(out, "limit_bytes", stats->cache_limit_bytes);
    kmi_json_out_object_end(out);
}

static double memories_per_task(const km_stats *stats) {
    return stats->measured_tasks == 0 ? 0 : (double)stats->measured_memories / (double)stats->measured_tasks;
}

/* Nanoseconds of one task on average; tasks that wait are counted by "prepare" alone. */
static uint64_t per_task_ns(const km_stats *stats, const km_stage *stage) {
    return stats->measured_tasks == 0 ? 0 : stage->total_ns / stats->measured_tasks;
}

static void add_json_learning(kmi_json_out *out, const km_stats *stats) {
    kmi_json_out_object(out, "learning");
    kmi_json_out_count(out, "tasks", stats->measured_tasks);
    kmi_json_out_count(out, "memories", stats->measured_memories);
    kmi_json_out_real(out, "memories_per_task", memories_per_task(stats));
    kmi_json_out_array(out, "stages");
    for (size_t i = 0; i < stats->stage_count; i++) {
        kmi_json_out_object(out, NULL);
        kmi_json_out_text(out, "name", stats->stages[i].name);
        kmi_json_out_real(out, "total_ms", (double)stats->stages[i].total_ns / 1e6);
        kmi_json_out_real(out, "avg_ms", (double)per_task_ns(stats, &stats->stages[i]) / 1e6);
        kmi_json_out_object_end(out);
    }
    kmi_json_out_array_end(out);
    add_json_counts(out, "skipped", stats->skip_reasons, stats->skip_reason_count);
    kmi_json_out_object_end(out);
}

static void add_json(kmi_buf *buf, const km_stats *stats) {
    kmi_json_out out = kmi_json_out_start(buf);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_count(&out, "queue_size", stats->queue_size);
    kmi_json_out_count(&out, "queue_limit", stats->queue_limit);
    kmi_json_out_count(&out, "active_tasks", stats->active_tasks);
    kmi_json_out_count(&out, "retrying_tasks", stats->retrying_tasks);
    kmi_json_out_count(&out, "completed_tasks", stats->completed_tasks);
    kmi_json_out_count(&out, "failed_tasks", stats->failed_tasks);
    kmi_json_out_count(&out, "cancelled_tasks", stats->cancelled_tasks);
    kmi_json_out_count(&out, "quarantined_bytes", stats->quarantined_bytes);
    kmi_json_out_real(&out, "oldest_waiting_seconds", (double)stats->oldest_waiting_us / 1e6);
    kmi_json_out_ms(&out, "avg_processing_ms", stats->average_processing_us);
    kmi_json_out_ms(&out, "avg_wait_ms", stats->average_wait_us);
    add_json_worker(&out, stats);
    add_json_store(&out, stats);
    kmi_json_out_count(&out, "slow_recalls", stats->slow_recalls);
    kmi_json_out_count(&out, "slow_tasks", stats->slow_tasks);
    kmi_json_out_object(&out, "latency");
    add_json_latency(&out, "submit", &stats->submit);
    add_json_latency(&out, "wait", &stats->wait);
    add_json_latency(&out, "process", &stats->process);
    add_json_latency(&out, "commit", &stats->commit);
    add_json_latency(&out, "enhance", &stats->enhance);
    kmi_json_out_object_end(&out);
    add_json_learning(&out, stats);
    add_json_counts(&out, "last_errors", stats->last_errors, stats->last_error_count);
    add_json_rest(&out, stats);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(buf, '\n');
}

/* ---- Text ---- */
static void add_worker(kmi_buf *buf, const km_stats *stats) {
    kmi_buf_add_format(buf, "Worker: %s", km_worker_state_name(stats->worker.state));
    if (stats->worker.pid > 0) kmi_buf_add_format(buf, " (pid %" PRId64 ")", stats->worker.pid);
    if (stats->worker.problem[0] != '\0') kmi_buf_add_format(buf, ": %s", stats->worker.problem);
    kmi_buf_add_char(buf, '\n');
}

/* The names come from the store, which may be a stranger's. */
static void add_counts(kmi_buf *buf, const kmi_terminal *terminal, const char *title, const km_name_count *counts,
                       size_t count) {
    if (count == 0) return;
    kmi_buf_add_format(buf, "%s:\n", title);
    for (size_t i = 0; i < count; i++) {
        kmi_buf_add_text(buf, "  ");
        kmi_terminal_add_text(terminal, buf, kmi_slice_from(counts[i].name));
        kmi_buf_add_format(buf, ": %" PRIu64 "\n", counts[i].count);
    }
}

static void add_latency(kmi_buf *buf, const char *name, const km_latency *latency) {
    if (latency->count == 0) return;
    char p50[DURATION_SIZE], p95[DURATION_SIZE], p99[DURATION_SIZE], most[DURATION_SIZE];
    kmi_buf_add_format(buf, "  %s: p50 %s, p95 %s, p99 %s, max %s (%" PRIu64 ")\n", name,
                       duration(latency->p50_us, p50), duration(latency->p95_us, p95), duration(latency->p99_us, p99),
                       duration(latency->max_us, most), latency->count);
}

static void add_latencies(kmi_buf *buf, const km_stats *stats) {
    uint64_t measured =
        stats->submit.count + stats->wait.count + stats->process.count + stats->commit.count + stats->enhance.count;
    if (measured == 0) return;
    kmi_buf_add_text(buf, "Latency:\n");
    add_latency(buf, "Submit", &stats->submit);
    add_latency(buf, "Wait", &stats->wait);
    add_latency(buf, "Processing", &stats->process);
    add_latency(buf, "Commit", &stats->commit);
    add_latency(buf, "Enhance", &stats->enhance);
}

/* A rate of nothing would look like a fault where there is none to be expected. */
static void add_cache(kmi_buf *buf, const km_stats *stats) {
    uint64_t asked = stats->cache_hits + stats->cache_misses;
    if (stats->cache_limit_bytes == 0)
        kmi_buf_add_text(buf, "Cache: off\n");
    else if (asked == 0 && !stats->is_cache_needed)
        kmi_buf_add_format(buf, "Cache: not needed below %" PRIu64 " memories\n", stats->cache_memories_min);
    else
        kmi_buf_add_format(buf, "Cache Hit Rate: %.0f%% (%" PRIu64 " of %" PRIu64 ")\n", 100 * hit_rate(stats),
                           stats->cache_hits, asked);
}

static void add_cache_details(kmi_buf *buf, const km_stats *stats) {
    if (stats->cache_hits + stats->cache_misses + stats->cache_aside + stats->cache_bytes == 0) return;
    kmi_buf_add_text(buf, "Cache:\n");
    kmi_buf_add_format(buf, "  Hits: %" PRIu64 "\n  Misses: %" PRIu64 "\n  Evictions: %" PRIu64 "\n", stats->cache_hits,
                       stats->cache_misses, stats->cache_evictions);
    kmi_buf_add_format(buf, "  Not needed: %" PRIu64 "\n", stats->cache_aside);
    add_size(buf, "On the disk", stats->cache_bytes);
    add_size(buf, "At most", stats->cache_limit_bytes);
}

static void add_learning(kmi_buf *buf, const kmi_terminal *terminal, const km_stats *stats) {
    if (stats->measured_tasks == 0) return;
    kmi_buf_add_format(buf, "Learning (%" PRIu64 " tasks):\n  Memories per task: %.1f\n", stats->measured_tasks,
                       memories_per_task(stats));
    kmi_buf_add_text(buf, "Time per task:\n");
    char storage[DURATION_SIZE];
    for (size_t i = 0; i < stats->stage_count; i++)
        kmi_buf_add_format(buf, "  %s: %s\n", stats->stages[i].name,
                           duration((int64_t)(per_task_ns(stats, &stats->stages[i]) / 1000), storage));
    add_counts(buf, terminal, "Skipped", stats->skip_reasons, stats->skip_reason_count);
}

static void add_store(kmi_buf *buf, const km_stats *stats) {
    kmi_buf_add_text(buf, "Store:\n");
    kmi_buf_add_format(buf, "  Superseded: %" PRIu64 "\n  Entities: %" PRIu64 "\n  Relations: %" PRIu64 "\n",
                       stats->superseded_memories, stats->entities, stats->relations);
    kmi_buf_add_format(buf,
                       "  Learnt again: %" PRIu64 "\n  Secrets removed: %" PRIu64 "\n  Texts skipped: %" PRIu64 "\n",
                       stats->duplicates, stats->redactions, stats->skipped_texts);
    add_size(buf, "Database size", stats->database_bytes);
    add_size(buf, "Queue files", stats->queue_bytes);
    kmi_buf_add_format(buf, "  Schema version: %" PRIu64 "\n", stats->schema_version);
}

static void add_queue(kmi_buf *buf, const km_stats *stats) {
    char storage[DURATION_SIZE];
    kmi_buf_add_text(buf, "Queue Stats:\n");
    kmi_buf_add_format(buf, "  Queue size: %" PRIu64 " tasks\n", stats->queue_size);
    kmi_buf_add_format(buf, "  Active tasks: %" PRIu64 " processing\n", stats->active_tasks);
    kmi_buf_add_format(buf, "  Completed: %" PRIu64 " tasks\n", stats->completed_tasks);
    kmi_buf_add_format(buf, "  Failed: %" PRIu64 " tasks\n", stats->failed_tasks);
    kmi_buf_add_format(buf, "  Avg processing time: %s\n", duration(stats->average_processing_us, storage));
    kmi_buf_add_format(buf, "  Avg waiting time: %s\n", duration(stats->average_wait_us, storage));
    kmi_buf_add_format(buf, "  Retrying: %" PRIu64 " tasks\n", stats->retrying_tasks);
    kmi_buf_add_format(buf, "  Cancelled: %" PRIu64 " tasks\n", stats->cancelled_tasks);
    kmi_buf_add_format(buf, "  Queue limit: %" PRIu64 " tasks\n", stats->queue_limit);
    kmi_buf_add_format(buf, "  Oldest waiting: %s\n", duration(stats->oldest_waiting_us, storage));
    add_size(buf, "Quarantined", stats->quarantined_bytes);
    kmi_buf_add_format(buf, "  Worker starts: %" PRIu64 "\n  Worker crashes: %" PRIu64 "\n", stats->worker_starts,
                       stats->worker_crashes);
    kmi_buf_add_format(buf, "  Slow tasks: %" PRIu64 "\n  Slow recalls: %" PRIu64 "\n", stats->slow_tasks,
                       stats->slow_recalls);
}

static void add_rate(kmi_buf *buf, const char *name, const km_rate *rate) {
    kmi_buf_add_format(buf, "  %s: %.2f, %.2f, %.2f\n", name, rate->one_minute, rate->five_minutes,
                       rate->fifteen_minutes);
}

static void add_rates(kmi_buf *buf, const km_stats *stats) {
    kmi_buf_add_text(buf, "Per second over 1, 5 and 15 minutes:\n");
    add_rate(buf, "Submitted", &stats->submit_rate);
    add_rate(buf, "Completed", &stats->complete_rate);
    add_rate(buf, "Failed", &stats->failure_rate);
    add_rate(buf, "Enhanced", &stats->enhance_rate);
}

static void add_usage(kmi_buf *buf, const km_stats *stats) {
    char storage[DURATION_SIZE];
    if (stats->worker_peak_bytes == 0) return;
    kmi_buf_add_text(buf, "Worker resources:\n");
    add_size(buf, "Memory", stats->worker_resident_bytes);
    add_size(buf, "Most memory", stats->worker_peak_bytes);
    kmi_buf_add_format(buf, "  Processor time: %s\n", duration(stats->worker_cpu_us, storage));
}

static void add_text(kmi_buf *buf, const kmi_terminal *terminal, const km_stats *stats, bool is_detailed) {
    char storage[DURATION_SIZE];
    kmi_buf_add_format(buf, "Memories: %" PRIu64 "\n", stats->memories);
    add_worker(buf, stats);
    add_cache(buf, stats);
    if (is_detailed) {
        add_counts(buf, terminal, "Memories by type", stats->types, stats->type_count);
        add_counts(buf, terminal, "Memories by source", stats->sources, stats->source_count);
        add_store(buf, stats);
        add_cache_details(buf, stats);
        add_learning(buf, terminal, stats);
        add_latencies(buf, stats);
        add_rates(buf, stats);
        add_usage(buf, stats);
        add_counts(buf, terminal, "Last errors", stats->last_errors, stats->last_error_count);
        add_queue(buf, stats);
    }
    kmi_buf_add_format(buf, "Async queue size: %" PRIu64 " tasks\n", stats->queue_size);
    kmi_buf_add_format(buf, "Tasks completed: %" PRIu64 "\n", stats->completed_tasks);
    kmi_buf_add_format(buf, "Tasks failed: %" PRIu64 "\n", stats->failed_tasks);
    kmi_buf_add_format(buf, "Avg processing time: %s\n", duration(stats->average_processing_us, storage));
}

static int run_history(kmi_cli *cli) {
    enum { default_days = 30 };
    km_error error = {0};
    km_history *history = NULL;
    size_t days = (size_t)kmi_cli_number(cli, KMI_SLOT_DAYS, default_days);
    if (km_history_get(cli->project, days, &history, &error) != KM_OK) return kmi_cli_fail(&error);
    kmi_terminal terminal = kmi_cli_terminal(cli);
    if (kmi_cli_is_format(cli, "json"))
        kmi_history_add_json(&cli->out, history);
    else
        kmi_history_add_text(&cli->out, &terminal, history);
    km_history_free(history);
    return KMI_EXIT_OK;
}

int kmi_run_stats(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_has(cli, KMI_SLOT_DAYS) && !kmi_cli_has(cli, KMI_SLOT_HISTORY)) {
        kmi_fail(&error, KM_E_INVALID, "--days belongs to --history");
        return kmi_cli_fail_usage(cli, &error);
    }
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_has(cli, KMI_SLOT_HISTORY)) return run_history(cli);
    km_stats *stats = NULL;
    km_status status = km_stats_get(cli->project, &stats, &error);
    if (stats != NULL && kmi_cli_is_format(cli, "json")) {
        add_json(&cli->out, stats);
    } else if (stats != NULL) {
        kmi_terminal terminal = kmi_cli_terminal(cli);
        add_text(&cli->out, &terminal, stats, kmi_cli_has(cli, KMI_SLOT_DETAILED));
        kmi_alerts_tell_once(cli, stats->alerts, stats->alert_count);
    }
    km_stats_free(stats);
    return status == KM_OK ? KMI_EXIT_OK : kmi_cli_fail(&error);
}
