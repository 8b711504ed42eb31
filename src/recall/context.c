/* Choosing the memories of a prompt. Relevant ones first: above the threshold, and not less than half as good as the best,
 * which doubles precision for little recall. Then standing ones (preferences, rules, decisions, identity) in places that are left,
 * because what applies to every answer often shares no word with the question: those that share a little first, then rules and
 * preferences before identity and decisions, the most recently confirmed first. A statement that is there in nearly the
 * same words is left out, and all lines together keep to a budget of characters. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "recall/chosen.h"
#include "recall/line.h"
#include "recall/recall.h"
#include "recall/relevance.h"
#include "recall/similar.h"
#include "util/error.h"

#define SCORE_SHARE_MIN 0.5     /* of the best score */
#define SEARCH_MIN ((size_t)32) /* hits to choose from */
#define SEARCH_PER_MEMORY ((size_t)4)
#define STANDING_LOOK_AT ((size_t)32) /* most recently confirmed ones to choose from */
#define STANDING_CONFIDENCE 0.6       /* of the memory's own: it was not asked for */
#define MEMORIES_MAX ((size_t)1000)

typedef struct choice {
    kmi_store *store;
    const kmi_context_request *request;
    kmi_arena *arena;
    kmi_buf line; /* scratch, to measure */
    size_t limit;
    size_t chars_left;
    size_t count;
    km_memory *items;
    kmi_chosen *chosen; /* the same in numbers */
    kmi_word_set *words;
} choice;

static km_status fail_nomem(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while choosing memories");
}

/* Adds a memory unless it says nothing new or does not fit any more. The first one is shortened to fit. */
static km_status offer(choice *c, const km_memory *memory, kmi_chosen chosen, km_error *error) {
    kmi_slice content = kmi_slice_from(memory->content);
    kmi_word_set words;
    km_status status = kmi_word_set_make(content, c->arena, &words, error);
    if (status != KM_OK) return status;
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].seq == memory->seq || kmi_word_set_is_similar(&words, &c->words[i])) return KM_OK;
    }
    kmi_buf_clear(&c->line);
    size_t chars = kmi_line_add(content, KMI_LINE_CHARS_MAX, &c->line);
    if (kmi_buf_status(&c->line) != KM_OK) return fail_nomem(error);
    if (chars == 0 || (chars > c->chars_left && c->count > 0)) return KM_OK;
    km_memory added = *memory;
    if (chars > c->chars_left) {
        chars = c->chars_left;
        chosen.max_chars = chars < UINT32_MAX ? (uint32_t)chars : UINT32_MAX;
    }
    status = kmi_chosen_describe(&chosen, c->arena, &added, error);
    if (status != KM_OK) return status;
    c->chars_left -= chars;
    c->words[c->count] = words;
    c->chosen[c->count] = chosen;
    c->items[c->count++] = added;
    return KM_OK;
}

static km_status choose_relevant(choice *c, kmi_ranked *hits, size_t hit_count, km_error *error) {
    for (size_t i = 0; i < hit_count && c->count < c->limit; i++) {
        if (hits[i].score < SCORE_SHARE_MIN * hits[0].score) break;
        if (hits[i].hit->coverage < c->request->confidence_threshold) continue; /* relevance is never above coverage */
        km_memory memory;
        km_status status = kmi_relevant_memory(c->store, &hits[i], c->arena, &memory, error);
        if (status != KM_OK) return status;
        if (memory.confidence < c->request->confidence_threshold) continue;
        status = offer(c, &memory,
                       (kmi_chosen){.seq = memory.seq,
                                    .score = memory.score,
                                    .confidence = memory.confidence,
                                    .match = *memory.match,
                                    .has_match = 1,
                                    .reason = KMI_REASON_RELEVANT},
                       error);
        if (status != KM_OK) return status;
    }
    return KM_OK;
}

/* ---- Standing memories ---- */

typedef struct standing {
    km_memory memory;
    double coverage; /* of the question */
    int kind;        /* 0 first */
    size_t age;      /* place by last confirmation, newest first */
} standing;

static int kind_of(const char *type) {
    static const char *const KINDS[] = {"rule", "preference", "identity", "decision"};
    static const int PLACES[] = {0, 0, 1, 2};
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (type != NULL && strcmp(type, KINDS[i]) == 0) return PLACES[i];
    }
    return 3;
}

