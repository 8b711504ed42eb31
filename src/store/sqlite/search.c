/* Full-text search. The terms of the text are OR-ed; rows come in the order of the index with their BM25, and a heap keeps the best:
 * `ORDER BY rank` would sort every match, which is most of its time in a big store. Filters are looked up only for a row
 * that would enter the heap, so a filter costs some seeks and not one a match.
 *
 * A long prompt (a pasted log) is cut to its two ends, where the question stands, and to a number of terms. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/sqlite/handle.h"
#include "util/clock.h"

#define TERMS_MAX ((size_t)KMI_RANK_TERMS_MAX)
#define TEXT_END_BYTES ((size_t)8 * 1024) /* of each end of a long text */
#define TERM_LIMIT_BYTES ((size_t)256)
#define ROWS_BETWEEN_CLOCK_LOOKS 256

typedef struct query_term {
    kmi_slice text; /* in the arena */
    bool is_stop_word;
} query_term;

typedef struct term_list {
    kmi_arena *arena;
    size_t count;
    size_t stop_count;
    kmi_search_info info;
    bool is_out_of_memory;
    query_term terms[TERMS_MAX];
} term_list;

static bool is_listed(const term_list *list, kmi_slice term) {
    for (size_t i = 0; i < list->count; i++) {
        if (kmi_slice_equal(list->terms[i].text, term)) return true;
    }
    return false;
}

static bool add_term(const kmi_text_word *word, void *context) {
    term_list *list = context;
    if (word->term.len == 0 || word->term.len > TERM_LIMIT_BYTES) return true;
    if (is_listed(list, word->term)) return true;
    const char *copy = kmi_arena_copy(list->arena, word->term);
    if (copy == NULL) {
        list->is_out_of_memory = true;
        return false;
    }
    bool is_stop_word = kmi_text_is_stop_word(word->folded);
    list->terms[list->count++] = (query_term){.text = {copy, word->term.len}, .is_stop_word = is_stop_word};
    if (is_stop_word) list->stop_count++;
    return list->count < TERMS_MAX;
}

static km_status collect_from(kmi_store *store, kmi_slice text, term_list *list, km_error *error) {
    if (list->count >= TERMS_MAX) return KM_OK;
    km_status status = kmi_text_words(text, add_term, list, error);
    if (status == KM_OK && list->is_out_of_memory) status = kmi_store_fail_nomem(store, error);
    return status;
}

/* Moves a cut to the start of a character. */
static size_t character_start(kmi_slice text, size_t at) {
    while (at > 0 && at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80) at--;
    return at;
}

static km_status collect_terms(kmi_store *store, kmi_slice text, term_list *list, km_error *error) {
    if (text.len <= 2 * TEXT_END_BYTES) return collect_from(store, text, list, error);
    size_t tail_start = character_start(text, text.len - TEXT_END_BYTES);
    size_t head_end = character_start(text, TEXT_END_BYTES);
    km_status status = collect_from(store, kmi_slice_sub(text, tail_start, text.len), list, error);
    return status == KM_OK ? collect_from(store, kmi_slice_sub(text, 0, head_end), list, error) : status;
}

/* Writes the terms as an FTS5 expression: each a quoted string, which the tokenizer passes on unchanged. */
static km_status write_expression(kmi_store *store, const term_list *list, kmi_buf *buf, km_error *error) {
    bool drop_stop_words = list->stop_count < list->count;
    for (size_t i = 0; i < list->count; i++) {
        if (drop_stop_words && list->terms[i].is_stop_word) continue;
        if (buf->len > 0) kmi_buf_add_text(buf, " OR ");
        kmi_buf_add_char(buf, '"');
        for (size_t k = 0; k < list->terms[i].text.len; k++) {
            char c = list->terms[i].text.ptr[k];
            if (c == '"') kmi_buf_add_char(buf, '"');
            kmi_buf_add_char(buf, c);
        }
        kmi_buf_add_char(buf, '"');
    }
    return kmi_buf_status(buf) == KM_OK ? KM_OK : kmi_store_fail_nomem(store, error);
}

/* ---- The best so far: a heap with the worst on top ---- */

typedef struct hit_heap {
    kmi_search_hit *items;
    size_t count, limit;
} hit_heap;

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

static bool would_enter(const hit_heap *heap, const kmi_search_hit *hit) {
    return heap->count < heap->limit || is_worse(&heap->items[0], hit);
}

