/* hash.c - XXH3 for checksums, SHA-256 where an attacker could choose the text (keys and content hashes).
 *
 * XXH_INLINE_ALL: the one-shot form for short inputs becomes a handful of instructions, and no shared library is
 * needed. Records are given as parts, so that a header and its text need not be copied together. */
#include "base/hash.h"

#include <sha2.h>
#include <stdlib.h>
#include <sys/types.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t kmi_hash_checksum(uint64_t seed, const kmi_slice *parts, size_t part_count) {
    if (part_count == 1) {
        return XXH3_64bits_withSeed(parts[0].ptr, parts[0].len, seed);
    }
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    (void)XXH3_64bits_reset_withSeed(&state, seed); /* fails only for a NULL state, and so does update */
    for (size_t i = 0; i < part_count; i++) {
        if (parts[i].len > 0) {
            (void)XXH3_64bits_update(&state, parts[i].ptr, parts[i].len);
        }
    }
    return XXH3_64bits_digest(&state);
}

void kmi_hash_sha256(const kmi_slice *parts, size_t part_count, unsigned char ret_digest[32]) {
    SHA2_CTX context;
    SHA256Init(&context);
    for (size_t i = 0; i < part_count; i++) {
        if (parts[i].len > 0) {
            SHA256Update(&context, (const uint8_t *)parts[i].ptr, parts[i].len);
        }
    }
    SHA256Final(ret_digest, &context);
}

struct kmi_hash_stream {
    SHA2_CTX context;
};

kmi_hash_stream *kmi_hash_stream_new(void) {
    kmi_hash_stream *stream = malloc(sizeof *stream);
    if (stream != NULL) SHA256Init(&stream->context);
    return stream;
}

void kmi_hash_stream_add(kmi_hash_stream *stream, const void *bytes, size_t len) {
    if (len > 0) SHA256Update(&stream->context, bytes, len);
}

void kmi_hash_stream_end(kmi_hash_stream *stream, unsigned char ret_digest[32]) {
    if (stream == NULL) return;
    SHA256Final(ret_digest, &stream->context);
    free(stream);
}
