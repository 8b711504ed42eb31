/* Scores are kept in dense blocks beside those of the unit map, made where a word leads: adding a posting is an index and an addition,
 * and a store of a million units needs eight megabytes at worst. A term's counts are spread over the units that hold it and their
 * neighbours (in twentieths: 20, 12 and 7 for own, before and after). Saturation needs the sum, so a unit is scored when no
 * further posting can add to it.
 *
 * Why at query time: columns for the neighbours' words in the index find the same, but triple it, and every edit and deletion would have
 * to rewrite the units around it. The constants were chosen on two sets at once, see docs/decisions/0016-neighbours-at-query-time.md. */
#include "store/sqlite/rank.h"

#include <math.h>
#include <stdlib.h>

#define K1 0.9
#define B 0.5
#define OWN_WEIGHT 20u
#define BEFORE_WEIGHT 12u
#define AFTER_WEIGHT 7u
#define COUNT_MAX 255u
#define REACH (KMI_UNIT_DISTANCE_MAX + 1)
#define COVER_WHOLE 60000.0 /* all of the query's idf, with room for what rounding adds */
#define SAMPLE_BLOCKS 8     /* the average length is that of the units in at most so many blocks */

struct kmi_rank_block {
    const uint16_t *entries; /* of the unit map */
    float best;              /* score in this block */
    float scores[KMI_UNIT_BLOCK];
    uint16_t covers[KMI_UNIT_BLOCK]; /* COVER_WHOLE times the share of the query's idf */
};

double kmi_rank_idf(double unit_count, double units_with_term) {
    double idf = log(1.0 + (unit_count - units_with_term + 0.5) / (units_with_term + 0.5));
    return idf > 0 ? idf : 0;
}

/* ---- The average ---- */

static void sum_block(const kmi_unit_block *block, uint64_t *words, uint64_t *units) {
    for (size_t i = 0; i < (size_t)KMI_UNIT_BLOCK; i++) {
        kmi_unit_entry entry = kmi_unit_unpack(block->entries[i]);
        if (entry.len == 0) continue;
        /* A unit's words count for itself and for each neighbour that sees them: the same sum, without looking around. */
        unsigned times = 1u + (entry.before != 0) + (entry.after != 0);
        *words += (uint64_t)entry.len * times;
        *units += 1;
    }
}

static km_status measure_lengths(kmi_rank *rank, double *ret_average, km_error *error) {
    int64_t last = -1;
    uint64_t words = 0;
    uint64_t units = 0;
    km_status status = kmi_unit_map_last(rank->store->sql, &last, error);
    int64_t count = last + 1 < SAMPLE_BLOCKS ? last + 1 : SAMPLE_BLOCKS;
    for (int64_t i = 0; i < count && status == KM_OK; i++) {
        kmi_unit_block *block = NULL;
        int64_t number = count > 1 ? i * last / (count - 1) : 0;
        status = kmi_unit_map_block(&rank->map, rank->store->sql, number, &block, error);
        if (status == KM_OK) sum_block(block, &words, &units);
    }
    *ret_average = units > 0 ? (double)words / (double)units : 1.0;
    return status;
}

km_status kmi_rank_start(kmi_store *store, double idf_sum, kmi_rank *ret_rank, km_error *error) {
    *ret_rank = (kmi_rank){.store = store, .cover_scale = idf_sum > 0 ? COVER_WHOLE / idf_sum : 0};
    double average = 1.0;
    km_status status = measure_lengths(ret_rank, &average, error);
    for (size_t i = 0; i < sizeof(ret_rank->norms) / sizeof(ret_rank->norms[0]); i++)
        ret_rank->norms[i] = (float)(K1 * (1.0 - B + B * (double)i / average));
    return status;
}

/* ---- Looking around ---- */

static km_status make_block(kmi_rank *rank, int64_t number, km_error *error) {
    size_t place = (size_t)number;
    kmi_unit_block *map_block = NULL;
    km_status status = kmi_unit_map_block(&rank->map, rank->store->sql, number, &map_block, error);
    if (status != KM_OK) return status;
    if (place >= rank->block_count) {
        size_t count = rank->block_count == 0 ? 16 : rank->block_count;
        while (count <= place) count *= 2;
        kmi_rank_block **blocks = reallocarray(rank->blocks, count, sizeof(kmi_rank_block *));
        if (blocks == NULL) return kmi_store_fail_nomem(rank->store, error);
        for (size_t i = rank->block_count; i < count; i++) blocks[i] = NULL;
        rank->blocks = blocks;
        rank->block_count = count;
    }
    kmi_rank_block *block = calloc(1, sizeof(*block));
    if (block == NULL) return kmi_store_fail_nomem(rank->store, error);
    block->entries = map_block->entries;
    rank->blocks[place] = block;
    return KM_OK;
}

static inline km_status get_block(kmi_rank *rank, int64_t number, kmi_rank_block **ret_block, km_error *error) {
    if ((size_t)number >= rank->block_count || rank->blocks[number] == NULL) {
        km_status status = make_block(rank, number, error);
        if (status != KM_OK) return status;
    }
    *ret_block = rank->blocks[number];
    return KM_OK;
}

