/* arena.c - bump allocation in growing blocks.
 *
 * A result of the API is hundreds of short strings that live and die together: one free per result instead of one per
 * string, and no leak on an error path. Blocks double from 4 KiB to 256 KiB; what is larger gets a block of its own. */
#include "util/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK_BYTES ((size_t)4 * 1024)
#define LARGEST_BLOCK_BYTES ((size_t)256 * 1024)

typedef struct block {
    struct block *previous;
    size_t size; /* bytes at data */
    size_t used;
    _Alignas(max_align_t) unsigned char data[];
} block;

struct kmi_arena {
    block *newest;
    size_t limit_bytes;
    size_t used_bytes; /* handed out, padding included */
};

kmi_arena *kmi_arena_new(size_t limit_bytes) {
    kmi_arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        arena->limit_bytes = limit_bytes;
    }
    return arena;
}

/* Frees all blocks but the oldest one. */
static void free_newer_blocks(kmi_arena *arena) {
    while (arena->newest != NULL && arena->newest->previous != NULL) {
        block *older = arena->newest->previous;
        free(arena->newest);
        arena->newest = older;
    }
}

void kmi_arena_free(kmi_arena *arena) {
    if (arena == NULL) {
        return;
    }
    free_newer_blocks(arena);
    free(arena->newest);
    free(arena);
}

void kmi_arena_clear(kmi_arena *arena) {
    free_newer_blocks(arena);
    if (arena->newest != NULL) {
        arena->newest->used = 0;
    }
    arena->used_bytes = 0;
}

static block *add_block(kmi_arena *arena, size_t needed) {
    size_t size = arena->newest != NULL ? arena->newest->size * 2 : FIRST_BLOCK_BYTES;
    if (size > LARGEST_BLOCK_BYTES) {
        size = LARGEST_BLOCK_BYTES;
    }
    if (size < needed) {
        size = needed;
    }
    if (size > SIZE_MAX - sizeof(block)) {
        return NULL;
    }
    block *added = malloc(sizeof *added + size);
    if (added == NULL) {
        return NULL;
    }
    *added = (block){.previous = arena->newest, .size = size};
    arena->newest = added;
    return added;
}

/* Returns: uninitialised memory, or NULL. `alignment` is a power of two, at most that of max_align_t. */
static void *reserve(kmi_arena *arena, size_t size, size_t alignment) {
    block *current = arena->newest;
    size_t padding = current != NULL ? (size_t)-current->used & (alignment - 1) : 0;
    bool fits =
        current != NULL && padding <= current->size - current->used && size <= current->size - current->used - padding;
    if (!fits) {
        padding = 0;
    }
    size_t left = arena->limit_bytes - arena->used_bytes;
    if (padding > left || size > left - padding) {
        return NULL;
    }
    if (!fits) {
        current = add_block(arena, size);
        if (current == NULL) {
            return NULL;
        }
    }
    void *result = current->data + current->used + padding;
    current->used += padding + size;
    arena->used_bytes += padding + size;
    return result;
}

void *kmi_arena_alloc(kmi_arena *arena, size_t size) {
    if (size == 0) {
        size = 1; /* an empty array still has an address of its own */
    }
    void *result = reserve(arena, size, _Alignof(max_align_t));
    if (result != NULL) {
        memset(result, 0, size);
    }
    return result;
}

void *kmi_arena_alloc_array(kmi_arena *arena, size_t count, size_t size) {
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) {
        return NULL;
    }
    return kmi_arena_alloc(arena, total);
}

char *kmi_arena_copy(kmi_arena *arena, kmi_slice text) {
    if (text.len == SIZE_MAX) {
        return NULL;
    }
    char *copy = reserve(arena, text.len + 1, 1);
    if (copy != NULL) {
        if (text.len > 0) {
            memcpy(copy, text.ptr, text.len);
        }
        copy[text.len] = '\0';
    }
    return copy;
}

char *kmi_arena_copy_text(kmi_arena *arena, const char *text) {
    return text != NULL ? kmi_arena_copy(arena, kmi_slice_from(text)) : NULL;
}

char *kmi_arena_format(kmi_arena *arena, const char *format, ...) {
    char *result = NULL;
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int needed = vsnprintf(NULL, 0, format, arguments);
    if (needed >= 0) {
        result = reserve(arena, (size_t)needed + 1, 1);
    }
    if (result != NULL) {
        vsnprintf(result, (size_t)needed + 1, format, again);
    }
    va_end(again);
    va_end(arguments);
    return result;
}

size_t kmi_arena_used(const kmi_arena *arena) {
    return arena->used_bytes;
}
