/* cache.h - the file state/cache: answers that were found once, as numbers, for every process of a project.
 *
 * Fixed size, sparse, versioned, safe to delete or cut short at any time. An entry stands in one slot of a set of four, is
 * written with one call and carries a checksum: whatever two writers, a crash, a full disk or a stranger leave there reads as
 * "no entry". What is found was put there under the same key. The key is a hash with a secret of the file's own: the
 * file tells neither prompts nor memories.
 *
 * A cache that cannot be used is none: nothing here fails, and nothing waits. */
#ifndef KMI_RECALL_CACHE_H
#define KMI_RECALL_CACHE_H

#include <stddef.h>

#include "recall/chosen.h"
#include "util/slice.h"

#define KMI_CACHE_VERSION 1
#define KMI_CACHE_SLOT_BYTES ((size_t)2048)
#define KMI_CACHE_ENTRY_HEAD_BYTES ((size_t)64)
#define KMI_CACHE_ENTRY_MAX ((KMI_CACHE_SLOT_BYTES - KMI_CACHE_ENTRY_HEAD_BYTES) / sizeof(kmi_chosen)) /* 20 memories */
#define KMI_CACHE_SECRET_SIZE 32
#define KMI_CACHE_WAYS 4

typedef struct kmi_cache {
    int fd; /* -1: none */
    uint64_t set_count;
    unsigned char secret[KMI_CACHE_SECRET_SIZE];
} kmi_cache;
#define KMI_CACHE_CLOSED \
    { .fd = -1 }

typedef struct kmi_cache_key {
    unsigned char bytes[16];
    uint64_t set;
} kmi_cache_key;

/* One answer, as it stands in a slot of the file, without padding; items behind the count are not written. */
typedef struct kmi_cache_entry {
    uint64_t checksum; /* of what is written; the cache's own, like the next two */
    unsigned char key[16];
    int64_t made_at_us;
    uint64_t generation;    /* of the store; entries of another one are the first to make room */
    int64_t valid_until_us; /* not valid before made_at_us, nor at this time or later */
    double confidence;
    uint32_t count;
    uint32_t unused;
    kmi_chosen items[KMI_CACHE_ENTRY_MAX];
} kmi_cache_entry;
_Static_assert(offsetof(kmi_cache_entry, items) == KMI_CACHE_ENTRY_HEAD_BYTES,
               "the size of an entry follows from its count");
_Static_assert(sizeof(kmi_cache_entry) <= KMI_CACHE_SLOT_BYTES, "a slot holds any entry");

/* Opens the cache below the memory directory; makes the file where there is none, and in the place of one that is damaged,
 * foreign, older or of another size. One of a newer program is left alone. fd stays -1 when there is no cache to be had.
 * Cost: openat, fstat, pread. */
void kmi_cache_open(kmi_cache *cache, int memory_dir_fd, uint64_t limit_bytes);
void kmi_cache_close(kmi_cache *cache);
/* Removes the file, if there is one. */
void kmi_cache_erase(int memory_dir_fd);

/* The key of what the parts say when joined: callers see to it that different questions never join to the same bytes. */
kmi_cache_key kmi_cache_key_make(const kmi_cache *cache, const kmi_slice *parts, size_t part_count);
/* Returns: true with *ret_entry when the cache holds one for this key that is valid at now_us. */
bool kmi_cache_find(const kmi_cache *cache, const kmi_cache_key *key, int64_t now_us, kmi_cache_entry *ret_entry);
/* Writes the entry, whose cache fields it fills in, over an unused or outdated one of its set, else over the oldest.
 * *ret_has_evicted: that one was still of use. Returns: false when it could not be written. */
bool kmi_cache_put(const kmi_cache *cache, const kmi_cache_key *key, int64_t now_us, kmi_cache_entry *entry,
                   bool *ret_has_evicted);

#endif
