/* Showing and changing the configuration. A change is checked as a whole before the file is replaced, and the file is replaced
 * as a whole: a reader sees the old one or the new one. What else the file holds stays, also what is wrong in it, so that
 * one key after the other can be put right. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "api/project.h"
#include "util/error.h"
#include "util/file.h"

#define FILE_LIMIT_BYTES ((size_t)1024 * 1024)
#define LIST_LIMIT_BYTES ((size_t)16 * 1024 * 1024)

typedef struct config_list {
    km_config_list public;
    kmi_arena *arena;
} config_list;

void km_config_list_free(km_config_list *public) {
    config_list *list = (config_list *)public;
    if (list == NULL) return;
    kmi_arena_free(list->arena);
    free(list);
}

static km_status fail_memory(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while reading the configuration");
}

km_status km_config_list_get(km_project *project, km_config_list **ret_list, km_error *error) {
    if (project == NULL || ret_list == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_list must not be NULL");
    kmi_config_sources sources = kmi_project_config_sources(project);
    config_list *list = calloc(1, sizeof *list);
    if (list == NULL) return fail_memory(error);
    list->arena = kmi_arena_new(LIST_LIMIT_BYTES);
    km_status status = list->arena == NULL ? fail_memory(error) : KM_OK;
    if (status == KM_OK) status = kmi_config_describe(&sources, list->arena, &list->public, error);
    if (status != KM_OK) {
        km_config_list_free(&list->public);
        return status;
    }
    *ret_list = &list->public;
    return KM_OK;
}

/* ---- Changing ---- */

typedef struct config_target {
    int dir_fd;
    const char *name;
    char *real_path; /* of a file that was named with --config; owned */
} config_target;

static void deinit_target(config_target *target) {
    free(target->real_path);
}
#define KMI_CLEANUP_TARGET __attribute__((cleanup(deinit_target)))

/* The file to change: the one that was named, behind all links, or the project's own. */
static km_status find_target(km_project *project, config_target *target, km_error *error) {
    if (project->config_file == NULL) {
        km_status status = kmi_project_create(project, NULL, error);
        target->dir_fd = project->memory_dir_fd;
        target->name = "config.json";
        return status;
    }
    target->dir_fd = AT_FDCWD;
    target->real_path = realpath(project->config_file, NULL);
    if (target->real_path == NULL && errno != ENOENT)
        return kmi_fail_errno(error, errno, "cannot open \"%s\"", project->config_file);
    target->name = target->real_path != NULL ? target->real_path : project->config_file;
    return KM_OK;
}

static km_status read_target(const config_target *target, kmi_buf *text, km_error *error) {
    km_error fault = {0};
    km_status status = kmi_file_read(target->dir_fd, target->name, text, &fault);
    if (status == KM_E_NOT_FOUND) return KM_OK;
    if (status != KM_OK && error != NULL) *error = fault;
    return status;
}

/* The handle goes on with the new values. */
static void reload(km_project *project) {
    kmi_config_sources sources = kmi_project_config_sources(project);
    kmi_arena_free(project->config_arena);
    project->config_arena = NULL;
    project->config_error = (km_error){0};
    km_status status = kmi_config_load(&project->config, &sources, &project->config_arena, &project->config_error);
    project->config_error.status = status;
}

km_status km_config_set(km_project *project, const char *key, const char *value, km_error *error) {
    if (project == NULL || key == NULL || value == NULL)
        return kmi_fail(error, KM_E_INVALID, "project, key and value must not be NULL");
    KMI_CLEANUP_BUF kmi_buf checked;
    KMI_CLEANUP_BUF kmi_buf old_text;
    KMI_CLEANUP_BUF kmi_buf new_text;
    kmi_buf_init(&checked, FILE_LIMIT_BYTES);
    kmi_buf_init(&old_text, FILE_LIMIT_BYTES);
    kmi_buf_init(&new_text, FILE_LIMIT_BYTES);
    /* First against an empty file, so that a wrong value creates nothing. */
    km_status status = kmi_config_edit((kmi_slice){"", 0}, key, value, &checked, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_TARGET config_target target = {.dir_fd = -1};
    status = find_target(project, &target, error);
    if (status == KM_OK) status = read_target(&target, &old_text, error);
    if (status == KM_OK) {
        status = kmi_config_edit(kmi_buf_slice(&old_text), key, value, &new_text, error);
        if (status != KM_OK) return kmi_fail_context(error, status, "\"%.180s\"", target.name);
        status = kmi_file_replace(target.dir_fd, target.name, kmi_buf_slice(&new_text), error);
    }
    if (status == KM_OK) reload(project);
    return status;
}
