/* Strict JSON, messages without the text, numbers that come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void wrong_texts_are_refused_with_their_place(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } CASES[] = {
        {"", "metadata: not valid JSON at line 1, column 0: it ends too early"},
        {"{\n  \"secret\": }", "metadata: not valid JSON at line 2, column 13: the syntax is wrong"},
        {"{\"secret\": 1,}", "metadata: not valid JSON at line 1, column 14: the syntax is wrong"},
        {"{} secret", "there is something behind its end"},
        {"{\"secret\": 1, \"secret\": 2}", "a key stands twice in one object"},
        {"[1", "it ends too early"},
        {"\"secret\xFF\"", "it is not valid UTF-8"},
        {"\"\\u0000\"", "it holds a NUL character"},
        {"{\"a\\u0000b\": 1}", "it holds a NUL character"},
        {"1e999", "a number is too large"},
        {"'secret'", "the syntax is wrong"},
        {"NaN", "the syntax is wrong"},
        {"\"\\ud800\"", "the syntax is wrong"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        json_t *value = NULL;
        km_error error = {.status = KM_OK};
        assert_int_equal(kmi_json_parse(kmi_slice_from(CASES[i].text), "metadata", &value, &error), KM_E_INVALID);
        assert_null(value);
        assert_null(strstr(error.message, "secret")); /* the text may be a memory */
        bool is_told = strstr(error.message, CASES[i].message) != NULL;
        if (!is_told) fail_msg("%s: %s", CASES[i].text, error.message);
    }
    json_t *value = NULL;
    assert_int_equal(kmi_json_parse((kmi_slice){"1\0", 2}, "x", &value, NULL), KM_E_INVALID);
    assert_int_equal(kmi_json_parse((kmi_slice){NULL, 0}, "x", &value, NULL), KM_E_INVALID);
}

static void nesting_has_a_limit(void **state) {
    (void)state;
    static char text[100000];
    memset(text, '[', sizeof text);
    json_t *value = NULL;
    km_error error = {.status = KM_OK};
    assert_int_equal(kmi_json_parse((kmi_slice){text, sizeof text}, "x", &value, &error), KM_E_INVALID);
    assert_non_null(strstr(error.message, "nested too deeply"));
}

static void an_object_is_demanded(void **state) {
    (void)state;
    json_t *value = NULL;
    km_error error;
    assert_int_equal(kmi_json_parse_object(kmi_slice_from("[1]"), "metadata", &value, &error), KM_E_INVALID);
    assert_string_equal(error.message, "metadata: must be a JSON object, not an array");
    assert_null(value);
}

static void text_members_are_typed(void **state) {
    (void)state;
    KMI_CLEANUP_JSON json_t *object = NULL;
    km_error error;
    const char *text = "before";
    assert_int_equal(
        kmi_json_parse_object(kmi_slice_from("{\"a\": \"x\", \"n\": null, \"i\": 5}"), "line 3", &object, &error),
        KM_OK);
    assert_int_equal(kmi_json_get_text(object, "i", "line 3", &text, &error), KM_E_INVALID);
    assert_string_equal(error.message, "line 3: \"i\" must be a string, not a number");
    assert_string_equal(text, "before");
    assert_int_equal(kmi_json_get_text(object, "a", "line 3", &text, &error), KM_OK);
    assert_string_equal(text, "x");
    assert_int_equal(kmi_json_get_text(object, "n", "line 3", &text, &error), KM_OK);
    assert_null(text);
    assert_int_equal(kmi_json_get_text(object, "none", "line 3", &text, &error), KM_OK);
    assert_null(text);
}

static void assert_round_trip(const char *text) {
    KMI_CLEANUP_JSON json_t *value = NULL;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 10000);
    assert_int_equal(kmi_json_parse(kmi_slice_from(text), "x", &value, NULL), KM_OK);
    assert_int_equal(kmi_json_dump(value, &buf, NULL), KM_OK);
    assert_string_equal(buf.ptr, text);
}

static void values_come_back_as_they_were(void **state) {
    (void)state;
    assert_round_trip("{\"z\":0.3,\"a\":[100.0,1,-5,true,null,\"é\\n\"],\"b\":{\"deep\":[0.1]}}");
    assert_round_trip("9007199254740993");
    assert_round_trip("\"text\"");
    /* a number that 15 digits do not carry */
    KMI_CLEANUP_JSON json_t *value = json_real(0.1 + 0.2);
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 100);
    assert_int_equal(kmi_json_dump(value, &buf, NULL), KM_OK);
    assert_true(strtod(buf.ptr, NULL) == 0.1 + 0.2);
}

static void dumping_respects_the_limit(void **state) {
    (void)state;
    KMI_CLEANUP_JSON json_t *value = json_string("0123456789");
    KMI_CLEANUP_BUF kmi_buf buf;
    km_error error;
    kmi_buf_init(&buf, 8);
    assert_int_equal(kmi_json_dump(value, &buf, &error), KM_E_INVALID);
    assert_string_equal(error.message, "JSON is longer than the limit of 8 bytes");
}

static void people_get_it_indented(void **state) {
    (void)state;
    KMI_CLEANUP_JSON json_t *value = json_pack("{s{si}}", "b", "a", 1);
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 100);
    assert_int_equal(kmi_json_dump_indented(value, &buf, NULL), KM_OK);
    assert_string_equal(buf.ptr, "{\n  \"b\": {\n    \"a\": 1\n  }\n}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_texts_are_refused_with_their_place),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(an_object_is_demanded),
        cmocka_unit_test(text_members_are_typed),
        cmocka_unit_test(values_come_back_as_they_were),
        cmocka_unit_test(dumping_respects_the_limit),
        cmocka_unit_test(people_get_it_indented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
