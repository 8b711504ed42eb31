/* Which mount a directory lies on, as the machine of the test has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util/mount.h"

static void expect_mount(const char *path) {
    kmi_mount mount;
    struct stat of_directory, of_point;
    struct statvfs info;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(kmi_mount_find(fd, &mount));
    assert_int_equal(fstat(fd, &of_directory), 0);
    assert_int_equal(stat(mount.point, &of_point), 0);
    assert_int_equal(of_directory.st_dev, of_point.st_dev);
    assert_int_equal(fstatvfs(fd, &info), 0);
    assert_int_equal(mount.is_mount_read_only || mount.is_file_system_read_only, (info.f_flag & ST_RDONLY) != 0);
    close(fd);
}

static void the_mount_of_a_directory_is_found(void **state) {
    (void)state;
    kmi_mount mount;
    expect_mount("/");
    expect_mount("/proc");
    int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(kmi_mount_find(fd, &mount));
    assert_string_equal(mount.point, "/proc");
    close(fd);
    assert_false(kmi_mount_find(-1, &mount));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_mount_of_a_directory_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
