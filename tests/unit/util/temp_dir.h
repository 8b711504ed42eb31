/* temp_dir.h - cmocka and a fresh directory for each test of a file that touches the disk. */
#ifndef KMI_TEST_TEMP_DIR_H
#define KMI_TEST_TEMP_DIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kuzu_memory.h"

typedef struct temp_dir {
    char path[64];
    int fd;
    km_error error;
} temp_dir;

static inline int temp_dir_remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static inline int temp_dir_setup(void **state) {
    temp_dir *dir = calloc(1, sizeof *dir);
    if (dir == NULL) return -1;
    snprintf(dir->path, sizeof dir->path, "/tmp/km-unit-XXXXXX");
    if (mkdtemp(dir->path) == NULL) return -1;
    dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = dir;
    return dir->fd < 0 ? -1 : 0;
}

static inline int temp_dir_teardown(void **state) {
    temp_dir *dir = *state;
    close(dir->fd);
    nftw(dir->path, temp_dir_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(dir);
    return 0;
}

/* Writes a file with plain system calls, so that no function under test is needed for it. */
static inline void temp_dir_write(const temp_dir *dir, const char *name, const char *text) {
    int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Reads a small file; the result is good until the next call. */
static inline const char *temp_dir_read(const temp_dir *dir, const char *name) {
    static char text[65536];
    int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

#define TEMP_DIR_TEST(function) cmocka_unit_test_setup_teardown(function, temp_dir_setup, temp_dir_teardown)

#endif
