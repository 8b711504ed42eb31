/* probe.c - a program whose system calls are known, to test faultrun itself: a fault tool that never fires would make
 * every campaign pass. Takes a file and a mode; built static, so that it makes few calls of its own.
 *   plain   write "0123456789" at once and as a vector of 4 + 6, sync, exit 0 if all went well
 *   child   the same in a child of a child that outlives us, then exit 0
 *   stop    raise SIGTERM, whose handler writes "caught"
 *   hang    sleep 600 s */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd = -1;

static int write_plainly(void) {
    char head[] = "0123";
    char tail[] = "456789";
    struct iovec pieces[2] = {{head, 4}, {tail, 6}};
    ssize_t first = write(fd, "0123456789", 10);
    if (first < 0) {
        dprintf(1, "write: %s\n", strerror(errno));
        return 1;
    }
    ssize_t second = pwritev(fd, pieces, 2, 100);
    if (second < 0) {
        dprintf(1, "pwritev: %s\n", strerror(errno));
        return 1;
    }
    if (fdatasync(fd) != 0) {
        dprintf(1, "fdatasync: %s\n", strerror(errno));
        return 1;
    }
    if (pieces[0].iov_len != 4 || pieces[1].iov_len != 6) {
        dprintf(1, "the caller's vector was left changed\n");
        return 1;
    }
    dprintf(1, "%zd %zd\n", first, second);
    return first == 10 && second == 10 ? 0 : 2;
}

static int write_in_grandchild(void) {
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            usleep(20000);
            _exit(write_plainly());
        }
        _exit(0);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}

static void on_term(int number) {
    (void)number;
    if (write(fd, "caught", 6) != 6) {
        _exit(3);
    }
}

int main(int argc, char *argv[]) {
    if (argc != 3) {
        return 64;
    }
    fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        dprintf(1, "open: %s\n", strerror(errno));
        return 1;
    }
    if (strcmp(argv[2], "child") == 0) {
        return write_in_grandchild();
    }
    if (strcmp(argv[2], "stop") == 0) {
        struct sigaction action = {.sa_handler = on_term};
        return sigaction(SIGTERM, &action, NULL) == 0 && raise(SIGTERM) == 0 ? 0 : 1;
    }
    if (strcmp(argv[2], "hang") == 0) {
        return (int)sleep(600);
    }
    return write_plainly();
}
