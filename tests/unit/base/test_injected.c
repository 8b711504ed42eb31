/* What machines put into a conversation is found, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/injected.h"

static void expect_stripped(const char *text, const char *rest) {
    kmi_buf buf;
    kmi_buf_init(&buf, 1 << 20);
    kmi_buf_add_text(&buf, "");
    kmi_injected_strip(kmi_slice_from(text), &buf);
    assert_int_equal(kmi_buf_status(&buf), KM_OK);
    assert_string_equal(buf.ptr != NULL ? buf.ptr : "", rest);
    kmi_buf_deinit(&buf);
}

static void passages_go_and_the_rest_stays(void **state) {
    (void)state;
    expect_stripped("We use tabs.", "We use tabs.");
    expect_stripped("", "");
    expect_stripped("<kuzu-memory>\n1. (rule) No.\n</kuzu-memory>\n\n7 We use tabs.", "\n\n7 We use tabs.");
    expect_stripped("<hook_context>&lt;kuzu-memory&gt;\n1. x\n&lt;/kuzu-memory&gt;</hook_context>\n\nWhy?", "\n\nWhy?");
    expect_stripped("a <system-reminder>b</system-reminder> c <system_reminder>d</system_reminder>", "a  c ");
    expect_stripped("<environment_context>\n  <cwd>/x</cwd>\n</environment_context>Go.", "Go.");
}

static void what_only_looks_alike_stays(void **state) {
    (void)state;
    expect_stripped("if a < b && c > d", "if a < b && c > d");
    expect_stripped("List<system> & &lt;b&gt;", "List<system> & &lt;b&gt;");
    expect_stripped("<system-reminder> without an end", "<system-reminder> without an end");
    expect_stripped("<system-reminders>x</system-reminders>", "<system-reminders>x</system-reminders>");
}

static void a_block_of_ours_that_was_cut_ends_at_the_empty_line(void **state) {
    (void)state;
    expect_stripped("<kuzu-memory>\n1. (rule) No.\n2. (ru…\n\n7 We use tabs.", "\n\n7 We use tabs.");
    expect_stripped("Hello. <kuzu-memory>\n1. (rule) No.", "Hello. ");
}

static void a_text_full_of_openings_is_read_once(void **state) {
    (void)state;
    enum { times = 40000 };
    static char text[times * 17 + 1];
    for (size_t i = 0; i < times; i++) memcpy(text + i * 17, "<system-reminder>", 17);
    kmi_buf buf;
    kmi_buf_init(&buf, sizeof text);
    kmi_injected_strip((kmi_slice){text, sizeof text - 1}, &buf);
    assert_int_equal(buf.len, sizeof text - 1);
    kmi_buf_deinit(&buf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passages_go_and_the_rest_stays),
        cmocka_unit_test(what_only_looks_alike_stays),
        cmocka_unit_test(a_block_of_ours_that_was_cut_ends_at_the_empty_line),
        cmocka_unit_test(a_text_full_of_openings_is_read_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
