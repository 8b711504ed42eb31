/* The public API as its users see it: what each call promises, what it refuses, and that two handles on one project agree. */
#include "api_fixture.h"

/* ---- Helpers ---- */

static km_learn_result *learn(api_fixture *f, km_project *project, const char *text, bool synchronous) {
    km_learn_item item = {.content = text};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    options.synchronous = synchronous;
    expect_ok(km_learn(project, &item, 1, &options, &result, &f->error));
    return result;
}

/* Runs the worker in this process until nothing is left to do. */
static void run_worker(api_fixture *f) {
    expect_ok(km_config_set(f->project, "async.worker_idle_seconds", "0", &f->error));
    expect_ok(km_worker_run(f->project, NULL, &f->error));
}

static km_memory_list *recall(api_fixture *f, km_project *project, const char *text) {
    km_recall_query query = {.query = text};
    km_memory_list *list = NULL;
    expect_ok(km_recall(project, &query, &list, &f->error));
    return list;
}

static km_memory_list *recent(api_fixture *f, km_project *project) {
    km_memory_list *list = NULL;
    expect_ok(km_recent(project, NULL, &list, &f->error));
    return list;
}

static size_t count_recent(api_fixture *f, km_project *project) {
    km_memory_list *list = recent(f, project);
    size_t count = list->count;
    km_memory_list_free(list);
    return count;
}

static km_stats *get_stats(api_fixture *f, km_project *project) {
    km_stats *stats = NULL;
    expect_ok(km_stats_get(project, &stats, &f->error));
    return stats;
}

/* ---- Project ---- */

static void opening_creates_nothing(void **state) {
    api_fixture *f = *state;
    km_project_info info;
    expect_ok(km_project_get_info(f->project, &info, &f->error));
    assert_string_equal(info.root, f->dir->path);
    assert_int_equal(info.origin, KM_ROOT_OPTION);
    assert_false(info.memory_exists);
    assert_false(info.store_exists);
    assert_null(km_project_config_error(f->project));
    assert_false(api_has_file(f, "kuzu-memories"));
}

static void reading_an_empty_project_is_fine(void **state) {
    api_fixture *f = *state;
    assert_int_equal(count_recent(f, f->project), 0);
    km_memory_list *list = recall(f, f->project, "anything at all");
    assert_int_equal(list->count, 0);
    km_memory_list_free(list);
    km_stats *stats = get_stats(f, f->project);
    assert_int_equal(stats->memories, 0);
    assert_int_equal(stats->queue_size, 0);
    assert_int_equal(stats->queue_limit, 100);
    assert_int_equal(stats->worker.state, KM_WORKER_STOPPED);
    km_stats_free(stats);
    km_enhance_result *enhanced = NULL;
    expect_ok(km_enhance(f->project, "What now?", 0, NULL, &enhanced, &f->error));
    assert_string_equal(enhanced->enhanced_prompt, "What now?");
    assert_int_equal(enhanced->memory_count, 0);
    km_enhance_result_free(enhanced);
    expect_failure(km_show(f->project, "0192c3b0", &list, &f->error), KM_E_NOT_FOUND);
    assert_false(api_has_file(f, "kuzu-memories"));
}

static void init_is_safe_to_repeat(void **state) {
    api_fixture *f = *state;
    bool is_created = false;
    expect_ok(km_project_init(f->project, false, &is_created, &f->error));
    assert_true(is_created);
    assert_true(api_has_file(f, "kuzu-memories/config.json"));
    assert_true(api_has_file(f, "kuzu-memories/memories.db"));
    api_remember(f, "The staging server is called heron.");
    temp_dir_write(f->dir, "kuzu-memories/config.json", "{\"async\": {\"max_workers\": 7}}");
    expect_ok(km_project_init(f->project, false, &is_created, &f->error));
    assert_false(is_created);
    assert_non_null(strstr(temp_dir_read(f->dir, "kuzu-memories/config.json"), "7"));
    expect_ok(km_project_init(f->project, true, NULL, &f->error));
    assert_null(strstr(temp_dir_read(f->dir, "kuzu-memories/config.json"), "\"max_workers\": 7"));
    assert_int_equal(count_recent(f, f->project), 1);
}

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

