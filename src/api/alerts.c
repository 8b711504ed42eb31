/* Alerts: what is measured comes from km_stats_get(), what is known is kept on the metrics page. */
#include "api/alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/result.h"
#include "status/alert_command.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

typedef struct alert_list {
    km_alert_list public;
    kmi_arena *arena;
} alert_list;

void km_alert_list_free(km_alert_list *public) {
    alert_list *list = (alert_list *)public;
    if (list == NULL) return;
    kmi_arena_free(list->arena);
    free(list);
}

static km_status describe(const kmi_alert *alert, kmi_arena *arena, km_alert *ret_item, km_error *error) {
    char text[256];
    kmi_buf message;
    kmi_buf_init_fixed(&message, text, sizeof text);
    kmi_alert_add_message(&message, alert);
    *ret_item = (km_alert){
        .code = kmi_alert_code(alert->kind),
        .message = kmi_arena_copy(arena, kmi_buf_slice(&message)),
        .remedy = kmi_alert_remedy(alert->kind),
        .is_active = alert->is_active,
        .is_shown = alert->is_shown,
        .first_at_us = alert->first_at_us,
        .last_at_us = alert->last_at_us,
        .count = alert->count,
        .value = alert->value,
        .limit = alert->limit,
        .acknowledged_at_us = alert->acknowledged_at_us,
    };
    return ret_item->message == NULL ? kmi_fail_memory(error) : KM_OK;
}

void kmi_project_check_alerts(km_project *project, const kmi_alert_inputs *inputs) {
    const kmi_metrics *metrics = kmi_project_metrics(project);
    const kmi_alert_sender sender = {project->program, project->root, project->config_file};
    kmi_alerts_check(metrics, &project->config, inputs);
    kmi_alerts_deliver_due(metrics, &project->config, &sender, inputs->now_us);
}

km_status kmi_project_watch(km_project *project, const km_stats *stats, bool include_acknowledged, kmi_arena *arena,
                            km_alert **ret_items, size_t *ret_count, km_error *error) {
    const kmi_metrics *metrics = kmi_project_metrics(project);
    kmi_alert_inputs inputs = {
        .now_us = kmi_clock_now_us(),
        .queue_size = stats->queue_size,
        .queue_limit = stats->queue_limit,
        .oldest_waiting_us = stats->oldest_waiting_us,
        .disk_free_bytes = kmi_disk_free_bytes(project->memory_dir_fd),
    };
    kmi_project_check_alerts(project, &inputs);
    km_alert *items = kmi_arena_alloc_array(arena, KMI_ALERT_KINDS, sizeof *items);
    if (items == NULL) return kmi_fail_memory(error);
    size_t count = 0;
    for (int kind = 0; kind < KMI_ALERT_KINDS; kind++) {
        kmi_alert alert;
        if (!kmi_alert_get(metrics, (kmi_alert_kind)kind, &alert)) continue;
        if (alert.acknowledged_at_us != 0 && !include_acknowledged) continue;
        km_status status = describe(&alert, arena, &items[count], error);
        if (status != KM_OK) return status;
        count++;
    }
    *ret_items = items;
    *ret_count = count;
    return KM_OK;
}

km_status km_alert_list_get(km_project *project, bool include_acknowledged, km_alert_list **ret_list, km_error *error) {
    if (project == NULL || ret_list == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_list must not be NULL");
    alert_list *list = calloc(1, sizeof *list);
    if (list == NULL || (list->arena = kmi_arena_new(KMI_RESULT_LIMIT_BYTES)) == NULL) {
        free(list);
        return kmi_fail_memory(error);
    }
    km_stats *stats = NULL;
    km_alert *items = NULL;
    km_error fault = {0}; /* a store that cannot be used says nothing against the alerts */
    km_status status = km_stats_get(project, &stats, &fault);
    if (stats != NULL)
        status =
            kmi_project_watch(project, stats, include_acknowledged, list->arena, &items, &list->public.count, error);
    else if (error != NULL)
        *error = fault;
    km_stats_free(stats);
    list->public.items = items;
    if (status == KM_OK)
        *ret_list = &list->public;
    else
        km_alert_list_free(&list->public);
    return status;
}

static km_status find_kind(const char *code, kmi_alert_kind *ret_kind, km_error *error) {
    if (kmi_alert_find_code(code, ret_kind)) return KM_OK;
    return kmi_fail(error, KM_E_INVALID,
                    "there is no alert \"%.40s\": must be queue_full, oldest_waiting, failures, disk_space or secrets",
                    code);
}

/* A project that was deleted meanwhile, or has no page yet, has no alerts. */
static const kmi_metrics *find_metrics(km_project *project) {
    kmi_queue *queue = NULL;
    km_status status = kmi_project_find_queue(project, &queue, NULL);
    (void)status; /* what counts is whether there is a page */
    return kmi_project_metrics(project);
}

/* The removed secrets that the store counts are a finding of status (secrets.redacted), not an alert: nobody need hurry. */
#define SECRETS_CODE "secrets"

static bool acknowledge_secrets(km_project *project) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    int64_t counters[KMI_COUNTER_COUNT];
    if (kmi_project_find_store(project, &store, NULL) != KM_OK || store == NULL) return false;
    if (kmi_store_counters_get(store, counters, NULL) != KM_OK) return false;
    uint64_t count = (uint64_t)counters[KMI_COUNTER_REDACTIONS];
    if (count == 0) return false;
    const kmi_metrics *metrics = kmi_project_make_metrics(project);
    if (metrics->page == NULL || count <= kmi_metrics_get(metrics, KMI_METRIC_REDACTIONS_SEEN)) return false;
    kmi_metrics_set(metrics, KMI_METRIC_REDACTIONS_SEEN, count);
    return true;
}

