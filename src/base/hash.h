/* hash.h - the door to xxHash (checksums) and libmd (SHA-256). */
#ifndef KMI_BASE_HASH_H
#define KMI_BASE_HASH_H

#include <stdint.h>

#include "util/slice.h"

/* XXH3, 64 bits, seeded: checksum of journal records and state pages. `parts` are hashed as if joined. */
uint64_t kmi_hash_checksum(uint64_t seed, const kmi_slice *parts, size_t part_count);
/* SHA-256 of joined parts. */
void kmi_hash_sha256(const kmi_slice *parts, size_t part_count, unsigned char ret_digest[32]);

/* SHA-256 of something that comes piece by piece. kmi_hash_stream_end() gives the digest and frees the stream. */
typedef struct kmi_hash_stream kmi_hash_stream;
kmi_hash_stream *kmi_hash_stream_new(void); /* NULL: out of memory */
void kmi_hash_stream_add(kmi_hash_stream *stream, const void *bytes, size_t len);
void kmi_hash_stream_end(kmi_hash_stream *stream, unsigned char ret_digest[32]);

#endif
