/* The files of a stranger's kuzu-memories/ that are safe to delete: metrics page, state of the hooks, log of the worker. Whatever
 * stands in them, looking at it gives numbers or none, and every text is one that can be printed. The first byte chooses
 * the file; of the page the head stays right, or nobody would look at the rest. */
#include "fuzz_project.h"

#include <stddef.h>

#include "status/metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *page;
static size_t page_len;

static void set_up(void) {
    fuzz_make_root();
    km_project *project = fuzz_open();
    fuzz_fill(project, true);
    km_project_free(project);
    page = fuzz_read("kuzu-memories/state/metrics", &page_len);
}

static void write_page(const uint8_t *data, size_t size) {
    uint8_t *bytes = malloc(page_len);
    fuzz_require(bytes != NULL);
    memcpy(bytes, page, page_len);
    size_t head = offsetof(kmi_metrics_page, generation);
    if (size > 2 && (data[0] & 1) == 0) { /* a run of bytes at a place */
        size_t at = head + (((size_t)data[0] << 8 | data[1]) * 2) % (page_len - head);
        size_t len = size - 2 < page_len - at ? size - 2 : page_len - at;
        memcpy(bytes + at, data + 2, len);
    } else {
        fuzz_mutate(bytes + head, page_len - head, data, size);
    }
    fuzz_write("kuzu-memories/state/metrics", bytes, page_len);
    free(bytes);
}

static void check_text(const char *text) {
    for (; text != NULL && *text != '\0'; text++) fuzz_require((unsigned char)*text >= ' ' && *text != 0x7F);
}

static void look(km_project *project) {
    km_stats *stats = NULL;
    km_metrics *metrics = NULL;
    km_history *history = NULL;
    km_alert_list *alerts = NULL;
    km_health_report *report = NULL;
    km_worker_info worker = {0};
    fuzz_require(km_stats_get(project, &stats, NULL) == KM_OK);
    for (size_t i = 0; i < stats->last_error_count; i++) check_text(stats->last_errors[i].name);
    check_text(stats->worker.problem);
    fuzz_require(km_worker_state_name(stats->worker.state) != NULL);
    km_stats_free(stats);
    fuzz_require(km_metrics_get(project, &metrics, NULL) == KM_OK);
    km_metrics_free(metrics);
    fuzz_require(km_history_get(project, 90, &history, NULL) == KM_OK);
    km_history_free(history);
    if (km_alert_list_get(project, true, &alerts, NULL) == KM_OK) {
        for (size_t i = 0; i < alerts->count; i++) check_text(alerts->items[i].message);
        km_alert_list_free(alerts);
    }
    fuzz_require(km_health_get(project, &report, NULL) == KM_OK);
    for (size_t i = 0; i < report->finding_count; i++) check_text(report->findings[i].what);
    km_health_report_free(report);
    fuzz_require(km_worker_get_info(project, &worker, NULL) == KM_OK);
}

static void read_log(km_project *project, size_t last) {
    km_log_reader *reader = NULL;
    const km_log_line *line = NULL;
    if (km_log_open(project, KM_LOG_DEBUG, last, &reader, NULL) != KM_OK) return;
    while (km_log_next(reader, 0, NULL, &line, NULL) == KM_OK && line != NULL) {
        fuzz_require(km_log_level_name(line->level) != NULL && line->event != NULL);
        for (size_t i = 0; i < line->field_count; i++) fuzz_require(line->fields[i].name != NULL);
    }
    km_log_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (page == NULL) set_up();
    if (size < 2 || size > 65536) return 0;
    bool is_log = data[0] % 2 != 0;
    if (is_log)
        fuzz_write("kuzu-memories/worker.log", data + 1, size - 1);
    else
        write_page(data + 1, size - 1);
    km_project *project = fuzz_open();
    if (is_log)
        read_log(project, data[1] % 2 ? SIZE_MAX : data[1]);
    else
        look(project);
    km_project_free(project);
    return 0;
}
