/* Units are scored block by block of the unit map: the counts and scores of a block are a few small arrays that stay in the
 * processor's nearest cache, are used again for the next block, and cost the same however big the store is. A term's counts are
 * spread over the units that hold it and their neighbours (in twentieths: 20, 12 and 7 for own, before and after). Saturation
 * needs the sum, so a unit is scored when the term's postings near it are through.
 *
 * Rejected: one array over all units. Of a million units a query touches every page of it, and clearing and faulting in
 * eight megabytes cost as much as everything else.
 *
 * Why at query time: columns for the neighbours' words in the index find the same, but triple it, and every edit and deletion would have
 * to rewrite the units around it. The constants were chosen on two sets at once, see docs/decisions/0016-neighbours-at-query-time.md. */
#include "store/sqlite/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define K1 0.9
#define B 0.5
#define OWN_WEIGHT 20u
#define BEFORE_WEIGHT 12u
#define AFTER_WEIGHT 7u
#define COUNT_MAX 255u
#define BLOCK ((size_t)KMI_UNIT_BLOCK)
#define MARGIN ((size_t)KMI_UNIT_DISTANCE_MAX + 1) /* units beyond a block that its units can be linked with */
#define WINDOW (BLOCK + 2 * MARGIN)
#define COVER_WHOLE 60000.0 /* all of the query's idf, with room for what rounding adds */
#define SAMPLE_BLOCKS 8     /* the average length is that of the units in at most so many blocks */

/* A block with a margin on both sides. Places count from the start of the left margin. */
struct kmi_rank_window {
    int64_t first; /* unit at place 0; below 1 in the first block */
    size_t touched_count, scored_count;
    int64_t kept_number[3];
    uint16_t kept[3][BLOCK];  /* blocks of the unit map */
    uint16_t entries[WINDOW]; /* of the unit map */
    uint16_t counts[WINDOW];  /* of the term in hand, in twentieths */
    uint16_t touched[BLOCK];  /* places with a count */
    uint16_t scored[BLOCK];   /* places with a score */
    float scores[WINDOW];
    uint16_t covers[WINDOW]; /* COVER_WHOLE times the share of the query's idf */
};

double kmi_rank_idf(double unit_count, double units_with_term) {
    double idf = log(1.0 + (unit_count - units_with_term + 0.5) / (units_with_term + 0.5));
    return idf > 0 ? idf : 0;
}

/* ---- The average ---- */

static void sum_block(const uint16_t entries[KMI_UNIT_BLOCK], uint64_t *words, uint64_t *units) {
    for (size_t i = 0; i < BLOCK; i++) {
        kmi_unit_entry entry = kmi_unit_unpack(entries[i]);
        if (entry.len == 0) continue;
        /* A unit's words count for itself and for each neighbour that sees them: the same sum, without looking around. */
        unsigned times = 1u + (entry.before != 0) + (entry.after != 0);
        *words += (uint64_t)entry.len * times;
        *units += 1;
    }
}

static km_status measure_lengths(kmi_rank *rank, double *ret_average, km_error *error) {
    uint64_t words = 0;
    uint64_t units = 0;
    km_status status = kmi_unit_map_last(rank->store->sql, &rank->last_block, error);
    int64_t last = rank->last_block;
    int64_t count = last + 1 < SAMPLE_BLOCKS ? last + 1 : SAMPLE_BLOCKS;
    kmi_unit_reader reader = {0};
    if (status == KM_OK) status = kmi_unit_reader_start(&reader, rank->store->sql, error);
    for (int64_t i = 0; i < count && status == KM_OK; i++) {
        int64_t number = count > 1 ? i * last / (count - 1) : 0;
        status = kmi_unit_reader_get(&reader, number, rank->window->kept[0], error);
        if (status == KM_OK) sum_block(rank->window->kept[0], &words, &units);
    }
    kmi_unit_reader_end(&reader);
    *ret_average = units > 0 ? (double)words / (double)units : 1.0;
    return status;
}

