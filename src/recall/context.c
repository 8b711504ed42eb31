/* Choosing the memories of a prompt. First the gate: when nothing here seems to be about the prompt, nothing that its words
 * found is given. Then the relevant ones, not less than half as good as the best, which doubles precision for little recall. Then
 * standing ones in places that are left (standing.c). A statement that is there in nearly the same words is left out, and so is the
 * older of two that contradict each other; all lines together keep to a budget of characters. */
#include <string.h>

#include "recall/chosen.h"
#include "recall/explain.h"
#include "recall/line.h"
#include "recall/outdated.h"
#include "recall/own_words.h"
#include "recall/recall.h"
#include "recall/similar.h"
#include "recall/standing.h"
#include "util/error.h"

#define SCORE_SHARE_MIN 0.5     /* of the best score */
#define SEARCH_MIN ((size_t)32) /* memories to choose from */
#define SEARCH_PER_MEMORY ((size_t)4)
#define STANDING_CONFIDENCE 0.6 /* of the memory's own: it was not asked for */
#define SMALL_STORE_UNITS ((uint64_t)300)
#define MEMORIES_MAX ((size_t)1000)

typedef struct choice {
    kmi_store *store;
    const kmi_context_request *request;
    kmi_arena *arena;
    kmi_buf line; /* scratch, to measure */
    size_t limit;
    size_t chars_left;
    size_t count;
    double confidence; /* that something here is about the prompt */
    km_memory *items;
    kmi_chosen *chosen; /* the same in numbers */
    kmi_word_set *words;
} choice;

static km_status fail_nomem(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while choosing memories");
}

static bool is_equal(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The same property of the same thing, told by the same speaker, with another value or once affirmed and once denied. */
static bool contradict(const km_memory *a, const km_memory *b) {
    if (a->subject == NULL || a->attribute == NULL || !is_equal(a->subject, b->subject)) return false;
    if (!is_equal(a->attribute, b->attribute) || !is_equal(a->speaker, b->speaker)) return false;
    return !is_equal(a->value, b->value) || !is_equal(a->polarity, b->polarity);
}

static bool is_newer(const km_memory *a, const km_memory *b) {
    return a->observed_at_us != b->observed_at_us ? a->observed_at_us > b->observed_at_us : a->seq > b->seq;
}

/* Of two that exclude each other only the newer one holds. */
static km_status exclude(const km_memory *a, const km_memory *b, bool *ret_do_exclude, km_error *error) {
    *ret_do_exclude = contradict(a, b);
    if (*ret_do_exclude || !is_equal(a->speaker, b->speaker)) return KM_OK;
    const km_memory *later = is_newer(a, b) ? a : b;
    const km_memory *earlier = later == a ? b : a;
    return kmi_is_outdated(kmi_slice_from(earlier->content), kmi_slice_from(later->content), ret_do_exclude, error);
}

/* Measures the line that a memory becomes, with the note of its time. */
static km_status measure(choice *c, const km_memory *memory, size_t *ret_chars, size_t *ret_note_chars,
                         km_error *error) {
    kmi_buf_clear(&c->line);
    *ret_chars = kmi_line_add(kmi_slice_from(memory->content), KMI_LINE_CHARS_MAX, &c->line);
    if (kmi_buf_status(&c->line) != KM_OK) return fail_nomem(error);
    kmi_buf_clear(&c->line);
    km_status status = kmi_context_note(c->store, memory, c->request->now_us, c->arena, &c->line, error);
    *ret_note_chars = c->line.len; /* ASCII */
    return status;
}

/* Puts a memory into a place, for which there is room. */
static km_status put(choice *c, size_t place, const km_memory *memory, kmi_chosen chosen, const kmi_word_set *words,
                     km_error *error) {
    km_memory added = *memory;
    km_status status = kmi_chosen_describe(&chosen, c->arena, &added, error);
    if (status != KM_OK) return status;
    c->words[place] = *words;
    c->chosen[place] = chosen;
    c->items[place] = added;
    return KM_OK;
}

/* Adds a memory unless it says nothing new or does not fit any more. The first one is shortened to fit. */
static km_status offer(choice *c, const km_memory *memory, kmi_chosen chosen, km_error *error) {
    kmi_word_set words;
    size_t chars = 0;
    size_t note_chars = 0;
    km_status status = kmi_word_set_make(kmi_slice_from(memory->content), c->arena, &words, error);
    if (status != KM_OK) return status;
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].seq == memory->seq || kmi_word_set_is_similar(&words, &c->words[i])) return KM_OK;
    }
    status = measure(c, memory, &chars, &note_chars, error);
    if (status != KM_OK || chars == 0) return status;
    for (size_t i = 0; i < c->count; i++) {
        bool is_other_value = false;
        status = exclude(&c->items[i], memory, &is_other_value, error);
        if (status != KM_OK) return status;
        if (!is_other_value) continue;
        /* The newer one takes the place of the older one, if it fits there. */
        if (!is_newer(memory, &c->items[i]) || chars + note_chars > c->chars_left) return KM_OK;
        c->chars_left -= chars + note_chars;
        return put(c, i, memory, chosen, &words, error);
    }
    if (chars + note_chars > c->chars_left) {
        if (c->count > 0) return KM_OK;
        chars = c->chars_left > 2 * note_chars ? c->chars_left - note_chars : c->chars_left;
        chosen.max_chars = chars < UINT32_MAX ? (uint32_t)chars : UINT32_MAX;
    }
    status = put(c, c->count, memory, chosen, &words, error);
    if (status != KM_OK) return status;
    c->chars_left -= chars + note_chars < c->chars_left ? chars + note_chars : c->chars_left;
    c->count++;
    return KM_OK;
}

