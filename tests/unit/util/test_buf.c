/* Buffers: limits, the sticky error, escaping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

static void appends_add_up(void **state) {
    (void)state;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 100000);
    assert_int_equal(kmi_buf_slice(&buf).len, 0);
    for (int i = 0; i < 1000; i++) kmi_buf_add_format(&buf, "%d,", i);
    kmi_buf_add_text(&buf, NULL);
    kmi_buf_add_char(&buf, '!');
    kmi_buf_add(&buf, "x\0y", 3);
    assert_int_equal(kmi_buf_status(&buf), KM_OK);
    assert_int_equal(buf.len, 3890 + 4);
    assert_int_equal(buf.ptr[buf.len], 0);
    assert_memory_equal(buf.ptr, "0,1,2,", 6);
    assert_memory_equal(buf.ptr + buf.len - 8, "999,!x\0y", 8);
}

static void the_limit_sticks_until_clear(void **state) {
    (void)state;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 5);
    kmi_buf_add_text(&buf, "12345");
    assert_int_equal(kmi_buf_status(&buf), KM_OK);
    kmi_buf_add_text(&buf, "6");
    assert_int_equal(kmi_buf_status(&buf), KM_E_INVALID);
    assert_string_equal(buf.ptr, "12345");
    assert_null(kmi_buf_take(&buf));
    kmi_buf_clear(&buf);
    assert_int_equal(kmi_buf_status(&buf), KM_OK);
    kmi_buf_add_format(&buf, "%s", "too long");
    assert_int_equal(kmi_buf_status(&buf), KM_E_INVALID);
    assert_string_equal(buf.ptr, "");
    kmi_buf_add_char(&buf, 'a');
    assert_int_equal(buf.len, 0);
}

static void a_fixed_buffer_never_writes_behind_its_end(void **state) {
    (void)state;
    char storage[8] = "........";
    kmi_buf buf;
    kmi_buf_init_fixed(&buf, storage, 4);
    kmi_buf_add_format(&buf, "%d", 123);
    assert_string_equal(storage, "123");
    kmi_buf_add_format(&buf, "%d", 4567);
    assert_int_equal(kmi_buf_status(&buf), KM_E_INVALID);
    assert_string_equal(storage, "123");
    assert_memory_equal(storage + 4, "....", 4);
    assert_null(kmi_buf_take(&buf));
    kmi_buf_deinit(&buf);
}

static void take_gives_even_an_empty_string(void **state) {
    (void)state;
    kmi_buf buf;
    kmi_buf_init(&buf, 0);
    char *empty = kmi_buf_take(&buf);
    assert_string_equal(empty, "");
    free(empty);
    kmi_buf_deinit(&buf);
    kmi_buf_init(&buf, SIZE_MAX);
    kmi_buf_add_text(&buf, "text");
    char *text = kmi_buf_take(&buf);
    assert_string_equal(text, "text");
    assert_int_equal(buf.len, 0);
    free(text);
    kmi_buf_deinit(&buf);
}

static void assert_json(kmi_slice text, const char *expected) {
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 1000);
    kmi_buf_add_json_string(&buf, text);
    assert_int_equal(kmi_buf_status(&buf), KM_OK);
    assert_string_equal(buf.ptr, expected);
}

static void json_strings_are_always_valid(void **state) {
    (void)state;
    assert_json(kmi_slice_from(NULL), "\"\"");
    assert_json(kmi_slice_from("a \"b\" \\ /"), "\"a \\\"b\\\" \\\\ /\"");
    assert_json((kmi_slice){"\0\b\t\n\f\r\x1F\x7F", 8}, "\"\\u0000\\b\\t\\n\\f\\r\\u001f\\u007f\"");
    assert_json(kmi_slice_from("é漢😀"), "\"é漢😀\"");
    assert_json(kmi_slice_from("\xC2\x9B"), "\"\\u009b\"");
    /* broken, overlong, a surrogate, beyond the end of Unicode, cut off */
    assert_json(kmi_slice_from("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
    assert_json(kmi_slice_from("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_json(kmi_slice_from("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_json(kmi_slice_from("\xF4\x90\x80\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_json((kmi_slice){"\xE6\xBC", 2}, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

static void integers_are_little_endian(void **state) {
    (void)state;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 12);
    kmi_buf_add_u32(&buf, 0x01020304);
    kmi_buf_add_u64(&buf, 0x1112131415161718);
    assert_memory_equal(buf.ptr, "\x04\x03\x02\x01\x18\x17\x16\x15\x14\x13\x12\x11", 12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_add_up),
        cmocka_unit_test(the_limit_sticks_until_clear),
        cmocka_unit_test(a_fixed_buffer_never_writes_behind_its_end),
        cmocka_unit_test(take_gives_even_an_empty_string),
        cmocka_unit_test(json_strings_are_always_valid),
        cmocka_unit_test(integers_are_little_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
