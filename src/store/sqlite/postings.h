/* postings.h - in which units the terms of a query stand, read from the full-text index within a budget.
 *
 * The rare terms are read whole, rarest first. A term whose postings do not fit any more is skipped: how common it is is
 * estimated from the first of them. If even the rarest is too common, the newest part of it is read. */
#ifndef KMI_STORE_SQLITE_POSTINGS_H
#define KMI_STORE_SQLITE_POSTINGS_H

#include "store/sqlite/handle.h"

/* Most terms of a query. */
#define KMI_TERMS_MAX ((size_t)64)

typedef struct kmi_posting {
    uint32_t unit;
    uint32_t count; /* how often the term stands there; at least 1 */
} kmi_posting;

typedef struct kmi_term_postings {
    size_t first, count; /* in kmi_postings.items, by unit ascending; count 0: none, or skipped */
    double unit_count;   /* how many units hold the term; estimated unless is_complete */
    bool is_complete;
} kmi_term_postings;

typedef struct kmi_postings {
    int64_t unit_count; /* of the index */
    bool is_cut_short;  /* time ran out before the rest was read */
    size_t term_count;
    kmi_term_postings terms[KMI_TERMS_MAX];
    kmi_posting *items;
    size_t item_count, item_capacity;
} kmi_postings;

/* Reads the postings of terms, at most about `budget` of them in all. End with kmi_postings_deinit(). */
km_status kmi_postings_read(kmi_store *store, const kmi_slice *terms, size_t term_count, size_t budget,
                            kmi_postings *ret_postings, km_error *error) KM_MUST_CHECK;
void kmi_postings_deinit(kmi_postings *postings);
/* Registers the functions for it with FTS5. */
km_status kmi_postings_register(kmi_store *store, fts5_api *api, km_error *error) KM_MUST_CHECK;

#endif
