/* Taking the journal is one atomic exchange of two names, so there is a journal at every moment and a power cut leaves
 * either the old or the new state; a file whose last rename was lost is recognised by its content. Retired files are
 * recycled as the next journal, which saves pre-filling them; the new id in the header makes all old records invalid, and
 * the header is on the disk before the task records in the store may be forgotten. */
#include "queue/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/journal.h"
#include "queue/scan.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/lock.h"

/* After the exchange but before the rename the taken journal is called journal.next. */
static km_status adopt_next(kmi_queue *queue, km_error *error) {
    kmi_journal_header header;
    if (!kmi_journal_header_read(queue, KMI_JOURNAL_NEXT_NAME, &header) || header.record_count == 0) return KM_OK;
    char name[KMI_SEGMENT_NAME_SIZE];
    kmi_segment_name_format(header.journal_id, name);
    if (renameat(queue->dir_fd, KMI_JOURNAL_NEXT_NAME, queue->dir_fd, name) == 0 || errno == ENOENT) return KM_OK;
    return kmi_fail_errno(error, errno, "cannot rename \"%s/%s\"", queue->path, KMI_JOURNAL_NEXT_NAME);
}

km_status kmi_segment_list(kmi_queue *queue, kmi_segment_names *ret_names, km_error *error) {
    kmi_queue_sweep(queue);
    km_status status = adopt_next(queue, error);
    return status == KM_OK ? kmi_segment_names_list(queue, ret_names, error) : status;
}

/* ---- Taking ---- */

/* What holds records, or cannot be read, must not become the journal: it is looked after as a segment. */
static km_status set_next_aside(kmi_queue *queue, km_error *error) {
    char name[KMI_SEGMENT_NAME_SIZE];
    uint64_t id = kmi_journal_make_id(error);
    if (id == 0) return KM_E_IO;
    kmi_segment_name_format(id, name);
    if (renameat(queue->dir_fd, KMI_JOURNAL_NEXT_NAME, queue->dir_fd, name) != 0)
        return kmi_fail_errno(error, errno, "cannot rename \"%s/%s\"", queue->path, KMI_JOURNAL_NEXT_NAME);
    return KM_OK;
}

/* Opens journal.next, made where there is none, and locks it against appends: a process that opened this file in an earlier life of
 * it may still be waiting for that lock. */
static km_status open_next(kmi_queue *queue, int *ret_fd, km_error *error) {
    km_status status = kmi_file_open(queue->dir_fd, KMI_JOURNAL_NEXT_NAME, O_RDWR, ret_fd, error);
    if (status == KM_E_NOT_FOUND) {
        status = kmi_journal_create(queue, KMI_JOURNAL_NEXT_NAME, true, error);
        if (status == KM_OK || status == KM_E_CONFLICT)
            status = kmi_file_open(queue->dir_fd, KMI_JOURNAL_NEXT_NAME, O_RDWR, ret_fd, error);
    }
    return status == KM_OK ? kmi_lock_wait(*ret_fd, KMI_LOCK_BYTE_APPEND, 1000, error) : status;
}

static bool is_empty_journal(kmi_queue *queue, kmi_journal_header *ret_header) {
    return kmi_journal_header_read(queue, KMI_JOURNAL_NEXT_NAME, ret_header) && ret_header->record_count == 0;
}

/* Makes journal.next an empty journal whose header tells the backlog. Segments are read in the order of their ids, so its id must
 * lie above that of the journal it follows, also when both were made in one millisecond or the clock went back. *ret_fd, which
 * holds the lock, is closed by the caller, after the exchange. */
static km_status prepare_next(kmi_queue *queue, uint64_t journal_id, uint64_t backlog, int *ret_fd, km_error *error) {
    kmi_journal_header header;
    km_status status = open_next(queue, ret_fd, error);
    if (status == KM_OK && !is_empty_journal(queue, &header)) {
        kmi_fd_close(ret_fd);
        status = set_next_aside(queue, error);
        if (status == KM_OK) status = open_next(queue, ret_fd, error);
        if (status == KM_OK && !is_empty_journal(queue, &header))
            status = kmi_fail(error, KM_E_BUSY, "\"%s/%s\" does not stay empty", queue->path, KMI_JOURNAL_NEXT_NAME);
    }
    if (status != KM_OK) return status;
    if (header.journal_id <= journal_id) header.journal_id = journal_id + 1;
    header.backlog = backlog;
    header.is_sealed = false;
    return kmi_journal_write_header(*ret_fd, &header, queue->path, error);
}

