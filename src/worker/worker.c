/* The main loop. While one batch (`current`, extracted) is committed, the next one (`next`) is being extracted.
 *
 * A turn: note what has come in, pick, start extraction, commit the batch before, give files back. Without work: wait for a
 * wake-up, look after the house now and then, leave when idle for long enough. */
#include "worker/worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/inspect.h"
#include "queue/journal.h"
#include "status/health.h"
#include "status/liveness.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/process.h"
#include "worker/backlog.h"
#include "worker/evidence.h"
#include "worker/heartbeat.h"
#include "worker/pool.h"
#include "worker/upkeep.h"
#include "worker/wakeup.h"
#include "worker/watch.h"

enum {
    poll_ms = 500,        /* look even without a wake-up */
    pause_first_ms = 100, /* after a fault of the surroundings, doubling to pause_longest_ms */
    pause_longest_ms = 30000,
    pause_slice_ms = 200, /* how soon a stop is noticed in a pause */
};

typedef struct worker {
    const kmi_worker_setup *setup;
    const kmi_config *config;
    kmi_queue queue;
    char queue_path[4096];
    kmi_metrics metrics;
    uint64_t generation;
    off_t lock_byte;
    bool was_kept;  /* wanted to leave, and something was there: perhaps a file that only a look at everything finds */
    bool is_worker; /* holds the worker's lock; the page tells about us */
    kmi_log *log;
    kmi_store *store;
    uint64_t epoch;
    kmi_extractor *extractor;
    kmi_pool *pool;
    kmi_heartbeat *heartbeat;
    kmi_backlog *backlog;
    kmi_upkeep upkeep;
    kmi_watch watch;
    int wakeup_fd;
    kmi_batch *current; /* extracted, to be committed */
    kmi_batch *next;    /* with the threads */
    size_t batch_tasks;
    size_t batch_bytes;
    int64_t idle_since_us;
    int64_t next_run_at_us; /* of the earliest retry */
    uint64_t store_waiting; /* tasks that wait in the store */
} worker;

static int stop_level(const worker *w) {
    return w->setup->options->stop == NULL ? 0 : *w->setup->options->stop;
}

static void show_state(worker *w, km_worker_state state) {
    if (w->metrics.page != NULL) atomic_store(&w->metrics.page->worker_state, (uint32_t)state);
}

static void show_problem(worker *w, const km_error *fault) {
    if (w->metrics.page == NULL) return;
    if (fault == NULL)
        kmi_metrics_set(&w->metrics, KMI_METRIC_PAUSED_SINCE_US, 0);
    else if (kmi_metrics_get(&w->metrics, KMI_METRIC_PAUSED_SINCE_US) == 0)
        kmi_metrics_set(&w->metrics, KMI_METRIC_PAUSED_SINCE_US, (uint64_t)kmi_clock_now_us());
    snprintf(w->metrics.page->problem, sizeof w->metrics.page->problem, "%.255s", fault == NULL ? "" : fault->message);
}

static void count_store_waiting(worker *w) {
    int64_t counters[KMI_COUNTER_COUNT];
    if (kmi_store_counters_get(w->store, counters, NULL) == KM_OK)
        w->store_waiting = (uint64_t)(counters[KMI_COUNTER_TASKS_QUEUED] + counters[KMI_COUNTER_TASKS_RETRYING]);
}

/* Tells everybody how much is waiting and how much is in hand. */
static void publish(worker *w) {
    count_store_waiting(w);
    if (kmi_journal_set_backlog(&w->queue, kmi_backlog_waiting(w->backlog) + w->store_waiting, NULL) != KM_OK)
        kmi_log_write(w->log, KMI_LOG_WARNING, "backlog_not_published", NULL);
    if (w->metrics.page != NULL) atomic_store(&w->metrics.page->active_tasks, w->next == NULL ? 0 : w->next->count);
    kmi_metrics_announce_change(&w->metrics);
}

/* ---- Becoming the worker ---- */

