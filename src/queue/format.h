/* format.h - the bytes of a journal file: one header, then records. docs/formats.md has the same as tables.
 *
 * All integers are little-endian. A journal is pre-filled with zeros, so that an append overwrites blocks that exist and
 * costs one flush instead of two. Records start on multiples of 8. Every record carries the id of its journal and a
 * checksum over everything else in it: bytes of an earlier life of a recycled file, or text that looks like a record,
 * are never taken for one. */
#ifndef KMI_QUEUE_FORMAT_H
#define KMI_QUEUE_FORMAT_H

#include "kuzu_memory.h"
#include "util/slice.h"
#include "util/uuid.h"

#define KMI_JOURNAL_VERSION 1
#define KMI_JOURNAL_DATA_OFFSET 4096    /* first record */
#define KMI_JOURNAL_PREFILL_BYTES 65536 /* 15 pages of records: far more than wait at a time in normal use */
#define KMI_JOURNAL_HEADER_BYTES 64
#define KMI_JOURNAL_SYNCED_OFFSET \
    512 /* its own sector: written under the sync lock, the header under the append lock */
#define KMI_JOURNAL_SYNCED_BYTES 24
#define KMI_RECORD_HEADER_BYTES 72
#define KMI_RECORD_PAYLOAD_LIMIT ((size_t)2 * 1024 * 1024)

/* Header sector. */
typedef struct kmi_journal_header {
    uint64_t journal_id;   /* unique, never 0 */
    uint64_t next_offset;  /* where the next record goes; records end here */
    uint64_t record_count; /* records between KMI_JOURNAL_DATA_OFFSET and next_offset */
    uint64_t backlog;      /* tasks that waited outside this journal when the worker last looked */
    bool is_sealed;        /* about to become a segment: append to its successor instead */
} kmi_journal_header;

typedef struct kmi_record {
    kmi_uuid task_id;
    int64_t created_at_us;
    uint8_t priority;
    bool is_keyed;
    uint32_t item_count;
    uint32_t redaction_count;
    kmi_slice payload;
} kmi_record;

void kmi_journal_header_encode(const kmi_journal_header *header, unsigned char ret_bytes[KMI_JOURNAL_HEADER_BYTES]);
/* False when it is no valid header of a known version. */
bool kmi_journal_header_decode(const unsigned char bytes[KMI_JOURNAL_HEADER_BYTES], kmi_journal_header *ret_header);
/* True for a sound header of a version that this program does not know. The places of magic, version and checksum never
 * change; a header whose checksum is wrong is damaged, whatever version it seems to have. */
bool kmi_journal_header_is_newer(const unsigned char bytes[KMI_JOURNAL_HEADER_BYTES]);

void kmi_journal_synced_encode(uint64_t journal_id, uint64_t synced_offset,
                               unsigned char ret_bytes[KMI_JOURNAL_SYNCED_BYTES]);
/* Returns: the offset up to which this journal is known to be on the disk; 0 when the bytes say nothing about it. */
uint64_t kmi_journal_synced_decode(const unsigned char bytes[KMI_JOURNAL_SYNCED_BYTES], uint64_t journal_id);

/* Returns: bytes that a record with this payload takes in a journal, padding included. */
size_t kmi_record_size(size_t payload_len);
/* Writes the header of a record; its payload and zero padding to kmi_record_size() follow it in the file. */
void kmi_record_header_encode(uint64_t journal_id, const kmi_record *record,
                              unsigned char ret_bytes[KMI_RECORD_HEADER_BYTES]);
/* Reads the length fields only: payload length of something that looks like a record header, or SIZE_MAX. */
size_t kmi_record_peek_payload_len(const unsigned char bytes[KMI_RECORD_HEADER_BYTES]);
/* Returns: the id of the journal that a record header names. */
uint64_t kmi_record_journal_id(const unsigned char bytes[KMI_RECORD_HEADER_BYTES]);
/* Checks and decodes a whole record; payload must have the length that the header tells. ret_record->payload is
 * `payload`. False when the checksum or the journal id does not fit. */
bool kmi_record_decode(uint64_t journal_id, const unsigned char bytes[KMI_RECORD_HEADER_BYTES], kmi_slice payload,
                       kmi_record *ret_record);

#endif
