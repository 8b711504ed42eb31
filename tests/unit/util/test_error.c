/* Errors: statuses, one clean line, room for the cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "util/error.h"

static void a_fault_is_filled_whole(void **state) {
    (void)state;
    km_error error;
    memset(&error, 0xAA, sizeof error);
    assert_int_equal(kmi_fail(&error, KM_E_INVALID, "priority must be 0 to 9, not %d", 12), KM_E_INVALID);
    assert_int_equal(error.status, KM_E_INVALID);
    assert_int_equal(error.os_errno, 0);
    assert_string_equal(error.message, "priority must be 0 to 9, not 12");
    assert_int_equal(kmi_fail(NULL, KM_E_IO, "nobody listens"), KM_E_IO);
}

static void errno_chooses_status_and_text(void **state) {
    (void)state;
    static const struct {
        int code;
        km_status status;
        const char *message;
    } CASES[] = {
        {EACCES, KM_E_PERMISSION, "cannot open \"x\": permission denied"},
        {EPERM, KM_E_PERMISSION, "cannot open \"x\": operation not permitted"},
        {ELOOP, KM_E_PERMISSION, "cannot open \"x\": too many levels of symbolic links"},
        {ENOMEM, KM_E_NOMEM, "cannot open \"x\": cannot allocate memory"},
        {ENOENT, KM_E_NOT_FOUND, "cannot open \"x\": no such file or directory"},
        {EAGAIN, KM_E_BUSY, "cannot open \"x\": resource temporarily unavailable"},
        {EBUSY, KM_E_BUSY, "cannot open \"x\": device or resource busy"},
        {EINTR, KM_E_INTERRUPTED, "cannot open \"x\": interrupted system call"},
        {ENOSPC, KM_E_IO, "cannot open \"x\": no space left on device"},
        {EROFS, KM_E_IO, "cannot open \"x\": read-only file system"},
        {99999, KM_E_IO, "cannot open \"x\": error 99999"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        km_error error;
        assert_int_equal(kmi_fail_errno(&error, CASES[i].code, "cannot open \"%s\"", "x"), CASES[i].status);
        assert_int_equal(error.status, CASES[i].status);
        assert_int_equal(error.os_errno, CASES[i].code);
        assert_string_equal(error.message, CASES[i].message);
        assert_int_equal(kmi_fail_errno(NULL, CASES[i].code, "x"), CASES[i].status);
    }
}

static void control_characters_and_cut_characters_go(void **state) {
    (void)state;
    km_error error;
    kmi_fail(&error, KM_E_INVALID, "%s", "a\nb\x1B[31m\x7F\xC2\x9B");
    assert_string_equal(error.message, "a?b?[31m???");
    char text[1000];
    memset(text, 'x', sizeof text);
    /* a character of three bytes across the end of the message */
    memcpy(text + sizeof error.message - 3, "\xE6\xBC\xA2", 3);
    text[sizeof text - 1] = '\0';
    kmi_fail(&error, KM_E_INVALID, "%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 3);
    /* one that just fits stays */
    memset(text, 'x', sizeof text - 1);
    memcpy(text + sizeof error.message - 4, "\xE6\xBC\xA2", 3);
    kmi_fail(&error, KM_E_INVALID, "%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

static void a_long_name_leaves_room_for_the_reason(void **state) {
    (void)state;
    km_error error;
    char name[2000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    kmi_fail_errno(&error, ENOSPC, "cannot write \"%s\"", name);
    assert_non_null(strstr(error.message, ": no space left on device"));
    kmi_fail_context(&error, KM_E_IO, "%s", name);
    assert_non_null(strstr(error.message, ": cannot write \""));
}

static void context_keeps_the_cause(void **state) {
    (void)state;
    km_error error;
    kmi_fail_errno(&error, ENOSPC, "cannot write \"x\"");
    assert_int_equal(kmi_fail_context(&error, KM_E_INTERNAL, "claiming task"), KM_E_IO);
    assert_string_equal(error.message, "claiming task: cannot write \"x\": no space left on device");
    assert_int_equal(error.os_errno, ENOSPC);
    assert_int_equal(kmi_fail_context(NULL, KM_E_BUSY, "x"), KM_E_BUSY);
    /* the old message as an argument must not be overwritten while it is read */
    kmi_fail(&error, KM_E_INVALID, "again: %s", error.message);
    assert_string_equal(error.message, "again: claiming task: cannot write \"x\": no space left on device");
}

static void surroundings_are_told_from_the_task(void **state) {
    (void)state;
    assert_true(kmi_is_environment_error(KM_E_IO));
    assert_true(kmi_is_environment_error(KM_E_PERMISSION));
    assert_true(kmi_is_environment_error(KM_E_BUSY));
    assert_true(kmi_is_environment_error(KM_E_NOMEM));
    assert_false(kmi_is_environment_error(KM_OK));
    assert_false(kmi_is_environment_error(KM_E_INVALID));
    assert_false(kmi_is_environment_error(KM_E_INTERNAL));
    assert_false(kmi_is_environment_error(KM_E_STORE));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_is_filled_whole),
        cmocka_unit_test(errno_chooses_status_and_text),
        cmocka_unit_test(control_characters_and_cut_characters_go),
        cmocka_unit_test(a_long_name_leaves_room_for_the_reason),
        cmocka_unit_test(context_keeps_the_cause),
        cmocka_unit_test(surroundings_are_told_from_the_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
