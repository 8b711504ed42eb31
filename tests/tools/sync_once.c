/* sync_once.c - the least that a durable `learn` could do: overwrite 300 bytes of a pre-filled file and flush once. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char *argv[]) {
    char bytes[300];
    memset(bytes, 'k', sizeof bytes);
    int fd = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0 || pwrite(fd, bytes, sizeof bytes, 4096) != sizeof bytes || fdatasync(fd) != 0) return 1;
    return 0;
}
