/* Only what the extraction names is compared: words in common are no contradiction. Four kinds of statements replace others:
 *
 *   a property          same subject and attribute, with another value, or the same value affirmed and denied. Two
 *                       statements with the same value agree, and both stay.
 *   a named correction  "from X to Y", "no longer X": the subject's statement that names X. When the property is known too, only the
 *                       value X goes; if nothing holds X, the user corrects what we heard differently, and all values go.
 *   a reversal          "changed its mind": the one decision of the subject that has most words in common, or its only one.
 *   a bare correction   "actually, …" without either: the one statement on the subject that shares most words with it.
 */
#include "learn/supersede.h"

#include <string.h>

#include "base/text.h"
#include "recall/similar.h"
#include "util/error.h"

#define RIVALS_MAX ((size_t)16)     /* live statements on one property; more are noise, and the newest come first */
#define STATEMENTS_MAX ((size_t)64) /* live statements on one subject that a correction looks at */
#define CORRECTED_SHARE_MIN 0.3     /* words that a bare correction has in common with what it corrects */
#define REVERSED_SHARE_MIN 0.15     /* among several decisions: more than the subject's name */
#define FOLDED_LIMIT_BYTES ((size_t)4 * 1024 * 1024)

typedef struct rival_search {
    const kmi_candidate *candidate;
    int64_t said_at_us;
    kmi_arena *arena;
    const km_memory *items;
    size_t count;
    kmi_uuid *older; /* room for `count` */
    kmi_rivals *rivals;
    bool only_use; /* a mention is not enough */
} rival_search;

static bool is_equal(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool is_negative(const char *polarity) {
    return is_equal(polarity, "negative");
}

static bool says_otherwise(const km_memory *memory, const kmi_candidate *candidate) {
    if (is_negative(memory->polarity) != is_negative(candidate->polarity)) return true;
    if (candidate->value == NULL || memory->value == NULL) return candidate->is_correction;
    return strcmp(memory->value, candidate->value) != 0;
}

static km_status add_rival(rival_search *search, const km_memory *memory, km_error *error) {
    kmi_rivals *rivals = search->rivals;
    kmi_uuid id;
    km_status status = kmi_uuid_parse(memory->id, &id, error);
    if (status != KM_OK) return status;
    if (memory->observed_at_us <= search->said_at_us) {
        search->older[rivals->older_count++] = id;
    } else if (!rivals->has_newer) { /* newest first: the one that stands now */
        rivals->has_newer = true;
        rivals->newer = id;
    }
    return KM_OK;
}

/* ---- A property ---- */

static bool holds_replaced(const km_memory *memory, const kmi_candidate *candidate) {
    return is_equal(memory->value, candidate->replaces);
}

static bool any_holds_replaced(const rival_search *search) {
    for (size_t i = 0; i < search->count; i++) {
        if (holds_replaced(&search->items[i], search->candidate)) return true;
    }
    return false;
}

static km_status pick_values(rival_search *search, km_error *error) {
    bool only_named = search->candidate->replaces != NULL && any_holds_replaced(search);
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < search->count; i++) {
        const km_memory *memory = &search->items[i];
        if (!says_otherwise(memory, search->candidate)) continue;
        if (only_named && !holds_replaced(memory, search->candidate)) continue;
        status = add_rival(search, memory, error);
    }
    return status;
}

/* ---- Corrections ---- */

