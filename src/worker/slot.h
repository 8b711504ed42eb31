/* slot.h - what a thread has in hand, written where it survives the death of the process. */
#ifndef KMI_WORKER_SLOT_H
#define KMI_WORKER_SLOT_H

#include <string.h>

#include "status/metrics.h"
#include "util/clock.h"

/* NULL slots (no metrics page) are fine. */
static inline void kmi_slot_set(kmi_worker_slot *slot, const kmi_uuid *task_id) {
    if (slot == NULL) return;
    memcpy(slot->task_id, task_id->bytes, sizeof slot->task_id);
    atomic_store_explicit(&slot->started_at_us, (uint64_t)kmi_clock_monotonic_us(), memory_order_release);
}

static inline void kmi_slot_clear(kmi_worker_slot *slot) {
    if (slot != NULL) atomic_store_explicit(&slot->started_at_us, 0, memory_order_release);
}

#endif
