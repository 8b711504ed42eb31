/* The JSON writer: commas, nesting, null, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "cli/json_out.h"

static void a_document_is_written(void **state) {
    (void)state;
    kmi_buf buf;
    kmi_buf_init(&buf, 4096);
    kmi_json_out out = kmi_json_out_start(&buf);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_text(&out, "text", "a \"b\"\n");
    kmi_json_out_text(&out, "none", NULL);
    kmi_json_out_array(&out, "list");
    kmi_json_out_integer(&out, NULL, -5);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_object_end(&out);
    kmi_json_out_array(&out, NULL);
    kmi_json_out_bool(&out, NULL, true);
    kmi_json_out_bool(&out, NULL, false);
    kmi_json_out_array_end(&out);
    kmi_json_out_array_end(&out);
    kmi_json_out_count(&out, "count", UINT64_MAX);
    kmi_json_out_real(&out, "real", 0.25);
    kmi_json_out_real(&out, "nan", (double)NAN);
    kmi_json_out_ms(&out, "ms", 1234567);
    kmi_json_out_time(&out, "time", 1);
    kmi_json_out_time(&out, "never", 0);
    kmi_json_out_raw(&out, "raw", KMI_SLICE_LITERAL("{\"x\":[1]}"));
    kmi_json_out_object_end(&out);
    assert_string_equal(buf.ptr, "{\"text\":\"a \\\"b\\\"\\n\",\"none\":null,\"list\":[-5,{},[true,false]],"
                                 "\"count\":18446744073709551615,\"real\":0.25,\"nan\":null,\"ms\":1234.567,"
                                 "\"time\":\"1970-01-01T00:00:00.000001Z\",\"never\":null,\"raw\":{\"x\":[1]}}");
    kmi_buf_deinit(&buf);
}

static void nesting_beyond_the_limit_does_not_overflow(void **state) {
    (void)state;
    kmi_buf buf;
    kmi_buf_init(&buf, 4096);
    kmi_json_out out = kmi_json_out_start(&buf);
    for (int i = 0; i < 100; i++) kmi_json_out_array(&out, NULL);
    for (int i = 0; i < 200; i++) kmi_json_out_array_end(&out);
    assert_int_equal(kmi_buf_status(&buf), KM_OK);
    kmi_buf_deinit(&buf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_written),
        cmocka_unit_test(nesting_beyond_the_limit_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
