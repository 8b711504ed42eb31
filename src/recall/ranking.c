/* The search gives more hits than asked for, because the priors change their order: a prior at full strength lifts a memory
 * about as much as three times the words. Session, speaker and time of saying come with the hit. Only a question that asks
 * when, or names a time, needs the memories themselves (do they say when, when does it happen), and only those that this
 * could bring among the best are read. */
#include "recall/ranking.h"

#include <stdlib.h>

#include "recall/asking.h"
#include "recall/own_words.h"
#include "util/error.h"

#define CANDIDATES ((size_t)200)
#define READ_MAX ((size_t)100)    /* memories read for what they say about time */
#define TIME_SCORE 1.0            /* of all that lies in the time that a question names */
#define TIME_CONFIDENCE 0.6       /* that this was meant */
#define PLACES_LEAST ((size_t)20) /* as if at least as many were asked for */

static km_status fail_nomem(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while ranking memories");
}

static void weigh(kmi_ranked *item) {
    item->factor = kmi_prior_factor(&kmi_prior_weights_default, &item->priors);
    item->score = item->hit->score * item->factor;
}

static int compare_ranked(const void *a, const void *b) {
    const kmi_ranked *left = a;
    const kmi_ranked *right = b;
    if (left->score != right->score) return left->score > right->score ? -1 : 1;
    return left->hit->seq > right->hit->seq ? -1 : left->hit->seq < right->hit->seq; /* the newer one */
}

static void sort(kmi_ranking *ranking) {
    if (ranking->count > 1) qsort(ranking->items, ranking->count, sizeof(*ranking->items), compare_ranked);
}

/* What the score could become once the memory is read. */
static double possible_score(const kmi_question *question, const kmi_ranked *item) {
    kmi_priors best = item->priors;
    if (question->asks_when) best.cue = 1;
    if (question->time_count > 0) best.date = 1;
    return item->hit->score * kmi_prior_factor(&kmi_prior_weights_default, &best);
}

static km_status read_times(kmi_store *store, size_t limit, kmi_arena *arena, kmi_ranking *ranking, km_error *error) {
    const kmi_question *question = &ranking->question;
    if ((!question->asks_when && question->time_count == 0) || ranking->count == 0) return KM_OK;
    size_t places = limit > PLACES_LEAST ? limit : PLACES_LEAST;
    double needed = ranking->items[places < ranking->count ? places - 1 : ranking->count - 1].score;
    size_t read = 0;
    for (size_t i = 0; i < ranking->count && read < READ_MAX; i++) {
        kmi_ranked *item = &ranking->items[i];
        km_memory memory = {0};
        if (possible_score(question, item) < needed) continue;
        km_status status = kmi_ranked_read(store, item, arena, &memory, error);
        if (status != KM_OK) return status;
        read++;
        if (question->asks_when && kmi_text_tells_when(kmi_slice_from(memory.content))) item->priors.cue = 1;
        double date = kmi_prior_date(question, memory.event_at_us);
        if (date > item->priors.date) item->priors.date = date;
        weigh(item);
    }
    sort(ranking);
    return KM_OK;
}

/* "Go on", "what is it": words that stand in texts about anything. What shares them says nothing about the prompt. */
static bool says_nothing(const kmi_ranking *ranking) {
    if (ranking->info.has_stop_words_only) return true;
    kmi_asking asking = kmi_asking_of(ranking->question.text);
    return asking == KMI_ASKING_NOTHING || (asking == KMI_ASKING_OPERATION && ranking->info.has_common_terms_only);
}

/* The gate judges the best match by words alone, and by its own text. */
static km_status look_at_best(kmi_store *store, const kmi_search_hit *best, kmi_arena *arena, kmi_ranking *ranking,
                              km_error *error) {
    km_status status = KM_OK;
    for (size_t i = 0; i < ranking->count && status == KM_OK; i++) {
        km_memory memory = {0};
        if (ranking->items[i].hit != best) continue;
        status = kmi_ranked_read(store, &ranking->items[i], arena, &memory, error);
        if (status == KM_OK)
            status =
                kmi_own_words_count(kmi_slice_from(memory.content), &ranking->info, false, &ranking->own_words, error);
        break;
    }
    ranking->gate = kmi_gate_look(best, ranking->own_words, &ranking->info);
    ranking->confidence = says_nothing(ranking) ? 0 : kmi_gate_confidence(&ranking->gate);
    return status;
}

