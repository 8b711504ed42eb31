/* json.h - the door to jansson: strict parsing with limits, typed members with clear errors. The only includer of
 * <jansson.h>. */
#ifndef KMI_BASE_JSON_H
#define KMI_BASE_JSON_H

#include <jansson.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/error.h"

/* Parses one JSON text strictly: no duplicate keys, no trailing text, no NUL in strings, nesting as jansson limits it.
 * KM_E_INVALID with line and column, prefixed by `what` ("metadata", "line 3"). The result is yours (json_decref). */
km_status kmi_json_parse(kmi_slice text, const char *what, json_t **ret_value, km_error *error) KM_MUST_CHECK;
/* The same, and the value must be an object. */
km_status kmi_json_parse_object(kmi_slice text, const char *what, json_t **ret_object, km_error *error) KM_MUST_CHECK;
/* Member of an object as borrowed string. Absent or null gives NULL; another type is KM_E_INVALID naming `what` and key. */
km_status kmi_json_get_text(const json_t *object, const char *key, const char *what, const char **ret_text,
                            km_error *error) KM_MUST_CHECK;
/* Appends compact JSON of a value. */
km_status kmi_json_dump(const json_t *value, kmi_buf *buf, km_error *error) KM_MUST_CHECK;
/* The same for people to read: indented by two spaces, members in their order, a newline at the end. */
km_status kmi_json_dump_indented(const json_t *value, kmi_buf *buf, km_error *error) KM_MUST_CHECK;
/* Returns: what the value is, for messages: "an object", "a string", "null". */
const char *kmi_json_type_name(const json_t *value);

static inline void kmi_json_free(json_t **value) {
    json_decref(*value);
}
#define KMI_CLEANUP_JSON __attribute__((cleanup(kmi_json_free)))

#endif
