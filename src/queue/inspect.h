/* inspect.h - looking into the queue without taking part in it: for listings and statistics. */
#ifndef KMI_QUEUE_INSPECT_H
#define KMI_QUEUE_INSPECT_H

#include "queue/queue.h"

/* Calls `visit` for every task in journal and segments, in order of arrival, without any lock: for listing. None is missed
 * that the worker takes meanwhile (it then comes last). The payload is valid during the call. Return false to stop. */
typedef bool (*kmi_queue_visit)(const kmi_record *record, void *context);
km_status kmi_queue_each(kmi_queue *queue, kmi_queue_visit visit, void *context, km_error *error) KM_MUST_CHECK;

/* The same in an order that misses no record, wherever a worker moves files meanwhile; one may be seen twice. */
km_status kmi_queue_each_moving(kmi_queue *queue, kmi_queue_visit visit, void *context, km_error *error) KM_MUST_CHECK;

/* What a scan of all files finds that is no sound record. */
typedef struct kmi_queue_damage {
    uint64_t damaged_bytes; /* accepted once, unreadable now */
    uint64_t bad_headers;   /* files whose header cannot be read */
    uint64_t segments;      /* files that a worker has taken and not given back */
    char name[32];          /* of the first file with damage */
} kmi_queue_damage;
km_status kmi_queue_scan(kmi_queue *queue, kmi_queue_damage *ret_damage, km_error *error) KM_MUST_CHECK;

/* Returns: wall-clock time in microseconds before which no file that holds records was begun; INT64_MAX when none holds any.
 * Records of tasks in the store that ended later must be kept: they keep a task from being learnt twice. */
int64_t kmi_queue_oldest_us(kmi_queue *queue);

/* Returns: bytes of the records in journal and segments, done or not: what kmi_queue_each() has to read. One header a file. */
uint64_t kmi_queue_record_bytes(kmi_queue *queue);

/* Returns: bytes in quarantine/. */
uint64_t kmi_quarantine_bytes(kmi_queue *queue);

#endif
