/* project.h - the inside of a km_project, shared by the files of the API. */
#ifndef KMI_API_PROJECT_H
#define KMI_API_PROJECT_H

#include "base/config.h"
#include "queue/queue.h"
#include "status/metrics.h"
#include "store/store.h"

struct km_project {
    char *root;       /* absolute */
    char *memory_dir; /* root + "/kuzu-memories" */
    char *queue_path; /* memory_dir + "/queue", for messages */
    km_root_origin origin;
    int memory_dir_fd; /* -1: there is no memory yet */
    char *program;     /* to start as worker, or NULL */
    char *config_file; /* --config, or NULL */
    char *config_path; /* memory_dir + "/config.json", for messages and origins */
    char *user_config_path;
    kmi_config config;
    kmi_arena *config_arena;
    km_error config_error; /* status KM_OK: none */
    kmi_queue queue;       /* kept open once it was needed: kmi_project_queue() */
    kmi_metrics metrics;   /* likewise: kmi_project_metrics() */
    km_project *user;      /* the user's own memory, opened when it was first asked for: km_project_user() */
    char *found_root;      /* the folder whose memory is linked to that of `root`, or NULL */
    char *note;            /* what a person should know of how the root was found, or NULL */
    km_progress progress;  /* NULL: nobody wants to know */
    void *progress_context;
};

/* Makes kuzu-memories/ if it is not there (0700, with .gitignore), and opens it. Refuses a home directory that was not
 * named (KM_E_INVALID). ret_created may be NULL. */
km_status kmi_project_create(km_project *project, bool *ret_created, km_error *error) KM_MUST_CHECK;
/* The configuration error as error, for functions that write. */
km_status kmi_project_check_config(const km_project *project, km_error *error) KM_MUST_CHECK;
/* The project's queue, opened once and again when it was deleted meanwhile. With `create` it and the memory directory are
 * made; else KM_E_NOT_FOUND. Owned by the project. */
km_status kmi_project_queue(km_project *project, bool create, kmi_queue **ret_queue, km_error *error) KM_MUST_CHECK;
/* Opens the store. For the modes that write, the queue must exist: its lock file is used. KM_E_NOT_FOUND without a store,
 * unless KMI_STORE_CREATE. */
km_status kmi_project_open_store(km_project *project, kmi_store_mode mode, kmi_store **ret_store,
                                 km_error *error) KM_MUST_CHECK;
/* The same for those who can do without: NULL when there is none, and *error is then left alone. The store is for reading. */
km_status kmi_project_find_queue(km_project *project, kmi_queue **ret_queue, km_error *error) KM_MUST_CHECK;
km_status kmi_project_find_store(km_project *project, kmi_store **ret_store, km_error *error) KM_MUST_CHECK;
/* Opens the store for reading with hardly any patience: who asks how things are must not wait for them. KM_E_BUSY after 50 ms. */
km_status kmi_project_glance_store(km_project *project, kmi_store **ret_store, km_error *error) KM_MUST_CHECK;
/* Returns: the project's metrics, mapped once; without a page when there is none. Never NULL; owned by the project. */
const kmi_metrics *kmi_project_metrics(km_project *project);
/* The same, and a missing page is made: for those who write. */
const kmi_metrics *kmi_project_make_metrics(km_project *project);
/* Tells everybody who waits that tasks or memories have changed. */
void kmi_project_announce_change(km_project *project);
/* Waits until no text stands in the queue's files any more. KM_E_BUSY: still some after timeout_ms. */
km_status kmi_project_drain(km_project *project, int64_t timeout_ms, km_error *error) KM_MUST_CHECK;
/* Starts a worker if the queue exists and none runs. A worker that cannot be started is started by the next command. */
void kmi_project_keep_worker(km_project *project);
/* Tells how far long work has come. KM_E_INTERRUPTED when the caller wants it to stop. */
km_status kmi_project_tell(const km_project *project, const char *what, uint64_t done, uint64_t total,
                           km_error *error) KM_MUST_CHECK;
/* Where configuration comes from, for the functions of base/config.h. */
kmi_config_sources kmi_project_config_sources(const km_project *project);

/* An open queue and store for a function that writes. */
typedef struct kmi_writer {
    kmi_queue *queue; /* the project's */
    kmi_store *store;
} kmi_writer;
/* Checks the configuration and opens both. KM_E_NOT_FOUND without a store unless `create`. */
km_status kmi_writer_open(km_project *project, bool create, kmi_writer *ret_writer, km_error *error) KM_MUST_CHECK;
/* Ends the transaction begun on writer->store: commits after KM_OK, else rolls back and hands the status on. */
km_status kmi_writer_end(kmi_writer *writer, km_status status, km_error *error) KM_MUST_CHECK;
/* After much was written: empties SQLite's log, which else every process that reads alone goes through when it opens the store.
 * A failure says nothing about what was committed. */
void kmi_writer_shorten_log(kmi_writer *writer);
void kmi_writer_close(kmi_writer *writer);
#define KMI_CLEANUP_WRITER __attribute__((cleanup(kmi_writer_close)))
static inline void kmi_store_free_at(kmi_store **store) {
    kmi_store_free(*store);
}
#define KMI_CLEANUP_STORE __attribute__((cleanup(kmi_store_free_at)))

#endif
