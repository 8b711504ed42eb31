/* Loading the configuration: precedence, spellings, wrong values, hostile files. */
#include "../util/temp_dir.h"

#include "base/config.h"

typedef struct loaded {
    kmi_config config;
    kmi_arena *arena;
    km_status status;
} loaded;

static void clear_environment(void) {
    unsetenv("KUZU_MEMORY_ASYNC_DISABLED");
    unsetenv("KUZU_MEMORY_ASYNC_WORKERS");
    unsetenv("KUZU_MEMORY_ASYNC_QUEUE_SIZE");
    unsetenv("KUZU_MEMORY_ASYNC_TIMEOUT");
}

static int setup(void **state) {
    clear_environment();
    return temp_dir_setup(state);
}

static int teardown(void **state) {
    clear_environment();
    return temp_dir_teardown(state);
}

/* Loads user.json and config.json of the directory, whichever are there. */
static void load(temp_dir *dir, loaded *ret_loaded) {
    char user_path[128];
    snprintf(user_path, sizeof user_path, "%s/user.json", dir->path);
    kmi_config_sources sources = {
        .user_path = user_path, .project_dir_fd = dir->fd, .project_path = "project/config.json"};
    memset(&dir->error, 0, sizeof dir->error);
    ret_loaded->arena = NULL;
    ret_loaded->status = kmi_config_load(&ret_loaded->config, &sources, &ret_loaded->arena, &dir->error);
    assert_int_equal(dir->error.status, ret_loaded->status);
}

static void expect_error(temp_dir *dir, km_status status, const char *message) {
    loaded result;
    load(dir, &result);
    assert_int_equal(result.status, status);
    if (strstr(dir->error.message, message) == NULL) fail_msg("\"%s\" instead of \"%s\"", dir->error.message, message);
    kmi_arena_free(result.arena);
}

static void defaults_hold_without_files(void **state) {
    temp_dir *dir = *state;
    loaded result;
    load(dir, &result);
    assert_int_equal(result.status, KM_OK);
    assert_null(result.arena);
    const kmi_config *config = &result.config;
    assert_true(config->async_enabled);
    assert_int_equal(config->async_max_workers, 2);
    assert_int_equal(config->async_max_queue_size, 100);
    assert_int_equal(config->async_worker_timeout_seconds, 30);
    assert_int_equal(config->async_task_retry_attempts, 3);
    assert_int_equal(config->async_cleanup_interval_seconds, 60);
    assert_int_equal(config->async_max_task_age_seconds, 300);
    assert_true(config->async_worker_idle_seconds == 5.0);
    assert_int_equal(config->async_queue_full_wait_ms, 500);
    assert_true(config->async_is_durable);
    assert_int_equal(config->async_max_memory_mb, 50);
    assert_true(config->performance_max_recall_time_ms == 100.0);
    assert_true(config->performance_max_generation_time_ms == 200.0);
    assert_true(config->performance_monitoring);
    assert_true(config->performance_enhance_timeout_seconds == 5.0);
    assert_int_equal(config->performance_cache_size_mb, 5);
    assert_int_equal(config->recall_max_memories, 5);
    assert_true(config->recall_confidence_threshold == 0.3);
    assert_int_equal(config->recall_max_context_chars, 4000);
    assert_int_equal(config->recall_standing_memories, 2);
    assert_true(config->learn_redact_secrets);
    assert_string_equal(config->learn_custom_patterns_json, "{}");
    assert_true(kmi_config_retention_days(config, "status") == 1.0);
    assert_true(kmi_config_retention_days(config, "fact") == 0.0);
    assert_true(kmi_config_retention_days(config, "unheard of") == 0.0);
    assert_true(kmi_config_retention_days(config, NULL) == 0.0);
    assert_int_equal(config->alerts_queue_percent, 80);
    assert_int_equal(config->alerts_oldest_waiting_seconds, 60);
    assert_int_equal(config->alerts_failure_percent, 10);
    assert_int_equal(config->alerts_disk_free_mb, 64);
    assert_int_equal(config->alerts_repeat_minutes, 60);
    assert_null(config->alerts_command_json);
}

