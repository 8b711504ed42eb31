/* wakeup.h - sleeping until `learn` has appended something. */
#ifndef KMI_WORKER_WAKEUP_H
#define KMI_WORKER_WAKEUP_H

#include "kuzu_memory.h"

/* Opens a watch on the queue's directory: writers that close their file wake us (on close rather than on write, so that the
 * worker does not compete with the flush of the very `learn` that woke it). -1 when the system has no more watches: the
 * periodic look is then all there is. */
int kmi_wakeup_open(int queue_dir_fd);
/* Sleeps until woken or until timeout_ms is over. A signal ends it early. Who is woken waits 2 ms more: what comes in meanwhile
 * shares the transaction, and the `learn` that woke us is gone by then instead of sharing a core and the disk with us (of 200
 * at once the slowest per cent takes a quarter less time). Returns: whether the whole time passed. */
bool kmi_wakeup_wait(int wakeup_fd, int64_t timeout_ms);

#endif
