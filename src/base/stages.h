/* stages.h - the stages that a text goes through, and what is counted on the way: the numbers behind `stats --detailed`. */
#ifndef KMI_BASE_STAGES_H
#define KMI_BASE_STAGES_H

#include <stddef.h>
#include <stdint.h>

typedef enum kmi_stage {
    KMI_STAGE_PREPARE,   /* checking UTF-8, removing secrets: in the process that calls learn */
    KMI_STAGE_SENTENCES, /* prose from pasted lines, sentences */
    KMI_STAGE_PATTERNS,  /* words, speech act, type, content */
    KMI_STAGE_ENTITIES,  /* entities, statement, relations, times */
    KMI_STAGE_COMPARE,   /* known already? replaces something? */
    KMI_STAGE_STORE,     /* rows, full-text index, graph */
    KMI_STAGE_COUNT
} kmi_stage;

/* Why sentences are skipped; what is none of the named ones counts as the last. */
#define KMI_SKIP_REASONS 21

/* What learning one or more tasks took and gave. Sums only: adding them up costs nothing. */
typedef struct kmi_learning {
    uint64_t tasks;
    uint64_t memories; /* stored or strengthened */
    uint64_t stage_ns[KMI_STAGE_COUNT];
    uint64_t skipped[KMI_SKIP_REASONS];
} kmi_learning;

/* Returns: "prepare", "sentences", … as it stands in JSON. */
const char *kmi_stage_name(kmi_stage stage);
/* Returns: the place of a reason in `skipped`. */
size_t kmi_skip_reason_index(const char *reason);
/* Returns: the reason of a place, as `learn --dry-run` shows it. */
const char *kmi_skip_reason_name(size_t index);

#endif
