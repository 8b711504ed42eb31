/* config_value.c - one configuration value: checking, storing, reading back.
 *
 * A number may be written either way (the guide writes 100.0 for a time, and tools write 4.0 for a count): what counts
 * is whether it is whole where it must be. */
#include "base/config_table.h"

#include <string.h>

#include "base/regex.h"

#define TEXT_ARENA_LIMIT_BYTES ((size_t)4 * 1024 * 1024)
#define MOST_PATTERNS 200
#define MOST_COMMAND_PARTS 64
#define SHOWN_VALUE_BYTES 60

void kmi_config_range_add(const kmi_config_key *key, kmi_buf *buf) {
    switch (key->type) {
    case KMI_CONFIG_SWITCH:
        kmi_buf_add_text(buf, "true or false");
        break;
    case KMI_CONFIG_INTEGER:
        kmi_buf_add_format(buf, "a whole number from %.0f to %.0f", key->least, key->most);
        break;
    case KMI_CONFIG_NUMBER:
        kmi_buf_add_format(buf, "a number from %.15g to %.15g", key->least, key->most);
        break;
    case KMI_CONFIG_DURABILITY:
        kmi_buf_add_text(buf, "\"full\" or \"process\"");
        break;
    case KMI_CONFIG_PATTERNS:
        kmi_buf_add_text(buf, "an object: name to {\"regex\", \"type\", \"confidence\"}");
        break;
    case KMI_CONFIG_COMMAND:
        kmi_buf_add_text(buf, "a list of strings, the program first");
        break;
    }
}

/* Tells file, key, value and range. Long values are cut, and a command is not shown: it may hold a token. */
static km_status fail_value(const kmi_config_key *key, const json_t *value, const char *where, km_error *error) {
    char range_text[120];
    kmi_buf range;
    kmi_buf_init_fixed(&range, range_text, sizeof range_text);
    kmi_config_range_add(key, &range);
    KMI_CLEANUP_BUF kmi_buf shown;
    kmi_buf_init(&shown, KMI_CONFIG_FILE_LIMIT_BYTES * 2);
    bool is_shown = key->type != KMI_CONFIG_COMMAND && kmi_json_dump(value, &shown, NULL) == KM_OK;
    if (!is_shown) {
        return kmi_fail(error, KM_E_INVALID, "%s: %s is %s: must be %s", where, key->full_name,
                        kmi_json_type_name(value), range_text);
    }
    return kmi_fail(error, KM_E_INVALID, "%s: %s is %.*s%s: must be %s", where, key->full_name, SHOWN_VALUE_BYTES,
                    kmi_buf_slice(&shown).ptr, shown.len > SHOWN_VALUE_BYTES ? "..." : "", range_text);
}

static bool is_in_range(const kmi_config_key *key, const json_t *value) {
    double number = json_number_value(value);
    return json_is_number(value) && number >= key->least && number <= key->most;
}

/* For numbers known to be in a key's range, which int64_t holds. */
static bool is_whole(double number) {
    return (double)(int64_t)number == number;
}

/* Fails with what is wrong with one of the user's own patterns, to be read behind its name. */
static km_status check_pattern(const json_t *pattern, km_error *error) {
    if (!json_is_object(pattern)) {
        return kmi_fail(error, KM_E_INVALID, "must be an object");
    }
    const json_t *regex = json_object_get(pattern, "regex");
    const json_t *type = json_object_get(pattern, "type");
    const json_t *confidence = json_object_get(pattern, "confidence");
    if (!json_is_string(regex) || json_string_length(regex) == 0) {
        return kmi_fail(error, KM_E_INVALID, "needs \"regex\", a string");
    }
    if (type != NULL && !json_is_string(type)) {
        return kmi_fail(error, KM_E_INVALID, "\"type\" must be a string");
    }
    /* Each type of memory has a time of retention. */
    if (type != NULL && !kmi_config_key_is_known("retention", json_string_value(type))) {
        return kmi_fail(error, KM_E_INVALID, "unknown type \"%.40s\"", json_string_value(type));
    }
    double number = json_number_value(confidence);
    if (confidence != NULL && (!json_is_number(confidence) || number < 0 || number > 1)) {
        return kmi_fail(error, KM_E_INVALID, "\"confidence\" must be a number from 0 to 1");
    }
    kmi_regex *compiled = NULL;
    kmi_slice text = {json_string_value(regex), json_string_length(regex)};
    km_status status = kmi_regex_compile(text, true, false, &compiled, error);
    kmi_regex_free(compiled);
    return status != KM_OK ? kmi_fail_context(error, status, "does not compile") : KM_OK;
}