static bool is_word_edge(kmi_slice text, size_t at) {
    if (at == 0 || at >= text.len) return true;
    unsigned char c = (unsigned char)text.ptr[at];
    unsigned char before = (unsigned char)text.ptr[at - 1];
    bool is_inside = (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'));
    bool was_inside = (before >= 0x80 || (before >= '0' && before <= '9') || (before >= 'a' && before <= 'z'));
    return !(is_inside && was_inside);
}

/* True when the folded text holds the folded words as whole words. */
static bool names(kmi_slice folded, kmi_slice words) {
    if (words.len == 0) return false;
    size_t at = kmi_slice_find(folded, words, 0);
    while (at != SIZE_MAX) {
        if (is_word_edge(folded, at) && is_word_edge(folded, at + words.len)) return true;
        at = kmi_slice_find(folded, words, at + 1);
    }
    return false;
}

/* How surely a statement says what a named correction ends: it holds the old value as its own (2), it says that X is used (1), or
 * it only speaks of X (0). Negative: it does not name X. */
static int rank_named(const km_memory *memory, kmi_slice folded, kmi_slice replaced) {
    static const char *const using_words[] = {"use ",     "uses ",        "using ", "used ", "prefer ",
                                              "prefers ", "switched to ", "chose ", "is ",   "on "};
    if (!names(folded, replaced)) return -1;
    if (memory->value != NULL && kmi_slice_equal(kmi_slice_from(memory->value), replaced)) return 2;
    for (size_t i = 0; i < sizeof using_words / sizeof using_words[0]; i++) {
        kmi_slice word = kmi_slice_from(using_words[i]);
        for (size_t at = kmi_slice_find(folded, word, 0); at != SIZE_MAX; at = kmi_slice_find(folded, word, at + 1))
            if (is_word_edge(folded, at) &&
                kmi_slice_starts_with(kmi_slice_sub(folded, at + word.len, SIZE_MAX), replaced))
                return 1;
    }
    return 0;
}

/* The newest of those that say it most surely. */
static km_status pick_named(rival_search *search, km_error *error) {
    kmi_slice replaced = kmi_slice_from(search->candidate->replaces);
    KMI_CLEANUP_BUF kmi_buf folded;
    kmi_buf_init(&folded, FOLDED_LIMIT_BYTES);
    const km_memory *best = NULL;
    int best_rank = search->only_use ? 0 : -1;
    for (size_t i = 0; i < search->count; i++) {
        kmi_buf_clear(&folded);
        km_status status = kmi_text_fold(kmi_slice_from(search->items[i].content), &folded, error);
        if (status == KM_OK) status = kmi_buf_status(&folded);
        if (status == KM_E_INVALID) continue; /* grew past every bound: no sentence that a correction means */
        if (status != KM_OK) return kmi_fail(error, status, "out of memory while learning");
        int rank = rank_named(&search->items[i], kmi_buf_slice(&folded), replaced);
        if (rank <= best_rank) continue;
        best_rank = rank;
        best = &search->items[i];
    }
    return best != NULL ? add_rival(search, best, error) : KM_OK;
}

static km_status pick_most_similar(rival_search *search, km_error *error) {
    kmi_word_set words;
    const km_memory *best = NULL;
    double best_share = CORRECTED_SHARE_MIN;
    km_status status = kmi_word_set_make(kmi_slice_from(search->candidate->content), search->arena, &words, error);
    for (size_t i = 0; status == KM_OK && i < search->count; i++) {
        kmi_word_set other;
        status = kmi_word_set_make(kmi_slice_from(search->items[i].content), search->arena, &other, error);
        double share = status == KM_OK ? kmi_word_set_share(&words, &other) : 0;
        if (share <= best_share) continue;
        best_share = share;
        best = &search->items[i];
    }
    return status == KM_OK && best != NULL ? add_rival(search, best, error) : status;
}

/* The subject's decision that was turned over: the one with most words in common, or the only one. */
static km_status pick_reversed(rival_search *search, km_error *error) {
    kmi_word_set words;
    const km_memory *best = NULL;
    double best_share = -1;
    size_t decisions = 0;
    km_status status = kmi_word_set_make(kmi_slice_from(search->candidate->content), search->arena, &words, error);
    for (size_t i = 0; status == KM_OK && i < search->count; i++) {
        if (!is_equal(search->items[i].type, "decision")) continue;
        kmi_word_set other;
        status = kmi_word_set_make(kmi_slice_from(search->items[i].content), search->arena, &other, error);
        double share = status == KM_OK ? kmi_word_set_share(&words, &other) : 0;
        decisions++;
        if (share <= best_share) continue;
        best_share = share;
        best = &search->items[i];
    }
    bool is_meant = best != NULL && (decisions == 1 || best_share >= REVERSED_SHARE_MIN);
    return status == KM_OK && is_meant ? add_rival(search, best, error) : status;
}

static km_status pick_rivals(rival_search *search, km_error *error) {
    const kmi_candidate *candidate = search->candidate;
    if (candidate->is_reversal && candidate->attribute == NULL && candidate->replaces == NULL)
        return pick_reversed(search, error);
    if (candidate->attribute != NULL) return pick_values(search, error);
    return candidate->replaces != NULL ? pick_named(search, error) : pick_most_similar(search, error);
}

static bool has_digit(const char *text) {
    return strpbrk(text, "0123456789") != NULL;
}

/* "The meeting was moved to Thursday" where the meeting "is on Tuesday": a new value, however the old one was put. The only
 * statement of what the subject is that holds a value of the same kind, or none. */
static km_status find_only_value(kmi_store *store, rival_search *search, km_error *error) {
    const kmi_candidate *candidate = search->candidate;
    km_memory *items = NULL;
    const km_memory *only = NULL;
    km_status status = kmi_store_memory_find_subject(store, candidate->subject, NULL, RIVALS_MAX, search->arena, &items,
                                                     &search->count, error);
    for (size_t i = 0; status == KM_OK && i < search->count; i++) {
        const km_memory *memory = &items[i];
        if (memory->attribute == NULL || memory->value == NULL) continue;
        if (has_digit(memory->value) != has_digit(candidate->value)) continue;
        if (only != NULL || strcmp(memory->value, candidate->value) == 0) return KM_OK;
        only = memory;
    }
    if (status != KM_OK || only == NULL) return status;
    search->older = kmi_arena_alloc_array(search->arena, 1, sizeof(*search->older));
    if (search->older == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while learning");
    search->rivals->older = search->older;
    return add_rival(search, only, error);
}

/* The statements on one subject that the candidate replaces. */
static km_status find_on_subject(kmi_store *store, const char *subject, rival_search *search, km_error *error) {
    km_memory *items = NULL;
    const char *attribute = search->candidate->attribute;
    km_status status =
        kmi_store_memory_find_subject(store, subject, attribute, attribute != NULL ? RIVALS_MAX : STATEMENTS_MAX,
                                      search->arena, &items, &search->count, error);
    if (status != KM_OK || search->count == 0) return status;
    search->items = items;
    search->older = kmi_arena_alloc_array(search->arena, search->count, sizeof(*search->older));
    if (search->older == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while learning");
    search->rivals->older = search->older;
    return pick_rivals(search, error);
}

/* "We moved from X to Y" ends "the project uses X", and "X was replaced by Y" whatever a speaker says to use. What one user does
 * changes nothing for the team. */
static km_status find_on_speakers(kmi_store *store, rival_search *search, km_error *error) {
    static const char *const speakers[] = {"team", "project", "app", "user"};
    const kmi_candidate *candidate = search->candidate;
    bool is_passive = strcmp(candidate->subject, candidate->replaces) == 0, is_shared = false;
    size_t count = sizeof speakers / sizeof speakers[0] - !is_passive;
    for (size_t i = 0; i < count; i++) is_shared |= strcmp(candidate->subject, speakers[i]) == 0;
    is_shared |= is_equal(candidate->type, "decision"); /* "we moved the shop from X to Y" */
    km_status status = KM_OK;
    search->only_use = true;
    for (size_t i = 0; i < count && (is_passive || is_shared) && status == KM_OK; i++) {
        if (search->rivals->older_count > 0 || search->rivals->has_newer) break;
        if (strcmp(candidate->subject, speakers[i]) != 0) status = find_on_subject(store, speakers[i], search, error);
    }
    return status;
}

km_status kmi_rivals_find(kmi_store *store, const kmi_candidate *candidate, int64_t said_at_us, kmi_arena *arena,
                          kmi_rivals *ret_rivals, km_error *error) {
    kmi_rivals rivals = {0};
    bool may_replace = candidate->attribute != NULL || candidate->is_correction;
    if (candidate->subject == NULL || !may_replace) {
        *ret_rivals = rivals;
        return KM_OK;
    }
    rival_search search = {.candidate = candidate, .said_at_us = said_at_us, .arena = arena, .rivals = &rivals};
    km_status status = find_on_subject(store, candidate->subject, &search, error);
    if (status == KM_OK && candidate->attribute == NULL && candidate->replaces != NULL && !candidate->is_reversal)
        status = find_on_speakers(store, &search, error);
    bool is_new_value = candidate->is_correction && is_equal(candidate->attribute, "be") && candidate->value != NULL;
    if (status == KM_OK && is_new_value && rivals.older_count == 0 && !rivals.has_newer)
        status = find_only_value(store, &search, error);
    if (status == KM_OK) *ret_rivals = rivals;
    return status;
}
