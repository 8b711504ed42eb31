/* An import is one transaction: a reader sees all of it or nothing, and so does a crash. What is new is decided before (see
 * transfer_plan.c); each entry is then read a second time when it is stored, so that memory is needed for one entry and not for
 * the whole file. */
#include <string.h>

#include "api/project.h"
#include "api/transfer_plan.h"
#include "extract/extract.h"
#include "learn/supersede.h"
#include "util/clock.h"
#include "util/error.h"

#define ENTRY_ARENA_LIMIT_BYTES ((size_t)64 * 1024 * 1024)
#define DAY_US (24.0 * 60 * 60 * 1000 * 1000)
/* Entries between two chances for the store to write out the texts that wait for the index. */
#define ENTRIES_PER_SAVEPOINT ((size_t)64)
#define RELATIONS_PER_MEMORY_MAX ((size_t)10000)

typedef struct importer {
    const km_project *project;
    const kmi_config *config;
    const kmi_plan *plan;
    kmi_store *store;
    kmi_extractor *extractor;
    kmi_transfer_reader reader;
    kmi_transfer_reader relation_reader;
    kmi_arena *arena; /* for one memory */
    bool keeps_seq;   /* the store was empty: the order of arrival is kept as it was, gaps included */
} importer;

static void deinit_importer(importer *self) {
    kmi_extractor_free(self->extractor);
    kmi_arena_free(self->relation_reader.arena);
    kmi_arena_free(self->arena);
}
#define KMI_CLEANUP_IMPORTER __attribute__((cleanup(deinit_importer)))

/* ---- One memory ---- */

static km_status add_relations(importer *self, const kmi_uuid *memory, kmi_candidate *candidate, km_error *error) {
    size_t count = 0;
    const kmi_plan_relation *rows = kmi_plan_relations(self->plan, memory, &count);
    if (count > RELATIONS_PER_MEMORY_MAX) count = RELATIONS_PER_MEMORY_MAX;
    if (count == 0) return KM_OK;
    kmi_relation *relations = kmi_arena_alloc_array(self->arena, count, sizeof *relations);
    if (relations == NULL) return kmi_transfer_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        KMI_CLEANUP_TRANSFER_RECORD kmi_transfer_record record = {0};
        km_status status =
            kmi_transfer_read(&self->relation_reader, kmi_plan_entry(self->plan, &rows[i].place), &record, error);
        if (status != KM_OK) return status;
        relations[i].from = kmi_arena_copy_text(self->arena, record.relation.from);
        relations[i].name = kmi_arena_copy_text(self->arena, record.relation.name);
        relations[i].to = kmi_arena_copy_text(self->arena, record.relation.to);
        if (relations[i].from == NULL || relations[i].name == NULL || relations[i].to == NULL)
            return kmi_transfer_fail_memory(error);
    }
    candidate->relations = relations;
    candidate->relation_count = count;
    return KM_OK;
}

static int64_t choose_expiry(const importer *self, const kmi_transfer_record *record, const char *type) {
    if (!record->is_foreign || record->expires_at_us != 0) return record->expires_at_us;
    double days = kmi_config_retention_days(self->config, type);
    double expires_at = (double)record->item.observed_at_us + days * DAY_US;
    return days > 0 && expires_at < 9e18 ? (int64_t)expires_at : 0;
}

static km_status insert(importer *self, const kmi_transfer_record *record, const kmi_candidate *candidate,
                        km_error *error) {
    const km_learn_item *item = &record->item;
    kmi_memory_new memory = {
        .id = record->id,
        .candidate = candidate,
        .source = item->source,
        .speaker = item->speaker,
        .session = item->session,
        .agent = item->agent,
        .user = item->user,
        .key = item->key,
        .metadata_json = item->metadata_json,
        .origin_task = record->has_origin_task ? &record->origin_task : NULL,
        .created_at_us = record->created_at_us,
        .observed_at_us = item->observed_at_us,
        .last_seen_at_us = record->last_seen_at_us,
        .expires_at_us = choose_expiry(self, record, candidate->type),
        .seen_count = record->seen_count,
        .seq = self->keeps_seq ? record->seq : 0,
    };
    km_status status = kmi_store_memory_insert(self->store, &memory, error);
    if (status == KM_OK && record->redaction_count != 0)
        status = kmi_store_counter_add(self->store, KMI_COUNTER_REDACTIONS, (int64_t)record->redaction_count, error);
    return status;
}

