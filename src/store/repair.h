/* repair.h - deep checks of a store, repairs, copies, and saving what can be read of a damaged one. The slow half of the store's
 * interface: for `doctor`, `backup` and `restore` only. */
#ifndef KMI_STORE_REPAIR_H
#define KMI_STORE_REPAIR_H

#include "store/store.h"

/* Told now and then by everything here. Return false to stop: KM_E_INTERRUPTED. May be NULL. */
typedef bool (*kmi_store_progress)(uint64_t done, uint64_t total, void *context);
typedef struct kmi_store_listener {
    kmi_store_progress progress;
    void *context;
} kmi_store_listener;

typedef enum kmi_store_fault {
    KMI_FAULT_PAGES,   /* the file itself: salvage */
    KMI_FAULT_INDEXES, /* indexes of tables differ from the tables: made anew */
    KMI_FAULT_SEARCH,  /* the full-text index does not hold what the memories say: made anew */
    KMI_FAULT_EDGES, /* mentions, relations or successions of what is not there; entities that nothing names: removed */
    KMI_FAULT_COUNTERS, /* numbers that a recount does not give: recounted */
    KMI_FAULT_COUNT
} kmi_store_fault;

typedef struct kmi_store_diagnosis {
    bool has[KMI_FAULT_COUNT];
    char detail[KMI_FAULT_COUNT][200]; /* one clause; never the text of a memory */
} kmi_store_diagnosis;

/* Looks at everything. A handle for writing also compares the full-text index with the texts, and holds the writer lock while it
 * does; one for reading leaves that out. A finding is no failure: KM_OK. */
km_status kmi_store_diagnose(kmi_store *store, const kmi_store_listener *listener, kmi_store_diagnosis *ret_diagnosis,
                             km_error *error) KM_MUST_CHECK;
/* Mends one fault other than KMI_FAULT_PAGES, in one transaction under the writer lock. */
km_status kmi_store_repair(kmi_store *store, kmi_store_fault fault, km_error *error) KM_MUST_CHECK;

typedef struct kmi_salvage {
    uint64_t memories, tasks; /* saved */
    uint64_t memories_lost;   /* at most: numbers that could not be looked up */
} kmi_salvage;
/* Copies what can be read of the damaged database at `path` into the empty store `target` (open for writing), and makes index,
 * graph and counters of it sound. KM_E_STORE: nothing can be read at all. */
km_status kmi_store_salvage(kmi_store *target, const char *path, const kmi_store_listener *listener,
                            kmi_salvage *ret_salvage, km_error *error) KM_MUST_CHECK;

/* Copies the store as the open view of `store` (kmi_store_read_begin) has it into the empty file at `path`, whose directory
 * must be spelled without symbolic links. The copy is one file: it keeps no write-ahead log. */
km_status kmi_store_copy(kmi_store *store, const char *path, const kmi_store_listener *listener,
                         km_error *error) KM_MUST_CHECK;

/* Returns: the schema version of this program. */
uint64_t kmi_store_known_schema(void);
/* True for a database of a later program, log included: it is not damaged, whatever this program cannot do with it. A version far
 * beyond ours is not one. */
bool kmi_store_is_newer(const char *path);

/* What a store that takes another one's place must exceed, so that old workers and caches notice. */
km_status kmi_store_marks(kmi_store *store, uint64_t *ret_epoch, uint64_t *ret_generation,
                          km_error *error) KM_MUST_CHECK;
km_status kmi_store_exceed_marks(kmi_store *store, uint64_t epoch, uint64_t generation, km_error *error) KM_MUST_CHECK;

#endif
