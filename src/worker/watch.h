/* watch.h - the worker's look at the alert conditions, at most once a second. */
#ifndef KMI_WORKER_WATCH_H
#define KMI_WORKER_WATCH_H

#include "queue/queue.h"
#include "status/alert_command.h"
#include "util/log.h"
#include "worker/batch.h"

typedef struct kmi_watch {
    int64_t looked_us; /* monotonic; 0: not yet */
} kmi_watch;

typedef struct kmi_watch_context {
    const kmi_metrics *metrics;
    const kmi_config *config;
    kmi_queue *queue;
    kmi_store *store;
    uint64_t store_waiting;      /* tasks that wait in the store */
    const kmi_batch *batches[2]; /* in hand; may be NULL */
    int memory_dir_fd;
    kmi_log *log;
    kmi_alert_sender sender;
} kmi_watch_context;

/* Checks, notes in the log what has just occurred, and has the user told. Never fails, never waits. */
void kmi_watch_look(kmi_watch *watch, const kmi_watch_context *context);

#endif
