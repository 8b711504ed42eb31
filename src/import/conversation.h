/* conversation.h - files in which assistants keep a conversation: everything that was said in one is handed over to be learnt,
 * as hooks would have done, under the same keys. So what they learnt already, and what was imported before, is learnt once. */
#ifndef KMI_IMPORT_CONVERSATION_H
#define KMI_IMPORT_CONVERSATION_H

#include "import/formats.h"
#include "kuzu_memory.h"
#include "util/arena.h"

#define KMI_CONVERSATION_SAMPLES 3

typedef struct kmi_conversation {
    const char *path;
    const kmi_import_format *format;
    const char *folder; /* only if it took place there or below; NULL: wherever */
    bool is_elsewhere;  /* it did not */
    uint64_t messages;  /* found */
    uint64_t bad_line;  /* the first line that is no JSON object; 0: none */
    uint64_t bad_count;
    const char *samples[KMI_CONVERSATION_SAMPLES]; /* beginnings of messages */
} kmi_conversation;

/* Reads the file to its end and counts; unless dry_run, learns. `arena` keeps the samples. */
km_status kmi_conversation_read(km_project *project, kmi_conversation *conversation, bool dry_run, kmi_arena *arena,
                                km_error *error) KM_MUST_CHECK;

#endif
