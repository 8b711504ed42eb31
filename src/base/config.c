/* config.c - reading the four sources of the configuration.
 *
 * Every `learn` comes through here, so a source that is not there costs one failed open and nothing else. A project's
 * file may come from a stranger's repository: it is bounded, never followed through a symbolic link, and cannot name
 * programs. The user's own file, and one named by --config, may be a link, as dotfile managers make them. */
#include "base/config.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_table.h"
#include "util/file.h"

#define PROJECT_FILE_NAME "config.json"

typedef struct config_file {
    int dir_fd;
    const char *name; /* opened relative to dir_fd */
    const char *path; /* for messages */
    bool follow_links;
    bool must_exist;
    bool is_users; /* the user's own: may set what runs programs */
} config_file;

/* Notes a warning; there is room for a bounded number. Without a report nobody wants to know. */
__attribute__((format(printf, 2, 3))) static void warn(kmi_config_report *report, const char *format, ...) {
    if (report == NULL || report->warning_count == KMI_CONFIG_MOST_WARNINGS) {
        return;
    }
    char text[640];
    kmi_buf buf;
    va_list arguments;
    va_start(arguments, format);
    kmi_buf_init_fixed(&buf, text, sizeof text);
    kmi_buf_add_format_v(&buf, format, arguments);
    va_end(arguments);
    const char *copy = kmi_arena_copy(report->arena, kmi_buf_slice(&buf));
    if (copy != NULL) {
        report->warnings[report->warning_count++] = copy;
    }
}

static void note_origin(kmi_config_report *report, const kmi_config_key *key, const char *origin) {
    if (report != NULL) {
        report->origins[key - kmi_config_keys] = kmi_arena_copy_text(report->arena, origin);
    }
}

/* ---- Files ---- */

/* Returns: the value a file has for a key, or NULL. The full name wins over the alias. */
static const json_t *find_value(const json_t *section, const kmi_config_key *key, const config_file *file,
                                kmi_config_report *report) {
    const json_t *value = json_object_get(section, key->name);
    const json_t *other = key->alias != NULL ? json_object_get(section, key->alias) : NULL;
    if (value != NULL && other != NULL) {
        warn(report, "\"%.300s\": \"%s.%s\" is ignored, because \"%s\" is given too", file->path, key->section,
             key->alias, key->full_name);
    }
    return value != NULL ? value : other;
}

static bool is_switched_off(const kmi_config_key *key, const kmi_config *config) {
    return !*(const bool *)((const char *)config + key->offset);
}

static km_status apply_section(const json_t *section, const char *section_name, const config_file *file,
                               kmi_config *config, kmi_arena **arena, kmi_config_report *report, km_error *error) {
    char where[512];
    kmi_buf where_buf;
    kmi_buf_init_fixed(&where_buf, where, sizeof where);
    kmi_buf_add_format(&where_buf, "\"%.400s\"", file->path);
    if (!json_is_object(section)) {
        return kmi_fail(error, KM_E_INVALID, "%s: \"%s\" is %s: must be an object", where, section_name,
                        kmi_json_type_name(section));
    }
    for (size_t i = 0; i < kmi_config_key_count; i++) {
        const kmi_config_key *key = &kmi_config_keys[i];
        const json_t *value = strcmp(key->section, section_name) == 0 ? find_value(section, key, file, report) : NULL;
        if (value == NULL) {
            continue;
        }
        if (key->is_user_only && !file->is_users) {
            warn(report, "\"%.300s\": \"%s\" is ignored: it is read from your own configuration file only", file->path,
                 key->full_name);
            continue;
        }
        if (key->is_off_final && !file->is_users && json_is_true(value) && is_switched_off(key, config)) {
            warn(report, "\"%.300s\": \"%s\" is ignored: your own configuration file turns it off", file->path,
                 key->full_name);
            continue;
        }
        km_status status = kmi_config_value_set(key, value, where, config, arena, error);
        if (status != KM_OK) {
            return status;
        }
        note_origin(report, key, file->path);
    }
    if (strcmp(section_name, "learn") == 0 && !config->learn_redact_secrets) {
        warn(report, "\"%.300s\": \"learn.redact_secrets\" is false: secrets in texts are stored as they are",
             file->path);
    }
    return KM_OK;
}

static bool is_section(const char *name) {
    for (size_t i = 0; i < kmi_config_key_count; i++) {
        if (strcmp(kmi_config_keys[i].section, name) == 0) {
            return true;
        }
    }
    return false;
}

static void warn_unknown_keys(json_t *section, const char *section_name, const char *path, kmi_config_report *report) {
    for (void *at = json_object_iter(section); at != NULL; at = json_object_iter_next(section, at)) {
        const char *name = json_object_iter_key(at);
        if (!kmi_config_key_is_known(section_name, name)) {
            warn(report, "\"%.300s\": unknown key \"%s.%.80s\" is ignored", path, section_name, name);
        }
    }
}

