/* What an answer depends on, and for how long it holds. The clock matters twice: a memory may expire, and a prompt may say
 * "last week". Such phrases count in days of UTC, so no entry outlives its day. */
#include "recall/context_cache.h"

#include <string.h>

#include "recall/cache.h"
#include "util/calendar.h"
#include "util/error.h"

/* Raise it when the same store would give another answer than the program before: search, choice, order, or reasons. */
#define ANSWER_VERSION 3

/* Everything but the prompt that an answer depends on, without padding; the prompt follows. */
typedef struct question {
    uint32_t cache_version;
    uint32_t answer_version;
    uint64_t generation;
    uint64_t max_memories;
    uint64_t max_chars;
    uint64_t standing_memories;
    double confidence_threshold;
    char program[32];
} question;
_Static_assert(sizeof(question) == 80, "padding would make equal questions differ");
_Static_assert(sizeof(kmi_context_request) == 6 * sizeof(uint64_t) + sizeof(size_t),
               "whatever a request gains belongs into the question");

typedef struct lookup {
    kmi_store *store;
    const kmi_context_request *request;
    kmi_arena *arena;
    uint64_t generation;
    kmi_cache cache;
    kmi_cache_key key;
} lookup;

static void close_cache(lookup *self) {
    kmi_cache_close(&self->cache);
}

static void make_key(lookup *self) {
    const kmi_context_request *request = self->request;
    question asked = {.cache_version = KMI_CACHE_VERSION,
                      .answer_version = ANSWER_VERSION,
                      .generation = self->generation,
                      .max_memories = request->max_memories,
                      .max_chars = request->max_chars,
                      .standing_memories = request->standing_memories,
                      .confidence_threshold = request->confidence_threshold,
                      .program = KM_VERSION_STRING};
    kmi_slice parts[] = {{(const char *)&asked, sizeof asked}, request->prompt};
    self->key = kmi_cache_key_make(&self->cache, parts, sizeof parts / sizeof parts[0]);
}

/* Makes the memories of an entry. *ret_items stays NULL when the store does not hold one of them: no entry of ours, then. */
static km_status read_entry(const lookup *self, const kmi_cache_entry *entry, km_memory **ret_items, km_error *error) {
    km_memory *items = kmi_arena_alloc_array(self->arena, (size_t)entry->count + 1, sizeof *items);
    if (items == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while recalling");
    for (uint32_t i = 0; i < entry->count; i++) {
        km_error fault = {0};
        km_status status = kmi_chosen_read(self->store, &entry->items[i], self->arena, &items[i], &fault);
        if (status == KM_E_NOT_FOUND) return KM_OK;
        if (status != KM_OK) {
            if (error != NULL) *error = fault;
            return status;
        }
    }
    *ret_items = items;
    return KM_OK;
}

static int64_t end_of_day(int64_t now_us) {
    return (kmi_calendar_day_of(now_us) + 1) * KMI_DAY_US;
}

/* Keeping is never worth a failure. */
static void keep(const lookup *self, const kmi_chosen *chosen, size_t count, double confidence, bool *ret_has_evicted) {
    int64_t now_us = self->request->now_us;
    kmi_cache_entry entry = {.generation = self->generation, .confidence = confidence, .count = (uint32_t)count};
    if (count > KMI_CACHE_ENTRY_MAX || kmi_store_next_expiry(self->store, now_us, &entry.valid_until_us, NULL) != KM_OK)
        return;
    if (entry.valid_until_us > end_of_day(now_us)) entry.valid_until_us = end_of_day(now_us);
    if (count > 0) memcpy(entry.items, chosen, count * sizeof *chosen);
    (void)kmi_cache_put(&self->cache, &self->key, now_us, &entry, ret_has_evicted);
}

static km_status find_or_choose(lookup *self, km_memory **ret_items, size_t *ret_count, double *ret_confidence,
                                kmi_cache_report *report, km_error *error) {
    kmi_cache_entry entry;
    km_memory *items = NULL;
    km_status status = KM_OK;
    if (kmi_cache_find(&self->cache, &self->key, self->request->now_us, &entry))
        status = read_entry(self, &entry, &items, error);
    if (status != KM_OK) return status;
    report->use = items != NULL ? KMI_CACHE_HIT : KMI_CACHE_MISS;
    if (items != NULL) {
        *ret_items = items;
        *ret_count = entry.count;
        *ret_confidence = entry.confidence;
        return KM_OK;
    }
    const kmi_chosen *chosen = NULL;
    status = kmi_context_choose(self->store, self->request, self->arena, ret_items, &chosen, ret_count, ret_confidence,
                                NULL, error);
    if (status == KM_OK && !kmi_store_was_cut_short(self->store))
        keep(self, chosen, *ret_count, *ret_confidence, &report->has_evicted);
    return status;
}

/* Says whether a cache is worth its cost here, and opens it. */
static kmi_cache_use open_cache(lookup *self, const kmi_cache_place *place, uint64_t unit_count) {
    if (unit_count < KMI_CACHE_UNITS_MIN || self->request->prompt.len > KMI_CACHE_PROMPT_BYTES_MAX)
        return KMI_CACHE_ASIDE;
    kmi_cache_open(&self->cache, place->memory_dir_fd, place->limit_bytes);
    if (self->cache.fd < 0) return KMI_CACHE_OFF;
    make_key(self);
    return KMI_CACHE_MISS;
}

km_status kmi_context_find(kmi_store *store, const kmi_context_request *request, const kmi_cache_place *place,
                           kmi_arena *arena, km_memory **ret_items, size_t *ret_count, double *ret_confidence,
                           kmi_cache_report *ret_report, km_error *error) {
    __attribute__((cleanup(close_cache)))
    lookup self = {.store = store, .request = request, .arena = arena, .cache = KMI_CACHE_CLOSED};
    *ret_report = (kmi_cache_report){.use = KMI_CACHE_OFF};
    /* Without a view of its own, a change between reading the generation and searching would be kept under the wrong one. */
    km_status status = kmi_store_read_begin(store, error);
    if (status != KM_OK) return status;
    uint64_t unit_count = 0;
    if (place->limit_bytes > 0) status = kmi_store_extent(store, &self.generation, &unit_count, error);
    if (status == KM_OK && place->limit_bytes > 0) ret_report->use = open_cache(&self, place, unit_count);
    if (status == KM_OK && self.cache.fd >= 0)
        status = find_or_choose(&self, ret_items, ret_count, ret_confidence, ret_report, error);
    else if (status == KM_OK)
        status = kmi_context_choose(store, request, arena, ret_items, NULL, ret_count, ret_confidence, NULL, error);
    kmi_store_read_end(store);
    return status;
}
