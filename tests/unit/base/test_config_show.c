/* Showing, editing and writing configurations. */
#include "../util/temp_dir.h"

#include "base/config.h"
#include "base/config_table.h"

static const km_config_entry *find_entry(const km_config_list *list, const char *key) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].key, key) == 0) return &list->items[i];
    }
    fail_msg("no entry %s", key);
    return NULL;
}

static void expect_entry(const km_config_list *list, const char *key, const char *value, const char *origin) {
    const km_config_entry *entry = find_entry(list, key);
    assert_string_equal(entry->value, value);
    assert_string_equal(entry->origin, origin);
    assert_true(strlen(entry->description) > 0);
    assert_true(strlen(entry->range) > 0);
}

static void values_are_described_with_their_origin(void **state) {
    temp_dir *dir = *state;
    char user_path[128];
    snprintf(user_path, sizeof user_path, "%s/user.json", dir->path);
    temp_dir_write(dir, "user.json",
                   "{\"recall\": {\"confidence_threshold\": 0.55}, \"alerts\": {\"command\": [\"notify\"]}}");
    temp_dir_write(dir, "config.json",
                   "{\"async\": {\"worker_timeout\": 10, \"durability\": \"process\"},"
                   " \"learn\": {\"custom_patterns\": {\"p\": {\"regex\": \"x\"}}}}");
    setenv("KUZU_MEMORY_ASYNC_WORKERS", "7", 1);
    setenv("KUZU_MEMORY_ASYNC_DISABLED", "1", 1);
    kmi_arena *arena = kmi_arena_new(1 << 20);
    km_config_list list;
    kmi_config_sources sources = {.user_path = user_path, .project_dir_fd = dir->fd, .project_path = "p/config.json"};
    assert_int_equal(kmi_config_describe(&sources, arena, &list, &dir->error), KM_OK);
    unsetenv("KUZU_MEMORY_ASYNC_WORKERS");
    unsetenv("KUZU_MEMORY_ASYNC_DISABLED");
    assert_int_equal(list.count, kmi_config_key_count);
    assert_int_equal(list.warning_count, 0);
    expect_entry(&list, "async.enabled", "false", "KUZU_MEMORY_ASYNC_DISABLED");
    expect_entry(&list, "async.max_workers", "7", "KUZU_MEMORY_ASYNC_WORKERS");
    expect_entry(&list, "async.max_queue_size", "100", "built-in");
    expect_entry(&list, "async.worker_timeout_seconds", "10", "p/config.json");
    expect_entry(&list, "async.durability", "\"process\"", "p/config.json");
    expect_entry(&list, "performance.max_recall_time_ms", "100.0", "built-in");
    expect_entry(&list, "recall.confidence_threshold", "0.55", user_path);
    expect_entry(&list, "learn.custom_patterns", "{\"p\":{\"regex\":\"x\"}}", "p/config.json");
    expect_entry(&list, "alerts.command", "[\"notify\"]", user_path);
    kmi_arena_free(arena);
}

static void odd_keys_are_warned_of(void **state) {
    temp_dir *dir = *state;
    temp_dir_write(dir, "config.json",
                   "{\"async\": {\"max_worker\": 1, \"worker_timeout\": 5, \"worker_timeout_seconds\": 6},"
                   " \"other\": 1, \"alerts\": {\"command\": [\"evil\"]}}");
    kmi_arena *arena = kmi_arena_new(1 << 20);
    km_config_list list;
    kmi_config_sources sources = {.project_dir_fd = dir->fd, .project_path = "p/config.json"};
    assert_int_equal(kmi_config_describe(&sources, arena, &list, &dir->error), KM_OK);
    assert_int_equal(list.warning_count, 4);
    assert_string_equal(list.warnings[0], "\"p/config.json\": \"async.worker_timeout\" is ignored, because "
                                          "\"async.worker_timeout_seconds\" is given too");
    assert_string_equal(list.warnings[1], "\"p/config.json\": unknown key \"async.max_worker\" is ignored");
    assert_string_equal(list.warnings[2], "\"p/config.json\": unknown section \"other\" is ignored");
    assert_string_equal(
        list.warnings[3],
        "\"p/config.json\": \"alerts.command\" is ignored: it is read from your own configuration file only");
    expect_entry(&list, "async.worker_timeout_seconds", "6", "p/config.json");
    expect_entry(&list, "alerts.command", "null", "built-in");
    kmi_arena_free(arena);
}

static void the_number_of_warnings_is_bounded(void **state) {
    temp_dir *dir = *state;
    static char text[100000];
    size_t len = (size_t)snprintf(text, sizeof text, "{\"async\": {");
    for (int i = 0; i < 1000; i++) len += (size_t)snprintf(text + len, sizeof text - len, "\"k%d\": 1, ", i);
    snprintf(text + len, sizeof text - len, "\"last\": 1}}");
    temp_dir_write(dir, "config.json", text);
    kmi_arena *arena = kmi_arena_new(1 << 20);
    km_config_list list;
    kmi_config_sources sources = {.project_dir_fd = dir->fd, .project_path = "p/config.json"};
    assert_int_equal(kmi_config_describe(&sources, arena, &list, &dir->error), KM_OK);
    assert_int_equal(list.warning_count, KMI_CONFIG_MOST_WARNINGS);
    kmi_arena_free(arena);
}

static void expect_edit(const char *old_text, const char *key, const char *value, const char *expected) {
    KMI_CLEANUP_BUF kmi_buf text;
    km_error error = {.status = KM_OK};
    kmi_buf_init(&text, 10000);
    if (kmi_config_edit(kmi_slice_from(old_text), key, value, &text, &error) != KM_OK) fail_msg("%s", error.message);
    assert_string_equal(text.ptr, expected);
}

