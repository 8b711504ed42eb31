/* log.c - worker.log.
 *
 * One line is one write() to a file opened for appending, so lines of two processes never mix. The size is counted here
 * and checked against the file only when the limit seems reached: another process may have rotated the log meanwhile,
 * and then its new file is used instead of being renamed away. */
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

#define LINE_BYTES ((size_t)8 * 1024)
/* A longer value is cut, so that one long message does not push out the pairs behind it. */
#define VALUE_BYTES ((size_t)1000)

struct kmi_log {
    pthread_mutex_t mutex;
    int dir_fd;
    int fd; /* -1 after a rotation that could not open the new file */
    char *name;
    size_t limit_bytes;
    size_t size_bytes;
    kmi_log_level least;
};

/* Opens or reopens the file and takes over its size. */
static km_status open_file(kmi_log *log, km_error *error) {
    int fd = -1;
    km_status status = kmi_file_open(log->dir_fd, log->name, O_WRONLY | O_APPEND | O_CREAT, &fd, error);
    if (status != KM_OK) {
        return status;
    }
    struct stat info;
    if (fstat(fd, &info) < 0) {
        status = kmi_fail_errno(error, errno, "cannot examine \"%s\"", log->name);
        kmi_fd_close(&fd);
        return status;
    }
    kmi_fd_close(&log->fd);
    log->fd = fd;
    log->size_bytes = (size_t)info.st_size;
    return KM_OK;
}

km_status kmi_log_open(int dir_fd, const char *name, size_t limit_bytes, kmi_log_level least, kmi_log **ret_log,
                       km_error *error) {
    kmi_log *log = calloc(1, sizeof *log);
    char *name_copy = strdup(name);
    if (log == NULL || name_copy == NULL) {
        free(log);
        free(name_copy);
        return kmi_fail(error, KM_E_NOMEM, "out of memory while opening \"%s\"", name);
    }
    *log = (kmi_log){.dir_fd = dir_fd, .fd = -1, .name = name_copy, .limit_bytes = limit_bytes, .least = least};
    (void)pthread_mutex_init(&log->mutex, NULL); /* cannot fail with default attributes on Linux */
    km_status status = KM_OK;
    if (dir_fd != AT_FDCWD) {
        log->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
        if (log->dir_fd < 0) {
            status = kmi_fail_errno(error, errno, "cannot keep the directory of \"%s\" open", name);
        }
    }
    if (status == KM_OK) {
        status = open_file(log, error);
    }
    if (status != KM_OK) {
        kmi_log_free(log);
        return status;
    }
    *ret_log = log;
    return KM_OK;
}

void kmi_log_free(kmi_log *log) {
    if (log == NULL) {
        return;
    }
    kmi_fd_close(&log->fd);
    kmi_fd_close(&log->dir_fd); /* AT_FDCWD is negative and stays */
    (void)pthread_mutex_destroy(&log->mutex);
    free(log->name);
    free(log);
}

/* Begins the file anew when `added` bytes more would pass the limit. */
static void rotate_if_full(kmi_log *log, size_t added) {
    if (log->fd >= 0 && (log->size_bytes == 0 || log->size_bytes + added <= log->limit_bytes)) {
        return;
    }
    struct stat ours = {0};
    struct stat named = {0};
    bool is_still_ours = log->fd >= 0 && fstat(log->fd, &ours) == 0 &&
                         fstatat(log->dir_fd, log->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                         ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
    if (is_still_ours) {
        char old_name[256];
        int len = snprintf(old_name, sizeof old_name, "%s.1", log->name);
        if (len < 0 || (size_t)len >= sizeof old_name || renameat(log->dir_fd, log->name, log->dir_fd, old_name) < 0) {
            return; /* goes on in the old file: a log that is too long is better than none */
        }
    }
    (void)open_file(log, NULL);
}

const char *kmi_log_level_name(kmi_log_level level) {
    switch (level) {
    case KMI_LOG_DEBUG:
        return "debug";
    case KMI_LOG_INFO:
        return "info";
    case KMI_LOG_WARNING:
        return "warning";
    case KMI_LOG_ERROR:
        break;
    }
    return "error";
}

/* Adds one member, or nothing when it does not fit any more. */
static bool add_pair(kmi_buf *line, const char *key, const char *value) {
    size_t mark = line->len;
    kmi_buf_add_char(line, ',');
    kmi_buf_add_json_string(line, kmi_slice_from(key));
    kmi_buf_add_char(line, ':');
    if (value != NULL) {
        kmi_buf_add_json_string(line, kmi_slice_sub(kmi_slice_from(value), 0, VALUE_BYTES));
    } else {
        kmi_buf_add_text(line, "null");
    }
    if (kmi_buf_status(line) == KM_OK) {
        return true;
    }
    line->len = mark;
    line->status = KM_OK;
    return false;
}

void kmi_log_write(kmi_log *log, kmi_log_level level, const char *event, ...) {
    if (log == NULL || level < log->least) {
        return;
    }
    char storage[LINE_BYTES];
    char time_text[KMI_TIME_TEXT_SIZE];
    kmi_buf line;
    kmi_buf_init_fixed(&line, storage, sizeof storage - 2); /* "}\n" always fits */
    kmi_buf_add_format(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"pid\":%lld",
                       kmi_time_format(kmi_clock_now_us(), time_text), kmi_log_level_name(level), (long long)getpid());
    bool has_room = add_pair(&line, "event", event);
    va_list pairs;
    va_start(pairs, event);
    while (has_room) {
        const char *key = va_arg(pairs, const char *);
        if (key == NULL) {
            break;
        }
        has_room = add_pair(&line, key, va_arg(pairs, const char *));
    }
    va_end(pairs);
    storage[line.len] = '}';
    storage[line.len + 1] = '\n';
    size_t len = line.len + 2;

    pthread_mutex_lock(&log->mutex);
    rotate_if_full(log, len);
    ssize_t written = log->fd >= 0 ? write(log->fd, storage, len) : -1;
    if (written > 0) {
        log->size_bytes += (size_t)written;
    }
    pthread_mutex_unlock(&log->mutex);
}