km_status kmi_rank_start(kmi_store *store, double idf_sum, kmi_rank *ret_rank, km_error *error) {
    *ret_rank = (kmi_rank){.store = store, .cover_scale = idf_sum > 0 ? COVER_WHOLE / idf_sum : 0};
    ret_rank->window = calloc(1, sizeof(*ret_rank->window));
    if (ret_rank->window == NULL) return kmi_store_fail_nomem(store, error);
    for (size_t i = 0; i < 3; i++) ret_rank->window->kept_number[i] = -2;
    double average = 1.0;
    km_status status = measure_lengths(ret_rank, &average, error);
    for (size_t i = 0; i < sizeof(ret_rank->norms) / sizeof(ret_rank->norms[0]); i++)
        ret_rank->norms[i] = (float)(K1 * (1.0 - B + B * (double)i / average));
    return status;
}

/* ---- A term in a block ---- */

static inline bool is_inside(size_t place) {
    return place - MARGIN < BLOCK; /* unsigned: below the margin is far above */
}

static inline void add_count(struct kmi_rank_window *w, size_t place, unsigned amount) {
    if (w->counts[place] == 0) w->touched[w->touched_count++] = (uint16_t)place;
    w->counts[place] = (uint16_t)(w->counts[place] + amount);
}

/* Gives a unit's count to itself and to the units that have it as the one before or after, as far as they are in the block. The
 * unit that it has after itself has it before, as a rule; where a memory of several windows begins, the second window does too. */
static inline void spread(struct kmi_rank_window *w, size_t place, unsigned count) {
    kmi_unit_entry own = kmi_unit_unpack(w->entries[place]);
    if (is_inside(place)) add_count(w, place, OWN_WEIGHT * count);
    for (unsigned i = 0; i < 2 && own.after != 0; i++) {
        size_t other = place + own.after + i;
        if (is_inside(other) && kmi_unit_unpack(w->entries[other]).before == own.after + i)
            add_count(w, other, BEFORE_WEIGHT * count);
    }
    for (unsigned i = 0; i < 2 && own.before != 0; i++) {
        size_t other = place - own.before - i;
        if (is_inside(other) && kmi_unit_unpack(w->entries[other]).after == own.before + i)
            add_count(w, other, AFTER_WEIGHT * count);
    }
}

static inline float find_norm(const kmi_rank *rank, const uint16_t *own) {
    kmi_unit_entry entry = kmi_unit_unpack(*own);
    unsigned len = entry.len;
    if (entry.before != 0) len += kmi_unit_unpack(own[-(int)entry.before]).len;
    if (entry.after != 0) len += kmi_unit_unpack(own[entry.after]).len;
    return rank->norms[len];
}

typedef struct term_weight {
    float score;    /* idf * (k1 + 1) */
    unsigned cover; /* share of the query */
} term_weight;

static void score_touched(const kmi_rank *rank, term_weight weight) {
    struct kmi_rank_window *w = rank->window;
    for (size_t i = 0; i < w->touched_count; i++) {
        size_t place = w->touched[i];
        float count = (float)w->counts[place] * (1.0F / (float)OWN_WEIGHT);
        float before = w->scores[place];
        w->counts[place] = 0;
        w->scores[place] = before + weight.score * count / (count + find_norm(rank, &w->entries[place]));
        unsigned covered = w->covers[place] + weight.cover;
        w->covers[place] = covered < UINT16_MAX ? (uint16_t)covered : UINT16_MAX;
        if (before <= 0) w->scored[w->scored_count++] = (uint16_t)place;
    }
    w->touched_count = 0;
}

/* ---- A block ---- */

