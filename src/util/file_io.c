/* file_io.c - whole reads and writes on open descriptors.
 *
 * The kernel may do less than asked and may be interrupted; callers want all or an error that names the file. A failed
 * sync is never repeated: Linux may have dropped the unwritten pages and would report success the next time. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

#define READ_CHUNK_BYTES ((size_t)32 * 1024)

/* Standard input of a program started by Node is often non-blocking. Waits until the descriptor is ready. */
static bool wait_until_ready(int fd, short events) {
    struct pollfd waiting = {.fd = fd, .events = events};
    return poll(&waiting, 1, -1) >= 0 || errno == EINTR;
}

/* read() that retries what is no failure. Returns: bytes read, 0 at the end, -1 with errno. */
static ssize_t read_some(int fd, void *bytes, size_t len) {
    for (;;) {
        ssize_t got = read(fd, bytes, len);
        if (got >= 0) {
            return got;
        }
        if (errno == EAGAIN && wait_until_ready(fd, POLLIN)) {
            continue;
        }
        if (errno != EINTR) {
            return -1;
        }
    }
}

static km_status check_room(const kmi_buf *buf, const char *name, km_error *error) {
    km_status status = kmi_buf_status(buf);
    if (status == KM_E_NOMEM) {
        return kmi_fail(error, status, "out of memory while reading \"%s\"", name);
    }
    if (status != KM_OK) {
        return kmi_fail(error, status, "\"%s\" is longer than the limit of %zu bytes", name, buf->limit);
    }
    return KM_OK;
}

km_status kmi_fd_read_all(int fd, const char *name, kmi_buf *buf, km_error *error) {
    char chunk[READ_CHUNK_BYTES];
    for (;;) {
        ssize_t got = read_some(fd, chunk, sizeof chunk);
        if (got < 0) {
            return kmi_fail_errno(error, errno, "cannot read \"%s\"", name);
        }
        if (got == 0) {
            return KM_OK;
        }
        kmi_buf_add(buf, chunk, (size_t)got);
        km_status status = check_room(buf, name, error);
        if (status != KM_OK) {
            return status;
        }
    }
}

km_status kmi_file_read(int dir_fd, const char *name, kmi_buf *buf, km_error *error) {
    KMI_CLEANUP_FD int fd = -1;
    km_status status = kmi_file_open(dir_fd, name, O_RDONLY, &fd, error);
    if (status != KM_OK) {
        return status;
    }
    return kmi_fd_read_all(fd, name, buf, error);
}

km_status kmi_file_read_unchecked(int dir_fd, const char *name, bool follow_links, kmi_buf *buf, km_error *error) {
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow_links ? 0 : O_NOFOLLOW);
    KMI_CLEANUP_FD int fd = kmi_fd_open(dir_fd, name, flags, 0);
    if (fd < 0 && errno == ELOOP && !follow_links) {
        return kmi_fail(error, KM_E_PERMISSION, "\"%s\" is a symbolic link: replace it by the file itself", name);
    }
    if (fd < 0) {
        return kmi_fail_errno(error, errno, "cannot open \"%s\"", name);
    }
    char chunk[READ_CHUNK_BYTES];
    ssize_t got = 0;
    do {
        got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno != EINTR) {
            return kmi_fail_errno(error, errno, "cannot read \"%s\"", name);
        }
        kmi_buf_add(buf, chunk, got > 0 ? (size_t)got : 0);
        km_status status = check_room(buf, name, error);
        if (status != KM_OK) {
            return status;
        }
        /* Less than asked is the end of a regular file: asking again for the zero would cost a system call. */
    } while (got < 0 || (size_t)got == sizeof chunk);
    return KM_OK;
}

km_status kmi_fd_write_all(int fd, const char *name, const void *bytes, size_t len, km_error *error) {
    const char *at = bytes;
    while (len > 0) {
        ssize_t written = write(fd, at, len);
        if (written < 0) {
            if (errno == EINTR || (errno == EAGAIN && wait_until_ready(fd, POLLOUT))) {
                continue;
            }
            return kmi_fail_errno(error, errno, "cannot write to %s", name);
        }
        at += written;
        len -= (size_t)written;
    }
    return KM_OK;
}

km_status kmi_file_write_at(int fd, const char *name, off_t offset, const void *bytes, size_t len, km_error *error) {
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
    return kmi_file_writev_at(fd, name, offset, &part, 1, error);
}

/* Moves the parts forward by what was written. */
static void skip_written(struct iovec **parts, int *part_count, size_t written) {
    while (*part_count > 0 && written >= (*parts)->iov_len) {
        written -= (*parts)->iov_len;
        (*parts)++;
        (*part_count)--;
    }
    if (*part_count > 0) {
        (*parts)->iov_base = (char *)(*parts)->iov_base + written;
        (*parts)->iov_len -= written;
    }
}

km_status kmi_file_writev_at(int fd, const char *name, off_t offset, struct iovec *parts, int part_count,
                             km_error *error) {
    skip_written(&parts, &part_count, 0);
    while (part_count > 0) {
        ssize_t written = pwritev(fd, parts, part_count < IOV_MAX ? part_count : IOV_MAX, offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return kmi_fail_errno(error, errno, "cannot write \"%s\"", name);
        }
        if (written == 0) {
            return kmi_fail_errno(error, EIO, "cannot write \"%s\"", name);
        }
        offset += written;
        skip_written(&parts, &part_count, (size_t)written);
    }
    return KM_OK;
}

km_status kmi_file_read_at(int fd, const char *name, off_t offset, void *bytes, size_t len, size_t *ret_len,
                           km_error *error) {
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd, (char *)bytes + done, len - done, offset + (off_t)done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return kmi_fail_errno(error, errno, "cannot read \"%s\"", name);
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    *ret_len = done;
    return KM_OK;
}

km_status kmi_file_sync_data(int fd, const char *name, km_error *error) {
    if (fdatasync(fd) < 0) {
        return kmi_fail_errno(error, errno, "cannot write \"%s\" to the disk", name);
    }
    return KM_OK;
}

km_status kmi_dir_sync(int dir_fd, const char *name, km_error *error) {
    /* File systems that cannot sync a directory say EINVAL; there is nothing more to be had from them. */
    if (fsync(dir_fd) < 0 && errno != EINVAL) {
        return kmi_fail_errno(error, errno, "cannot write the directory of \"%s\" to the disk", name);
    }
    return KM_OK;
}
