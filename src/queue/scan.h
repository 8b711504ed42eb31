/* scan.h - reading a journal file from its first record to its last, around damage. */
#ifndef KMI_QUEUE_SCAN_H
#define KMI_QUEUE_SCAN_H

#include "queue/format.h"

typedef struct kmi_scan_visitor {
    /* A sound record; payload is valid during the call. Return false to stop. May be NULL. */
    bool (*record)(const kmi_record *record, uint64_t offset, void *context);
    /* Bytes that are no record and were once acknowledged. Return false to stop. May be NULL. */
    bool (*damage)(kmi_slice bytes, uint64_t offset, void *context);
    void *context;
} kmi_scan_visitor;

typedef struct kmi_scan_result {
    uint64_t journal_id; /* 0: the file holds no readable header and no record */
    uint64_t record_count;
    uint64_t damaged_bytes; /* acknowledged once, unreadable now */
    uint64_t torn_bytes;    /* a write that was cut off before it was acknowledged */
    bool is_header_valid;
} kmi_scan_result;

/* Reads the file with pread() only; takes no lock. Memory: one window of a few MiB. KM_E_IO; KM_E_STORE for a newer
 * version; KM_E_NOMEM. An unreadable file is not an error but damage. */
km_status kmi_scan_file(int fd, const char *path, const kmi_scan_visitor *visitor, kmi_scan_result *ret_result,
                        km_error *error) KM_MUST_CHECK;

#endif
