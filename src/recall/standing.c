/* What applies to every answer often shares no word with the question, so no ranking finds it; and what applies to none is
 * noise in every prompt. The judgement, in words (docs/recall.md says it to users):
 *
 *   prompt                           applies
 *   greeting, thanks, "go on"        nothing
 *   "run the tests again"            what shares words with the prompt
 *   a question                       … and rules and preferences about answers ("answers in …")
 *   an order at length               … and those that reach everything ("always", "never")
 *   how to do, write, build …        … and the other rules and preferences
 *
 * "Never edit generated files" forbids doing: it has nothing to say to who wrote Moby-Dick.
 *
 * Identity and decisions apply only where they share words: a decision about databases has nothing to say to a poem. Shared words
 * count only when the gate is open. What a named person or the assistant said is no rule of the user's. */
#include "recall/standing.h"

#include <stdlib.h>
#include <string.h>

#include "recall/asking.h"
#include "recall/own_words.h"
#include "util/error.h"

#define LOOK_AT ((size_t)64) /* most recently confirmed ones to choose from */
#define COVERAGE_MIN 0.15    /* of the prompt's weight: less is a common word */

typedef struct candidate {
    kmi_standing item;
    bool shares_words;
    kmi_reach reach;
    int kind;   /* 0 first */
    size_t age; /* place by last confirmation, newest first */
} candidate;

enum { KIND_RULE, KIND_PREFERENCE, KIND_IDENTITY, KIND_DECISION, KIND_OTHER };

static int kind_of(const char *type) {
    static const char *const KINDS[] = {"rule", "preference", "identity", "decision"};
    for (int i = 0; i < KIND_OTHER; i++) {
        if (type != NULL && strcmp(type, KINDS[i]) == 0) return i;
    }
    return KIND_OTHER;
}

/* Of the prompt's weight; 0 for one that only its neighbours brought in. */
static km_status find_coverage(const km_memory *memory, const kmi_ranking *ranking, double *ret_coverage,
                               km_error *error) {
    *ret_coverage = 0;
    for (size_t i = 0; i < ranking->count; i++) {
        if (ranking->items[i].hit->seq != memory->seq) continue;
        size_t own_words = 0;
        km_status status =
            kmi_own_words_count(kmi_slice_from(memory->content), &ranking->info, true, &own_words, error);
        if (status == KM_OK && own_words > 0) *ret_coverage = ranking->items[i].hit->coverage;
        return status;
    }
    return KM_OK;
}

static bool applies(const candidate *standing, kmi_asking asking) {
    if (asking == KMI_ASKING_NOTHING) return false;
    if (standing->shares_words) return true;
    if (standing->kind > KIND_PREFERENCE || asking == KMI_ASKING_OPERATION) return false;
    if (standing->reach == KMI_REACH_NAMED) return false;
    if (asking == KMI_ASKING_ANSWER) return standing->reach == KMI_REACH_ANSWERS;
    return asking == KMI_ASKING_WORK || standing->reach < KMI_REACH_NARROW;
}

static int compare(const void *a, const void *b) {
    const candidate *left = a;
    const candidate *right = b;
    if (left->shares_words != right->shares_words) return left->shares_words ? -1 : 1;
    if (left->shares_words && left->item.coverage != right->item.coverage)
        return left->item.coverage > right->item.coverage ? -1 : 1;
    if (left->reach != right->reach) return left->reach < right->reach ? -1 : 1;
    if (left->kind != right->kind && (left->kind > KIND_PREFERENCE || right->kind > KIND_PREFERENCE))
        return left->kind - right->kind; /* rules and preferences are one kind */
    return left->age < right->age ? -1 : left->age > right->age;
}

km_status kmi_standing_list(kmi_store *store, kmi_slice prompt, const kmi_ranking *ranking, bool words_count,
                            kmi_arena *arena, kmi_standing **ret_items, size_t *ret_count, km_error *error) {
    km_memory *memories = NULL;
    size_t seen = 0;
    kmi_asking asking = kmi_asking_of(prompt);
    km_status status = KM_OK;
    if (asking != KMI_ASKING_NOTHING)
        status = kmi_store_memory_standing(store, LOOK_AT, arena, &memories, &seen, error);
    if (status != KM_OK) return status;
    candidate *candidates = kmi_arena_alloc_array(arena, seen + 1, sizeof(*candidates));
    kmi_standing *items = kmi_arena_alloc_array(arena, seen + 1, sizeof(*items));
    if (candidates == NULL || items == NULL)
        return kmi_fail(error, KM_E_NOMEM, "out of memory while choosing memories");
    size_t count = 0;
    for (size_t i = 0; i < seen; i++) {
        if (!kmi_is_lasting(kmi_slice_from(memories[i].content))) continue;
        double coverage = 0;
        if (words_count) status = find_coverage(&memories[i], ranking, &coverage, error);
        if (status != KM_OK) return status;
        candidate standing = {.item = {memories[i], coverage},
                              .shares_words = coverage >= COVERAGE_MIN,
                              .reach = kmi_reach_of(kmi_slice_from(memories[i].content)),
                              .kind = kind_of(memories[i].type),
                              .age = i};
        if (applies(&standing, asking)) candidates[count++] = standing;
    }
    if (count > 1) qsort(candidates, count, sizeof(*candidates), compare);
    for (size_t i = 0; i < count; i++) items[i] = candidates[i].item;
    *ret_items = items;
    *ret_count = count;
    return KM_OK;
}
