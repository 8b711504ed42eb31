/* A record that does not check out ends nothing: the scan moves on in steps of 8 bytes until one does, and reports what it
 * passed over. Two kinds of rubbish are no loss and not reported as damage: zeros of the pre-filled rest, and a torn tail,
 * that is, a write at the end that a power cut stopped half-way.
 *
 * Looking for the next record hashes each plausible candidate; the total is bounded, so that a file made of record heads
 * costs no more than a few passes over it. */
#include "queue/scan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/error.h"
#include "util/file.h"

enum { window_bytes = 4 * 1024 * 1024, first_step_bytes = 64 * 1024 };
_Static_assert(window_bytes >= KMI_RECORD_HEADER_BYTES + KMI_RECORD_PAYLOAD_LIMIT, "a record fits into the window");

typedef struct scan {
    int fd;
    const char *path;
    const kmi_scan_visitor *visitor;
    kmi_scan_result result;
    uint64_t end;         /* records end here */
    uint64_t synced;      /* known to have been on the disk up to here */
    bool is_cut_short;    /* the file ends before its records do */
    uint64_t hash_budget; /* bytes that may still be hashed for candidates that turn out to be none */
    char *window;
    uint64_t window_start;
    size_t window_len;
    size_t step; /* how much the next read takes: some look at the first record only */
    km_error *error;
} scan;

/* Returns: `len` bytes at `offset`, or a shorter slice at the end of the file; ptr NULL after a failure. */
static kmi_slice view(scan *s, uint64_t offset, size_t len, km_status *status) {
    if (offset < s->window_start || offset + len > s->window_start + s->window_len) {
        size_t wanted = len > s->step ? len : s->step;
        *status = kmi_file_read_at(s->fd, s->path, (off_t)offset, s->window, wanted, &s->window_len, s->error);
        if (*status != KM_OK) return (kmi_slice){NULL, 0};
        if (s->step < window_bytes) s->step *= 2;
        s->window_start = offset;
    }
    size_t skip = (size_t)(offset - s->window_start);
    size_t there = s->window_len > skip ? s->window_len - skip : 0;
    return (kmi_slice){s->window + skip, there < len ? there : len};
}

/* Decodes the record at `offset`. *ret_size is 0 when there is none. */
static km_status try_record(scan *s, uint64_t offset, kmi_record *ret_record, size_t *ret_size) {
    km_status status = KM_OK;
    *ret_size = 0;
    kmi_slice head = view(s, offset, KMI_RECORD_HEADER_BYTES, &status);
    if (head.ptr == NULL || head.len < KMI_RECORD_HEADER_BYTES) return status;
    size_t payload_len = kmi_record_peek_payload_len((const unsigned char *)head.ptr);
    if (payload_len == SIZE_MAX) return KM_OK;
    size_t size = kmi_record_size(payload_len);
    if (size > s->end - offset || payload_len > s->hash_budget) return KM_OK;
    kmi_slice whole = view(s, offset, KMI_RECORD_HEADER_BYTES + payload_len, &status);
    if (whole.ptr == NULL || whole.len < KMI_RECORD_HEADER_BYTES + payload_len) return status;
    const unsigned char *bytes = (const unsigned char *)whole.ptr;
    uint64_t id = s->result.journal_id != 0 ? s->result.journal_id : kmi_record_journal_id(bytes);
    if (kmi_record_decode(id, bytes, kmi_slice_sub(whole, KMI_RECORD_HEADER_BYTES, payload_len), ret_record)) {
        s->result.journal_id = id;
        *ret_size = size;
    } else {
        s->hash_budget -= payload_len;
    }
    return KM_OK;
}

static bool is_zero(kmi_slice bytes) {
    return bytes.len == 0 || (bytes.ptr[0] == 0 && memcmp(bytes.ptr, bytes.ptr + 1, bytes.len - 1) == 0);
}

/* Reports [from, to) in pieces of at most a window. */
static km_status report_damage(scan *s, uint64_t from, uint64_t to, bool *is_stopped) {
    while (from < to && !*is_stopped) {
        km_status status = KM_OK;
        size_t len = to - from < window_bytes ? (size_t)(to - from) : window_bytes;
        kmi_slice bytes = view(s, from, len, &status);
        if (status != KM_OK || bytes.len == 0) return status;
        if (!is_zero(bytes) || (s->result.is_header_valid && to <= s->synced)) {
            s->result.damaged_bytes += bytes.len;
            if (s->visitor->damage != NULL) *is_stopped = !s->visitor->damage(bytes, from, s->visitor->context);
        }
        from += bytes.len;
    }
    return KM_OK;
}

