/* Opening, making and replacing files in a directory that cannot be trusted. */
#include "temp_dir.h"

#include <errno.h>
#include <sys/wait.h>

#include "util/file.h"

static mode_t mode_of(const temp_dir *dir, const char *name) {
    struct stat info;
    assert_int_equal(fstatat(dir->fd, name, &info, AT_SYMLINK_NOFOLLOW), 0);
    return info.st_mode & 07777;
}

static km_status try_open(temp_dir *dir, const char *name, int flags) {
    KMI_CLEANUP_FD int fd = -1;
    memset(&dir->error, 0, sizeof dir->error);
    km_status status = kmi_file_open(dir->fd, name, flags, &fd, &dir->error);
    assert_int_equal(status, dir->error.status);
    assert_true((status == KM_OK) == (fd >= 0));
    if (status == KM_OK) assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    return status;
}

static void a_new_file_has_mode_0600_whatever_the_umask(void **state) {
    temp_dir *dir = *state;
    mode_t before = umask(0);
    assert_int_equal(try_open(dir, "open", O_RDWR | O_CREAT), KM_OK);
    umask(0777);
    assert_int_equal(try_open(dir, "closed", O_RDWR | O_CREAT), KM_OK);
    bool is_created = false;
    assert_int_equal(kmi_dir_make(dir->fd, "sub", &is_created, &dir->error), KM_OK);
    umask(before);
    assert_true(is_created);
    assert_int_equal(mode_of(dir, "open"), 0600);
    assert_int_equal(mode_of(dir, "closed"), 0600);
    assert_int_equal(mode_of(dir, "sub"), 0700);
}

static void an_old_file_keeps_its_mode_and_content(void **state) {
    temp_dir *dir = *state;
    temp_dir_write(dir, "file", "old");
    assert_int_equal(fchmodat(dir->fd, "file", 0640, 0), 0);
    assert_int_equal(try_open(dir, "file", O_RDWR | O_CREAT), KM_OK);
    assert_int_equal(mode_of(dir, "file"), 0640);
    assert_string_equal(temp_dir_read(dir, "file"), "old");
    assert_int_equal(try_open(dir, "file", O_RDWR | O_CREAT | O_TRUNC), KM_OK);
    assert_string_equal(temp_dir_read(dir, "file"), "");
}

static void absent_and_present_are_told(void **state) {
    temp_dir *dir = *state;
    assert_int_equal(try_open(dir, "file", O_RDONLY), KM_E_NOT_FOUND);
    assert_int_equal(try_open(dir, "file", O_RDWR | O_CREAT | O_EXCL), KM_OK);
    assert_int_equal(try_open(dir, "file", O_RDWR | O_CREAT | O_EXCL), KM_E_IO);
    assert_int_equal(dir->error.os_errno, EEXIST);
    assert_int_equal(try_open(dir, "none/file", O_RDWR | O_CREAT), KM_E_NOT_FOUND);
}

static void what_is_no_file_of_ours_is_refused(void **state) {
    temp_dir *dir = *state;
    temp_dir_write(dir, "target", "precious");
    assert_int_equal(symlinkat("target", dir->fd, "link"), 0);
    assert_int_equal(symlinkat("nowhere", dir->fd, "dangling"), 0);
    assert_int_equal(linkat(dir->fd, "target", dir->fd, "second", 0), 0);
    assert_int_equal(mkfifoat(dir->fd, "pipe", 0600), 0);
    assert_int_equal(mkdirat(dir->fd, "dir", 0700), 0);
    static const char *const NAMES[] = {"link", "dangling", "second", "target", "pipe", "dir", "/dev/null"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        assert_int_equal(try_open(dir, NAMES[i], O_RDWR | O_CREAT | O_TRUNC), KM_E_PERMISSION);
        assert_non_null(strstr(dir->error.message, NAMES[i]));
        assert_int_equal(try_open(dir, NAMES[i], O_WRONLY), KM_E_PERMISSION);
        assert_int_equal(try_open(dir, NAMES[i], O_RDONLY), KM_E_PERMISSION);
    }
    assert_string_equal(temp_dir_read(dir, "target"), "precious");
    assert_null(temp_dir_read(dir, "nowhere"));
}

/* Only root can make a file that is not ours, and looks at it as another user in a child. Anyone else has foreign files
 * at hand: those of root. */
static bool refuses_foreign_file(const temp_dir *dir, const char *name) {
    int fd = -1;
    km_error error = {.status = KM_OK};
    return kmi_file_open(dir->fd, name, O_RDONLY, &fd, &error) == KM_E_PERMISSION &&
           strstr(error.message, " belongs to user ") != NULL;
}

