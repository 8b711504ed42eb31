/* The search, from a text to memories: terms, their postings within a budget, the score of units, and the best memories that
 * pass the filter.
 *
 * A memory is worth its best unit, divided by 1 + 0.2 ln(units), for a long one has more chances. Units are visited best first, and
 * a memory's division only lowers it: once the list is full and the next unit is below its worst, nothing better can come. So a filter
 * costs a look at a row for each unit that would have been listed, and not for each match.
 *
 * Terms too common for the budget are weighed on the best units alone, in their texts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/sqlite/index.h"
#include "store/sqlite/query_terms.h"
#include "store/sqlite/rank.h"

#define POSTING_BUDGET ((size_t)30000)
#define UNITS_AT_ONCE ((size_t)256)
#define UNIT_COUNT_WEIGHT 0.2
#define COMMON_UNITS_LEAST 25.0
#define COMMON_UNITS_HALF 100.0
#define NTH_UNIT ((size_t)20)       /* of kmi_search_info.twentieth_unit */
#define RESCORE_UNITS ((size_t)100) /* best units in which skipped terms are looked for */
#define RESCORE_TEXT_BYTES ((size_t)64 * 1024)
#define SIMILAR_WORDS ((size_t)2) /* words of a query that stand-ins are looked for */
#define SIMILAR_TERMS ((size_t)3) /* for each */
#define SIMILAR_WEIGHT 0.5
#define SIMILAR_QUERY_TERMS ((size_t)4) /* a longer query of nothing but unknown words is about something else */
#define MENDED_SEEN_SHARE_MAX 0.5       /* of the query's weight: where known words carry more, they are enough */
#define MENDED_LEN_MIN ((size_t)6)
#define MENDED_UNITS_MAX 2000 /* in a bigger store a guess is chance, and takes ten times the search */
#define MENDED_CHOICES ((size_t)8)
#define GUESS_UNITS_HALF 100.0 /* in a store of so many a guess is half doubted: more words have one close by chance */

static size_t posting_budget = POSTING_BUDGET;

void kmi_search_set_budget(size_t postings) {
    posting_budget = postings != 0 ? postings : POSTING_BUDGET;
}

typedef struct hit_list {
    kmi_search_hit *items; /* a heap with the worst on top */
    size_t count, limit;
} hit_list;

typedef struct seq_set {
    int64_t *slots; /* 0: free */
    size_t count, slot_count;
} seq_set;

typedef struct similar_terms {
    size_t count;
    kmi_slice found[MENDED_CHOICES]; /* most common first */
} similar_terms;

#define SUCCESSIONS_MAX 8 /* a value that changed more often is found by the words of its last changes */

typedef struct search {
    kmi_store *store;
    kmi_arena *arena;
    kmi_sql_use filter;
    kmi_query_terms *terms;
    kmi_slice *term_texts;
    const char **term_names; /* the same, for info */
    similar_terms **similar; /* of each term; NULL: not looked up */
    uint64_t guessed_terms;  /* a bit for each: what stands there was mistyped, maybe */
    double *idf;
    double *weights; /* of each term: 1, or less for a stand-in */
    kmi_postings postings;
    kmi_rank rank;
    kmi_search_info info;
    hit_list hits;
    seq_set seen;      /* memories of several units that were looked at */
    bool has_followed; /* some hit was found by a statement whose place it took */
} search;

/* ---- The list of hits ---- */

/* Equal scores: the newer memory is better. */
static bool is_worse(const kmi_search_hit *a, const kmi_search_hit *b) {
    return a->score < b->score || (a->score == b->score && a->seq < b->seq);
}

static void swap_hits(kmi_search_hit *a, kmi_search_hit *b) {
    kmi_search_hit kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_down(kmi_search_hit *items, size_t count, size_t at) {
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) return;
        if (child + 1 < count && is_worse(&items[child + 1], &items[child])) child++;
        if (!is_worse(&items[child], &items[at])) return;
        swap_hits(&items[child], &items[at]);
        at = child;
    }
}

