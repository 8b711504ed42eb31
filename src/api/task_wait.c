/* Waiting for tasks. The worker announces each commit on the metrics page, so a wait sleeps until something happened. Twice a second
 * it makes sure that there is a worker that could announce anything. */
#include <time.h>

#include "api/result.h"
#include "api/waiting.h"
#include "queue/inspect.h"
#include "util/clock.h"
#include "util/error.h"

enum {
    wait_slice_ms = 500,    /* how often the worker's lock is probed */
    look_every_ms = 5000,   /* a look without a change: for the case that it got lost */
    looks_without_rest = 3, /* then a rest of 4 ms, 5 ms, … before each */
    most_rest_ms = 20,
    start_every_ms = 100,
};

static bool stop_at_first(const kmi_record *record, bool is_in_hand, void *context) {
    (void)record, (void)is_in_hand;
    *(bool *)context = true;
    return false;
}

/* Nothing waits in the queue's files or in the store. */
static km_status check_empty(km_project *project, bool *ret_is_done, km_error *error) {
    KMI_CLEANUP_TASK_VIEW kmi_task_view v;
    bool is_waiting = false;
    int64_t counters[KMI_COUNTER_COUNT] = {0};
    km_status status = kmi_task_view_open(project, &v, error);
    if (status == KM_OK && v.queue != NULL)
        status = kmi_waiting_each(v.queue, v.store, v.metrics, stop_at_first, &is_waiting, error);
    if (status == KM_OK && v.store != NULL) status = kmi_store_counters_get(v.store, counters, error);
    *ret_is_done = !is_waiting && counters[KMI_COUNTER_TASKS_QUEUED] + counters[KMI_COUNTER_TASKS_RETRYING] == 0;
    return status;
}

static bool is_final(km_task_state state) {
    return state == KM_TASK_COMPLETED || state == KM_TASK_FAILED || state == KM_TASK_CANCELLED;
}

/* One look. *ret_list stays NULL until the task is final (id NULL: and is an empty list when nothing waits). */
static km_status look(km_project *project, const char *id, km_task_list **ret_list, km_error *error) {
    bool is_done = false;
    km_task_list *list = NULL;
    km_status status = id == NULL ? check_empty(project, &is_done, error) : km_task_get(project, id, &list, error);
    if (status != KM_OK) return status;
    if (id == NULL && is_done) {
        list = kmi_task_list_new();
        if (list == NULL) return kmi_fail_memory(error);
    } else if (list != NULL && !is_final(list->items[0].state)) {
        km_task_list_free(list);
        list = NULL;
    }
    *ret_list = list;
    return KM_OK;
}

typedef struct waiting {
    km_project *project;
    int64_t deadline_us; /* monotonic; INT64_MAX: none */
    const volatile int *interrupted;
    unsigned looks;
} waiting;

/* Waits until another look may find more: a change was announced, or so much time has passed that whoever should have announced one
 * may be gone. KM_E_BUSY, KM_E_INTERRUPTED. In between only the worker's lock is probed, and a worker started if there is none. */
static km_status wait_for_change(waiting *w, uint32_t seen, km_error *error) {
    const int64_t start_us = kmi_clock_monotonic_us();
    for (;;) {
        const kmi_metrics *metrics = kmi_project_metrics(w->project);
        int64_t now_us = kmi_clock_monotonic_us();
        if (w->interrupted != NULL && *w->interrupted != 0) return kmi_fail(error, KM_E_INTERRUPTED, "interrupted");
        if (now_us >= w->deadline_us) return kmi_fail(error, KM_E_BUSY, "the time is up, and tasks are still waiting");
        bool is_told = metrics->page != NULL && kmi_metrics_change(metrics) == seen;
        if (now_us > start_us && (!is_told || now_us - start_us >= (int64_t)look_every_ms * 1000)) return KM_OK;
        kmi_project_keep_worker(w->project);
        int64_t left_ms = (w->deadline_us - now_us) / 1000 + 1;
        kmi_metrics_wait_change(metrics, seen, left_ms < wait_slice_ms ? left_ms : wait_slice_ms);
    }
}

/* While a long queue is worked off, every commit is a change. The first looks come at once, later ones after a little rest. */
static void rest(waiting *w) {
    if (w->looks < most_rest_ms) w->looks++;
    if (w->looks <= looks_without_rest) return;
    struct timespec pause = {.tv_nsec = (long)w->looks * 1000000};
    nanosleep(&pause, NULL);
}

km_status km_task_wait(km_project *project, const char *id, int64_t timeout_ms, const volatile int *interrupted,
                       km_task_list **ret_list, km_error *error) {
    if (project == NULL || ret_list == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_list must not be NULL");
    const int64_t start_us = kmi_clock_monotonic_us();
    bool has_limit = timeout_ms >= 0 && timeout_ms < (INT64_MAX - start_us) / 1000;
    waiting w = {project, has_limit ? start_us + timeout_ms * 1000 : INT64_MAX, interrupted, 0};
    for (;;) {
        uint32_t seen =
            kmi_metrics_change(kmi_project_metrics(project)); /* before the look: what comes after it wakes us */
        km_task_list *list = NULL;
        km_status status = look(project, id, &list, error);
        if (status == KM_OK && list != NULL) *ret_list = list;
        if (status != KM_OK || list != NULL) return status;
        status = wait_for_change(&w, seen, error);
        if (status != KM_OK) return status;
        rest(&w);
    }
}

static bool stop_at_record(const kmi_record *record, void *context) {
    (void)record;
    *(bool *)context = true;
    return false;
}

/* KM_E_STORE: no worker can take the texts into this store, so nothing is to be waited for. */
static km_status check_store(km_project *project, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_error fault = {0};
    km_status status = kmi_project_find_store(project, &store, &fault);
    if (status != KM_E_STORE) return KM_OK;
    if (error != NULL) *error = fault;
    return status;
}

km_status kmi_project_drain(km_project *project, int64_t timeout_ms, km_error *error) {
    const int64_t deadline_us = kmi_clock_monotonic_us() + timeout_ms * 1000;
    int64_t start_at_us = 0; /* a worker that cannot work is gone at once: not one after the other */
    for (;;) {
        kmi_queue *queue = NULL;
        bool is_waiting = false;
        km_status status = kmi_project_find_queue(project, &queue, error);
        if (status == KM_OK && queue == NULL) return KM_OK;
        const kmi_metrics *metrics = kmi_project_metrics(project);
        uint32_t seen = kmi_metrics_change(metrics);
        if (status == KM_OK) status = kmi_queue_each(queue, stop_at_record, &is_waiting, error);
        if (status != KM_OK || !is_waiting) return status;
        if (start_at_us == 0 && (status = check_store(project, error)) != KM_OK) return status;
        if (kmi_clock_monotonic_us() > deadline_us)
            return kmi_fail(error, KM_E_BUSY,
                            "texts are still waiting to be learnt; try again when \"tasks wait --all\" is through");
        if (kmi_clock_monotonic_us() >= start_at_us) {
            kmi_project_keep_worker(project);
            start_at_us = kmi_clock_monotonic_us() + (int64_t)start_every_ms * 1000;
        }
        kmi_metrics_wait_change(metrics, seen, 20); /* the file is wiped a moment after the commit */
    }
}
