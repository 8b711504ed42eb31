/* inotify, and a poll as safety net on file systems that do not tell (network mounts). */
#include "worker/wakeup.h"

#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "util/file.h"

enum { gather_us = 2000 };

int kmi_wakeup_open(int queue_dir_fd) {
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0) return -1;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", queue_dir_fd);
    if (inotify_add_watch(fd, path, IN_CLOSE_WRITE | IN_ONLYDIR) < 0) kmi_fd_close(&fd);
    return fd;
}

bool kmi_wakeup_wait(int wakeup_fd, int64_t timeout_ms) {
    struct pollfd wanted = {.fd = wakeup_fd, .events = POLLIN};
    int ready = poll(&wanted, 1, (int)timeout_ms);
    if (ready <= 0) return ready == 0;
    usleep(gather_us);
    char events[4096];
    for (int i = 0; i < 64 && read(wakeup_fd, events, sizeof events) > 0; i++) continue;
    return false;
}
