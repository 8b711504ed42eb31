/* Showing and changing the configuration through the public API. */
#include "api_fixture.h"

static const km_config_entry *find_entry(const km_config_list *list, const char *key) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].key, key) == 0) return &list->items[i];
    fail_msg("no key %s", key);
    return NULL;
}

static void config_set_changes_file_and_handle(void **state) {
    api_fixture *f = *state;
    km_config_list *list = NULL;
    expect_ok(km_config_list_get(f->project, &list, &f->error));
    assert_string_equal(find_entry(list, "async.max_queue_size")->value, "100");
    assert_string_equal(find_entry(list, "async.max_queue_size")->origin, "built-in");
    km_config_list_free(list);
    assert_false(api_has_file(f, "kuzu-memories"));
    expect_ok(km_config_set(f->project, "async.max_queue_size", "250", &f->error));
    expect_ok(km_config_set(f->project, "async.durability", "process", &f->error));
    km_stats *stats = get_stats(f, f->project);
    assert_int_equal(stats->queue_limit, 250);
    km_stats_free(stats);
    km_project *other = api_open(f);
    expect_ok(km_config_list_get(other, &list, &f->error));
    assert_string_equal(find_entry(list, "async.max_queue_size")->value, "250");
    assert_string_equal(find_entry(list, "async.durability")->value, "\"process\"");
    assert_string_not_equal(find_entry(list, "async.max_queue_size")->origin, "built-in");
    assert_int_equal(list->warning_count, 0);
    km_config_list_free(list);
    km_project_free(other);
    struct stat file;
    assert_int_equal(fstatat(f->dir->fd, "kuzu-memories/config.json", &file, 0), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
}

static void config_set_refuses_what_is_wrong(void **state) {
    api_fixture *f = *state;
    expect_failure(km_config_set(f->project, "async.max_queue_size", "0", &f->error), KM_E_INVALID);
    assert_non_null(strstr(f->error.message, "async.max_queue_size"));
    expect_failure(km_config_set(f->project, "async.max_queue_size", "many", &f->error), KM_E_INVALID);
    expect_failure(km_config_set(f->project, "async.nothing", "1", &f->error), KM_E_NOT_FOUND);
    expect_failure(km_config_set(f->project, "alerts.command", "[\"/bin/true\"]", &f->error), KM_E_INVALID);
    expect_failure(km_config_set(f->project, "learn.custom_patterns", "{\"p\": {\"regex\": \"(\", \"type\": \"fact\"}}",
                                 &f->error),
                   KM_E_INVALID);
    assert_false(api_has_file(f, "kuzu-memories"));
    expect_ok(km_config_set(f->project, "learn.custom_patterns",
                            "{\"p\": {\"regex\": \"ticket \\\\d+\", \"type\": \"fact\"}}", &f->error));
}

static void config_set_keeps_the_rest_of_the_file(void **state) {
    api_fixture *f = *state;
    expect_ok(km_project_init(f->project, false, NULL, &f->error));
    temp_dir_write(f->dir, "kuzu-memories/config.json",
                   "{\"mine\": {\"a\": [1, 2]}, \"async\": {\"max_queue_size\": \"broken\", \"max_workers\": 3}}");
    km_project *other = api_open(f);
    assert_non_null(km_project_config_error(other));
    km_learn_item item = {.content = "Text."};
    km_learn_result *result = NULL;
    expect_failure(km_learn(other, &item, 1, NULL, &result, &f->error), KM_E_INVALID);
    assert_int_equal(count_recent(f, other), 0); /* reading goes on */
    expect_ok(km_config_set(other, "async.max_queue_size", "9", &f->error));
    assert_null(km_project_config_error(other));
    km_config_list *list = NULL;
    expect_ok(km_config_list_get(other, &list, &f->error));
    assert_string_equal(find_entry(list, "async.max_workers")->value, "3");
    assert_int_equal(list->warning_count, 1);
    km_config_list_free(list);
    assert_non_null(strstr(temp_dir_read(f->dir, "kuzu-memories/config.json"), "\"mine\""));
    km_project_free(other);
    temp_dir_write(f->dir, "kuzu-memories/config.json", "{\"async\": ");
    expect_failure(km_config_set(f->project, "async.max_queue_size", "9", &f->error), KM_E_INVALID);
    assert_string_equal(temp_dir_read(f->dir, "kuzu-memories/config.json"), "{\"async\": ");
}

static void config_set_follows_the_named_file(void **state) {
    api_fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/link.json", f->dir->path);
    temp_dir_write(f->dir, "real.json", "{}");
    assert_int_equal(symlinkat("real.json", f->dir->fd, "link.json"), 0);
    km_options options = {.project_dir = f->dir->path, .config_file = path, .program = "/nonexistent/kuzu-memory"};
    km_project *project = NULL;
    expect_ok(km_project_open(&options, &project, &f->error));
    expect_ok(km_config_set(project, "async.max_workers", "5", &f->error));
    assert_non_null(strstr(temp_dir_read(f->dir, "real.json"), "\"max_workers\": 5"));
    struct stat link;
    assert_int_equal(fstatat(f->dir->fd, "link.json", &link, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISLNK(link.st_mode));
    assert_false(api_has_file(f, "kuzu-memories"));
    km_project_free(project);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(config_set_changes_file_and_handle),
        API_TEST(config_set_refuses_what_is_wrong),
        API_TEST(config_set_keeps_the_rest_of_the_file),
        API_TEST(config_set_follows_the_named_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
