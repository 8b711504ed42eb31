/* Locks between open file descriptions and between processes. */
#include "temp_dir.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "util/clock.h"
#include "util/lock.h"

static int open_lock_file(const temp_dir *dir) {
    int fd = openat(dir->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void a_byte_has_one_owner(void **state) {
    temp_dir *dir = *state;
    int first = open_lock_file(dir);
    int second = open_lock_file(dir);
    bool is_held = true;
    assert_int_equal(kmi_lock_probe(second, 3, &is_held, &dir->error), KM_OK);
    assert_false(is_held);
    assert_int_equal(kmi_lock_try(first, 3, &dir->error), KM_OK);
    assert_int_equal(kmi_lock_try(first, 3, &dir->error), KM_OK); /* the same descriptor again */
    km_error untouched = {.status = KM_OK};
    assert_int_equal(kmi_lock_try(second, 3, &untouched), KM_E_BUSY);
    assert_int_equal(untouched.status, KM_OK);
    assert_int_equal(kmi_lock_try(second, 4, &dir->error), KM_OK); /* another byte */
    assert_int_equal(kmi_lock_probe(second, 3, &is_held, &dir->error), KM_OK);
    assert_true(is_held);
    assert_int_equal(kmi_lock_probe(first, 3, &is_held, &dir->error), KM_OK);
    assert_false(is_held); /* held by ourselves: no other has it */
    kmi_lock_release(first, 3);
    assert_int_equal(kmi_lock_try(second, 3, &dir->error), KM_OK);
    /* closing an unrelated descriptor of the file releases nothing */
    int third = open_lock_file(dir);
    close(third);
    assert_int_equal(kmi_lock_try(first, 3, &dir->error), KM_E_BUSY);
    close(second);
    assert_int_equal(kmi_lock_try(first, 3, &dir->error), KM_OK);
    close(first);
}

static void a_bad_descriptor_counts_as_held(void **state) {
    temp_dir *dir = *state;
    bool is_held = false;
    assert_int_equal(kmi_lock_try(-1, 0, &dir->error), KM_E_IO);
    assert_int_equal(kmi_lock_probe(-1, 0, &is_held, &dir->error), KM_E_IO);
    assert_true(is_held);
    assert_int_equal(kmi_lock_wait(-1, 0, 100, &dir->error), KM_E_IO);
}

static void waiting_has_a_limit(void **state) {
    temp_dir *dir = *state;
    int first = open_lock_file(dir);
    int second = open_lock_file(dir);
    assert_int_equal(kmi_lock_wait(first, 0, 0, &dir->error), KM_OK);
    int64_t start = kmi_clock_monotonic_us();
    assert_int_equal(kmi_lock_wait(second, 0, 30, &dir->error), KM_E_BUSY);
    int64_t waited = kmi_clock_monotonic_us() - start;
    assert_true(waited >= 30000);
    assert_true(waited < 10000000);
    assert_string_equal(dir->error.message, "another process still holds the lock after 30 ms: try again");
    assert_int_equal(kmi_lock_wait(second, 0, 0, &dir->error), KM_E_BUSY);
    assert_int_equal(kmi_lock_wait(second, 0, -1, &dir->error), KM_E_BUSY);
    close(first);
    close(second);
}

static void *release_when_told(void *context) {
    int *fds = context;
    char byte = 0;
    if (read(fds[1], &byte, 1) == 1) kmi_lock_release(fds[0], 0);
    return NULL;
}

static void a_released_lock_is_taken_by_who_waits(void **state) {
    temp_dir *dir = *state;
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    int first = open_lock_file(dir);
    int second = open_lock_file(dir);
    int fds[2] = {first, pipe_ends[0]};
    pthread_t thread;
    assert_int_equal(kmi_lock_try(first, 0, &dir->error), KM_OK);
    assert_int_equal(pthread_create(&thread, NULL, release_when_told, fds), 0);
    assert_int_equal(kmi_lock_wait(second, 0, 5, &dir->error), KM_E_BUSY);
    assert_int_equal(write(pipe_ends[1], "x", 1), 1);
    assert_int_equal(kmi_lock_wait(second, 0, INT64_MAX, &dir->error), KM_OK);
    pthread_join(thread, NULL);
    close(first);
    close(second);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

static void a_dead_owner_releases(void **state) {
    temp_dir *dir = *state;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = open_lock_file(dir);
        if (kmi_lock_try(fd, 0, NULL) != KM_OK || write(ready[1], "x", 1) != 1) _exit(1);
        for (;;) pause();
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    int fd = open_lock_file(dir);
    assert_int_equal(kmi_lock_try(fd, 0, &dir->error), KM_E_BUSY);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(kmi_lock_try(fd, 0, &dir->error), KM_OK);
    close(fd);
    close(ready[0]);
    close(ready[1]);
}

/* As SQLite takes its locks: by process, on far bytes. */
static void the_process_that_holds_a_lock_is_found(void **state) {
    temp_dir *dir = *state;
    int fd = open_lock_file(dir);
    assert_true(kmi_lock_find_process(dir->fd, "lock", 0, 100) == 0);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510};
    assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
    assert_true(kmi_lock_find_process(dir->fd, "lock", 0x40000000, 0x400001FF) == getpid());
    assert_true(kmi_lock_find_process(dir->fd, "lock", 0, 0x40000001) == 0);
    assert_true(kmi_lock_find_process(dir->fd, "none", 0, INT64_MAX) == 0);
    lock.l_type = F_RDLCK; /* keeps nobody from reading */
    assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
    assert_true(kmi_lock_find_process(dir->fd, "lock", 0, INT64_MAX) == 0);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEMP_DIR_TEST(a_byte_has_one_owner),  TEMP_DIR_TEST(a_bad_descriptor_counts_as_held),
        TEMP_DIR_TEST(waiting_has_a_limit),   TEMP_DIR_TEST(a_released_lock_is_taken_by_who_waits),
        TEMP_DIR_TEST(a_dead_owner_releases), TEMP_DIR_TEST(the_process_that_holds_a_lock_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
