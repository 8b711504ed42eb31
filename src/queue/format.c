/* Encoding and decoding by explicit offsets rather than by casting structs: the layout on disk then depends on nothing but
 * this file, whatever the compiler does with padding. */
#include "queue/format.h"

#include <string.h>

#include "base/hash.h"

static const char journal_magic[8] = {'K', 'M', 'J', 'O', 'U', 'R', 'N', '\n'};
static const uint32_t record_magic = 0x31524d4b; /* "KMR1" */

enum { record_is_keyed = 1 };
enum { record_kind_learn = 1 };

static void put_u16(unsigned char *at, uint16_t value) {
    at[0] = (unsigned char)value;
    at[1] = (unsigned char)(value >> 8);
}

static void put_u32(unsigned char *at, uint32_t value) {
    put_u16(at, (uint16_t)value);
    put_u16(at + 2, (uint16_t)(value >> 16));
}

static void put_u64(unsigned char *at, uint64_t value) {
    put_u32(at, (uint32_t)value);
    put_u32(at + 4, (uint32_t)(value >> 32));
}

static uint16_t get_u16(const unsigned char *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get_u32(const unsigned char *at) {
    return get_u16(at) | (uint32_t)get_u16(at + 2) << 16;
}

static uint64_t get_u64(const unsigned char *at) {
    return get_u32(at) | (uint64_t)get_u32(at + 4) << 32;
}

/* Header: magic 8, version 4, sealed 4, id 8, next 8, count 8, backlog 8, reserved 8, checksum 8. */
static uint64_t header_checksum(const unsigned char *bytes) {
    kmi_slice all = {(const char *)bytes, KMI_JOURNAL_HEADER_BYTES - 8};
    return kmi_hash_checksum(0, &all, 1);
}

void kmi_journal_header_encode(const kmi_journal_header *header, unsigned char ret_bytes[KMI_JOURNAL_HEADER_BYTES]) {
    memset(ret_bytes, 0, KMI_JOURNAL_HEADER_BYTES);
    memcpy(ret_bytes, journal_magic, sizeof journal_magic);
    put_u32(ret_bytes + 8, KMI_JOURNAL_VERSION);
    put_u32(ret_bytes + 12, header->is_sealed ? 1 : 0);
    put_u64(ret_bytes + 16, header->journal_id);
    put_u64(ret_bytes + 24, header->next_offset);
    put_u64(ret_bytes + 32, header->record_count);
    put_u64(ret_bytes + 40, header->backlog);
    put_u64(ret_bytes + 56, header_checksum(ret_bytes));
}

bool kmi_journal_header_decode(const unsigned char bytes[KMI_JOURNAL_HEADER_BYTES], kmi_journal_header *ret_header) {
    if (memcmp(bytes, journal_magic, sizeof journal_magic) != 0 || get_u32(bytes + 8) != KMI_JOURNAL_VERSION ||
        get_u64(bytes + 56) != header_checksum(bytes))
        return false;
    kmi_journal_header header = {
        .is_sealed = get_u32(bytes + 12) != 0,
        .journal_id = get_u64(bytes + 16),
        .next_offset = get_u64(bytes + 24),
        .record_count = get_u64(bytes + 32),
        .backlog = get_u64(bytes + 40),
    };
    if (header.journal_id == 0 || header.next_offset < KMI_JOURNAL_DATA_OFFSET || header.next_offset % 8 != 0 ||
        header.next_offset > INT64_MAX)
        return false;
    *ret_header = header;
    return true;
}

bool kmi_journal_header_is_newer(const unsigned char bytes[KMI_JOURNAL_HEADER_BYTES]) {
    return memcmp(bytes, journal_magic, sizeof journal_magic) == 0 && get_u32(bytes + 8) > KMI_JOURNAL_VERSION &&
           get_u64(bytes + 56) == header_checksum(bytes);
}

void kmi_journal_synced_encode(uint64_t journal_id, uint64_t synced_offset,
                               unsigned char ret_bytes[KMI_JOURNAL_SYNCED_BYTES]) {
    put_u64(ret_bytes, journal_id);
    put_u64(ret_bytes + 8, synced_offset);
    kmi_slice fields = {(const char *)ret_bytes, 16};
    put_u64(ret_bytes + 16, kmi_hash_checksum(0, &fields, 1));
}

uint64_t kmi_journal_synced_decode(const unsigned char bytes[KMI_JOURNAL_SYNCED_BYTES], uint64_t journal_id) {
    kmi_slice fields = {(const char *)bytes, 16};
    if (get_u64(bytes) != journal_id || get_u64(bytes + 16) != kmi_hash_checksum(0, &fields, 1)) return 0;
    return get_u64(bytes + 8);
}

size_t kmi_record_size(size_t payload_len) {
    return (KMI_RECORD_HEADER_BYTES + payload_len + 7) & ~(size_t)7;
}

/* Record: magic 4, payload length 4, checksum 8, journal id 8, task id 16, created 8, priority 1, kind 1, flags 2,
 * items 4, redactions 4, reserved 12. The checksum covers everything but itself. */
static uint64_t record_checksum(const unsigned char *bytes, kmi_slice payload) {
    kmi_slice parts[] = {
        {(const char *)bytes, 8},
        {(const char *)bytes + 16, KMI_RECORD_HEADER_BYTES - 16},
        payload,
    };
    return kmi_hash_checksum(0, parts, 3);
}

void kmi_record_header_encode(uint64_t journal_id, const kmi_record *record,
                              unsigned char ret_bytes[KMI_RECORD_HEADER_BYTES]) {
    memset(ret_bytes, 0, KMI_RECORD_HEADER_BYTES);
    put_u32(ret_bytes, record_magic);
    put_u32(ret_bytes + 4, (uint32_t)record->payload.len);
    put_u64(ret_bytes + 16, journal_id);
    memcpy(ret_bytes + 24, record->task_id.bytes, 16);
    put_u64(ret_bytes + 40, (uint64_t)record->created_at_us);
    ret_bytes[48] = record->priority;
    ret_bytes[49] = record_kind_learn;
    put_u16(ret_bytes + 50, record->is_keyed ? record_is_keyed : 0);
    put_u32(ret_bytes + 52, record->item_count);
    put_u32(ret_bytes + 56, record->redaction_count);
    put_u64(ret_bytes + 8, record_checksum(ret_bytes, record->payload));
}

size_t kmi_record_peek_payload_len(const unsigned char bytes[KMI_RECORD_HEADER_BYTES]) {
    uint32_t len = get_u32(bytes + 4);
    return get_u32(bytes) == record_magic && len <= KMI_RECORD_PAYLOAD_LIMIT ? len : SIZE_MAX;
}

uint64_t kmi_record_journal_id(const unsigned char bytes[KMI_RECORD_HEADER_BYTES]) {
    return get_u64(bytes + 16);
}

bool kmi_record_decode(uint64_t journal_id, const unsigned char bytes[KMI_RECORD_HEADER_BYTES], kmi_slice payload,
                       kmi_record *ret_record) {
    if (kmi_record_peek_payload_len(bytes) != payload.len || kmi_record_journal_id(bytes) != journal_id ||
        get_u64(bytes + 8) != record_checksum(bytes, payload) || bytes[49] != record_kind_learn)
        return false;
    *ret_record = (kmi_record){
        .created_at_us = (int64_t)get_u64(bytes + 40),
        .priority = bytes[48] > KM_PRIORITY_LAST ? KM_PRIORITY_LAST : bytes[48],
        .is_keyed = (get_u16(bytes + 50) & record_is_keyed) != 0,
        .item_count = get_u32(bytes + 52),
        .redaction_count = get_u32(bytes + 56),
        .payload = payload,
    };
    memcpy(ret_record->task_id.bytes, bytes + 24, 16);
    return true;
}