/* True when a unit and all that it can be linked with lie in one block, as nearly always. */
static inline bool is_inside(size_t place) {
    return place > REACH && place + REACH < (size_t)KMI_UNIT_BLOCK;
}

/* Entry of a unit, of a block that is most often there. */
static inline km_status look(kmi_rank *rank, int64_t unit, kmi_unit_entry *ret_entry, km_error *error) {
    size_t number = (size_t)(unit / KMI_UNIT_BLOCK);
    if (unit > 0 && number < rank->map.block_count && rank->map.blocks[number] != NULL) {
        *ret_entry = kmi_unit_unpack(rank->map.blocks[number]->entries[unit % KMI_UNIT_BLOCK]);
        return KM_OK;
    }
    return kmi_unit_map_get(&rank->map, rank->store->sql, unit, ret_entry, error);
}

static km_status find_norm(kmi_rank *rank, int64_t unit, float *ret_norm, km_error *error) {
    kmi_unit_entry own;
    kmi_unit_entry before = {0};
    kmi_unit_entry after = {0};
    km_status status = look(rank, unit, &own, error);
    if (status == KM_OK && own.before != 0) status = look(rank, unit - own.before, &before, error);
    if (status == KM_OK && own.after != 0) status = look(rank, unit + own.after, &after, error);
    if (status == KM_OK) *ret_norm = rank->norms[(unsigned)own.len + before.len + after.len];
    return status;
}

static inline float find_norm_inside(const kmi_rank *rank, const uint16_t *own) {
    kmi_unit_entry entry = kmi_unit_unpack(*own);
    unsigned len = entry.len;
    if (entry.before != 0) len += kmi_unit_unpack(own[-(int)entry.before]).len;
    if (entry.after != 0) len += kmi_unit_unpack(own[entry.after]).len;
    return rank->norms[len];
}

/* ---- A term ---- */

/* Units that a term has reached wait in a ring, in the order in which they were reached, until no later posting can reach
 * them any more: postings ascend, and none reaches further than a link. So the ring holds less than a few hundred units,
 * whose counts stand in as small a table, by the last bits of their number. */
static inline void add_count(kmi_rank *rank, uint32_t unit, unsigned amount) {
    uint16_t *count = &rank->counts[unit % KMI_RANK_RING];
    if (*count == 0) rank->waiting[rank->waiting_end++ % KMI_RANK_RING] = unit;
    *count = (uint16_t)(*count + amount);
}

/* Gives a unit's count to the units that have it as the one before. The unit that it has after itself is one; where a memory of
 * several windows begins, the second window may be another. */
static km_status spread_onward(kmi_rank *rank, int64_t unit, kmi_unit_entry own, unsigned count, km_error *error) {
    km_status status = KM_OK;
    for (int64_t other = unit + own.after; other <= unit + own.after + 1 && status == KM_OK; other++) {
        kmi_unit_entry entry;
        status = look(rank, other, &entry, error);
        if (status == KM_OK && entry.before != 0 && other - entry.before == unit)
            add_count(rank, (uint32_t)other, BEFORE_WEIGHT * count);
    }
    return status;
}

static km_status spread_back(kmi_rank *rank, int64_t unit, kmi_unit_entry own, unsigned count, km_error *error) {
    km_status status = KM_OK;
    for (int64_t other = unit - own.before; other >= unit - own.before - 1 && other > 0 && status == KM_OK; other--) {
        kmi_unit_entry entry;
        status = look(rank, other, &entry, error);
        if (status == KM_OK && entry.after != 0 && other + entry.after == unit)
            add_count(rank, (uint32_t)other, AFTER_WEIGHT * count);
    }
    return status;
}

/* The same as the two functions above within one block: this is where the time of a search goes. */
static void spread_inside(kmi_rank *rank, const uint16_t *own_entry, uint32_t unit, unsigned count) {
    kmi_unit_entry own = kmi_unit_unpack(*own_entry);
    for (unsigned i = 0; i < 2 && own.after != 0; i++) {
        unsigned away = own.after + i;
        if (kmi_unit_unpack(own_entry[away]).before == away) add_count(rank, unit + away, BEFORE_WEIGHT * count);
    }
    for (unsigned i = 0; i < 2 && own.before != 0; i++) {
        unsigned away = own.before + i;
        if (kmi_unit_unpack(own_entry[-(int)away]).after == away) add_count(rank, unit - away, AFTER_WEIGHT * count);
    }
}