static void an_edit_keeps_everything_else(void **state) {
    (void)state;
    expect_edit("", "async.max_workers", "4", "{\n  \"async\": {\n    \"max_workers\": 4\n  }\n}\n");
    expect_edit(" \n", "async.durability", "process", "{\n  \"async\": {\n    \"durability\": \"process\"\n  }\n}\n");
    expect_edit("{\"z\": [0.3], \"async\": {\"b\": null, \"max_workers\": 2, \"a\": 100.0}}", "async.max_workers", "5",
                "{\n  \"z\": [\n    0.3\n  ],\n  \"async\": {\n    \"b\": null,\n    \"max_workers\": 5,\n    \"a\": "
                "100.0\n  }\n}\n");
    /* the spelling that is there is kept, whichever is asked for */
    expect_edit("{\"async\": {\"worker_timeout\": 2}}", "async.worker_timeout_seconds", "5",
                "{\n  \"async\": {\n    \"worker_timeout\": 5\n  }\n}\n");
    expect_edit("", "async.worker_timeout", "5", "{\n  \"async\": {\n    \"worker_timeout_seconds\": 5\n  }\n}\n");
    expect_edit("", "learn.custom_patterns", "{\"p\": {\"regex\": \"x\"}}",
                "{\n  \"learn\": {\n    \"custom_patterns\": {\n      \"p\": {\n        \"regex\": \"x\"\n      }\n    "
                "}\n  }\n}\n");
    expect_edit("", "learn.redact_secrets", "false", "{\n  \"learn\": {\n    \"redact_secrets\": false\n  }\n}\n");
}

static void expect_refusal(const char *old_text, const char *key, const char *value, km_status status,
                           const char *message) {
    KMI_CLEANUP_BUF kmi_buf text;
    km_error error = {.status = KM_OK};
    kmi_buf_init(&text, 10000);
    assert_int_equal(kmi_config_edit(kmi_slice_from(old_text), key, value, &text, &error), status);
    assert_int_equal(kmi_config_edit(kmi_slice_from(old_text), key, value, &text, NULL), status);
    assert_int_equal(text.len, 0);
    if (strstr(error.message, message) == NULL) fail_msg("\"%s\" instead of \"%s\"", error.message, message);
}

static void wrong_edits_are_refused(void **state) {
    (void)state;
    expect_refusal("", "async.max_worker", "1", KM_E_NOT_FOUND, "no configuration key \"async.max_worker\"");
    expect_refusal("", "async", "1", KM_E_NOT_FOUND, "no configuration key \"async\"");
    expect_refusal("", NULL, "1", KM_E_NOT_FOUND, "no configuration key");
    expect_refusal("", "asyncx.max_workers", "1", KM_E_NOT_FOUND, "no configuration key");
    expect_refusal("", "async.max_workers", "0", KM_E_INVALID,
                   "async.max_workers is 0: must be a whole number from 1 to 64");
    expect_refusal("", "async.max_workers", "lots", KM_E_INVALID, "async.max_workers is \"lots\": must be");
    expect_refusal("", "async.max_workers", "", KM_E_INVALID, "async.max_workers is \"\": must be");
    expect_refusal("", "async.durability", "\xFF", KM_E_INVALID, "async.durability: the value is not valid UTF-8");
    expect_refusal("", "alerts.command", "[\"x\"]", KM_E_INVALID, "read from your own configuration file only");
    expect_refusal("{", "async.max_workers", "1", KM_E_INVALID, "configuration: not valid JSON");
    expect_refusal("{\"async\": 1}", "async.max_workers", "1", KM_E_INVALID,
                   "\"async\" in the configuration is a number");
}

static void the_default_file_is_complete_and_without_effect(void **state) {
    temp_dir *dir = *state;
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, 100000);
    assert_int_equal(kmi_config_default_text(&text, &dir->error), KM_OK);
    temp_dir_write(dir, "config.json", text.ptr);
    kmi_arena *arena = kmi_arena_new(1 << 20);
    km_config_list list;
    kmi_config_sources sources = {.project_dir_fd = dir->fd, .project_path = "p/config.json"};
    assert_int_equal(kmi_config_describe(&sources, arena, &list, &dir->error), KM_OK);
    assert_int_equal(list.warning_count, 0);
    for (size_t i = 0; i < list.count; i++) {
        const kmi_config_key *key = kmi_config_key_find(list.items[i].key);
        bool is_users = key->is_user_only || key->is_off_final; /* the user's to decide, not each project's */
        assert_string_equal(list.items[i].origin, is_users ? "built-in" : "p/config.json");
    }
    kmi_config config;
    kmi_config initial;
    kmi_config_init(&initial);
    assert_int_equal(kmi_config_load(&config, &sources, &arena, &dir->error), KM_OK);
    assert_string_equal(config.learn_custom_patterns_json, initial.learn_custom_patterns_json);
    config.learn_custom_patterns_json = initial.learn_custom_patterns_json;
    for (size_t i = 0; i < kmi_config_key_count; i++) {
        json_t *now = kmi_config_value_get(&kmi_config_keys[i], &config);
        json_t *before = kmi_config_value_get(&kmi_config_keys[i], &initial);
        assert_true(json_equal(now, before));
        json_decref(now);
        json_decref(before);
    }
    kmi_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEMP_DIR_TEST(values_are_described_with_their_origin),
        TEMP_DIR_TEST(odd_keys_are_warned_of),
        TEMP_DIR_TEST(the_number_of_warnings_is_bounded),
        TEMP_DIR_TEST(an_edit_keeps_everything_else),
        TEMP_DIR_TEST(wrong_edits_are_refused),
        TEMP_DIR_TEST(the_default_file_is_complete_and_without_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
