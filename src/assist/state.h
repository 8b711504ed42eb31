/* state.h - what hooks remember between two calls: how far each transcript was read, and the event seen last.
 *
 * One small file of fixed size, kuzu-memories/state/hooks, with one slot a conversation; the slot unused for longest makes
 * room. Hashes and numbers only, never a word that was said. Safe to delete: transcripts are then read from near their
 * end, and what was learnt already is recognised by its key. Every function does nothing when the file cannot be used. */
#ifndef KMI_ASSIST_STATE_H
#define KMI_ASSIST_STATE_H

#include <stdint.h>

#include "util/slice.h"

#define KMI_HOOK_HASH_BYTES 16

typedef struct kmi_hook_slot {
    unsigned char id[KMI_HOOK_HASH_BYTES]; /* client and conversation; all zero: free */
    int64_t used_at_us;
    uint64_t inode;  /* of the transcript; 0: none read yet */
    uint64_t offset; /* read up to here */
    unsigned char event[KMI_HOOK_HASH_BYTES];
    int64_t event_at_us;
} kmi_hook_slot;

typedef struct kmi_hook_state {
    int fd; /* -1: cannot be used */
    size_t index;
    kmi_hook_slot slot; /* change it, then kmi_hook_state_end() */
} kmi_hook_state;

/* Takes the lock and the slot of this conversation (a new one, if there is none). Hold it for microseconds. */
void kmi_hook_state_begin(const char *memory_dir, const unsigned char id[KMI_HOOK_HASH_BYTES],
                          kmi_hook_state *ret_state);
/* Writes the slot and gives the lock back. */
void kmi_hook_state_end(kmi_hook_state *state);

/* Hash of parts, each with its length, so that no two lists of parts look alike. */
void kmi_hook_hash(const kmi_slice *parts, size_t count, unsigned char ret_hash[KMI_HOOK_HASH_BYTES]);

#endif
