/* json.c - strict JSON with limits.
 *
 * jansson is strict by default; what it is not told here it would accept: duplicate keys (JSON_REJECT_DUPLICATES).
 * A NUL inside a string is refused by its default, nesting ends at 2048 levels. Its error struct stays empty on some
 * allocation failures, so it is zeroed first and an empty text means "out of memory". Its messages quote the input near
 * the fault, which may be the text of a memory: only our own words and the position are passed on.
 *
 * Its hash tables are seeded on first use from /dev/urandom by open, read and close; seeding them here from bytes that
 * an id needs anyway costs nothing and needs no file. */
#include "base/json.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/random.h"

/* Called before each use; jansson takes the first seed only. 0, if the kernel gives nothing, makes it choose by itself. */
static void seed_hash_tables(void) {
    static atomic_flag is_seeded = ATOMIC_FLAG_INIT;
    size_t seed = 0;
    if (atomic_flag_test_and_set(&is_seeded)) return;
    if (kmi_random_bytes(&seed, sizeof seed, NULL, NULL) != KM_OK) seed = 0;
    json_object_seed(seed);
}

/* jansson (2.14) does not look whether the buffer of the string in hand could grow: where memory ends just there it drops
 * characters without a word, or calls abort(). So nothing is begun without the room for it; what another thread takes in
 * between is what remains of this. */
static bool has_room_for(kmi_slice text) {
    void *room = text.len <= SIZE_MAX / 4 ? malloc(text.len * 3 + 4096) : NULL;
    free(room);
    return room != NULL;
}

static const char *fault_text(const json_error_t *fault) {
    switch (json_error_code(fault)) {
    case json_error_stack_overflow:
        return "it is nested too deeply";
    case json_error_invalid_utf8:
        return "it is not valid UTF-8";
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "there is something behind its end";
    case json_error_duplicate_key:
        return "a key stands twice in one object";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "it holds a NUL character";
    default:
        return "the syntax is wrong";
    }
}

km_status kmi_json_parse(kmi_slice text, const char *what, json_t **ret_value, km_error *error) {
    size_t nul_at = kmi_slice_find(text, (kmi_slice){"", 1}, 0); /* jansson takes one behind the end for the end */
    if (nul_at != SIZE_MAX) {
        return kmi_fail(error, KM_E_INVALID, "%s: not valid JSON: it holds a NUL character at byte %zu", what, nul_at);
    }
    seed_hash_tables();
    if (!has_room_for(text)) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading %s", what);
    json_error_t fault;
    memset(&fault, 0, sizeof fault);
    json_t *value =
        json_loadb(text.ptr != NULL ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
    if (value != NULL) {
        *ret_value = value;
        return KM_OK;
    }
    if (fault.text[0] == '\0' || json_error_code(&fault) == json_error_out_of_memory) {
        return kmi_fail(error, KM_E_NOMEM, "out of memory while reading %s", what);
    }
    return kmi_fail(error, KM_E_INVALID, "%s: not valid JSON at line %d, column %d: %s", what, fault.line, fault.column,
                    fault_text(&fault));
}

const char *kmi_json_type_name(const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

km_status kmi_json_parse_object(kmi_slice text, const char *what, json_t **ret_object, km_error *error) {
    json_t *value = NULL;
    km_status status = kmi_json_parse(text, what, &value, error);
    if (value == NULL) {
        return status;
    }
    if (!json_is_object(value)) {
        status = kmi_fail(error, KM_E_INVALID, "%s: must be a JSON object, not %s", what, kmi_json_type_name(value));
        json_decref(value);
        return status;
    }
    *ret_object = value;
    return KM_OK;
}

km_status kmi_json_get_text(const json_t *object, const char *key, const char *what, const char **ret_text,
                            km_error *error) {
    const json_t *value = json_object_get(object, key);
    if (value != NULL && !json_is_null(value) && !json_is_string(value)) {
        return kmi_fail(error, KM_E_INVALID, "%s: \"%s\" must be a string, not %s", what, key,
                        kmi_json_type_name(value));
    }
    *ret_text = json_string_value(value);
    return KM_OK;
}

/* Returns: the fewest digits, at least 15, that give every number of the value back exactly. With 17 digits 0.3 would be
 * written as 0.29999999999999999; with 15 some numbers would not come back. Recursion ends at the parser's depth. */
static unsigned digits_needed(const json_t *value) {
    unsigned digits = 15;
    if (json_is_real(value)) {
        char text[40];
        double number = json_real_value(value);
        do {
            snprintf(text, sizeof text, "%.*g", (int)digits, number);
        } while (strtod(text, NULL) != number && ++digits < 17);
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value) && digits < 17; i++) {
            unsigned needed = digits_needed(json_array_get(value, i));
            digits = needed > digits ? needed : digits;
        }
    } else if (json_is_object(value)) {
        json_t *object = (json_t *)(uintptr_t)value; /* iterating takes a plain pointer and changes nothing */
        for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
            unsigned needed = digits_needed(json_object_iter_value(at));
            digits = needed > digits ? needed : digits;
        }
    }
    return digits;
}

static int append_dumped(const char *bytes, size_t len, void *context) {
    kmi_buf *buf = context;
    kmi_buf_add(buf, bytes, len);
    return kmi_buf_status(buf) == KM_OK ? 0 : -1;
}

static km_status dump(const json_t *value, size_t flags, kmi_buf *buf, km_error *error) {
    flags |= JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits_needed(value));
    int result = json_dump_callback(value, append_dumped, buf, flags);
    km_status status = kmi_buf_status(buf);
    if (result == 0 && status == KM_OK) {
        return KM_OK;
    }
    if (status == KM_E_INVALID) {
        return kmi_fail(error, status, "JSON is longer than the limit of %zu bytes", buf->limit);
    }
    return kmi_fail(error, KM_E_NOMEM, "out of memory while writing JSON");
}

km_status kmi_json_dump(const json_t *value, kmi_buf *buf, km_error *error) {
    return dump(value, JSON_COMPACT, buf, error);
}

km_status kmi_json_dump_indented(const json_t *value, kmi_buf *buf, km_error *error) {
    km_status status = dump(value, JSON_INDENT(2), buf, error);
    if (status != KM_OK) {
        return status;
    }
    kmi_buf_add_char(buf, '\n');
    status = kmi_buf_status(buf);
    return status == KM_OK ? KM_OK : kmi_fail(error, status, "no room for the end of the JSON text");
}
