/* A backup is of one moment: while the writer's lock is held nothing moves from the queue into the store, so a view of the store that is
 * opened under it and the texts that are read from the queue under it fit together. The lock is held for these two only; the
 * copy itself is made from the view, next to everybody. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/backup_file.h"
#include "queue/snapshot.h"
#include "store/repair.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/uuid.h"

#define LOCK_WAIT_MS 10000

typedef struct backup {
    km_project *project;
    const char *path;         /* as the caller named it */
    char folder[PATH_MAX];    /* without symbolic links */
    char target[PATH_MAX];    /* what the temporary file becomes */
    char temporary[PATH_MAX]; /* empty: nothing to remove */
    kmi_store *store;
    kmi_queue_snapshot waiting;
    kmi_backup_tail tail;
} backup;

static void deinit(backup *b) {
    char companion[PATH_MAX + 16];
    if (b->temporary[0] != '\0') {
        unlink(b->temporary);
        snprintf(companion, sizeof companion, "%s-journal", b->temporary);
        unlink(companion);
    }
    kmi_buf_deinit(&b->waiting.image);
    kmi_store_free(b->store);
}

/* ---- Where it goes ---- */

/* What is there is replaced if it is a backup, and not if it is anything else: a slip of the pen must not cost a file. */
static km_status check_target(const backup *b, km_error *error) {
    struct stat info;
    if (lstat(b->target, &info) != 0)
        return errno == ENOENT ? KM_OK : kmi_fail_errno(error, errno, "cannot look at \"%s\"", b->path);
    KMI_CLEANUP_FD int fd = S_ISREG(info.st_mode) ? kmi_fd_open(AT_FDCWD, b->target, O_RDONLY | O_NOFOLLOW, 0) : -1;
    if (fd >= 0 && (info.st_size == 0 || kmi_backup_is_one(fd))) return KM_OK;
    return kmi_fail(error, KM_E_CONFLICT, "\"%s\" is there and is no backup; name another file", b->path);
}

