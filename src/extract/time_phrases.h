/* time_phrases.h - when a statement happens, as said and as resolved. */
#ifndef KMI_EXTRACT_TIME_PHRASES_H
#define KMI_EXTRACT_TIME_PHRASES_H

#include "extract/tokens.h"

typedef struct kmi_time_found {
    kmi_slice phrase; /* in the sentence; empty: none */
    int64_t at_us;    /* start of the day, week, month … meant, UTC; 0: not resolvable */
} kmi_time_found;

/* The first phrase of time from token `first` on: "2026-11-30", "12 June", "since March", "next week", "three days ago".
 * Relative ones count from `said_at_us`; 0 leaves them unresolved. */
kmi_time_found kmi_time_phrase_find(const kmi_tokens *tokens, size_t first, int64_t said_at_us);

/* "Yesterday we …", "in March our office …": when it was is no part of who did it. Returns: the token where the subject of
 * the verb at `verb` begins, `first` without such a setting. */
size_t kmi_time_setting_end(const kmi_tokens *tokens, size_t first, size_t verb);

#endif
