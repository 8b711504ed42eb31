/* extract.h - text in, candidate memories out. Pure: no database, no clock, no files, no global state that changes.
 *
 * A candidate is a statement worth keeping, said so that it stands on its own, with its type and what it is about.
 * What is not worth keeping is reported as skipped, with the reason. An extractor (compiled patterns) is immutable after
 * kmi_extractor_new() and may be shared by threads; an extraction belongs to the thread that made it. */
#ifndef KMI_EXTRACT_EXTRACT_H
#define KMI_EXTRACT_EXTRACT_H

#include "base/candidate.h"
#include "base/stages.h"
#include "kuzu_memory.h"
#include "util/arena.h"
#include "util/slice.h"

typedef struct kmi_extraction {
    kmi_arena *arena; /* owns everything below */
    size_t candidate_count;
    const kmi_candidate *candidates;
    size_t skipped_count;
    const km_skipped *skipped;
    /* "custom:" and the name of the user's pattern that was given up, told as the last of the skipped too; NULL: none */
    const char *costly_pattern;
    uint64_t stage_ns[KMI_STAGE_COUNT]; /* zeros without a clock */
} kmi_extraction;

typedef struct kmi_extract_input {
    kmi_slice text;      /* valid UTF-8, already redacted */
    const char *speaker; /* NULL or "user"; "assistant"; or a name */
    const char *type;    /* forced type, or NULL */
    int64_t said_at_us;  /* when the text was said: relative times are resolved against it */
    bool is_verbatim;    /* keep the text as exactly one candidate */
    /* Polled between sentences and inside long loops; true stops the extraction with KM_E_BUSY. May be NULL. */
    bool (*is_overdue)(void *context);
    void *overdue_context;
    uint64_t (*clock_ns)(void); /* what the stages are measured with; NULL: they are not */
} kmi_extract_input;

typedef struct kmi_extractor kmi_extractor;

/* Compiles the pattern tables and the user's patterns (JSON object: name → {regex, type, confidence}; NULL or "{}":
 * none). KM_E_INVALID names the pattern and the position of its fault. */
km_status kmi_extractor_new(const char *custom_patterns_json, kmi_extractor **ret_extractor,
                            km_error *error) KM_MUST_CHECK;
void kmi_extractor_free(kmi_extractor *extractor);

/* Extracts. Cost is linear in the length of the text, memory bounded by a small multiple of it. A text without anything
 * worth keeping is KM_OK with no candidates. Errors: KM_E_BUSY (overdue), KM_E_NOMEM. */
km_status kmi_extract(const kmi_extractor *extractor, const kmi_extract_input *input, kmi_extraction *ret_extraction,
                      km_error *error) KM_MUST_CHECK;
void kmi_extraction_deinit(kmi_extraction *extraction);

#endif
