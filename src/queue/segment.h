/* segment.h - the worker's side of the queue: taking the journal, reading what it holds, and giving the file back. */
#ifndef KMI_QUEUE_SEGMENT_H
#define KMI_QUEUE_SEGMENT_H

#include <sys/types.h>

#include "queue/names.h"

/* A task in a segment: everything but its payload, which is read when its turn comes. */
typedef struct kmi_segment_entry {
    kmi_uuid task_id;
    uint64_t offset; /* of the record */
    int64_t created_at_us;
    uint32_t payload_len;
    uint32_t item_count;
    uint32_t redaction_count;
    uint8_t priority;
    bool is_keyed;
    bool is_done; /* committed, or found to be committed before */
} kmi_segment_entry;

typedef struct kmi_segment {
    char name[KMI_SEGMENT_NAME_SIZE]; /* file name in queue/ */
    int fd;
    uint64_t journal_id;
    size_t count;
    size_t done_count;
    kmi_segment_entry *entries; /* in order of arrival */
    uint64_t damaged_bytes;     /* set aside in quarantine/ */
} kmi_segment;

/* Lists the segments, oldest first. A full journal.next (a taking that was cut short) becomes a segment first. */
km_status kmi_segment_list(kmi_queue *queue, kmi_segment_names *ret_names, km_error *error) KM_MUST_CHECK;

/* Makes the journal a segment if it holds records, and puts an empty one in its place; ret_name is "" otherwise.
 * `backlog`: tasks that wait elsewhere, told to `learn` in the new journal's header together with the taken ones. */
km_status kmi_segment_take(kmi_queue *queue, uint64_t backlog, char ret_name[KMI_SEGMENT_NAME_SIZE],
                           km_error *error) KM_MUST_CHECK;

/* Opens and reads a segment. Damaged bytes are copied to quarantine/ (synced) before this returns.
 * KM_E_NOT_FOUND when another worker has retired it. */
km_status kmi_segment_open(kmi_queue *queue, const char *name, kmi_segment *ret_segment, km_error *error) KM_MUST_CHECK;
void kmi_segment_close(kmi_segment *segment);

/* Reads the payload of an entry into the buffer (cleared first) and checks it again. KM_E_NOT_FOUND when the bytes are not
 * those of the entry any more: another worker has renewed the file, or it was damaged after it was read. The segment must
 * then be read anew, if it is still there. */
km_status kmi_segment_read_payload(const kmi_segment *segment, const kmi_segment_entry *entry, kmi_buf *buf,
                                   km_error *error) KM_MUST_CHECK;

/* All tasks of the segment are committed: the file is wiped and becomes journal.next, or is removed. Safe against a
 * second worker that does the same. */
km_status kmi_segment_retire(kmi_queue *queue, kmi_segment *segment, km_error *error) KM_MUST_CHECK;

/* While nobody can append: if the journal is empty and there is no segment, releases the worker's byte of queue->lock_fd
 * and sets *ret_released; else leaves all as it is. */
km_status kmi_queue_release_if_empty(kmi_queue *queue, off_t worker_byte, bool *ret_released,
                                     km_error *error) KM_MUST_CHECK;

#endif
