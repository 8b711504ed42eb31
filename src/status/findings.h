/* findings.h - a list of findings in an arena: what is wrong, how bad it is, why it matters, and the command that mends it. */
#ifndef KMI_STATUS_FINDINGS_H
#define KMI_STATUS_FINDINGS_H

#include "kuzu_memory.h"
#include "util/arena.h"

typedef struct kmi_findings {
    kmi_arena *arena;
    size_t count, capacity;
    km_finding *items;
    bool is_incomplete; /* out of memory */
} kmi_findings;

/* Adds one finding. `what` and the others must be static or in the arena; a NULL `what` or `remedy` (out of memory) is remembered. */
void kmi_findings_add(kmi_findings *findings, const km_finding *finding);
/* Returns: the finding of that code, or NULL. */
km_finding *kmi_findings_find(const kmi_findings *findings, const char *code);
/* Puts the worst first, keeping the order otherwise. */
void kmi_findings_sort(kmi_findings *findings);
/* Returns: the worst level; findings that are mended do not count. */
km_health kmi_findings_worst(const kmi_findings *findings);

#endif
