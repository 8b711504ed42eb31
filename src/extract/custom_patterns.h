/* custom_patterns.h - the user's own patterns: name → {regex, type, confidence} from the configuration. */
#ifndef KMI_EXTRACT_CUSTOM_PATTERNS_H
#define KMI_EXTRACT_CUSTOM_PATTERNS_H

#include <stdint.h>

#include "kuzu_memory.h"
#include "util/arena.h"
#include "util/slice.h"

typedef struct kmi_custom_patterns kmi_custom_patterns;

typedef struct kmi_custom_hit {
    const char *name; /* "custom:" and the name given */
    const char *type;
    double confidence;
} kmi_custom_hit;

/* Compiles the patterns of a JSON object; *ret_patterns is NULL when there are none. KM_E_INVALID names the pattern, its
 * fault and the offset. */
km_status kmi_custom_patterns_new(const char *json, kmi_custom_patterns **ret_patterns, km_error *error) KM_MUST_CHECK;
void kmi_custom_patterns_free(kmi_custom_patterns *patterns);
/* How much the patterns may cost in one text, and which of them reached a limit. */
typedef struct kmi_custom_budget {
    uint64_t steps;     /* left for this text, see base/regex.h; without any, nothing is searched any more */
    const char *costly; /* name of the first pattern that reached a limit; NULL: none. Lives as long as the patterns */
} kmi_custom_budget;

kmi_custom_budget kmi_custom_budget_new(void);
/* The match with the highest confidence, if any. A pattern that reaches a limit counts as not matching. */
km_status kmi_custom_patterns_find(const kmi_custom_patterns *patterns, kmi_slice sentence, kmi_custom_budget *budget,
                                   bool *ret_found, kmi_custom_hit *ret_hit, km_error *error) KM_MUST_CHECK;

#endif
