/* candidate.h - a statement that may become a memory: what extraction hands over and the store takes, so that neither
 * needs to know the other. Plain borrowed data; who fills it owns it. */
#ifndef KMI_BASE_CANDIDATE_H
#define KMI_BASE_CANDIDATE_H

#include "kuzu_memory.h"

typedef struct kmi_relation { /* between two entities of one candidate */
    const char *from;         /* name as in the candidate's entities, or "user", "team", "project" */
    const char *name;         /* uses, prefers, decided, part_of, replaces, located_at, works_at, … */
    const char *to;
} kmi_relation;

typedef struct kmi_candidate {
    const char *content;        /* the sentence, NUL-terminated */
    const char *type;           /* one of km_memory_types() */
    const char *knowledge_type; /* one of km_knowledge_types() */
    const char *polarity;       /* "positive", "negative", "neutral" */
    const char *pattern;        /* id of the rule that found it; "sentence" for the fallback */
    double confidence;          /* 0..1 */
    double importance;          /* 0..1 */
    const char *subject;        /* folded: what the statement is about, for supersession; NULL: unknown */
    const char *attribute;      /* folded: which property of the subject it sets; NULL: unknown */
    const char *value;          /* folded: the value it sets; NULL: unknown */
    bool is_reversal;           /* "changed its mind": replaces the subject's decision, whatever its words */
    bool is_correction;         /* "actually", "no longer", "we moved from X to Y": replaces an older statement */
    const char *replaces;       /* folded text of the old value that a correction names; NULL: not named */
    int64_t event_at_us;        /* when the stated thing happens, resolved against said_at_us; 0: unknown */
    const char *time_phrase;    /* as said: "since March"; NULL: none */
    size_t entity_count;
    const km_entity *entities;
    size_t relation_count;
    const kmi_relation *relations;
} kmi_candidate;

#endif