static void both_files_of_the_guide_are_read(void **state) {
    temp_dir *dir = *state;
    loaded result;
    temp_dir_write(
        dir, "config.json",
        "{\"async\": {\"max_workers\": 3, \"max_queue_size\": 7, \"worker_timeout\": 31, \"retry_attempts\": 4}}");
    load(dir, &result);
    assert_int_equal(result.status, KM_OK);
    assert_int_equal(result.config.async_max_workers, 3);
    assert_int_equal(result.config.async_max_queue_size, 7);
    assert_int_equal(result.config.async_worker_timeout_seconds, 31);
    assert_int_equal(result.config.async_task_retry_attempts, 4);
    temp_dir_write(dir, "config.json",
                   "{\"async\": {\"enabled\": false, \"worker_timeout_seconds\": 32, \"task_retry_attempts\": 0,"
                   " \"cleanup_interval_seconds\": 61, \"max_task_age_seconds\": 301, \"max_workers\": 4.0},"
                   " \"performance\": {\"max_recall_time_ms\": 100.5, \"max_generation_time_ms\": 200,"
                   " \"enable_performance_monitoring\": false}, \"retention\": {\"note\": 30}}");
    load(dir, &result);
    assert_int_equal(result.status, KM_OK);
    assert_false(result.config.async_enabled);
    assert_int_equal(result.config.async_max_workers, 4);
    assert_int_equal(result.config.async_worker_timeout_seconds, 32);
    assert_int_equal(result.config.async_task_retry_attempts, 0);
    assert_int_equal(result.config.async_cleanup_interval_seconds, 61);
    assert_int_equal(result.config.async_max_task_age_seconds, 301);
    assert_true(result.config.performance_max_recall_time_ms == 100.5);
    assert_true(result.config.performance_max_generation_time_ms == 200.0);
    assert_false(result.config.performance_monitoring);
    assert_true(kmi_config_retention_days(&result.config, "note") == 30.0);
    assert_null(result.arena);
}

static void stronger_sources_win(void **state) {
    temp_dir *dir = *state;
    loaded result;
    temp_dir_write(dir, "user.json",
                   "{\"async\": {\"max_workers\": 10, \"max_queue_size\": 10, \"worker_timeout\": 10},"
                   " \"learn\": {\"custom_patterns\": {\"a\": {\"regex\": \"x\"}}},"
                   " \"alerts\": {\"command\": [\"notify\", \"\"]}}");
    temp_dir_write(dir, "config.json",
                   "{\"async\": {\"max_workers\": 20, \"max_queue_size\": 20, \"durability\": \"process\"},"
                   " \"alerts\": {\"command\": [\"evil\"]}}");
    setenv("KUZU_MEMORY_ASYNC_WORKERS", " 30 ", 1);
    setenv("KUZU_MEMORY_ASYNC_TIMEOUT", "", 1); /* empty is as good as absent */
    load(dir, &result);
    assert_int_equal(result.status, KM_OK);
    assert_int_equal(result.config.async_max_workers, 30);
    assert_int_equal(result.config.async_max_queue_size, 20);
    assert_int_equal(result.config.async_worker_timeout_seconds, 10);
    assert_false(result.config.async_is_durable);
    assert_string_equal(result.config.learn_custom_patterns_json, "{\"a\":{\"regex\":\"x\"}}");
    assert_string_equal(result.config.alerts_command_json, "[\"notify\",\"\"]"); /* the project may not name programs */
    kmi_arena_free(result.arena);
}

