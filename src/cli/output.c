/* Streaming with an atomic end. The temporary file stands in the folder of the final one, because a rename works only
 * within one file system, and is synced before the rename, so that a power loss leaves the old file or the new one. */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"
#include "util/uuid.h"

#define WRITE_BYTES ((size_t)64 * 1024)
#define BUFFER_LIMIT_BYTES ((size_t)256 * 1024 * 1024) /* one piece may be long: a memory of a megabyte, escaped */
#define FILE_MODE 0600

/* Finds what the name stands for: a link is followed, so that the file behind it is replaced and not the link. */
static km_status resolve_path(kmi_output *output, const char *path, bool *ret_is_regular, km_error *error) {
    struct stat info;
    *ret_is_regular = true;
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) return kmi_fail(error, KM_E_INVALID, "\"%s\" is a folder: name a file", path);
        *ret_is_regular = S_ISREG(info.st_mode);
        if (realpath(path, output->path) == NULL) return kmi_fail_errno(error, errno, "cannot find \"%s\"", path);
        return KM_OK;
    }
    if (strlen(path) >= sizeof output->path) return kmi_fail(error, KM_E_INVALID, "the name of the file is too long");
    stpcpy(output->path, path);
    return KM_OK;
}

static km_status open_temporary(kmi_output *output, km_error *error) {
    kmi_uuid unique;
    char unique_text[KMI_UUID_TEXT_SIZE];
    km_status status = kmi_uuid_make(&unique, error);
    if (status != KM_OK) return status;
    kmi_uuid_format(&unique, unique_text);
    int len = snprintf(output->temporary_path, sizeof output->temporary_path, "%s.%s", output->path, unique_text);
    if (len < 0 || (size_t)len >= sizeof output->temporary_path) {
        output->temporary_path[0] = '\0';
        return kmi_fail(error, KM_E_INVALID, "the name of the file is too long");
    }
    output->fd = kmi_fd_open(AT_FDCWD, output->temporary_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
    if (output->fd < 0) {
        int failure = errno;
        output->temporary_path[0] = '\0';
        if (failure == ENOENT) {
            return kmi_fail(error, KM_E_IO, "cannot create \"%s\": there is no such folder", output->path);
        }
        return kmi_fail_errno(error, failure, "cannot create \"%s\"", output->path);
    }
    output->owns_fd = true;
    return KM_OK;
}

km_status kmi_output_open(kmi_output *output, const char *path, km_error *error) {
    *output = (kmi_output){.fd = STDOUT_FILENO, .name = "standard output"};
    kmi_buf_init(&output->buf, BUFFER_LIMIT_BYTES);
    if (path == NULL || strcmp(path, "-") == 0) return KM_OK;
    bool is_regular = true;
    km_status status = resolve_path(output, path, &is_regular, error);
    if (status != KM_OK) return status;
    output->name = output->path;
    if (is_regular) return open_temporary(output, error);
    output->fd = kmi_fd_open(AT_FDCWD, output->path, O_WRONLY | O_NOCTTY, 0);
    if (output->fd < 0) return kmi_fail_errno(error, errno, "cannot open \"%s\"", output->path);
    output->owns_fd = true;
    return KM_OK;
}

static km_status write_gathered(kmi_output *output, km_error *error) {
    if (kmi_buf_status(&output->buf) != KM_OK) {
        return kmi_fail(error, KM_E_NOMEM, "out of memory while writing \"%s\"", output->name);
    }
    if (output->buf.len == 0) return KM_OK;
    km_status status = kmi_fd_write_all(output->fd, output->name, output->buf.ptr, output->buf.len, error);
    kmi_buf_clear(&output->buf);
    return status;
}

km_status kmi_output_add(kmi_output *output, kmi_slice text, km_error *error) {
    kmi_buf_add_slice(&output->buf, text);
    return output->buf.len >= WRITE_BYTES || kmi_buf_status(&output->buf) != KM_OK ? write_gathered(output, error)
                                                                                   : KM_OK;
}

/* Syncs the folder, so that the new name survives a power loss. A folder that cannot be opened or synced is no reason to
 * fail: the file itself is complete. */
static void sync_folder(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    memcpy(folder, path, len);
    folder[len] = '\0';
    KMI_CLEANUP_FD int fd = kmi_fd_open(AT_FDCWD, len > 0 ? folder : ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0 && fsync(fd) != 0) return;
}

km_status kmi_output_commit(kmi_output *output, km_error *error) {
    km_status status = write_gathered(output, error);
    if (status != KM_OK || output->temporary_path[0] == '\0') return status;
    if (fsync(output->fd) != 0) return kmi_fail_errno(error, errno, "cannot write \"%s\"", output->path);
    if (rename(output->temporary_path, output->path) != 0) {
        return kmi_fail_errno(error, errno, "cannot create \"%s\"", output->path);
    }
    output->temporary_path[0] = '\0';
    sync_folder(output->path);
    return KM_OK;
}

void kmi_output_deinit(kmi_output *output) {
    if (output->owns_fd) kmi_fd_close(&output->fd);
    if (output->temporary_path[0] != '\0' && unlink(output->temporary_path) != 0) {
        output->temporary_path[0] = '\0'; /* gone already: nothing is left to remove */
    }
    kmi_buf_deinit(&output->buf);
}