static km_status choose_relevant(choice *c, const kmi_ranking *ranking, km_error *error) {
    if (c->confidence < c->request->confidence_threshold) return KM_OK;
    bool is_small = ranking->info.unit_count < SMALL_STORE_UNITS; /* a big one knows by itself which words are common */
    for (size_t i = 0; i < ranking->count && c->count < c->limit; i++) {
        kmi_ranked *item = &ranking->items[i];
        double share = item->score / ranking->items[0].score;
        if (share < SCORE_SHARE_MIN) break;
        km_memory memory = {0};
        size_t own_words = 0;
        km_status status = kmi_ranked_read(c->store, item, c->arena, &memory, error);
        if (status == KM_OK)
            status = kmi_own_words_count(kmi_slice_from(memory.content), &ranking->info, is_small, &own_words, error);
        if (status != KM_OK) return status;
        if (own_words == 0 && !ranking->is_by_time)
            continue; /* found by its neighbours' words alone: an answer in a chat says one word of its own */
        status = offer(c, &memory,
                       (kmi_chosen){.seq = memory.seq,
                                    .score = item->score,
                                    .confidence = c->confidence * share,
                                    .match = *memory.match,
                                    .has_match = 1,
                                    .reason = ranking->is_by_time ? KMI_REASON_TIME : KMI_REASON_RELEVANT},
                       error);
        if (status != KM_OK) return status;
    }
    return KM_OK;
}

static km_status choose_standing(choice *c, const kmi_ranking *ranking, km_error *error) {
    size_t places = c->limit - c->count;
    if (places > c->request->standing_memories) places = c->request->standing_memories;
    if (places == 0) return KM_OK;
    kmi_standing *items = NULL;
    size_t count = 0;
    size_t end = c->count + places;
    km_status status =
        kmi_standing_list(c->store, c->request->prompt, ranking, c->confidence >= c->request->confidence_threshold,
                          c->arena, &items, &count, error);
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

static km_status choose(choice *c, const km_explanation **ret_explanation, km_error *error) {
    size_t search_limit = c->limit * SEARCH_PER_MEMORY > SEARCH_MIN ? c->limit * SEARCH_PER_MEMORY : SEARCH_MIN;
    km_recall_query filter = {.now_us = c->request->now_us};
    kmi_ranking ranking;
    km_status status = kmi_ranking_make(c->store, c->request->prompt, &filter, search_limit, c->arena, &ranking, error);
    if (status != KM_OK) return status;
    c->confidence = ranking.confidence;
    status = choose_relevant(c, &ranking, error);
    if (status == KM_OK) status = choose_standing(c, &ranking, error);
    if (status != KM_OK || ret_explanation == NULL) return status;
    return kmi_explain(&ranking, c->request->confidence_threshold, c->arena, ret_explanation, error);
}

km_status kmi_context_choose(kmi_store *store, const kmi_context_request *request, kmi_arena *arena,
                             km_memory **ret_items, const kmi_chosen **ret_chosen, size_t *ret_count,
                             double *ret_confidence, const km_explanation **ret_explanation, km_error *error) {
    choice c = {.store = store, .request = request, .arena = arena, .chars_left = request->max_chars};
    c.limit = request->max_memories < MEMORIES_MAX ? request->max_memories : MEMORIES_MAX;
    km_status status = KM_OK;
    if (c.limit > 0 && c.chars_left > 0) {
        c.items = kmi_arena_alloc_array(arena, c.limit, sizeof(*c.items));
        c.chosen = kmi_arena_alloc_array(arena, c.limit, sizeof(*c.chosen));
        c.words = kmi_arena_alloc_array(arena, c.limit, sizeof(*c.words));
        if (c.items == NULL || c.chosen == NULL || c.words == NULL) return fail_nomem(error);
        kmi_buf_init(&c.line, KMI_LINE_CHARS_MAX * 8);
        status = choose(&c, ret_explanation, error);
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
