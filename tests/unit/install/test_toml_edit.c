/* Editing TOML: one table of ours, comments and layout of the others untouched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "install/toml_edit.h"

static const kmi_toml_table TABLE = {"mcp_servers.kuzu-memory", "command = \"kuzu-memory\"\nargs = [\"mcp\"]\n"};

static const char *put(const char *text, kmi_buf *buf) {
    kmi_buf_clear(buf);
    assert_int_equal(kmi_toml_put(kmi_slice_from(text), &TABLE, buf, NULL), KM_OK);
    return buf->ptr;
}

static const char *take_out(const char *text, kmi_buf *buf) {
    kmi_buf_clear(buf);
    assert_int_equal(kmi_toml_take_out(kmi_slice_from(text), &TABLE, buf, NULL), KM_OK);
    return buf->ptr != NULL ? buf->ptr : "";
}

static kmi_toml_state find(const char *text) {
    kmi_toml_state state = KMI_TOML_ABSENT;
    assert_int_equal(kmi_toml_find(kmi_slice_from(text), &TABLE, &state, NULL), KM_OK);
    return state;
}

static const char *const FILES[] = {
    "",
    "model = \"gpt\"\n",
    "# mine\n[mcp_servers.other] # keep\ncommand = 'x'\nargs = [\n  \"a\", # [not.a.table]\n]\n",
    "text = \"\"\"\n[mcp_servers.kuzu-memory]\n\"\"\"\n\n[[list]]\nname = \"a\"\n",
    "a = 1\r\n\r\n[b]\r\nc = \"\\\"]\"\r\n",
};

static void what_was_put_in_is_taken_out_to_the_byte(void **state) {
    (void)state;
    KMI_CLEANUP_BUF kmi_buf with;
    KMI_CLEANUP_BUF kmi_buf again;
    KMI_CLEANUP_BUF kmi_buf without;
    kmi_buf_init(&with, 1 << 16);
    kmi_buf_init(&again, 1 << 16);
    kmi_buf_init(&without, 1 << 16);
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        assert_int_equal(find(FILES[i]), KMI_TOML_ABSENT);
        put(FILES[i], &with);
        assert_int_equal(find(with.ptr), KMI_TOML_PRESENT);
        assert_string_equal(put(with.ptr, &again), with.ptr);
        assert_string_equal(take_out(with.ptr, &without), FILES[i]);
    }
}

static void an_old_table_is_mended_and_keeps_what_the_user_added(void **state) {
    (void)state;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 1 << 16);
    const char *old = "[mcp_servers.\"kuzu-memory\"]\ncommand = \"/old\"\nenabled = true\n\n# next\n[z]\n";
    assert_int_equal(find(old), KMI_TOML_STALE);
    assert_string_equal(put(old, &buf), "[mcp_servers.\"kuzu-memory\"]\ncommand = \"kuzu-memory\"\nargs = [\"mcp\"]\n"
                                        "enabled = true\n\n# next\n[z]\n");
}

static void sub_tables_go_and_foreign_ones_stay(void **state) {
    (void)state;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 1 << 16);
    assert_string_equal(
        take_out("[a]\nx = 1\n\n[mcp_servers.kuzu-memory]\ncommand = \"x\"\n"
                 "[mcp_servers.kuzu-memory.tools.learn]\napproval_mode = \"approve\"\n\n# about b\n[b]\ny = 2\n"
                 "[mcp_servers.kuzu-memory-two]\nz = 3\n",
                 &buf),
        "[a]\nx = 1\n\n# about b\n[b]\ny = 2\n[mcp_servers.kuzu-memory-two]\nz = 3\n");
}

static void other_forms_are_a_conflict(void **state) {
    (void)state;
    static const char *const texts[] = {"[mcp_servers]\nkuzu-memory = { command = \"x\" }\n",
                                        "mcp_servers.kuzu-memory.command = \"x\"\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kmi_toml_state found = KMI_TOML_ABSENT;
        km_error error = {0};
        assert_int_equal(kmi_toml_find(kmi_slice_from(texts[i]), &TABLE, &found, &error), KM_E_CONFLICT);
        assert_non_null(strstr(error.message, "line "));
    }
}

static void broken_files_are_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"a = \"x\n", "a = [1,\n", "[a\n", "a = \"\"\"x\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kmi_toml_state found = KMI_TOML_ABSENT;
        assert_int_equal(kmi_toml_find(kmi_slice_from(texts[i]), &TABLE, &found, NULL), KM_E_INVALID);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_in_is_taken_out_to_the_byte),
        cmocka_unit_test(an_old_table_is_mended_and_keeps_what_the_user_added),
        cmocka_unit_test(sub_tables_go_and_foreign_ones_stay),
        cmocka_unit_test(other_forms_are_a_conflict),
        cmocka_unit_test(broken_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
