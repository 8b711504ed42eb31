/* Learning through the public API, and following the tasks that come of it. */
#include "api_fixture.h"

/* ---- Learning ---- */

static void queued_text_is_learnt_by_the_worker(void **state) {
    api_fixture *f = *state;
    km_learn_result *result =
        learn(f, f->project, "Our team deploys every Tuesday. We use Terraform for the network.", false);
    assert_int_equal(result->state, KM_LEARN_QUEUED);
    assert_int_equal(result->task_count, 1);
    assert_int_equal(result->queue_size, 1);
    assert_int_equal(strlen(result->task_ids[0]), 36);
    assert_false(api_has_file(f, "kuzu-memories/memories.db")); /* learn never opens the store */
    km_stats *stats = get_stats(f, f->project);
    assert_int_equal(stats->queue_size, 1);
    km_stats_free(stats);
    run_worker(f);
    km_task_list *tasks = NULL;
    expect_ok(km_task_wait(f->project, result->task_ids[0], 10000, NULL, &tasks, &f->error));
    assert_int_equal(tasks->count, 1);
    assert_int_equal(tasks->items[0].state, KM_TASK_COMPLETED);
    assert_int_equal(tasks->items[0].memory_count, 2);
    km_task_list_free(tasks);
    km_learn_result_free(result);
    km_memory_list *list = recall(f, f->project, "what do we use for the network");
    assert_true(list->count >= 1);
    assert_non_null(strstr(list->items[0].content, "Terraform"));
    km_memory_list_free(list);
    stats = get_stats(f, f->project);
    assert_int_equal(stats->queue_size, 0);
    assert_int_equal(stats->completed_tasks, 1);
    assert_int_equal(stats->memories, 2);
    km_stats_free(stats);
}

static void synchronous_learning_says_what_it_did(void **state) {
    api_fixture *f = *state;
    km_learn_result *result = learn(f, f->project, "We use FastAPI for the web service.", true);
    assert_int_equal(result->state, KM_LEARN_COMPLETED);
    assert_int_equal(result->memory_count, 1);
    assert_string_equal(result->memories[0].action, "stored");
    assert_string_equal(result->memories[0].content, "We use FastAPI for the web service.");
    assert_int_equal(strlen(result->memories[0].id), 36);
    km_learn_result_free(result);
    result = learn(f, f->project, "we use FastAPI for the web service", true);
    assert_int_equal(result->memory_count, 1);
    assert_string_equal(result->memories[0].action, "strengthened");
    km_learn_result_free(result);
    km_stats *stats = get_stats(f, f->project);
    assert_int_equal(stats->memories, 1);
    assert_int_equal(stats->duplicates, 1);
    assert_int_equal(stats->completed_tasks, 2);
    km_stats_free(stats);
}

static void stats_tell_what_learning_took_and_skipped(void **state) {
    api_fixture *f = *state;
    km_learn_result_free(learn(f, f->project, "We use Nomad. Is it any good? The queue is NATS. Thanks a lot!", false));
    km_learn_result_free(learn(f, f->project, "Our linter is Ruff. Where is it?", true));
    run_worker(f);
    km_stats *stats = get_stats(f, f->project);
    assert_int_equal(stats->measured_tasks, 2);
    assert_int_equal(stats->measured_memories, 3);
    assert_int_equal(stats->stage_count, 6);
    static const char *const stages[] = {"prepare", "sentences", "patterns", "entities", "compare", "store"};
    for (size_t i = 0; i < stats->stage_count; i++) {
        assert_string_equal(stats->stages[i].name, stages[i]);
        assert_true(stats->stages[i].total_ns > 0);
        assert_true(stats->stages[i].total_ns < 60 * UINT64_C(1000000000));
    }
    assert_int_equal(stats->skip_reason_count, 2);
    assert_string_equal(stats->skip_reasons[0].name, "question");
    assert_int_equal(stats->skip_reasons[0].count, 2);
    assert_string_equal(stats->skip_reasons[1].name, "acknowledgement");
    assert_int_equal(stats->skip_reasons[1].count, 1);
    km_stats_free(stats);
}

static void dry_run_stores_nothing(void **state) {
    api_fixture *f = *state;
    km_learn_item item = {.content = "We use FastAPI for the web service. What time is it?"};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    options.dry_run = true;
    expect_ok(km_learn(f->project, &item, 1, &options, &result, &f->error));
    assert_int_equal(result->state, KM_LEARN_DRY_RUN);
    assert_int_equal(result->memory_count, 1);
    assert_null(result->memories[0].id);
    assert_int_equal(result->skipped_count, 1);
    assert_string_equal(result->skipped[0].reason, "question");
    km_learn_result_free(result);
    assert_false(api_has_file(f, "kuzu-memories"));
}

