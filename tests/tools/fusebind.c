/* fusebind.c - another directory under a FUSE mount, with a slow or a lockless disk.
 *
 * Flushes queue up one behind the other, as they do at a device, and other calls go on meanwhile; a program that merely slept
 * in each process would let them overlap. Flushes are counted into a file. */
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static int root_fd; /* what is shown */
static int count_fd;
static long flush_delay_us;
static long flushes;
static pthread_mutex_t device = PTHREAD_MUTEX_INITIALIZER;

static const char *below(const char *path) {
    return path[1] == '\0' ? "." : path + 1;
}

static int outcome(int result) {
    return result < 0 ? -errno : result;
}

static int get_attributes(const char *path, struct stat *info, struct fuse_file_info *file) {
    return outcome(file != NULL ? fstat((int)file->fh, info)
                                : fstatat(root_fd, below(path), info, AT_SYMLINK_NOFOLLOW));
}

static int read_directory(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                          struct fuse_file_info *file, enum fuse_readdir_flags flags) {
    (void)offset, (void)file, (void)flags;
    int fd = openat(root_fd, below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) return -errno;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) fill(buffer, entry->d_name, NULL, 0, 0);
    closedir(dir);
    return 0;
}

static int open_file(const char *path, struct fuse_file_info *file) {
    int fd = openat(root_fd, below(path), (file->flags & ~O_NOFOLLOW) | O_CLOEXEC);
    file->fh = (uint64_t)fd;
    return fd < 0 ? -errno : 0;
}

static int create_file(const char *path, mode_t mode, struct fuse_file_info *file) {
    int fd = openat(root_fd, below(path), file->flags | O_CREAT | O_CLOEXEC, mode);
    file->fh = (uint64_t)fd;
    return fd < 0 ? -errno : 0;
}

static int read_file(const char *path, char *bytes, size_t len, off_t offset, struct fuse_file_info *file) {
    (void)path;
    return outcome((int)pread((int)file->fh, bytes, len, offset));
}

static int write_file(const char *path, const char *bytes, size_t len, off_t offset, struct fuse_file_info *file) {
    (void)path;
    return outcome((int)pwrite((int)file->fh, bytes, len, offset));
}

static int flush_to_disk(const char *path, int data_only, struct fuse_file_info *file) {
    (void)path, (void)data_only, (void)file;
    char text[32];
    struct timespec pause = {flush_delay_us / 1000000, flush_delay_us % 1000000 * 1000};
    pthread_mutex_lock(&device);
    nanosleep(&pause, NULL);
    int len = snprintf(text, sizeof text, "%ld\n", ++flushes);
    bool is_counted = pwrite(count_fd, text, (size_t)len, 0) == len;
    pthread_mutex_unlock(&device);
    return is_counted ? 0 : -EIO;
}

static int release(const char *path, struct fuse_file_info *file) {
    (void)path;
    return outcome(close((int)file->fh));
}

static int change_size(const char *path, off_t size, struct fuse_file_info *file) {
    if (file != NULL) return outcome(ftruncate((int)file->fh, size));
    int fd = openat(root_fd, below(path), O_WRONLY | O_CLOEXEC);
    int result = fd < 0 ? -1 : ftruncate(fd, size);
    int failure = errno;
    if (fd >= 0) close(fd);
    return result < 0 ? -failure : 0;
}

static int remove_file(const char *path) {
    return outcome(unlinkat(root_fd, below(path), 0));
}

static int remove_directory(const char *path) {
    return outcome(unlinkat(root_fd, below(path), AT_REMOVEDIR));
}

static int rename_file(const char *from, const char *to, unsigned flags) {
    return outcome(renameat2(root_fd, below(from), root_fd, below(to), flags));
}

static int make_directory(const char *path, mode_t mode) {
    return outcome(mkdirat(root_fd, below(path), mode));
}

static int change_mode(const char *path, mode_t mode, struct fuse_file_info *file) {
    (void)file;
    return outcome(fchmodat(root_fd, below(path), mode, 0));
}

static int change_times(const char *path, const struct timespec times[2], struct fuse_file_info *file) {
    (void)file;
    return outcome(utimensat(root_fd, below(path), times, AT_SYMLINK_NOFOLLOW));
}

static int tell_space(const char *path, struct statvfs *space) {
    (void)path;
    return outcome(fstatvfs(root_fd, space));
}

/* Open file descriptions of callers are unknown here: who wants locks gets the kernel's own. */
static int refuse_lock(const char *path, struct fuse_file_info *file, int command, struct flock *lock) {
    (void)path, (void)file, (void)command, (void)lock;
    return -ENOLCK;
}

static void *start(struct fuse_conn_info *connection, struct fuse_config *config) {
    (void)connection;
    config->use_ino = 1;
    config->entry_timeout = config->attr_timeout = config->negative_timeout = 0; /* link counts must be true */
    config->nullpath_ok = 0;
    config->hard_remove = 1;
    return NULL;
}

int main(int argc, char *argv[]) {
    if (argc != 6) {
        fprintf(stderr, "usage: fusebind DIRECTORY MOUNT_POINT FLUSH_DELAY_US COUNT_FILE locks|no-locks\n");
        return 125;
    }
    root_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    count_fd = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    flush_delay_us = strtol(argv[3], NULL, 10);
    bool has_locks = strcmp(argv[5], "locks") == 0;
    if (root_fd < 0 || count_fd < 0) {
        perror("fusebind");
        return 125;
    }
    struct fuse_operations operations = {
        .init = start,
        .getattr = get_attributes,
        .readdir = read_directory,
        .open = open_file,
        .create = create_file,
        .read = read_file,
        .write = write_file,
        .fsync = flush_to_disk,
        .fsyncdir = flush_to_disk,
        .release = release,
        .truncate = change_size,
        .unlink = remove_file,
        .rmdir = remove_directory,
        .rename = rename_file,
        .mkdir = make_directory,
        .chmod = change_mode,
        .utimens = change_times,
        .statfs = tell_space,
        .lock = has_locks ? NULL : refuse_lock,
    };
    umask(0);
    char *words[] = {argv[0], argv[2], "-f", NULL};
    return fuse_main(3, words, &operations, NULL);
}