static void add_hit(hit_list *list, kmi_search_hit hit) {
    if (list->count == list->limit) {
        list->items[0] = hit;
        sift_down(list->items, list->count, 0);
        return;
    }
    size_t at = list->count++;
    list->items[at] = hit;
    while (at > 0 && is_worse(&list->items[at], &list->items[(at - 1) / 2])) {
        swap_hits(&list->items[at], &list->items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

/* Turns the heap into an array, best first. */
static void sort_hits(hit_list *list) {
    for (size_t left = list->count; left > 1; left--) {
        swap_hits(&list->items[0], &list->items[left - 1]);
        sift_down(list->items, left - 1, 0);
    }
}

/* ---- Memories that were looked at ---- */

static size_t slot_of(const seq_set *set, int64_t seq) {
    size_t at = (size_t)((uint64_t)seq * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (set->slot_count - 1);
    while (set->slots[at] != 0 && set->slots[at] != seq) at = (at + 1) & (set->slot_count - 1);
    return at;
}

static km_status add_seen(search *s, int64_t seq, bool *ret_was_there, km_error *error) {
    seq_set *set = &s->seen;
    if (2 * (set->count + 1) > set->slot_count) {
        seq_set larger = {.slot_count = set->slot_count == 0 ? 64 : set->slot_count * 2, .count = set->count};
        larger.slots = calloc(larger.slot_count, sizeof(larger.slots[0]));
        if (larger.slots == NULL) return kmi_store_fail_nomem(s->store, error);
        for (size_t i = 0; i < set->slot_count; i++) {
            if (set->slots[i] != 0) larger.slots[slot_of(&larger, set->slots[i])] = set->slots[i];
        }
        free(set->slots);
        *set = larger;
    }
    size_t at = slot_of(set, seq);
    *ret_was_there = set->slots[at] == seq;
    if (!*ret_was_there) {
        set->slots[at] = seq;
        set->count++;
    }
    return KM_OK;
}

/* ---- Terms and their postings ---- */

static void find_common_terms(const kmi_query_terms *terms, kmi_search_info *info) {
    _Static_assert(KMI_TERMS_MAX <= 64, "a bit for each");
    uint64_t common = 0;
    bool is_all = true;
    for (size_t i = 0; i < terms->count; i++) {
        bool is_common = kmi_text_is_common_word(terms->terms[i].folded);
        size_t start = 0;
        info->pair_count += (terms->terms[i].folded.ptr[0] & 0x80) != 0 &&
                            kmi_text_is_cjk(kmi_text_next(terms->terms[i].folded, &start));
        if (is_common) common |= UINT64_C(1) << i;
        is_all = is_all && is_common;
    }
    info->common_terms = is_all ? 0 : common;
    info->has_common_terms_only = is_all;
    info->has_stop_words_only = terms->has_stop_words_only;
}

/* A small store has not seen enough to tell that "use" and "write" say little. */
static double common_share(int64_t unit_count) {
    return ((double)unit_count + COMMON_UNITS_LEAST) / ((double)unit_count + COMMON_UNITS_HALF);
}

static km_status read_postings(search *s, km_error *error) {
    km_status status =
        kmi_postings_read(s->store, s->term_texts, s->info.term_count, posting_budget, &s->postings, error);
    if (status != KM_OK) return status;
    double unseen = 0;
    s->info.unit_count = (uint64_t)s->postings.unit_count;
    s->info.idf_sum = 0;
    s->info.skipped_term_count = 0;
    for (size_t i = 0; i < s->info.term_count; i++) {
        const kmi_term_postings *term = &s->postings.terms[i];
        s->idf[i] = kmi_rank_idf((double)s->postings.unit_count, term->unit_count);
        if ((s->info.common_terms >> i & 1) != 0) s->idf[i] *= common_share(s->postings.unit_count);
        s->info.idf_sum += s->idf[i];
        if (term->is_complete && term->count == 0) unseen++;
        if (!term->is_complete && term->count == 0) s->info.skipped_term_count++;
        if (!term->is_complete) s->info.is_estimated = true;
    }
    s->info.unseen_share = unseen / (double)s->info.term_count;
    return KM_OK;
}

/* All words of the query stand nowhere: they weigh what such a word weighs in an index of this size. */
static void weigh_unseen(search *s) {
    s->info.unit_count = (uint64_t)s->postings.unit_count;
    s->info.idf_sum = 0;
    for (size_t i = 0; i < s->info.term_count; i++) {
        s->idf[i] = kmi_rank_idf((double)s->postings.unit_count, 0);
        s->info.idf_sum += s->idf[i];
    }
}

/* Looks up what is close to a term, once: it is much work. */
static km_status find_similar(search *s, size_t term, const similar_terms **ret_similar, km_error *error) {
    km_status status = KM_OK;
    if (s->similar[term] == NULL) {
        s->similar[term] = kmi_arena_alloc(s->arena, sizeof(*s->similar[term]));
        if (s->similar[term] == NULL) return kmi_store_fail_nomem(s->store, error);
        s->similar[term]->count = 0;
        status = kmi_query_terms_similar(s->store, s->terms->terms[term].folded, s->arena, MENDED_CHOICES,
                                         s->similar[term]->found, &s->similar[term]->count, error);
    }
    *ret_similar = s->similar[term];
    return status;
}

/* Puts stand-ins into the place of words that stand nowhere. The sums over the query stay those of the words as they were given. */
static km_status use_similar_terms(search *s, km_error *error) {
    kmi_slice found[SIMILAR_WORDS * SIMILAR_TERMS];
    size_t found_count = 0;
    for (size_t i = 0, words = 0; i < s->terms->count && words < SIMILAR_WORDS; i++) {
        const similar_terms *similar = NULL;
        km_status status = find_similar(s, i, &similar, error);
        if (status != KM_OK || similar == NULL) return status;
        for (size_t k = 0; k < similar->count && k < SIMILAR_TERMS; k++) found[found_count++] = similar->found[k];
        words += similar->count > 0;
    }
    if (found_count == 0) return KM_OK;
    kmi_postings_deinit(&s->postings);
    km_status status = kmi_postings_read(s->store, found, found_count, posting_budget, &s->postings, error);
    weigh_unseen(s); /* a search that finds nothing does not learn the size of the index */
    for (size_t i = 0; i < found_count && status == KM_OK; i++)
        s->weights[i] = SIMILAR_WEIGHT * kmi_rank_idf((double)s->postings.unit_count, s->postings.terms[i].unit_count);
    return status;
}

static bool is_unseen(const search *s, size_t term) {
    return s->postings.terms[term].is_complete && s->postings.terms[term].count == 0;
}

static bool is_known_enough(const search *s) {
    double seen = 0;
    for (size_t i = 0; i < s->info.term_count; i++) seen += is_unseen(s, i) ? 0 : s->idf[i];
    return seen > MENDED_SEEN_SHARE_MAX * s->info.idf_sum;
}

/* No content word is a mistyped one of these: "meinte" is not "meine". */
static bool is_function_word(kmi_slice term) {
    return kmi_text_is_stop_word(term) || kmi_text_foreignness(term) != KMI_FOREIGN_NOT;
}

/* One letter too many, too few or another one, or two exchanged. */
static bool is_one_letter_away(kmi_slice a, kmi_slice b) {
    while (a.len > 0 && b.len > 0 && a.ptr[0] == b.ptr[0]) {
        a = kmi_slice_sub(a, 1, a.len - 1);
        b = kmi_slice_sub(b, 1, b.len - 1);
    }
    while (a.len > 0 && b.len > 0 && a.ptr[a.len - 1] == b.ptr[b.len - 1]) {
        a.len--;
        b.len--;
    }
    if (a.len <= 1 && b.len <= 1) return true;
    return a.len == 2 && b.len == 2 && a.ptr[0] == b.ptr[1] && a.ptr[1] == b.ptr[0];
}

/* What is close to a word has a stem that may be far from it: "string" is one letter from "storing", which is "store". */
static bool is_stem_close(const kmi_query_term *term, kmi_slice found) {
    return kmi_slice_starts_with(term->folded, found) || is_one_letter_away(term->text, found) ||
           is_one_letter_away(term->folded, found);
}

/* The one term of the index that a word may have been meant for. People seldom mistype the first letter, and where two words are as
 * close, neither is known to be meant. */
static km_status find_meant(search *s, size_t term, kmi_slice *ret_meant, km_error *error) {
    const similar_terms *similar = NULL;
    size_t alike = 0;
    km_status status = find_similar(s, term, &similar, error);
    if (status != KM_OK || similar == NULL) return status;
    for (size_t i = 0; i < similar->count; i++) {
        kmi_slice found = similar->found[i];
        if (found.ptr[0] != s->terms->terms[term].folded.ptr[0] || is_function_word(found)) continue;
        if (!is_stem_close(&s->terms->terms[term], found)) continue;
        *ret_meant = found;
        alike++;
    }
    if (alike != 1 || similar->count == MENDED_CHOICES) *ret_meant = (kmi_slice){NULL, 0};
    return status;
}

static double guess_doubt(const search *s) {
    double units = (double)s->info.unit_count;
    return units / (units + GUESS_UNITS_HALF);
}

/* Where the known words of a query carry less than the unknown ones, an unknown long word with one close term counts as that
 * term. Otherwise the next best word would answer: "call the electrican" is not about calls. */
static km_status mend_unseen_terms(search *s, km_error *error) {
    size_t tried = 0;
    for (size_t i = 0; i < s->info.term_count && tried < SIMILAR_WORDS; i++) {
        kmi_slice meant = {NULL, 0};
        if (!is_unseen(s, i) || s->terms->terms[i].folded.len < MENDED_LEN_MIN) continue;
        tried++;
        km_status status = find_meant(s, i, &meant, error);
        if (status != KM_OK) return status;
        for (size_t k = 0; meant.ptr != NULL && k < s->info.term_count; k++)
            if (kmi_slice_equal(s->term_texts[k], meant)) meant.ptr = NULL; /* counts already */
        if (meant.ptr == NULL) continue;
        s->term_texts[i] = meant;
        s->term_names[i] = meant.ptr;
        s->guessed_terms |= UINT64_C(1) << i;
    }
    if (s->guessed_terms == 0) return KM_OK;
    double given = s->info.unseen_share;
    kmi_postings_deinit(&s->postings);
    km_status status = read_postings(s, error);
    s->info.unseen_share += (given - s->info.unseen_share) * guess_doubt(s);
    return status;
}

/* ---- Skipped terms, in the texts of the best units ---- */

typedef struct term_counter {
    const search *search;
    unsigned counts[KMI_TERMS_MAX];
} term_counter;

static bool is_skipped(const search *s, size_t term) {
    return !s->postings.terms[term].is_complete && s->postings.terms[term].count == 0;
}

static bool count_term(const kmi_text_word *word, void *context) {
    term_counter *counter = context;
    const search *s = counter->search;
    for (size_t i = 0; i < s->info.term_count; i++) {
        if (is_skipped(s, i) && kmi_slice_equal(s->term_texts[i], word->term)) counter->counts[i]++;
    }
    return true;
}

static km_status count_in_unit(search *s, int64_t unit, term_counter *counter, km_error *error) {
    static const char READ_TEXT[] = "SELECT seq,unit_count,content FROM memories"
                                    " WHERE seq<=?1 ORDER BY seq DESC LIMIT 1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(s->store->sql, READ_TEXT, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, unit);
    status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK || !has_row) return status;
    int64_t index = unit - kmi_sql_integer(&use, 0);
    kmi_slice text = kmi_sql_slice(&use, 2);
    if (text.len > RESCORE_TEXT_BYTES || index >= kmi_sql_integer(&use, 1)) return KM_OK;
    KMI_CLEANUP_UNITS kmi_units units = {0};
    status = kmi_units_cut(text, (size_t)kmi_sql_integer(&use, 1), &units, error);
    return status == KM_OK ? kmi_text_words(kmi_units_get(&units, (size_t)index), count_term, counter, error) : status;
}

static int compare_units(const void *a, const void *b) {
    const kmi_rank_unit *left = a;
    const kmi_rank_unit *right = b;
    if (left->score != right->score) return left->score > right->score ? -1 : 1;
    return left->unit > right->unit ? -1 : left->unit < right->unit;
}

static km_status rescore(search *s, kmi_rank_unit *units, size_t count, km_error *error) {
    for (size_t i = 0; i < count && i < RESCORE_UNITS && !kmi_store_is_late(s->store); i++) {
        term_counter counter = {.search = s};
        km_status status = count_in_unit(s, units[i].unit, &counter, error);
        for (size_t k = 0; k < s->info.term_count && status == KM_OK; k++) {
            if (counter.counts[k] == 0) continue;
            units[i].score += (float)kmi_rank_rescore(&units[i], counter.counts[k], s->weights[k]);
            if (s->info.idf_sum > 0) units[i].covered += (float)(s->weights[k] / s->info.idf_sum);
        }
        if (status != KM_OK) return status;
    }
    qsort(units, count, sizeof(units[0]), compare_units);
    return KM_OK;
}

/* ---- From units to memories ---- */

static km_status reset_filter(search *s, km_error *error) {
    if (sqlite3_reset(s->filter.statement) == SQLITE_OK) return KM_OK;
    return kmi_sql_fail(s->store->sql, sqlite3_extended_errcode(kmi_sql_handle(s->store->sql)), error);
}

static bool is_among_hits(const hit_list *hits, int64_t seq) {
    for (size_t i = 0; i < hits->count; i++)
        if (hits->items[i].seq == seq) return true;
    return false;
}

/* From a memory that the filter does not take to the one that took its place, if the filter takes that: the question may have
 * the words of the old statement, but wants what is true now. The row of the filter is then the successor's. */
static km_status follow_succession(search *s, bool *ret_passes, km_error *error) {
    km_status status = KM_OK;
    for (int hops = 0; hops < SUCCESSIONS_MAX && status == KM_OK && !*ret_passes; hops++) {
        int64_t successor = kmi_sql_integer(&s->filter, 6); /* 0: none */
        bool has_row = false;
        if (successor == 0) return KM_OK;
        status = reset_filter(s, error);
        if (status != KM_OK) return status;
        kmi_sql_bind_integer(&s->filter, 8, successor);
        status = kmi_sql_step(&s->filter, &has_row, error);
        if (status != KM_OK || !has_row || kmi_sql_integer(&s->filter, 0) != successor) return status;
        *ret_passes = kmi_sql_integer(&s->filter, 2) != 0;
        s->has_followed |= *ret_passes;
    }
    return status;
}

static km_status look_at_memory(search *s, const kmi_rank_unit *unit, km_error *error) {
    kmi_sql_bind_integer(&s->filter, 8, unit->unit);
    bool has_row = false;
    km_status status = kmi_sql_step(&s->filter, &has_row, error);
    if (status != KM_OK || !has_row) return status;
    int64_t unit_count = kmi_sql_integer(&s->filter, 1);
    if (unit->unit - kmi_sql_integer(&s->filter, 0) >= unit_count) return KM_OK;
    bool passes = kmi_sql_integer(&s->filter, 2) != 0;
    bool was_there = false;
    if (!passes) status = follow_succession(s, &passes, error);
    if (status != KM_OK || !passes) return status;
    int64_t seq = kmi_sql_integer(&s->filter, 0);
    if (unit_count > 1) status = add_seen(s, seq, &was_there, error);
    if (s->has_followed) was_there |= is_among_hits(&s->hits, seq);
    if (status != KM_OK || was_there) return status;
    double covered = (double)unit->covered;
    kmi_search_hit hit = {.seq = seq,
                          .score = (double)unit->score / (1.0 + UNIT_COUNT_WEIGHT * log((double)unit_count)),
                          .coverage = covered < 1 ? covered : 1,
                          .unit_count = (uint32_t)kmi_sql_integer(&s->filter, 1),
                          .session = kmi_sql_integer(&s->filter, 5),
                          .observed_at_us = kmi_sql_integer(&s->filter, 3)};
    if (s->hits.count == s->hits.limit && !is_worse(&s->hits.items[0], &hit)) return KM_OK;
    status = kmi_label_copy(s->store, kmi_sql_integer(&s->filter, 4), s->arena, &hit.speaker, error);
    if (status == KM_OK) add_hit(&s->hits, hit);
    return status;
}

/* True when neither this unit nor one behind it can take a place: they come by falling scores, the newest of equal ones first. */
static bool is_past_best(const hit_list *hits, const kmi_rank_unit *unit) {
    if (hits->count < hits->limit) return false;
    const kmi_search_hit *worst = &hits->items[0];
    return (double)unit->score < worst->score || ((double)unit->score == worst->score && unit->unit < worst->seq);
}

/* *ret_is_done: nothing better can come. */
static km_status look_at_units(search *s, const kmi_rank_unit *units, size_t count, bool *ret_is_done,
                               km_error *error) {
    for (size_t i = 0; i < count; i++) {
        if (is_past_best(&s->hits, &units[i]) || kmi_store_is_late(s->store)) {
            *ret_is_done = true;
            return KM_OK;
        }
        km_status status = look_at_memory(s, &units[i], error);
        if (status == KM_OK) status = reset_filter(s, error);
        if (status != KM_OK) return status;
    }
    return KM_OK;
}

static km_status collect_hits(search *s, km_error *error) {
    size_t at_once = UNITS_AT_ONCE;
    kmi_rank_unit *units = kmi_arena_alloc_array(s->arena, at_once, sizeof(*units));
    const kmi_rank_unit *last = NULL;
    kmi_rank_unit last_unit;
    bool is_done = false;
    km_status status = KM_OK;
    while (status == KM_OK && !is_done) {
        if (units == NULL) return kmi_store_fail_nomem(s->store, error);
        size_t count = 0;
        status = kmi_rank_best(&s->rank, &s->postings, s->weights, last, at_once, units, &count, error);
        if (status != KM_OK) return status;
        if (count > 0) last_unit = units[count - 1];
        if (last == NULL && s->info.skipped_term_count > 0) status = rescore(s, units, count, error);
        if (last == NULL && count > 0) s->info.best_unit = (double)units[0].score;
        if (last == NULL && count >= NTH_UNIT) s->info.twentieth_unit = (double)units[NTH_UNIT - 1].score;
        if (status == KM_OK) status = look_at_units(s, units, count, &is_done, error);
        if (count < at_once) is_done = true;
        last = &last_unit;
        if (is_done) break;
        at_once *= 4; /* the filter throws many away: each round goes through all postings again */
        units = kmi_arena_alloc_array(s->arena, at_once, sizeof(*units));
    }
    return status;
}

/* ---- All together ---- */

static km_status prepare(search *s, const km_recall_query *query, km_error *error) {
    /* The same columns and filters as in lists, for the memory that a unit belongs to. */
    static const char READ_MEMORY[] =
        "SELECT m.seq,m.unit_count," MEMORY_FILTER ",m.observed_at,m.speaker,m.session,m.superseded_by"
        " FROM memories m"
        " WHERE m.seq<=?8 ORDER BY m.seq DESC LIMIT 1";
    static const km_recall_query NO_FILTER;
    size_t count = s->terms->count;
    s->term_names = kmi_arena_alloc_array(s->arena, count, sizeof(*s->term_names));
    s->term_texts = kmi_arena_alloc_array(s->arena, count, sizeof(*s->term_texts));
    s->idf = kmi_arena_alloc_array(s->arena, count, sizeof(*s->idf));
    s->weights = kmi_arena_alloc_array(s->arena, count + SIMILAR_WORDS * SIMILAR_TERMS, sizeof(*s->weights));
    s->hits.items = kmi_arena_alloc_array(s->arena, s->hits.limit, sizeof(*s->hits.items));
    s->similar = kmi_arena_alloc_array(s->arena, count, sizeof(void *));
    if (s->similar == NULL || s->term_names == NULL || s->term_texts == NULL || s->idf == NULL || s->weights == NULL ||
        s->hits.items == NULL)
        return kmi_store_fail_nomem(s->store, error);
    for (size_t i = 0; i < count; i++) {
        s->similar[i] = NULL;
        s->term_texts[i] = s->terms->terms[i].text;
        s->term_names[i] = s->terms->terms[i].text.ptr;
    }
    find_common_terms(s->terms, &s->info);
    s->info.term_count = count;
    s->info.terms = s->term_names;
    s->info.idf = s->idf;
    km_status status = kmi_sql_start(s->store->sql, READ_MEMORY, &s->filter, error);
    if (status != KM_OK) return status;
    return kmi_memory_bind_filter(s->store, &s->filter, query != NULL ? query : &NO_FILTER, error);
}

static bool may_mend(const search *s) {
    if (s->postings.unit_count > MENDED_UNITS_MAX || s->info.unseen_share <= 0 || is_known_enough(s)) return false;
    return s->info.unseen_share < 1 || s->info.term_count <= SIMILAR_QUERY_TERMS;
}

static km_status run(search *s, km_error *error) {
    km_status status = read_postings(s, error);
    if (status == KM_OK && may_mend(s)) status = mend_unseen_terms(s, error);
    if (status != KM_OK) return status;
    for (size_t i = 0; i < s->info.term_count; i++) {
        bool is_guessed = (s->guessed_terms >> i & 1) != 0;
        s->weights[i] = s->idf[i] * (is_guessed ? 1 - (1 - SIMILAR_WEIGHT) * guess_doubt(s) : 1);
    }
    if (s->info.unseen_share >= 1 && s->info.term_count <= SIMILAR_QUERY_TERMS) status = use_similar_terms(s, error);
    if (status == KM_OK) status = kmi_rank_start(s->store, s->info.idf_sum, &s->rank, error);
    if (status == KM_OK) status = collect_hits(s, error);
    return status;
}

km_status kmi_store_search(kmi_store *store, kmi_slice text, const km_recall_query *query, size_t limit,
                           kmi_arena *arena, kmi_search_hit **ret_hits, size_t *ret_count, kmi_search_info *ret_info,
                           km_error *error) {
    search s = {.store = store, .arena = arena, .hits.limit = limit};
    s.terms = kmi_arena_alloc(arena, sizeof(*s.terms));
    store->is_cut_short = false;
    if (s.terms == NULL) return kmi_store_fail_nomem(store, error);
    /* Open until the end: all reads of the search see one state of the store. */
    KMI_CLEANUP_SQL kmi_sql_use state = {0};
    km_status status = kmi_query_terms_collect(store, text, arena, s.terms, error);
    if (status == KM_OK) status = kmi_index_open_for_search(store, &state, error);
    if (status == KM_OK && s.terms->count > 0 && limit > 0) {
        status = prepare(&s, query, error);
        if (status == KM_OK) status = run(&s, error);
        kmi_sql_end(&s.filter);
        kmi_postings_deinit(&s.postings);
        kmi_rank_deinit(&s.rank);
        free(s.seen.slots);
    }
    if (status != KM_OK) return status;
    sort_hits(&s.hits);
    *ret_hits = s.hits.items;
    *ret_count = s.hits.count;
    if (ret_info != NULL) *ret_info = s.info;
    return KM_OK;
}