/* A stalled worker that was stopped in the middle of a transaction keeps everybody from writing, its successor included. It loses
 * nothing by kill -9. One that cannot be reached (another container) or was stopped elsewhere is left to the epoch. */
static void end_stalled_writer(worker *w) {
    kmi_metrics_page *page = w->metrics.page;
    int64_t pid = atomic_load(&page->pid);
    bool is_writing = false;
    if (kmi_lock_probe(w->queue.lock_fd, KMI_LOCK_BYTE_WRITER, &is_writing, NULL) != KM_OK || !is_writing) return;
    if (pid > 1 && kmi_process_start_ticks(pid) == atomic_load(&page->start_ticks)) kill((pid_t)pid, SIGKILL);
}

/* Takes the lock of the current generation, or, from a worker that is stalled, of the next one. */
static km_status take_worker_lock(worker *w, km_error *error) {
    kmi_metrics_page *page = w->metrics.page;
    w->generation = page == NULL ? 0 : atomic_load(&page->generation);
    w->lock_byte = kmi_worker_lock_byte(w->generation);
    km_status status = kmi_lock_try(w->queue.lock_fd, w->lock_byte, error);
    if (status != KM_E_BUSY) return status;
    if (!kmi_worker_has_missed_beats(&w->metrics, KMI_WORKER_BEATS_TAKEOVER))
        return kmi_fail(error, KM_E_CONFLICT, "a worker is already running for \"%s\"", w->setup->memory_dir);
    uint64_t next = w->generation + 1;
    w->lock_byte = kmi_worker_lock_byte(next);
    status = kmi_lock_try(w->queue.lock_fd, w->lock_byte, error);
    if (status == KM_E_BUSY) return kmi_fail(error, KM_E_CONFLICT, "another worker is taking over");
    if (status != KM_OK) return status;
    end_stalled_writer(w);
    w->generation = next;
    atomic_store(&page->generation, next); /* from now on `learn` looks at our lock; the epoch fences the old worker */
    return KM_OK;
}

/* The starter's byte makes sure that one process at a time goes through this; the process that started us handed it over. */
static km_status become_worker(worker *w, km_error *error) {
    int inherited = w->setup->options->inherited_lock_fd;
    if (inherited >= 0) w->queue.lock_fd = inherited;
    km_status status = kmi_queue_open_lock(&w->queue, error);
    if (status == KM_OK && inherited < 0) status = kmi_lock_wait(w->queue.lock_fd, KMI_LOCK_BYTE_STARTER, 5000, error);
    if (status == KM_E_BUSY) return kmi_fail(error, KM_E_CONFLICT, "another worker is being started");
    if (status == KM_OK)
        status = kmi_metrics_open(&w->metrics, w->setup->memory_dir_fd, KMI_METRICS_REPAIR, error); /* one makes it */
    if (status == KM_OK) status = take_worker_lock(w, error);
    w->is_worker = status == KM_OK;
    if (w->is_worker) kmi_heartbeat_beat(&w->metrics); /* before anyone may look at us */
    kmi_lock_release(w->queue.lock_fd, KMI_LOCK_BYTE_STARTER);
    return status;
}

/* Says that a worker is there, or that it has left in order. Always while the lock is held: after, the page may tell about a
 * new worker already. So it may before, if another file took the lock's name: the generation is then the same, the process is not. */
static void show_presence(worker *w, bool is_present) {
    kmi_metrics_page *page = w->metrics.page;
    if (page == NULL || !w->is_worker || atomic_load(&page->generation) != w->generation) return;
    int64_t shown = (int64_t)getpid();
    if (is_present)
        atomic_store(&page->pid, shown);
    else if (!atomic_compare_exchange_strong(&page->pid, &shown, 0))
        return;
    atomic_store(&page->worker_clean_exit, is_present ? 0 : 1);
    if (!is_present) kmi_metrics_set(&w->metrics, KMI_METRIC_CRASHES_IN_ROW, 0);
    atomic_store(&page->active_tasks, 0);
}