static void bad_items_store_nothing(void **state) {
    api_fixture *f = *state;
    char *large = malloc(KM_CONTENT_LIMIT_BYTES + 2);
    char *label = malloc(KM_LABEL_LIMIT_BYTES + 2);
    assert_non_null(large);
    assert_non_null(label);
    memset(large, 'a', KM_CONTENT_LIMIT_BYTES + 1);
    memset(label, 'a', KM_LABEL_LIMIT_BYTES + 1);
    large[KM_CONTENT_LIMIT_BYTES + 1] = label[KM_LABEL_LIMIT_BYTES + 1] = '\0';
    const km_learn_item bad[] = {
        {.content = NULL},
        {.content = ""},
        {.content = " \n\t"},
        {.content = "a\xFFz"},
        {.content = "a\0b", .content_len = 3},
        {.content = large},
        {.content = "fine", .source = label},
        {.content = "fine", .session = "\xC0\x80"},
        {.content = "fine", .type = "poem"},
        {.content = "fine", .key = ""},
        {.content = "fine", .metadata_json = "[]"},
        {.content = "fine", .metadata_json = "{"},
        {.content = "fine", .metadata_json = large},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        km_learn_item items[] = {{.content = "A good one."}, bad[i]};
        km_learn_result *result = NULL;
        expect_failure(km_learn(f->project, items, 2, NULL, &result, &f->error), KM_E_INVALID);
        assert_non_null(strstr(f->error.message, "item 2"));
        assert_null(result);
        expect_failure(km_remember(f->project, &bad[i], &result, &f->error), KM_E_INVALID);
    }
    free(large);
    free(label);
    assert_false(api_has_file(f, "kuzu-memories"));
}

static void priorities_have_a_range(void **state) {
    api_fixture *f = *state;
    km_learn_item item = {.content = "Anything."};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    options.priority = KM_PRIORITY_LAST + 1;
    expect_failure(km_learn(f->project, &item, 1, &options, &result, &f->error), KM_E_INVALID);
    options.priority = KM_PRIORITY_FIRST - 1;
    expect_failure(km_learn(f->project, &item, 1, &options, &result, &f->error), KM_E_INVALID);
}

static void a_key_is_one_task(void **state) {
    api_fixture *f = *state;
    km_learn_item item = {.content = "The invoice number starts at 1000.", .key = "invoice"};
    km_learn_result *first = NULL;
    km_learn_result *second = NULL;
    expect_ok(km_learn(f->project, &item, 1, NULL, &first, &f->error));
    item.content = "The invoice number starts at 2000.";
    expect_ok(km_learn(f->project, &item, 1, NULL, &second, &f->error));
    assert_string_equal(first->task_ids[0], second->task_ids[0]);
    km_learn_result_free(first);
    km_learn_result_free(second);
    run_worker(f);
    km_memory_list *list = recent(f, f->project);
    assert_int_equal(list->count, 1);
    assert_non_null(strstr(list->items[0].content, "1000"));
    assert_string_equal(list->items[0].key, "invoice");
    km_memory_list_free(list);
}

static void a_full_queue_refuses_and_stores_nothing(void **state) {
    api_fixture *f = *state;
    expect_ok(km_config_set(f->project, "async.max_queue_size", "2", &f->error));
    for (int i = 0; i < 2; i++) km_learn_result_free(learn(f, f->project, "Something to remember.", false));
    km_learn_item item = {.content = "One too many."};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    options.wait_ms = 0;
    expect_failure(km_learn(f->project, &item, 1, &options, &result, &f->error), KM_E_BUSY);
    assert_non_null(strstr(f->error.message, "max_queue_size"));
    assert_null(strstr(f->error.message, "One too many"));
    km_stats *stats = get_stats(f, f->project);
    assert_int_equal(stats->queue_size, 2);
    km_stats_free(stats);
}

static void secrets_never_arrive(void **state) {
    api_fixture *f = *state;
    km_learn_result *result =
        learn(f, f->project, "The deploy token is ghp_0123456789abcdefghijABCDEFGHIJ012345.", true);
    assert_int_equal(result->redaction_count, 1);
    km_learn_result_free(result);
    km_memory_list *list = recent(f, f->project);
    assert_int_equal(list->count, 1);
    assert_null(strstr(list->items[0].content, "ghp_"));
    km_memory_list_free(list);
}

static void what_is_remembered_is_exact_and_stays(void **state) {
    api_fixture *f = *state;
    km_learn_item item = {.content = "Currently: is this a question? Maybe.\nAnd a second line.", .type = "status"};
    km_learn_result *result = NULL;
    expect_ok(km_remember(f->project, &item, &result, &f->error));
    assert_int_equal(result->memory_count, 1);
    km_learn_result_free(result);
    km_memory_list *list = recent(f, f->project);
    assert_int_equal(list->count, 1);
    assert_string_equal(list->items[0].content, item.content);
    assert_string_equal(list->items[0].type, "status");
    assert_int_equal(list->items[0].expires_at_us, 0);
    assert_null(list->items[0].origin_task);
    km_memory_list_free(list);
}

