/* Opening the queue's directory and its lock file. Locks are bytes of one file that holds no data, so that deleting
 * whatever else is there never deletes a lock. */
#include "queue/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/error.h"
#include "util/file.h"

km_status kmi_queue_open(kmi_queue *queue, int memory_dir_fd, const char *path, bool create, km_error *error) {
    *queue = (kmi_queue){.dir_fd = -1, .lock_fd = -1, .path = path};
    if (create) {
        bool is_created = false;
        km_status status = kmi_dir_make(memory_dir_fd, "queue", &is_created, error);
        if (status == KM_OK && is_created) status = kmi_dir_sync(memory_dir_fd, path, error);
        if (status != KM_OK) return status;
    }
    return kmi_dir_open(memory_dir_fd, "queue", &queue->dir_fd, error);
}

void kmi_queue_deinit(kmi_queue *queue) {
    kmi_fd_close(&queue->lock_fd);
    kmi_fd_close(&queue->dir_fd);
}

km_status kmi_queue_open_lock(kmi_queue *queue, km_error *error) {
    if (queue->lock_fd >= 0) return KM_OK;
    /* Without the checks of kmi_file_open(): no byte of this file is ever read or written, and learn is counted in
     * system calls. */
    queue->lock_fd = kmi_fd_open(queue->dir_fd, "lock", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (queue->lock_fd >= 0) return KM_OK;
    if (errno != ENOENT) return kmi_fail_errno(error, errno, "cannot open \"%s/lock\"", queue->path);
    return kmi_file_open(queue->dir_fd, "lock", O_RDWR | O_CREAT, &queue->lock_fd, error);
}

bool kmi_queue_lock_is_current(const kmi_queue *queue) {
    struct stat open_file, named_file;
    return fstat(queue->lock_fd, &open_file) == 0 &&
           fstatat(queue->dir_fd, "lock", &named_file, AT_SYMLINK_NOFOLLOW) == 0 &&
           open_file.st_ino == named_file.st_ino && open_file.st_dev == named_file.st_dev;
}
