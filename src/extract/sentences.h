/* sentences.h - cuts prose into sentences. */
#ifndef KMI_EXTRACT_SENTENCES_H
#define KMI_EXTRACT_SENTENCES_H

#include "util/slice.h"

/* A longer run without an end of sentence is cut at a blank: no statement is that long, and all later costs are bounded. */
#define KMI_SENTENCE_LIMIT_BYTES ((size_t)1200)

/* Takes the next sentence (trimmed, never empty) from *at on. Returns false behind the last. */
bool kmi_sentences_next(kmi_slice block, size_t *at, kmi_slice *ret_sentence);

#endif