static void switched_off_means_synchronous(void **state) {
    api_fixture *f = *state;
    expect_ok(km_config_set(f->project, "async.enabled", "false", &f->error));
    km_learn_result *result = learn(f, f->project, "We use FastAPI for the web service.", false);
    assert_int_equal(result->state, KM_LEARN_COMPLETED);
    km_learn_result_free(result);
    assert_int_equal(count_recent(f, f->project), 1);
}

/* ---- Tasks ---- */

static void tasks_can_be_listed_cancelled_and_retried(void **state) {
    api_fixture *f = *state;
    km_learn_result *first = learn(f, f->project, "The first task.", false);
    km_learn_result *second = learn(f, f->project, "The second task holds a fact about otters.", false);
    km_task_list *tasks = NULL;
    expect_ok(km_task_list_get(f->project, NULL, 10, &tasks, &f->error));
    assert_int_equal(tasks->count, 2);
    assert_string_equal(tasks->items[0].id, first->task_ids[0]);
    assert_int_equal(tasks->items[0].state, KM_TASK_QUEUED);
    km_task_list_free(tasks);
    expect_ok(km_task_cancel(f->project, second->task_ids[0], &f->error));
    run_worker(f);
    expect_ok(km_task_get(f->project, first->task_ids[0], &tasks, &f->error));
    assert_int_equal(tasks->items[0].state, KM_TASK_COMPLETED);
    km_task_list_free(tasks);
    expect_ok(km_task_get(f->project, second->task_ids[0], &tasks, &f->error));
    assert_int_equal(tasks->items[0].state, KM_TASK_CANCELLED);
    km_task_list_free(tasks);
    assert_int_equal(count_recent(f, f->project), 1);
    expect_failure(km_task_cancel(f->project, first->task_ids[0], &f->error), KM_E_CONFLICT);
    size_t count = 0;
    expect_ok(km_task_retry(f->project, second->task_ids[0], &count, &f->error));
    assert_int_equal(count, 1);
    run_worker(f);
    assert_int_equal(count_recent(f, f->project), 2);
    expect_ok(km_task_wait(f->project, NULL, 5000, NULL, &tasks, &f->error));
    km_task_list_free(tasks);
    expect_ok(km_task_purge(f->project, &count, &f->error));
    assert_int_equal(count, 2);
    expect_failure(km_task_get(f->project, first->task_ids[0], &tasks, &f->error), KM_E_NOT_FOUND);
    km_learn_result_free(first);
    km_learn_result_free(second);
}

static void waiting_ends_in_time(void **state) {
    api_fixture *f = *state;
    km_learn_result *result = learn(f, f->project, "Nobody will learn this.", false);
    km_task_list *tasks = NULL;
    volatile int interrupted = 1;
    expect_failure(km_task_wait(f->project, result->task_ids[0], 20, NULL, &tasks, &f->error), KM_E_BUSY);
    expect_failure(km_task_wait(f->project, NULL, 20, NULL, &tasks, &f->error), KM_E_BUSY);
    expect_failure(km_task_wait(f->project, result->task_ids[0], -1, &interrupted, &tasks, &f->error),
                   KM_E_INTERRUPTED);
    expect_failure(km_task_wait(f->project, "ffffffff", 20, NULL, &tasks, &f->error), KM_E_NOT_FOUND);
    km_learn_result_free(result);
}

static void names_of_states_come_and_go(void **state) {
    api_fixture *f = *state;
    for (int i = KM_TASK_QUEUED; i <= KM_TASK_CANCELLED; i++) {
        km_task_state parsed = KM_TASK_QUEUED;
        expect_ok(km_task_state_parse(km_task_state_name((km_task_state)i), &parsed, &f->error));
        assert_int_equal(parsed, i);
    }
    km_task_state parsed = KM_TASK_FAILED;
    expect_failure(km_task_state_parse("done", &parsed, &f->error), KM_E_INVALID);
    expect_failure(km_task_state_parse(NULL, &parsed, &f->error), KM_E_INVALID);
    assert_int_equal(parsed, KM_TASK_FAILED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(queued_text_is_learnt_by_the_worker),
        API_TEST(synchronous_learning_says_what_it_did),
        API_TEST(stats_tell_what_learning_took_and_skipped),
        API_TEST(dry_run_stores_nothing),
        API_TEST(bad_items_store_nothing),
        API_TEST(priorities_have_a_range),
        API_TEST(a_key_is_one_task),
        API_TEST(a_full_queue_refuses_and_stores_nothing),
        API_TEST(secrets_never_arrive),
        API_TEST(what_is_remembered_is_exact_and_stays),
        API_TEST(switched_off_means_synchronous),
        API_TEST(tasks_can_be_listed_cancelled_and_retried),
        API_TEST(waiting_ends_in_time),
        API_TEST(names_of_states_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
