/* rank.h - BM25 of units over a query's postings, where a unit has its own words and a part of its neighbours'.
 *
 *   idf(t)  = ln(1 + (n - df + 0.5) / (df + 0.5))                  df: units that hold the term themselves
 *   tf'     = own + 0.6 * (the unit before) + 0.35 * (the unit after)
 *   len'    = words of all three
 *   score   = sum over t of idf(t) * tf' * (k1 + 1) / (tf' + k1 * (1 - b + b * len' / average))      k1 = 0.9, b = 0.5
 *
 * Life cycle: kmi_rank_start(), kmi_rank_add() for each term, then kmi_rank_best() as often as more units are wanted;
 * kmi_rank_deinit(). */
#ifndef KMI_STORE_SQLITE_RANK_H
#define KMI_STORE_SQLITE_RANK_H

#include "store/sqlite/handle.h"
#include "store/sqlite/postings.h"

typedef struct kmi_rank_block kmi_rank_block;

/* More than four times as far as a link reaches. */
#define KMI_RANK_RING 256u

typedef struct kmi_rank {
    kmi_store *store;
    kmi_unit_map map;
    kmi_rank_block **blocks; /* as many as map.block_count, at most; NULL where no word leads */
    size_t block_count;
    double cover_scale;
    size_t waiting_start, waiting_end;     /* of the ring, ever rising */
    uint32_t waiting[KMI_RANK_RING];       /* units that the term in hand has reached */
    uint16_t counts[KMI_RANK_RING];        /* theirs, in twentieths */
    float norms[3 * KMI_UNIT_LEN_MAX + 1]; /* k1 * (1 - b + b * len / average), by len */
} kmi_rank;

typedef struct kmi_rank_unit {
    uint32_t unit;
    float score;
    float covered; /* 0..1: share of the query's idf in terms that the unit or a neighbour holds */
} kmi_rank_unit;

double kmi_rank_idf(double unit_count, double units_with_term);

/* idf_sum: of the whole query. */
km_status kmi_rank_start(kmi_store *store, double idf_sum, kmi_rank *ret_rank, km_error *error) KM_MUST_CHECK;
/* Adds the postings of one term, by unit ascending. */
km_status kmi_rank_add(kmi_rank *rank, const kmi_posting *postings, size_t count, double idf,
                       km_error *error) KM_MUST_CHECK;
/* Lists up to `limit` units with a score, best first, of equal ones the newer first; only those that come after `last`
 * in this order (NULL: from the best on). */
void kmi_rank_best(const kmi_rank *rank, const kmi_rank_unit *last, size_t limit, kmi_rank_unit *ret_units,
                   size_t *ret_count);
/* What `count` of a term in a unit itself add to its score. */
km_status kmi_rank_rescore(kmi_rank *rank, int64_t unit, unsigned count, double idf, double *ret_score,
                           km_error *error) KM_MUST_CHECK;
void kmi_rank_deinit(kmi_rank *rank);
#define KMI_CLEANUP_RANK __attribute__((cleanup(kmi_rank_deinit)))

#endif