km_status kmi_segment_take(kmi_queue *queue, uint64_t backlog, char ret_name[KMI_SEGMENT_NAME_SIZE], km_error *error) {
    ret_name[0] = '\0';
    KMI_CLEANUP_JOURNAL kmi_journal journal = {.fd = -1};
    km_status status = kmi_journal_open_locked(queue, &journal, error);
    if (status == KM_E_NOT_FOUND) return KM_OK;
    if (status != KM_OK || (journal.is_valid && journal.header.record_count == 0)) return status;
    uint64_t journal_id = journal.is_valid ? journal.header.journal_id : kmi_journal_make_id(error);
    if (journal_id == 0) return KM_E_IO;
    KMI_CLEANUP_FD int next_fd = -1;
    status = prepare_next(queue, journal_id, backlog + journal.header.record_count, &next_fd, error);
    if (status != KM_OK) return status;
    if (journal.is_valid) {
        journal.header.is_sealed = true; /* whoever waits for the lock on this file looks for its successor */
        status = kmi_journal_write_header(journal.fd, &journal.header, queue->path, error);
        if (status != KM_OK) return status;
    }
    if (renameat2(queue->dir_fd, KMI_JOURNAL_NEXT_NAME, queue->dir_fd, KMI_JOURNAL_NAME, RENAME_EXCHANGE) != 0)
        return kmi_fail_errno(error, errno, "cannot exchange \"%s/journal\"; does the file system support it?",
                              queue->path);
    char name[KMI_SEGMENT_NAME_SIZE];
    kmi_segment_name_format(journal_id, name);
    if (renameat(queue->dir_fd, KMI_JOURNAL_NEXT_NAME, queue->dir_fd, name) != 0)
        return kmi_fail_errno(error, errno, "cannot name the segment \"%s/%s\"", queue->path, name);
    memcpy(ret_name, name, sizeof name);
    return KM_OK;
}

km_status kmi_queue_release_if_empty(kmi_queue *queue, off_t worker_byte, bool *ret_released, km_error *error) {
    *ret_released = false;
    KMI_CLEANUP_JOURNAL kmi_journal journal = {.fd = -1};
    km_status status = kmi_journal_open_locked(queue, &journal, error);
    bool is_empty =
        status == KM_E_NOT_FOUND || (status == KM_OK && journal.is_valid && journal.header.record_count == 0);
    if (!is_empty) return status;
    KMI_CLEANUP_NAMES kmi_segment_names names = {0};
    status = kmi_segment_list(queue, &names, error);
    if (status != KM_OK) return status;
    if (names.count == 0) {
        kmi_lock_release(queue->lock_fd, worker_byte);
        *ret_released = true;
    }
    return KM_OK;
}

/* ---- Reading ---- */

typedef struct loading {
    kmi_queue *queue;
    kmi_segment *segment;
    size_t capacity;
    int quarantine_fd;
    km_status status;
    km_error *error;
} loading;

static bool load_record(const kmi_record *record, uint64_t offset, void *context) {
    loading *l = context;
    kmi_segment *segment = l->segment;
    if (segment->count == l->capacity) {
        size_t capacity = l->capacity == 0 ? 64 : l->capacity * 2;
        kmi_segment_entry *grown = reallocarray(segment->entries, capacity, sizeof *grown);
        if (grown == NULL) {
            l->status = kmi_fail(l->error, KM_E_NOMEM, "out of memory while reading \"%s\"", segment->name);
            return false;
        }
        segment->entries = grown;
        l->capacity = capacity;
    }
    segment->entries[segment->count++] = (kmi_segment_entry){
        .task_id = record->task_id,
        .offset = offset,
        .created_at_us = record->created_at_us,
        .payload_len = (uint32_t)record->payload.len,
        .item_count = record->item_count,
        .redaction_count = record->redaction_count,
        .priority = record->priority,
        .is_keyed = record->is_keyed,
    };
    return true;
}

/* The name tells the place, so that a worker that dies here and comes back writes the same file again. */
static bool quarantine(kmi_slice bytes, uint64_t offset, void *context) {
    loading *l = context;
    if (l->quarantine_fd < 0) {
        l->status = kmi_dir_make(l->queue->dir_fd, "quarantine", NULL, l->error);
        if (l->status == KM_OK) l->status = kmi_dir_open(l->queue->dir_fd, "quarantine", &l->quarantine_fd, l->error);
    }
    char name[64];
    snprintf(name, sizeof name, "%s-%llu", l->segment->name, (unsigned long long)offset);
    if (l->status == KM_OK) l->status = kmi_file_replace(l->quarantine_fd, name, bytes, l->error);
    l->segment->damaged_bytes += bytes.len;
    return l->status == KM_OK;
}

km_status kmi_segment_open(kmi_queue *queue, const char *name, kmi_segment *ret_segment, km_error *error) {
    kmi_segment segment = {.fd = -1};
    snprintf(segment.name, sizeof segment.name, "%s", name);
    km_status status = kmi_file_open(queue->dir_fd, name, O_RDWR, &segment.fd, error);
    if (status != KM_OK) return status;
    loading l = {.queue = queue, .segment = &segment, .quarantine_fd = -1, .error = error};
    kmi_scan_visitor visitor = {load_record, quarantine, &l};
    kmi_scan_result result;
    status = kmi_scan_file(segment.fd, queue->path, &visitor, &result, error);
    if (status == KM_OK) status = l.status;
    kmi_fd_close(&l.quarantine_fd);
    if (status != KM_OK) {
        kmi_segment_close(&segment);
        return status;
    }
    segment.journal_id = result.journal_id;
    *ret_segment = segment;
    return KM_OK;
}

