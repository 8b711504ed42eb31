/* File operations that fail when it is their turn: those of the library by the linker, those of SQLite by a file layer before the
 * real one. Closing and unlocking always work, as they do in life; so does removing, of which nothing depends. */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The linker's names, those for 64-bit offsets where there are two. NOLINTBEGIN */
int __real_openat64(int dir_fd, const char *name, int flags, ...);
ssize_t __real_read(int fd, void *bytes, size_t len);
ssize_t __real_pread64(int fd, void *bytes, size_t len, off_t offset);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __real_pwritev64(int fd, const struct iovec *parts, int count, off_t offset);
int __real_fdatasync(int fd);
int __real_fsync(int fd);
int __real_ftruncate64(int fd, off_t len);
int __real_rename(const char *from, const char *to);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __real_mkdirat(int fd, const char *name, mode_t mode);
void *__real_mmap64(void *at, size_t len, int protection, int flags, int fd, off_t offset);

int __wrap_openat64(int dir_fd, const char *name, int flags, ...);
ssize_t __wrap_read(int fd, void *bytes, size_t len);
ssize_t __wrap_pread64(int fd, void *bytes, size_t len, off_t offset);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_pwritev64(int fd, const struct iovec *parts, int count, off_t offset);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);
int __wrap_ftruncate64(int fd, off_t len);
int __wrap_rename(const char *from, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __wrap_mkdirat(int fd, const char *name, mode_t mode);
void *__wrap_mmap64(void *at, size_t len, int protection, int flags, int fd, off_t offset);

static bool must_fail(void) {
    if (!faults_due(FAULT_FILES)) return false;
    errno = faults_errno();
    return true;
}

int __wrap_openat64(int dir_fd, const char *name, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return must_fail() ? -1 : __real_openat64(dir_fd, name, flags, mode);
}

ssize_t __wrap_read(int fd, void *bytes, size_t len) {
    return must_fail() ? -1 : __real_read(fd, bytes, len);
}

ssize_t __wrap_pread64(int fd, void *bytes, size_t len, off_t offset) {
    return must_fail() ? -1 : __real_pread64(fd, bytes, len, offset);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len) {
    return must_fail() ? -1 : __real_write(fd, bytes, len);
}

/* Half of what it should have written stands in the file before it fails, as on a disk that fills up. */
ssize_t __wrap_pwritev64(int fd, const struct iovec *parts, int count, off_t offset) {
    if (!must_fail()) return __real_pwritev64(fd, parts, count, offset);
    int saved_errno = errno;
    ssize_t half = pwrite(fd, parts[0].iov_base, parts[0].iov_len / 2, offset);
    (void)half;
    errno = saved_errno;
    return -1;
}

int __wrap_fdatasync(int fd) {
    return must_fail() ? -1 : __real_fdatasync(fd);
}

int __wrap_fsync(int fd) {
    return must_fail() ? -1 : __real_fsync(fd);
}

int __wrap_ftruncate64(int fd, off_t len) {
    return must_fail() ? -1 : __real_ftruncate64(fd, len);
}

int __wrap_rename(const char *from, const char *to) {
    return must_fail() ? -1 : __real_rename(from, to);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to) {
    return must_fail() ? -1 : __real_renameat(from_fd, from, to_fd, to);
}

int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
    return must_fail() ? -1 : __real_renameat2(from_fd, from, to_fd, to, flags);
}

int __wrap_mkdirat(int fd, const char *name, mode_t mode) {
    return must_fail() ? -1 : __real_mkdirat(fd, name, mode);
}

void *__wrap_mmap64(void *at, size_t len, int protection, int flags, int fd, off_t offset) {
    return must_fail() ? MAP_FAILED : __real_mmap64(at, len, protection, flags, fd, offset);
}
/* NOLINTEND */

/* ---- SQLite ---- */

static sqlite3_vfs *real_vfs;
static sqlite3_vfs failing_vfs;
static sqlite3_io_methods failing_methods;
static const sqlite3_io_methods *real_methods;

/* What SQLite says for a fault: the disk is full, or one of its kinds of input and output errors. */
static int code_of(int io_code) {
    return faults_errno() == ENOSPC ? SQLITE_FULL : io_code;
}

static int read_file(sqlite3_file *file, void *bytes, int len, sqlite3_int64 offset) {
    return must_fail() ? SQLITE_IOERR_READ : real_methods->xRead(file, bytes, len, offset);
}

static int write_file(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset) {
    if (!must_fail()) return real_methods->xWrite(file, bytes, len, offset);
    int torn = real_methods->xWrite(file, bytes, len / 2, offset);
    (void)torn;
    return code_of(SQLITE_IOERR_WRITE);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 len) {
    return must_fail() ? SQLITE_IOERR_TRUNCATE : real_methods->xTruncate(file, len);
}

static int sync_file(sqlite3_file *file, int flags) {
    return must_fail() ? SQLITE_IOERR_FSYNC : real_methods->xSync(file, flags);
}

static int size_file(sqlite3_file *file, sqlite3_int64 *ret_len) {
    return must_fail() ? SQLITE_IOERR_FSTAT : real_methods->xFileSize(file, ret_len);
}

static int lock_file(sqlite3_file *file, int level) {
    return must_fail() ? SQLITE_IOERR_LOCK : real_methods->xLock(file, level);
}

static int map_shared(sqlite3_file *file, int region, int len, int extend, void volatile **ret_bytes) {
    return must_fail() ? code_of(SQLITE_IOERR_SHMMAP) : real_methods->xShmMap(file, region, len, extend, ret_bytes);
}

static int lock_shared(sqlite3_file *file, int offset, int count, int flags) {
    if ((flags & SQLITE_SHM_UNLOCK) == 0 && must_fail()) return SQLITE_IOERR_SHMLOCK;
    return real_methods->xShmLock(file, offset, count, flags);
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags) {
    (void)vfs;
    file->pMethods = NULL;
    if (must_fail()) return code_of(SQLITE_CANTOPEN);
    int code = real_vfs->xOpen(real_vfs, name, file, flags, ret_flags);
    if (code != SQLITE_OK || file->pMethods == NULL || file->pMethods->iVersion < 2) return code;
    if (real_methods == NULL) {
        real_methods = file->pMethods;
        failing_methods = *real_methods;
        failing_methods.xRead = read_file;
        failing_methods.xWrite = write_file;
        failing_methods.xTruncate = truncate_file;
        failing_methods.xSync = sync_file;
        failing_methods.xFileSize = size_file;
        failing_methods.xLock = lock_file;
        failing_methods.xShmMap = map_shared;
        failing_methods.xShmLock = lock_shared;
    }
    if (file->pMethods == real_methods) file->pMethods = &failing_methods;
    return code;
}

void faults_install_files(void) {
    if (sqlite3_initialize() != SQLITE_OK) abort();
    real_vfs = sqlite3_vfs_find(NULL);
    failing_vfs = *real_vfs;
    failing_vfs.zName = "failing";
    failing_vfs.xOpen = open_file;
    if (sqlite3_vfs_register(&failing_vfs, 1) != SQLITE_OK) abort();
}
