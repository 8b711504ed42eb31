/* record.c - names are made absolute through /proc, so the program may use directory descriptors as it likes. Writes into mapped
 * memory are not seen: SQLite's -shm and the page of the metrics, which no promise rests on. */
#include "record.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { VECTOR_LIMIT = 1024, BYTES_LIMIT = 64 << 20 };

static bool copy_from(pid_t tid, uint64_t address, void *bytes, size_t len) {
    struct iovec here = {bytes, len};
    struct iovec there = {(void *)(uintptr_t)address, len};
    return len == 0 || process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

static bool copy_text(pid_t tid, uint64_t address, char text[PATH_MAX]) {
    for (size_t len = 0; len < PATH_MAX; len++) {
        if (!copy_from(tid, address + len, text + len, 1)) return false;
        if (text[len] == '\0') return true;
    }
    return false;
}

static bool read_link(const char *link, char path[PATH_MAX]) {
    ssize_t len = readlink(link, path, PATH_MAX - 1);
    if (len < 0) return false;
    path[len] = '\0';
    return true;
}

static bool path_of_fd(pid_t tid, int fd, char path[PATH_MAX]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", tid, fd);
    return read_link(link, path);
}

static bool is_below(const recorder *r, const char *path) {
    size_t len = strlen(r->root);
    return strncmp(path, r->root, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* The path that a call names by directory descriptor and text; false when it is not below the root. */
static bool path_of_name(const recorder *r, pid_t tid, int dir_fd, uint64_t address, char path[PATH_MAX]) {
    char name[PATH_MAX], dir[PATH_MAX], link[64];
    if (!copy_text(tid, address, name)) return false;
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return is_below(r, path);
    }
    snprintf(link, sizeof link, "/proc/%d/cwd", tid);
    if (!(dir_fd == AT_FDCWD ? read_link(link, dir) : path_of_fd(tid, dir_fd, dir))) return false;
    int len = snprintf(path, PATH_MAX, "%s/%s", dir, name);
    return len > 0 && len < PATH_MAX && is_below(r, path);
}

static bool look_at_fd(pid_t tid, int fd, struct stat *info) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", tid, fd);
    return stat(link, info) == 0;
}

/* Where a write without an offset goes. */
static int64_t position_of(pid_t tid, int fd, const struct stat *info) {
    char path[64], line[128];
    long long position = 0;
    unsigned flags = 0;
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", tid, fd);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "pos:", 4) == 0) position = strtoll(line + 4, NULL, 10);
        if (strncmp(line, "flags:", 6) == 0) flags = (unsigned)strtoul(line + 6, NULL, 8);
    }
    if (file != NULL) fclose(file);
    return (flags & O_APPEND) ? (int64_t)info->st_size : (int64_t)position;
}

/* The bytes of a write, in memory to be freed; NULL when they cannot be read. */
static char *collect_bytes(pid_t tid, long call, const uint64_t a[6], size_t *ret_len) {
    struct iovec pieces[VECTOR_LIMIT] = {{(void *)(uintptr_t)a[1], a[2]}};
    size_t count = 1, len = 0;
    if (call == SYS_writev || call == SYS_pwritev || call == SYS_pwritev2) {
        count = a[2];
        if (count > VECTOR_LIMIT || !copy_from(tid, a[1], pieces, count * sizeof pieces[0])) return NULL;
    }
    for (size_t i = 0; i < count; i++) len += pieces[i].iov_len;
    char *bytes = len > BYTES_LIMIT ? NULL : malloc(len + 1);
    size_t at = 0;
    for (size_t i = 0; bytes != NULL && i < count; at += pieces[i++].iov_len) {
        if (copy_from(tid, (uint64_t)(uintptr_t)pieces[i].iov_base, bytes + at, pieces[i].iov_len)) continue;
        free(bytes);
        return NULL;
    }
    *ret_len = len;
    return bytes;
}

static long note_write(recorder *r, pid_t tid, long call, const uint64_t a[6]) {
    struct stat info;
    size_t len = 0;
    bool has_offset = call == SYS_pwrite64 || call == SYS_pwritev || call == SYS_pwritev2;
    if (!look_at_fd(tid, (int)a[0], &info) || !S_ISREG(info.st_mode)) return 0;
    char *bytes = collect_bytes(tid, call, a, &len);
    if (bytes == NULL) return 0;
    int64_t offset = has_offset ? (int64_t)a[3] : position_of(tid, (int)a[0], &info);
    fprintf(r->log, "W\t%ld\t%lu\t%lld\t%zu\n", ++r->next_id, (unsigned long)info.st_ino, (long long)offset, len);
    fwrite(bytes, 1, len, r->log);
    fputc('\n', r->log);
    free(bytes);
    return r->next_id;
}