/* What `status` tells about the last worker and this one. */
static void note_start(const worker *w, bool was_crash) {
    if (was_crash) {
        kmi_metrics_add(&w->metrics, KMI_METRIC_CRASHES_IN_ROW, 1);
        kmi_metrics_set(&w->metrics, KMI_METRIC_LAST_CRASH_US, (uint64_t)kmi_clock_now_us());
    }
    kmi_metrics_set(&w->metrics, KMI_METRIC_CLOCK_JUMP_AT_US, 0);
    kmi_metrics_set(&w->metrics, KMI_METRIC_WORKER_VERSION, kmi_health_version());
}

static void introduce(worker *w) {
    kmi_metrics_page *page = w->metrics.page;
    if (page == NULL) return;
    show_presence(w, true);
    atomic_store(&page->start_ticks, kmi_process_start_ticks(getpid()));
    atomic_store(&page->started_at_us, kmi_clock_now_us());
    show_problem(w, NULL);
    show_state(w, KM_WORKER_RUNNING);
}

static km_status open_store(worker *w, km_error *error) {
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/memories.db", w->setup->memory_dir) >= sizeof path)
        return kmi_fail(error, KM_E_INVALID, "the path of the project is too long");
    kmi_store_options options = {
        .path = path, .mode = KMI_STORE_CREATE, .lock_fd = w->queue.lock_fd, .lock_byte = KMI_LOCK_BYTE_WRITER};
    km_status status = kmi_store_open(&options, &w->store, error);
    if (status == KM_OK) status = kmi_store_epoch_raise(w->store, &w->epoch, error);
    return status;
}

static void count_start(worker *w) {
    if (kmi_store_begin(w->store, NULL) != KM_OK) return;
    if (kmi_store_counter_add(w->store, KMI_COUNTER_WORKER_STARTS, 1, NULL) != KM_OK ||
        kmi_store_commit(w->store, NULL) != KM_OK)
        kmi_store_rollback(w->store);
}

/* How many tasks a transaction holds: 256, or what a measurement asks for. */
static size_t choose_batch_tasks(void) {
    const char *wanted = getenv("KUZU_MEMORY_TEST_BATCH");
    long tasks = wanted == NULL ? KMI_BATCH_TASKS_MAX : strtol(wanted, NULL, 10);
    return tasks >= 1 && tasks <= KMI_BATCH_TASKS_MAX ? (size_t)tasks : KMI_BATCH_TASKS_MAX;
}

/* Takes in what has come. Cheap when nothing has: one look at the journal's header. */
static km_status take_in(worker *w, bool list_all, km_error *error) {
    uint64_t records = 0, backlog = 0, damaged = 0;
    km_status status = list_all ? KM_OK : kmi_journal_depth(&w->queue, &records, &backlog, error);
    if (status != KM_OK || (records == 0 && !list_all)) return status;
    status = kmi_backlog_refresh(w->backlog, w->store, list_all, &damaged, error);
    if (damaged != 0) kmi_log_write(w->log, KMI_LOG_ERROR, "queue_damage_quarantined", NULL);
    return status;
}

static void open_log(worker *w) {
    const char *debug = getenv("KUZU_MEMORY_DEBUG");
    bool is_debug = debug != NULL && debug[0] != '\0' && strcmp(debug, "0") != 0;
    if (kmi_log_open(w->setup->memory_dir_fd, KMI_LOG_NAME, KMI_LOG_LIMIT_BYTES,
                     is_debug ? KMI_LOG_DEBUG : KMI_LOG_INFO, &w->log, NULL) != KM_OK)
        w->log = NULL;
    kmi_log_write(w->log, KMI_LOG_INFO, "worker_started", "version", km_version(), NULL);
}

/* What the worker before us had in hand when it died. */
static void log_crash(worker *w, const kmi_evidence *evidence) {
    if (!evidence->is_crash) return;
    kmi_log_write(w->log, KMI_LOG_WARNING, "worker_had_crashed", NULL);
    for (size_t i = 0; i < evidence->count; i++) {
        char id[KMI_UUID_TEXT_SIZE];
        kmi_log_write(w->log, KMI_LOG_WARNING, "task_suspected", "task", kmi_uuid_format(&evidence->tasks[i], id),
                      NULL);
    }
}

