/* file.c - opening, making and replacing files without trusting the directory they are in.
 *
 * A project directory may come from a stranger's repository or lie in a shared place. So nothing is opened through a
 * symbolic link, nothing that is no regular file, nothing with a second name, nothing that belongs to someone else;
 * and O_TRUNC waits until these checks have passed. Reading and writing is in file_io.c. */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/uuid.h"

#define FILE_MODE 0600
#define DIR_MODE 0700
#define PERMISSION_BITS 0777
#define SAFE_FLAGS (O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
/* A file that comes and goes between two calls, this often in a row, is someone's attack or defect. */
#define OPEN_TRIES 16

int kmi_fd_open(int dir_fd, const char *name, int flags, mode_t mode) {
    int fd = -1;
    do {
        fd = openat(dir_fd, name, flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0 || fd > STDERR_FILENO) return fd;
    int lifted = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    kmi_fd_close(&fd);
    return lifted;
}

/* True for a file of ours. The start-up user from the auxiliary vector answers without a system call; the real question
 * is asked only when that one does not own the file. */
static bool is_owned_by_us(uid_t owner) {
    if (owner == (uid_t)getauxval(AT_EUID)) {
        return true;
    }
    uid_t user = geteuid();
    return user == owner || user == 0;
}

bool kmi_file_is_ours(const struct stat *info) {
    return S_ISREG(info->st_mode) && info->st_nlink == 1 && is_owned_by_us(info->st_uid);
}

static km_status fail_open(const char *name, int failure, km_error *error) {
    switch (failure) {
    case ELOOP:
        kmi_fail(error, KM_E_PERMISSION, "\"%s\" is a symbolic link: replace it by the file itself", name);
        break;
    case EISDIR:
    case ENXIO:
    case ENODEV:
        kmi_fail(error, KM_E_PERMISSION, "\"%s\" is not a regular file: move it away", name);
        break;
    default:
        return kmi_fail_errno(error, failure, "cannot open \"%s\"", name);
    }
    if (error != NULL) {
        error->os_errno = failure;
    }
    return KM_E_PERMISSION;
}

/* Opens without creating; with O_CREAT a missing file is created, and only its creator gets *ret_created. */
static int open_or_create(int dir_fd, const char *name, int flags, bool *ret_created) {
    int plain_flags = (flags & ~(O_CREAT | O_EXCL | O_TRUNC)) | SAFE_FLAGS;
    int fd = -1;
    *ret_created = false;
    if ((flags & O_EXCL) == 0) {
        fd = kmi_fd_open(dir_fd, name, plain_flags, 0);
    }
    bool may_create = (flags & O_CREAT) != 0 && (errno == ENOENT || (flags & O_EXCL) != 0);
    if (fd < 0 && may_create) {
        fd = kmi_fd_open(dir_fd, name, plain_flags | O_CREAT | O_EXCL, FILE_MODE);
        *ret_created = fd >= 0;
    }
    return fd;
}

/* Checks what was opened. Returns KM_E_NOT_FOUND, without filling *error, for a file that lost its name meanwhile. */
static km_status check_opened(const char *name, const struct stat *info, km_error *error) {
    if (!S_ISREG(info->st_mode)) {
        return kmi_fail(error, KM_E_PERMISSION, "\"%s\" is not a regular file: move it away", name);
    }
    if (!is_owned_by_us(info->st_uid)) {
        return kmi_fail(error, KM_E_PERMISSION, "\"%s\" belongs to user %lu: change its owner or move it away", name,
                        (unsigned long)info->st_uid);
    }
    if (info->st_nlink == 0) {
        return KM_E_NOT_FOUND;
    }
    if (info->st_nlink > 1) {
        return kmi_fail(error, KM_E_PERMISSION, "\"%s\" has %lu hard links: copy it, so that it has one name only",
                        name, (unsigned long)info->st_nlink);
    }
    return KM_OK;
}

/* Gives a new file its mode, if the umask or an access control list took something away, and empties an old one. */
static km_status finish_open(int fd, const char *name, int flags, bool is_created, const struct stat *info,
                             km_error *error) {
    if (is_created && (info->st_mode & PERMISSION_BITS) != FILE_MODE && fchmod(fd, FILE_MODE) < 0) {
        return kmi_fail_errno(error, errno, "cannot set the mode of \"%s\"", name);
    }
    if ((flags & O_TRUNC) != 0 && info->st_size > 0 && ftruncate(fd, 0) < 0) {
        return kmi_fail_errno(error, errno, "cannot empty \"%s\"", name);
    }
    return KM_OK;
}

km_status kmi_file_open(int dir_fd, const char *name, int flags, int *ret_fd, km_error *error) {
    for (int i = 0; i < OPEN_TRIES; i++) {
        bool is_created = false;
        KMI_CLEANUP_FD int fd = open_or_create(dir_fd, name, flags, &is_created);
        if (fd < 0) {
            bool was_created_meanwhile = errno == EEXIST && (flags & O_EXCL) == 0;
            if (was_created_meanwhile) {
                continue;
            }
            return fail_open(name, errno, error);
        }
        struct stat info;
        if (fstat(fd, &info) < 0) {
            int failure = errno;
            if (is_created) unlinkat(dir_fd, name, 0); /* nothing is left on failure */
            return kmi_fail_errno(error, failure, "cannot examine \"%s\"", name);
        }
        km_status status = check_opened(name, &info, error);
        if (status == KM_E_NOT_FOUND) {
            continue; /* removed between open and fstat: the next try finds what is there now */
        }
        if (status == KM_OK) {
            status = finish_open(fd, name, flags, is_created, &info, error);
            if (status != KM_OK && is_created) unlinkat(dir_fd, name, 0);
        }
        if (status == KM_OK) {
            *ret_fd = fd;
            fd = -1;
        }
        return status;
    }
    return kmi_fail(error, KM_E_BUSY, "\"%s\" is removed and created again all the time: try again", name);
}

km_status kmi_dir_open(int dir_fd, const char *name, int *ret_fd, km_error *error) {
    int fd = kmi_fd_open(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd >= 0) {
        *ret_fd = fd;
        return KM_OK;
    }
    int failure = errno;
    struct stat info;
    /* With O_DIRECTORY a symbolic link is ENOTDIR too. */
    bool is_link = (failure == ELOOP || failure == ENOTDIR) && fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                   S_ISLNK(info.st_mode);
    if (is_link) {
        return kmi_fail(error, KM_E_PERMISSION, "\"%s\" is a symbolic link: replace it by the directory itself", name);
    }
    return kmi_fail_errno(error, failure, "cannot open directory \"%s\"", name);
}

km_status kmi_dir_open_own(int dir_fd, const char *name, int *ret_fd, km_error *error) {
    KMI_CLEANUP_FD int fd = -1;
    struct stat info;
    km_status status = kmi_dir_open(dir_fd, name, &fd, error);
    if (status != KM_OK) return status;
    if (fstat(fd, &info) != 0) return kmi_fail_errno(error, errno, "cannot examine directory \"%s\"", name);
    if (!is_owned_by_us(info.st_uid))
        return kmi_fail(error, KM_E_PERMISSION, "directory \"%s\" belongs to user %lu: nothing is made in it", name,
                        (unsigned long)info.st_uid);
    *ret_fd = fd;
    fd = -1;
    return KM_OK;
}

km_status kmi_dir_make(int dir_fd, const char *name, bool *ret_created, km_error *error) {
    bool is_created = mkdirat(dir_fd, name, DIR_MODE) == 0;
    if (!is_created && errno != EEXIST) {
        return kmi_fail_errno(error, errno, "cannot create directory \"%s\"", name);
    }
    struct stat info;
    if (fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0) {
        return kmi_fail_errno(error, errno, "cannot examine directory \"%s\"", name);
    }
    if (!S_ISDIR(info.st_mode)) {
        return kmi_fail(error, KM_E_PERMISSION, "\"%s\" is not a directory: move it away", name);
    }
    bool is_odd = is_created && (info.st_mode & PERMISSION_BITS) != DIR_MODE && is_owned_by_us(info.st_uid);
    if (is_odd && fchmodat(dir_fd, name, DIR_MODE, 0) < 0) {
        return kmi_fail_errno(error, errno, "cannot set the mode of directory \"%s\"", name);
    }
    if (ret_created != NULL) {
        *ret_created = is_created;
    }
    return KM_OK;
}

/* ---- Replacing a file ---- */

typedef struct replacement {
    int dir_fd; /* directory of the file itself: a name may carry a path */
    bool owns_dir_fd;
    const char *base;
    char temporary[128]; /* name in dir_fd; empty: nothing to remove */
} replacement;

static void end_replacement(replacement *work) {
    if (work->temporary[0] != '\0') {
        (void)unlinkat(work->dir_fd, work->temporary, 0);
    }
    if (work->owns_dir_fd) {
        kmi_fd_close(&work->dir_fd);
    }
}

/* Finds directory and last part of the name, and makes up a temporary name that no one can guess. */
static km_status begin_replacement(int dir_fd, const char *name, replacement *work, km_error *error) {
    const char *slash = strrchr(name, '/');
    work->base = slash != NULL ? slash + 1 : name;
    work->dir_fd = dir_fd;
    if (slash != NULL || dir_fd == AT_FDCWD) {
        char path[4096] = ".";
        size_t len = slash == NULL ? 1 : slash == name ? 1 : (size_t)(slash - name);
        if (len >= sizeof path) {
            return kmi_fail_errno(error, ENAMETOOLONG, "cannot open the directory of \"%s\"", name);
        }
        if (slash != NULL) {
            memcpy(path, name, len);
            path[len] = '\0';
        }
        work->dir_fd = kmi_fd_open(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (work->dir_fd < 0) {
            return kmi_fail_errno(error, errno, "cannot open the directory of \"%s\"", name);
        }
        work->owns_dir_fd = true;
    }
    kmi_uuid unique;
    char unique_text[KMI_UUID_TEXT_SIZE];
    km_status status = kmi_uuid_make(&unique, error);
    if (status != KM_OK) {
        return status;
    }
    snprintf(work->temporary, sizeof work->temporary, ".%.72s.%s.tmp", work->base,
             kmi_uuid_format(&unique, unique_text));
    return KM_OK;
}

km_status kmi_file_replace(int dir_fd, const char *name, kmi_slice content, km_error *error) {
    __attribute__((cleanup(end_replacement))) replacement work = {.dir_fd = -1};
    km_status status = begin_replacement(dir_fd, name, &work, error);
    if (status != KM_OK) {
        return status;
    }
    KMI_CLEANUP_FD int fd = -1;
    status = kmi_file_open(work.dir_fd, work.temporary, O_WRONLY | O_CREAT | O_EXCL, &fd, error);
    if (status != KM_OK) {
        work.temporary[0] = '\0';
        return kmi_fail_context(error, status, "replacing \"%s\"", name);
    }
    status = kmi_file_write_at(fd, name, 0, content.ptr, content.len, error);
    if (status != KM_OK) {
        return status;
    }
    if (fsync(fd) < 0) {
        return kmi_fail_errno(error, errno, "cannot write \"%s\" to the disk", name);
    }
    if (renameat(work.dir_fd, work.temporary, work.dir_fd, work.base) < 0) {
        return kmi_fail_errno(error, errno, "cannot replace \"%s\"", name);
    }
    work.temporary[0] = '\0';
    return kmi_dir_sync(work.dir_fd, name, error);
}

/* ---- Descriptors ---- */

void kmi_fd_close(int *fd) {
    if (*fd >= 0) {
        int saved_errno = errno;
        /* Never repeated after EINTR: on Linux the number is free already and may belong to another thread. */
        (void)close(*fd);
        errno = saved_errno;
        *fd = -1;
    }
}
