/* payload.h - the items of a task as bytes: tag, length, value. Unknown tags are kept out of the way but never an error, so
 * that a newer `learn` and an older worker get along. */
#ifndef KMI_QUEUE_PAYLOAD_H
#define KMI_QUEUE_PAYLOAD_H

#include "kuzu_memory.h"
#include "util/arena.h"
#include "util/buf.h"

/* Returns: an upper bound for the bytes that kmi_payload_add() appends for the item. */
size_t kmi_payload_size(const km_learn_item *item);
/* Appends one item. */
void kmi_payload_add(kmi_buf *buf, const km_learn_item *item);
/* Decodes all items. Text is NUL-terminated in the arena. KM_E_INVALID: not a payload. */
km_status kmi_payload_read(kmi_slice payload, kmi_arena *arena, km_learn_item **ret_items, size_t *ret_count,
                           km_error *error) KM_MUST_CHECK;

#endif
