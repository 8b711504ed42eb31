/* names.h - the files of the queue's directory. */
#ifndef KMI_QUEUE_NAMES_H
#define KMI_QUEUE_NAMES_H

#include "queue/queue.h"

#define KMI_SEGMENT_NAME_SIZE 32
#define KMI_JOURNAL_NAME "journal"
#define KMI_JOURNAL_NEXT_NAME "journal.next"
#define KMI_JOURNAL_TEMPORARY_PREFIX ".journal."

typedef struct kmi_segment_names {
    size_t count;
    char (*items)[KMI_SEGMENT_NAME_SIZE]; /* oldest first; end with kmi_segment_names_deinit() */
} kmi_segment_names;

void kmi_segment_names_deinit(kmi_segment_names *names);
#define KMI_CLEANUP_NAMES __attribute__((cleanup(kmi_segment_names_deinit)))

void kmi_segment_name_format(uint64_t journal_id, char ret_name[KMI_SEGMENT_NAME_SIZE]);
/* Lists the segments, oldest first. Changes nothing. */
km_status kmi_segment_names_list(kmi_queue *queue, kmi_segment_names *ret_names, km_error *error) KM_MUST_CHECK;
/* Removes temporary files of processes that died while they made a journal: those that nobody holds locked. */
void kmi_queue_sweep(kmi_queue *queue);
/* Reads the header of a journal file; false when the file or a valid header is not there. */
bool kmi_journal_header_read(kmi_queue *queue, const char *name, kmi_journal_header *ret_header);

#endif