/* ---- Reading and changing ---- */

static void recent_is_newest_first_and_filters(void **state) {
    api_fixture *f = *state;
    km_learn_item items[] = {
        {.content = "The first release was in May.", .source = "chat", .observed_at_us = INT64_C(1700000000000000)},
        {.content = "I prefer dark mode.", .session = "s-2"},
        {.content = "The third office is in Porto.", .source = "chat"}};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    km_memory_list *list = NULL;
    options.synchronous = true;
    expect_ok(km_learn(f->project, items, 3, &options, &result, &f->error));
    km_learn_result_free(result);
    list = recent(f, f->project);
    assert_int_equal(list->count, 3);
    assert_true(list->items[0].seq > list->items[1].seq && list->items[1].seq > list->items[2].seq);
    assert_string_equal(list->items[0].content, "The third office is in Porto.");
    km_memory_list_free(list);
    const struct {
        km_recall_query query;
        size_t count;
    } cases[] = {
        {{.limit = 2}, 2},
        {{.source = "chat"}, 2},
        {{.source = "nowhere"}, 0},
        {{.session = "s-2"}, 1},
        {{.type = "preference"}, 1},
        {{.until_us = INT64_C(1700000000000001)}, 1},
        {{.since_us = INT64_C(1700000000000001)}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_ok(km_recent(f->project, &cases[i].query, &list, &f->error));
        assert_int_equal(list->count, cases[i].count);
        km_memory_list_free(list);
    }
}

static void recall_explains_its_hits(void **state) {
    api_fixture *f = *state;
    api_remember(f, "The database server is called marten.");
    api_remember(f, "Lunch is at noon.");
    km_memory_list *list = recall(f, f->project, "what is the name of the database server");
    assert_true(list->count >= 1);
    assert_string_equal(list->items[0].content, "The database server is called marten.");
    assert_true(list->items[0].score > 0);
    assert_non_null(list->items[0].reason);
    assert_true(list->elapsed_us >= 0);
    km_memory_list_free(list);
}

static void enhance_adds_what_matters(void **state) {
    api_fixture *f = *state;
    api_remember(f, "The database server is called marten.");
    km_enhance_result *result = NULL;
    expect_ok(km_enhance(f->project, "How do I reach the database server?", 0, NULL, &result, &f->error));
    assert_int_equal(result->memory_count, 1);
    assert_int_equal(result->problem, KM_OK);
    assert_string_equal(result->original_prompt, "How do I reach the database server?");
    assert_non_null(strstr(result->enhanced_prompt, "marten"));
    assert_non_null(strstr(result->enhanced_prompt, "How do I reach the database server?"));
    assert_int_equal(strlen(result->enhanced_prompt), result->enhanced_prompt_len);
    km_enhance_result_free(result);
    expect_ok(
        km_enhance(f->project, "database a\xFF", 0, NULL, &result, &f->error)); /* the prompt must never be lost */
    assert_int_equal(result->problem, KM_E_INVALID);
    assert_string_equal(result->enhanced_prompt, "database a\xFF");
    km_enhance_result_free(result);
}

static void show_knows_prefixes_and_predecessors(void **state) {
    api_fixture *f = *state;
    api_learn(f, "Our team uses PostgreSQL as the main database.");
    api_learn(f, "Actually, our team uses MySQL as the main database now.");
    km_memory_list *all = recent(f, f->project);
    assert_int_equal(all->count, 1);
    char prefix[21];
    snprintf(prefix, sizeof prefix, "%.20s", all->items[0].id);
    km_memory_list *list = NULL;
    expect_ok(km_show(f->project, all->items[0].id, &list, &f->error));
    assert_int_equal(list->count, 2);
    assert_string_equal(list->items[0].id, all->items[0].id);
    assert_string_equal(list->items[1].superseded_by, all->items[0].id);
    km_memory_list_free(list);
    km_memory_list_free(all);
    expect_failure(km_show(f->project, "0", &list, &f->error), KM_E_CONFLICT);
    expect_failure(km_show(f->project, "ffffffff", &list, &f->error), KM_E_NOT_FOUND);
    expect_failure(km_show(f->project, "", &list, &f->error), KM_E_INVALID);
    expect_failure(km_show(f->project, "xyz", &list, &f->error), KM_E_INVALID);
}

static void edit_replaces_the_text(void **state) {
    api_fixture *f = *state;
    api_remember(f, "The staging server is called heron.");
    km_memory_list *before = recent(f, f->project);
    km_memory_list *after = NULL;
    expect_ok(km_edit(f->project, before->items[0].id, "The staging server is called egret.", 0, &after, &f->error));
    assert_int_equal(after->count, 1);
    assert_string_equal(after->items[0].id, before->items[0].id);
    assert_string_equal(after->items[0].content, "The staging server is called egret.");
    assert_true(after->items[0].created_at_us == before->items[0].created_at_us);
    km_memory_list_free(after);
    km_memory_list *found = recall(f, f->project, "egret");
    assert_int_equal(found->count, 1);
    km_memory_list_free(found);
    found = recall(f, f->project, "heron");
    assert_int_equal(found->count, 0);
    km_memory_list_free(found);
    expect_failure(km_edit(f->project, before->items[0].id, " ", 0, &after, &f->error), KM_E_INVALID);
    expect_failure(km_edit(f->project, "ffff", "New text.", 0, &after, &f->error), KM_E_NOT_FOUND);
    km_memory_list_free(before);
}

static void forget_is_all_or_nothing(void **state) {
    api_fixture *f = *state;
    api_remember(f, "The staging server is called heron.");
    api_remember(f, "Lunch is at noon.");
    km_memory_list *list = recent(f, f->project);
    const char *some[] = {list->items[0].id, "ffffffff"};
    const char *same[] = {list->items[0].id, list->items[0].id};
    km_forget_result *result = NULL;
    expect_failure(km_forget(f->project, some, 2, &result, &f->error), KM_E_NOT_FOUND);
    assert_int_equal(count_recent(f, f->project), 2);
    expect_ok(km_forget(f->project, same, 2, &result, &f->error));
    assert_int_equal(result->count, 1);
    assert_string_equal(result->ids[0], list->items[0].id);
    assert_true(result->is_erased);
    km_forget_result_free(result);
    km_memory_list_free(list);
    assert_int_equal(count_recent(f, f->project), 1);
    km_stats *stats = get_stats(f, f->project);
    assert_int_equal(stats->memories, 1);
    km_stats_free(stats);
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

/* ---- Two handles ---- */

static void two_handles_see_each_other(void **state) {
    api_fixture *f = *state;
    km_project *other = api_open(f);
    km_learn_result_free(learn(f, f->project, "We use FastAPI for the web service.", true));
    assert_int_equal(count_recent(f, other), 1);
    km_learn_result_free(learn(f, other, "Our logo is a green kingfisher.", false));
    km_stats *stats = get_stats(f, f->project);
    assert_int_equal(stats->queue_size, 1);
    km_stats_free(stats);
    run_worker(f);
    assert_int_equal(count_recent(f, other), 2);
    km_memory_list *list = recent(f, other);
    const char *ids[] = {list->items[0].id};
    km_forget_result *forgotten = NULL;
    expect_ok(km_forget(f->project, ids, 1, &forgotten, &f->error));
    km_forget_result_free(forgotten);
    km_memory_list_free(list);
    assert_int_equal(count_recent(f, other), 1);
    km_project_free(other);
}

/* ---- Configuration ---- */

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

/* ---- Arguments and errors ---- */

static void null_arguments_are_refused(void **state) {
    api_fixture *f = *state;
    km_project *p = f->project;
    km_error *e = &f->error;
    km_project_info info;
    km_learn_item item = {.content = "Text."};
    km_recall_query query = {.query = "text"};
    const char *ids[] = {"0192"};
    km_learn_result *learned = NULL;
    km_memory_list *list = NULL;
    km_forget_result *forgotten = NULL;
    km_enhance_result *enhanced = NULL;
    km_stats *stats = NULL;
    km_task_list *tasks = NULL;
    km_worker_info worker;
    km_config_list *config = NULL;
    expect_failure(km_project_open(NULL, NULL, e), KM_E_INVALID);
    expect_failure(km_project_get_info(NULL, &info, e), KM_E_INVALID);
    expect_failure(km_project_get_info(p, NULL, e), KM_E_INVALID);
    expect_failure(km_project_init(NULL, false, NULL, e), KM_E_INVALID);
    expect_failure(km_learn(NULL, &item, 1, NULL, &learned, e), KM_E_INVALID);
    expect_failure(km_learn(p, NULL, 1, NULL, &learned, e), KM_E_INVALID);
    expect_failure(km_learn(p, &item, 0, NULL, &learned, e), KM_E_INVALID);
    expect_failure(km_learn(p, &item, 1, NULL, NULL, e), KM_E_INVALID);
    expect_failure(km_learn_item_check(NULL, e), KM_E_INVALID);
    expect_failure(km_remember(NULL, &item, &learned, e), KM_E_INVALID);
    expect_failure(km_remember(p, NULL, &learned, e), KM_E_INVALID);
    expect_failure(km_remember(p, &item, NULL, e), KM_E_INVALID);
    expect_failure(km_recall(NULL, &query, &list, e), KM_E_INVALID);
    expect_failure(km_recall(p, NULL, &list, e), KM_E_INVALID);
    expect_failure(km_recall(p, &query, NULL, e), KM_E_INVALID);
    expect_failure(km_recent(NULL, NULL, &list, e), KM_E_INVALID);
    expect_failure(km_recent(p, NULL, NULL, e), KM_E_INVALID);
    expect_failure(km_show(NULL, "0", &list, e), KM_E_INVALID);
    expect_failure(km_show(p, NULL, &list, e), KM_E_INVALID);
    expect_failure(km_show(p, "0", NULL, e), KM_E_INVALID);
    expect_failure(km_edit(NULL, "0", "a", 1, &list, e), KM_E_INVALID);
    expect_failure(km_edit(p, NULL, "a", 1, &list, e), KM_E_INVALID);
    expect_failure(km_edit(p, "0", NULL, 1, &list, e), KM_E_INVALID);
    expect_failure(km_edit(p, "0", "a", 1, NULL, e), KM_E_INVALID);
    expect_failure(km_forget(NULL, ids, 1, &forgotten, e), KM_E_INVALID);
    expect_failure(km_forget(p, NULL, 1, &forgotten, e), KM_E_INVALID);
    expect_failure(km_forget(p, ids, 0, &forgotten, e), KM_E_INVALID);
    expect_failure(km_forget(p, ids, 1, NULL, e), KM_E_INVALID);
    expect_failure(km_enhance(NULL, "a", 1, NULL, &enhanced, e), KM_E_INVALID);
    expect_failure(km_enhance(p, NULL, 1, NULL, &enhanced, e), KM_E_INVALID);
    expect_failure(km_enhance(p, "a", 1, NULL, NULL, e), KM_E_INVALID);
    expect_failure(km_stats_get(NULL, &stats, e), KM_E_INVALID);
    expect_failure(km_stats_get(p, NULL, e), KM_E_INVALID);
    expect_failure(km_task_list_get(NULL, NULL, 1, &tasks, e), KM_E_INVALID);
    expect_failure(km_task_list_get(p, NULL, 1, NULL, e), KM_E_INVALID);
    expect_failure(km_task_get(NULL, "0", &tasks, e), KM_E_INVALID);
    expect_failure(km_task_get(p, NULL, &tasks, e), KM_E_INVALID);
    expect_failure(km_task_get(p, "0", NULL, e), KM_E_INVALID);
    expect_failure(km_task_wait(NULL, NULL, 0, NULL, &tasks, e), KM_E_INVALID);
    expect_failure(km_task_wait(p, NULL, 0, NULL, NULL, e), KM_E_INVALID);
    expect_failure(km_task_retry(NULL, NULL, NULL, e), KM_E_INVALID);
    expect_failure(km_task_cancel(NULL, "0", e), KM_E_INVALID);
    expect_failure(km_task_cancel(p, NULL, e), KM_E_INVALID);
    expect_failure(km_task_purge(NULL, NULL, e), KM_E_INVALID);
    expect_failure(km_worker_run(NULL, NULL, e), KM_E_INVALID);
    expect_failure(km_worker_start(NULL, NULL, e), KM_E_INVALID);
    expect_failure(km_worker_stop(NULL, false, 0, e), KM_E_INVALID);
    expect_failure(km_worker_get_info(NULL, &worker, e), KM_E_INVALID);
    expect_failure(km_worker_get_info(p, NULL, e), KM_E_INVALID);
    expect_failure(km_config_list_get(NULL, &config, e), KM_E_INVALID);
    expect_failure(km_config_list_get(p, NULL, e), KM_E_INVALID);
    expect_failure(km_config_set(NULL, "a", "b", e), KM_E_INVALID);
    expect_failure(km_config_set(p, NULL, "b", e), KM_E_INVALID);
    expect_failure(km_config_set(p, "a", NULL, e), KM_E_INVALID);
    assert_false(api_has_file(f, "kuzu-memories"));
}

static void freeing_nothing_is_fine(void **state) {
    (void)state;
    km_project_free(NULL);
    km_learn_result_free(NULL);
    km_memory_list_free(NULL);
    km_forget_result_free(NULL);
    km_enhance_result_free(NULL);
    km_stats_free(NULL);
    km_task_list_free(NULL);
    km_config_list_free(NULL);
}

/* Succeeds and leaves the error alone. */
#define expect_untouched(call) \
    do { \
        memset(&error, 0x5A, sizeof error); \
        assert_int_equal((call), KM_OK); \
        for (size_t i_ = 0; i_ < sizeof error; i_++) \
            if (((const unsigned char *)&error)[i_] != 0x5A) fail_msg("%s touched the error", #call); \
    } while (0)

/* Everything that succeeds in whatever state the project is. */
static void expect_untouched_errors(km_project *project, bool changes) {
    km_error error;
    km_project_info info;
    km_worker_info worker;
    km_recall_query query = {.query = "heron"};
    km_learn_item item = {.content = "The staging server is called heron."};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_memory_list *list = NULL;
    km_enhance_result *enhanced = NULL;
    km_stats *stats = NULL;
    km_task_list *tasks = NULL;
    km_learn_result *learned = NULL;
    km_config_list *config = NULL;
    km_import_result imported;
    size_t count = 0;
    expect_untouched(km_project_get_info(project, &info, &error));
    expect_untouched(km_recent(project, NULL, &list, &error));
    km_memory_list_free(list);
    expect_untouched(km_recall(project, &query, &list, &error));
    km_memory_list_free(list);
    expect_untouched(km_enhance(project, "Where is heron?", 0, NULL, &enhanced, &error));
    km_enhance_result_free(enhanced);
    expect_untouched(km_stats_get(project, &stats, &error));
    km_stats_free(stats);
    expect_untouched(km_task_list_get(project, NULL, 10, &tasks, &error));
    km_task_list_free(tasks);
    expect_untouched(km_task_purge(project, &count, &error));
    expect_untouched(km_worker_get_info(project, &worker, &error));
    expect_untouched(km_config_list_get(project, &config, &error));
    km_config_list_free(config);
    expect_untouched(km_import(project, "{\"content\": \"Text.\"}", 19, true, &imported, &error));
    options.dry_run = true;
    expect_untouched(km_learn(project, &item, 1, &options, &learned, &error));
    km_learn_result_free(learned);
    if (!changes) return;
    options.dry_run = false;
    expect_untouched(km_learn(project, &item, 1, &options, &learned, &error));
    expect_untouched(km_task_get(project, learned->task_ids[0], &tasks, &error));
    km_task_list_free(tasks);
    expect_untouched(km_task_cancel(project, learned->task_ids[0], &error));
    expect_untouched(km_task_retry(project, learned->task_ids[0], &count, &error));
    km_learn_result_free(learned);
    expect_untouched(km_config_set(project, "async.worker_idle_seconds", "0", &error));
    expect_untouched(km_worker_run(project, NULL, &error));
    expect_untouched(km_task_wait(project, NULL, 1000, NULL, &tasks, &error));
    km_task_list_free(tasks);
    expect_untouched(km_remember(project, &item, &learned, &error));
    km_learn_result_free(learned);
    expect_untouched(km_import(project, "{\"content\": \"Text.\"}", 19, false, &imported, &error));
    expect_untouched(km_project_init(project, false, NULL, &error));
}

static void success_leaves_the_error_alone(void **state) {
    api_fixture *f = *state;
    expect_untouched_errors(f->project, false);
    assert_false(api_has_file(f, "kuzu-memories"));
    expect_untouched_errors(f->project, true);
    expect_untouched_errors(f->project, true);
}

/* Outputs are written on success only, and the error is optional. */
static void failure_fills_the_error_and_nothing_else(void **state) {
    api_fixture *f = *state;
    km_error error;
    memset(&error, 0x5A, sizeof error);
    km_memory_list *kept = (km_memory_list *)&error;
    km_memory_list *list = kept;
    api_remember(f, "The staging server is called heron.");
    assert_int_equal(km_show(f->project, "ffffffff", &list, NULL), KM_E_NOT_FOUND);
    assert_ptr_equal(list, kept);
    assert_int_equal(km_show(f->project, "ffffffff", &list, &error), KM_E_NOT_FOUND);
    assert_ptr_equal(list, kept);
    assert_int_equal(error.status, KM_E_NOT_FOUND);
    assert_non_null(strstr(error.message, "ffffffff"));
    assert_null(strchr(error.message, '\n'));
    assert_string_equal(km_status_name(error.status), "KM_E_NOT_FOUND");
    assert_int_equal(km_status_exit_code(error.status), 3);
}

static void closed_lists_are_closed(void **state) {
    (void)state;
    assert_string_equal(km_version(), KM_VERSION_STRING);
    assert_string_equal(km_memory_types()[0], "fact");
    assert_null(km_memory_types()[8]);
    assert_null(km_knowledge_types()[6]);
    assert_null(km_entity_types()[14]);
    assert_int_equal(km_status_exit_code(KM_OK), 0);
    assert_string_equal(km_status_name((km_status)-999), "KM_E_UNKNOWN");
    assert_string_equal(km_worker_state_name((km_worker_state)99), "unknown");
    assert_string_equal(km_task_state_name((km_task_state)99), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(opening_creates_nothing),
        API_TEST(reading_an_empty_project_is_fine),
        API_TEST(init_is_safe_to_repeat),
        API_TEST(queued_text_is_learnt_by_the_worker),
        API_TEST(synchronous_learning_says_what_it_did),
        API_TEST(dry_run_stores_nothing),
        API_TEST(bad_items_store_nothing),
        API_TEST(priorities_have_a_range),
        API_TEST(a_key_is_one_task),
        API_TEST(a_full_queue_refuses_and_stores_nothing),
        API_TEST(secrets_never_arrive),
        API_TEST(what_is_remembered_is_exact_and_stays),
        API_TEST(switched_off_means_synchronous),
        API_TEST(recent_is_newest_first_and_filters),
        API_TEST(recall_explains_its_hits),
        API_TEST(enhance_adds_what_matters),
        API_TEST(show_knows_prefixes_and_predecessors),
        API_TEST(edit_replaces_the_text),
        API_TEST(forget_is_all_or_nothing),
        API_TEST(tasks_can_be_listed_cancelled_and_retried),
        API_TEST(waiting_ends_in_time),
        API_TEST(names_of_states_come_and_go),
        API_TEST(two_handles_see_each_other),
        API_TEST(config_set_changes_file_and_handle),
        API_TEST(config_set_refuses_what_is_wrong),
        API_TEST(config_set_keeps_the_rest_of_the_file),
        API_TEST(config_set_follows_the_named_file),
        API_TEST(null_arguments_are_refused),
        API_TEST(freeing_nothing_is_fine),
        API_TEST(success_leaves_the_error_alone),
        API_TEST(failure_fills_the_error_and_nothing_else),
        API_TEST(closed_lists_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
