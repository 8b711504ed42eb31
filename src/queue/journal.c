/* One write lock for the few microseconds of two writes; the flush happens outside it and is shared: whoever finds its
 * records already on the disk leaves at once. Flushing inside the write lock made bursts 3-7 times slower.
 *
 * The offset up to which the file is on the disk stands in the file itself, next to the id of the journal. It is written only
 * after a flush returned and offsets only ever rise, so a value that a power cut leaves behind is too small, never too
 * large; a boot id would add nothing (docs/decisions). A failed flush fails this append and is not repeated on the
 * descriptor: the kernel may have dropped the pages and would report success the next time. */
#include "queue/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "queue/names.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/lock.h"

enum {
    lock_timeout_ms = 10000,
    open_attempts = 1000, /* each lost one means that a worker took the journal in between */
    append_parts = 64,    /* records written by one system call */
};

void kmi_journal_close(kmi_journal *journal) {
    kmi_fd_close(&journal->fd);
}

km_status kmi_journal_write_header(int fd, const kmi_journal_header *header, const char *path, km_error *error) {
    unsigned char bytes[KMI_JOURNAL_HEADER_BYTES];
    kmi_journal_header_encode(header, bytes);
    return kmi_file_write_at(fd, path, 0, bytes, sizeof bytes, error);
}

