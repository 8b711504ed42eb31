/* Editing JSON: what was put in is taken out to the byte, what others wrote stays, whatever the file looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "install/jsonc_edit.h"

static const char SERVER[] = "{\"command\":\"kuzu-memory\",\"args\":[\"mcp\"]}";
static const char HOOK[] = "{\"hooks\":[{\"type\":\"command\",\"command\":\"kuzu-memory hook Stop\"}]}";

static bool names_us(kmi_slice text, const kmi_jsonc_node *item) {
    kmi_slice value = kmi_slice_sub(text, item->start, item->end - item->start);
    return kmi_slice_find(value, KMI_SLICE_LITERAL("kuzu-memory"), 0) != SIZE_MAX;
}

static const kmi_jsonc_place SERVER_PLACE = {.keys = {"mcpServers", "kuzu-memory"}};
static const kmi_jsonc_place HOOK_PLACE = {.keys = {"hooks", "Stop"}, .is_item = true, .is_ours = names_us};

static int set_up(void **state) {
    *state = kmi_arena_new(1 << 24);
    return *state == NULL;
}

static int tear_down(void **state) {
    kmi_arena_free(*state);
    return 0;
}

static const char *put(kmi_arena *arena, const char *text, const kmi_jsonc_place *place, const char *value) {
    KMI_CLEANUP_BUF kmi_buf buf;
    km_error error = {0};
    kmi_buf_init(&buf, 1 << 20);
    assert_int_equal(kmi_jsonc_put(kmi_slice_from(text), place, kmi_slice_from(value), arena, &buf, &error), KM_OK);
    return kmi_arena_copy(arena, kmi_buf_slice(&buf));
}

static const char *take_out(kmi_arena *arena, const char *text, const kmi_jsonc_place *place, bool prune) {
    KMI_CLEANUP_BUF kmi_buf buf;
    km_error error = {0};
    kmi_buf_init(&buf, 1 << 20);
    assert_int_equal(kmi_jsonc_take_out(kmi_slice_from(text), place, prune, arena, &buf, &error), KM_OK);
    return kmi_arena_copy(arena, kmi_buf_slice(&buf));
}

static kmi_jsonc_state find(kmi_arena *arena, const char *text, const kmi_jsonc_place *place, const char *value) {
    kmi_jsonc_document document;
    kmi_jsonc_state state = KMI_JSONC_ABSENT;
    assert_int_equal(kmi_jsonc_parse(kmi_slice_from(text), arena, &document, NULL), KM_OK);
    assert_int_equal(kmi_jsonc_find(&document, place, kmi_slice_from(value), arena, &state, NULL), KM_OK);
    return state;
}

static void a_new_file_is_written_in_two_spaces(void **state) {
    assert_string_equal(put(*state, "", &SERVER_PLACE, SERVER), "{\n"
                                                                "  \"mcpServers\": {\n"
                                                                "    \"kuzu-memory\": {\n"
                                                                "      \"command\": \"kuzu-memory\",\n"
                                                                "      \"args\": [\"mcp\"]\n"
                                                                "    }\n"
                                                                "  }\n"
                                                                "}\n");
}

static void the_style_of_the_file_is_followed(void **state) {
    assert_string_equal(put(*state, "{\r\n\t\"a\": 1 // why\r\n}\r\n", &SERVER_PLACE, "{\"command\":\"x\"}"),
                        "{\r\n\t\"a\": 1, // why\r\n\t\"mcpServers\": {\r\n\t\t\"kuzu-memory\": {\r\n"
                        "\t\t\t\"command\": \"x\"\r\n\t\t}\r\n\t}\r\n}\r\n");
    assert_string_equal(put(*state, "{\"a\": 1}", &SERVER_PLACE, "{\"command\":\"x\"}"),
                        "{\"a\": 1, \"mcpServers\": {\"kuzu-memory\": {\"command\": \"x\"}}}");
    assert_string_equal(
        put(*state, "{\n  \"mcpServers\": {\n    \"b\": {},\n  },\n}\n", &SERVER_PLACE, "{\"c\":1}"),
        "{\n  \"mcpServers\": {\n    \"b\": {},\n    \"kuzu-memory\": {\n      \"c\": 1\n    },\n  },\n}\n");
}

/* Files as people and programs write them. */
static const char *const FILES[] = {
    "{\n  \"theme\": \"dark\"\n}\n",
    "{\n    \"theme\": \"dark\",\n    \"mcpServers\": {\n        \"other\": {\n            \"command\": \"x\"\n        "
    "}\n    }\n}",
    "{\"theme\":\"dark\"}",
    "{\"mcpServers\": {\"other\": {\"command\": \"x\"}}, \"hooks\": {\"Stop\": [{\"hooks\": []}]}}\n",
    "// mine\n{\n  // servers\n  \"mcpServers\": {\n    \"other\": {} // last\n  }, /* and */\n  \"z\": [1, 2,]\n}\n// "
    "end\n",
    "{\n\t\"hooks\": {\n\t\t\"Stop\": [\n\t\t\t{\"hooks\": [{\"type\": \"command\", \"command\": \"say "
    "done\"}]}\n\t\t]\n\t}\n}\n",
    "\xEF\xBB\xBF{\r\n  \"a\": \"\\\"}{\",\r\n  \"b\": []\r\n}\r\n",
    "{\n  \"a\": {\n    \"b\": null\n  },\n\n  \"c\": -1.5e3\n}\n\n",
};

