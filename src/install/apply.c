#include "install/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "install/record.h"
#include "install/residue.h"
#include "util/abandoned.h"
#include "util/file.h"
#include "util/uuid.h"

#define FOLDERS_MAX 8

/* A file that somebody changed since: what our entries left behind in it is mended, if nothing of ours stands there any more. */
static km_status mend(const kmi_install_plan *plan, const char *path, const kmi_install_record *record, kmi_slice *text,
                      km_error *error) {
    kmi_slice rest = {"", 0}, rehearsed = {"", 0};
    if (!record->is_found || !record->existed) return KM_OK;
    km_status status = kmi_install_strip(&plan->where, path, *text, plan->arena, &rest, error);
    if (status != KM_OK || !kmi_slice_equal(rest, *text)) return status;
    /* All at once; or, where somebody's change lies between two of our places, one after the other. */
    static const unsigned kinds[] = {0, 1 << KMI_INSTALL_MCP, 1 << KMI_INSTALL_HOOK};
    const char *unmended = text->ptr;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (i == 1 && text->ptr != unmended) return KM_OK;
        /* What stood there before us may be nothing that can be edited: then there is nothing to compare with. */
        if (kmi_install_rehearse(&plan->where, path, record->before, kinds[i], plan->arena, &rehearsed, NULL) == KM_OK)
            *text = kmi_install_mend(*text, rehearsed, record->before, plan->arena);
    }
    return KM_OK;
}

km_status kmi_install_restore(kmi_install_plan *plan, km_error *error) {
    for (size_t i = 0; i < plan->count; i++) {
        kmi_install_file *file = &plan->files[i];
        kmi_install_record record;
        if (file->problem != NULL || !file->exists) continue;
        km_status status = kmi_install_record_read(file->path, plan->arena, &record, error);
        if (status != KM_OK) return status;
        kmi_slice digest = kmi_install_digest(file->before, plan->arena);
        if (!record.is_found || !kmi_slice_equal(digest, record.after)) {
            status = mend(plan, file->path, &record, &file->after, error);
            if (status != KM_OK) return status;
            continue;
        }
        kmi_slice rest = {"", 0};
        status = kmi_install_strip(&plan->where, file->path, file->after, plan->arena, &rest, error);
        if (status != KM_OK) return status;
        if (!kmi_slice_equal(rest, file->after)) continue; /* entries of other clients of ours stay in it */
        file->is_removed = !record.existed;
        file->after = record.before;
    }
    return KM_OK;
}

/* Makes the folders above a file. ret_made: how many were missing. */
static km_status make_folders(const char *path, unsigned *ret_made, km_error *error) {
    char folders[FOLDERS_MAX][PATH_MAX];
    unsigned count = 0;
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    char *folder = dirname(copy);
    struct stat status;
    while (stat(folder, &status) != 0 && errno == ENOENT && count < FOLDERS_MAX) {
        snprintf(folders[count++], PATH_MAX, "%s", folder);
        folder = dirname(folder);
    }
    *ret_made = count;
    while (count > 0) {
        if (mkdir(folders[--count], 0755) != 0 && errno != EEXIST)
            return kmi_fail_errno(error, errno, "cannot make \"%s\"", folders[count]);
    }
    return KM_OK;
}

static void remove_folders(const char *path, unsigned count) {
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    char *folder = dirname(copy);
    while (count-- > 0 && rmdir(folder) == 0) folder = dirname(folder); /* stops at one that holds something */
}

static km_status fail_changed(const kmi_install_file *file, km_error *error) {
    return kmi_fail(error, KM_E_CONFLICT,
                    "\"%s\" was changed by another program just now; nothing was written, try again", file->path);
}

static km_status check_unchanged(const kmi_install_file *file, km_error *error) {
    struct stat status;
    bool exists = stat(file->path, &status) == 0;
    bool is_same = exists == file->exists && (!exists || (status.st_mtim.tv_sec == file->changed.tv_sec &&
                                                          status.st_mtim.tv_nsec == file->changed.tv_nsec &&
                                                          status.st_size == (off_t)file->before.len));
    return is_same ? KM_OK : fail_changed(file, error);
}

