/* A thread of its own, because the committing thread may wait for a disk for seconds and is well all the same. */
#include "worker/heartbeat.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/error.h"
#include "util/process.h"

#define CLOCK_JUMP_US ((int64_t)5 * 1000000) /* smaller corrections are daily life */

struct kmi_heartbeat {
    const kmi_metrics *metrics;
    int64_t limit_us;
    kmi_log *log;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t end;
    bool is_ending;
    bool is_ahead_known;
    int64_t ahead_us; /* wall clock minus the time since boot, at the last beat */
};

void kmi_heartbeat_beat(const kmi_metrics *metrics) {
    if (metrics->page == NULL) return;
    atomic_store(&metrics->page->heartbeat_at_us, kmi_clock_now_us());
    atomic_store(&metrics->page->heartbeat_mono_us, kmi_clock_monotonic_us());
}

/* Between two beats the wall clock goes as the clock that nobody can set, which counts sleep too; if not, it was set. */
static void notice_clock_jump(kmi_heartbeat *heartbeat) {
    int64_t ahead_us = kmi_clock_now_us() - kmi_clock_boottime_us();
    int64_t jump_us = heartbeat->is_ahead_known ? ahead_us - heartbeat->ahead_us : 0;
    heartbeat->ahead_us = ahead_us;
    heartbeat->is_ahead_known = true;
    if (jump_us > -CLOCK_JUMP_US && jump_us < CLOCK_JUMP_US) return;
    kmi_metrics_set(heartbeat->metrics, KMI_METRIC_CLOCK_JUMP_BY_US, (uint64_t)jump_us);
    kmi_metrics_set(heartbeat->metrics, KMI_METRIC_CLOCK_JUMP_AT_US, (uint64_t)kmi_clock_now_us());
}

static void note_usage(const kmi_metrics *metrics) {
    kmi_process_usage usage = kmi_process_get_usage();
    kmi_metrics_page *page = metrics->page;
    atomic_store_explicit(&page->worker_resident_bytes, usage.resident_bytes, memory_order_relaxed);
    atomic_store_explicit(&page->worker_peak_bytes, usage.peak_bytes, memory_order_relaxed);
    atomic_store_explicit(&page->worker_cpu_us, usage.cpu_us, memory_order_relaxed);
}

static void end_if_hung(const kmi_heartbeat *heartbeat) {
    kmi_metrics_page *page = heartbeat->metrics->page;
    int64_t now_us = kmi_clock_monotonic_us();
    for (int i = 0; i < KMI_WORKER_SLOTS; i++) {
        int64_t started_us = (int64_t)atomic_load(&page->slots[i].started_at_us);
        if (started_us == 0 || now_us - started_us <= heartbeat->limit_us) continue;
        kmi_uuid id;
        char id_text[KMI_UUID_TEXT_SIZE];
        for (size_t b = 0; b < sizeof id.bytes; b++) id.bytes[b] = page->slots[i].task_id[b];
        kmi_log_write(heartbeat->log, KMI_LOG_ERROR, "task_hung", "task", kmi_uuid_format(&id, id_text), NULL);
        _exit(KMI_EXIT_HUNG);
    }
}

static void *run_heartbeat(void *argument) {
    kmi_heartbeat *heartbeat = argument;
    pthread_mutex_lock(&heartbeat->mutex);
    while (!heartbeat->is_ending) {
        notice_clock_jump(heartbeat);
        kmi_heartbeat_beat(heartbeat->metrics);
        end_if_hung(heartbeat);
        note_usage(heartbeat->metrics);
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += KMI_WORKER_BEAT_MS / 1000;
        pthread_cond_timedwait(&heartbeat->end, &heartbeat->mutex, &until);
    }
    pthread_mutex_unlock(&heartbeat->mutex);
    return NULL;
}

km_status kmi_heartbeat_new(const kmi_metrics *metrics, int64_t limit_us, kmi_log *log, kmi_heartbeat **ret_heartbeat,
                            km_error *error) {
    *ret_heartbeat = NULL;
    if (metrics->page == NULL) return KM_OK;
    kmi_heartbeat *heartbeat = calloc(1, sizeof *heartbeat);
    if (heartbeat == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while starting the worker");
    heartbeat->metrics = metrics;
    heartbeat->limit_us = limit_us;
    heartbeat->log = log;
    pthread_mutex_init(&heartbeat->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&heartbeat->end, &attributes);
    pthread_condattr_destroy(&attributes);
    sigset_t all, old;
    sigfillset(&all);
    sigdelset(&all, SIGBUS); /* of the metrics page, cut short: mended where it comes, deadly where it is held */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failure = pthread_create(&heartbeat->thread, NULL, run_heartbeat, heartbeat);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failure != 0) {
        free(heartbeat);
        return kmi_fail_errno(error, failure, "cannot start the heartbeat thread");
    }
    *ret_heartbeat = heartbeat;
    return KM_OK;
}

void kmi_heartbeat_free(kmi_heartbeat *heartbeat) {
    if (heartbeat == NULL) return;
    pthread_mutex_lock(&heartbeat->mutex);
    heartbeat->is_ending = true;
    pthread_cond_signal(&heartbeat->end);
    pthread_mutex_unlock(&heartbeat->mutex);
    pthread_join(heartbeat->thread, NULL);
    pthread_cond_destroy(&heartbeat->end);
    pthread_mutex_destroy(&heartbeat->mutex);
    free(heartbeat);
}