static km_status spread(kmi_rank *rank, const kmi_posting *posting, km_error *error) {
    unsigned count = posting->count < COUNT_MAX ? posting->count : COUNT_MAX;
    int64_t unit = posting->unit;
    size_t place = (size_t)(unit % KMI_UNIT_BLOCK);
    kmi_rank_block *block = NULL;
    km_status status = get_block(rank, unit / KMI_UNIT_BLOCK, &block, error);
    if (status != KM_OK) return status;
    add_count(rank, posting->unit, OWN_WEIGHT * count);
    if (is_inside(place)) {
        spread_inside(rank, block->entries + place, posting->unit, count);
        return KM_OK;
    }
    kmi_unit_entry own = kmi_unit_unpack(block->entries[place]);
    if (own.after != 0) status = spread_onward(rank, unit, own, count, error);
    if (status == KM_OK && own.before != 0) status = spread_back(rank, unit, own, count, error);
    return status;
}

typedef struct term_weight {
    float score;    /* idf * (k1 + 1) */
    unsigned cover; /* share of the query */
} term_weight;

static km_status score_unit(kmi_rank *rank, uint32_t unit, term_weight weight, km_error *error) {
    size_t place = unit % (size_t)KMI_UNIT_BLOCK;
    kmi_rank_block *block = NULL;
    float norm = 0;
    km_status status = get_block(rank, unit / KMI_UNIT_BLOCK, &block, error);
    if (status != KM_OK) return status;
    if (is_inside(place))
        norm = find_norm_inside(rank, block->entries + place);
    else
        status = find_norm(rank, unit, &norm, error);
    if (status != KM_OK) return status;
    uint16_t *twentieths = &rank->counts[unit % KMI_RANK_RING];
    float count = (float)*twentieths * (1.0F / (float)OWN_WEIGHT);
    float score = block->scores[place] + weight.score * count / (count + norm);
    block->scores[place] = score;
    if (score > block->best) block->best = score;
    unsigned covered = block->covers[place] + weight.cover;
    block->covers[place] = covered < UINT16_MAX ? (uint16_t)covered : UINT16_MAX;
    *twentieths = 0;
    return KM_OK;
}

/* Scores the units in the ring that no posting from `unit` on can reach. */
static km_status score_passed(kmi_rank *rank, uint64_t unit, term_weight weight, km_error *error) {
    while (rank->waiting_start != rank->waiting_end) {
        uint32_t first = rank->waiting[rank->waiting_start % KMI_RANK_RING];
        if (first + (uint64_t)REACH >= unit) return KM_OK;
        km_status status = score_unit(rank, first, weight, error);
        if (status != KM_OK) return status;
        rank->waiting_start++;
    }
    return KM_OK;
}

km_status kmi_rank_add(kmi_rank *rank, const kmi_posting *postings, size_t count, double idf, km_error *error) {
    term_weight weight = {(float)(idf * (K1 + 1.0)), (unsigned)(idf * rank->cover_scale + 0.5)};
    km_status status = KM_OK;
    for (size_t i = 0; i < count && status == KM_OK; i++) {
        status = score_passed(rank, postings[i].unit, weight, error);
        if (status == KM_OK) status = spread(rank, &postings[i], error);
    }
    return status == KM_OK ? score_passed(rank, UINT64_MAX, weight, error) : status;
}

km_status kmi_rank_rescore(kmi_rank *rank, int64_t unit, unsigned count, double idf, double *ret_score,
                           km_error *error) {
    float norm = 0;
    km_status status = find_norm(rank, unit, &norm, error);
    if (status == KM_OK) *ret_score = idf * (K1 + 1.0) * (double)count / ((double)count + (double)norm);
    return status;
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

static void offer_block(unit_heap *heap, const kmi_rank_block *block, size_t number, const kmi_rank_unit *last) {
    for (size_t i = 0; i < (size_t)KMI_UNIT_BLOCK; i++) {
        float score = block->scores[i];
        if (score <= 0 || (heap->count == heap->limit && score < heap->items[0].score)) continue;
        kmi_rank_unit unit = {.unit = (uint32_t)(number * (size_t)KMI_UNIT_BLOCK + i),
                              .score = score,
                              .covered = (float)(block->covers[i] / COVER_WHOLE)};
        if (last == NULL || is_worse(&unit, last)) offer(heap, unit);
    }
}

void kmi_rank_best(const kmi_rank *rank, const kmi_rank_unit *last, size_t limit, kmi_rank_unit *ret_units,
                   size_t *ret_count) {
    unit_heap heap = {.items = ret_units, .limit = limit};
    for (size_t i = 0; limit > 0 && i < rank->block_count; i++) {
        const kmi_rank_block *block = rank->blocks[i];
        if (block == NULL || block->best <= 0) continue;
        if (heap.count == heap.limit && block->best < heap.items[0].score) continue;
        offer_block(&heap, block, i, last);
    }
    for (size_t left = heap.count; left > 1; left--) {
        kmi_rank_unit kept = heap.items[0];
        heap.items[0] = heap.items[left - 1];
        heap.items[left - 1] = kept;
        sift_down(heap.items, left - 1, 0);
    }
    *ret_count = heap.count;
}

void kmi_rank_deinit(kmi_rank *rank) {
    for (size_t i = 0; i < rank->block_count; i++) free(rank->blocks[i]);
    free(rank->blocks);
    kmi_unit_map_clear(&rank->map);
    rank->blocks = NULL;
    rank->block_count = 0;
}
