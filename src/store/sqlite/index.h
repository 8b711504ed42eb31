/* index.h - the full-text index: units of memories in the FTS5 table `units`, and the map of their lengths and neighbours.
 *
 * The index holds no text, so what is removed must be told in the words that were indexed. Rows wait in memory until
 * kmi_index_write_pending(), which every commit calls. The version says how texts are divided and their words made into terms;
 * a writer that finds an older one builds the index anew, see kmi_index_upgrade(). */
#ifndef KMI_STORE_SQLITE_INDEX_H
#define KMI_STORE_SQLITE_INDEX_H

#include "store/sqlite/handle.h"
#include "store/sqlite/units.h"

/* Raise it when kmi_text_words() or kmi_units_cut() give something else for the same text. */
#define KMI_INDEX_VERSION 1

typedef struct kmi_unit_range {
    int64_t first; /* unit, which is the memory's seq; 0: no memory */
    int64_t count;
} kmi_unit_range;

/* Registers the tokenizer and the functions of the search; needed before the first use of `units`. */
km_status kmi_index_prepare(kmi_store *store, km_error *error) KM_MUST_CHECK;
/* Collects the units of a memory; written at commit, because FTS5 would write out a small segment at every savepoint. */
km_status kmi_index_add(kmi_store *store, int64_t seq, const kmi_units *units, bool is_new,
                        km_error *error) KM_MUST_CHECK;
/* Removes the units of a memory, whose text must be what was indexed. Links of its neighbours are left: see below. */
km_status kmi_index_remove(kmi_store *store, int64_t seq, const kmi_units *units, km_error *error) KM_MUST_CHECK;
km_status kmi_index_write_pending(kmi_store *store, km_error *error) KM_MUST_CHECK;
/* Between transactions and tasks: writes pending units if they have grown big. */
km_status kmi_index_write_if_big(kmi_store *store, km_error *error) KM_MUST_CHECK;

/* ---- index_links.c ---- */
/* Links the units of a memory that is the last one in order, with those before it. */
km_status kmi_index_link_new(kmi_store *store, kmi_unit_range range, km_error *error) KM_MUST_CHECK;
/* Links the units of any memory with those before and after it. A memory that is gone is fine. */
km_status kmi_index_link(kmi_store *store, int64_t seq, km_error *error) KM_MUST_CHECK;
/* Lists the memories whose links change when this one goes; 0 for none. To be asked before, and linked anew after. */
#define KMI_INDEX_NEAR 4
km_status kmi_index_find_near(kmi_store *store, int64_t seq, int64_t ret_seqs[KMI_INDEX_NEAR],
                              km_error *error) KM_MUST_CHECK;

/* ---- index_build.c ---- */
/* Builds the index anew if it is of an older version. For an open handle that writes; takes the writer lock itself.
 * KM_E_STORE when it is of a newer one. */
km_status kmi_index_upgrade(kmi_store *store, km_error *error) KM_MUST_CHECK;
/* Before a search: reads which unit is the last, and fails when the index is not of this program's version. The statement is left
 * at its row, which keeps the view of the store until kmi_sql_end(). */
km_status kmi_index_open_for_search(kmi_store *store, kmi_sql_use *ret_use, km_error *error) KM_MUST_CHECK;
/* Cuts a text into as many units as there is room for behind the memory's number, and notes how many in its row.
 * Inside a transaction; end with kmi_units_deinit(). */
km_status kmi_index_cut_again(kmi_store *store, int64_t seq, kmi_slice text, kmi_units *ret_units,
                              km_error *error) KM_MUST_CHECK;
/* Builds the index anew from the memories, each with as many units as there is room for, or as it has. Inside a transaction. */
km_status kmi_index_rebuild(kmi_store *store, bool keeps_counts, km_error *error) KM_MUST_CHECK;
/* Compares the index and the map with what the memories give. KM_E_STORE when they differ. */
km_status kmi_index_check(kmi_store *store, km_error *error) KM_MUST_CHECK;

/* ---- search.c ---- */
/* How many postings a search reads, for tests; 0: as many as usual. */
void kmi_search_set_budget(size_t postings);

#endif