/* Puts what was said at the time that the question names in the place of what its words found. */
static km_status list_time(kmi_store *store, const km_recall_query *query, size_t limit, kmi_arena *arena,
                           kmi_ranking *ranking, km_error *error) {
    const kmi_time_span *span = &ranking->question.times[0];
    km_recall_query filter = *query;
    if (filter.since_us == 0 || filter.since_us < span->from_us) filter.since_us = span->from_us;
    if (filter.until_us == 0 || filter.until_us > span->until_us - 1) filter.until_us = span->until_us - 1;
    km_memory *memories = NULL;
    size_t count = 0;
    km_status status = kmi_store_memory_of_time(store, &filter, limit, arena, &memories, &count, error);
    if (status != KM_OK || count == 0) return status;
    kmi_search_hit *hits = kmi_arena_alloc_array(arena, count, sizeof(*hits));
    kmi_ranked *items = kmi_arena_alloc_array(arena, count, sizeof(*items));
    if (hits == NULL || items == NULL) return fail_nomem(error);
    for (size_t i = 0; i < count; i++) {
        hits[i] = (kmi_search_hit){.seq = memories[i].seq, .observed_at_us = memories[i].observed_at_us};
        items[i] = (kmi_ranked){
            .hit = &hits[i], .priors = {.date = 1}, .factor = 1, .score = TIME_SCORE, .memory = &memories[i]};
    }
    ranking->items = items;
    ranking->count = count;
    ranking->is_by_time = true;
    ranking->confidence = TIME_CONFIDENCE;
    return KM_OK;
}

km_status kmi_ranking_make(kmi_store *store, kmi_slice text, const km_recall_query *query, size_t limit,
                           kmi_arena *arena, kmi_ranking *ret_ranking, km_error *error) {
    kmi_ranking ranking = {.count = 0};
    kmi_search_hit *hits = NULL;
    kmi_question_read(text, query->now_us, &ranking.question);
    km_status status = kmi_store_search(store, text, query, limit > CANDIDATES ? limit : CANDIDATES, arena, &hits,
                                        &ranking.count, &ranking.info, error);
    if (status != KM_OK) return status;
    ranking.items = kmi_arena_alloc_array(arena, ranking.count + 1, sizeof(*ranking.items));
    kmi_priors *priors = kmi_arena_alloc_array(arena, ranking.count + 1, sizeof(*priors));
    if (ranking.items == NULL || priors == NULL) return fail_nomem(error);
    ranking.speaker = kmi_prior_speaker(&ranking.question, hits, ranking.count);
    kmi_priors_find(&ranking.question, hits, ranking.count, priors);
    for (size_t i = 0; i < ranking.count; i++) {
        ranking.items[i] = (kmi_ranked){.hit = &hits[i], .priors = priors[i]};
        weigh(&ranking.items[i]);
    }
    sort(&ranking);
    status = read_times(store, limit, arena, &ranking, error);
    if (status == KM_OK) status = look_at_best(store, ranking.count > 0 ? &hits[0] : NULL, arena, &ranking, error);
    if (status == KM_OK && ranking.question.is_of_time_alone)
        status = list_time(store, query, limit, arena, &ranking, error);
    if (status == KM_OK) *ret_ranking = ranking;
    return status;
}

km_status kmi_ranked_read(kmi_store *store, kmi_ranked *item, kmi_arena *arena, km_memory *ret_memory,
                          km_error *error) {
    if (item->memory == NULL) {
        km_memory *memory = kmi_arena_alloc(arena, sizeof(*memory));
        if (memory == NULL) return fail_nomem(error);
        km_status status = kmi_store_memory_by_seq(store, item->hit->seq, arena, memory, error);
        if (status != KM_OK) return status;
        item->memory = memory;
    }
    km_match *match = kmi_arena_alloc(arena, sizeof(*match));
    if (match == NULL) return fail_nomem(error);
    *match = (km_match){.words = item->hit->score,
                        .coverage = item->hit->coverage,
                        .session = item->priors.session,
                        .speaker = item->priors.speaker,
                        .date = item->priors.date,
                        .cue = item->priors.cue,
                        .factor = item->factor};
    *ret_memory = *item->memory;
    ret_memory->score = item->score;
    ret_memory->match = match;
    return KM_OK;
}
