/* arena.h - memory that is freed all at once. Results of the public API own one arena each. */
#ifndef KMI_UTIL_ARENA_H
#define KMI_UTIL_ARENA_H

#include "util/slice.h"

typedef struct kmi_arena kmi_arena;

/* Returns: a new arena that hands out at most limit_bytes, or NULL when out of memory. */
kmi_arena *kmi_arena_new(size_t limit_bytes);
void kmi_arena_free(kmi_arena *arena);
/* Returns: zeroed memory aligned for any type, or NULL (out of memory, limit reached, or size overflow). */
void *kmi_arena_alloc(kmi_arena *arena, size_t size);
void *kmi_arena_alloc_array(kmi_arena *arena, size_t count, size_t size);
/* Returns: a NUL-terminated copy, or NULL when out of memory. kmi_arena_copy_text(arena, NULL) is NULL. */
char *kmi_arena_copy(kmi_arena *arena, kmi_slice text);
char *kmi_arena_copy_text(kmi_arena *arena, const char *text);
char *kmi_arena_format(kmi_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Returns: bytes handed out so far. */
size_t kmi_arena_used(const kmi_arena *arena);

/* Frees everything but keeps the first block for reuse. */
void kmi_arena_clear(kmi_arena *arena);

#endif
