/* The items of a task, as the worker reads them back from a journal that something may have damaged. What can be read
 * must survive being written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "queue/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kmi_arena *arena = kmi_arena_new((size_t)64 << 20);
    km_learn_item *items = NULL;
    km_learn_item *again = NULL;
    size_t count = 0;
    size_t count_again = 0;
    kmi_buf buf;

    if (arena == NULL) return 0;
    kmi_buf_init(&buf, (size_t)16 << 20);
    if (kmi_payload_read((kmi_slice){(const char *)data, size}, arena, &items, &count, NULL) == KM_OK) {
        size_t bound = 0;
        for (size_t i = 0; i < count; i++) {
            bound += kmi_payload_size(&items[i]);
            kmi_payload_add(&buf, &items[i]);
        }
        if (kmi_buf_status(&buf) != KM_OK || buf.len > bound) abort();
        if (kmi_payload_read(kmi_buf_slice(&buf), arena, &again, &count_again, NULL) != KM_OK) abort();
        if (count_again != count || again[0].content_len != items[0].content_len) abort();
        if (memcmp(again[0].content, items[0].content, items[0].content_len) != 0) abort();
    }
    kmi_buf_deinit(&buf);
    kmi_arena_free(arena);
    return 0;
}
