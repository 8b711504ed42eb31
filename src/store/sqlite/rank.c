/* Our own rank function for FTS5, kmi_rank(units): BM25 and the share of the query that a row covers, in one pass.
 *
 *   idf(t)   = ln(1 + (n - df + 0.5) / (df + 0.5))             never negative, unlike SQLite's own
 *   score    = sum over t of idf(t) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len / average))
 *   coverage = sum of idf of terms present / min(sum of idf of the query's terms, 2.5 * idf of an unseen term)
 *
 * A memory is one unit of the index whatever its length, so long ones must pay for their many words: of the values tried, k1 = 0.9
 * with b = 0.9 is best or nearly so on chats of short turns and of long messages alike (b = 0.5 loses 8 points of recall@10
 * on the long ones). A term that no memory holds
 * says little about which memory is meant, but it is a sign that the question is about something else: half weight makes
 * "how should I handle errors" cover a memory on errors by about a half although nothing handles. A long prompt counts as at
 * most two and a half rare words: what it says besides the point must not make every memory look beside it.
 *
 * Looking up the length of a row costs as much as all the rest. A row that could not enter the list of the best whatever its
 * length (kmi_store.rank_floor) is spared it.
 *
 * The result is a blob with both numbers, because SQL has no pairs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/handle.h"

#define K1 0.9
#define B 0.9
#define UNSEEN_WEIGHT 0.5
#define LONGEST_QUERY_IN_RARE_WORDS 2.5
#define ROWS_BETWEEN_CLOCK_LOOKS 1024

typedef struct query_weights {
    int term_count;
    double average_len;
    double weight_sum;
    double idf[]; /* per term of the query; 0 for one that no row holds */
} query_weights;

static double idf_of(double rows, double rows_with_term) {
    double idf = log(1.0 + (rows - rows_with_term + 0.5) / (rows_with_term + 0.5));
    return idf > 0 ? idf : 0;
}

typedef struct row_counter {
    const kmi_store *store;
    int64_t count;
} row_counter;

static int count_row(const Fts5ExtensionApi *api, Fts5Context *context, void *user_data) {
    (void)api;
    (void)context;
    row_counter *counter = user_data;
    counter->count++;
    bool is_time_to_look = counter->count % ROWS_BETWEEN_CLOCK_LOOKS == 0;
    return is_time_to_look && kmi_store_is_overdue(counter->store) ? SQLITE_INTERRUPT : SQLITE_OK;
}

static int weigh_terms(const Fts5ExtensionApi *api, Fts5Context *context, query_weights *weights) {
    sqlite3_int64 row_count = 0;
    sqlite3_int64 token_count = 0;
    int code = api->xRowCount(context, &row_count);
    if (code == SQLITE_OK) code = api->xColumnTotalSize(context, 0, &token_count);
    if (code != SQLITE_OK) return code;
    weights->average_len = row_count > 0 && token_count > 0 ? (double)token_count / (double)row_count : 1.0;
    for (int i = 0; i < weights->term_count; i++) {
        row_counter counter = {.store = api->xUserData(context), .count = 0};
        code = api->xQueryPhrase(context, i, &counter, count_row);
        if (code != SQLITE_OK) return code;
        double idf = idf_of((double)row_count, (double)counter.count);
        weights->idf[i] = counter.count > 0 ? idf : 0;
        weights->weight_sum += counter.count > 0 ? idf : idf * UNSEEN_WEIGHT;
        kmi_store *store = api->xUserData(context);
        store->search_info->idf_sum += idf;
        store->search_idf[i] = idf;
        if (counter.count == 0) store->search_info->unseen_share += 1.0 / weights->term_count;
    }
    double longest = LONGEST_QUERY_IN_RARE_WORDS * idf_of((double)row_count, 0);
    if (weights->weight_sum > longest) weights->weight_sum = longest;
    return SQLITE_OK;
}