/* Whether the name `journal` still stands for the open file. */
static bool is_named_journal(const kmi_queue *queue, const struct stat *open_file) {
    struct stat named;
    return fstatat(queue->dir_fd, KMI_JOURNAL_NAME, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_ino == open_file->st_ino && named.st_dev == open_file->st_dev;
}

static km_status check_file(const kmi_queue *queue, const struct stat *file, km_error *error) {
    /* The auxiliary vector tells the user we were started as without a system call. */
    bool is_ours = file->st_uid == (uid_t)getauxval(AT_EUID) || file->st_uid == geteuid() || geteuid() == 0;
    if (S_ISREG(file->st_mode) && file->st_nlink <= 1 && is_ours) return KM_OK;
    return kmi_fail(error, KM_E_PERMISSION, "\"%s/journal\" is not a plain file of ours; move it away and try again",
                    queue->path);
}

static km_status fail_newer(const kmi_queue *queue, km_error *error) {
    return kmi_fail(error, KM_E_STORE, "\"%s/journal\" was written by a newer version of kuzu-memory; upgrade this one",
                    queue->path);
}

/* Locks and reads the open file. *ret_is_current is false when the file is the journal no more. */
static km_status lock_and_read(kmi_queue *queue, kmi_journal *journal, bool *ret_is_current, km_error *error) {
    *ret_is_current = false;
    km_status status = kmi_lock_wait(journal->fd, KMI_LOCK_BYTE_APPEND, lock_timeout_ms, error);
    if (status == KM_E_BUSY)
        return kmi_fail(error, KM_E_BUSY, "another process has held \"%s/journal\" for %d s; try again", queue->path,
                        lock_timeout_ms / 1000);
    if (status != KM_OK) return status;
    struct stat file;
    if (fstat(journal->fd, &file) != 0)
        return kmi_fail_errno(error, errno, "cannot look at \"%s/journal\"", queue->path);
    if (file.st_nlink == 0) return KM_OK; /* the project was deleted, or the file replaced */
    status = check_file(queue, &file, error);
    unsigned char bytes[KMI_JOURNAL_HEADER_BYTES] = {0};
    size_t len = 0;
    if (status == KM_OK) status = kmi_file_read_at(journal->fd, queue->path, 0, bytes, sizeof bytes, &len, error);
    if (status != KM_OK) return status;
    if (kmi_journal_header_is_newer(bytes)) return fail_newer(queue, error);
    journal->is_valid = kmi_journal_header_decode(bytes, &journal->header);
    if (!journal->is_valid) memset(&journal->header, 0, sizeof journal->header);
    /* Only what the worker took or lost in the middle of taking is sealed: look twice just then. */
    if (journal->header.is_sealed || !journal->is_valid) {
        if (!is_named_journal(queue, &file)) return KM_OK;
        journal->header.is_sealed = false; /* its taker died before the exchange: it is the journal still */
    }
    *ret_is_current = true;
    return KM_OK;
}

km_status kmi_journal_open_locked(kmi_queue *queue, kmi_journal *ret_journal, km_error *error) {
    for (int attempt = 0; attempt < open_attempts; attempt++) {
        kmi_journal journal = {
            .fd = kmi_fd_open(queue->dir_fd, KMI_JOURNAL_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0)};
        if (journal.fd < 0) return kmi_fail_errno(error, errno, "cannot open \"%s/journal\"", queue->path);
        bool is_current = false;
        km_status status = lock_and_read(queue, &journal, &is_current, error);
        if (status == KM_OK && is_current) {
            *ret_journal = journal;
            return KM_OK;
        }
        kmi_journal_close(&journal);
        if (status != KM_OK) return status;
    }
    return kmi_fail(error, KM_E_BUSY, "\"%s/journal\" is replaced faster than it can be opened", queue->path);
}

/* ---- Creating ---- */

uint64_t kmi_journal_make_id(km_error *error) {
    kmi_uuid uuid;
    if (kmi_uuid_make(&uuid, error) != KM_OK) return 0;
    uint64_t id = 0; /* 48 bits of time, 16 random ones */
    for (int i = 0; i < 6; i++) id = id << 8 | uuid.bytes[i];
    return id << 16 | (uint64_t)uuid.bytes[14] << 8 | uuid.bytes[15];
}

static km_status fill_new_journal(int fd, const char *path, bool is_sealed, km_error *error) {
    static const char zeros[KMI_JOURNAL_PREFILL_BYTES];
    kmi_journal_header header = {
        .next_offset = KMI_JOURNAL_DATA_OFFSET, .journal_id = kmi_journal_make_id(error), .is_sealed = is_sealed};
    if (header.journal_id == 0) return KM_E_IO;
    km_status status = kmi_file_write_at(fd, path, 0, zeros, sizeof zeros, error);
    if (status == KM_OK) status = kmi_journal_write_header(fd, &header, path, error);
    if (status == KM_OK) status = kmi_file_sync_data(fd, path, error);
    return status;
}

km_status kmi_journal_create(kmi_queue *queue, const char *name, bool is_sealed, km_error *error) {
    char temporary[64];
    kmi_uuid unique;
    char unique_text[KMI_UUID_TEXT_SIZE];
    km_status status = kmi_uuid_make(&unique, error);
    if (status != KM_OK) return status;
    snprintf(temporary, sizeof temporary, KMI_JOURNAL_TEMPORARY_PREFIX "%s", kmi_uuid_format(&unique, unique_text));
    KMI_CLEANUP_FD int fd = -1;
    status = kmi_file_open(queue->dir_fd, temporary, O_RDWR | O_CREAT | O_EXCL, &fd, error);
    if (status == KM_OK) status = kmi_lock_try(fd, KMI_LOCK_BYTE_APPEND, error); /* "in work": see kmi_queue_sweep() */
    if (status != KM_OK) return kmi_fail_context(error, status, "cannot create \"%s/%s\"", queue->path, name);
    if (status == KM_OK) status = fill_new_journal(fd, queue->path, is_sealed, error);
    if (status == KM_OK && renameat2(queue->dir_fd, temporary, queue->dir_fd, name, RENAME_NOREPLACE) != 0)
        status = errno == EEXIST || errno == ENOENT
                     ? kmi_fail(error, KM_E_CONFLICT, "\"%s/%s\" exists", queue->path, name)
                     : kmi_fail_errno(error, errno, "cannot create \"%s/%s\"", queue->path, name);
    if (status != KM_OK && fd >= 0) unlinkat(queue->dir_fd, temporary, 0);
    if (status == KM_OK) status = kmi_dir_sync(queue->dir_fd, queue->path, error);
    return status;
}

/* ---- Appending ---- */

/* A header that cannot be read (a damaged sector, a foreign file) must not stop the intake: the file is set aside as a
 * segment, where the worker saves what can be read, and a new journal takes its place. */
static km_status set_aside_damaged(kmi_queue *queue, kmi_journal *journal, km_error *error) {
    uint64_t id = kmi_journal_make_id(error);
    char name[KMI_SEGMENT_NAME_SIZE];
    if (id == 0) return KM_E_IO;
    kmi_segment_name_format(id, name);
    if (renameat(queue->dir_fd, KMI_JOURNAL_NAME, queue->dir_fd, name) != 0)
        return kmi_fail_errno(error, errno, "cannot set the damaged \"%s/journal\" aside", queue->path);
    kmi_journal_close(journal);
    return KM_OK;
}

static km_status open_for_append(kmi_queue *queue, kmi_journal *ret_journal, km_error *error) {
    for (int attempt = 0; attempt < open_attempts; attempt++) {
        km_status status = kmi_journal_open_locked(queue, ret_journal, error);
        if (status == KM_OK && ret_journal->is_valid) return KM_OK;
        if (status == KM_OK) {
            status = set_aside_damaged(queue, ret_journal, error);
        } else if (status == KM_E_NOT_FOUND) {
            status = kmi_journal_create(queue, KMI_JOURNAL_NAME, false, error);
            if (status == KM_E_CONFLICT) status = KM_OK; /* another process was faster */
        }
        if (status != KM_OK) return status;
    }
    return kmi_fail(error, KM_E_BUSY, "\"%s/journal\" vanishes as soon as it is made", queue->path);
}

/* Writes records from `first` on, as many as one system call takes, and moves *offset. */
static km_status write_records(kmi_queue *queue, const kmi_journal *journal, const kmi_append_request *request,
                               size_t first, size_t count, uint64_t *offset, km_error *error) {
    static const char padding[8];
    unsigned char headers[append_parts][KMI_RECORD_HEADER_BYTES];
    struct iovec parts[3 * append_parts];
    int part_count = 0;
    uint64_t size = 0;
    for (size_t i = 0; i < count; i++) {
        const kmi_record *record = &request->records[first + i];
        size_t record_size = kmi_record_size(record->payload.len);
        kmi_record_header_encode(journal->header.journal_id, record, headers[i]);
        parts[part_count++] = (struct iovec){headers[i], KMI_RECORD_HEADER_BYTES};
        parts[part_count++] = (struct iovec){(void *)(uintptr_t)record->payload.ptr, record->payload.len};
        size_t rest = record_size - KMI_RECORD_HEADER_BYTES - record->payload.len;
        if (rest != 0) parts[part_count++] = (struct iovec){(void *)(uintptr_t)padding, rest};
        size += record_size;
    }
    km_status status = kmi_file_writev_at(journal->fd, queue->path, (off_t)*offset, parts, part_count, error);
    if (status == KM_OK) *offset += size;
    return status;
}

/* Writes all records, then the header that makes them count. A failure leaves the header, and so the journal, as it was. */
static km_status write_all(kmi_queue *queue, kmi_journal *journal, const kmi_append_request *request, km_error *error) {
    uint64_t offset = journal->header.next_offset;
    km_status status = KM_OK;
    for (size_t first = 0; first < request->record_count && status == KM_OK; first += append_parts) {
        size_t count = request->record_count - first < append_parts ? request->record_count - first : append_parts;
        status = write_records(queue, journal, request, first, count, &offset, error);
    }
    if (status != KM_OK) return status;
    kmi_journal_header header = journal->header;
    header.next_offset = offset;
    header.record_count += request->record_count;
    status = kmi_journal_write_header(journal->fd, &header, queue->path, error);
    if (status == KM_OK) journal->header = header;
    return status;
}

static km_status read_synced(kmi_queue *queue, const kmi_journal *journal, uint64_t *ret_synced, km_error *error) {
    unsigned char bytes[KMI_JOURNAL_SYNCED_BYTES] = {0};
    size_t len = 0;
    km_status status =
        kmi_file_read_at(journal->fd, queue->path, KMI_JOURNAL_SYNCED_OFFSET, bytes, sizeof bytes, &len, error);
    *ret_synced = len == sizeof bytes ? kmi_journal_synced_decode(bytes, journal->header.journal_id) : 0;
    return status;
}

/* After a wait, others have probably appended: one flush covers them all. */
static km_status read_end(kmi_queue *queue, const kmi_journal *journal, uint64_t *ret_end, km_error *error) {
    unsigned char bytes[KMI_JOURNAL_HEADER_BYTES] = {0};
    size_t len = 0;
    kmi_journal_header header;
    km_status status = kmi_file_read_at(journal->fd, queue->path, 0, bytes, sizeof bytes, &len, error);
    *ret_end = journal->header.next_offset;
    if (status == KM_OK && kmi_journal_header_decode(bytes, &header) &&
        header.journal_id == journal->header.journal_id && header.next_offset > *ret_end)
        *ret_end = header.next_offset;
    return status;
}

/* With `is_shared` others wait, and the note of how far the disk has got spares them a flush of their own. Alone, the note
 * would be a system call for nobody; whoever came in meanwhile flushes once for all that wait by then. */
static km_status flush(kmi_queue *queue, const kmi_journal *journal, uint64_t end, bool is_shared, km_error *error) {
    km_status status = kmi_file_sync_data(journal->fd, queue->path, error);
    if (status != KM_OK) return kmi_fail_context(error, status, "the text was not accepted");
    if (!is_shared) return KM_OK;
    unsigned char bytes[KMI_JOURNAL_SYNCED_BYTES];
    kmi_journal_synced_encode(journal->header.journal_id, end, bytes);
    if (kmi_file_write_at(journal->fd, queue->path, KMI_JOURNAL_SYNCED_OFFSET, bytes, sizeof bytes, NULL) != KM_OK)
        return KM_OK; /* without this note somebody flushes once more than needed: no reason to fail */
    return KM_OK;
}

/* Sees to it that everything up to the end of our records is on the disk, by our own flush or by somebody else's. */
static km_status sync_shared(kmi_queue *queue, const kmi_journal *journal, km_error *error) {
    uint64_t end = journal->header.next_offset;
    const int64_t deadline_us = kmi_clock_monotonic_us() + (int64_t)lock_timeout_ms * 1000;
    struct timespec pause = {.tv_nsec = 50000};
    bool has_waited = false;
    for (;;) {
        km_status status = kmi_lock_try(journal->fd, KMI_LOCK_BYTE_SYNC, error);
        if (status != KM_OK && status != KM_E_BUSY) return status;
        uint64_t synced = 0;
        if (has_waited || status == KM_E_BUSY) {
            km_status read = read_synced(queue, journal, &synced, error);
            if (read != KM_OK) return read;
        }
        if (synced >= journal->header.next_offset) return KM_OK;
        if (status == KM_OK) {
            if (has_waited) status = read_end(queue, journal, &end, error);
            return status == KM_OK ? flush(queue, journal, end, has_waited, error) : status;
        }
        if (kmi_clock_monotonic_us() > deadline_us)
            return kmi_fail(
                error, KM_E_BUSY,
                "another process has been flushing \"%s/journal\" for %d s; the text may be lost, try again",
                queue->path, lock_timeout_ms / 1000);
        has_waited = true;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 1000000) pause.tv_nsec += pause.tv_nsec / 2;
    }
}

