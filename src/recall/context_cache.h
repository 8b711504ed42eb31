/* context_cache.h - choosing the memories of a prompt, or finding that it was done before.
 *
 * A choice is kept under everything it depends on: prompt, options, program, and the generation of the store, so that the first
 * change of a memory puts all that is kept out of use. What is kept is numbers; texts come from the store each time, in the same
 * view of it. A hit gives what choosing would have given, to the byte. */
#ifndef KMI_RECALL_CONTEXT_CACHE_H
#define KMI_RECALL_CONTEXT_CACHE_H

#include "recall/recall.h"

/* In a smaller store, counted in search units, an answer is had so soon that no file is made to have it sooner
 * (docs/decisions/0018-context-cache.md). */
#define KMI_CACHE_UNITS_MIN ((uint64_t)1000)
/* Longer prompts are not kept: hashing all of one would cost as much as searching for its ends. */
#define KMI_CACHE_PROMPT_BYTES_MAX ((size_t)65536)

typedef struct kmi_cache_place {
    int memory_dir_fd;    /* borrowed */
    uint64_t limit_bytes; /* of the file; 0: no cache */
} kmi_cache_place;

typedef enum kmi_cache_use {
    KMI_CACHE_OFF,   /* there is no cache to be had: switched off, or the file cannot be used */
    KMI_CACHE_ASIDE, /* not needed: few memories, or a prompt of unusual length */
    KMI_CACHE_HIT,
    KMI_CACHE_MISS
} kmi_cache_use;

typedef struct kmi_cache_report {
    kmi_cache_use use;
    bool has_evicted; /* another choice, still of use, made room for this one */
} kmi_cache_report;

/* As kmi_context_choose(), in one view of the store: not inside kmi_store_read_begin(). *ret_report is filled in always. */
km_status kmi_context_find(kmi_store *store, const kmi_context_request *request, const kmi_cache_place *place,
                           kmi_arena *arena, km_memory **ret_items, size_t *ret_count, double *ret_confidence,
                           kmi_cache_report *ret_report, km_error *error) KM_MUST_CHECK;

#endif