km_status km_alert_acknowledge(km_project *project, const char *code, size_t *ret_count, km_error *error) {
    if (project == NULL) return kmi_fail(error, KM_E_INVALID, "project must not be NULL");
    kmi_alert_kind wanted = KMI_ALERT_KINDS;
    const bool is_for_secrets = code != NULL && strcmp(code, SECRETS_CODE) == 0;
    km_status status = code == NULL || is_for_secrets ? KM_OK : find_kind(code, &wanted, error);
    if (status != KM_OK) return status;
    const kmi_metrics *metrics = find_metrics(project);
    int64_t now_us = kmi_clock_now_us();
    size_t count = 0;
    for (int kind = 0; kind < KMI_ALERT_KINDS; kind++)
        if ((code == NULL || kind == (int)wanted) && kmi_alert_acknowledge(metrics, (kmi_alert_kind)kind, now_us))
            count++;
    if (code == NULL || is_for_secrets) count += acknowledge_secrets(project);
    if (ret_count != NULL) *ret_count = count;
    return KM_OK;
}

km_status km_alert_mark_shown(km_project *project, const char *code, km_error *error) {
    if (project == NULL || code == NULL) return kmi_fail(error, KM_E_INVALID, "project and code must not be NULL");
    kmi_alert_kind kind = KMI_ALERT_KINDS;
    km_status status = find_kind(code, &kind, error);
    if (status == KM_OK) kmi_alert_mark_shown(find_metrics(project), kind, kmi_clock_now_us());
    return status;
}

/* Nobody sees what becomes of a program that was started for an alert, unless it stands in the log. */
static void log_run(km_project *project, const char *code, km_status status, const kmi_command_result *result,
                    const km_error *fault) {
    kmi_log *log = NULL;
    if (project->memory_dir_fd < 0 ||
        kmi_log_open(project->memory_dir_fd, KMI_LOG_NAME, KMI_LOG_LIMIT_BYTES, KMI_LOG_INFO, &log, NULL) != KM_OK)
        return;
    char exit_code[16];
    snprintf(exit_code, sizeof exit_code, "%d", result->exit_code);
    if (status != KM_OK)
        kmi_log_write(log, KMI_LOG_WARNING, "alert_not_told", "alert", code, "reason", fault->message, NULL);
    else if (result->is_timed_out)
        kmi_log_write(log, KMI_LOG_WARNING, "alert_not_told", "alert", code, "reason",
                      "alerts.command took too long and was ended", NULL);
    else
        kmi_log_write(log, result->exit_code == 0 ? KMI_LOG_INFO : KMI_LOG_WARNING,
                      result->exit_code == 0 ? "alert_told" : "alert_not_told", "alert", code, "exit_code", exit_code,
                      NULL);
    kmi_log_free(log);
}

km_status km_alert_run_command(km_project *project, const char *code, int output_fd, km_alert_run *ret_run,
                               km_error *error) {
    if (project == NULL || ret_run == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_run must not be NULL");
    km_status status = kmi_project_check_config(project, error);
    if (status != KM_OK) return status;
    int64_t now_us = kmi_clock_now_us();
    kmi_alert alert = {.kind = KMI_ALERT_QUEUE_FULL,
                       .first_at_us = now_us,
                       .last_at_us = now_us,
                       .count = 1,
                       .value = project->config.alerts_queue_percent,
                       .limit = project->config.alerts_queue_percent};
    if (code != NULL) {
        kmi_alert_kind kind = KMI_ALERT_KINDS;
        status = find_kind(code, &kind, error);
        if (status != KM_OK) return status;
        if (!kmi_alert_get(find_metrics(project), kind, &alert))
            return kmi_fail(error, KM_E_NOT_FOUND, "there has been no alert \"%s\"", code);
    }
    kmi_command_result result = {0};
    km_error fault = {0};
    status = kmi_alert_command_run(&project->config, &alert, project->root, code == NULL, output_fd, &result, &fault);
    if (code != NULL) log_run(project, code, status, &result, &fault);
    if (status != KM_OK) {
        if (error != NULL) *error = fault;
        return status;
    }
    *ret_run = (km_alert_run){result.exit_code, result.is_timed_out, result.elapsed_us};
    return KM_OK;
}
