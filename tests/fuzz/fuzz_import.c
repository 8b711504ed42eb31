/* A file to import with anything in it: it is planned or refused, and what is planned can be read a second time and says
 * the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/transfer_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(const kmi_plan *plan, const kmi_transfer_reader *reader) {
    for (size_t i = 0; i < plan->memory_count; i++) {
        const kmi_plan_memory *memory = &plan->memories[plan->order[i]];
        kmi_transfer_record record = {0};
        unsigned char hash[32];
        if (kmi_transfer_read(reader, kmi_plan_entry(plan, &memory->place), &record, NULL) != KM_OK) abort();
        if (kmi_uuid_compare(&record.id, &memory->id) != 0 || record.is_foreign != memory->is_foreign) abort();
        kmi_slice content = {record.item.content, record.item.content_len};
        if (kmi_store_content_hash(content, hash, NULL) != KM_OK) abort();
        if (memcmp(hash, memory->hash, sizeof hash) != 0) abort();
        kmi_transfer_record_deinit(&record);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kmi_config config;
    km_error error = {0};
    kmi_plan plan;

    kmi_config_init(&config);
    kmi_transfer_reader reader = {.config = &config, .arena = kmi_arena_new((size_t)64 << 20), .now_us = 1};
    if (reader.arena == NULL) return 0;
    kmi_plan_init(&plan, (kmi_slice){(const char *)data, size});
    km_status status = kmi_plan_collect(&plan, &reader, &error);
    if (status == KM_OK) {
        if (kmi_plan_decide(&plan, NULL, &error) != KM_OK) abort();
        if ((plan.result.rejected != 0) != (plan.result.first_bad_line != 0)) abort();
        if (plan.result.imported + plan.result.duplicates > plan.memory_count) abort();
        read_again(&plan, &reader);
    } else if (status != KM_E_INVALID || error.message[0] == '\0') {
        abort();
    }
    kmi_plan_deinit(&plan);
    kmi_arena_free(reader.arena);
    return 0;
}
