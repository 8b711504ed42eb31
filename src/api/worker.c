/* Running, starting, stopping and looking at the worker. */
#include "worker/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "api/project.h"
#include "status/liveness.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/process.h"

#define UNKNOWN_US 2000000 /* how long a worker may hold its lock without telling its process */

km_status km_worker_run(km_project *project, const km_worker_options *options, km_error *error) {
    static const km_worker_options defaults = KM_WORKER_OPTIONS_INIT;
    if (project == NULL) return kmi_fail(error, KM_E_INVALID, "project must not be NULL");
    km_status status = kmi_project_check_config(project, error);
    if (status == KM_OK) status = kmi_project_create(project, NULL, error);
    if (status != KM_OK) return status;
    kmi_worker_setup setup = {
        .memory_dir = project->memory_dir,
        .memory_dir_fd = project->memory_dir_fd,
        .config = &project->config,
        .options = options == NULL ? &defaults : options,
        .project_root = project->root,
        .program = project->program,
        .config_file = project->config_file,
    };
    km_error fault = {0}; /* a worker gets over many faults: only the one that ends it is told */
    status = kmi_worker_run(&setup, &fault);
    if (status != KM_OK && error != NULL) *error = fault;
    return status;
}

static km_status look(km_project *project, km_worker_info *ret_info, km_error *error) {
    *ret_info = (km_worker_info){0};
    kmi_queue *queue = NULL;
    km_status status = kmi_project_find_queue(project, &queue, error);
    if (status == KM_OK && queue == NULL) return KM_OK; /* no queue, no worker */
    return status == KM_OK ? kmi_worker_look(queue, kmi_project_metrics(project), ret_info, error) : status;
}

km_status km_worker_get_info(km_project *project, km_worker_info *ret_info, km_error *error) {
    if (project == NULL || ret_info == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_info must not be NULL");
    return look(project, ret_info, error);
}

/* A worker that is called stalled may only be replaced after some more beats; who starts one by hand wants to see it replaced. */
static km_status start_worker(km_project *project, kmi_queue *queue, bool *ret_started, km_error *error) {
    enum { pause_ms = 50, beats_left = KMI_WORKER_BEATS_TAKEOVER - KMI_WORKER_BEATS_STALLED + 1 };
    const kmi_metrics *metrics = kmi_project_metrics(project);
    km_worker_info info = {.state = KM_WORKER_STOPPED};
    km_status status = KM_OK;
    for (int waited_ms = 0; waited_ms <= beats_left * KMI_WORKER_BEAT_MS; waited_ms += pause_ms) {
        status = kmi_worker_ensure(queue, metrics, project->program, project->root, project->config_file, ret_started,
                                   error);
        if (status == KM_OK && !*ret_started) status = kmi_worker_look(queue, metrics, &info, error);
        if (status != KM_OK || *ret_started || info.state != KM_WORKER_STALLED) break;
        kmi_metrics_wait_change(metrics, kmi_metrics_change(metrics), pause_ms);
    }
    return status;
}

km_status km_worker_start(km_project *project, bool *ret_started, km_error *error) {
    if (project == NULL) return kmi_fail(error, KM_E_INVALID, "project must not be NULL");
    km_status status = kmi_project_check_config(project, error);
    if (status != KM_OK) return status;
    if (project->program == NULL)
        return kmi_fail(error, KM_E_NOT_FOUND,
                        "no kuzu-memory program to start; set KUZU_MEMORY_PROGRAM to its absolute path");
    kmi_queue *queue = NULL;
    status = kmi_project_queue(project, true, &queue, error);
    if (status != KM_OK) return status;
    bool is_started = false;
    status = start_worker(project, queue, &is_started, error);
    if (ret_started != NULL) *ret_started = is_started;
    return status;
}

/* A pid from the metrics page is only trusted while its process is the one that wrote it. */
static km_status signal_worker(km_project *project, int64_t pid, int signal_number, km_error *error) {
    const kmi_metrics *metrics = kmi_project_metrics(project);
    uint64_t noted = metrics->page == NULL ? 0 : atomic_load(&metrics->page->start_ticks);
    if (pid <= 1 || noted == 0 || kmi_process_start_ticks(pid) != noted)
        return kmi_fail(error, KM_E_PERMISSION,
                        "the worker cannot be reached from here (another container?); it leaves when idle");
    if (kill((pid_t)pid, signal_number) == 0 || errno == ESRCH) return KM_OK;
    return kmi_fail_errno(error, errno, "cannot stop the worker (process %lld)", (long long)pid);
}

/* One that has just begun or is about to leave holds its lock and does not tell its process: look again for a moment. */
static km_status signal_when_known(km_project *project, km_worker_info *info, int signal_number, km_error *error) {
    const int64_t deadline_us = kmi_clock_monotonic_us() + UNKNOWN_US;
    for (;;) {
        km_error fault = {0};
        km_status status = signal_worker(project, info->pid, signal_number, &fault);
        if (status != KM_E_PERMISSION || kmi_clock_monotonic_us() > deadline_us) {
            if (status != KM_OK && error != NULL) *error = fault;
            return status;
        }
        usleep(2000);
        status = look(project, info, error);
        if (status != KM_OK || info->state == KM_WORKER_STOPPED) return status;
    }
}

/* Waits until no worker holds its lock. */
static km_status wait_for_end(km_project *project, int64_t timeout_ms, km_error *error) {
    const int64_t deadline_us = kmi_clock_monotonic_us() + timeout_ms * 1000;
    for (;;) {
        km_worker_info info;
        km_status status = look(project, &info, error);
        if (status != KM_OK || info.state == KM_WORKER_STOPPED) return status;
        if (kmi_clock_monotonic_us() > deadline_us)
            return kmi_fail(error, KM_E_BUSY, "the worker (process %lld) is still finishing; try again, or use --force",
                            (long long)info.pid);
        usleep(2000);
    }
}

/* Somebody may be starting a worker at this moment: it is one to be stopped. */
static km_status look_past_starter(km_project *project, km_worker_info *ret_info, km_error *error) {
    const int64_t deadline_us = kmi_clock_monotonic_us() + 2000000;
    for (;;) {
        kmi_queue *queue = NULL;
        bool is_starting = false;
        km_status status = look(project, ret_info, error);
        if (status != KM_OK || ret_info->state != KM_WORKER_STOPPED) return status;
        if (kmi_project_find_queue(project, &queue, error) != KM_OK || queue == NULL) return KM_OK;
        status = kmi_worker_is_starting(queue, &is_starting, error);
        if (status != KM_OK || !is_starting || kmi_clock_monotonic_us() > deadline_us) return status;
        usleep(1000);
    }
}

km_status km_worker_stop(km_project *project, bool force, int64_t timeout_ms, km_error *error) {
    km_worker_info info;
    if (project == NULL) return kmi_fail(error, KM_E_INVALID, "project must not be NULL");
    km_status status = look_past_starter(project, &info, error);
    if (status != KM_OK) return status;
    if (info.state == KM_WORKER_STOPPED) return kmi_fail(error, KM_E_NOT_FOUND, "no worker is running");
    status = signal_when_known(project, &info, SIGTERM, error);
    if (status == KM_OK) status = wait_for_end(project, timeout_ms, error);
    if (status != KM_E_BUSY || !force) return status;
    status = signal_worker(project, info.pid, SIGKILL, error);
    return status == KM_OK ? wait_for_end(project, 2000, error) : status;
}
