/* api_fixture.h - a project in a fresh directory, out of reach of the user's own configuration and of other programs. */
#ifndef KMI_TEST_API_FIXTURE_H
#define KMI_TEST_API_FIXTURE_H

#include "../util/temp_dir.h"

typedef struct api_fixture {
    temp_dir *dir;
    km_project *project;
    km_error error;
} api_fixture;

#define expect_ok(call) \
    do { \
        km_status status_ = (call); \
        if (status_ != KM_OK) print_error("%s: %s\n", #call, f->error.message); \
        assert_int_equal(status_, KM_OK); \
    } while (0)

/* The call fails with this status and says so in f->error. */
#define expect_failure(call, expected) \
    do { \
        f->error = (km_error){0}; \
        assert_int_equal((call), expected); \
        assert_int_equal(f->error.status, expected); \
        assert_true(f->error.message[0] != '\0'); \
    } while (0)

/* Another handle on the fixture's project. */
static inline km_project *api_open(api_fixture *f) {
    km_options options = {.project_dir = f->dir->path, .program = "/nonexistent/kuzu-memory"};
    km_project *project = NULL;
    expect_ok(km_project_open(&options, &project, &f->error));
    return project;
}

static inline int api_setup(void **state) {
    static const char *const variables[] = {"KUZU_MEMORY_PROJECT",          "KUZU_MEMORY_PROGRAM",
                                            "KUZU_MEMORY_ASYNC_DISABLED",   "KUZU_MEMORY_ASYNC_WORKERS",
                                            "KUZU_MEMORY_ASYNC_QUEUE_SIZE", "KUZU_MEMORY_ASYNC_TIMEOUT"};
    api_fixture *f = calloc(1, sizeof *f);
    if (f == NULL || temp_dir_setup((void **)&f->dir) != 0) return -1;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) unsetenv(variables[i]);
    if (setenv("XDG_CONFIG_HOME", f->dir->path, 1) != 0) return -1;
    f->project = api_open(f);
    *state = f;
    return 0;
}

static inline int api_teardown(void **state) {
    api_fixture *f = *state;
    km_project_free(f->project);
    temp_dir_teardown((void **)&f->dir);
    free(f);
    return 0;
}

#define API_TEST(function) cmocka_unit_test_setup_teardown(function, api_setup, api_teardown)

static inline bool api_has_file(const api_fixture *f, const char *name) {
    return faccessat(f->dir->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline void api_learn(api_fixture *f, const char *text) {
    km_learn_item item = {.content = text};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    options.synchronous = true;
    expect_ok(km_learn(f->project, &item, 1, &options, &result, &f->error));
    km_learn_result_free(result);
}

/* Keeps a text exactly as it is. */
static inline void api_remember(api_fixture *f, const char *text) {
    km_learn_item item = {.content = text};
    km_learn_result *result = NULL;
    expect_ok(km_remember(f->project, &item, &result, &f->error));
    assert_int_equal(result->memory_count, 1);
    km_learn_result_free(result);
}

static inline km_learn_result *learn(api_fixture *f, km_project *project, const char *text, bool synchronous) {
    km_learn_item item = {.content = text};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    options.synchronous = synchronous;
    expect_ok(km_learn(project, &item, 1, &options, &result, &f->error));
    return result;
}

/* Runs the worker in this process until nothing is left to do. */
static inline void run_worker(api_fixture *f) {
    expect_ok(km_config_set(f->project, "async.worker_idle_seconds", "0", &f->error));
    expect_ok(km_worker_run(f->project, NULL, &f->error));
}

static inline km_memory_list *recall(api_fixture *f, km_project *project, const char *text) {
    km_recall_query query = {.query = text};
    km_memory_list *list = NULL;
    expect_ok(km_recall(project, &query, &list, &f->error));
    return list;
}

static inline km_memory_list *recent(api_fixture *f, km_project *project) {
    km_memory_list *list = NULL;
    expect_ok(km_recent(project, NULL, &list, &f->error));
    return list;
}

static inline size_t count_recent(api_fixture *f, km_project *project) {
    km_memory_list *list = recent(f, project);
    size_t count = list->count;
    km_memory_list_free(list);
    return count;
}

static inline km_stats *get_stats(api_fixture *f, km_project *project) {
    km_stats *stats = NULL;
    expect_ok(km_stats_get(project, &stats, &f->error));
    return stats;
}

#endif
