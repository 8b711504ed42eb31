/* A journal file with anything in it: the scan ends, and every byte it reports lies inside the file. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "queue/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct bounds {
    uint64_t size;
    uint64_t record_count;
    uint64_t damaged_bytes;
} bounds;

static bool see_record(const kmi_record *record, uint64_t offset, void *context) {
    bounds *seen = context;
    if (offset > seen->size || record->payload.len > seen->size - offset) abort();
    seen->record_count++;
    return true;
}

static bool see_damage(kmi_slice bytes, uint64_t offset, void *context) {
    bounds *seen = context;
    if (offset > seen->size || bytes.len > seen->size - offset) abort();
    seen->damaged_bytes += bytes.len;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bounds seen = {.size = size};
    kmi_scan_visitor visitor = {see_record, see_damage, &seen};
    kmi_scan_result result;
    int fd = memfd_create("journal", MFD_CLOEXEC);

    if (fd < 0) return 0;
    if (write(fd, data, size) == (ssize_t)size && kmi_scan_file(fd, "journal", &visitor, &result, NULL) == KM_OK) {
        if (result.record_count != seen.record_count || result.damaged_bytes != seen.damaged_bytes) abort();
    }
    close(fd);
    return 0;
}
