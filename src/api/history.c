/* The history has two sources: what the store counts by day, in the transaction that it counts, and what only the metrics page sees,
 * since neither `learn` nor `enhance` writes to the store. */
#include <stdlib.h>

#include "api/project.h"
#include "api/result.h"
#include "util/clock.h"
#include "util/error.h"

#define DAY_US ((int64_t)86400 * 1000000)

typedef struct history_result {
    km_history public;
    kmi_arena *arena;
} history_result;

void km_history_free(km_history *public) {
    history_result *result = (history_result *)public;
    if (result == NULL) return;
    kmi_arena_free(result->arena);
    free(result);
}

static void add_stored(const kmi_day_row *row, km_history_day *day) {
    const int64_t *v = row->values;
    int64_t completed = v[KMI_COUNTER_TASKS_COMPLETED];
    day->completed = (uint64_t)completed;
    day->failed = (uint64_t)v[KMI_COUNTER_TASKS_FAILED_EVER];
    day->cancelled = (uint64_t)v[KMI_COUNTER_TASKS_CANCELLED];
    day->memories = v[KMI_COUNTER_MEMORIES];
    day->duplicates = (uint64_t)v[KMI_COUNTER_DUPLICATES];
    day->redactions = (uint64_t)v[KMI_COUNTER_REDACTIONS];
    day->worker_starts = (uint64_t)v[KMI_COUNTER_WORKER_STARTS];
    day->worker_crashes = (uint64_t)v[KMI_COUNTER_WORKER_CRASHES];
    day->average_processing_us = completed == 0 ? 0 : v[KMI_COUNTER_PROCESSING_US] / completed;
    day->average_wait_us = completed == 0 ? 0 : v[KMI_COUNTER_WAIT_US] / completed;
}

static km_status read_store(km_project *project, int64_t first_day, size_t count, km_history_day *days,
                            kmi_arena *arena, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    kmi_day_row *rows = NULL;
    size_t row_count = 0;
    km_status status = kmi_project_find_store(project, &store, error);
    if (status == KM_OK && store != NULL) status = kmi_store_days(store, first_day, arena, &rows, &row_count, error);
    for (size_t i = 0; status == KM_OK && i < row_count; i++) {
        if (rows[i].day - first_day < (int64_t)count) add_stored(&rows[i], &days[rows[i].day - first_day]);
    }
    return status;
}

static km_status fill(km_project *project, size_t count, history_result *result, km_error *error) {
    km_history_day *days = kmi_arena_alloc_array(result->arena, count, sizeof *days);
    if (days == NULL) return kmi_fail_memory(error);
    const int64_t first_day = kmi_clock_now_us() / DAY_US - (int64_t)count + 1;
    km_status status = read_store(project, first_day, count, days, result->arena, error);
    if (status != KM_OK) return status;
    const kmi_metrics *metrics = kmi_project_metrics(project);
    for (size_t i = 0; i < count; i++) {
        int64_t day = first_day + (int64_t)i;
        char date[KMI_TIME_TEXT_SIZE];
        days[i].submitted = kmi_series_day(metrics, KMI_SERIES_SUBMITTED, day);
        days[i].enhanced = kmi_series_day(metrics, KMI_SERIES_ENHANCED, day);
        days[i].date = kmi_arena_copy_text(result->arena, kmi_time_format_date(day * DAY_US, date));
        if (days[i].date == NULL) return kmi_fail_memory(error);
    }
    result->public = (km_history){count, days};
    return KM_OK;
}

km_status km_history_get(km_project *project, size_t days, km_history **ret_history, km_error *error) {
    if (project == NULL || ret_history == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_history must not be NULL");
    if (days < 1 || days > KMI_HISTORY_DAYS)
        return kmi_fail(error, KM_E_INVALID, "the history has 1 to %d days, not %zu", KMI_HISTORY_DAYS, days);
    history_result *result = calloc(1, sizeof *result);
    if (result == NULL || (result->arena = kmi_arena_new(KMI_RESULT_LIMIT_BYTES)) == NULL) {
        free(result);
        return kmi_fail_memory(error);
    }
    km_status status = fill(project, days, result, error);
    if (status == KM_OK)
        *ret_history = &result->public;
    else
        km_history_free(&result->public);
    return status;
}