static void enter(hit_heap *heap, kmi_search_hit hit) {
    if (heap->count == heap->limit) {
        heap->items[0] = hit;
        sift_down(heap->items, heap->count, 0);
        return;
    }
    size_t at = heap->count++;
    heap->items[at] = hit;
    while (at > 0 && is_worse(&heap->items[at], &heap->items[(at - 1) / 2])) {
        swap_hits(&heap->items[at], &heap->items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

/* Turns the heap into an array, best first. */
static void sort_heap(hit_heap *heap) {
    for (size_t left = heap->count; left > 1; left--) {
        swap_hits(&heap->items[0], &heap->items[left - 1]);
        sift_down(heap->items, left - 1, 0);
    }
}

static km_status passes_filter(kmi_store *store, kmi_sql_use *filter, int64_t seq, bool *ret_passes, km_error *error) {
    kmi_sql_bind_integer(filter, 8, seq);
    km_status status = kmi_sql_step(filter, ret_passes, error);
    if (status == KM_OK && sqlite3_reset(filter->statement) != SQLITE_OK) {
        status = kmi_sql_fail(store->sql, sqlite3_extended_errcode(kmi_sql_handle(store->sql)), error);
    }
    return status;
}

static km_status collect_hits(kmi_store *store, kmi_sql_use *match, kmi_sql_use *filter, hit_heap *heap,
                              km_error *error) {
    for (size_t row = 1;; row++) {
        bool has_row = false;
        bool passes = false;
        km_status status = kmi_sql_step(match, &has_row, error);
        if (status != KM_OK || !has_row) return status;
        kmi_rank_result rank = {0};
        kmi_slice packed = kmi_sql_slice(match, 1);
        if (packed.len == sizeof(rank)) memcpy(&rank, packed.ptr, sizeof(rank));
        kmi_search_hit hit = {.seq = kmi_sql_integer(match, 0), .score = rank.score, .coverage = rank.coverage};
        if (would_enter(heap, &hit)) {
            status = passes_filter(store, filter, hit.seq, &passes, error);
            if (status != KM_OK) return status;
            if (passes) enter(heap, hit);
            if (heap->count == heap->limit) store->rank_floor = heap->items[0].score;
        }
        if (row % ROWS_BETWEEN_CLOCK_LOOKS == 0 && kmi_store_is_overdue(store))
            return kmi_store_fail_overdue(store, error);
    }
}

static km_status run_search(kmi_store *store, kmi_slice expression, const km_recall_query *query, hit_heap *heap,
                            km_error *error) {
    static const char MATCH_UNITS[] =
        "SELECT rowid,kmi_rank(units) FROM units WHERE units MATCH ?1 ORDER BY rowid DESC";
    static const char FILTER_MEMORY[] = "SELECT 1 FROM memories m WHERE m.seq=?8 AND " MEMORY_FILTER;
    static const km_recall_query NO_FILTER;
    KMI_CLEANUP_SQL kmi_sql_use match = {0};
    KMI_CLEANUP_SQL kmi_sql_use filter = {0};
    km_status status = kmi_index_prepare(store, error);
    if (status == KM_OK) status = kmi_sql_start(store->sql, MATCH_UNITS, &match, error);
    if (status == KM_OK) status = kmi_sql_start(store->sql, FILTER_MEMORY, &filter, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_slice(&match, 1, expression);
    kmi_memory_bind_filter(&filter, query != NULL ? query : &NO_FILTER);
    store->rank_floor = 0;
    return collect_hits(store, &match, &filter, heap, error);
}

static km_status describe_hits(kmi_store *store, hit_heap *heap, kmi_arena *arena, km_error *error) {
    static const char DESCRIBE[] = "SELECT unit_count,speaker,session,observed_at FROM memories WHERE seq=?1";
    for (size_t i = 0; i < heap->count; i++) {
        KMI_CLEANUP_SQL kmi_sql_use use = {0};
        bool has_row = false;
        km_status status = kmi_sql_start(store->sql, DESCRIBE, &use, error);
        if (status != KM_OK) return status;
        kmi_sql_bind_integer(&use, 1, heap->items[i].seq);
        status = kmi_sql_step(&use, &has_row, error);
        if (status == KM_OK) status = kmi_sql_copy_text(&use, 1, arena, &heap->items[i].speaker, error);
        if (status == KM_OK) status = kmi_sql_copy_text(&use, 2, arena, &heap->items[i].session, error);
        if (status != KM_OK) return status;
        heap->items[i].unit_count = (uint32_t)kmi_sql_integer(&use, 0);
        heap->items[i].observed_at_us = kmi_sql_integer(&use, 3);
    }
    if (heap->count > 0) store->search_info->best_unit = heap->items[0].score;
    if (heap->count >= 20) store->search_info->twentieth_unit = heap->items[19].score;
    return KM_OK;
}

static km_status fill_info(kmi_store *store, const term_list *list, kmi_arena *arena, km_error *error) {
    bool drop_stop_words = list->stop_count < list->count;
    const char **terms = kmi_arena_alloc_array(arena, list->count, sizeof(*terms));
    store->search_idf = kmi_arena_alloc_array(arena, list->count, sizeof(double));
    if (terms == NULL || store->search_idf == NULL) return kmi_store_fail_nomem(store, error);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!drop_stop_words || !list->terms[i].is_stop_word) terms[count++] = list->terms[i].text.ptr;
    }
    store->search_info->terms = terms;
    store->search_info->idf = store->search_idf;
    store->search_info->term_count = count;
    return KM_OK;
}

km_status kmi_store_search(kmi_store *store, kmi_slice text, const km_recall_query *query, size_t limit,
                           kmi_arena *arena, kmi_search_hit **ret_hits, size_t *ret_count, kmi_search_info *ret_info,
                           km_error *error) {
    term_list *list = kmi_arena_alloc(arena, sizeof(*list));
    if (list == NULL) return kmi_store_fail_nomem(store, error);
    list->arena = arena;
    store->search_info = &list->info;
    km_status status = collect_terms(store, text, list, error);
    if (status != KM_OK) return status;
    hit_heap heap = {.limit = limit};
    if (list->count > 0 && limit > 0) {
        KMI_CLEANUP_BUF kmi_buf expression;
        kmi_buf_init(&expression, TERMS_MAX * (2 * TERM_LIMIT_BYTES + 8));
        heap.items = kmi_arena_alloc_array(arena, limit, sizeof(*heap.items));
        if (heap.items == NULL) return kmi_store_fail_nomem(store, error);
        status = fill_info(store, list, arena, error);
        if (status == KM_OK) status = write_expression(store, list, &expression, error);
        if (status == KM_OK) status = run_search(store, kmi_buf_slice(&expression), query, &heap, error);
        if (status != KM_OK) return status;
        sort_heap(&heap);
        status = describe_hits(store, &heap, arena, error);
        if (status != KM_OK) return status;
    }
    if (ret_info != NULL) *ret_info = list->info;
    *ret_hits = heap.items;
    *ret_count = heap.count;
    return KM_OK;
}
