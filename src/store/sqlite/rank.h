/* rank.h - BM25 of units over a query's postings, where a unit has its own words and a part of its neighbours'.
 *
 *   idf(t)  = ln(1 + (n - df + 0.5) / (df + 0.5))                  df: units that hold the term themselves
 *   tf'     = own + 0.6 * (the unit before) + 0.35 * (the unit after)
 *   len'    = words of all three
 *   score   = sum over t of idf(t) * tf' * (k1 + 1) / (tf' + k1 * (1 - b + b * len' / average))      k1 = 0.9, b = 0.5
 *
 * Life cycle: kmi_rank_start(), kmi_rank_best() as often as more units are wanted; kmi_rank_deinit(). */
#ifndef KMI_STORE_SQLITE_RANK_H
#define KMI_STORE_SQLITE_RANK_H

#include "store/sqlite/handle.h"
#include "store/sqlite/postings.h"

typedef struct kmi_rank {
    kmi_store *store;
    int64_t last_block;             /* of the unit map; -1: none */
    struct kmi_rank_window *window; /* a block in work */
    double cover_scale;
    float norms[3 * KMI_UNIT_LEN_MAX + 1]; /* k1 * (1 - b + b * len / average), by len */
} kmi_rank;

typedef struct kmi_rank_unit {
    uint32_t unit;
    float score;
    float norm;    /* k1 * (1 - b + b * len' / average) */
    float covered; /* 0..1: share of the query's idf in terms that the unit or a neighbour holds */
} kmi_rank_unit;

double kmi_rank_idf(double unit_count, double units_with_term);

/* idf_sum: of the whole query. */
km_status kmi_rank_start(kmi_store *store, double idf_sum, kmi_rank *ret_rank, km_error *error) KM_MUST_CHECK;
/* Lists up to `limit` units with a score, best first, of equal ones the newer first; only those that come after `last`
 * in this order (NULL: from the best on). weights: one a term of the postings. Each call goes through all postings. */
km_status kmi_rank_best(kmi_rank *rank, const kmi_postings *postings, const double *weights, const kmi_rank_unit *last,
                        size_t limit, kmi_rank_unit *ret_units, size_t *ret_count, km_error *error) KM_MUST_CHECK;
/* Returns: what `count` of a term in a unit itself add to its score. */
double kmi_rank_rescore(const kmi_rank_unit *unit, unsigned count, double idf);
void kmi_rank_deinit(kmi_rank *rank);
#define KMI_CLEANUP_RANK __attribute__((cleanup(kmi_rank_deinit)))

#endif
