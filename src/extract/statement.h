/* statement.h - what a statement is about: subject, attribute, value, and whether it corrects an older statement.
 *
 * An attribute is given only where a subject has one value of it at a time ("listen on port", "use for sessions"), so two
 * statements with equal subject and attribute and different values contradict each other. "I like tea" has none. */
#ifndef KMI_EXTRACT_STATEMENT_H
#define KMI_EXTRACT_STATEMENT_H

#include "extract/entities.h"
#include "extract/speech_act.h"

typedef struct kmi_statement {
    const char *subject, *attribute, *value, *replaces; /* folded, in the arena; NULL: unknown */
    bool is_correction;
    bool is_reversal;                /* "changed its mind": replaces a decision, whatever its words */
    bool is_negative;                /* the statement denies something */
    bool has_change;                 /* "moved from X to Y", "replaced X with Y" */
    size_t subject_from, subject_to; /* tokens of the subject as written; equal: none */
    size_t verb;                     /* token of the main verb; tokens->count: none */
} kmi_statement;

/* Works in `scratch`, keeps the texts found in `arena`. Returns false when out of memory. */
bool kmi_statement_find(const kmi_tokens *tokens, const kmi_speech_act *act, const kmi_entity_list *entities,
                        kmi_arena *scratch, kmi_arena *arena, kmi_statement *ret_statement);

#endif