/* Looks for the next record at or behind `offset`. Returns with *ret_offset == s->end when there is none. */
static km_status find_record(scan *s, uint64_t offset, kmi_record *ret_record, uint64_t *ret_offset, size_t *ret_size) {
    for (; offset < s->end; offset += 8) {
        km_status status = try_record(s, offset, ret_record, ret_size);
        if (status != KM_OK) return status;
        if (*ret_size != 0) break;
    }
    *ret_offset = offset < s->end ? offset : s->end;
    return KM_OK;
}

/* A disk writes sectors whole. So a write that was cut off leaves at least one sector as pre-filling left it, or a file that
 * ends too early; what is complete and yet unsound was damaged later. Rests of sectors too short to tell are not asked. */
static km_status check_torn(scan *s, uint64_t from, bool *ret_is_torn) {
    enum { sector_bytes = 512, telling_bytes = 32 };
    *ret_is_torn = s->is_cut_short;
    for (uint64_t at = from; at < s->end && !*ret_is_torn;) {
        uint64_t sector_end = (at / sector_bytes + 1) * sector_bytes;
        size_t len = (size_t)((sector_end < s->end ? sector_end : s->end) - at);
        km_status status = KM_OK;
        kmi_slice part = view(s, at, len, &status);
        if (status != KM_OK) return status;
        *ret_is_torn = part.len < len || (len >= telling_bytes && is_zero(part));
        at += len;
    }
    return KM_OK;
}

static km_status scan_records(scan *s) {
    uint64_t offset = KMI_JOURNAL_DATA_OFFSET;
    bool is_stopped = false;
    while (offset < s->end && !is_stopped) {
        kmi_record record;
        uint64_t found = offset;
        size_t size = 0;
        km_status status = find_record(s, offset, &record, &found, &size);
        if (status != KM_OK) return status;
        bool is_torn = false;
        if (found >= s->end && offset >= s->synced) status = check_torn(s, offset, &is_torn);
        if (status != KM_OK) return status;
        if (is_torn) {
            s->result.torn_bytes = s->end - offset;
            return KM_OK;
        }
        status = report_damage(s, offset, found, &is_stopped);
        if (status != KM_OK || found >= s->end || is_stopped) return status;
        status = try_record(s, found, &record, &size); /* the window may have moved while damage was reported */
        if (status != KM_OK) return status;
        s->result.record_count++;
        if (s->visitor->record != NULL) is_stopped = !s->visitor->record(&record, found, s->visitor->context);
        offset = found + size;
    }
    return KM_OK;
}

static km_status read_header(scan *s) {
    struct stat file;
    if (fstat(s->fd, &file) != 0) return kmi_fail(s->error, KM_E_IO, "cannot look at \"%s\"", s->path);
    s->end = (uint64_t)file.st_size;
    s->hash_budget = 4 * s->end + KMI_RECORD_PAYLOAD_LIMIT;
    km_status status = KM_OK;
    kmi_slice head = view(s, 0, KMI_JOURNAL_DATA_OFFSET, &status);
    if (status != KM_OK || head.len < KMI_JOURNAL_DATA_OFFSET) return status;
    const unsigned char *bytes = (const unsigned char *)head.ptr;
    kmi_journal_header header;
    if (kmi_journal_header_is_newer(bytes))
        return kmi_fail(s->error, KM_E_STORE, "\"%s\" was written by a newer version of kuzu-memory; upgrade this one",
                        s->path);
    s->result.is_header_valid = kmi_journal_header_decode(bytes, &header);
    if (!s->result.is_header_valid) {
        s->synced = s->end; /* nothing is known: better to report too much */
        return KM_OK;
    }
    s->result.journal_id = header.journal_id;
    s->synced = kmi_journal_synced_decode(bytes + KMI_JOURNAL_SYNCED_OFFSET, header.journal_id);
    s->is_cut_short = header.next_offset > s->end;
    if (header.next_offset < s->end) s->end = header.next_offset;
    return KM_OK;
}

km_status kmi_scan_file(int fd, const char *path, const kmi_scan_visitor *visitor, kmi_scan_result *ret_result,
                        km_error *error) {
    scan s = {.fd = fd,
              .path = path,
              .visitor = visitor,
              .error = error,
              .window = malloc(window_bytes),
              .step = first_step_bytes};
    if (s.window == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading \"%s\"", path);
    km_status status = read_header(&s);
    if (status == KM_OK) status = scan_records(&s);
    free(s.window);
    if (status == KM_OK) *ret_result = s.result;
    return status;
}
