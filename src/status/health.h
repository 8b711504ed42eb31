/* health.h - from facts to findings: what is wrong, how bad it is, why it matters, and the command that mends it.
 *
 * Pure: the facts are collected elsewhere (src/api/health.c), so every rule can be tried without provoking anything. The rules are one
 * table; a finding's code is stable and documented in docs/operations.md. */
#ifndef KMI_STATUS_HEALTH_H
#define KMI_STATUS_HEALTH_H

#include "base/config.h"
#include "status/findings.h"

#define KMI_HEALTH_FILES_MIN 8 /* with room for fewer, the disk is full */

/* Files of one kind of fault: how many, one of them by name, and since when. */
typedef struct kmi_file_faults {
    uint64_t count;
    uint64_t bytes;
    int64_t since_us;
    char name[128]; /* relative to the memory directory */
} kmi_file_faults;

typedef struct kmi_health_facts {
    int64_t now_us;
    const char *memory_dir;
    const char *project_name; /* last part of its path */
    const kmi_config *config;
    int64_t user, owner;       /* who asks; whose memory directory it is */
    int64_t dir_changed_at_us; /* its name, owner or modes */
    const char *mount_point;   /* NULL: not looked for, or not known */
    bool is_mount_only;        /* the file system is writable, its place in the tree is not */

    /* configuration */
    const char *config_problem; /* NULL: none */
    const char *config_warning; /* the first one */
    size_t config_warning_count;
    const char *config_file; /* the one that the first of them is about; NULL: none */
    int64_t config_changed_at_us;

    /* worker */
    km_worker_info worker;
    bool is_starting;         /* somebody is starting one */
    const char *lock_problem; /* the lock file cannot be asked */
    uint64_t crashes_in_row;  /* since a worker last ended in order */
    int64_t last_crash_at_us;
    int64_t paused_since_us;
    uint64_t worker_version;  /* of the running one, as kmi_health_version(); 0: unknown */
    int64_t clock_jump_at_us; /* noticed by the running worker; 0: none */
    int64_t clock_jump_by_us;

    /* queue */
    const char *queue_problem; /* NULL: none */
    km_status queue_status;    /* the same in one word */
    uint64_t waiting, waiting_limit;
    int64_t oldest_waiting_at_us; /* 0: nothing waits */
    kmi_file_faults quarantine;

    /* tasks and memories */
    uint64_t failed_tasks, completed_tasks;
    uint64_t redactions; /* that nobody acknowledged */
    int64_t failed_since_us;
    const char *last_error; /* the last kinds and how often each came */

    /* store */
    km_status store_status; /* KM_OK also when there is none */
    const char *store_problem;
    bool has_store;
    int64_t store_changed_at_us, store_written_at_us; /* the file: its modes or bytes; its bytes */
    int64_t store_holder;                             /* the process that keeps us out; 0: none, or not known */
    const char *store_holder_name;
    uint64_t page_bytes, page_count, free_pages, database_bytes, log_bytes;

    /* disk */
    bool is_disk_known;
    uint64_t disk_free_bytes, disk_free_files;
    int64_t disk_low_since_us; /* as the alert tells; 0: not known */
    bool is_read_only;         /* mounted so */
    bool is_unwritable;        /* no permission */
    const char *weak_fs;       /* name of a file system that is unfit for locks; NULL: a fit one */

    /* files */
    kmi_file_faults open_files; /* readable or writable by others */
    kmi_file_faults foreign;    /* of another user */
    kmi_file_faults odd;        /* links, pipes, devices in place of files of ours */
    kmi_file_faults leftover;   /* temporary files of dead processes */
    kmi_file_faults aside;      /* stores that were set aside */
} kmi_health_facts;

/* Applies all rules; the findings, worst first, live in the arena. KM_E_NOMEM. */
km_status kmi_health_judge(const kmi_health_facts *facts, kmi_findings *findings, km_error *error) KM_MUST_CHECK;

/* A version as a number that fits a counter: for telling whether a running worker is another version. */
uint64_t kmi_health_version(void);

#endif