/* The three blocks that a window looks at. Going on by one, two of them are there already. */
static km_status get_entries(kmi_rank *rank, kmi_unit_reader *reader, int64_t number, const uint16_t **ret_entries,
                             km_error *error) {
    struct kmi_rank_window *w = rank->window;
    size_t slot = (size_t)((number + 3) % 3); /* -1 is asked for too */
    *ret_entries = w->kept[slot];
    if (w->kept_number[slot] == number) return KM_OK;
    w->kept_number[slot] = number;
    if (number >= 0 && number <= rank->last_block) return kmi_unit_reader_get(reader, number, w->kept[slot], error);
    memset(w->kept[slot], 0, sizeof(w->kept[slot]));
    return KM_OK;
}

static km_status fill_window(kmi_rank *rank, kmi_unit_reader *reader, int64_t number, km_error *error) {
    struct kmi_rank_window *w = rank->window;
    const uint16_t *before = NULL;
    const uint16_t *own = NULL;
    const uint16_t *after = NULL;
    km_status status = get_entries(rank, reader, number - 1, &before, error);
    if (status == KM_OK) status = get_entries(rank, reader, number, &own, error);
    if (status == KM_OK) status = get_entries(rank, reader, number + 1, &after, error);
    if (status != KM_OK) return status;
    w->first = number * KMI_UNIT_BLOCK - (int64_t)MARGIN;
    memcpy(w->entries, before + BLOCK - MARGIN, MARGIN * sizeof(*before));
    memcpy(w->entries + MARGIN, own, BLOCK * sizeof(*own));
    memcpy(w->entries + MARGIN + BLOCK, after, MARGIN * sizeof(*after));
    return KM_OK;
}

/* Postings of a term that are not behind the block in hand. */
typedef struct term_cursor {
    const kmi_posting *next, *end;
    term_weight weight;
} term_cursor;

static void score_term(const kmi_rank *rank, term_cursor *cursor) {
    struct kmi_rank_window *w = rank->window;
    int64_t end = w->first + (int64_t)WINDOW;
    int64_t next_window = w->first + KMI_UNIT_BLOCK;
    for (const kmi_posting *at = cursor->next; at < cursor->end && at->unit < end; at++) {
        unsigned count = at->count < COUNT_MAX ? at->count : COUNT_MAX;
        spread(w, (size_t)(at->unit - w->first), count);
        if (at->unit < next_window) cursor->next = at + 1;
    }
    score_touched(rank, cursor->weight);
}

/* ---- The best ---- */

/* Equal scores: the newer unit is better. */
static bool is_worse(const kmi_rank_unit *a, const kmi_rank_unit *b) {
    return a->score < b->score || (a->score == b->score && a->unit < b->unit);
}

static void sift_down(kmi_rank_unit *items, size_t count, size_t at) {
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) return;
        if (child + 1 < count && is_worse(&items[child + 1], &items[child])) child++;
        if (!is_worse(&items[child], &items[at])) return;
        kmi_rank_unit kept = items[at];
        items[at] = items[child];
        items[child] = kept;
        at = child;
    }
}

static void sift_up(kmi_rank_unit *items, size_t at) {
    while (at > 0 && is_worse(&items[at], &items[(at - 1) / 2])) {
        kmi_rank_unit kept = items[at];
        items[at] = items[(at - 1) / 2];
        items[(at - 1) / 2] = kept;
        at = (at - 1) / 2;
    }
}

typedef struct unit_heap {
    kmi_rank_unit *items; /* the worst on top */
    size_t count, limit;
} unit_heap;

static void offer(unit_heap *heap, kmi_rank_unit unit) {
    if (heap->count < heap->limit) {
        heap->items[heap->count] = unit;
        sift_up(heap->items, heap->count++);
    } else if (is_worse(&heap->items[0], &unit)) {
        heap->items[0] = unit;
        sift_down(heap->items, heap->count, 0);
    }
}

