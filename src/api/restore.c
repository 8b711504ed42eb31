/* All that can fail is done beside the present store: reading the backup, checking it, making it whole. Only then are writers kept
 * out, and the two stores change places in one step. Whoever dies in between leaves one of the two, and the backup as it was. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/backup_file.h"
#include "api/exchange.h"
#include "queue/inspect.h"
#include "queue/journal.h"
#include "store/repair.h"
#include "util/error.h"
#include "util/file.h"

#define NEW_STORE "memories.db.restore"
#define SEGMENT_LIMIT_BYTES ((size_t)1024 * 1024 * 1024)

typedef struct restoring {
    km_project *project;
    const char *path;
    char *real_path; /* without symbolic links */
    int fd;          /* of the backup */
    kmi_backup_tail tail;
    bool is_plain;
    kmi_buf segment;
    km_restore_result *result;
} restoring;

static bool tell_pages(uint64_t done, uint64_t total, void *context) {
    return kmi_project_tell(context, "pages", done, total, NULL) == KM_OK;
}

/* ---- The backup ---- */

static km_status open_backup(restoring *r, km_error *error) {
    struct stat info;
    r->real_path = realpath(r->path, NULL);
    if (r->real_path == NULL) return kmi_fail_errno(error, errno, "cannot open \"%s\"", r->path);
    r->fd = kmi_fd_open(AT_FDCWD, r->real_path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (r->fd < 0 || fstat(r->fd, &info) != 0) return kmi_fail_errno(error, errno, "cannot open \"%s\"", r->path);
    if (!S_ISREG(info.st_mode)) return kmi_fail(error, KM_E_INVALID, "\"%s\" is no file", r->path);
    km_status status = kmi_backup_read(r->project, r->fd, r->path, &r->tail, &r->is_plain, error);
    if (status == KM_OK && r->tail.info.schema_version > kmi_store_known_schema())
        return kmi_fail(error, KM_E_STORE,
                        "\"%s\" was written by a newer kuzu-memory (schema %llu); update this program", r->path,
                        (unsigned long long)r->tail.info.schema_version);
    return status;
}

static km_status check_pages(restoring *r, kmi_store *store, km_error *error) {
    const kmi_store_listener listener = {tell_pages, r->project};
    kmi_store_diagnosis diagnosis = {0};
    km_status status = kmi_store_diagnose(store, &listener, &diagnosis, error);
    if (status == KM_OK && diagnosis.has[KMI_FAULT_PAGES])
        status = kmi_fail(error, KM_E_INVALID, "\"%s\" is damaged: %.150s; use another backup", r->path,
                          diagnosis.detail[KMI_FAULT_PAGES]);
    return status;
}

/* A plain store tells nothing about itself: it is asked. */
static km_status open_plain(restoring *r, kmi_store **ret_store, km_error *error) {
    const kmi_store_options options = {.path = r->real_path, .mode = KMI_STORE_READ, .reads_older = true};
    int64_t counters[KMI_COUNTER_COUNT];
    kmi_fd_close(&r->fd); /* before SQLite opens it: closing later would drop SQLite's locks */
    km_status status = kmi_store_open(&options, ret_store, error);
    if (status == KM_OK) status = kmi_store_read_begin(*ret_store, error);
    if (status == KM_OK) status = kmi_store_counters_get(*ret_store, counters, error);
    if (status == KM_OK) status = kmi_store_schema_version(*ret_store, &r->tail.info.schema_version, error);
    if (status != KM_OK) return status;
    r->tail.info.memories = (uint64_t)counters[KMI_COUNTER_MEMORIES];
    r->tail.info.waiting_tasks = (uint64_t)(counters[KMI_COUNTER_TASKS_QUEUED] + counters[KMI_COUNTER_TASKS_RETRYING]);
    return check_pages(r, *ret_store, error);
}

/* ---- What is there ---- */

static bool count_record(const kmi_record *record, void *context) {
    (void)record;
    ++*(uint64_t *)context;
    return true;
}

/* *ret_epoch, *ret_generation: what the new store must exceed. A store that cannot be read is replaced all the same. */
static km_status look_at_present(restoring *r, uint64_t *ret_epoch, uint64_t *ret_generation, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    int64_t counters[KMI_COUNTER_COUNT] = {0};
    kmi_queue *queue = NULL;
    km_project_info info;
    km_status status = km_project_get_info(r->project, &info, error);
    if (status != KM_OK) return status;
    r->result->is_replacing = info.store_exists;
    if (kmi_project_find_store(r->project, &store, NULL) == KM_OK && store != NULL &&
        kmi_store_counters_get(store, counters, NULL) == KM_OK &&
        kmi_store_marks(store, ret_epoch, ret_generation, NULL) == KM_OK)
        r->result->replaced_memories = (uint64_t)counters[KMI_COUNTER_MEMORIES];
    if (kmi_project_find_queue(r->project, &queue, NULL) != KM_OK || queue == NULL) return KM_OK;
    return kmi_queue_each(queue, count_record, &r->result->waiting_tasks, error);
}

/* ---- The new store ---- */

static km_status read_segment(restoring *r, km_error *error) {
    kmi_journal_header header;
    if (r->tail.segment_bytes == 0) return KM_OK;
    if (r->tail.segment_bytes > SEGMENT_LIMIT_BYTES)
        return kmi_fail(error, KM_E_NOMEM, "what waits in \"%s\" is too much for memory", r->path);
    size_t len = (size_t)r->tail.segment_bytes, got = 0;
    char *bytes = malloc(len);
    if (bytes == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading \"%s\"", r->path);
    km_status status = kmi_file_read_at(r->fd, r->path, (off_t)r->tail.store_bytes, bytes, len, &got, error);
    if (status == KM_OK) kmi_buf_add(&r->segment, bytes, got);
    free(bytes);
    if (status == KM_OK && (kmi_buf_status(&r->segment) != KM_OK || got != len || len < KMI_JOURNAL_HEADER_BYTES ||
                            !kmi_journal_header_decode((const unsigned char *)r->segment.ptr, &header)))
        return kmi_fail(error, KM_E_INVALID, "\"%s\" is damaged: what waited cannot be read; use another backup",
                        r->path);
    return status;
}

static km_status make_file(const restoring *r, int *ret_fd, km_error *error) {
    kmi_private_store_remove(r->project, NEW_STORE);
    return kmi_file_open(r->project->memory_dir_fd, NEW_STORE, O_RDWR | O_CREAT | O_EXCL, ret_fd, error);
}

static km_status copy_backup(restoring *r, km_error *error) {
    KMI_CLEANUP_FD int fd = -1;
    km_status status = make_file(r, &fd, error);
    if (status == KM_OK) status = kmi_backup_extract(r->project, r->fd, 0, r->tail.store_bytes, fd, r->path, error);
    if (status == KM_OK) status = kmi_file_sync_data(fd, r->path, error);
    return status == KM_OK ? read_segment(r, error) : status;
}

static km_status copy_plain(restoring *r, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    KMI_CLEANUP_FD int fd = -1;
    const kmi_store_listener listener = {tell_pages, r->project};
    char path[4096], folder[4096];
    km_status status = open_plain(r, &store, error);
    if (status == KM_OK) status = make_file(r, &fd, error);
    if (status != KM_OK) return status;
    kmi_fd_close(&fd); /* SQLite opens it by its name */
    if (realpath(r->project->memory_dir, folder) == NULL ||
        (size_t)snprintf(path, sizeof path, "%s/%s", folder, NEW_STORE) >= sizeof path)
        return kmi_fail(error, KM_E_INVALID, "the path of the project is too long");
    return kmi_store_copy(store, path, &listener, error);
}

static km_status put_waiting_task(kmi_store *store, const kmi_record *record, km_error *error) {
    const kmi_task_row row = {
        .id = record->task_id,
        .state = KM_TASK_QUEUED,
        .priority = record->priority,
        .item_count = record->item_count,
        .created_at_us = record->created_at_us,
        .payload = record->payload,
        .is_keyed = record->is_keyed,
    };
    bool is_known = false;
    km_status status = kmi_store_task_find(store, &row.id, NULL, &is_known, NULL, error);
    if (status == KM_OK && !is_known) status = kmi_store_task_put(store, &row, error);
    if (status == KM_OK && !is_known && record->redaction_count != 0)
        status = kmi_store_counter_add(store, KMI_COUNTER_REDACTIONS, record->redaction_count, error);
    return status;
}

static km_status put_waiting_tasks(const restoring *r, kmi_store *store, km_error *error) {
    kmi_slice image = kmi_buf_slice(&r->segment);
    size_t at = KMI_JOURNAL_DATA_OFFSET;
    while (at + KMI_RECORD_HEADER_BYTES <= image.len) {
        const unsigned char *header = (const unsigned char *)image.ptr + at;
        size_t len = kmi_record_peek_payload_len(header);
        kmi_record record;
        if (len > image.len - at - KMI_RECORD_HEADER_BYTES ||
            !kmi_record_decode(r->tail.journal_id, header, (kmi_slice){image.ptr + at + KMI_RECORD_HEADER_BYTES, len},
                               &record))
            return kmi_fail(error, KM_E_INVALID, "\"%s\" is damaged: what waited cannot be read; use another backup",
                            r->path);
        km_status status = put_waiting_task(store, &record, error);
        if (status != KM_OK) return status;
        at += kmi_record_size(len);
    }
    return KM_OK;
}

/* What waited goes into the new store as waiting tasks, not into the queue: then the exchange brings back all or nothing. */
static km_status put_waiting(const restoring *r, kmi_store *store, km_error *error) {
    if (r->segment.len == 0) return KM_OK;
    km_status status = kmi_store_begin(store, error);
    if (status == KM_OK) status = put_waiting_tasks(r, store, error);
    if (status == KM_OK) return kmi_store_commit(store, error);
    kmi_store_rollback(store);
    return status;
}

/* Brings the copy to this program's schema, checks it, and makes it newer than the present store for all who compare. */
static km_status make_whole(restoring *r, uint64_t epoch, uint64_t generation, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_status status = kmi_private_store_open(r->project, NEW_STORE, KMI_STORE_CREATE, &store, error);
    if (status == KM_OK) status = check_pages(r, store, error);
    if (status == KM_OK) status = put_waiting(r, store, error);
    if (status == KM_OK) status = kmi_store_exceed_marks(store, epoch, generation, error);
    return status == KM_OK ? kmi_store_checkpoint(store, true, error) : status;
}

static km_status prepare(restoring *r, uint64_t epoch, uint64_t generation, km_error *error) {
    km_status status = kmi_project_create(r->project, NULL, error);
    if (status == KM_OK) status = r->is_plain ? copy_plain(r, error) : copy_backup(r, error);
    if (status == KM_OK) status = make_whole(r, epoch, generation, error);
    /* A header or schema that SQLite makes nothing of is an error of SQL to it: our statements are right for any sound store. */
    if (status == KM_E_INTERNAL)
        status = kmi_fail(error, KM_E_INVALID, "\"%s\" is damaged: its database is none of ours; use another backup",
                          r->path);
    if (status != KM_OK) return status;
    for (size_t i = 0; i < 2; i++) /* the log is empty, and must not be found beside another file */
        unlinkat(r->project->memory_dir_fd, i == 0 ? NEW_STORE "-wal" : NEW_STORE "-shm", 0);
    return KM_OK;
}

static km_status exchange(restoring *r, km_error *error) {
    KMI_CLEANUP_EXCHANGE kmi_exchange exchange = KMI_EXCHANGE_NONE;
    km_status status = kmi_exchange_begin(r->project, &exchange, error);
    if (status == KM_OK) status = kmi_exchange_replace(&exchange, NEW_STORE, "restore", error);
    if (exchange.aside[0] != '\0') snprintf(r->result->aside, sizeof r->result->aside, "aside/%s", exchange.aside);
    return status;
}

static km_status run(restoring *r, bool dry_run, km_error *error) {
    uint64_t epoch = 0, generation = 0;
    km_status status = open_backup(r, error);
    if (status == KM_OK) status = look_at_present(r, &epoch, &generation, error);
    if (status == KM_OK && dry_run && r->is_plain) {
        KMI_CLEANUP_STORE kmi_store *store = NULL;
        status = open_plain(r, &store, error);
    }
    if (status == KM_OK && !dry_run) {
        status = prepare(r, epoch, generation, error);
        if (status == KM_OK) status = exchange(r, error);
        if (r->project->memory_dir_fd >= 0) kmi_private_store_remove(r->project, NEW_STORE);
    }
    r->result->backup = r->tail.info;
    return status;
}

km_status km_restore(km_project *project, const char *path, bool dry_run, km_restore_result *ret_result,
                     km_error *error) {
    if (project == NULL || path == NULL || ret_result == NULL)
        return kmi_fail(error, KM_E_INVALID, "project, path and ret_result must not be NULL");
    km_restore_result result = {0};
    restoring r = {.project = project, .path = path, .fd = -1, .result = &result};
    kmi_buf_init(&r.segment, SEGMENT_LIMIT_BYTES);
    km_status status = dry_run ? KM_OK : kmi_project_check_config(project, error);
    if (status == KM_OK) status = run(&r, dry_run, error);
    kmi_buf_deinit(&r.segment);
    kmi_fd_close(&r.fd);
    free(r.real_path);
    if (status == KM_OK) *ret_result = result;
    return status;
}
