/* block.h - notes as an assistant gets them: a block between two tags, each note one harmless line, all within a limit.
 *
 * The tags are what kmi_injected_strip() knows, so that a block that comes back is not learnt again. */
#ifndef KMI_ASSIST_BLOCK_H
#define KMI_ASSIST_BLOCK_H

#include "kuzu_memory.h"
#include "util/buf.h"

/* Some clients silently cut, or replace by a file name, what is longer than 10 000 characters. */
#define KMI_BLOCK_CHARS_MAX ((size_t)9500)

typedef struct kmi_block {
    kmi_buf *buf;
    size_t limit; /* characters, the end included; counted as UTF-16 does, as the clients do */
    size_t chars;
    size_t count; /* notes */
    bool is_full;
} kmi_block;

/* Nothing is written before the first note, so an empty block is no text at all. */
kmi_block kmi_block_start(kmi_buf *buf, size_t limit_chars);
/* Adds a note: its text as one line, with its type. Returns: false when it does not fit; nothing fits after it. */
bool kmi_block_add(kmi_block *block, const char *content, const char *type);
void kmi_block_end(kmi_block *block);

/* What holds in this project whatever is asked: rules, preferences, decisions, identity, and the newest open statuses.
 * At most `limit` notes. The project may have no memory yet. */
km_status kmi_block_add_digest(kmi_block *block, km_project *project, size_t limit, km_error *error) KM_MUST_CHECK;

/* Returns: how many UTF-16 units a text has. */
size_t kmi_utf16_length(kmi_slice text);

#endif