static km_status apply_text(kmi_slice text, const config_file *file, kmi_config *config, kmi_arena **arena,
                            kmi_config_report *report, km_error *error) {
    if (kmi_slice_trim(text).len == 0) {
        return KM_OK; /* an empty file sets nothing */
    }
    KMI_CLEANUP_JSON json_t *root = NULL;
    km_status status = kmi_json_parse_object(text, "configuration", &root, error);
    if (status != KM_OK) {
        return kmi_fail_context(error, status, "\"%.180s\"", file->path);
    }
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        const char *name = json_object_iter_key(at);
        json_t *section = json_object_iter_value(at);
        if (!is_section(name)) {
            warn(report, "\"%.300s\": unknown section \"%.80s\" is ignored", file->path, name);
            continue;
        }
        status = apply_section(section, name, file, config, arena, report, error);
        if (status != KM_OK) {
            return status;
        }
        warn_unknown_keys(section, name, file->path, report);
    }
    return KM_OK;
}

static km_status apply_file(const config_file *file, kmi_config *config, kmi_arena **arena, kmi_config_report *report,
                            km_error *error) {
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, KMI_CONFIG_FILE_LIMIT_BYTES);
    km_error fault = {.status = KM_OK};
    km_status status = kmi_file_read_unchecked(file->dir_fd, file->name, file->follow_links, &text, &fault);
    if (status == KM_E_NOT_FOUND && !file->must_exist) {
        return KM_OK;
    }
    if (status != KM_OK) {
        if (error != NULL) {
            *error = fault;
        }
        bool is_named = strcmp(file->name, file->path) == 0;
        return is_named ? status : kmi_fail_context(error, status, "\"%.180s\"", file->path);
    }
    return apply_text(kmi_buf_slice(&text), file, config, arena, report, error);
}

/* ---- Environment ---- */

static bool is_one_of(const char *text, const char *const *words) {
    for (size_t i = 0; words[i] != NULL; i++) {
        if (kmi_slice_equal_nocase(kmi_slice_from(text), kmi_slice_from(words[i]))) {
            return true;
        }
    }
    return false;
}

/* KUZU_MEMORY_ASYNC_DISABLED turns off; there is no way to turn on by it. */
static km_status apply_disabled(const kmi_config_key *key, const char *text, kmi_config *config,
                                kmi_config_report *report, km_error *error) {
    static const char *const YES[] = {"1", "true", "yes", "on", NULL};
    static const char *const NO[] = {"0", "false", "no", "off", NULL};
    if (is_one_of(text, YES)) {
        config->async_enabled = false;
        note_origin(report, key, key->environment);
        return KM_OK;
    }
    if (is_one_of(text, NO)) {
        return KM_OK;
    }
    return kmi_fail(error, KM_E_INVALID, "%s is \"%.60s\": must be 1 or 0 (or true, yes, on, false, no, off)",
                    key->environment, text);
}

static km_status apply_number(const kmi_config_key *key, const char *text, kmi_config *config, kmi_arena **arena,
                              kmi_config_report *report, km_error *error) {
    KMI_CLEANUP_JSON json_t *value = NULL;
    km_status status = kmi_json_parse(kmi_slice_trim(kmi_slice_from(text)), key->environment, &value, NULL);
    if (status == KM_E_INVALID) {
        char range_text[120];
        kmi_buf range;
        kmi_buf_init_fixed(&range, range_text, sizeof range_text);
        kmi_config_range_add(key, &range);
        return kmi_fail(error, status, "%s is \"%.60s\": must be %s", key->environment, text, range_text);
    }
    if (status != KM_OK) {
        return kmi_fail(error, status, "out of memory while reading %s", key->environment);
    }
    status = kmi_config_value_set(key, value, key->environment, config, arena, error);
    if (status == KM_OK) {
        note_origin(report, key, key->environment);
    }
    return status;
}

static km_status apply_environment(kmi_config *config, kmi_arena **arena, kmi_config_report *report, km_error *error) {
    for (size_t i = 0; i < kmi_config_key_count; i++) {
        const kmi_config_key *key = &kmi_config_keys[i];
        const char *text = key->environment != NULL ? getenv(key->environment) : NULL;
        if (text == NULL || text[0] == '\0') {
            continue;
        }
        km_status status = key->type == KMI_CONFIG_SWITCH ? apply_disabled(key, text, config, report, error)
                                                          : apply_number(key, text, config, arena, report, error);
        if (status != KM_OK) {
            return status;
        }
    }
    return KM_OK;
}

/* ---- All together ---- */

km_status kmi_config_load_reporting(kmi_config *config, const kmi_config_sources *sources, kmi_arena **arena,
                                    kmi_config_report *report, km_error *error) {
    km_status status = KM_OK;
    kmi_config_init(config);
    if (sources->user_path != NULL) {
        config_file users = {AT_FDCWD, sources->user_path, sources->user_path, true, false, true};
        status = apply_file(&users, config, arena, report, error);
    }
    if (status == KM_OK && sources->is_explicit_file) {
        config_file given = {AT_FDCWD, sources->project_path, sources->project_path, true, true, false};
        status = apply_file(&given, config, arena, report, error);
    } else if (status == KM_OK && sources->project_dir_fd >= 0) {
        const char *path = sources->project_path != NULL ? sources->project_path : PROJECT_FILE_NAME;
        config_file projects = {sources->project_dir_fd, PROJECT_FILE_NAME, path, false, false, false};
        status = apply_file(&projects, config, arena, report, error);
    }
    return status == KM_OK ? apply_environment(config, arena, report, error) : status;
}

km_status kmi_config_load(kmi_config *config, const kmi_config_sources *sources, kmi_arena **arena, km_error *error) {
    return kmi_config_load_reporting(config, sources, arena, NULL, error);
}