/* Offers what has a score, and leaves the window clear for the next block. */
static void offer_scored(const kmi_rank *rank, const kmi_rank_unit *last, unit_heap *heap) {
    struct kmi_rank_window *w = rank->window;
    for (size_t i = 0; i < w->scored_count; i++) {
        size_t place = w->scored[i];
        bool is_below = heap->count == heap->limit && w->scores[place] < heap->items[0].score;
        if (is_below) {
            w->scores[place] = 0;
            w->covers[place] = 0;
            continue;
        }
        kmi_rank_unit unit = {.unit = (uint32_t)(w->first + (int64_t)place),
                              .score = w->scores[place],
                              .norm = find_norm(rank, &w->entries[place]),
                              .covered = (float)(w->covers[place] / COVER_WHOLE)};
        w->scores[place] = 0;
        w->covers[place] = 0;
        if (last == NULL || is_worse(&unit, last)) offer(heap, unit);
    }
    w->scored_count = 0;
}

static void sort_heap(unit_heap *heap) {
    for (size_t left = heap->count; left > 1; left--) {
        kmi_rank_unit kept = heap->items[0];
        heap->items[0] = heap->items[left - 1];
        heap->items[left - 1] = kept;
        sift_down(heap->items, left - 1, 0);
    }
}

/* First unit that any term still leads to; INT64_MAX: none. */
static int64_t next_unit(const term_cursor *cursors, size_t count) {
    int64_t unit = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        if (cursors[i].next < cursors[i].end && cursors[i].next->unit < unit) unit = cursors[i].next->unit;
    }
    return unit;
}

static size_t start_cursors(const kmi_rank *rank, const kmi_postings *postings, const double *weights,
                            term_cursor cursors[KMI_TERMS_MAX]) {
    size_t count = 0;
    for (size_t i = 0; i < postings->term_count; i++) {
        const kmi_term_postings *term = &postings->terms[i];
        if (term->count == 0 || weights[i] <= 0) continue;
        const kmi_posting *first = &postings->items[term->first];
        term_weight weight = {(float)(weights[i] * (K1 + 1.0)), (unsigned)(weights[i] * rank->cover_scale + 0.5)};
        cursors[count++] = (term_cursor){first, first + term->count, weight};
    }
    return count;
}

/* Scores all postings, block by block. */
static km_status go_through(kmi_rank *rank, kmi_unit_reader *reader, term_cursor *cursors, size_t count,
                            const kmi_rank_unit *last, unit_heap *heap, km_error *error) {
    int64_t number = 0;
    for (;;) {
        int64_t unit = next_unit(cursors, count);
        if (unit == INT64_MAX || kmi_store_is_late(rank->store)) return KM_OK;
        /* The block before may have a unit that this one reaches; it was passed if the number is there already. */
        int64_t earliest = (unit > (int64_t)MARGIN ? unit - (int64_t)MARGIN : 0) / KMI_UNIT_BLOCK;
        if (earliest > number) number = earliest;
        km_status status = fill_window(rank, reader, number, error);
        if (status != KM_OK) return status;
        for (size_t i = 0; i < count; i++) score_term(rank, &cursors[i]);
        offer_scored(rank, last, heap);
        number++;
    }
}

km_status kmi_rank_best(kmi_rank *rank, const kmi_postings *postings, const double *weights, const kmi_rank_unit *last,
                        size_t limit, kmi_rank_unit *ret_units, size_t *ret_count, km_error *error) {
    term_cursor cursors[KMI_TERMS_MAX];
    size_t count = start_cursors(rank, postings, weights, cursors);
    unit_heap heap = {.items = ret_units, .limit = limit};
    kmi_unit_reader reader = {0};
    km_status status = kmi_unit_reader_start(&reader, rank->store->sql, error);
    if (status == KM_OK && limit > 0) status = go_through(rank, &reader, cursors, count, last, &heap, error);
    kmi_unit_reader_end(&reader);
    sort_heap(&heap);
    *ret_count = heap.count;
    return status;
}

/* ---- One unit ---- */

double kmi_rank_rescore(const kmi_rank_unit *unit, unsigned count, double idf) {
    return idf * (K1 + 1.0) * (double)count / ((double)count + (double)unit->norm);
}

void kmi_rank_deinit(kmi_rank *rank) {
    free(rank->window);
    rank->window = NULL;
}
