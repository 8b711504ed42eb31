/* The lock is the truth about life and death: the kernel releases it whatever happens to its owner. The heartbeat only tells a
 * worker that lives but does not move (stopped, swapped out, wedged). Its clock is the monotonic one, which stands still
 * while the machine sleeps. */
#include "status/liveness.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/process.h"

off_t kmi_worker_lock_byte(uint64_t generation) {
    return KMI_LOCK_BYTE_WORKER + (off_t)(generation % KMI_LOCK_GENERATIONS);
}

bool kmi_worker_has_missed_beats(const kmi_metrics *metrics, int beats) {
    int64_t last_us = metrics->page == NULL ? 0 : atomic_load(&metrics->page->heartbeat_mono_us);
    if (last_us == 0) return false; /* a new page says nothing about a worker that has lost its own */
    int64_t silence_us = kmi_clock_monotonic_us() - last_us;
    return silence_us > (int64_t)beats * KMI_WORKER_BEAT_MS * 1000;
}

/* Returns: the byte that a worker of today holds. */
static off_t current_byte(const kmi_metrics *metrics) {
    return kmi_worker_lock_byte(metrics->page == NULL ? 0 : atomic_load(&metrics->page->generation));
}

/* Looking must work where nothing can be written: it opens the lock file for reading only. Without one there is no worker. */
static km_status look_at_byte(const kmi_queue *queue, off_t byte, bool *ret_is_held, km_error *error) {
    *ret_is_held = false;
    KMI_CLEANUP_FD int lock_fd = -1;
    km_status status = kmi_file_open(queue->dir_fd, "lock", O_RDONLY, &lock_fd, error);
    if (status == KM_E_NOT_FOUND) return KM_OK;
    return status == KM_OK ? kmi_lock_probe(lock_fd, byte, ret_is_held, error) : status;
}

km_status kmi_worker_is_starting(const kmi_queue *queue, bool *ret_is_starting, km_error *error) {
    return look_at_byte(queue, KMI_LOCK_BYTE_STARTER, ret_is_starting, error);
}

km_status kmi_worker_look(const kmi_queue *queue, const kmi_metrics *metrics, km_worker_info *ret_info,
                          km_error *error) {
    km_worker_info info = {0};
    bool is_held = false;
    km_status status = look_at_byte(queue, current_byte(metrics), &is_held, error);
    if (status != KM_OK) return status;
    const kmi_metrics_page *page = metrics->page;
    if (page != NULL) {
        info.generation = atomic_load(&page->generation);
        info.heartbeat_at_us = atomic_load(&page->heartbeat_at_us);
    }
    if (is_held) {
        info.state = KM_WORKER_IDLE;
        if (page != NULL) {
            info.state = kmi_worker_has_missed_beats(metrics, KMI_WORKER_BEATS_STALLED)
                             ? KM_WORKER_STALLED
                             : (km_worker_state)atomic_load(&page->worker_state);
            info.pid = atomic_load(&page->pid);
            info.started_at_us = atomic_load(&page->started_at_us);
            memcpy(info.problem, page->problem, sizeof info.problem - 1);
        }
    }
    *ret_info = info;
    return KM_OK;
}

static km_status spawn_worker(const kmi_queue *queue, const char *program, const char *project_root,
                              const char *config_file, km_error *error) {
    char lock_number[16];
    snprintf(lock_number, sizeof lock_number, "%d", queue->lock_fd);
    const char *arguments[12] = {"kuzu-memory", "--project", project_root};
    int count = 3;
    if (config_file != NULL) {
        arguments[count++] = "--config";
        arguments[count++] = config_file;
    }
    const char *rest[] = {"worker", "run", "--background", "--inherited-lock", lock_number};
    memcpy(arguments + count, rest, sizeof rest);
    return kmi_process_spawn_detached(program, (char *const *)(uintptr_t)arguments, queue->lock_fd, error);
}

km_status kmi_worker_ensure(kmi_queue *queue, const kmi_metrics *metrics, const char *program, const char *project_root,
                            const char *config_file, bool *ret_started, km_error *error) {
    if (ret_started != NULL) *ret_started = false;
    km_status status = kmi_queue_open_lock(queue, error);
    if (status != KM_OK || program == NULL) return status;
    bool is_held = true;
    status = kmi_lock_probe(queue->lock_fd, current_byte(metrics), &is_held, error);
    if (status != KM_OK) return status;
    if (is_held && !kmi_worker_has_missed_beats(metrics, KMI_WORKER_BEATS_TAKEOVER)) return KM_OK;
    status = kmi_lock_try(queue->lock_fd, KMI_LOCK_BYTE_STARTER, error);
    if (status == KM_E_BUSY) return KM_OK; /* somebody is starting one, and it will look into the queue after */
    if (status != KM_OK) return status;
    status = spawn_worker(queue, program, project_root, config_file, error);
    /* The worker now shares our open lock file. Letting go of it leaves the worker its only owner, so that the byte comes
     * free when the worker dies, however long we live. */
    kmi_fd_close(&queue->lock_fd);
    if (status == KM_OK && ret_started != NULL) *ret_started = true;
    return status;
}