/* What the learner makes of a text that is kept as it is, with what its origin knew better. */
static km_status choose_candidate(const importer *self, const kmi_transfer_record *record, kmi_extraction *extraction,
                                  kmi_candidate *ret_candidate, km_error *error) {
    const km_learn_item *item = &record->item;
    const kmi_candidate *given = &record->candidate;
    kmi_extract_input input = {
        .text = {item->content, item->content_len},
        .speaker = item->speaker,
        .type = given->type,
        .said_at_us = item->observed_at_us,
        .is_verbatim = true,
    };
    kmi_candidate candidate = {.type = given->type != NULL ? given->type : "note",
                               .knowledge_type = "note",
                               .polarity = "neutral",
                               .confidence = 0.5,
                               .importance = 0.5};
    km_status status = kmi_extract(self->extractor, &input, extraction, error);
    if (status != KM_OK) return status;
    if (extraction->candidate_count > 0) candidate = extraction->candidates[0];
    candidate.content = item->content;
    if (strcmp(given->knowledge_type, "note") != 0) candidate.knowledge_type = given->knowledge_type;
    if (given->confidence >= 0) candidate.confidence = given->confidence;
    if (given->importance >= 0) candidate.importance = given->importance;
    *ret_candidate = candidate;
    return KM_OK;
}

/* The origin says itself what it replaces: a file of rules was changed, say. */
static km_status replace_predecessor(importer *self, const kmi_transfer_record *record, km_error *error) {
    km_memory memory;
    km_error fault = {0};
    if (!record->has_predecessor || kmi_uuid_compare(&record->predecessor, &record->id) == 0) return KM_OK;
    km_status status = kmi_store_memory_get(self->store, &record->predecessor, self->arena, &memory, &fault);
    if (status == KM_E_NOT_FOUND) return KM_OK;
    if (status == KM_OK && memory.superseded_by != NULL) return KM_OK;
    if (status == KM_OK) return kmi_store_memory_supersede(self->store, &record->predecessor, &record->id, error);
    if (error != NULL) *error = fault;
    return status;
}

/* Stores a memory of another program as if it was learnt: it may replace older statements, or be replaced by newer ones. */
static km_status learn_foreign(importer *self, const kmi_transfer_record *record, km_error *error) {
    kmi_extraction extraction = {0};
    kmi_candidate candidate;
    kmi_rivals rivals = {0};
    km_status status = choose_candidate(self, record, &extraction, &candidate, error);
    if (status == KM_OK)
        status = kmi_rivals_find(self->store, &candidate, record->item.observed_at_us, self->arena, &rivals, error);
    if (status == KM_OK) status = insert(self, record, &candidate, error);
    for (size_t i = 0; status == KM_OK && i < rivals.older_count; i++)
        status = kmi_store_memory_supersede(self->store, &rivals.older[i], &record->id, error);
    if (status == KM_OK) status = replace_predecessor(self, record, error);
    if (status == KM_OK && rivals.has_newer)
        status = kmi_store_memory_supersede(self->store, &record->id, &rivals.newer, error);
    kmi_extraction_deinit(&extraction);
    return status;
}

static km_status import_memory(importer *self, const kmi_plan_memory *planned, km_error *error) {
    KMI_CLEANUP_TRANSFER_RECORD kmi_transfer_record record = {0};
    kmi_arena_clear(self->arena);
    km_status status = kmi_transfer_read(&self->reader, kmi_plan_entry(self->plan, &planned->place), &record, error);
    if (status != KM_OK) return status;
    if (record.is_foreign) return learn_foreign(self, &record, error);
    status = add_relations(self, &record.id, &record.candidate, error);
    return status == KM_OK ? insert(self, &record, &record.candidate, error) : status;
}

/* ---- All of them ---- */