km_status kmi_journal_append(kmi_queue *queue, const kmi_append_request *request, uint64_t *ret_depth,
                             bool *ret_is_full, km_error *error) {
    KMI_CLEANUP_JOURNAL kmi_journal journal = {.fd = -1};
    *ret_is_full = false;
    km_status status = open_for_append(queue, &journal, error);
    if (status != KM_OK) return status;
    uint64_t depth = journal.header.record_count + journal.header.backlog;
    if (depth >= request->depth_limit) {
        *ret_depth = depth;
        *ret_is_full = true;
        return kmi_fail(error, KM_E_BUSY, "the queue is full (%llu of %llu tasks)", (unsigned long long)depth,
                        (unsigned long long)request->depth_limit);
    }
    status = write_all(queue, &journal, request, error);
    kmi_lock_release(journal.fd, KMI_LOCK_BYTE_APPEND);
    if (status == KM_OK && request->is_durable) status = sync_shared(queue, &journal, error);
    if (status == KM_OK) *ret_depth = journal.header.record_count + journal.header.backlog;
    return status;
}

/* ---- Looking, and the worker's side ---- */

km_status kmi_journal_depth(kmi_queue *queue, uint64_t *ret_records, uint64_t *ret_backlog, km_error *error) {
    *ret_records = *ret_backlog = 0;
    KMI_CLEANUP_FD int fd = -1;
    km_status status = kmi_file_open(queue->dir_fd, KMI_JOURNAL_NAME, O_RDONLY, &fd, error);
    if (status == KM_E_NOT_FOUND) return KM_OK;
    unsigned char bytes[KMI_JOURNAL_HEADER_BYTES] = {0};
    size_t len = 0;
    if (status == KM_OK) status = kmi_file_read_at(fd, queue->path, 0, bytes, sizeof bytes, &len, error);
    if (status == KM_OK && kmi_journal_header_is_newer(bytes)) return fail_newer(queue, error);
    kmi_journal_header header;
    if (status == KM_OK && kmi_journal_header_decode(bytes, &header)) {
        *ret_records = header.record_count;
        *ret_backlog = header.backlog;
    }
    return status;
}

km_status kmi_journal_set_backlog(kmi_queue *queue, uint64_t backlog, km_error *error) {
    KMI_CLEANUP_JOURNAL kmi_journal journal = {.fd = -1};
    km_status status = kmi_journal_open_locked(queue, &journal, error);
    if (status == KM_E_NOT_FOUND) return KM_OK;
    if (status != KM_OK || !journal.is_valid || journal.header.backlog == backlog) return status;
    journal.header.backlog = backlog;
    return kmi_journal_write_header(journal.fd, &journal.header, queue->path, error);
}