static long note_sync(recorder *r, pid_t tid, int fd) {
    struct stat info;
    char path[PATH_MAX];
    if (!look_at_fd(tid, fd, &info) || !path_of_fd(tid, fd, path)) return 0;
    fprintf(r->log, "S\t%ld\t%lu\t%s\n", ++r->next_id, (unsigned long)info.st_ino, path);
    return r->next_id;
}

static long note_truncation(recorder *r, pid_t tid, int fd, int64_t length) {
    struct stat info;
    if (!look_at_fd(tid, fd, &info)) return 0;
    fprintf(r->log, "T\t%ld\t%lu\t%lld\n", ++r->next_id, (unsigned long)info.st_ino, (long long)length);
    return r->next_id;
}

static long note_name(recorder *r, pid_t tid, char kind, int dir_fd, uint64_t address) {
    char path[PATH_MAX];
    if (!path_of_name(r, tid, dir_fd, address, path)) return 0;
    fprintf(r->log, "%c\t%ld\t%s\n", kind, ++r->next_id, path);
    return r->next_id;
}

static long note_rename(recorder *r, pid_t tid, int from_fd, uint64_t from, int to_fd, uint64_t to, unsigned flags) {
    char old[PATH_MAX], new[PATH_MAX];
    if (!path_of_name(r, tid, from_fd, from, old) || !path_of_name(r, tid, to_fd, to, new)) return 0;
    fprintf(r->log, "R\t%ld\t%u\t%s\t%s\n", ++r->next_id, flags, old, new);
    return r->next_id;
}

long record_enter(recorder *r, pid_t tid, long call, const uint64_t a[6]) {
    switch (call) {
    case SYS_write:
    case SYS_writev:
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_pwritev2:
        return note_write(r, tid, call, a);
    case SYS_fsync:
    case SYS_fdatasync:
        return note_sync(r, tid, (int)a[0]);
    case SYS_ftruncate:
        return note_truncation(r, tid, (int)a[0], (int64_t)a[1]);
    case SYS_unlinkat:
        return note_name(r, tid, 'U', (int)a[0], a[1]);
    case SYS_mkdirat:
        return note_name(r, tid, 'M', (int)a[0], a[1]);
    case SYS_renameat:
        return note_rename(r, tid, (int)a[0], a[1], (int)a[2], a[3], 0);
    case SYS_renameat2:
        return note_rename(r, tid, (int)a[0], a[1], (int)a[2], a[3], (unsigned)a[4]);
#ifdef SYS_rename /* the older names, which not every machine has */
    case SYS_unlink:
    case SYS_rmdir:
        return note_name(r, tid, 'U', AT_FDCWD, a[0]);
    case SYS_mkdir:
        return note_name(r, tid, 'M', AT_FDCWD, a[0]);
    case SYS_rename:
        return note_rename(r, tid, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
#endif
    /* Nothing of the program uses them; were that to change, the states made from the record would be wrong without a word. */
    case SYS_fallocate:
    case SYS_copy_file_range:
    case SYS_linkat:
    case SYS_syncfs:
        fprintf(stderr, "faultrun: system call %ld is not recorded: teach record.c\n", call);
        exit(125);
    default:
        return 0;
    }
}

void record_leave(recorder *r, pid_t tid, pid_t tgid, long call, const uint64_t a[6], long id, int64_t result) {
    bool is_open = call == SYS_openat;
    uint64_t flags = a[2];
#ifdef SYS_open
    if (call == SYS_open) {
        is_open = true;
        flags = a[1];
    }
#endif
    if (id != 0) fprintf(r->log, "K\t%ld\t%lld\n", id, (long long)result);
    struct stat info;
    char path[PATH_MAX];
    if (is_open && result >= 0 && look_at_fd(tid, (int)result, &info) && path_of_fd(tid, (int)result, path) &&
        is_below(r, path))
        fprintf(r->log, "O\t%d\t%lu\t%lu\t%s\n", tgid, (unsigned long)info.st_ino, (unsigned long)flags, path);
}

void record_start(recorder *r, pid_t tgid) {
    char path[64];
    static char words[1 << 20];
    snprintf(path, sizeof path, "/proc/%d/cmdline", tgid);
    FILE *file = fopen(path, "re");
    size_t len = file == NULL ? 0 : fread(words, 1, sizeof words - 1, file);
    if (file != NULL) fclose(file);
    words[len] = '\0';
    fprintf(r->log, "E\t%d", tgid);
    for (size_t at = 0; at < len; at += strlen(words + at) + 1) fprintf(r->log, "\t%s", words + at);
    fputc('\n', r->log);
}

void record_end(recorder *r, pid_t tgid, int status) {
    fprintf(r->log, "X\t%d\t%d\n", tgid, status);
}
