/* Nothing is imported twice: by id, else by what it says. A whole export is one matter, a heap of texts another. Within one
 * export of ours ids alone count, because it may rightly hold the same words twice (said, replaced, said again); between
 * exports, and for everything else, the same words are the same memory.
 *
 * Sorted arrays instead of hash tables: an import comes from a stranger, and sorting takes no longer when he means harm. */
#include "api/transfer_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/project.h"
#include "api/transfer_split.h"
#include "util/error.h"

#define LOOKUP_LIMIT_BYTES ((size_t)64 * 1024 * 1024)
#define CHAIN_STEPS_MAX 1000
#define ENTRIES_PER_TELLING 256

void kmi_plan_init(kmi_plan *plan, kmi_slice text) {
    *plan = (kmi_plan){.text = text};
}

void kmi_plan_deinit(kmi_plan *plan) {
    free(plan->memories);
    free(plan->relations);
    free(plan->by_id);
    free(plan->order);
    kmi_plan_init(plan, (kmi_slice){NULL, 0});
}

kmi_slice kmi_plan_entry(const kmi_plan *plan, const kmi_plan_place *place) {
    return kmi_slice_sub(plan->text, place->offset, place->len);
}

/* Counts a bad entry and keeps the reason of the first one in the file. */
static void note_bad(kmi_plan *plan, uint64_t line, const char *reason) {
    km_import_result *result = &plan->result;
    result->rejected++;
    if (result->first_bad_line != 0 && result->first_bad_line <= line) return;
    result->first_bad_line = line;
    snprintf(result->first_bad_reason, sizeof result->first_bad_reason, "%.255s", reason);
}

static void reject(kmi_plan *plan, kmi_plan_memory *memory, const char *reason) {
    memory->state = KMI_PLAN_BAD;
    note_bad(plan, memory->place.line, reason);
}

/* ---- Collecting ---- */

static km_status add_memory(kmi_plan *plan, const kmi_transfer_record *record, kmi_plan_place place, uint32_t section,
                            km_error *error) {
    if (plan->memory_count == plan->memory_capacity) {
        size_t capacity = plan->memory_capacity == 0 ? 256 : 2 * plan->memory_capacity;
        kmi_plan_memory *memories = reallocarray(plan->memories, capacity, sizeof *memories);
        if (memories == NULL) return kmi_transfer_fail_memory(error);
        plan->memories = memories;
        plan->memory_capacity = capacity;
    }
    kmi_plan_memory *memory = &plan->memories[plan->memory_count];
    *memory = (kmi_plan_memory){
        .id = record->id,
        .target = record->id,
        .successor = record->successor,
        .has_successor = record->has_successor,
        .is_foreign = record->is_foreign,
        .place = place,
        .section = record->is_foreign ? 0 : section,
        .rank = record->is_foreign ? record->created_at_us : record->seq,
    };
    kmi_slice content = {record->item.content, record->item.content_len};
    km_status status = kmi_store_content_hash(content, memory->hash, error);
    if (status == KM_OK) plan->memory_count++;
    return status;
}

static km_status add_relation(kmi_plan *plan, const kmi_transfer_record *record, kmi_plan_place place,
                              km_error *error) {
    if (plan->relation_count == plan->relation_capacity) {
        size_t capacity = plan->relation_capacity == 0 ? 256 : 2 * plan->relation_capacity;
        kmi_plan_relation *relations = reallocarray(plan->relations, capacity, sizeof *relations);
        if (relations == NULL) return kmi_transfer_fail_memory(error);
        plan->relations = relations;
        plan->relation_capacity = capacity;
    }
    plan->relations[plan->relation_count++] = (kmi_plan_relation){record->id, place};
    return KM_OK;
}

static km_status check_version(const kmi_transfer_record *record, uint64_t line, km_error *error) {
    if (record->version <= KMI_TRANSFER_VERSION) return KM_OK;
    return kmi_fail(error, KM_E_INVALID,
                    "line %llu: the export has format version %lld, this program reads up to version %d: update it",
                    (unsigned long long)line, (long long)record->version, KMI_TRANSFER_VERSION);
}

