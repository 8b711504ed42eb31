/* custom_patterns.c - checks and compiles the user's patterns once; matching is bounded by the limits in base/regex. */
#include "extract/custom_patterns.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/regex.h"
#include "extract/types.h"

#define CUSTOM_PATTERNS_MAX 200
#define CONFIDENCE_DEFAULT 0.9

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

km_status kmi_custom_patterns_find(const kmi_custom_patterns *patterns, kmi_slice sentence, bool *ret_found,
                                   kmi_custom_hit *ret_hit, km_error *error) {
    *ret_found = false;
    double best = -1;
    for (size_t i = 0; i < patterns->count; i++) {
        bool is_found = false;
        kmi_regex_match match;
        km_status status = kmi_regex_search(patterns->items[i].regex, sentence, 0, &is_found, &match, NULL, error);
        if (status != KM_OK) return status;
        if (is_found && patterns->items[i].hit.confidence > best) {
            best = patterns->items[i].hit.confidence;
            *ret_hit = patterns->items[i].hit;
            *ret_found = true;
        }
    }
    return KM_OK;
}