static km_status start_up(worker *w, km_error *error) {
    km_status status = become_worker(w, error);
    if (status != KM_OK) return status;
    kmi_evidence evidence;
    kmi_evidence_collect(&w->metrics, &evidence);
    note_start(w, evidence.is_crash);
    introduce(w);
    open_log(w);
    log_crash(w, &evidence);
    w->wakeup_fd = kmi_wakeup_open(w->queue.dir_fd);
    int64_t limit_us = (w->config->async_worker_timeout_seconds + 5) * 1000000;
    status = kmi_heartbeat_new(&w->metrics, limit_us, w->log, &w->heartbeat, error);
    if (status == KM_OK) status = kmi_extractor_new(w->config->learn_custom_patterns_json, &w->extractor, error);
    if (status == KM_OK)
        status =
            kmi_pool_new((size_t)w->config->async_max_workers, w->extractor, w->config, &w->metrics, &w->pool, error);
    if (status == KM_OK) status = kmi_backlog_new(&w->queue, &w->backlog, error);
    if (status == KM_OK) status = open_store(w, error);
    if (status == KM_OK) status = take_in(w, true, error);
    if (status == KM_OK) status = kmi_evidence_apply(&evidence, w->backlog, w->store, error);
    if (status == KM_OK) {
        count_start(w);
        publish(w);
    }
    w->batch_tasks = choose_batch_tasks();
    w->batch_bytes = (size_t)w->config->async_max_memory_mb * 1024 * 1024 / 16;
    w->idle_since_us = kmi_clock_monotonic_us();
    return status;
}

/* ---- Work ---- */