static km_status collect_entry(kmi_plan *plan, const kmi_transfer_reader *reader, kmi_slice entry, kmi_plan_place place,
                               uint32_t *section, km_error *error) {
    KMI_CLEANUP_TRANSFER_RECORD kmi_transfer_record record = {0};
    km_error fault = {0};
    km_status status = kmi_transfer_read(reader, entry, &record, &fault);
    if (status == KM_E_INVALID) {
        note_bad(plan, place.line, fault.message);
        return KM_OK;
    }
    if (status != KM_OK) {
        if (error != NULL) *error = fault;
        return status;
    }
    if (record.kind == KMI_TRANSFER_MEMORY) return add_memory(plan, &record, place, *section, error);
    if (record.kind == KMI_TRANSFER_RELATION) return add_relation(plan, &record, place, error);
    ++*section;
    return check_version(&record, place.line, error);
}

km_status kmi_plan_collect(kmi_plan *plan, const kmi_transfer_reader *reader, km_error *error) {
    kmi_split split;
    kmi_slice entry;
    uint64_t line = 0, entries = 0;
    uint32_t section = 0;
    kmi_split_start(&split, plan->text);
    while (kmi_split_next(&split, &entry, &line)) {
        kmi_plan_place place = {(size_t)(entry.ptr - plan->text.ptr), entry.len, line};
        km_status status = collect_entry(plan, reader, entry, place, &section, error);
        if (status == KM_OK && entries++ % ENTRIES_PER_TELLING == 0)
            status = kmi_project_tell(plan->project, "bytes", place.offset + place.len, plan->text.len, error);
        if (status != KM_OK) return status;
    }
    if (split.problem != NULL) note_bad(plan, split.line, split.problem);
    return KM_OK;
}

/* ---- Orders ---- */

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int compare_indices(size_t a, size_t b) {
    return (a > b) - (a < b);
}

static int compare_by_id(const void *a, const void *b, void *context) {
    const kmi_plan_memory *memories = context;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    int order = kmi_uuid_compare(&memories[left].id, &memories[right].id);
    return order != 0 ? order : compare_indices(left, right);
}

static int compare_by_hash(const void *a, const void *b, void *context) {
    const kmi_plan_memory *memories = context;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    int order = memcmp(memories[left].hash, memories[right].hash, sizeof memories[left].hash);
    return order != 0 ? order : compare_indices(left, right);
}

static int compare_by_arrival(const void *a, const void *b, void *context) {
    const kmi_plan_memory *memories = context;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    int order = compare_numbers(memories[left].section, memories[right].section);
    if (order == 0) order = compare_numbers(memories[left].rank, memories[right].rank);
    return order != 0 ? order : compare_indices(left, right);
}

static int compare_relations(const void *a, const void *b) {
    const kmi_plan_relation *left = a, *right = b;
    int order = kmi_uuid_compare(&left->memory, &right->memory);
    return order != 0 ? order : compare_indices(left->place.offset, right->place.offset);
}

static size_t *make_order(const kmi_plan *plan, int (*compare)(const void *, const void *, void *)) {
    size_t *order = calloc(plan->memory_count + 1, sizeof *order);
    if (order == NULL) return NULL;
    for (size_t i = 0; i < plan->memory_count; i++) order[i] = i;
    qsort_r(order, plan->memory_count, sizeof *order, compare, plan->memories);
    return order;
}

/* Returns: the first memory of the file with this id, or NULL. */
static kmi_plan_memory *find_in_file(const kmi_plan *plan, const kmi_uuid *id) {
    size_t low = 0, high = plan->memory_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (kmi_uuid_compare(&plan->memories[plan->by_id[middle]].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == plan->memory_count) return NULL;
    kmi_plan_memory *found = &plan->memories[plan->by_id[low]];
    return kmi_uuid_compare(&found->id, id) == 0 ? found : NULL;
}

/* ---- Same id ---- */

static void find_repeated_ids(kmi_plan *plan) {
    kmi_plan_memory *first = NULL;
    for (size_t i = 0; i < plan->memory_count; i++) {
        kmi_plan_memory *memory = &plan->memories[plan->by_id[i]];
        if (first == NULL || kmi_uuid_compare(&first->id, &memory->id) != 0) {
            first = memory;
        } else if (memcmp(first->hash, memory->hash, sizeof first->hash) == 0) {
            memory->state = KMI_PLAN_REPEATED;
        } else {
            reject(plan, memory, "its id stands in the file before, with another text");
        }
    }
}

/* Looks in the store for a memory by id. */
static km_status find_stored(kmi_store *store, const kmi_uuid *id, kmi_arena *arena, bool *ret_is_found,
                             bool *ret_is_superseded, km_error *error) {
    km_memory memory;
    km_error fault = {0};
    *ret_is_found = false;
    if (store == NULL) return KM_OK;
    kmi_arena_clear(arena);
    km_status status = kmi_store_memory_get(store, id, arena, &memory, &fault);
    if (status == KM_E_NOT_FOUND) return KM_OK;
    if (status != KM_OK) {
        if (error != NULL) *error = fault;
        return status;
    }
    *ret_is_found = true;
    *ret_is_superseded = memory.superseded_by != NULL;
    return KM_OK;
}

static km_status find_known_ids(kmi_plan *plan, kmi_store *store, kmi_arena *arena, km_error *error) {
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < plan->memory_count; i++) {
        kmi_plan_memory *memory = &plan->memories[i];
        bool is_known = false;
        if (memory->state != KMI_PLAN_NEW) continue;
        status = find_stored(store, &memory->id, arena, &is_known, &memory->is_superseded, error);
        if (is_known) memory->state = KMI_PLAN_KNOWN;
    }
    return status;
}

