/* Reading postings. FTS5 gives those of one phrase by xQueryPhrase, a callback a row and nothing around it, several times as fast as
 * rows of a SELECT. It can be called only from within a function of a running query, so there is one that does nothing else:
 * kmi_postings(units), called for the first row of a MATCH of all terms.
 *
 * Each term is first read up to PROBE postings. That is the whole of a rare one. For the others the number of the unit
 * reached tells how densely the term stands, and so how many postings there are: no table of frequencies has to be kept. */
#include "store/sqlite/postings.h"

#include <stdlib.h>

#include "store/sqlite/index.h"

#define PROBE ((size_t)512)
#define NEWEST_SHARE 3 /* rows of a SELECT cost about three times as much as postings of a callback */
#define ROWS_BETWEEN_CLOCK_LOOKS 1024
#define COUNT_MAX 255u

typedef struct kmi_posting_reader {
    kmi_store *store;
    kmi_postings *postings;
    size_t budget;
    size_t limit; /* of the term in hand */
    size_t start; /* of the term in hand */
    bool is_cut;  /* the term in hand has more than `limit` */
} kmi_posting_reader;

static bool make_room(kmi_postings *postings) {
    if (postings->item_count < postings->item_capacity) return true;
    size_t capacity = postings->item_capacity == 0 ? 1024 : postings->item_capacity * 2;
    kmi_posting *items = reallocarray(postings->items, capacity, sizeof(*items));
    if (items == NULL) return false;
    postings->items = items;
    postings->item_capacity = capacity;
    return true;
}

/* What follows the first place is the list of the others, a number of several bytes each, the last of them below 0x80; with one column
 * there is nothing else in it. Counting them is a third of the work of asking for each. */
static uint32_t count_places(const Fts5ExtensionApi *api, Fts5Context *context) {
    Fts5PhraseIter iterator;
    int column = -1;
    int offset = -1;
    if (api->xPhraseFirst(context, 0, &iterator, &column, &offset) != SQLITE_OK || column < 0) return 1;
    uint32_t count = 1;
    for (const unsigned char *at = iterator.a; at < iterator.b && count < COUNT_MAX; at++) count += *at < 0x80;
    return count;
}

static int add_posting(const Fts5ExtensionApi *api, Fts5Context *context, void *user_data) {
    kmi_posting_reader *reader = user_data;
    kmi_postings *postings = reader->postings;
    size_t count = postings->item_count - reader->start;
    if (count == reader->limit) {
        reader->is_cut = true;
        return SQLITE_DONE;
    }
    if (!make_room(postings)) return SQLITE_NOMEM;
    sqlite3_int64 unit = api->xRowid(context);
    postings->items[postings->item_count++] = (kmi_posting){(uint32_t)unit, count_places(api, context)};
    bool is_time_to_look = count % ROWS_BETWEEN_CLOCK_LOOKS == ROWS_BETWEEN_CLOCK_LOOKS - 1;
    if (!is_time_to_look || !kmi_store_is_late(reader->store)) return SQLITE_OK;
    postings->is_cut_short = true;
    return SQLITE_DONE;
}

/* Reads up to `limit` postings of a term. Of one that has more, nothing is kept but the estimate; where time has run out, what was
 * read is kept. */
static int read_term(const Fts5ExtensionApi *api, Fts5Context *context, kmi_posting_reader *reader, size_t number,
                     size_t limit) {
    kmi_postings *postings = reader->postings;
    kmi_term_postings *term = &postings->terms[number];
    reader->limit = limit;
    reader->start = postings->item_count;
    reader->is_cut = false;
    int code = api->xQueryPhrase(context, (int)number, reader, add_posting);
    if (code != SQLITE_OK) return code;
    size_t count = postings->item_count - reader->start;
    term->is_complete = !reader->is_cut && !postings->is_cut_short;
    term->first = reader->start;
    term->count = count;
    term->unit_count = (double)count;
    if (term->is_complete || count == 0) return SQLITE_OK;
    /* Units are dense: the last one read tells how much of the index was passed. */
    double passed = (double)postings->items[postings->item_count - 1].unit / (double)reader->store->last_unit;
    term->unit_count = passed > 0 ? (double)count / passed : (double)count;
    if (term->unit_count > (double)postings->unit_count) term->unit_count = (double)postings->unit_count;
    if (term->unit_count < (double)count) term->unit_count = (double)count;
    if (postings->is_cut_short) return SQLITE_OK;
    term->count = 0;
    postings->item_count = reader->start;
    return SQLITE_OK;
}

