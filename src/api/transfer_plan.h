/* transfer_plan.h - what an import is going to do, decided before anything is written, so that a dry run and the run itself
 * cannot differ. The plan holds ids, hashes and places in the text, not the texts.
 *
 * Life cycle: kmi_plan_init(), kmi_plan_collect() (needs no store), kmi_plan_decide() (reads the store), then the memories with
 * state KMI_PLAN_NEW are stored in the order of plan->order; kmi_plan_deinit(). */
#ifndef KMI_API_TRANSFER_PLAN_H
#define KMI_API_TRANSFER_PLAN_H

#include "api/transfer_record.h"

typedef enum kmi_plan_state {
    KMI_PLAN_NEW,
    KMI_PLAN_KNOWN,    /* the store has this id */
    KMI_PLAN_SAME,     /* a memory with another id says the same: `target` */
    KMI_PLAN_REPEATED, /* the file has the same entry before */
    KMI_PLAN_BAD
} kmi_plan_state;

typedef struct kmi_plan_place {
    size_t offset, len; /* in the text */
    uint64_t line;
} kmi_plan_place;

typedef struct kmi_plan_memory {
    kmi_uuid id;
    kmi_uuid target;    /* the memory that stands for this one: id, or that of its equal */
    kmi_uuid successor; /* as the file names it; see kmi_plan_successor() */
    unsigned char hash[32];
    kmi_plan_place place;
    int64_t rank;     /* order within its section: seq, or the time it was made */
    uint32_t section; /* of one export: counted by headers; 0 is outside of any */
    kmi_plan_state state;
    bool is_foreign;
    bool has_successor;
    bool is_superseded;  /* in the store already, or to be left as it is there */
    unsigned char visit; /* see follow_successors() */
} kmi_plan_memory;

typedef struct kmi_plan_relation {
    kmi_uuid memory;
    kmi_plan_place place;
} kmi_plan_relation;

typedef struct kmi_plan {
    const struct km_project *project; /* whose progress is told; may be NULL */
    kmi_slice text;
    size_t memory_count, memory_capacity;
    kmi_plan_memory *memories;
    size_t relation_count, relation_capacity;
    kmi_plan_relation *relations; /* after kmi_plan_decide(): by memory, then by place */
    size_t *by_id;                /* indices of memories */
    size_t *order;                /* indices of memories in the order in which they are stored */
    km_import_result result;
} kmi_plan;

void kmi_plan_init(kmi_plan *plan, kmi_slice text);
void kmi_plan_deinit(kmi_plan *plan);
#define KMI_CLEANUP_PLAN __attribute__((cleanup(kmi_plan_deinit)))

/* Reads all entries and notes the bad ones. KM_E_INVALID: an export of a version that is not known. */
km_status kmi_plan_collect(kmi_plan *plan, const kmi_transfer_reader *reader, km_error *error) KM_MUST_CHECK;
/* Decides what becomes of every memory, and fills in the counts. store NULL: there is none yet. */
km_status kmi_plan_decide(kmi_plan *plan, kmi_store *store, km_error *error) KM_MUST_CHECK;
/* Returns: the memory that supersedes this one and is not yet said to in the store, or NULL. */
const kmi_uuid *kmi_plan_successor(const kmi_plan *plan, const kmi_plan_memory *memory);
/* Returns: the first relation of this memory, and how many there are. */
const kmi_plan_relation *kmi_plan_relations(const kmi_plan *plan, const kmi_uuid *memory, size_t *ret_count);
kmi_slice kmi_plan_entry(const kmi_plan *plan, const kmi_plan_place *place);

#endif
