/* Applying what was extracted. Three questions for each candidate, in this order:
 *   Is it known?           The same statement (see same.h) strengthens the memory that is there.
 *   Does it replace one?   The same property of the same subject with another value supersedes the older statement. "Older"
 *                          is when it was said, not when it was learnt: tasks have priorities, and old chats are imported.
 *   Else it is new.
 * Everything is decided by the store's rows and the arguments, so that the same tasks in the same order give the same
 * memories (but for their ids). */
#include "learn/learn.h"

#include "learn/same.h"
#include "learn/supersede.h"
#include "util/clock.h"
#include "util/error.h"

#define DAY_US (24.0 * 60 * 60 * 1000 * 1000)

static bool is_overdue(void *context) {
    return kmi_clock_monotonic_us() > *(const int64_t *)context;
}

km_status kmi_learn_extract(const kmi_extractor *extractor, const km_learn_item *item, int64_t submitted_at_us,
                            int64_t deadline_us, kmi_extraction *ret_extraction, km_error *error) {
    kmi_extract_input input = {
        .text = {item->content, item->content_len},
        .speaker = item->speaker,
        .type = item->type,
        .said_at_us = item->observed_at_us != 0 ? item->observed_at_us : submitted_at_us,
        .is_verbatim = item->verbatim,
        .is_overdue = is_overdue,
        .overdue_context = &deadline_us,
        .clock_ns = kmi_clock_monotonic_ns,
    };
    return kmi_extract(extractor, &input, ret_extraction, error);
}

typedef struct learner {
    kmi_store *store;
    const kmi_config *config;
    const kmi_learn_origin *origin;
    int64_t now_us;
    int64_t said_at_us;
    kmi_arena *arena;
} learner;

/* When the candidate expires; 0: never. Counted from when it was said. */
static int64_t expiry_of(const learner *l, const kmi_candidate *candidate) {
    if (l->origin->never_expires) return 0;
    double days = kmi_config_retention_days(l->config, candidate->type);
    if (!(days > 0)) return 0;
    double expires_at = (double)l->said_at_us + days * DAY_US;
    return expires_at < 9e18 ? (int64_t)expires_at : 0;
}

static km_status strengthen(const learner *l, const kmi_candidate *candidate, kmi_learn_outcome *outcome,
                            km_error *error) {
    km_status status = kmi_store_memory_strengthen(l->store, &outcome->id, l->said_at_us, candidate->confidence,
                                                   expiry_of(l, candidate), error);
    if (status == KM_OK) status = kmi_store_counter_add(l->store, KMI_COUNTER_DUPLICATES, 1, error);
    outcome->action = "strengthened";
    return status;
}

static km_status insert(const learner *l, const kmi_candidate *candidate, const kmi_uuid *id, km_error *error) {
    const km_learn_item *item = l->origin->item;
    kmi_memory_new memory = {
        .id = *id,
        .candidate = candidate,
        .source = item->source,
        .speaker = item->speaker,
        .session = item->session,
        .agent = item->agent,
        .user = item->user,
        .key = item->key,
        .metadata_json = item->metadata_json,
        .origin_task = l->origin->task,
        .created_at_us = l->now_us,
        .observed_at_us = l->said_at_us,
        .last_seen_at_us = l->said_at_us,
        .expires_at_us = expiry_of(l, candidate),
        .seen_count = 1,
    };
    return kmi_store_memory_insert(l->store, &memory, error);
}

static km_status store_new(const learner *l, const kmi_candidate *candidate, const kmi_rivals *rivals,
                           kmi_learn_outcome *outcome, km_error *error) {
    km_status status = kmi_uuid_make(&outcome->id, error);
    if (status == KM_OK) status = insert(l, candidate, &outcome->id, error);
    for (size_t i = 0; status == KM_OK && i < rivals->older_count; i++) {
        status = kmi_store_memory_supersede(l->store, &rivals->older[i], &outcome->id, error);
    }
    if (status == KM_OK && rivals->has_newer) {
        status = kmi_store_memory_supersede(l->store, &outcome->id, &rivals->newer, error);
    }
    outcome->action = rivals->older_count > 0 ? "superseded" : "stored";
    outcome->supersedes = rivals->older;
    outcome->supersedes_count = rivals->older_count;
    return status;
}

/* Adds the time since *mark_ns to a stage. */
static void account(const learner *l, kmi_stage stage, uint64_t *mark_ns) {
    if (l->origin->learning == NULL) return;
    uint64_t now_ns = kmi_clock_monotonic_ns();
    l->origin->learning->stage_ns[stage] += now_ns - *mark_ns;
    *mark_ns = now_ns;
}

static km_status apply_candidate(const learner *l, const kmi_candidate *candidate, kmi_learn_outcome *outcome,
                                 km_error *error) {
    bool is_known = false;
    kmi_rivals rivals = {0};
    uint64_t mark_ns = l->origin->learning != NULL ? kmi_clock_monotonic_ns() : 0;
    km_status status = kmi_same_find(l->store, kmi_slice_from(candidate->content), &is_known, &outcome->id, error);
    if (status == KM_OK && !is_known)
        status = kmi_same_find_worded(l->store, candidate->subject, kmi_slice_from(candidate->content), l->arena,
                                      &is_known, &outcome->id, error);
    if (status == KM_OK && !is_known)
        status = kmi_rivals_find(l->store, candidate, l->said_at_us, l->arena, &rivals, error);
    account(l, KMI_STAGE_COMPARE, &mark_ns);
    if (status != KM_OK) return status;
    status = is_known ? strengthen(l, candidate, outcome, error) : store_new(l, candidate, &rivals, outcome, error);
    account(l, KMI_STAGE_STORE, &mark_ns);
    return status;
}

void kmi_learning_add_extraction(kmi_learning *learning, const kmi_extraction *extraction) {
    for (size_t i = 0; i < KMI_STAGE_COUNT; i++) learning->stage_ns[i] += extraction->stage_ns[i];
    for (size_t i = 0; i < extraction->skipped_count; i++)
        learning->skipped[kmi_skip_reason_index(extraction->skipped[i].reason)]++;
    learning->memories += extraction->candidate_count;
}

km_status kmi_learn_apply(kmi_store *store, const kmi_config *config, const kmi_learn_origin *origin,
                          const kmi_extraction *extraction, int64_t now_us, kmi_arena *arena,
                          kmi_learn_outcome **ret_outcomes, km_error *error) {
    int64_t observed_at_us = origin->item->observed_at_us;
    learner l = {
        .store = store,
        .config = config,
        .origin = origin,
        .now_us = now_us,
        .said_at_us = observed_at_us != 0            ? observed_at_us
                      : origin->submitted_at_us != 0 ? origin->submitted_at_us
                                                     : now_us,
        .arena = arena,
    };
    kmi_learn_outcome *outcomes = NULL;
    if (extraction->candidate_count > 0) {
        outcomes = kmi_arena_alloc_array(arena, extraction->candidate_count, sizeof(*outcomes));
        if (outcomes == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while learning");
    }
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < extraction->candidate_count; i++) {
        status = apply_candidate(&l, &extraction->candidates[i], &outcomes[i], error);
    }
    if (status == KM_OK && extraction->skipped_count > 0) {
        status = kmi_store_counter_add(store, KMI_COUNTER_SKIPPED, (int64_t)extraction->skipped_count, error);
    }
    if (status == KM_OK) *ret_outcomes = outcomes;
    return status;
}
