/* inspect.h - looking into the queue without taking part in it: for listings and statistics. */
#ifndef KMI_QUEUE_INSPECT_H
#define KMI_QUEUE_INSPECT_H

#include "queue/queue.h"

/* Calls `visit` for every task in journal and segments, in order of arrival, without any lock: for listing. None is missed
 * that the worker takes meanwhile (it then comes last). The payload is valid during the call. Return false to stop. */
typedef bool (*kmi_queue_visit)(const kmi_record *record, void *context);
km_status kmi_queue_each(kmi_queue *queue, kmi_queue_visit visit, void *context, km_error *error) KM_MUST_CHECK;

/* Returns: wall-clock time in microseconds before which no file that holds records was begun; INT64_MAX when none holds any.
 * Records of tasks in the store that ended later must be kept: they keep a task from being learnt twice. */
int64_t kmi_queue_oldest_us(kmi_queue *queue);

/* Returns: bytes of the records in journal and segments, done or not: what kmi_queue_each() has to read. One header a file. */
uint64_t kmi_queue_record_bytes(kmi_queue *queue);

/* Returns: bytes in quarantine/. */
uint64_t kmi_quarantine_bytes(kmi_queue *queue);

#endif
