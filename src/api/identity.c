/* Which folders share a memory: choosing another one's, and bringing two together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/link.h"
#include "api/project.h"
#include "util/error.h"
#include "util/file.h"

enum { drain_timeout_ms = 5000 };
#define EXPORT_LIMIT_BYTES ((size_t)1024 * 1024 * 1024)

static bool is_same_dir(int a, int b) {
    struct stat left, right;
    return a >= 0 && b >= 0 && fstat(a, &left) == 0 && fstat(b, &right) == 0 && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino;
}

static km_status open_other(const km_project *project, const char *dir, bool ignore_link, km_project **ret_other,
                            km_error *error) {
    km_options options = {.project_dir = dir, .program = project->program, .ignore_link = ignore_link};
    return km_project_open(&options, ret_other, error);
}

km_status km_project_use(km_project *project, const char *other_dir, km_error *error) {
    if (project == NULL) return kmi_fail(error, KM_E_INVALID, "project must not be NULL");
    if (project->origin == KM_ROOT_LINK || project->origin == KM_ROOT_USER)
        return kmi_fail(error, KM_E_INVALID, "only a folder's own memory can be handed on: open it with ignore_link");
    if (other_dir == NULL)
        return project->memory_dir_fd < 0 ? KM_OK : kmi_link_remove(project->root, project->memory_dir_fd, NULL, error);
    km_project *other = NULL;
    km_status status = open_other(project, other_dir, false, &other, error);
    if (status != KM_OK) return status;
    if (strcmp(other->root, project->root) == 0 || is_same_dir(other->memory_dir_fd, project->memory_dir_fd))
        status = kmi_fail(error, KM_E_CONFLICT, "\"%s\" uses the memory of \"%s\" itself", other_dir, project->root);
    if (status == KM_OK && other->note != NULL && other->found_root == NULL && other->memory_dir_fd >= 0)
        status = kmi_fail(error, KM_E_CONFLICT, "\"%s\" has a broken link: %.300s", other_dir, other->note);
    if (status == KM_OK) status = kmi_project_create(other, NULL, error);
    if (status == KM_OK) status = kmi_project_create(project, NULL, error);
    if (status == KM_OK)
        status = kmi_link_make(project->root, project->memory_dir_fd, other->root, other->memory_dir_fd, error);
    km_project_free(other);
    return status;
}

static bool add_line(const char *json, size_t json_len, void *context) {
    kmi_buf *text = context;
    kmi_buf_add(text, json, json_len);
    kmi_buf_add_char(text, '\n');
    return kmi_buf_status(text) == KM_OK;
}

static km_status bring_over(km_project *project, km_project *other, bool dry_run, km_merge_result *result,
                            km_error *error) {
    km_import_result imported = {0};
    km_stats *stats = NULL;
    if (dry_run && km_stats_get(other, &stats, NULL) == KM_OK) result->waiting = stats->queue_size;
    km_stats_free(stats);
    km_status status = dry_run ? KM_OK : kmi_project_drain(other, drain_timeout_ms, error);
    if (status != KM_OK) return kmi_fail_context(error, status, "\"%s\"", other->root);
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, EXPORT_LIMIT_BYTES);
    status = km_export(other, add_line, &text, error);
    if (kmi_buf_status(&text) != KM_OK)
        return kmi_fail(error, KM_E_NOMEM, "the other memory is too large to be merged at once: use export and import");
    if (status != KM_OK) return status;
    status = km_import(project, text.len > 0 ? text.ptr : "", text.len, dry_run, &imported, error);
    if (status != KM_OK) return status;
    result->merged = imported.imported;
    result->duplicates = imported.duplicates;
    if (imported.rejected == 0) return KM_OK;
    return kmi_fail(error, KM_E_STORE, "%llu memories of \"%s\" cannot be merged; the first: %.200s",
                    (unsigned long long)imported.rejected, other->root, imported.first_bad_reason);
}

km_status km_project_merge(km_project *project, const char *other_dir, bool dry_run, km_merge_result *ret_result,
                           km_error *error) {
    if (project == NULL || other_dir == NULL || ret_result == NULL)
        return kmi_fail(error, KM_E_INVALID, "project, other_dir and ret_result must not be NULL");
    km_project *other = NULL;
    km_merge_result result = {0};
    km_status status = open_other(project, other_dir, true, &other, error);
    if (status != KM_OK) return status;
    snprintf(result.other_dir, sizeof result.other_dir, "%s", other->root);
    if (other->memory_dir_fd < 0)
        status = kmi_fail(error, KM_E_NOT_FOUND, "there is no memory in \"%s\"", other->root);
    else if (is_same_dir(other->memory_dir_fd, project->memory_dir_fd))
        status = kmi_fail(error, KM_E_CONFLICT, "\"%s\" is the memory that is used here", other->root);
    if (status == KM_OK) status = bring_over(project, other, dry_run, &result, error);
    km_project_free(other);
    if (status == KM_OK) *ret_result = result;
    return status;
}