static void wrong_values_name_file_key_value_and_range(void **state) {
    temp_dir *dir = *state;
    static const char *const CASES[][2] = {
        {"{\"async\": {\"max_workers\": 0}}",
         "\"project/config.json\": async.max_workers is 0: must be a whole number from 1 to 64"},
        {"{\"async\": {\"max_workers\": 65}}", "async.max_workers is 65: must be"},
        {"{\"async\": {\"max_workers\": -1}}", "async.max_workers is -1: must be"},
        {"{\"async\": {\"max_workers\": 2.5}}", "async.max_workers is 2.5: must be a whole number"},
        {"{\"async\": {\"max_workers\": \"2\"}}", "async.max_workers is \"2\": must be"},
        {"{\"async\": {\"max_workers\": null}}", "async.max_workers is null: must be"},
        {"{\"async\": {\"max_workers\": 1e300}}", "async.max_workers is 1e300: must be"},
        {"{\"async\": {\"worker_timeout\": 0}}",
         "async.worker_timeout_seconds is 0: must be a whole number from 1 to 3600"},
        {"{\"async\": {\"enabled\": 1}}", "async.enabled is 1: must be true or false"},
        {"{\"async\": {\"durability\": \"none\"}}", "async.durability is \"none\": must be \"full\" or \"process\""},
        {"{\"async\": []}", "\"project/config.json\": \"async\" is an array: must be an object"},
        {"{\"performance\": {\"enhance_timeout_seconds\": 0.01}}", "is 0.01: must be a number from 0.05 to 600"},
        {"{\"recall\": {\"confidence_threshold\": 1.5}}",
         "recall.confidence_threshold is 1.5: must be a number from 0 to 1"},
        {"{\"learn\": {\"custom_patterns\": []}}", "learn.custom_patterns is []: must be an object"},
        {"{\"learn\": {\"custom_patterns\": {\"p\": 1}}}", "pattern \"p\" must be an object"},
        {"{\"learn\": {\"custom_patterns\": {\"p\": {}}}}", "pattern \"p\" needs \"regex\", a string"},
        {"{\"learn\": {\"custom_patterns\": {\"p\": {\"regex\": \"x\", \"type\": 1}}}}", "\"type\" must be a string"},
        {"{\"learn\": {\"custom_patterns\": {\"p\": {\"regex\": \"x\", \"confidence\": 2}}}}",
         "\"confidence\" must be a number from 0 to 1"},
        {"{\"learn\": {\"custom_patterns\": {\"p\": {\"regex\": \"x\", \"type\": \"opinion\"}}}}",
         "learn.custom_patterns: pattern \"p\" unknown type \"opinion\""},
        {"{\"learn\": {\"custom_patterns\": {\"p\": {\"regex\": \"a(b\"}}}}",
         "\"project/config.json\": learn.custom_patterns: pattern \"p\" does not compile: pattern is wrong at offset "
         "3: missing"
         " closing"},
        {"{\"async\": {\"max_workers\": 2, \"max_workers\": 3}}", "a key stands twice in one object"},
        {"{\"async\"", "\"project/config.json\": configuration: not valid JSON at line 1, column 8: it ends too early"},
        {"[]", "configuration: must be a JSON object, not an array"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        temp_dir_write(dir, "config.json", CASES[i][0]);
        expect_error(dir, KM_E_INVALID, CASES[i][1]);
    }
    temp_dir_write(dir, "config.json", "");
    temp_dir_write(dir, "user.json", "{\"alerts\": {\"command\": \"rm\"}}");
    expect_error(dir, KM_E_INVALID, "alerts.command is a string: must be a list of strings, the program first");
    temp_dir_write(dir, "user.json", "{\"alerts\": {\"command\": []}}");
    expect_error(dir, KM_E_INVALID, "alerts.command is an array: must be");
}

static void what_was_read_before_a_fault_is_kept(void **state) {
    temp_dir *dir = *state;
    loaded result;
    temp_dir_write(dir, "user.json", "{\"async\": {\"max_workers\": 9}}");
    temp_dir_write(dir, "config.json", "{\"async\": {\"max_queue_size\": 0}}");
    load(dir, &result);
    assert_int_equal(result.status, KM_E_INVALID);
    assert_int_equal(result.config.async_max_workers, 9);
    assert_int_equal(result.config.async_max_queue_size, 100);
}

static void the_environment_is_checked(void **state) {
    temp_dir *dir = *state;
    loaded result;
    static const char *const WRONG[][3] = {
        {"KUZU_MEMORY_ASYNC_WORKERS", "many",
         "KUZU_MEMORY_ASYNC_WORKERS is \"many\": must be a whole number from 1 to 64"},
        {"KUZU_MEMORY_ASYNC_WORKERS", "65", "KUZU_MEMORY_ASYNC_WORKERS: async.max_workers is 65: must be"},
        {"KUZU_MEMORY_ASYNC_WORKERS", "0x4", "KUZU_MEMORY_ASYNC_WORKERS is \"0x4\": must be"},
        {"KUZU_MEMORY_ASYNC_QUEUE_SIZE", "-1", "KUZU_MEMORY_ASYNC_QUEUE_SIZE: async.max_queue_size is -1"},
        {"KUZU_MEMORY_ASYNC_TIMEOUT", "1 2", "KUZU_MEMORY_ASYNC_TIMEOUT is \"1 2\": must be"},
        {"KUZU_MEMORY_ASYNC_DISABLED", "2", "KUZU_MEMORY_ASYNC_DISABLED is \"2\": must be 1 or 0"},
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        setenv(WRONG[i][0], WRONG[i][1], 1);
        expect_error(dir, KM_E_INVALID, WRONG[i][2]);
        unsetenv(WRONG[i][0]);
    }
    static const char *const OFF[] = {"1", "true", "YES", "On"};
    static const char *const LEAVE[] = {"0", "false", "No", "off", ""};
    for (size_t i = 0; i < sizeof OFF / sizeof OFF[0]; i++) {
        setenv("KUZU_MEMORY_ASYNC_DISABLED", OFF[i], 1);
        load(dir, &result);
        assert_int_equal(result.status, KM_OK);
        assert_false(result.config.async_enabled);
    }
    for (size_t i = 0; i < sizeof LEAVE / sizeof LEAVE[0]; i++) {
        setenv("KUZU_MEMORY_ASYNC_DISABLED", LEAVE[i], 1);
        load(dir, &result);
        assert_int_equal(result.status, KM_OK);
        assert_true(result.config.async_enabled);
    }
    setenv("KUZU_MEMORY_ASYNC_DISABLED", "0", 1);
    temp_dir_write(dir, "config.json", "{\"async\": {\"enabled\": false}}");
    load(dir, &result);
    assert_false(result.config.async_enabled); /* it cannot turn on */
}

static void hostile_files_are_refused(void **state) {
    temp_dir *dir = *state;
    static char big[1024 * 1024 + 2];
    memset(big, ' ', sizeof big - 1);
    temp_dir_write(dir, "config.json", big);
    expect_error(dir, KM_E_INVALID, "longer than the limit of 1048576 bytes");
    memset(big, '[', 300000);
    big[300000] = '\0';
    temp_dir_write(dir, "config.json", big);
    expect_error(dir, KM_E_INVALID, "nested too deeply");
    assert_int_equal(unlinkat(dir->fd, "config.json", 0), 0);
    assert_int_equal(symlinkat("/etc/passwd", dir->fd, "config.json"), 0);
    expect_error(dir, KM_E_PERMISSION, "\"project/config.json\": \"config.json\" is a symbolic link");
    assert_int_equal(unlinkat(dir->fd, "config.json", 0), 0);
    assert_int_equal(mkdirat(dir->fd, "config.json", 0700), 0);
    expect_error(dir, KM_E_IO, "is a directory");
    assert_int_equal(unlinkat(dir->fd, "config.json", AT_REMOVEDIR), 0);
    assert_int_equal(mkfifoat(dir->fd, "config.json", 0600), 0);
    loaded result;
    load(dir, &result); /* must not wait for a writer */
    assert_int_equal(result.status, KM_OK);
}

static void the_users_file_may_be_a_link(void **state) {
    temp_dir *dir = *state;
    loaded result;
    temp_dir_write(dir, "dotfile", "{\"async\": {\"max_workers\": 8}}");
    assert_int_equal(symlinkat("dotfile", dir->fd, "user.json"), 0);
    load(dir, &result);
    assert_int_equal(result.status, KM_OK);
    assert_int_equal(result.config.async_max_workers, 8);
}

static void a_named_file_must_exist_and_replaces_the_projects(void **state) {
    temp_dir *dir = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/other.json", dir->path);
    temp_dir_write(dir, "config.json", "{\"async\": {\"max_workers\": 8}}");
    kmi_config config;
    kmi_arena *arena = NULL;
    kmi_config_sources sources = {.project_dir_fd = dir->fd, .project_path = path, .is_explicit_file = true};
    assert_int_equal(kmi_config_load(&config, &sources, &arena, &dir->error), KM_E_NOT_FOUND);
    assert_non_null(strstr(dir->error.message, path));
    temp_dir_write(dir, "other.json", "{\"async\": {\"max_queue_size\": 9}}");
    assert_int_equal(kmi_config_load(&config, &sources, &arena, &dir->error), KM_OK);
    assert_int_equal(config.async_max_workers, 2);
    assert_int_equal(config.async_max_queue_size, 9);
    assert_null(arena);
}

#define CONFIG_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(defaults_hold_without_files),
        CONFIG_TEST(both_files_of_the_guide_are_read),
        CONFIG_TEST(stronger_sources_win),
        CONFIG_TEST(wrong_values_name_file_key_value_and_range),
        CONFIG_TEST(what_was_read_before_a_fault_is_kept),
        CONFIG_TEST(the_environment_is_checked),
        CONFIG_TEST(hostile_files_are_refused),
        CONFIG_TEST(the_users_file_may_be_a_link),
        CONFIG_TEST(a_named_file_must_exist_and_replaces_the_projects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
