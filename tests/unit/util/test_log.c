/* The log: whole lines, rotation, levels, no way to stop the work. */
#include "temp_dir.h"

#include <pthread.h>

#include "util/log.h"

static kmi_log *open_log(temp_dir *dir, size_t limit) {
    kmi_log *log = NULL;
    assert_int_equal(kmi_log_open(dir->fd, "worker.log", limit, KMI_LOG_INFO, &log, &dir->error), KM_OK);
    return log;
}

static size_t count_lines(const char *text) {
    size_t count = 0;
    for (const char *at = text; at != NULL && *at != '\0'; at++) count += *at == '\n';
    return count;
}

static void a_line_is_json(void **state) {
    temp_dir *dir = *state;
    kmi_log *log = open_log(dir, 10000);
    kmi_log_write(log, KMI_LOG_DEBUG, "hidden", NULL);
    kmi_log_write(log, KMI_LOG_WARNING, "batch \"x\"", "tasks", "12", "reason", NULL, NULL);
    kmi_log_free(log);
    const char *text = temp_dir_read(dir, "worker.log");
    char expected[200];
    snprintf(expected, sizeof expected,
             "\"level\":\"warning\",\"pid\":%d,\"event\":\"batch \\\"x\\\"\",\"tasks\":\"12\",\"reason\":null}\n",
             getpid());
    assert_int_equal(count_lines(text), 1);
    assert_memory_equal(text, "{\"time\":\"20", 11);
    assert_non_null(strstr(text, expected));
}

static void a_long_value_is_cut_and_a_long_line_stays_json(void **state) {
    temp_dir *dir = *state;
    char value[4000];
    memset(value, '\x01', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    kmi_log *log = open_log(dir, 100000);
    kmi_log_write(log, KMI_LOG_ERROR, "long", "a", value, "b", value, "c", "small", NULL);
    kmi_log_free(log);
    const char *text = temp_dir_read(dir, "worker.log");
    assert_int_equal(count_lines(text), 1);
    assert_true(strlen(text) < 8192);
    assert_non_null(strstr(text, "\"a\":\"\\u0001"));
    assert_null(strstr(text, "\"c\"")); /* what follows the member that did not fit is left out, too */
    assert_memory_equal(text + strlen(text) - 3, "\"}\n", 3);
}

static void a_full_log_begins_anew(void **state) {
    temp_dir *dir = *state;
    kmi_log *log = open_log(dir, 500);
    char number[16];
    for (int i = 0; i < 20; i++) {
        snprintf(number, sizeof number, "%d", i);
        kmi_log_write(log, KMI_LOG_INFO, "line", "number", number, NULL);
    }
    kmi_log_free(log);
    struct stat info;
    assert_int_equal(fstatat(dir->fd, "worker.log", &info, 0), 0);
    assert_true(info.st_size <= 500);
    assert_non_null(strstr(temp_dir_read(dir, "worker.log"), "\"number\":\"19\""));
    assert_int_equal(fstatat(dir->fd, "worker.log.1", &info, 0), 0);
    assert_true(info.st_size <= 500);
    /* an old log is continued */
    log = open_log(dir, 500);
    kmi_log_write(log, KMI_LOG_INFO, "again", NULL);
    kmi_log_free(log);
    assert_non_null(strstr(temp_dir_read(dir, "worker.log"), "again"));
}

static void two_processes_rotate_only_once(void **state) {
    temp_dir *dir = *state;
    kmi_log *first = open_log(dir, 200);
    kmi_log *second = open_log(dir, 200);
    kmi_log_write(first, KMI_LOG_INFO, "one", NULL);
    kmi_log_write(second, KMI_LOG_INFO, "two", NULL);
    kmi_log_write(first, KMI_LOG_INFO, "three", NULL);
    kmi_log_write(first, KMI_LOG_INFO, "four", NULL); /* 200 bytes hold two lines: this one begins a new file */
    kmi_log_write(second, KMI_LOG_INFO, "five", NULL);
    kmi_log_write(second, KMI_LOG_INFO, "six", NULL); /* the second finds the new file instead of renaming it away */
    assert_non_null(strstr(temp_dir_read(dir, "worker.log"), "six"));
    assert_non_null(strstr(temp_dir_read(dir, "worker.log.1"), "one"));
    kmi_log_free(first);
    kmi_log_free(second);
}

static void *write_lines(void *context) {
    for (int i = 0; i < 200; i++) kmi_log_write(context, KMI_LOG_INFO, "thread", "x", "0123456789", NULL);
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state) {
    temp_dir *dir = *state;
    kmi_log *log = open_log(dir, 1 << 20);
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, write_lines, log), 0);
    for (size_t i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    kmi_log_free(log);
    const char *text = temp_dir_read(dir, "worker.log");
    assert_int_equal(count_lines(text), 400);
    size_t whole = 0;
    for (const char *at = text; (at = strstr(at, "{\"time\":")) != NULL; at++) whole += at == text || at[-1] == '\n';
    assert_int_equal(whole, 400);
}

static void a_log_that_is_gone_stops_nothing(void **state) {
    temp_dir *dir = *state;
    kmi_log_write(NULL, KMI_LOG_ERROR, "nowhere", NULL);
    kmi_log_free(NULL);
    kmi_log *log = open_log(dir, 10);
    assert_int_equal(unlinkat(dir->fd, "worker.log", 0), 0);
    kmi_log_write(log, KMI_LOG_INFO, "one", NULL);
    kmi_log_write(log, KMI_LOG_INFO, "two", NULL);
    assert_non_null(strstr(temp_dir_read(dir, "worker.log"), "two"));
    kmi_log_free(log);
    assert_int_equal(kmi_log_open(dir->fd, "none/worker.log", 10, KMI_LOG_INFO, &log, &dir->error), KM_E_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEMP_DIR_TEST(a_line_is_json),
        TEMP_DIR_TEST(a_long_value_is_cut_and_a_long_line_stays_json),
        TEMP_DIR_TEST(a_full_log_begins_anew),
        TEMP_DIR_TEST(two_processes_rotate_only_once),
        TEMP_DIR_TEST(lines_of_threads_do_not_mix),
        TEMP_DIR_TEST(a_log_that_is_gone_stops_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
