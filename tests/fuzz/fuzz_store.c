/* A damaged memories.db: everything that reads it gives an answer or says what is wrong, and after a repair it can be read,
 * unless the report says that nothing helped. The input says which bytes are other than they were; its first byte, where the file ends. */
#include "fuzz_project.h"

#define STORE "kuzu-memories/memories.db"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *whole;
static size_t whole_len;

static void set_up(void) {
    fuzz_make_root();
    km_project *project = fuzz_open();
    fuzz_fill(project, false);
    km_project_free(project);
    whole = fuzz_read(STORE, &whole_len);
}

static bool take_line(const char *json, size_t json_len, void *context) {
    (void)json, (void)json_len, (void)context;
    return true;
}

static void read_all(km_project *project) {
    km_recall_query query = {.query = "port of the API on Fridays", .include_superseded = true};
    km_memory_list *list = NULL;
    km_enhance_result *enhanced = NULL;
    km_stats *stats = NULL;
    km_task_list *tasks = NULL;
    km_error error = {0};
    if (km_recall(project, &query, &list, &error) == KM_OK) km_memory_list_free(list);
    list = NULL;
    if (km_recent(project, &query, &list, &error) == KM_OK) {
        for (size_t i = 0; i < list->count && i < 3; i++) {
            km_memory_list *one = NULL;
            if (km_show(project, list->items[i].id, &one, &error) == KM_OK) km_memory_list_free(one);
        }
        km_memory_list_free(list);
    }
    fuzz_require(km_enhance(project, "Which port does the API use?", 0, NULL, &enhanced, &error) == KM_OK);
    km_enhance_result_free(enhanced);
    km_status ignored = km_stats_get(project, &stats, &error);
    km_stats_free(stats);
    if (km_task_list_get(project, NULL, 100, &tasks, &error) == KM_OK) km_task_list_free(tasks);
    ignored = km_export(project, take_line, NULL, &error);
    (void)ignored;
}

static void write_some(km_project *project) {
    km_learn_item item = {.content = "The API listens on port 7070."};
    km_learn_result *result = NULL;
    if (km_remember(project, &item, &result, NULL) == KM_OK) km_learn_result_free(result);
}

static void repair(km_project *project) {
    km_health_report *report = NULL;
    if (km_doctor(project, false, &report, NULL) == KM_OK) km_health_report_free(report);
    report = NULL;
    km_status status = km_doctor(project, true, &report, NULL);
    if (status != KM_OK) return;
    bool is_broken = report->health == KM_HEALTH_BROKEN;
    km_health_report_free(report);
    km_memory_list *list = NULL;
    status = km_recent(project, NULL, &list, NULL);
    fuzz_require(status == KM_OK || is_broken);
    km_memory_list_free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (whole == NULL) set_up();
    if (size < 2) return 0;
    uint8_t *bytes = malloc(whole_len);
    size_t len = data[0] == 0 ? whole_len : whole_len * data[0] / 256;
    fuzz_require(bytes != NULL);
    memcpy(bytes, whole, whole_len);
    fuzz_mutate(bytes, whole_len, data + 2, size - 2);
    fuzz_remove(STORE "-wal");
    fuzz_remove(STORE "-shm");
    fuzz_write(STORE, bytes, len);
    free(bytes);
    km_project *project = fuzz_open();
    read_all(project);
    if (data[1] & 1) write_some(project);
    if (data[1] & 2) repair(project);
    km_project_free(project);
    char aside[128];
    snprintf(aside, sizeof aside, "%s/kuzu-memories/aside", fuzz_root);
    nftw(aside, fuzz_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