static km_status check_patterns(const kmi_config_key *key, const json_t *value, const char *where, km_error *error) {
    if (!json_is_object(value)) {
        return fail_value(key, value, where, error);
    }
    if (json_object_size(value) > MOST_PATTERNS) {
        return kmi_fail(error, KM_E_INVALID, "%s: %s holds %zu patterns, more than %d", where, key->full_name,
                        json_object_size(value), MOST_PATTERNS);
    }
    json_t *patterns = (json_t *)(uintptr_t)value; /* iterating takes a plain pointer and changes nothing */
    for (void *at = json_object_iter(patterns); at != NULL; at = json_object_iter_next(patterns, at)) {
        km_error fault = {0};
        km_status status = check_pattern(json_object_iter_value(at), &fault);
        if (status != KM_OK) {
            return kmi_fail(error, status, "%s: %s: pattern \"%.60s\" %s", where, key->full_name,
                            json_object_iter_key(at), fault.message);
        }
    }
    return KM_OK;
}

static bool is_command(const json_t *value) {
    size_t count = json_array_size(value);
    bool is_good = json_is_array(value) && count > 0 && count <= MOST_COMMAND_PARTS;
    for (size_t i = 0; i < count && is_good; i++) {
        const json_t *part = json_array_get(value, i);
        is_good = json_is_string(part) && (i > 0 || json_string_length(part) > 0);
    }
    return is_good;
}

static km_status check_value(const kmi_config_key *key, const json_t *value, const char *where, km_error *error) {
    bool is_good = false;
    switch (key->type) {
    case KMI_CONFIG_SWITCH:
        is_good = json_is_boolean(value);
        break;
    case KMI_CONFIG_INTEGER:
        is_good = is_in_range(key, value) && is_whole(json_number_value(value));
        break;
    case KMI_CONFIG_NUMBER:
        is_good = is_in_range(key, value);
        break;
    case KMI_CONFIG_DURABILITY:
        is_good = json_is_string(value) &&
                  (strcmp(json_string_value(value), "full") == 0 || strcmp(json_string_value(value), "process") == 0);
        break;
    case KMI_CONFIG_PATTERNS:
        return check_patterns(key, value, where, error);
    case KMI_CONFIG_COMMAND:
        is_good = is_command(value);
        break;
    }
    return is_good ? KM_OK : fail_value(key, value, where, error);
}

/* Keeps a value as JSON text in the arena. */
static km_status store_text(const json_t *value, const char **ret_text, kmi_arena **arena, km_error *error) {
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, TEXT_ARENA_LIMIT_BYTES);
    km_status status = kmi_json_dump(value, &text, error);
    if (status != KM_OK) {
        return status;
    }
    if (*arena == NULL) {
        *arena = kmi_arena_new(TEXT_ARENA_LIMIT_BYTES * 2);
    }
    const char *copy = *arena != NULL ? kmi_arena_copy(*arena, kmi_buf_slice(&text)) : NULL;
    if (copy == NULL) {
        return kmi_fail(error, KM_E_NOMEM, "out of memory while reading the configuration");
    }
    *ret_text = copy;
    return KM_OK;
}

km_status kmi_config_value_set(const kmi_config_key *key, const json_t *value, const char *where, kmi_config *config,
                               kmi_arena **arena, km_error *error) {
    km_status status = check_value(key, value, where, error);
    if (status != KM_OK || config == NULL) {
        return status;
    }
    void *target = (char *)config + key->offset;
    switch (key->type) {
    case KMI_CONFIG_SWITCH:
        *(bool *)target = json_is_true(value);
        break;
    case KMI_CONFIG_INTEGER:
        *(int64_t *)target = (int64_t)json_number_value(value);
        break;
    case KMI_CONFIG_NUMBER:
        *(double *)target = json_number_value(value);
        break;
    case KMI_CONFIG_DURABILITY:
        *(bool *)target = strcmp(json_string_value(value), "full") == 0;
        break;
    case KMI_CONFIG_PATTERNS:
    case KMI_CONFIG_COMMAND:
        return store_text(value, target, arena, error);
    }
    return KM_OK;
}

static json_t *parse_or_null(const char *text) {
    json_t *value = NULL;
    if (text == NULL) {
        return json_null();
    }
    return kmi_json_parse(kmi_slice_from(text), "configuration", &value, NULL) == KM_OK ? value : NULL;
}

json_t *kmi_config_value_get(const kmi_config_key *key, const kmi_config *config) {
    const void *source = (const char *)config + key->offset;
    switch (key->type) {
    case KMI_CONFIG_SWITCH:
        return json_boolean(*(const bool *)source);
    case KMI_CONFIG_INTEGER:
        return json_integer(*(const int64_t *)source);
    case KMI_CONFIG_NUMBER:
        return json_real(*(const double *)source);
    case KMI_CONFIG_DURABILITY:
        return json_string(*(const bool *)source ? "full" : "process");
    case KMI_CONFIG_PATTERNS:
    case KMI_CONFIG_COMMAND:
        return parse_or_null(*(const char *const *)source);
    }
    return NULL;
}
