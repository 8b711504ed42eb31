/* heartbeat.h - the thread that shows that the worker lives, and that ends it when a task hangs. */
#ifndef KMI_WORKER_HEARTBEAT_H
#define KMI_WORKER_HEARTBEAT_H

#include "status/metrics.h"
#include "util/log.h"

#define KMI_EXIT_HUNG 70 /* exit code of a process that ended itself because a task hung */

typedef struct kmi_heartbeat kmi_heartbeat;

/* Beats every KMI_WORKER_BEAT_MS. A slot that has had one task in hand for longer than limit_us ends the process with
 * _exit(KMI_EXIT_HUNG). */
km_status kmi_heartbeat_new(const kmi_metrics *metrics, int64_t limit_us, kmi_log *log, kmi_heartbeat **ret_heartbeat,
                            km_error *error) KM_MUST_CHECK;
void kmi_heartbeat_free(kmi_heartbeat *heartbeat);
/* One beat, at once. */
void kmi_heartbeat_beat(const kmi_metrics *metrics);

#endif
