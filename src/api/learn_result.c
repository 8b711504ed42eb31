/* The public struct is the first member, so that the pointer the caller holds leads back to the arena. */
#include "api/learn_result.h"

#include <stdlib.h>

#include "util/error.h"

enum { result_limit = 1024 * 1024 * 1024 };

static km_status no_memory(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while reporting what was learnt");
}

void km_learn_result_free(km_learn_result *public) {
    kmi_learn_result *result = (kmi_learn_result *)public;
    if (result == NULL) return;
    kmi_arena_free(result->arena);
    free(result->memories);
    free(result->skipped);
    free(result);
}

static km_status copy_tasks(kmi_learn_result *result, const kmi_prepared *prepared, km_error *error) {
    const char **ids = kmi_arena_alloc_array(result->arena, prepared->task_count, sizeof *ids);
    for (size_t i = 0; ids != NULL && i < prepared->task_count; i++) {
        char text[KMI_UUID_TEXT_SIZE];
        ids[i] = kmi_arena_copy_text(result->arena, kmi_uuid_format(&prepared->records[i].task_id, text));
        if (ids[i] == NULL) return no_memory(error);
    }
    result->public.task_ids = ids;
    result->public.task_count = prepared->task_count;
    return ids == NULL ? no_memory(error) : KM_OK;
}

static km_status copy_redactions(kmi_learn_result *result, const kmi_redactions *redactions, km_error *error) {
    size_t count = redactions->count < KMI_SECRET_KINDS_MAX ? redactions->count : KMI_SECRET_KINDS_MAX;
    if (count == 0) return KM_OK;
    const char **kinds = kmi_arena_alloc_array(result->arena, count, sizeof *kinds);
    if (kinds == NULL) return no_memory(error);
    for (size_t i = 0; i < count; i++) kinds[i] = redactions->kinds[i];
    result->public.redactions = kinds;
    result->public.redaction_count = count;
    return KM_OK;
}

km_status kmi_learn_result_new(const kmi_prepared *prepared, km_learn_state state, kmi_learn_result **ret_result,
                               km_error *error) {
    kmi_learn_result *result = calloc(1, sizeof *result);
    if (result == NULL) return no_memory(error);
    result->arena = kmi_arena_new(result_limit);
    result->public.state = state;
    km_status status = result->arena == NULL ? no_memory(error) : copy_tasks(result, prepared, error);
    if (status == KM_OK) status = copy_redactions(result, &prepared->redactions, error);
    if (status != KM_OK) {
        km_learn_result_free(&result->public);
        return status;
    }
    *ret_result = result;
    return KM_OK;
}

/* Makes room for `more` items; returns the array or NULL. */
static void *grow(void *array, size_t count, size_t more, size_t *capacity, size_t item_size) {
    if (count + more <= *capacity && array != NULL) return array;
    size_t wanted = *capacity * 2 > count + more ? *capacity * 2 : count + more + 8;
    void *grown = reallocarray(array, wanted, item_size);
    if (grown != NULL) *capacity = wanted;
    return grown;
}

static const char *copy_id(kmi_arena *arena, const kmi_uuid *id) {
    char text[KMI_UUID_TEXT_SIZE];
    return kmi_arena_copy_text(arena, kmi_uuid_format(id, text));
}

static km_status add_entities(kmi_arena *arena, const kmi_candidate *candidate, km_learned *learned, km_error *error) {
    if (candidate->entity_count == 0) return KM_OK;
    km_entity *entities = kmi_arena_alloc_array(arena, candidate->entity_count, sizeof *entities);
    if (entities == NULL) return no_memory(error);
    for (size_t i = 0; i < candidate->entity_count; i++) {
        entities[i].name = kmi_arena_copy_text(arena, candidate->entities[i].name);
        entities[i].type = kmi_arena_copy_text(arena, candidate->entities[i].type);
        if (entities[i].name == NULL || entities[i].type == NULL) return no_memory(error);
    }
    learned->entities = entities;
    learned->entity_count = candidate->entity_count;
    return KM_OK;
}

static km_status add_outcome(kmi_arena *arena, const kmi_learn_outcome *outcome, km_learned *learned, km_error *error) {
    const char **supersedes = kmi_arena_alloc_array(arena, outcome->supersedes_count + 1, sizeof *supersedes);
    learned->id = copy_id(arena, &outcome->id);
    learned->action = outcome->action;
    if (supersedes == NULL || learned->id == NULL) return no_memory(error);
    for (size_t i = 0; i < outcome->supersedes_count; i++) {
        supersedes[i] = copy_id(arena, &outcome->supersedes[i]);
        if (supersedes[i] == NULL) return no_memory(error);
    }
    learned->supersedes = supersedes;
    learned->supersedes_count = outcome->supersedes_count;
    return KM_OK;
}

static km_status add_memory(kmi_learn_result *result, const kmi_candidate *candidate, const kmi_learn_outcome *outcome,
                            km_error *error) {
    km_learned *learned = &result->memories[result->public.memory_count];
    kmi_arena *arena = result->arena;
    *learned = (km_learned){
        .action = "stored",
        .content = kmi_arena_copy_text(arena, candidate->content),
        .type = kmi_arena_copy_text(arena, candidate->type),
        .knowledge_type = kmi_arena_copy_text(arena, candidate->knowledge_type),
        .polarity = kmi_arena_copy_text(arena, candidate->polarity),
        .pattern = kmi_arena_copy_text(arena, candidate->pattern),
        .confidence = candidate->confidence,
    };
    if (learned->content == NULL || learned->type == NULL) return no_memory(error);
    km_status status = add_entities(arena, candidate, learned, error);
    if (status == KM_OK && outcome != NULL) status = add_outcome(arena, outcome, learned, error);
    if (status == KM_OK) result->public.memory_count++;
    return status;
}

km_status kmi_learn_result_add(kmi_learn_result *result, const kmi_extraction *extraction,
                               const kmi_learn_outcome *outcomes, km_error *error) {
    km_learn_result *public = &result->public;
    km_learned *memories = grow(result->memories, public->memory_count, extraction->candidate_count,
                                &result->memory_capacity, sizeof *memories);
    if (memories == NULL) return no_memory(error);
    public->memories = result->memories = memories;
    km_skipped *skipped = grow(result->skipped, public->skipped_count, extraction->skipped_count,
                               &result->skipped_capacity, sizeof *skipped);
    if (skipped == NULL) return no_memory(error);
    public->skipped = result->skipped = skipped;
    for (size_t i = 0; i < extraction->candidate_count; i++) {
        km_status status =
            add_memory(result, &extraction->candidates[i], outcomes == NULL ? NULL : &outcomes[i], error);
        if (status != KM_OK) return status;
    }
    for (size_t i = 0; i < extraction->skipped_count; i++) {
        km_skipped *copy = &skipped[public->skipped_count++];
        copy->text = kmi_arena_copy_text(result->arena, extraction->skipped[i].text);
        copy->reason = kmi_arena_copy_text(result->arena, extraction->skipped[i].reason);
        if (copy->text == NULL || copy->reason == NULL) return no_memory(error);
    }
    return KM_OK;
}
