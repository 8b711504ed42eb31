/* Only what the extraction names as subject and attribute is compared: words in common are no contradiction. Two statements with the
 * same value agree, and both stay. A correction may name the value it replaces ("from X to Y"); then only that value goes,
 * unless nothing has it: the user then corrects what we heard differently, and all other values go. */
#include "learn/supersede.h"

#include <string.h>

#include "util/error.h"

#define RIVALS_MAX 16 /* live statements on one property; more are noise, and the newest come first */

static bool is_equal(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool says_otherwise(const km_memory *memory, const kmi_candidate *candidate) {
    if (candidate->value == NULL || memory->value == NULL) return candidate->is_correction;
    return strcmp(memory->value, candidate->value) != 0;
}

static bool is_named_as_replaced(const km_memory *memory, const kmi_candidate *candidate) {
    return is_equal(memory->value, candidate->replaces);
}

static bool any_is_named(const km_memory *items, size_t count, const kmi_candidate *candidate) {
    for (size_t i = 0; i < count; i++) {
        if (is_named_as_replaced(&items[i], candidate)) return true;
    }
    return false;
}

static km_status sort_out(const km_memory *items, size_t count, const kmi_candidate *candidate, int64_t said_at_us,
                          kmi_uuid *older, kmi_rivals *rivals, km_error *error) {
    bool only_named = candidate->replaces != NULL && any_is_named(items, count, candidate);
    for (size_t i = 0; i < count; i++) {
        if (!says_otherwise(&items[i], candidate)) continue;
        if (only_named && !is_named_as_replaced(&items[i], candidate)) continue;
        kmi_uuid id;
        km_status status = kmi_uuid_parse(items[i].id, &id, error);
        if (status != KM_OK) return status;
        if (items[i].observed_at_us <= said_at_us) {
            older[rivals->older_count++] = id;
        } else if (!rivals->has_newer) { /* newest first: the one that stands now */
            rivals->has_newer = true;
            rivals->newer = id;
        }
    }
    rivals->older = older;
    return KM_OK;
}

km_status kmi_rivals_find(kmi_store *store, const kmi_candidate *candidate, int64_t said_at_us, kmi_arena *arena,
                          kmi_rivals *ret_rivals, km_error *error) {
    kmi_rivals rivals = {0};
    if (candidate->subject != NULL && candidate->attribute != NULL) {
        km_memory *items = NULL;
        size_t count = 0;
        km_status status = kmi_store_memory_find_subject(store, candidate->subject, candidate->attribute, RIVALS_MAX, arena,
                                                         &items, &count, error);
        if (status == KM_OK && count > 0) {
            kmi_uuid *older = kmi_arena_alloc_array(arena, count, sizeof(*older));
            if (older == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while learning");
            status = sort_out(items, count, candidate, said_at_us, older, &rivals, error);
        }
        if (status != KM_OK) return status;
    }
    *ret_rivals = rivals;
    return KM_OK;
}
