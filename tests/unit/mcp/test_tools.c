/* The tools are made of the command table: what that allows, they allow, and they cost few words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mcp/tools.h"

/* Models count a token for about four characters of such text; 1 500 tokens are the promise. */
enum { schema_bytes_max = 6000, tools_max = 6 };

static void every_row_is_complete(void **state) {
    (void)state;
    size_t count = 0;
    for (const kmi_tool *tool = kmi_tools; tool->name != NULL; tool++, count++) {
        assert_non_null(tool->title);
        assert_non_null(tool->command);
        assert_non_null(tool->description);
        assert_non_null(tool->run);
        assert_ptr_equal(kmi_tool_find(tool->name), tool);
        assert_false(tool->is_read_only && tool->is_destructive);
        size_t parameters = 0;
        for (const kmi_tool_parameter *at = tool->parameters; !kmi_tool_parameter_is_end(at); at++, parameters++) {
            assert_non_null(kmi_tool_option(tool, at)); /* the command has this option */
            assert_non_null(kmi_tool_parameter_name(tool, at));
        }
        assert_true(parameters < KMI_TOOL_PARAMETERS_MAX);
    }
    assert_true(count <= tools_max);
}

static json_t *read_json(const char *text) {
    json_t *value = NULL;
    assert_int_equal(kmi_json_parse_object(kmi_slice_from(text), "test", &value, NULL), KM_OK);
    return value;
}

static void schemas_are_json_and_short(void **state) {
    (void)state;
    kmi_buf text;
    kmi_buf_init(&text, 65536);
    kmi_json_out out = kmi_json_out_start(&text);
    for (const kmi_tool *tool = kmi_tools; tool->name != NULL; tool++) {
        size_t start = text.len;
        out = kmi_json_out_start(&text);
        kmi_tool_add_json(tool, &out);
        json_t *value = NULL;
        kmi_slice written = kmi_slice_sub(kmi_buf_slice(&text), start, text.len);
        assert_int_equal(kmi_json_parse_object(written, "tool", &value, NULL), KM_OK);
        assert_true(json_is_object(json_object_get(value, "outputSchema")));
        assert_string_equal(json_string_value(json_object_get(json_object_get(value, "inputSchema"), "type")),
                            "object");
        json_decref(value);
    }
    assert_int_equal(kmi_buf_status(&text), KM_OK);
    assert_true(text.len <= schema_bytes_max);
    kmi_buf_deinit(&text);
}

static void limits_are_those_of_the_command_line(void **state) {
    (void)state;
    kmi_buf text;
    kmi_buf_init(&text, 65536);
    kmi_json_out out = kmi_json_out_start(&text);
    const kmi_tool *recall = kmi_tool_find("recall");
    kmi_tool_add_json(recall, &out);
    json_t *value = read_json(text.ptr);
    json_t *properties = json_object_get(json_object_get(value, "inputSchema"), "properties");
    const kmi_option *limit = NULL;
    for (const kmi_option *const *row = kmi_command_recall.options; *row != NULL; row++)
        if (strcmp((*row)->name, "limit") == 0) limit = *row;
    assert_non_null(limit);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(properties, "limit"), "maximum")),
                     (json_int_t)limit->most);
    size_t types = 0;
    while (km_memory_types()[types] != NULL) types++;
    assert_int_equal(json_array_size(json_object_get(json_object_get(properties, "type"), "enum")), types);
    json_decref(value);
    kmi_buf_deinit(&text);
}

static void expect_verdict(const char *tool, const char *arguments, const char *complaint) {
    km_error error = {0};
    json_t *value = read_json(arguments);
    km_status status = kmi_tool_check(kmi_tool_find(tool), value, &error);
    json_decref(value);
    if (complaint == NULL) {
        assert_int_equal(status, KM_OK);
        return;
    }
    assert_int_equal(status, KM_E_INVALID);
    if (strstr(error.message, complaint) == NULL) fail_msg("%s: %s", arguments, error.message);
}

static void arguments_are_checked(void **state) {
    (void)state;
    expect_verdict("recall", "{\"query\":\"x\",\"limit\":5.0,\"type\":null,\"since\":\"2026-01-31\"}", NULL);
    expect_verdict("recall", "{}", "\"query\" is missing");
    expect_verdict("recall", "{\"query\":null}", "\"query\" is missing");
    expect_verdict("recall", "{\"query\":\" \\n\"}", "\"query\" is empty");
    expect_verdict("recall", "{\"query\":[\"x\"]}", "must be a string, not an array");
    expect_verdict("recall", "{\"query\":\"x\",\"limit\":0}", "whole number from 1 to");
    expect_verdict("recall", "{\"query\":\"x\",\"limit\":2.5}", "whole number");
    expect_verdict("recall", "{\"query\":\"x\",\"limit\":1e300}", "whole number");
    expect_verdict("recall", "{\"query\":\"x\",\"type\":\"rumour\"}", "must be one of fact, identity");
    expect_verdict("recall", "{\"query\":\"x\",\"since\":\"yesterdayish\"}", "\"since\"");
    expect_verdict("recall", "{\"query\":\"x\",\"format\":\"json\"}",
                   "no argument \"format\"; recall takes query, limit");
    expect_verdict("learn", "{\"text\":\"x\",\"exact\":\"yes\"}", "true or false");
    expect_verdict("forget", "{\"ids\":[]}", "list of 1 to");
    expect_verdict("forget", "{\"ids\":[1]}", "must be a string");
    expect_verdict("forget", "{\"ids\":\"0192\"}", "list of 1 to");
    expect_verdict("status", "{\"detailed\":true}", "status takes none");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(schemas_are_json_and_short),
        cmocka_unit_test(limits_are_those_of_the_command_line),
        cmocka_unit_test(arguments_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