void kmi_segment_close(kmi_segment *segment) {
    kmi_fd_close(&segment->fd);
    free(segment->entries);
    segment->entries = NULL;
    segment->count = 0;
}

km_status kmi_segment_read_payload(const kmi_segment *segment, const kmi_segment_entry *entry, kmi_buf *buf,
                                   km_error *error) {
    size_t size = KMI_RECORD_HEADER_BYTES + entry->payload_len;
    char *bytes = malloc(size);
    if (bytes == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading a task");
    size_t len = 0;
    km_status status = kmi_file_read_at(segment->fd, segment->name, (off_t)entry->offset, bytes, size, &len, error);
    kmi_record record;
    kmi_slice payload = {bytes + KMI_RECORD_HEADER_BYTES, entry->payload_len};
    if (status == KM_OK &&
        (len != size || !kmi_record_decode(segment->journal_id, (unsigned char *)bytes, payload, &record)))
        status = kmi_fail(error, KM_E_NOT_FOUND, "\"%s\" does not hold the task any more", segment->name);
    if (status == KM_OK) {
        kmi_buf_clear(buf);
        kmi_buf_add_slice(buf, payload);
        status = kmi_buf_status(buf);
        if (status != KM_OK) status = kmi_fail(error, status, "out of memory while reading a task");
    }
    free(bytes);
    return status;
}

/* ---- Giving back ---- */

/* Zeros from the first record on, so that committed texts do not linger in the file. */
static km_status wipe(int fd, const char *path, uint64_t end, km_error *error) {
    static const char zeros[KMI_JOURNAL_PREFILL_BYTES];
    km_status status = KM_OK;
    for (uint64_t at = KMI_JOURNAL_DATA_OFFSET; at < end && status == KM_OK; at += sizeof zeros) {
        size_t len = end - at < sizeof zeros ? (size_t)(end - at) : sizeof zeros;
        status = kmi_file_write_at(fd, path, (off_t)at, zeros, len, error);
    }
    return status;
}

/* Gives the file a new life as an empty journal, sealed until it becomes the journal. Its new header is on the disk when this
 * returns: the old records can then never be read again, whatever becomes of the renames. */
static km_status renew(kmi_segment *segment, uint64_t old_end, km_error *error) {
    kmi_journal_header header = {
        .next_offset = KMI_JOURNAL_DATA_OFFSET, .journal_id = kmi_journal_make_id(error), .is_sealed = true};
    if (header.journal_id == 0) return KM_E_IO;
    km_status status = kmi_journal_write_header(segment->fd, &header, segment->name, error);
    if (status == KM_OK) status = kmi_file_sync_data(segment->fd, segment->name, error);
    if (status == KM_OK) status = wipe(segment->fd, segment->name, old_end, error);
    return status;
}

/* True when the open file is still the segment that was read: a second worker may have renewed it meanwhile. */
static km_status check_unchanged(const kmi_segment *segment, bool *ret_is_unchanged, uint64_t *ret_end,
                                 km_error *error) {
    unsigned char bytes[KMI_JOURNAL_HEADER_BYTES] = {0};
    size_t len = 0;
    struct stat file;
    kmi_journal_header header;
    km_status status = kmi_file_read_at(segment->fd, segment->name, 0, bytes, sizeof bytes, &len, error);
    if (status != KM_OK) return status;
    if (fstat(segment->fd, &file) != 0) return kmi_fail_errno(error, errno, "cannot look at \"%s\"", segment->name);
    bool is_valid = kmi_journal_header_decode(bytes, &header);
    *ret_is_unchanged = !is_valid || header.journal_id == segment->journal_id;
    *ret_end = is_valid && header.next_offset < (uint64_t)file.st_size ? header.next_offset : (uint64_t)file.st_size;
    return KM_OK;
}

km_status kmi_segment_retire(kmi_queue *queue, kmi_segment *segment, km_error *error) {
    km_status status = kmi_lock_wait(segment->fd, KMI_LOCK_BYTE_APPEND, 1000, error);
    if (status != KM_OK) return status;
    bool is_unchanged = false;
    uint64_t end = 0;
    status = check_unchanged(segment, &is_unchanged, &end, error);
    if (status != KM_OK || !is_unchanged) return status;
    status = renew(segment, end, error);
    if (status != KM_OK) return status;
    /* A file that a burst has grown is not kept: reading it costs every later turn. */
    bool is_small = end <= KMI_JOURNAL_PREFILL_BYTES;
    if (is_small &&
        renameat2(queue->dir_fd, segment->name, queue->dir_fd, KMI_JOURNAL_NEXT_NAME, RENAME_NOREPLACE) == 0)
        return KM_OK;
    if (unlinkat(queue->dir_fd, segment->name, 0) != 0 && errno != ENOENT)
        return kmi_fail_errno(error, errno, "cannot remove \"%s/%s\"", queue->path, segment->name);
    return KM_OK;
}