static void a_foreign_file_is_refused(void **state) {
    temp_dir *dir = *state;
    if (geteuid() != 0) {
        assert_true(refuses_foreign_file(dir, "/etc/passwd"));
        return;
    }
    temp_dir_write(dir, "theirs", "x");
    assert_int_equal(fchmodat(dir->fd, "theirs", 0666, 0), 0);
    assert_int_equal(fchownat(dir->fd, "theirs", 4321, 4321, 0), 0);
    assert_int_equal(fchmod(dir->fd, 0777), 0);
    assert_int_equal(try_open(dir, "theirs", O_RDWR), KM_OK); /* root may */
    pid_t child = fork();
    if (child == 0) {
        if (setresuid(1234, 1234, 1234) != 0) _exit(9);
        int fd = -1;
        bool is_fine = kmi_file_open(dir->fd, "ours", O_RDWR | O_CREAT, &fd, NULL) == KM_OK;
        _exit(is_fine && refuses_foreign_file(dir, "theirs") ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void directories_are_opened_and_made(void **state) {
    temp_dir *dir = *state;
    KMI_CLEANUP_FD int fd = -1;
    bool is_created = true;
    assert_int_equal(kmi_dir_open(dir->fd, "sub", &fd, &dir->error), KM_E_NOT_FOUND);
    assert_int_equal(kmi_dir_make(dir->fd, "sub", NULL, &dir->error), KM_OK);
    assert_int_equal(kmi_dir_make(dir->fd, "sub", &is_created, &dir->error), KM_OK);
    assert_false(is_created);
    assert_int_equal(kmi_dir_open(dir->fd, "sub", &fd, &dir->error), KM_OK);
    temp_dir_write(dir, "file", "");
    assert_int_equal(symlinkat("sub", dir->fd, "link"), 0);
    int other = -1;
    assert_int_equal(kmi_dir_open(dir->fd, "link", &other, &dir->error), KM_E_PERMISSION);
    assert_int_equal(kmi_dir_make(dir->fd, "link", NULL, &dir->error), KM_E_PERMISSION);
    assert_int_equal(kmi_dir_make(dir->fd, "file", NULL, &dir->error), KM_E_PERMISSION);
    assert_int_equal(kmi_dir_open(dir->fd, "file", &other, &dir->error), KM_E_IO);
    assert_int_equal(kmi_dir_make(dir->fd, "none/sub", NULL, &dir->error), KM_E_NOT_FOUND);
    assert_int_equal(other, -1);
    assert_int_equal(kmi_dir_sync(fd, "sub", &dir->error), KM_OK);
}

static size_t count_entries(const temp_dir *dir) {
    size_t count = 0;
    char command[128];
    snprintf(command, sizeof command, "ls -A %s | wc -l", dir->path);
    FILE *list = popen(command, "r");
    assert_int_equal(fscanf(list, "%zu", &count), 1);
    pclose(list);
    return count;
}

static void replace_is_whole_and_leaves_nothing_behind(void **state) {
    temp_dir *dir = *state;
    assert_int_equal(kmi_file_replace(dir->fd, "file", kmi_slice_from("one"), &dir->error), KM_OK);
    assert_int_equal(kmi_file_replace(dir->fd, "file", kmi_slice_from("two"), &dir->error), KM_OK);
    assert_string_equal(temp_dir_read(dir, "file"), "two");
    assert_int_equal(mode_of(dir, "file"), 0600);
    char path[128];
    snprintf(path, sizeof path, "%s/file", dir->path);
    assert_int_equal(kmi_file_replace(AT_FDCWD, path, kmi_slice_from(""), &dir->error), KM_OK);
    assert_string_equal(temp_dir_read(dir, "file"), "");
    assert_int_equal(count_entries(dir), 1);
    /* a directory in the way, and no directory at all */
    assert_int_equal(mkdirat(dir->fd, "dir", 0700), 0);
    assert_int_equal(kmi_file_replace(dir->fd, "dir", kmi_slice_from("x"), &dir->error), KM_E_IO);
    assert_int_equal(kmi_file_replace(dir->fd, "none/file", kmi_slice_from("x"), &dir->error), KM_E_NOT_FOUND);
    assert_int_equal(count_entries(dir), 2);
}

static void replace_does_not_write_through_a_link(void **state) {
    temp_dir *dir = *state;
    temp_dir_write(dir, "target", "precious");
    assert_int_equal(symlinkat("target", dir->fd, "link"), 0);
    assert_int_equal(kmi_file_replace(dir->fd, "link", kmi_slice_from("new"), &dir->error), KM_OK);
    assert_string_equal(temp_dir_read(dir, "target"), "precious");
    assert_string_equal(temp_dir_read(dir, "link"), "new");
}

/* Closes standard descriptors in a child and looks at what our files get. */
static void no_file_becomes_a_standard_descriptor(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        close(0);
        close(2);
        int fd = kmi_fd_open(AT_FDCWD, "/dev/null", O_RDONLY, 0);
        bool is_still_closed = fcntl(0, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0;
        bool is_inherited = (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
        _exit(fd > 2 && is_still_closed && !is_inherited ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void closing_keeps_errno(void **state) {
    (void)state;
    int fd = dup(1);
    int none = -1;
    errno = ENOSPC;
    kmi_fd_close(&fd);
    kmi_fd_close(&none);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(fd, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEMP_DIR_TEST(a_new_file_has_mode_0600_whatever_the_umask),
        TEMP_DIR_TEST(an_old_file_keeps_its_mode_and_content),
        TEMP_DIR_TEST(absent_and_present_are_told),
        TEMP_DIR_TEST(what_is_no_file_of_ours_is_refused),
        TEMP_DIR_TEST(a_foreign_file_is_refused),
        TEMP_DIR_TEST(directories_are_opened_and_made),
        TEMP_DIR_TEST(replace_is_whole_and_leaves_nothing_behind),
        TEMP_DIR_TEST(replace_does_not_write_through_a_link),
        cmocka_unit_test(no_file_becomes_a_standard_descriptor),
        cmocka_unit_test(closing_keeps_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
