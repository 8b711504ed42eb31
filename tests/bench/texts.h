/* texts.h - texts of many kinds and of any length, made by a fixed rule: what people write, what they paste, and what
 * somebody would send who wants the learner to be slow. */
#ifndef BENCH_TEXTS_H
#define BENCH_TEXTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct text_writer {
    char *bytes;
    size_t len, size; /* written; wanted. There is room for a few kilobytes more than wanted */
    uint64_t state;   /* of the random numbers */
} text_writer;

typedef struct text_kind {
    const char *name;
    void (*add)(text_writer *self); /* adds a piece: a sentence, a line, a block */
} text_kind;

extern const text_kind text_kinds[];
extern const size_t text_kind_count;

/* Returns: `size` bytes of valid UTF-8 of this kind (the caller frees them), or NULL when out of memory. The same
 * arguments give the same bytes. */
char *text_make(const text_kind *kind, size_t size, uint64_t seed);

#endif
