/* result.h - results that are a public struct with an arena behind it. */
#ifndef KMI_API_RESULT_H
#define KMI_API_RESULT_H

#include "kuzu_memory.h"
#include "util/arena.h"

#define KMI_RESULT_LIMIT_BYTES ((size_t)1024 * 1024 * 1024)

typedef struct kmi_memory_list {
    km_memory_list public;
    kmi_arena *arena;
} kmi_memory_list;

/* Returns: an empty list with its arena, or NULL. */
kmi_memory_list *kmi_memory_list_new(void);

/* Returns: an empty list for km_task_list_free(), or NULL. */
km_task_list *kmi_task_list_new(void);

/* "out of memory while …" as error. */
km_status kmi_fail_memory(km_error *error);

#endif
