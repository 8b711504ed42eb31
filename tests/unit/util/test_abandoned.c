/* What the dead left goes, what the living and strangers have stays. */
#include "temp_dir.h"

#include <time.h>

#include "util/abandoned.h"
#include "util/file.h"

static void make(temp_dir *dir, const char *name, time_t age_s) {
    KMI_CLEANUP_FD int fd = -1;
    assert_int_equal(kmi_file_open(dir->fd, name, O_RDWR | O_CREAT, &fd, &dir->error), KM_OK);
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - age_s}};
    assert_int_equal(futimens(fd, times), 0);
}

static bool is_there(const temp_dir *dir, const char *name) {
    return faccessat(dir->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void only_old_replacements_go(void **state) {
    temp_dir *dir = *state;
    make(dir, ".config.json.1.tmp", 3700);
    make(dir, ".config.json.2.tmp", 3500);
    make(dir, ".tmp", 3700);
    make(dir, "notes.tmp", 3700);
    assert_int_equal(symlinkat("notes.tmp", dir->fd, ".link.tmp"), 0);
    assert_int_equal(mkdirat(dir->fd, ".folder.tmp", 0700), 0);
    const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(utimensat(dir->fd, ".link.tmp", old, AT_SYMLINK_NOFOLLOW), 0);
    kmi_abandoned_remove(dir->fd, kmi_abandoned_is_replacement, NULL);
    assert_false(is_there(dir, ".config.json.1.tmp"));
    assert_true(is_there(dir, ".config.json.2.tmp"));
    assert_true(is_there(dir, ".tmp"));
    assert_true(is_there(dir, "notes.tmp"));
    assert_true(is_there(dir, ".link.tmp"));
    assert_true(is_there(dir, ".folder.tmp"));
}

static void a_directory_that_is_not_there_is_no_matter(void **state) {
    (void)state;
    kmi_abandoned_remove(-1, kmi_abandoned_is_replacement, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_old_replacements_go, temp_dir_setup, temp_dir_teardown),
        cmocka_unit_test(a_directory_that_is_not_there_is_no_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