/* Returns the most seldom of the terms that are not read yet and that fit, or -1. */
static int choose_next(const kmi_postings *postings, const bool *is_tried, double room) {
    int best = -1;
    for (size_t i = 0; i < postings->term_count; i++) {
        const kmi_term_postings *term = &postings->terms[i];
        if (term->is_complete || is_tried[i] || term->unit_count > room) continue;
        if (best < 0 || term->unit_count < postings->terms[best].unit_count) best = (int)i;
    }
    return best;
}

static int read_all(const Fts5ExtensionApi *api, Fts5Context *context, kmi_posting_reader *reader) {
    kmi_postings *postings = reader->postings;
    sqlite3_int64 unit_count = 0;
    int code = api->xRowCount(context, &unit_count);
    postings->unit_count = unit_count;
    size_t probe = reader->budget < PROBE ? reader->budget : PROBE;
    for (size_t i = 0; i < postings->term_count && code == SQLITE_OK; i++) {
        if (!postings->is_cut_short && kmi_store_is_late(reader->store)) postings->is_cut_short = true;
        if (postings->is_cut_short)
            postings->terms[i].is_complete = false; /* it may stand anywhere */
        else
            code = read_term(api, context, reader, i, probe);
    }
    bool is_tried[KMI_TERMS_MAX] = {false};
    while (code == SQLITE_OK && !postings->is_cut_short) {
        size_t left = reader->budget > postings->item_count ? reader->budget - postings->item_count : 0;
        int next = choose_next(postings, is_tried, (double)left);
        if (next < 0) break;
        is_tried[next] = true;
        code = read_term(api, context, reader, (size_t)next, left + left / 4); /* the estimate may be a little low */
    }
    return code;
}

static void postings_function(const Fts5ExtensionApi *api, Fts5Context *context, sqlite3_context *result,
                              int argument_count, sqlite3_value **arguments) {
    (void)argument_count;
    (void)arguments;
    const kmi_store *store = api->xUserData(context);
    kmi_posting_reader *reader = store->reader;
    int code = SQLITE_MISUSE;
    if (reader != NULL && (size_t)api->xPhraseCount(context) == reader->postings->term_count)
        code = read_all(api, context, reader);
    if (code != SQLITE_OK) sqlite3_result_error_code(result, code);
}

/* kmi_count(units): how often the one term of a query stands in the row. */
static void count_function(const Fts5ExtensionApi *api, Fts5Context *context, sqlite3_context *result,
                           int argument_count, sqlite3_value **arguments) {
    (void)argument_count;
    (void)arguments;
    sqlite3_result_int64(result, count_places(api, context));
}

km_status kmi_postings_register(kmi_store *store, fts5_api *api, km_error *error) {
    int code = api->xCreateFunction(api, "kmi_postings", store, postings_function, NULL);
    if (code == SQLITE_OK) code = api->xCreateFunction(api, "kmi_count", store, count_function, NULL);
    return code == SQLITE_OK ? KM_OK : kmi_sql_fail(store->sql, code, error);
}

/* Writes a term as an FTS5 string, which the tokenizer passes on unchanged. */
static void add_quoted(kmi_buf *buf, kmi_slice term) {
    kmi_buf_add_char(buf, '"');
    for (size_t i = 0; i < term.len; i++) {
        if (term.ptr[i] == '"') kmi_buf_add_char(buf, '"');
        kmi_buf_add_char(buf, term.ptr[i]);
    }
    kmi_buf_add_char(buf, '"');
}

static km_status run_reader(kmi_store *store, kmi_slice expression, kmi_posting_reader *reader, km_error *error) {
    static const char READ_POSTINGS[] = "SELECT kmi_postings(units) FROM units WHERE units MATCH ?1 LIMIT 1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_POSTINGS, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_slice(&use, 1, expression);
    store->reader = reader;
    status = kmi_sql_step(&use, &has_row, error); /* without a row no term stands anywhere */
    store->reader = NULL;
    return status;
}

