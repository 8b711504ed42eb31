/* What is found in other programs' files: tests/data/import, one line of the expected file for each statement. With
 * KM_UPDATE set, the expected files are written anew. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/demand.h"
#include "import/formats.h"
#include "import/similar.h"
#include "util/buf.h"
#include "util/file.h"

static bool write_note(const kmi_note *note, const char *problem, void *context) {
    kmi_buf *out = context;
    if (problem != NULL)
        kmi_buf_add_format(out, "%d! %s\n", (int)note->line, problem);
    else
        kmi_buf_add_format(out, "%d %s [%.*s] %.*s\n", (int)note->line, note->type != NULL ? note->type : "-",
                           (int)note->heading.len, note->heading.ptr, (int)note->text.len, note->text.ptr);
    return true;
}

static void read_data(const char *name, kmi_buf *buf) {
    char path[1024];
    km_error error = {0};
    snprintf(path, sizeof path, "%s/import/%s", getenv("KM_TEST_DATA"), name);
    kmi_buf_init(buf, (size_t)1 << 20);
    if (kmi_file_read(AT_FDCWD, path, buf, &error) != KM_OK) fail_msg("%s", error.message);
}

static void update(const char *name, kmi_slice text) {
    char path[1024];
    snprintf(path, sizeof path, "%s/import/%s", getenv("KM_TEST_DATA"), name);
    assert_int_equal(kmi_file_replace(AT_FDCWD, path, text, NULL), KM_OK);
}

static void check(const char *name, const char *format_name) {
    KMI_CLEANUP_BUF kmi_buf text;
    KMI_CLEANUP_BUF kmi_buf expected;
    KMI_CLEANUP_BUF kmi_buf came;
    char expected_name[200];
    kmi_import_reading reading = {.project = KMI_SLICE_LITERAL("/home/me/shop")};
    read_data(name, &text);
    const kmi_import_format *format = kmi_import_format_detect(name, kmi_buf_slice(&text));
    assert_string_equal(format->name, format_name);
    kmi_buf_init(&came, (size_t)1 << 20);
    assert_true(format->read(kmi_buf_slice(&text), &reading, write_note, &came));
    snprintf(expected_name, sizeof expected_name, "%s.expected", name);
    if (getenv("KM_UPDATE") != NULL) update(expected_name, kmi_buf_slice(&came));
    read_data(expected_name, &expected);
    assert_string_equal(came.ptr, expected.ptr);
}

static void test_files(void **state) {
    (void)state;
    check("rules.md", "rules");
    check("cursor.mdc", "rules");
    check("MEMORY.md", "claude-memory");
    check("claude-feedback.md", "claude-memory");
    check("claude-topics.md", "claude-memory");
    check("codex.md", "codex-memory");
    check("graph.jsonl", "memory-server");
}

static void detects(const char *path, const char *text, const char *wanted) {
    assert_string_equal(kmi_import_format_detect(path, kmi_slice_from(text))->name, wanted);
}

static void test_detection(void **state) {
    (void)state;
    detects("x.jsonl", "{\"record\":\"header\",\"format\":\"kuzu-memory-export\"}", "export");
    detects("x.json", "{\"export_version\": 1, \"memories\": []}", "export");
    detects("x.json", "[{\"content\": \"text\"}]", "export");
    detects("x", "this is nothing", "export");
    detects("x", "", "export");
    detects("-", "{\"type\": \"entity\", \"name\": \"a\", \"entityType\": \"b\", \"observations\": []}",
            "memory-server");
    detects("a/b.jsonl", "{\"timestamp\":\"t\",\"type\":\"session_meta\",\"payload\":{}}", "codex");
    detects("b.jsonl", "{\"type\":\"summary\"}\n{\"sessionId\":\"1\",\"type\":\"user\"}", "claude-code");
    detects("b.jsonl", "{\"sessionId\":\"1\",\"projectHash\":\"2\"}\n{\"type\":\"user\"}", "gemini");
    detects("events.jsonl", "{\"type\":\"session.start\",\"data\":{\"sessionId\":\"1\"}}", "copilot");
    detects("notes/.cursorrules", "Always use tabs.", "rules");
    detects("memory_summary.md", "v1\n\n## User Profile\n", "codex-memory");
}

static void test_demands(void **state) {
    (void)state;
    assert_true(kmi_demand_is_one(KMI_SLICE_LITERAL("Do not push.")));
    assert_true(kmi_demand_is_one(KMI_SLICE_LITERAL("The tests must pass.")));
    assert_true(kmi_demand_is_one(KMI_SLICE_LITERAL("Don\xE2\x80\x99t push.")));
    assert_false(kmi_demand_is_one(KMI_SLICE_LITERAL("This file gives guidance.")));
    assert_false(kmi_demand_is_one(KMI_SLICE_LITERAL("")));
    assert_true(kmi_demand_is_empty(KMI_SLICE_LITERAL("General Guidelines")));
    assert_false(kmi_demand_is_empty(KMI_SLICE_LITERAL("Don't")));
}

static void test_stop(void **state) {
    (void)state;
    const kmi_import_format *rules = kmi_import_format_find("rules");
    kmi_import_reading reading = {.project = KMI_SLICE_LITERAL("")};
    KMI_CLEANUP_BUF kmi_buf text;
    KMI_CLEANUP_BUF kmi_buf came;
    kmi_buf_init(&text, (size_t)1 << 20);
    kmi_buf_init(&came, (size_t)1 << 20);
    kmi_buf_add_text(&text, "- Never ");
    for (int i = 0; i < 9000; i++) kmi_buf_add_char(&text, 'x');
    kmi_buf_add_text(&text, "\n- Never again\n");
    assert_true(rules->read(kmi_buf_slice(&text), &reading, write_note, &came));
    assert_string_equal(came.ptr, "1! the statement is longer than 8192 bytes\n2 rule [] Never again\n");
    assert_null(kmi_import_format_find("nothing"));
}

static void test_likeness(void **state) {
    (void)state;
    kmi_word_set a = kmi_word_set_of(KMI_SLICE_LITERAL("Use tabs, never spaces"));
    kmi_word_set b = kmi_word_set_of(KMI_SLICE_LITERAL("Use two spaces, never tabs"));
    kmi_word_set c = kmi_word_set_of(KMI_SLICE_LITERAL("Deploy on Mondays"));
    kmi_word_set none = kmi_word_set_of(KMI_SLICE_LITERAL(""));
    assert_true(kmi_word_set_overlap(&a, &a) == 1);
    assert_true(kmi_word_set_overlap(&a, &b) > 0.6);
    assert_true(kmi_word_set_overlap(&a, &c) == 0);
    assert_true(kmi_word_set_overlap(&none, &none) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files), cmocka_unit_test(test_detection), cmocka_unit_test(test_demands),
        cmocka_unit_test(test_stop),  cmocka_unit_test(test_likeness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
