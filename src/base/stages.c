/* stages.c - the names of stages and of reasons. Their order is part of the metrics page: append, never reorder. */
#include "base/stages.h"

#include <string.h>

static const char *const stage_names[KMI_STAGE_COUNT] = {"prepare",  "sentences", "patterns",
                                                         "entities", "compare",   "store"};

static const char *const reasons[KMI_SKIP_REASONS] = {
    "question",  "request", "acknowledgement", "greeting",       "chatter", "code",     "log",      "trace",
    "shell",     "data",    "quote",           "context",        "heading", "repeated", "redacted", "introduction",
    "too short", "empty",   "too many",        "costly pattern", "other"};

const char *kmi_stage_name(kmi_stage stage) {
    return stage_names[stage];
}

size_t kmi_skip_reason_index(const char *reason) {
    for (size_t i = 0; i + 1 < KMI_SKIP_REASONS; i++)
        if (strcmp(reasons[i], reason) == 0) return i;
    return KMI_SKIP_REASONS - 1;
}

const char *kmi_skip_reason_name(size_t index) {
    return reasons[index < KMI_SKIP_REASONS ? index : KMI_SKIP_REASONS - 1];
}
