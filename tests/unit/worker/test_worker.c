/* The worker in this process, on a project of its own: what is queued is learnt once, whatever happened before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kuzu_memory.h"
#include "status/metrics.h"

typedef struct fixture {
    char directory[64];
    km_project *project;
    km_error error;
} fixture;

static void write_config(const fixture *f, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/kuzu-memories", f->directory);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/kuzu-memories/config.json", f->directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A project whose learn cannot start workers, so that the test decides when one runs. */
static int setup(void **state) {
    fixture *f = calloc(1, sizeof *f);
    memcpy(f->directory, "/tmp/km-worker-XXXXXX", sizeof "/tmp/km-worker-XXXXXX");
    if (mkdtemp(f->directory) == NULL || setenv("XDG_CONFIG_HOME", f->directory, 1) != 0) return -1;
    write_config(f, "{\"async\": {\"worker_idle_seconds\": 0, \"max_queue_size\": 1000}}");
    km_options options = {.project_dir = f->directory, .program = "/nonexistent/kuzu-memory"};
    *state = f;
    return km_project_open(&options, &f->project, &f->error) == KM_OK && km_project_config_error(f->project) == NULL
               ? 0
               : -1;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int teardown(void **state) {
    fixture *f = *state;
    km_project_free(f->project);
    nftw(f->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static void learn(fixture *f, const char *text, const char *key, int priority, char ret_id[37]) {
    km_learn_item item = {.content = text, .key = key};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    options.priority = priority;
    km_learn_result *result = NULL;
    assert_int_equal(km_learn(f->project, &item, 1, &options, &result, &f->error), KM_OK);
    assert_int_equal(result->task_count, 1);
    memcpy(ret_id, result->task_ids[0], 37);
    km_learn_result_free(result);
}

static void run_worker(fixture *f) {
    assert_int_equal(km_worker_run(f->project, NULL, &f->error), KM_OK);
}

static km_stats *stats(fixture *f) {
    km_stats *result = NULL;
    assert_int_equal(km_stats_get(f->project, &result, &f->error), KM_OK);
    return result;
}

static km_task_state state_of(fixture *f, const char *id, uint32_t *ret_crashes) {
    km_task_list *list = NULL;
    assert_int_equal(km_task_get(f->project, id, &list, &f->error), KM_OK);
    km_task_state state = list->items[0].state;
    if (ret_crashes != NULL) *ret_crashes = list->items[0].crashes;
    km_task_list_free(list);
    return state;
}

static void queued_texts_become_memories(void **state) {
    fixture *f = *state;
    char id[37], text[80];
    for (int i = 0; i < 600; i++) {
        snprintf(text, sizeof text, "Service number %d listens on port %d", i, 20000 + i);
        learn(f, text, NULL, 5, id);
    }
    km_stats *before = stats(f);
    assert_int_equal(before->queue_size, 600);
    assert_int_equal(before->worker.state, KM_WORKER_STOPPED);
    km_stats_free(before);
    run_worker(f);
    km_stats *after = stats(f);
    assert_int_equal(after->queue_size, 0);
    assert_int_equal(after->completed_tasks, 600);
    assert_int_equal(after->memories, 600);
    assert_int_equal(after->failed_tasks, 0);
    km_stats_free(after);
    assert_int_equal(state_of(f, id, NULL), KM_TASK_COMPLETED);
}

static void one_key_is_one_task(void **state) {
    fixture *f = *state;
    char first[37], second[37];
    learn(f, "We deploy with Docker", "message-17", 5, first);
    learn(f, "We deploy with Docker", "message-17", 5, second);
    assert_string_equal(first, second);
    run_worker(f);
    learn(f, "We deploy with Podman", "message-17", 5, second);
    assert_string_equal(first, second);
    run_worker(f);
    km_stats *result = stats(f);
    assert_int_equal(result->completed_tasks, 1);
    assert_int_equal(result->memories, 1);
    km_stats_free(result);
}

static void cancelled_task_is_not_learnt_and_can_be_retried(void **state) {
    fixture *f = *state;
    char id[37], other[37];
    learn(f, "The staging server is called heron", NULL, 5, id);
    learn(f, "The production server is called stork", NULL, 5, other);
    assert_int_equal(km_task_cancel(f->project, id, &f->error), KM_OK);
    run_worker(f);
    assert_int_equal(state_of(f, id, NULL), KM_TASK_CANCELLED);
    km_stats *result = stats(f);
    assert_int_equal(result->memories, 1);
    assert_int_equal(result->cancelled_tasks, 1);
    km_stats_free(result);
    assert_int_equal(km_task_cancel(f->project, other, &f->error), KM_E_CONFLICT);
    size_t count = 0;
    assert_int_equal(km_task_retry(f->project, id, &count, &f->error), KM_OK);
    run_worker(f);
    assert_int_equal(state_of(f, id, NULL), KM_TASK_COMPLETED);
}

/* As a worker leaves it that died with the task in hand. */
static void leave_evidence(const fixture *f, const char *id) {
    char path[128];
    snprintf(path, sizeof path, "%s/kuzu-memories", f->directory);
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    kmi_metrics metrics;
    kmi_uuid uuid;
    assert_int_equal(kmi_metrics_open(&metrics, fd, KMI_METRICS_REPAIR, NULL), KM_OK);
    assert_int_equal(kmi_uuid_parse(id, &uuid, NULL), KM_OK);
    atomic_store(&metrics.page->pid, 12345);
    atomic_store(&metrics.page->worker_clean_exit, 0);
    memcpy(metrics.page->slots[3].task_id, uuid.bytes, 16);
    atomic_store(&metrics.page->slots[3].started_at_us, 1);
    kmi_metrics_close(&metrics);
    close(fd);
}

static void task_in_hand_at_a_crash_is_counted_and_neighbours_are_not(void **state) {
    fixture *f = *state;
    char id[37], neighbour[37];
    uint32_t crashes = 0;
    learn(f, "The queue is emptied every night", NULL, 5, id);
    learn(f, "The cache is emptied every morning", NULL, 5, neighbour);
    leave_evidence(f, id);
    run_worker(f);
    assert_int_equal(state_of(f, id, &crashes), KM_TASK_COMPLETED);
    assert_int_equal(crashes, 1);
    assert_int_equal(state_of(f, neighbour, &crashes), KM_TASK_COMPLETED);
    assert_int_equal(crashes, 0);
    km_stats *result = stats(f);
    assert_int_equal(result->worker_crashes, 1);
    assert_int_equal(result->memories, 2);
    km_stats_free(result);
}

static void running_again_changes_nothing(void **state) {
    fixture *f = *state;
    char id[37];
    learn(f, "Backups are kept for thirty days", NULL, 5, id);
    run_worker(f);
    leave_evidence(f, id); /* died after its commit */
    run_worker(f);
    km_stats *result = stats(f);
    assert_int_equal(result->completed_tasks, 1);
    assert_int_equal(result->memories, 1);
    km_stats_free(result);
}

static void second_worker_is_refused(void **state) {
    fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/kuzu-memories/queue", f->directory);
    run_worker(f);
    int dir_fd = open(path, O_RDONLY | O_DIRECTORY);
    int lock_fd = openat(dir_fd, "lock", O_RDWR);
    struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 16, .l_len = 1};
    assert_int_equal(fcntl(lock_fd, F_OFD_SETLK, &byte), 0);
    assert_int_equal(km_worker_run(f->project, NULL, &f->error), KM_E_CONFLICT);
    assert_non_null(strstr(f->error.message, "already running"));
    close(lock_fd);
    close(dir_fd);
}

static void purge_keeps_records_of_tasks_that_a_file_still_holds(void **state) {
    fixture *f = *state;
    char id[37];
    size_t count = 0;
    learn(f, "The build runs on every push", NULL, 5, id);
    assert_int_equal(km_task_cancel(f->project, id, &f->error), KM_OK);
    assert_int_equal(km_task_purge(f->project, &count, &f->error), KM_OK);
    assert_int_equal(count, 0); /* else the worker would learn it after all */
    run_worker(f);
    assert_int_equal(km_task_purge(f->project, &count, &f->error), KM_OK);
    assert_int_equal(count, 1);
    km_stats *result = stats(f);
    assert_int_equal(result->memories, 0);
    km_stats_free(result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(queued_texts_become_memories, setup, teardown),
        cmocka_unit_test_setup_teardown(one_key_is_one_task, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelled_task_is_not_learnt_and_can_be_retried, setup, teardown),
        cmocka_unit_test_setup_teardown(task_in_hand_at_a_crash_is_counted_and_neighbours_are_not, setup, teardown),
        cmocka_unit_test_setup_teardown(running_again_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(second_worker_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(purge_keeps_records_of_tasks_that_a_file_still_holds, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
