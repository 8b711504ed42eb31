/* queue.h - the durable queue of one project: files in kuzu-memories/queue/.
 *
 *     journal            texts handed over and not yet taken: pre-filled, checksummed records
 *     journal.next       an empty, pre-filled journal that takes its place when the worker takes the old one
 *     seg-<journal id>   a journal that a worker has taken; gone when all its tasks are committed
 *     lock               one byte per role, see below; never holds data
 *     quarantine/        damaged bytes, set aside
 *
 * Life of a text: kmi_journal_append() → journal → kmi_segment_take() → segment → committed to the store →
 * kmi_segment_retire(). Exit protocol: a worker that wants to leave calls kmi_journal_release_if_empty(), which gives its
 * lock back while no append can happen; `learn` appends first and looks for a worker after. So no text is left waiting.
 *
 * A handle belongs to one thread at a time. */
#ifndef KMI_QUEUE_QUEUE_H
#define KMI_QUEUE_QUEUE_H

#include "kuzu_memory.h"
#include "queue/format.h"
#include "util/buf.h"

/* Bytes of queue/lock. */
#define KMI_LOCK_BYTE_STARTER 0 /* whoever starts a worker; handed over to it */
#define KMI_LOCK_BYTE_WRITER 1  /* whoever writes to the store, for one transaction */
#define KMI_LOCK_BYTE_WORKER 16 /* + generation % KMI_LOCK_GENERATIONS: the worker, as long as it lives */
#define KMI_LOCK_GENERATIONS 4096
/* Bytes of a journal file. */
#define KMI_LOCK_BYTE_APPEND 0
#define KMI_LOCK_BYTE_SYNC 1

typedef struct kmi_queue {
    int dir_fd;       /* queue/ */
    int lock_fd;      /* queue/lock, -1 until kmi_queue_lock_fd() */
    const char *path; /* of queue/, for messages; borrowed */
} kmi_queue;
#define KMI_QUEUE_CLOSED \
    { .dir_fd = -1, .lock_fd = -1 }

/* Opens queue/ below the memory directory. With `create` it is made (synced, so that it survives a power cut); else
 * KM_E_NOT_FOUND. `path` is for messages and must outlive the queue. */
km_status kmi_queue_open(kmi_queue *queue, int memory_dir_fd, const char *path, bool create,
                         km_error *error) KM_MUST_CHECK;
void kmi_queue_deinit(kmi_queue *queue);
/* Opens queue/lock (creating it) once, into queue->lock_fd. */
km_status kmi_queue_open_lock(kmi_queue *queue, km_error *error) KM_MUST_CHECK;
/* True while the lock file that is open is the one in the directory; a removed or replaced one protects nothing. */
bool kmi_queue_lock_is_current(const kmi_queue *queue);

#endif
