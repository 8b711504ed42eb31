/* lock.c - byte locks of open file descriptions.
 *
 * F_OFD_SETLK instead of flock(): one file gives many independent locks. Instead of F_SETLK: closing another descriptor
 * of the same file in this process does not drop them, and threads exclude each other. Instead of F_OFD_SETLKW: a
 * blocking wait has no limit. */
#include "util/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "util/clock.h"
#include "util/error.h"

#define FIRST_PAUSE_US INT64_C(50)
#define LONGEST_PAUSE_US INT64_C(2000)
#define LONGEST_WAIT_MS (INT64_MAX / 4000)

static struct flock one_byte(short type, off_t byte) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
}

/* Returns: 0 or the errno. Neither command blocks, so EINTR cannot repeat without end. */
static int control_lock(int fd, int command, struct flock *lock) {
    while (fcntl(fd, command, lock) < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

km_status kmi_lock_try(int fd, off_t byte, km_error *error) {
    struct flock lock = one_byte(F_WRLCK, byte);
    int failure = control_lock(fd, F_OFD_SETLK, &lock);
    if (failure == 0) {
        return KM_OK;
    }
    if (failure == EAGAIN || failure == EACCES) {
        return KM_E_BUSY;
    }
    return kmi_fail_errno(error, failure, "cannot lock byte %lld (does the file system support locks?)",
                          (long long)byte);
}

km_status kmi_lock_wait(int fd, off_t byte, int64_t timeout_ms, km_error *error) {
    int64_t limit_ms = timeout_ms < 0 ? 0 : timeout_ms < LONGEST_WAIT_MS ? timeout_ms : LONGEST_WAIT_MS;
    int64_t deadline_us = 0; /* the clock is read only when the first try fails */
    int64_t pause_us = FIRST_PAUSE_US;
    for (;;) {
        km_status status = kmi_lock_try(fd, byte, error);
        if (status != KM_E_BUSY) {
            return status;
        }
        int64_t now_us = kmi_clock_monotonic_us();
        if (deadline_us == 0) {
            deadline_us = now_us + limit_ms * 1000;
        }
        if (now_us >= deadline_us) {
            return kmi_fail(error, KM_E_BUSY, "another process still holds the lock after %lld ms: try again",
                            (long long)limit_ms);
        }
        int64_t rest_us = deadline_us - now_us;
        int64_t sleep_us = pause_us < rest_us ? pause_us : rest_us;
        struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)(sleep_us * 1000)};
        (void)nanosleep(&pause, NULL); /* a signal only makes the next try come sooner */
        pause_us = pause_us * 2 < LONGEST_PAUSE_US ? pause_us * 2 : LONGEST_PAUSE_US;
    }
}

void kmi_lock_release(int fd, off_t byte) {
    struct flock lock = one_byte(F_UNLCK, byte);
    /* Unlocking what is open cannot fail; what is closed is unlocked already. */
    (void)control_lock(fd, F_OFD_SETLK, &lock);
}

km_status kmi_lock_probe(int fd, off_t byte, bool *ret_is_held, km_error *error) {
    struct flock lock = one_byte(F_WRLCK, byte);
    int failure = control_lock(fd, F_OFD_GETLK, &lock);
    if (failure != 0) {
        *ret_is_held = true;
        return kmi_fail_errno(error, failure, "cannot ask for the lock of byte %lld", (long long)byte);
    }
    *ret_is_held = lock.l_type != F_UNLCK;
    return KM_OK;
}

/* ---- Locks of processes ---- */

#define LOCKS_MAX 100000

typedef struct wanted_lock {
    unsigned long major, minor, inode;
    off_t first, last;
} wanted_lock;

/* A line of /proc/locks: "1: POSIX  ADVISORY  WRITE 1234 08:01:131073 1073741824 1073742335", the last may be "EOF". A waiting one
 * has "->" behind its number. Returns: the process, or 0. */
static int64_t parse_lock(const char *line, const wanted_lock *wanted) {
    unsigned long major = 0, minor = 0, inode = 0;
    long long first = 0, last = INT64_MAX;
    int64_t pid = 0;
    int count = sscanf(line, "%*u: POSIX %*s WRITE %" SCNd64 " %lx:%lx:%lu %lld %lld", &pid, &major, &minor, &inode,
                       &first, &last);
    bool is_file = count >= 5 && major == wanted->major && minor == wanted->minor && inode == wanted->inode;
    return is_file && first <= wanted->last && last >= wanted->first && pid > 0 ? pid : 0;
}

int64_t kmi_lock_find_process(int dir_fd, const char *name, off_t first, off_t last) {
    struct stat info;
    char line[256];
    int64_t pid = 0;
    if (fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    const wanted_lock wanted = {major(info.st_dev), minor(info.st_dev), info.st_ino, first, last};
    FILE *file = fopen("/proc/locks", "re");
    if (file == NULL) return 0;
    for (int i = 0; i < LOCKS_MAX && pid == 0 && fgets(line, sizeof line, file) != NULL; i++)
        pid = parse_lock(line, &wanted);
    fclose(file);
    return pid;
}