/* Picks w->next and hands it to the threads; it stays NULL when nothing is due. */
static km_status start_next(worker *w, km_error *error) {
    kmi_batch *batch = kmi_batch_new();
    if (batch == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while picking tasks");
    bool may_use_store = w->current == NULL || !w->current->has_store_tasks;
    if (may_use_store) w->next_run_at_us = 0;
    km_status status = kmi_backlog_pick(w->backlog, w->store, may_use_store, w->batch_tasks, w->batch_bytes, batch,
                                        &w->next_run_at_us, error);
    if (batch->count == 0) {
        kmi_batch_free(batch);
        return status;
    }
    for (size_t i = 0; i < batch->count; i++) {
        kmi_batch_task *task = &batch->tasks[i];
        task->status = kmi_batch_decode(task, batch->arena);
    }
    kmi_pool_start(w->pool, batch);
    w->next = batch;
    return KM_OK; /* a fault that left some tasks picked comes up again next time */
}

/* The user wrote the pattern and nobody else can mend it. */
static void tell_costly_patterns(worker *w, const kmi_batch *batch) {
    for (size_t i = 0; i < batch->count; i++) {
        const kmi_batch_task *task = &batch->tasks[i];
        for (size_t k = 0; k < task->extracted_count; k++) {
            char id_text[KMI_UUID_TEXT_SIZE];
            if (task->extractions[k].costly_pattern != NULL)
                kmi_log_write(w->log, KMI_LOG_WARNING, "costly_pattern", "pattern", task->extractions[k].costly_pattern,
                              "task", kmi_uuid_format(&task->id, id_text), NULL);
        }
    }
}

static km_status commit_current(worker *w, km_error *error) {
    kmi_batch_context context = {w->store, w->config, &w->metrics, w->epoch, w->setup->options->stop, w->log};
    km_status status = kmi_batch_commit(w->current, &context, error);
    if (status != KM_OK) return status;
    tell_costly_patterns(w, w->current);
    kmi_batch_free(w->current);
    w->current = NULL;
    return kmi_upkeep_after_commit(&w->upkeep, w->store, error);
}

/* Looks whether something is the matter that the user should know. */
static void watch(worker *w) {
    kmi_watch_context context = {
        .metrics = &w->metrics,
        .config = w->config,
        .queue = &w->queue,
        .store = w->store,
        .store_waiting = w->store_waiting,
        .batches = {w->current, w->next},
        .memory_dir_fd = w->setup->memory_dir_fd,
        .log = w->log,
        .sender = {w->setup->program, w->setup->project_root, w->setup->config_file},
    };
    kmi_watch_look(&w->watch, &context);
}

/* Another worker has taken our place, our lock file is gone, or the project is. */
static bool is_replaced(const worker *w) {
    struct stat dir;
    if (fstat(w->queue.dir_fd, &dir) != 0 || dir.st_nlink == 0) return true;
    if (w->metrics.page != NULL && atomic_load(&w->metrics.page->generation) != w->generation) return true;
    return !kmi_queue_lock_is_current(&w->queue);
}

/* One turn. *ret_is_idle: there was nothing to do. After a failed commit both batches keep their places. */
static km_status turn(worker *w, bool list_all, bool *ret_is_idle, km_error *error) {
    km_status status = take_in(w, list_all, error);
    if (status == KM_OK && stop_level(w) == 0 && w->next == NULL) status = start_next(w, error);
    if (status == KM_OK && w->current != NULL) {
        status = commit_current(w, error);
        if (status == KM_OK) publish(w);
    }
    /* In every turn: giving back may have failed before, or a worker that died may have left it half done. */
    if (status == KM_OK) status = kmi_backlog_retire(w->backlog, error);
    if (w->next != NULL) kmi_pool_wait(w->pool);
    if (w->current == NULL) {
        w->current = w->next;
        w->next = NULL;
    }
    *ret_is_idle = w->current == NULL;
    return status;
}

/* Waits out a fault of the surroundings. The batch in hand stays in hand, and no attempt is used up. */
static void pause_for(worker *w, const km_error *fault, int64_t *pause_ms) {
    show_problem(w, fault);
    show_state(w, KM_WORKER_PAUSED);
    kmi_log_write(w->log, KMI_LOG_WARNING, "paused", "reason", fault->message, NULL);
    for (int64_t slept_ms = 0; slept_ms < *pause_ms && stop_level(w) == 0; slept_ms += pause_slice_ms) {
        watch(w);
        kmi_wakeup_wait(-1, *pause_ms < pause_slice_ms ? *pause_ms : pause_slice_ms);
    }
    *pause_ms = *pause_ms * 2 < pause_longest_ms ? *pause_ms * 2 : pause_longest_ms;
}

/* Leaves if there has been nothing to do for long enough. *ret_has_left: the worker's lock is given back. */
static km_status leave_if_idle(worker *w, bool *ret_has_left, km_error *error) {
    *ret_has_left = false;
    int64_t idle_us = kmi_clock_monotonic_us() - w->idle_since_us;
    bool has_lost_page = w->metrics.page != NULL && !kmi_metrics_is_current(&w->metrics); /* nobody sees us: make way */
    bool is_long_enough = (double)idle_us >= w->config->async_worker_idle_seconds * 1e6 || has_lost_page;
    if (!w->setup->options->exit_when_idle || !is_long_enough) return KM_OK;
    count_store_waiting(w);
    if (w->store_waiting != 0) return KM_OK; /* retries to come */
    kmi_upkeep_before_leaving(w->store, w->setup->memory_dir_fd);
    show_presence(w, false);
    km_status status = kmi_queue_release_if_empty(&w->queue, w->lock_byte, ret_has_left, error);
    if (*ret_has_left)
        w->is_worker = false;
    else
        show_presence(w, true);
    w->was_kept = !*ret_has_left;
    return status;
}

static int64_t choose_wait_ms(const worker *w) {
    int64_t wait_ms = poll_ms;
    if (w->next_run_at_us != 0) {
        int64_t until_ms = (w->next_run_at_us - kmi_clock_now_us()) / 1000 + 1;
        if (until_ms < wait_ms) wait_ms = until_ms;
    }
    int64_t left_ms = (int64_t)(w->config->async_worker_idle_seconds * 1000) -
                      (kmi_clock_monotonic_us() - w->idle_since_us) / 1000 + 1;
    if (w->setup->options->exit_when_idle && left_ms < wait_ms) wait_ms = left_ms;
    return wait_ms < 1 ? 1 : wait_ms;
}

/* Faults that another try may not meet. What remains ends the worker. */
static bool is_passing(km_status status) {
    return kmi_is_environment_error(status);
}

static km_status work(worker *w, km_error *error) {
    int64_t pause_ms = pause_first_ms;
    bool list_all = true;
    for (;;) {
        bool is_idle = false;
        if (is_replaced(w)) return KM_OK;
        watch(w);
        if (stop_level(w) != 0 && w->current == NULL && w->next == NULL) return KM_OK;
        km_error fault = {0};
        km_status status = turn(w, list_all, &is_idle, &fault);
        if (status == KM_E_CONFLICT || status == KM_E_INTERRUPTED) return KM_OK; /* fenced, or told to leave at once */
        if (status != KM_OK && is_passing(status) && stop_level(w) == 0) {
            pause_for(w, &fault, &pause_ms);
            list_all = true;
            continue;
        }
        if (status != KM_OK) {
            if (error != NULL) *error = fault;
            return status;
        }
        if (pause_ms != pause_first_ms) show_problem(w, NULL);
        pause_ms = pause_first_ms;
        list_all = false;
        if (!is_idle) {
            show_state(w, KM_WORKER_RUNNING);
            w->idle_since_us = kmi_clock_monotonic_us();
            continue;
        }
        show_state(w, KM_WORKER_IDLE);
        bool has_left = false;
        status = kmi_upkeep_when_idle(&w->upkeep, w->store, &w->queue, w->config, &fault);
        if (status == KM_OK) status = leave_if_idle(w, &has_left, &fault);
        if (status != KM_OK && !is_passing(status)) {
            if (error != NULL) *error = fault;
            return status;
        }
        if (has_left) return KM_OK;
        /* Looking at everything closes files of the queue, which wakes us once more: only when nobody woke us, then. */
        list_all = kmi_wakeup_wait(w->wakeup_fd, choose_wait_ms(w)) || w->was_kept;
    }
}

/* Threads first: none may touch what is freed after. */
static void shut_down(worker *w, km_status status, const km_error *error) {
    if (w->next != NULL) kmi_pool_wait(w->pool);
    kmi_pool_free(w->pool);
    kmi_heartbeat_free(w->heartbeat);
    kmi_batch_free(w->current);
    kmi_batch_free(w->next);
    kmi_backlog_free(w->backlog);
    kmi_store_free(w->store);
    kmi_extractor_free(w->extractor);
    kmi_fd_close(&w->wakeup_fd);
    if (status == KM_OK)
        kmi_log_write(w->log, KMI_LOG_INFO, "worker_stopped", NULL);
    else
        kmi_log_write(w->log, KMI_LOG_ERROR, "worker_failed", "reason",
                      error == NULL ? km_status_name(status) : error->message, NULL);
    kmi_log_free(w->log);
    show_presence(w, false);
    kmi_metrics_announce_change(&w->metrics);
    kmi_metrics_close(&w->metrics);
    kmi_queue_deinit(&w->queue); /* gives the worker's lock back */
}

km_status kmi_worker_run(const kmi_worker_setup *setup, km_error *error) {
    worker w = {.setup = setup, .config = setup->config, .metrics = KMI_METRICS_CLOSED, .wakeup_fd = -1};
    km_error fault = {0};
    snprintf(w.queue_path, sizeof w.queue_path, "%s/queue", setup->memory_dir);
    km_status status = kmi_queue_open(&w.queue, setup->memory_dir_fd, w.queue_path, true, &fault);
    if (status == KM_OK) status = start_up(&w, &fault);
    if (status == KM_OK) status = work(&w, &fault);
    shut_down(&w, status, &fault);
    if (status != KM_OK && error != NULL) *error = fault;
    return status;
}