/* Writes a temporary file beside it with the mode of the old one, then exchanges the names. */
static km_status write_file(const kmi_install_plan *plan, const kmi_install_file *file, km_error *error) {
    char temporary[PATH_MAX];
    kmi_uuid unique;
    char unique_text[KMI_UUID_TEXT_SIZE];
    km_status status = kmi_uuid_make(&unique, error);
    if (status != KM_OK) return status;
    int len = snprintf(temporary, sizeof temporary, "%s.%s", file->path, kmi_uuid_format(&unique, unique_text));
    if (len < 0 || (size_t)len >= sizeof temporary)
        return kmi_fail(error, KM_E_INVALID, "\"%s\" is too long", file->path);
    mode_t mode = plan->where.is_project ? 0666 : 0600; /* a project's files are shared, a user's may hold secrets */
    KMI_CLEANUP_FD int fd = kmi_fd_open(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fd < 0) return kmi_fail_errno(error, errno, "cannot write \"%s\"", file->path);
    status = kmi_fd_write_all(fd, file->path, file->after.ptr, file->after.len, error);
    if (status == KM_OK && file->exists && fchmod(fd, file->mode) != 0)
        status = kmi_fail_errno(error, errno, "cannot set the mode of \"%s\"", file->path);
    if (status == KM_OK) status = kmi_file_sync_data(fd, file->path, error);
    if (status == KM_OK) status = check_unchanged(file, error);
    if (status == KM_OK && rename(temporary, file->path) != 0)
        status = kmi_fail_errno(error, errno, "cannot replace \"%s\"", file->path);
    if (status != KM_OK) unlink(temporary);
    return status;
}

static bool is_temporary(const char *name, const void *context) {
    const char *base = context;
    size_t len = strlen(base);
    kmi_uuid unique;
    return strncmp(name, base, len) == 0 && name[len] == '.' && kmi_uuid_parse(name + len + 1, &unique, NULL) == KM_OK;
}

void kmi_install_sweep(const char *path) {
    char folder[PATH_MAX], base[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    snprintf(base, sizeof base, "%s", path);
    KMI_CLEANUP_FD int fd = kmi_fd_open(AT_FDCWD, dirname(folder), O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0) kmi_abandoned_remove(fd, is_temporary, basename(base));
    kmi_install_record_sweep();
}

/* What the file was before us: as the record says if nobody else touched it since, else as it is now without us. */
static km_status note_before(const kmi_install_plan *plan, const kmi_install_file *file, unsigned made_folders,
                             km_error *error) {
    kmi_install_record record;
    km_status status = kmi_install_record_read(file->path, plan->arena, &record, error);
    if (status != KM_OK) return status;
    kmi_slice digest = kmi_install_digest(file->before, plan->arena);
    bool is_current = record.is_found && kmi_slice_equal(digest, record.after);
    if (!is_current) {
        kmi_install_record old = record;
        record = (kmi_install_record){.existed = file->exists, .made_folders = made_folders, .before = file->before};
        if (file->exists && file->format != KMI_INSTALL_OWN_FILE) {
            status = kmi_install_strip(&plan->where, file->path, file->before, plan->arena, &record.before, error);
            if (status == KM_OK) status = mend(plan, file->path, &old, &record.before, error);
        }
        if (status != KM_OK) return status;
    }
    record.after = kmi_install_digest(file->after, plan->arena);
    return kmi_install_record_write(file->path, &record, plan->arena, error);
}

static km_status remove_file(const kmi_install_plan *plan, const kmi_install_file *file, km_error *error) {
    kmi_install_record record;
    km_status status = kmi_install_record_read(file->path, plan->arena, &record, error);
    if (status == KM_OK) status = check_unchanged(file, error);
    if (status == KM_OK && unlink(file->path) != 0 && errno != ENOENT)
        status = kmi_fail_errno(error, errno, "cannot remove \"%s\"", file->path);
    if (status == KM_OK) remove_folders(file->path, record.is_found ? record.made_folders : 0);
    return status;
}

km_status kmi_install_apply(const kmi_install_plan *plan, const kmi_install_file *file, bool remove, km_error *error) {
    unsigned made_folders = 0;
    km_status status = KM_OK;
    if (remove) {
        status = file->is_removed ? remove_file(plan, file, error) : write_file(plan, file, error);
        if (status == KM_OK) kmi_install_record_remove(file->path, plan->arena);
        return status;
    }
    status = make_folders(file->path, &made_folders, error);
    if (status == KM_OK) status = note_before(plan, file, made_folders, error);
    return status == KM_OK ? write_file(plan, file, error) : status;
}
