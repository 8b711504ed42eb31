/* A record only ever moves from journal over journal.next to a segment, so looking at them in this order sees every record at least
 * once, wherever the worker moves files meanwhile. One that moved between two looks is seen twice; its id makes it one task. */
#include "queue/snapshot.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "queue/journal.h"
#include "queue/names.h"
#include "util/error.h"
#include "util/file.h"

#define IMAGE_LIMIT_BYTES ((size_t)1024 * 1024 * 1024)

typedef struct taking {
    kmi_queue_snapshot *snapshot;
    kmi_queue_visit wants;
    void *context;
} taking;

static bool take_record(const kmi_record *record, void *context) {
    taking *t = context;
    kmi_buf *image = &t->snapshot->image;
    static const char zeros[8];
    unsigned char header[KMI_RECORD_HEADER_BYTES];
    if (t->wants != NULL && !t->wants(record, t->context)) return true;
    kmi_record_header_encode(t->snapshot->journal_id, record, header);
    kmi_buf_add(image, header, sizeof header);
    kmi_buf_add_slice(image, record->payload);
    kmi_buf_add(image, zeros, kmi_record_size(record->payload.len) - sizeof header - record->payload.len);
    t->snapshot->record_count++;
    return kmi_buf_status(image) == KM_OK;
}

km_status kmi_queue_snapshot_take(kmi_queue *queue, kmi_queue_visit wants, void *context,
                                  kmi_queue_snapshot *ret_snapshot, km_error *error) {
    static const char zeros[KMI_JOURNAL_DATA_OFFSET];
    *ret_snapshot = (kmi_queue_snapshot){.journal_id = kmi_journal_make_id(error)};
    kmi_buf *image = &ret_snapshot->image;
    kmi_buf_init(image, IMAGE_LIMIT_BYTES);
    if (ret_snapshot->journal_id == 0) return KM_E_IO;
    kmi_buf_add(image, zeros, sizeof zeros);
    taking t = {ret_snapshot, wants, context};
    km_status status = kmi_queue_each_moving(queue, take_record, &t, error);
    if (status != KM_OK) return status;
    if (kmi_buf_status(image) != KM_OK)
        return kmi_fail(error, KM_E_NOMEM, "what waits in \"%s\" is too much for memory", queue->path);
    kmi_journal_header header = {.journal_id = ret_snapshot->journal_id,
                                 .next_offset = image->len,
                                 .record_count = ret_snapshot->record_count,
                                 .is_sealed = true};
    kmi_journal_header_encode(&header, (unsigned char *)image->ptr);
    if (ret_snapshot->record_count == 0) kmi_buf_clear(image);
    return KM_OK;
}
