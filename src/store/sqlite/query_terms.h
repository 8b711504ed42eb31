/* query_terms.h - the search terms of a text, and stand-ins for words that were mistyped. */
#ifndef KMI_STORE_SQLITE_QUERY_TERMS_H
#define KMI_STORE_SQLITE_QUERY_TERMS_H

#include "base/text.h"
#include "store/sqlite/handle.h"
#include "store/sqlite/postings.h"

typedef struct kmi_query_term {
    kmi_slice text;   /* as it stands in the index; NUL-terminated, in the arena */
    kmi_slice folded; /* the word it was made from; in the arena */
    bool is_stop_word;
    kmi_foreignness foreignness;
} kmi_query_term;

typedef struct kmi_query_terms {
    kmi_arena *arena;
    size_t count;
    bool has_stop_words_only;
    bool is_out_of_memory;
    kmi_query_term terms[KMI_TERMS_MAX];
} kmi_query_terms;

/* Collects the terms of a text, each once: without stop words, unless there is nothing else. A long text gives those of its
 * two ends. The text must be valid UTF-8. */
km_status kmi_query_terms_collect(kmi_store *store, kmi_slice text, kmi_arena *arena, kmi_query_terms *ret_terms,
                                  km_error *error) KM_MUST_CHECK;

/* Finds terms of the index that are one letter away from a word (one too many, too few, another one, or two exchanged), the most
 * common first, at most `limit`. Words of five to sixteen plain letters only; others have none. Costs about a
 * millisecond a word. */
km_status kmi_query_terms_similar(kmi_store *store, kmi_slice folded, kmi_arena *arena, size_t limit,
                                  kmi_slice *ret_terms, size_t *ret_count, km_error *error) KM_MUST_CHECK;

#endif
