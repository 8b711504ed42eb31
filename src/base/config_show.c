/* config_show.c - the configuration as people see it: effective values with their origin, one key changed in a file, and
 * the file that `init` writes. All of it is read from the table of keys. */
#include <string.h>

#include "base/config_table.h"

static const char *copy_range(const kmi_config_key *key, kmi_arena *arena) {
    char text[120];
    kmi_buf range;
    kmi_buf_init_fixed(&range, text, sizeof text);
    kmi_config_range_add(key, &range);
    return kmi_arena_copy(arena, kmi_buf_slice(&range));
}

/* Returns: the effective value as JSON text, or NULL when out of memory. */
static const char *copy_value(const kmi_config_key *key, const kmi_config *config, kmi_arena *arena) {
    KMI_CLEANUP_JSON json_t *value = kmi_config_value_get(key, config);
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, KMI_CONFIG_FILE_LIMIT_BYTES * 2);
    if (value == NULL || kmi_json_dump(value, &text, NULL) != KM_OK) {
        return NULL;
    }
    return kmi_arena_copy(arena, kmi_buf_slice(&text));
}

static km_status fail_memory(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while describing the configuration");
}

static km_status fill_entry(const kmi_config_key *key, const kmi_config *config, const char *origin, kmi_arena *arena,
                            km_config_entry *ret_entry, km_error *error) {
    km_config_entry entry = {
        .key = key->full_name,
        .value = copy_value(key, config, arena),
        .origin = origin != NULL ? origin : "built-in",
        .description = key->description,
        .range = copy_range(key, arena),
    };
    if (entry.value == NULL || entry.range == NULL) {
        return fail_memory(error);
    }
    *ret_entry = entry;
    return KM_OK;
}

km_status kmi_config_describe(const kmi_config_sources *sources, kmi_arena *arena, km_config_list *ret_list,
                              km_error *error) {
    kmi_config config;
    kmi_config_report report = {.arena = arena};
    report.origins = kmi_arena_alloc_array(arena, kmi_config_key_count, sizeof *report.origins);
    km_config_entry *entries = kmi_arena_alloc_array(arena, kmi_config_key_count, sizeof *entries);
    if (report.origins == NULL || entries == NULL) {
        return fail_memory(error);
    }
    km_status status = kmi_config_load_reporting(&config, sources, &arena, &report, error);
    for (size_t i = 0; i < kmi_config_key_count && status == KM_OK; i++) {
        status = fill_entry(&kmi_config_keys[i], &config, report.origins[i], arena, &entries[i], error);
    }
    if (status != KM_OK) {
        return status;
    }
    const char **warnings = kmi_arena_alloc_array(arena, report.warning_count, sizeof *warnings);
    if (warnings == NULL) {
        return fail_memory(error);
    }
    memcpy(warnings, report.warnings, report.warning_count * sizeof *warnings);
    *ret_list = (km_config_list){kmi_config_key_count, entries, report.warning_count, warnings};
    return KM_OK;
}

/* ---- Editing ---- */

/* Reads a value as typed on a command line: JSON, or else a bare text. */
static km_status parse_typed_value(const kmi_config_key *key, const char *text, json_t **ret_value, km_error *error) {
    json_t *value = NULL;
    bool is_bare = key->type == KMI_CONFIG_DURABILITY && text[0] != '"';
    km_status status = is_bare ? KM_E_INVALID : kmi_json_parse(kmi_slice_from(text), key->full_name, &value, NULL);
    if (status == KM_E_INVALID) {
        value = json_string(text);
        if (value == NULL) {
            return kmi_fail(error, status, "%s: the value is not valid UTF-8", key->full_name);
        }
    } else if (status != KM_OK) {
        return kmi_fail(error, status, "out of memory while reading the value of %s", key->full_name);
    }
    *ret_value = value;
    return KM_OK;
}

/* Returns: the object of the key's section, added if absent, or NULL with *error filled. Borrowed from root. */
static json_t *require_section(json_t *root, const kmi_config_key *key, km_error *error) {
    json_t *section = json_object_get(root, key->section);
    if (section == NULL) {
        section = json_object();
        if (json_object_set_new(root, key->section, section) != 0) {
            (void)fail_memory(error);
            return NULL;
        }
    }
    if (!json_is_object(section)) {
        (void)kmi_fail(error, KM_E_INVALID, "\"%s\" in the configuration is %s: must be an object", key->section,
                       kmi_json_type_name(section));
        return NULL;
    }
    return section;
}

km_status kmi_config_edit(kmi_slice old_text, const char *key_name, const char *value_text, kmi_buf *ret_text,
                          km_error *error) {
    const kmi_config_key *key = kmi_config_key_find(key_name);
    if (key == NULL || value_text == NULL) {
        return kmi_fail(error, KM_E_NOT_FOUND, "no configuration key \"%.80s\": \"config show\" lists them",
                        key_name != NULL ? key_name : "");
    }
    if (key->is_user_only) {
        return kmi_fail(error, KM_E_INVALID, "%s is read from your own configuration file only: write it there by hand",
                        key->full_name);
    }
    KMI_CLEANUP_JSON json_t *root = NULL;
    KMI_CLEANUP_JSON json_t *value = NULL;
    kmi_arena *no_arena = NULL; /* only checked, nothing is stored */
    bool is_new = kmi_slice_trim(old_text).len == 0;
    kmi_slice text = is_new ? KMI_SLICE_LITERAL("{}") : old_text;
    km_status status = kmi_json_parse_object(text, "configuration", &root, error);
    if (status == KM_OK) {
        status = parse_typed_value(key, value_text, &value, error);
    }
    if (status == KM_OK) {
        status = kmi_config_value_set(key, value, "value", NULL, &no_arena, error);
    }
    json_t *section = status == KM_OK ? require_section(root, key, error) : NULL;
    if (section == NULL) {
        return status != KM_OK ? status : error != NULL ? error->status : KM_E_INVALID;
    }
    bool uses_alias = key->alias != NULL && json_object_get(section, key->alias) != NULL &&
                      json_object_get(section, key->name) == NULL;
    if (json_object_set(section, uses_alias ? key->alias : key->name, value) != 0) {
        return fail_memory(error);
    }
    return kmi_json_dump_indented(root, ret_text, error);
}

km_status kmi_config_default_text(kmi_buf *ret_text, km_error *error) {
    kmi_config config;
    kmi_config_init(&config);
    KMI_CLEANUP_JSON json_t *root = json_object();
    for (size_t i = 0; i < kmi_config_key_count; i++) {
        const kmi_config_key *key = &kmi_config_keys[i];
        if (key->is_user_only || key->is_off_final) {
            continue;
        }
        json_t *section = root != NULL ? require_section(root, key, NULL) : NULL;
        if (section == NULL || json_object_set_new(section, key->name, kmi_config_value_get(key, &config)) != 0) {
            return fail_memory(error);
        }
    }
    return kmi_json_dump_indented(root, ret_text, error);
}
