/* A mapped file that is cut short: with the guard what was mapped reads as zeros; what nobody told of is not touched. */
#include "temp_dir.h"

#include <signal.h>
#include <sys/mman.h>

#include "util/guard.h"

enum { mapped_bytes = 20000 };

static volatile sig_atomic_t times_mended;

static void handle(int number, siginfo_t *info, void *context) {
    (void)context;
    if (kmi_guard_mend(info->si_addr))
        times_mended = times_mended + 1;
    else
        signal(number, SIG_DFL);
}

static volatile unsigned char *map_file(const temp_dir *dir, int *ret_fd) {
    *ret_fd = openat(dir->fd, "page", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(*ret_fd, mapped_bytes), 0);
    void *at = mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *ret_fd, 0);
    assert_true(at != MAP_FAILED);
    return at;
}

static void a_page_that_is_cut_short_reads_as_zeros(void **state) {
    const temp_dir *dir = *state;
    int fd = -1;
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    volatile unsigned char *bytes = map_file(dir, &fd);
    sigaction(SIGBUS, &action, NULL);
    times_mended = 0;
    kmi_guard_add((void *)(uintptr_t)bytes, mapped_bytes);
    bytes[9000] = 7;
    assert_int_equal(ftruncate(fd, 100), 0);
    assert_int_equal(bytes[9000], 0);
    bytes[mapped_bytes - 1] = 5;
    assert_int_equal(bytes[mapped_bytes - 1], 5);
    assert_int_equal(times_mended, 1);
    kmi_guard_remove((const void *)(uintptr_t)bytes);
    munmap((void *)(uintptr_t)bytes, mapped_bytes);
    close(fd);
    signal(SIGBUS, SIG_DFL);
}

static void only_what_is_in_the_list_is_mended(void **state) {
    const temp_dir *dir = *state;
    int fd = -1;
    volatile unsigned char *bytes = map_file(dir, &fd);
    const void *inside = (const void *)(uintptr_t)(bytes + 5000);
    bytes[5000] = 9;
    assert_false(kmi_guard_mend(inside));
    kmi_guard_add((void *)(uintptr_t)bytes, 5000);
    assert_false(kmi_guard_mend(inside));
    kmi_guard_remove((const void *)(uintptr_t)bytes);
    assert_false(kmi_guard_mend((const void *)(uintptr_t)bytes));
    assert_int_equal(bytes[5000], 9);
    munmap((void *)(uintptr_t)bytes, mapped_bytes);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEMP_DIR_TEST(a_page_that_is_cut_short_reads_as_zeros),
        TEMP_DIR_TEST(only_what_is_in_the_list_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