/* ---- Same words ---- */

/* Replaced statements are history: they stand for nobody and nobody for them. */
static bool takes_part(const kmi_plan_memory *memory) {
    return !memory->has_successor && (memory->state == KMI_PLAN_NEW || memory->state == KMI_PLAN_KNOWN);
}

/* Memories [0, count) of `order` have the same words. */
static km_status decide_same_words(kmi_plan *plan, const size_t *order, size_t count, kmi_store *store,
                                   km_error *error) {
    const kmi_plan_memory *first = NULL; /* stands for the others */
    bool is_stored = false;
    kmi_uuid stored;
    km_status status = KM_OK;
    if (store != NULL)
        status = kmi_store_memory_find_hash(store, plan->memories[order[0]].hash, &is_stored, &stored, error);
    for (size_t i = 0; status == KM_OK && i < count; i++) {
        kmi_plan_memory *memory = &plan->memories[order[i]];
        if (!takes_part(memory)) continue;
        bool is_repeat = first != NULL && (memory->section == 0 || memory->section != first->section);
        if (memory->state == KMI_PLAN_NEW && (is_stored || is_repeat)) {
            memory->state = KMI_PLAN_SAME;
            memory->target = is_stored ? stored : first->id;
        } else if (first == NULL) {
            first = memory;
        }
    }
    return status;
}

static km_status find_same_words(kmi_plan *plan, kmi_store *store, km_error *error) {
    size_t *order = make_order(plan, compare_by_hash);
    if (order == NULL) return kmi_transfer_fail_memory(error);
    km_status status = KM_OK;
    for (size_t i = 0, end; status == KM_OK && i < plan->memory_count; i = end) {
        const unsigned char *hash = plan->memories[order[i]].hash;
        for (end = i + 1; end < plan->memory_count; end++)
            if (memcmp(plan->memories[order[end]].hash, hash, sizeof plan->memories[0].hash) != 0) break;
        status = decide_same_words(plan, order + i, end - i, store, error);
    }
    free(order);
    return status;
}

/* ---- Who replaced whom ---- */

enum { VISIT_NONE, VISIT_ON_PATH, VISIT_GOOD, VISIT_BAD };

static bool goes_on(const kmi_plan_memory *memory) {
    return memory->state == KMI_PLAN_NEW && memory->has_successor;
}

/* Follows the successors of a new memory to a memory that will be there, and settles all on the way: each is walked once. A
 * statement that was replaced must not come back as one that holds, so without its successor it is rejected. */
static km_status follow_successors(kmi_plan *plan, kmi_plan_memory *start, kmi_store *store, kmi_arena *arena,
                                   km_error *error) {
    kmi_plan_memory *memory = start;
    bool is_good = true, is_superseded = false;
    km_status status = KM_OK;
    while (goes_on(memory) && memory->visit == VISIT_NONE) {
        memory->visit = VISIT_ON_PATH;
        kmi_plan_memory *next = find_in_file(plan, &memory->successor);
        if (next == NULL) {
            status = find_stored(store, &memory->successor, arena, &is_good, &is_superseded, error);
            break;
        }
        memory = next;
        is_good = memory->state != KMI_PLAN_BAD && memory->visit != VISIT_ON_PATH && memory->visit != VISIT_BAD;
    }
    for (memory = start; status == KM_OK && memory != NULL && memory->visit == VISIT_ON_PATH;) {
        kmi_plan_memory *next = find_in_file(plan, &memory->successor);
        memory->visit = is_good ? VISIT_GOOD : VISIT_BAD;
        if (!is_good) reject(plan, memory, "the memory that superseded it is missing");
        memory = next;
    }
    return status;
}