/* The weights are the same for every row of one query: made at the first, kept by FTS5, freed with the cursor. */
static int get_weights(const Fts5ExtensionApi *api, Fts5Context *context, query_weights **ret_weights) {
    *ret_weights = api->xGetAuxdata(context, 0);
    if (*ret_weights != NULL) return SQLITE_OK;
    int term_count = api->xPhraseCount(context);
    query_weights *weights = calloc(1, sizeof(*weights) + (size_t)term_count * sizeof(weights->idf[0]));
    if (weights == NULL) return SQLITE_NOMEM;
    weights->term_count = term_count;
    int code = weigh_terms(api, context, weights);
    if (code == SQLITE_OK)
        code = api->xSetAuxdata(context, weights, free); /* frees it on failure too */
    else
        free(weights);
    *ret_weights = weights;
    return code;
}

static int count_term(const Fts5ExtensionApi *api, Fts5Context *context, int term, int *ret_count) {
    Fts5PhraseIter iterator;
    int column = -1;
    int offset = -1;
    int count = 0;
    int code = api->xPhraseFirst(context, term, &iterator, &column, &offset);
    while (code == SQLITE_OK && column >= 0) {
        count++;
        api->xPhraseNext(context, &iterator, &column, &offset);
    }
    *ret_count = count;
    return code;
}

/* Adds up the row with the length norm that suits it best, which is what an empty row would have: an upper bound. */
static int bound_row(const Fts5ExtensionApi *api, Fts5Context *context, const query_weights *weights, int *counts,
                     kmi_rank_result *result) {
    double covered = 0;
    for (int i = 0; i < weights->term_count; i++) {
        int code = count_term(api, context, i, &counts[i]);
        if (code != SQLITE_OK) return code;
        if (counts[i] == 0) continue;
        covered += weights->idf[i];
        result->score += weights->idf[i] * (double)counts[i] * (K1 + 1.0) / ((double)counts[i] + K1 * (1.0 - B));
    }
    if (weights->weight_sum > 0) result->coverage = fmin(1.0, covered / weights->weight_sum);
    return SQLITE_OK;
}

static int rank_row(const Fts5ExtensionApi *api, Fts5Context *context, kmi_rank_result *result) {
    query_weights *weights = NULL;
    int counts[KMI_RANK_TERMS_MAX];
    int code = get_weights(api, context, &weights);
    if (code == SQLITE_OK && weights->term_count > KMI_RANK_TERMS_MAX) return SQLITE_RANGE;
    if (code == SQLITE_OK) code = bound_row(api, context, weights, counts, result);
    if (code != SQLITE_OK) return code;
    const kmi_store *store = api->xUserData(context);
    if (result->score < store->rank_floor) return SQLITE_OK; /* too low already: no need to look up its length */
    int len = 0;
    code = api->xColumnSize(context, 0, &len);
    double norm = K1 * (1.0 - B + B * (double)len / weights->average_len);
    result->score = 0;
    for (int i = 0; i < weights->term_count; i++) {
        double count = counts[i];
        if (counts[i] > 0) result->score += weights->idf[i] * count * (K1 + 1.0) / (count + norm);
    }
    return code;
}

static void rank_function(const Fts5ExtensionApi *api, Fts5Context *context, sqlite3_context *result_context,
                          int argument_count, sqlite3_value **arguments) {
    (void)argument_count;
    (void)arguments;
    kmi_rank_result result = {0};
    int code = rank_row(api, context, &result);
    if (code != SQLITE_OK)
        sqlite3_result_error_code(result_context, code);
    else
        sqlite3_result_blob(result_context, &result, sizeof(result), SQLITE_TRANSIENT);
}

km_status kmi_rank_register(kmi_store *store, fts5_api *api, km_error *error) {
    int code = api->xCreateFunction(api, "kmi_rank", store, rank_function, NULL);
    return code == SQLITE_OK ? KM_OK : kmi_sql_fail(store->sql, code, error);
}
