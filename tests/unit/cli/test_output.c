/* Lines of a batch, and files that appear only when they are complete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/input.h"
#include "cli/output.h"

static void assert_line(kmi_lines *lines, const char *expected, uint64_t number) {
    kmi_slice line;
    assert_true(kmi_lines_next(lines, &line));
    assert_true(kmi_slice_equal(line, kmi_slice_from(expected)));
    assert_int_equal(lines->number, number);
}

static void lines_are_numbered_and_blank_ones_passed_over(void **state) {
    (void)state;
    kmi_slice line;
    kmi_lines lines = kmi_lines_start(KMI_SLICE_LITERAL("\xEF\xBB\xBF"
                                                        "one\r\n\n  \t\ntwo\n\r\nthree"));
    assert_int_equal(lines.total, 6);
    assert_line(&lines, "one", 1);
    assert_line(&lines, "two", 4);
    assert_line(&lines, "three", 6);
    assert_false(kmi_lines_next(&lines, &line));
    lines = kmi_lines_start(KMI_SLICE_LITERAL(""));
    assert_int_equal(lines.total, 0);
    assert_false(kmi_lines_next(&lines, &line));
}

static int make_place(void **state) {
    char name[] = "/tmp/kuzu-memory-output-XXXXXX";
    if (mkdtemp(name) == NULL || chdir(name) != 0) return -1;
    *state = strdup(name);
    return *state == NULL ? -1 : 0;
}

static int remove_place(void **state) {
    unlink("out");
    unlink("link");
    int result = chdir("/") != 0 || rmdir(*state) != 0 ? -1 : 0; /* fails when a temporary file stayed */
    free(*state);
    return result;
}

static void assert_content(const char *name, const char *expected) {
    char content[64] = {0};
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, content, sizeof content - 1), strlen(expected));
    assert_string_equal(content, expected);
    close(fd);
}

static void a_file_appears_when_committed_only(void **state) {
    (void)state;
    km_error error = {0};
    kmi_output output;
    assert_int_equal(kmi_output_open(&output, "out", &error), KM_OK);
    assert_int_equal(kmi_output_add(&output, KMI_SLICE_LITERAL("first"), &error), KM_OK);
    assert_int_not_equal(access("out", F_OK), 0);
    assert_int_equal(kmi_output_commit(&output, &error), KM_OK);
    kmi_output_deinit(&output);
    assert_content("out", "first");
    struct stat info;
    assert_int_equal(stat("out", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    /* Given up: the old file stays, and no other. */
    assert_int_equal(kmi_output_open(&output, "out", &error), KM_OK);
    assert_int_equal(kmi_output_add(&output, KMI_SLICE_LITERAL("second"), &error), KM_OK);
    kmi_output_deinit(&output);
    assert_content("out", "first");
}

static void a_link_is_followed(void **state) {
    (void)state;
    km_error error = {0};
    kmi_output output;
    int fd = open("out", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(symlink("out", "link"), 0);
    assert_int_equal(kmi_output_open(&output, "link", &error), KM_OK);
    assert_int_equal(kmi_output_add(&output, KMI_SLICE_LITERAL("through"), &error), KM_OK);
    assert_int_equal(kmi_output_commit(&output, &error), KM_OK);
    kmi_output_deinit(&output);
    assert_content("out", "through");
    struct stat info;
    assert_int_equal(lstat("link", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
}

static void what_cannot_be_written_says_so(void **state) {
    (void)state;
    km_error error = {0};
    kmi_output output;
    assert_int_equal(kmi_output_open(&output, "missing/out", &error), KM_E_IO);
    kmi_output_deinit(&output);
    assert_int_equal(kmi_output_open(&output, ".", &error), KM_E_INVALID);
    kmi_output_deinit(&output);
    assert_int_equal(kmi_output_open(&output, "/dev/full", &error), KM_OK);
    assert_int_equal(kmi_output_add(&output, KMI_SLICE_LITERAL("lost"), &error), KM_OK);
    assert_int_equal(kmi_output_commit(&output, &error), KM_E_IO);
    kmi_output_deinit(&output);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_numbered_and_blank_ones_passed_over),
        cmocka_unit_test_setup_teardown(a_file_appears_when_committed_only, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_link_is_followed, make_place, remove_place),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_says_so, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