/* Reads the newest postings of a term that is too common to be read whole, and turns them into ascending order. */
static km_status read_newest(kmi_store *store, kmi_slice term, kmi_postings *postings, kmi_term_postings *ret_term,
                             size_t limit, km_error *error) {
    static const char NEWEST[] =
        "SELECT rowid,kmi_count(units) FROM units WHERE units MATCH ?1 ORDER BY rowid DESC LIMIT ?2";
    KMI_CLEANUP_BUF kmi_buf expression;
    kmi_buf_init(&expression, 2 * term.len + 8);
    add_quoted(&expression, term);
    if (kmi_buf_status(&expression) != KM_OK) return kmi_store_fail_nomem(store, error);
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, NEWEST, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_slice(&use, 1, kmi_buf_slice(&expression));
    kmi_sql_bind_integer(&use, 2, (int64_t)limit);
    size_t start = postings->item_count;
    bool has_row = false;
    while ((status = kmi_sql_step(&use, &has_row, error)) == KM_OK && has_row) {
        if (!make_room(postings)) return kmi_store_fail_nomem(store, error);
        postings->items[postings->item_count++] =
            (kmi_posting){(uint32_t)kmi_sql_integer(&use, 0), (uint32_t)kmi_sql_integer(&use, 1)};
        bool is_time_to_look = postings->item_count % ROWS_BETWEEN_CLOCK_LOOKS == 0;
        if (is_time_to_look && kmi_store_is_late(store)) {
            postings->is_cut_short = true;
            break;
        }
    }
    if (status != KM_OK) return status;
    ret_term->first = start;
    ret_term->count = postings->item_count - start;
    for (size_t i = start, k = postings->item_count; i + 1 < k; i++) {
        k--;
        kmi_posting kept = postings->items[i];
        postings->items[i] = postings->items[k];
        postings->items[k] = kept;
    }
    return KM_OK;
}

static km_status read_newest_of_rarest(kmi_store *store, const kmi_slice *terms, size_t budget, kmi_postings *postings,
                                       km_error *error) {
    kmi_term_postings *rarest = NULL;
    for (size_t i = 0; i < postings->term_count; i++) {
        kmi_term_postings *term = &postings->terms[i];
        if (term->is_complete && term->count > 0) return KM_OK; /* something was found */
        if (!term->is_complete && (rarest == NULL || term->unit_count < rarest->unit_count)) rarest = term;
    }
    if (rarest == NULL) return KM_OK;
    size_t limit = budget / NEWEST_SHARE > 0 ? budget / NEWEST_SHARE : 1;
    return read_newest(store, terms[rarest - postings->terms], postings, rarest, limit, error);
}

km_status kmi_postings_read(kmi_store *store, const kmi_slice *terms, size_t term_count, size_t budget,
                            kmi_postings *ret_postings, km_error *error) {
    *ret_postings = (kmi_postings){.term_count = term_count};
    for (size_t i = 0; i < term_count; i++) ret_postings->terms[i].is_complete = true;
    KMI_CLEANUP_BUF kmi_buf expression;
    kmi_buf_init(&expression, (size_t)64 * 1024);
    for (size_t i = 0; i < term_count; i++) {
        if (i > 0) kmi_buf_add_text(&expression, " OR ");
        add_quoted(&expression, terms[i]);
    }
    if (kmi_buf_status(&expression) != KM_OK) return kmi_store_fail_nomem(store, error);
    kmi_posting_reader reader = {.store = store, .postings = ret_postings, .budget = budget};
    km_status status = kmi_index_prepare(store, error);
    if (status == KM_OK) status = run_reader(store, kmi_buf_slice(&expression), &reader, error);
    if (status != KM_OK || ret_postings->is_cut_short) return status;
    return read_newest_of_rarest(store, terms, budget, ret_postings, error);
}

void kmi_postings_deinit(kmi_postings *postings) {
    free(postings->items);
    postings->items = NULL;
    postings->item_count = postings->item_capacity = 0;
}
