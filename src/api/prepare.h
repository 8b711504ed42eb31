/* prepare.h - from the caller's items to what may be written down: checked, without secrets, packed into tasks. */
#ifndef KMI_API_PREPARE_H
#define KMI_API_PREPARE_H

#include "base/config.h"
#include "extract/secrets.h"
#include "queue/format.h"
#include "util/arena.h"

#define KMI_PACK_ITEMS_MAX 256          /* items in one task */
#define KMI_PACK_BYTES_MAX (512 * 1024) /* payload of a task with several items */

typedef struct kmi_prepared {
    kmi_arena *arena; /* owns everything below */
    size_t item_count;
    km_learn_item *items; /* redacted; content_len set; source set */
    size_t task_count;
    kmi_record *records; /* one per task, with payload */
    size_t *first_items; /* first item of each task; task_count + 1 entries */
    kmi_redactions redactions;
} kmi_prepared;

/* Checks all items, removes secrets unless learn.redact_secrets is false, packs them. An item with a key is a task of its own,
 * whose id follows from the key. KM_E_INVALID names the first bad item by its number when there are several. */
km_status kmi_prepare(const kmi_config *config, const km_learn_item *items, size_t item_count, int priority,
                      kmi_prepared *ret_prepared, km_error *error) KM_MUST_CHECK;
void kmi_prepared_deinit(kmi_prepared *prepared);
#define KMI_CLEANUP_PREPARED __attribute__((cleanup(kmi_prepared_deinit)))

/* Returns: the id of the task with this idempotency key. */
kmi_uuid kmi_task_id_from_key(const char *key);

#endif
