/* custom_patterns.c - checks and compiles the user's patterns once; matching is bounded.
 *
 * A search costs at least what PCRE2 needs to look at a sentence at all, so that hundreds of patterns on a megabyte end as
 * well. One hopeless pattern may not use up what the others need: it gets a fraction of the budget for each sentence. */
#include "extract/custom_patterns.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/regex.h"
#include "extract/types.h"

#define CUSTOM_PATTERNS_MAX 200
#define CONFIDENCE_DEFAULT 0.9
#define STEPS_PER_TEXT ((uint64_t)16 * 1000 * 1000) /* about 0.4 s */
#define STEPS_PER_SEARCH ((uint64_t)400 * 1000)     /* about 10 ms */
#define STEPS_TO_BEGIN ((uint64_t)8)
#define BYTES_PER_STEP ((uint64_t)32)

typedef struct custom_pattern {
    kmi_custom_hit hit;
    kmi_regex *regex;
} custom_pattern;

struct kmi_custom_patterns {
    kmi_arena *arena;
    size_t count;
    custom_pattern items[];
};

void kmi_custom_patterns_free(kmi_custom_patterns *patterns) {
    if (patterns == NULL) return;
    for (size_t i = 0; i < patterns->count; i++) kmi_regex_free(patterns->items[i].regex);
    kmi_arena_free(patterns->arena);
    free(patterns);
}

static km_status read_confidence(const char *name, const json_t *object, double *ret_confidence, km_error *error) {
    const json_t *value = json_object_get(object, "confidence");
    *ret_confidence = value != NULL && json_is_number(value) ? json_number_value(value) : CONFIDENCE_DEFAULT;
    if ((value != NULL && !json_is_number(value)) || *ret_confidence < 0 || *ret_confidence > 1)
        return kmi_fail(error, KM_E_INVALID, "custom pattern \"%s\": \"confidence\" must be a number from 0 to 1",
                        name);
    return KM_OK;
}

static km_status add_pattern(kmi_custom_patterns *patterns, const char *name, const json_t *object, km_error *error) {
    custom_pattern *pattern = &patterns->items[patterns->count];
    if (!json_is_object(object))
        return kmi_fail(error, KM_E_INVALID,
                        "custom pattern \"%s\" must be an object with \"regex\", \"type\" and \"confidence\"", name);
    const char *regex = json_string_value(json_object_get(object, "regex"));
    const char *type = json_string_value(json_object_get(object, "type"));
    if (regex == NULL || regex[0] == '\0')
        return kmi_fail(error, KM_E_INVALID, "custom pattern \"%s\" needs a \"regex\", a text that is not empty", name);
    pattern->hit.type = kmi_types_find(type != NULL ? type : "fact");
    if (pattern->hit.type == NULL)
        return kmi_fail(error, KM_E_INVALID,
                        "custom pattern \"%s\": unknown type \"%s\"; use fact, identity, preference, decision, rule, "
                        "solution, status or note",
                        name, type);
    km_status status = read_confidence(name, object, &pattern->hit.confidence, error);
    if (status != KM_OK) return status;
    pattern->hit.name = kmi_arena_format(patterns->arena, "custom:%s", name);
    if (pattern->hit.name == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory for custom patterns");
    status = kmi_regex_compile(kmi_slice_from(regex), true, false, &pattern->regex, error);
    if (status != KM_OK) return kmi_fail_context(error, status, "custom pattern \"%s\"", name);
    patterns->count++;
    return KM_OK;
}

km_status kmi_custom_patterns_new(const char *json, kmi_custom_patterns **ret_patterns, km_error *error) {
    KMI_CLEANUP_JSON json_t *object = NULL;
    km_status status = kmi_json_parse_object(kmi_slice_from(json), "custom patterns", &object, error);
    if (status != KM_OK) return status;
    size_t count = json_object_size(object);
    if (count > CUSTOM_PATTERNS_MAX)
        return kmi_fail(error, KM_E_INVALID, "at most %d custom patterns are allowed, not %zu", CUSTOM_PATTERNS_MAX,
                        count);
    if (count == 0) {
        *ret_patterns = NULL;
        return KM_OK;
    }
    kmi_custom_patterns *patterns = calloc(1, sizeof *patterns + count * sizeof patterns->items[0]);
    if (patterns == NULL || (patterns->arena = kmi_arena_new(1024 * 1024)) == NULL) {
        free(patterns);
        return kmi_fail(error, KM_E_NOMEM, "out of memory for custom patterns");
    }
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        status = add_pattern(patterns, name, value, error);
        if (status != KM_OK) {
            kmi_custom_patterns_free(patterns);
            return status;
        }
    }
    *ret_patterns = patterns;
    return KM_OK;
}

kmi_custom_budget kmi_custom_budget_new(void) {
    return (kmi_custom_budget){.steps = STEPS_PER_TEXT};
}

/* Searches one pattern within its share of what is left. */
static km_status search(const custom_pattern *pattern, kmi_slice sentence, kmi_custom_budget *budget, bool *ret_found,
                        km_error *error) {
    uint64_t base = STEPS_TO_BEGIN + sentence.len / BYTES_PER_STEP;
    uint64_t left = budget->steps > base ? budget->steps - base : 0;
    uint64_t share = left < STEPS_PER_SEARCH ? left : STEPS_PER_SEARCH, steps = share;
    bool is_limited = share == 0;
    kmi_regex_match match;
    km_status status = KM_OK;
    *ret_found = false;
    if (share > 0)
        status = kmi_regex_search(pattern->regex, sentence, 0, &steps, ret_found, &match, &is_limited, error);
    budget->steps = left - (share - steps);
    if (is_limited && budget->costly == NULL) budget->costly = pattern->hit.name;
    return status;
}

km_status kmi_custom_patterns_find(const kmi_custom_patterns *patterns, kmi_slice sentence, kmi_custom_budget *budget,
                                   bool *ret_found, kmi_custom_hit *ret_hit, km_error *error) {
    *ret_found = false;
    double best = -1;
    for (size_t i = 0; i < patterns->count; i++) {
        bool is_found = false;
        km_status status = search(&patterns->items[i], sentence, budget, &is_found, error);
        if (status != KM_OK) return status;
        if (is_found && patterns->items[i].hit.confidence > best) {
            best = patterns->items[i].hit.confidence;
            *ret_hit = patterns->items[i].hit;
            *ret_found = true;
        }
    }
    return KM_OK;
}