/* Where the successors of a memory end within the file; NULL: not in it, or too far away to be looked for once more. */
static const kmi_plan_memory *last_successor(const kmi_plan *plan, const kmi_plan_memory *memory) {
    const kmi_plan_memory *last = find_in_file(plan, &memory->successor);
    for (int steps = 0; last != NULL && goes_on(last); steps++)
        last = steps < CHAIN_STEPS_MAX ? find_in_file(plan, &last->successor) : NULL;
    return last;
}

/* The file may know that a memory of the store was replaced. That is taken over only when the chain ends in a memory that
 * holds: two histories that contradict each other could otherwise hide both sides. */
static bool can_supersede_known(const kmi_plan *plan, const kmi_plan_memory *memory) {
    const kmi_plan_memory *last = memory->is_superseded ? NULL : last_successor(plan, memory);
    if (last == NULL || last->has_successor || last->state == KMI_PLAN_BAD || last->is_superseded) return false;
    return kmi_uuid_compare(&last->target, &memory->id) != 0;
}

static km_status settle_successors(kmi_plan *plan, kmi_store *store, kmi_arena *arena, km_error *error) {
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < plan->memory_count; i++)
        status = follow_successors(plan, &plan->memories[i], store, arena, error);
    for (size_t i = 0; status == KM_OK && i < plan->memory_count; i++) {
        kmi_plan_memory *memory = &plan->memories[i];
        if (memory->state == KMI_PLAN_KNOWN && memory->has_successor)
            memory->is_superseded = !can_supersede_known(plan, memory);
    }
    return status;
}

/* ---- Deciding ---- */

static void check_relations(kmi_plan *plan) {
    for (size_t i = 0; i < plan->relation_count; i++)
        if (find_in_file(plan, &plan->relations[i].memory) == NULL)
            note_bad(plan, plan->relations[i].place.line, "the memory of this relation is not in the file");
    if (plan->relation_count > 0)
        qsort(plan->relations, plan->relation_count, sizeof *plan->relations, compare_relations);
}

static void count(kmi_plan *plan) {
    for (size_t i = 0; i < plan->memory_count; i++) {
        kmi_plan_state state = plan->memories[i].state;
        if (state == KMI_PLAN_NEW)
            plan->result.imported++;
        else if (state != KMI_PLAN_BAD)
            plan->result.duplicates++;
    }
}

static km_status decide(kmi_plan *plan, kmi_store *store, kmi_arena *arena, km_error *error) {
    find_repeated_ids(plan);
    km_status status = find_known_ids(plan, store, arena, error);
    if (status == KM_OK) status = find_same_words(plan, store, error);
    if (status == KM_OK) status = settle_successors(plan, store, arena, error);
    if (status != KM_OK) return status;
    check_relations(plan);
    count(plan);
    return KM_OK;
}

km_status kmi_plan_decide(kmi_plan *plan, kmi_store *store, km_error *error) {
    kmi_arena *arena = kmi_arena_new(LOOKUP_LIMIT_BYTES);
    plan->by_id = make_order(plan, compare_by_id);
    plan->order = make_order(plan, compare_by_arrival);
    bool is_ready = arena != NULL && plan->by_id != NULL && plan->order != NULL;
    km_status status = is_ready ? decide(plan, store, arena, error) : kmi_transfer_fail_memory(error);
    kmi_arena_free(arena);
    return status;
}

const kmi_uuid *kmi_plan_successor(const kmi_plan *plan, const kmi_plan_memory *memory) {
    bool is_wanted = memory->state == KMI_PLAN_NEW || (memory->state == KMI_PLAN_KNOWN && !memory->is_superseded);
    if (!memory->has_successor || !is_wanted) return NULL;
    const kmi_plan_memory *next = find_in_file(plan, &memory->successor);
    return next != NULL ? &next->target : &memory->successor;
}

const kmi_plan_relation *kmi_plan_relations(const kmi_plan *plan, const kmi_uuid *memory, size_t *ret_count) {
    size_t low = 0, high = plan->relation_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (kmi_uuid_compare(&plan->relations[middle].memory, memory) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t found = 0;
    while (low + found < plan->relation_count && kmi_uuid_compare(&plan->relations[low + found].memory, memory) == 0)
        found++;
    *ret_count = found;
    return plan->relations + low;
}
