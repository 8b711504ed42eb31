/* journal.h - the journal file: creating it and appending to it, which is all that `learn` does. */
#ifndef KMI_QUEUE_JOURNAL_H
#define KMI_QUEUE_JOURNAL_H

#include <sys/types.h>

#include "queue/queue.h"

typedef struct kmi_append_request {
    const kmi_record *records; /* appended together or not at all */
    size_t record_count;
    uint64_t depth_limit; /* KM_E_BUSY when so many tasks wait already; a batch enters whole if there is room for one */
    bool is_durable;      /* wait for the disk; false: survives kill -9 only */
} kmi_append_request;

/* Appends records. KM_OK with is_durable: they survive power loss. *ret_depth: tasks that wait, these included (set
 * also when the queue is full). KM_E_BUSY: full, or a lock was not free within 10 s. KM_E_IO, KM_E_PERMISSION: nothing
 * was accepted; after a failed sync the records may still be learnt once. Creates the journal when there is none.
 * Cost without contention: open, lock, fstat, read, two writes, unlock, lock, fdatasync, write, close. */
km_status kmi_journal_append(kmi_queue *queue, const kmi_append_request *request, uint64_t *ret_depth,
                             bool *ret_is_full, km_error *error) KM_MUST_CHECK;

/* How many tasks wait according to the journal's header: in it, and elsewhere when the worker last looked. 0 without a
 * journal. Takes no lock. */
km_status kmi_journal_depth(kmi_queue *queue, uint64_t *ret_records, uint64_t *ret_backlog,
                            km_error *error) KM_MUST_CHECK;

/* Tells `learn` how many tasks wait outside the journal. */
km_status kmi_journal_set_backlog(kmi_queue *queue, uint64_t backlog, km_error *error) KM_MUST_CHECK;

/* ---- Shared with segment.c ---- */

/* A journal opened, locked against appends, and known to be the one that is named `journal`. */
typedef struct kmi_journal {
    int fd;
    bool is_valid; /* the header could be read; else header holds zeros */
    kmi_journal_header header;
} kmi_journal;

/* KM_E_NOT_FOUND: there is none. KM_E_BUSY: the lock was not free in time. KM_E_STORE: written by a newer version. */
km_status kmi_journal_open_locked(kmi_queue *queue, kmi_journal *ret_journal, km_error *error) KM_MUST_CHECK;
void kmi_journal_close(kmi_journal *journal); /* releases its locks as well */
km_status kmi_journal_write_header(int fd, const kmi_journal_header *header, const char *path,
                                   km_error *error) KM_MUST_CHECK;
/* Creates an empty, pre-filled, synced journal under `name`; KM_E_CONFLICT when the name exists. One that is not the journal
 * yet must be sealed. */
km_status kmi_journal_create(kmi_queue *queue, const char *name, bool is_sealed, km_error *error) KM_MUST_CHECK;
/* Returns: an id for a new journal: rises with time, not guessable from outside. 0 after a failure. */
uint64_t kmi_journal_make_id(km_error *error);

#define KMI_CLEANUP_JOURNAL __attribute__((cleanup(kmi_journal_close)))

#endif