static km_status import_memories(importer *self, km_error *error) {
    const kmi_plan *plan = self->plan;
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < plan->memory_count;) {
        status = kmi_store_savepoint(self->store, error);
        for (size_t end = i + ENTRIES_PER_SAVEPOINT; status == KM_OK && i < end && i < plan->memory_count; i++) {
            const kmi_plan_memory *memory = &plan->memories[plan->order[i]];
            if (memory->state == KMI_PLAN_NEW) status = import_memory(self, memory, error);
        }
        if (status == KM_OK) status = kmi_store_savepoint_release(self->store, error);
        if (status == KM_OK) status = kmi_project_tell(self->project, "memories", i, plan->memory_count, error);
    }
    return status;
}

static km_status import_successions(importer *self, km_error *error) {
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < self->plan->memory_count; i++) {
        const kmi_plan_memory *memory = &self->plan->memories[i];
        const kmi_uuid *successor = kmi_plan_successor(self->plan, memory);
        if (successor != NULL) status = kmi_store_memory_supersede(self->store, &memory->id, successor, error);
    }
    return status;
}

static km_status start_importer(importer *self, km_error *error) {
    int64_t counters[KMI_COUNTER_COUNT];
    self->arena = kmi_arena_new(ENTRY_ARENA_LIMIT_BYTES);
    self->relation_reader = self->reader;
    self->relation_reader.arena = kmi_arena_new(ENTRY_ARENA_LIMIT_BYTES);
    if (self->arena == NULL || self->relation_reader.arena == NULL) return kmi_transfer_fail_memory(error);
    km_status status = kmi_extractor_new(self->config->learn_custom_patterns_json, &self->extractor, error);
    if (status == KM_OK) status = kmi_store_counters_get(self->store, counters, error);
    if (status == KM_OK) self->keeps_seq = counters[KMI_COUNTER_MEMORIES] == 0 && counters[KMI_COUNTER_SUPERSEDED] == 0;
    return status;
}

static km_status run_plan(km_project *project, kmi_plan *plan, const kmi_transfer_reader *reader, km_error *error) {
    if (plan->memory_count == 0) return kmi_plan_decide(plan, NULL, error); /* nothing to create a store for */
    KMI_CLEANUP_WRITER kmi_writer writer = {0};
    km_status status = kmi_writer_open(project, true, &writer, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_IMPORTER importer self = {
        .project = project, .config = &project->config, .plan = plan, .store = writer.store, .reader = *reader};
    status = start_importer(&self, error);
    if (status == KM_OK) status = kmi_store_begin(writer.store, error);
    if (status != KM_OK) return status;
    status = kmi_plan_decide(plan, writer.store, error);
    if (status == KM_OK) status = import_memories(&self, error);
    if (status == KM_OK) status = import_successions(&self, error);
    status = kmi_writer_end(&writer, status, error);
    if (status != KM_OK) return status;
    kmi_project_announce_change(project);
    kmi_writer_shorten_log(&writer);
    return KM_OK;
}

static km_status try_plan(km_project *project, kmi_plan *plan, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_status status = kmi_project_find_store(project, &store, error);
    if (status != KM_OK) return status;
    if (store == NULL) return kmi_plan_decide(plan, NULL, error);
    status = kmi_store_read_begin(store, error);
    if (status == KM_OK) status = kmi_plan_decide(plan, store, error);
    kmi_store_read_end(store);
    return status;
}

km_status km_import(km_project *project, const char *text, size_t text_len, bool dry_run, km_import_result *ret_result,
                    km_error *error) {
    if (project == NULL || ret_result == NULL || (text == NULL && text_len > 0))
        return kmi_fail(error, KM_E_INVALID, "project, text and ret_result must not be NULL");
    km_status status = kmi_project_check_config(project, error);
    if (status != KM_OK) return status;
    kmi_arena *arena = kmi_arena_new(ENTRY_ARENA_LIMIT_BYTES);
    if (arena == NULL) return kmi_transfer_fail_memory(error);
    kmi_transfer_reader reader = {.config = &project->config, .arena = arena, .now_us = kmi_clock_now_us()};
    KMI_CLEANUP_PLAN kmi_plan plan;
    kmi_plan_init(&plan, (kmi_slice){text != NULL ? text : "", text_len});
    plan.project = project;
    status = kmi_plan_collect(&plan, &reader, error);
    if (status == KM_OK) status = dry_run ? try_plan(project, &plan, error) : run_plan(project, &plan, &reader, error);
    if (status == KM_OK) *ret_result = plan.result;
    kmi_arena_free(arena);
    return status;
}
