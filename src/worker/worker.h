/* worker.h - the background worker of one project: takes texts from the queue, learns them, commits.
 *
 * One process, one committing thread (the caller's), N extraction threads, one thread for the heartbeat. One worker per project by
 * a lock; exactly-once effect by a unique task id in the same transaction as the memories. */
#ifndef KMI_WORKER_WORKER_H
#define KMI_WORKER_WORKER_H

#include "base/config.h"
#include "queue/queue.h"

typedef struct kmi_worker_setup {
    const char *memory_dir; /* absolute path of kuzu-memories, for messages and the store */
    int memory_dir_fd;
    const kmi_config *config;
    const km_worker_options *options;
    const char *project_root; /* this and the next two: how a process that tells about an alert is started */
    const char *program;      /* NULL: nobody is told */
    const char *config_file;  /* --config, or NULL */
} kmi_worker_setup;

/* Runs until idle (if asked) or stopped. KM_OK; KM_E_CONFLICT: another worker is at work; KM_E_STORE, KM_E_IO, …: cannot work
 * here. A task that hangs beyond its limit ends the whole process with _exit(), since a thread cannot be stopped safely; the next
 * worker then counts it against the task. */
km_status kmi_worker_run(const kmi_worker_setup *setup, km_error *error) KM_MUST_CHECK;

#endif