static km_status choose_target(backup *b, km_error *error) {
    char parent[PATH_MAX];
    const char *slash = strrchr(b->path, '/');
    const char *base = slash == NULL ? b->path : slash + 1;
    if (base[0] == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return kmi_fail(error, KM_E_INVALID, "\"%s\" is a folder: name a file", b->path);
    int len = slash == NULL
                  ? snprintf(parent, sizeof parent, ".")
                  : snprintf(parent, sizeof parent, "%.*s", slash == b->path ? 1 : (int)(slash - b->path), b->path);
    if (len < 0 || (size_t)len >= sizeof parent || strlen(base) > NAME_MAX)
        return kmi_fail(error, KM_E_INVALID, "the name of the file is too long");
    if (realpath(parent, b->folder) == NULL)
        return kmi_fail(error, KM_E_IO, "cannot create \"%s\": there is no such folder", b->path);
    len = snprintf(b->target, sizeof b->target, "%s/%s", strcmp(b->folder, "/") == 0 ? "" : b->folder, base);
    if (len < 0 || (size_t)len >= sizeof b->target)
        return kmi_fail(error, KM_E_INVALID, "the name of the file is too long");
    return check_target(b, error);
}

static km_status make_temporary(backup *b, km_error *error) {
    kmi_uuid unique;
    char unique_text[KMI_UUID_TEXT_SIZE];
    km_status status = kmi_uuid_make(&unique, error);
    if (status != KM_OK) return status;
    int len = snprintf(b->temporary, sizeof b->temporary, "%s/.backup.%s.tmp",
                       strcmp(b->folder, "/") == 0 ? "" : b->folder, kmi_uuid_format(&unique, unique_text));
    KMI_CLEANUP_FD int fd = -1;
    if (len < 0 || (size_t)len >= sizeof b->temporary)
        status = kmi_fail(error, KM_E_INVALID, "the name of the file is too long");
    else
        status = kmi_file_open(AT_FDCWD, b->temporary, O_RDWR | O_CREAT | O_EXCL, &fd, error);
    if (status == KM_OK) return KM_OK;
    b->temporary[0] = '\0';
    return kmi_fail_context(error, status, "cannot create \"%s\"", b->path);
}

/* ---- One moment ---- */

static bool is_not_in_store(const kmi_record *record, void *context) {
    bool is_known = false;
    return kmi_store_task_find(context, &record->task_id, NULL, &is_known, NULL, NULL) != KM_OK || !is_known;
}

/* Where nothing can be written no lock can be had, and nobody commits. */
static km_status lock_writers(kmi_queue *queue, int *ret_fd, km_error *error) {
    km_error fault = {0};
    km_status status = kmi_file_open(queue->dir_fd, "lock", O_RDWR | O_CREAT, ret_fd, &fault);
    if (status != KM_OK && (fault.os_errno == EROFS || fault.os_errno == EACCES)) return KM_OK;
    if (status == KM_OK) status = kmi_lock_wait(*ret_fd, KMI_LOCK_BYTE_WRITER, LOCK_WAIT_MS, &fault);
    if (status == KM_OK) return KM_OK;
    if (error != NULL) *error = fault;
    return status == KM_E_BUSY
               ? kmi_fail(error, KM_E_BUSY, "another process is writing the memory and did not finish; try again")
               : status;
}

static km_status open_store(backup *b, kmi_queue *queue, km_error *error) {
    km_status status = kmi_project_find_store(b->project, &b->store, error);
    if (status != KM_OK || b->store != NULL) return status;
    if (queue == NULL) return kmi_fail(error, KM_E_NOT_FOUND, "there is no memory in \"%s\" yet", b->project->root);
    status =
        kmi_project_open_store(b->project, KMI_STORE_CREATE, &b->store, error); /* texts wait for the first worker */
    kmi_store_free(b->store);
    b->store = NULL;
    return status == KM_OK ? kmi_project_find_store(b->project, &b->store, error) : status;
}

static km_status catch_moment(backup *b, km_error *error) {
    kmi_queue *queue = NULL;
    KMI_CLEANUP_FD int lock_fd = -1;
    int64_t counters[KMI_COUNTER_COUNT];
    km_status status = kmi_project_find_queue(b->project, &queue, error);
    if (status == KM_OK) status = open_store(b, queue, error);
    if (status == KM_OK && queue != NULL) status = lock_writers(queue, &lock_fd, error);
    if (status == KM_OK) status = kmi_store_read_begin(b->store, error);
    if (status == KM_OK && queue != NULL)
        status = kmi_queue_snapshot_take(queue, is_not_in_store, b->store, &b->waiting, error);
    kmi_fd_close(&lock_fd);
    if (status == KM_OK) status = kmi_store_counters_get(b->store, counters, error);
    if (status == KM_OK) status = kmi_store_schema_version(b->store, &b->tail.info.schema_version, error);
    if (status != KM_OK) return status;
    b->tail.info.version = KMI_BACKUP_VERSION;
    b->tail.info.created_at_us = kmi_clock_now_us();
    b->tail.info.memories = (uint64_t)counters[KMI_COUNTER_MEMORIES];
    b->tail.info.waiting_tasks = b->waiting.record_count + (uint64_t)counters[KMI_COUNTER_TASKS_QUEUED] +
                                 (uint64_t)counters[KMI_COUNTER_TASKS_RETRYING];
    snprintf(b->tail.info.program, sizeof b->tail.info.program, "%s", KM_VERSION_STRING);
    return KM_OK;
}

/* ---- Writing and reading back ---- */

static bool tell_pages(uint64_t done, uint64_t total, void *context) {
    return kmi_project_tell(context, "pages", done, total, NULL) == KM_OK;
}

static km_status write_all(backup *b, km_error *error) {
    const kmi_store_listener listener = {tell_pages, b->project};
    km_status status = kmi_store_copy(b->store, b->temporary, &listener, error);
    kmi_store_free(b->store); /* the view is not needed any more, and holds the log back */
    b->store = NULL;
    KMI_CLEANUP_FD int fd = -1;
    struct stat info;
    if (status == KM_OK) status = kmi_file_open(AT_FDCWD, b->temporary, O_RDWR, &fd, error);
    if (status != KM_OK) return status;
    if (fstat(fd, &info) != 0) return kmi_fail_errno(error, errno, "cannot look at \"%s\"", b->path);
    b->tail.store_bytes = (uint64_t)info.st_size;
    b->tail.segment_bytes = b->waiting.image.len;
    b->tail.journal_id = b->waiting.journal_id;
    b->tail.info.bytes = b->tail.store_bytes + b->tail.segment_bytes + KMI_BACKUP_TAIL_BYTES;
    status = kmi_file_write_at(fd, b->path, info.st_size, b->waiting.image.ptr, b->waiting.image.len, error);
    return status == KM_OK ? kmi_backup_seal(b->project, fd, b->path, &b->tail, error) : status;
}

static km_status check_database(const backup *b, km_error *error) {
    const kmi_store_options options = {.path = b->temporary, .mode = KMI_STORE_READ};
    const kmi_store_listener listener = {tell_pages, b->project};
    kmi_store_diagnosis diagnosis = {0};
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_status status = kmi_store_open(&options, &store, error);
    if (status == KM_OK) status = kmi_store_diagnose(store, &listener, &diagnosis, error);
    if (status == KM_OK && diagnosis.has[KMI_FAULT_PAGES])
        status = kmi_fail(error, KM_E_STORE,
                          "the store is damaged (%.150s), so it was not backed up: see \"kuzu-memory doctor\"",
                          diagnosis.detail[KMI_FAULT_PAGES]);
    return status;
}

static km_status read_back(const backup *b, km_error *error) {
    KMI_CLEANUP_FD int fd = -1;
    kmi_backup_tail tail;
    bool is_plain = false;
    km_status status = kmi_file_open(AT_FDCWD, b->temporary, O_RDONLY, &fd, error);
    if (status == KM_OK) status = kmi_backup_read(b->project, fd, b->path, &tail, &is_plain, error);
    kmi_fd_close(&fd); /* before SQLite opens it */
    return status == KM_OK ? check_database(b, error) : status;
}

/* Once it has its name it is whole, and may stand in the place of an older one: it stays, whatever becomes of the flush. */
static km_status let_appear(backup *b, km_error *error) {
    KMI_CLEANUP_FD int fd = -1;
    km_status status = kmi_dir_open(AT_FDCWD, b->folder, &fd, error);
    if (status != KM_OK) return status;
    if (rename(b->temporary, b->target) != 0) return kmi_fail_errno(error, errno, "cannot create \"%s\"", b->path);
    b->temporary[0] = '\0';
    status = kmi_dir_sync(fd, b->folder, error);
    return status == KM_OK ? KM_OK
                           : kmi_fail_context(error, status, "the backup is whole, but may not survive a power cut");
}

static km_status run(backup *b, km_error *error) {
    km_status status = choose_target(b, error);
    if (status == KM_OK) status = catch_moment(b, error);
    if (status == KM_OK) status = make_temporary(b, error);
    if (status == KM_OK) status = write_all(b, error);
    if (status == KM_OK) status = read_back(b, error);
    return status == KM_OK ? let_appear(b, error) : status;
}

km_status km_backup(km_project *project, const char *path, km_backup_info *ret_info, km_error *error) {
    if (project == NULL || path == NULL) return kmi_fail(error, KM_E_INVALID, "project and path must not be NULL");
    backup *b = calloc(1, sizeof *b);
    if (b == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while writing a backup");
    b->project = project;
    b->path = path;
    km_status status = run(b, error);
    if (status == KM_OK && ret_info != NULL) *ret_info = b->tail.info;
    deinit(b);
    free(b);
    return status;
}
