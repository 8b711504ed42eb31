/* file.h - files the way this project needs them: never through a symbolic link, always close-on-exec, mode 0600
 * (directories 0700) whatever the umask, owned by us, whole reads and writes, names in messages.
 *
 * Every function retries EINTR and takes a directory descriptor plus a name, so that a renamed project stays one
 * project. `dir_fd` may be AT_FDCWD. */
#ifndef KMI_UTIL_FILE_H
#define KMI_UTIL_FILE_H

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "kuzu_memory.h"
#include "util/buf.h"

/* Opens a regular file (O_NOFOLLOW, O_CLOEXEC, O_NONBLOCK, O_NOCTTY added; mode 0600 if created, exactly, whatever the
 * umask). Anything but a regular file with one link owned by the effective user (or opened by root) is
 * KM_E_PERMISSION. KM_E_NOT_FOUND when absent. Cost: open and fstat, fchmod only when created. */
km_status kmi_file_open(int dir_fd, const char *name, int flags, int *ret_fd, km_error *error) KM_MUST_CHECK;
/* True for what kmi_file_open() would accept: for those who opened a file themselves. */
bool kmi_file_is_ours(const struct stat *info);
/* Opens a directory (O_DIRECTORY, O_NOFOLLOW). */
km_status kmi_dir_open(int dir_fd, const char *name, int *ret_fd, km_error *error) KM_MUST_CHECK;
/* The same for one that files are to be made in: it must belong to us (or we are root). */
km_status kmi_dir_open_own(int dir_fd, const char *name, int *ret_fd, km_error *error) KM_MUST_CHECK;
/* Makes a directory with mode 0700 whatever the umask; fine if it is there. ret_created may be NULL. */
km_status kmi_dir_make(int dir_fd, const char *name, bool *ret_created, km_error *error) KM_MUST_CHECK;

/* Reads a whole file into `buf` (its limit is the most that is read; a longer file is KM_E_INVALID). */
km_status kmi_file_read(int dir_fd, const char *name, kmi_buf *buf, km_error *error) KM_MUST_CHECK;
/* Reads a file with open, read and close only. Neither owner nor type is looked at, so the content must be treated as a
 * stranger's; a directory, a pipe or a device gives an error or no bytes, and never blocks. */
km_status kmi_file_read_unchecked(int dir_fd, const char *name, bool follow_links, kmi_buf *buf,
                                  km_error *error) KM_MUST_CHECK;
/* Reads an open descriptor (pipe, terminal, file) to its end, into `buf`. `name` is for messages. */
km_status kmi_fd_read_all(int fd, const char *name, kmi_buf *buf, km_error *error) KM_MUST_CHECK;
/* Replaces a file as a whole: temporary file, fsync, rename, fsync of the directory. Nothing is left on failure. */
km_status kmi_file_replace(int dir_fd, const char *name, kmi_slice content, km_error *error) KM_MUST_CHECK;

/* Writes everything at an offset, or fails: a short write is continued, and a failure may leave a part written. */
km_status kmi_file_write_at(int fd, const char *name, off_t offset, const void *bytes, size_t len,
                            km_error *error) KM_MUST_CHECK;
km_status kmi_file_writev_at(int fd, const char *name, off_t offset, struct iovec *parts, int part_count,
                             km_error *error) KM_MUST_CHECK;
/* Reads up to `len` bytes at an offset; *ret_len is smaller only at the end of the file. */
km_status kmi_file_read_at(int fd, const char *name, off_t offset, void *bytes, size_t len, size_t *ret_len,
                           km_error *error) KM_MUST_CHECK;
/* Writes everything to a descriptor (stdout): KM_E_IO with errno EPIPE when the reader is gone. */
km_status kmi_fd_write_all(int fd, const char *name, const void *bytes, size_t len, km_error *error) KM_MUST_CHECK;

km_status kmi_file_sync_data(int fd, const char *name, km_error *error) KM_MUST_CHECK; /* fdatasync; never retried */
km_status kmi_dir_sync(int dir_fd, const char *name, km_error *error) KM_MUST_CHECK;   /* fsync of a directory */

/* openat() with O_CLOEXEC that never returns 0, 1 or 2, even when the program was started with these closed: nobody's
 * message can end up in a file of ours. -1 and errno on failure. All files of this project are opened through it. */
int kmi_fd_open(int dir_fd, const char *name, int flags, mode_t mode);

void kmi_fd_close(int *fd); /* closes *fd unless negative, sets it to -1, keeps errno */
#define KMI_CLEANUP_FD __attribute__((cleanup(kmi_fd_close)))

#endif