static int compare_standing(const void *a, const void *b) {
    const standing *left = a;
    const standing *right = b;
    if (left->coverage != right->coverage) return left->coverage > right->coverage ? -1 : 1;
    if (left->kind != right->kind) return left->kind - right->kind;
    return left->age < right->age ? -1 : left->age > right->age;
}

static double coverage_of(int64_t seq, kmi_ranked *hits, size_t hit_count) {
    for (size_t i = 0; i < hit_count; i++) {
        if (hits[i].hit->seq == seq) return hits[i].hit->coverage;
    }
    return 0;
}

static km_status list_standing(choice *c, kmi_ranked *hits, size_t hit_count, standing **ret_items, size_t *ret_count,
                               km_error *error) {
    km_memory *memories = NULL;
    size_t count = 0;
    km_status status = kmi_store_memory_standing(c->store, STANDING_LOOK_AT, c->arena, &memories, &count, error);
    if (status != KM_OK) return status;
    standing *items = kmi_arena_alloc_array(c->arena, count + 1, sizeof(*items));
    if (items == NULL) return fail_nomem(error);
    for (size_t i = 0; i < count; i++) {
        items[i] = (standing){memories[i], coverage_of(memories[i].seq, hits, hit_count), kind_of(memories[i].type), i};
    }
    if (count > 1) qsort(items, count, sizeof(*items), compare_standing);
    *ret_items = items;
    *ret_count = count;
    return KM_OK;
}

static km_status choose_standing(choice *c, kmi_ranked *hits, size_t hit_count, km_error *error) {
    size_t places = c->limit - c->count;
    if (places > c->request->standing_memories) places = c->request->standing_memories;
    if (places == 0) return KM_OK;
    standing *items = NULL;
    size_t count = 0;
    size_t end = c->count + places;
    km_status status = list_standing(c, hits, hit_count, &items, &count, error);
    for (size_t i = 0; status == KM_OK && i < count && c->count < end; i++) {
        const km_memory *memory = &items[i].memory;
        status = offer(c, memory,
                       (kmi_chosen){.seq = memory->seq,
                                    .confidence = memory->confidence * STANDING_CONFIDENCE,
                                    .reason = KMI_REASON_STANDING},
                       error);
    }
    return status;
}

static km_status choose(choice *c, km_error *error) {
    size_t search_limit = c->limit * SEARCH_PER_MEMORY > SEARCH_MIN ? c->limit * SEARCH_PER_MEMORY : SEARCH_MIN;
    km_recall_query filter = {.now_us = c->request->now_us};
    kmi_ranking ranking;
    km_status status = kmi_ranking_make(c->store, c->request->prompt, &filter, search_limit, c->arena, &ranking, error);
    if (status == KM_OK) status = choose_relevant(c, ranking.items, ranking.count, error);
    return status == KM_OK ? choose_standing(c, ranking.items, ranking.count, error) : status;
}

km_status kmi_context_choose(kmi_store *store, const kmi_context_request *request, kmi_arena *arena,
                             km_memory **ret_items, const kmi_chosen **ret_chosen, size_t *ret_count,
                             double *ret_confidence, km_error *error) {
    choice c = {.store = store, .request = request, .arena = arena, .chars_left = request->max_chars};
    c.limit = request->max_memories < MEMORIES_MAX ? request->max_memories : MEMORIES_MAX;
    km_status status = KM_OK;
    if (c.limit > 0 && c.chars_left > 0) {
        c.items = kmi_arena_alloc_array(arena, c.limit, sizeof(*c.items));
        c.chosen = kmi_arena_alloc_array(arena, c.limit, sizeof(*c.chosen));
        c.words = kmi_arena_alloc_array(arena, c.limit, sizeof(*c.words));
        if (c.items == NULL || c.chosen == NULL || c.words == NULL) return fail_nomem(error);
        kmi_buf_init(&c.line, KMI_LINE_CHARS_MAX * 8);
        status = choose(&c, error);
        kmi_buf_deinit(&c.line);
    }
    if (status != KM_OK) return status;
    double confidence = 0;
    for (size_t i = 0; i < c.count; i++) {
        if (c.items[i].confidence > confidence) confidence = c.items[i].confidence;
    }
    *ret_items = c.items;
    if (ret_chosen != NULL) *ret_chosen = c.chosen;
    *ret_count = c.count;
    *ret_confidence = confidence;
    return KM_OK;
}