static void what_was_put_in_is_taken_out_to_the_byte(void **state) {
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        const char *with_server = put(*state, FILES[i], &SERVER_PLACE, SERVER);
        assert_int_equal(find(*state, with_server, &SERVER_PLACE, SERVER), KMI_JSONC_PRESENT);
        const char *with_both = put(*state, with_server, &HOOK_PLACE, HOOK);
        assert_int_equal(find(*state, with_both, &HOOK_PLACE, HOOK), KMI_JSONC_PRESENT);
        assert_string_equal(put(*state, with_both, &HOOK_PLACE, HOOK), with_both);
        assert_string_equal(put(*state, with_both, &SERVER_PLACE, SERVER), with_both);
        const char *without_hook = take_out(*state, with_both, &HOOK_PLACE, true);
        assert_string_equal(take_out(*state, without_hook, &SERVER_PLACE, true), FILES[i]);
    }
}

static void what_came_after_us_stays(void **state) {
    const char *text = put(*state, "{\n  \"a\": 1\n}\n", &SERVER_PLACE, "{\"c\":1}");
    text = put(*state, text, &(kmi_jsonc_place){.keys = {"mcpServers", "later"}}, "{\"d\":2}");
    text = put(*state, text, &(kmi_jsonc_place){.keys = {"other"}}, "{\"e\":3}");
    assert_string_equal(take_out(*state, text, &SERVER_PLACE, true),
                        "{\n  \"a\": 1,\n  \"mcpServers\": {\n    \"later\": {\n"
                        "      \"d\": 2\n    }\n  },\n  \"other\": {\n"
                        "    \"e\": 3\n  }\n}\n");
}

static void an_old_entry_is_mended_and_keeps_what_the_user_added(void **state) {
    const char *old = "{\"mcpServers\": {\"kuzu-memory\": {\"command\": \"/old\", \"env\": {\"A\": \"1\"}}}}";
    assert_int_equal(find(*state, old, &SERVER_PLACE, SERVER), KMI_JSONC_STALE);
    assert_string_equal(put(*state, old, &SERVER_PLACE, SERVER),
                        "{\"mcpServers\": {\"kuzu-memory\": {\"command\": \"kuzu-memory\", \"env\": {\"A\": \"1\"}, "
                        "\"args\": [\"mcp\"]}}}");
    const char *hook = "{\"hooks\": {\"Stop\": [{\"a\": 1}, {\"hooks\": [{\"command\": \"/old/kuzu-memory hook\"}]}]}}";
    assert_int_equal(find(*state, hook, &HOOK_PLACE, HOOK), KMI_JSONC_STALE);
    assert_string_equal(put(*state, hook, &HOOK_PLACE, "{\"n\":\"kuzu-memory\"}"),
                        "{\"hooks\": {\"Stop\": [{\"a\": 1}, {\"n\": \"kuzu-memory\"}]}}");
}

static void what_stands_in_the_way_is_a_conflict(void **state) {
    static const char *const texts[] = {"[]", "7", "{\"mcpServers\": []}", "{\"mcpServers\": {\"kuzu-memory\": true}}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        KMI_CLEANUP_BUF kmi_buf buf;
        kmi_buf_init(&buf, 1 << 16);
        km_error error = {0};
        assert_int_equal(
            kmi_jsonc_put(kmi_slice_from(texts[i]), &SERVER_PLACE, kmi_slice_from(SERVER), *state, &buf, &error),
            KM_E_CONFLICT);
    }
}

static void broken_files_are_refused_with_their_line(void **state) {
    static const char *const texts[] = {
        "{",        "{\"a\" 1}", "{\"a\": 1 \"b\": 2}", "{\"a\": }", "{\n\"a\": \"x\n\"}", "{} {}",
        "{'a': 1}", "/* ",       "{\"a\": [1, 2}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kmi_jsonc_document document;
        km_error error = {0};
        assert_int_equal(kmi_jsonc_parse(kmi_slice_from(texts[i]), *state, &document, &error), KM_E_INVALID);
        assert_memory_equal(error.message, "line ", 5);
    }
    char deep[200];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    kmi_jsonc_document document;
    assert_int_equal(kmi_jsonc_parse(kmi_slice_from(deep), *state, &document, NULL), KM_E_INVALID);
}

static void comments_and_closing_commas_are_noticed(void **state) {
    static const struct {
        const char *text;
        bool is_strict;
    } rows[] = {{"{\"a\": \"// no\"}", true},
                {"{} // yes", false},
                {"{\"a\": 1,}", false},
                {"{\"a\": [1,]}", false},
                {"{}", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kmi_jsonc_document document;
        assert_int_equal(kmi_jsonc_parse(kmi_slice_from(rows[i].text), *state, &document, NULL), KM_OK);
        assert_int_equal(document.is_strict, rows[i].is_strict);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_file_is_written_in_two_spaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_style_of_the_file_is_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_put_in_is_taken_out_to_the_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_came_after_us_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_old_entry_is_mended_and_keeps_what_the_user_added, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_stands_in_the_way_is_a_conflict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_files_are_refused_with_their_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(comments_and_closing_commas_are_noticed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
