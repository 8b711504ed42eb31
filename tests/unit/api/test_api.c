/* The public API as its users see it: projects, reading and changing memories, two handles, and the conventions of all calls. */
#include "api_fixture.h"

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

static void the_explanation_is_data(void **state) {
    api_fixture *f = *state;
    api_remember(f, "The database server is called marten.");
    api_remember(f, "Lunch is at noon.");
    km_memory_list *list = NULL;
    km_recall_query query = {.query = "When did the zebra reach the database last week?",
                             .now_us = INT64_C(1764547200000000)}; /* 2025-12-01 */
    expect_ok(km_recall(f->project, &query, &list, &f->error));
    const km_explanation *explanation = list->explanation;
    assert_non_null(explanation);
    assert_int_equal(explanation->term_count, 5); /* zebra, reach, database, last, week */
    assert_true(explanation->asks_when && explanation->unseen_share > 0.7 && explanation->unseen_share < 0.9);
    for (size_t i = 0; i < explanation->term_count; i++) assert_true(explanation->terms[i].weight > 0);
    assert_int_equal(explanation->time_count, 1);
    assert_string_equal(explanation->times[0].phrase, "last week");
    assert_true(explanation->times[0].from_us < explanation->times[0].until_us);
    assert_true(explanation->confidence > 0 && explanation->confidence < 1 && explanation->threshold > 0);
    assert_int_equal(list->count, 1);
    assert_true(list->items[0].match->words > 0 && list->items[0].match->factor >= 1);
    km_memory_list_free(list);

    km_enhance_options options = KM_ENHANCE_OPTIONS_INIT;
    km_enhance_result *result = NULL;
    expect_ok(km_enhance(f->project, "Where is the database?", 0, &options, &result, &f->error));
    assert_null(result->explanation); /* not asked for */
    km_enhance_result_free(result);
    options.explain = true;
    expect_ok(km_enhance(f->project, "Where is the database?", 0, &options, &result, &f->error));
    assert_non_null(result->explanation);
    assert_int_equal(result->explanation->term_count, 1);
    assert_true(result->explanation->confidence >= result->explanation->threshold && result->memory_count == 1);
    assert_true(result->memories[0].match->coverage > 0);
    km_enhance_result_free(result);
    expect_ok(km_enhance(f->project, "go on", 0, &options, &result, &f->error));
    assert_true(result->explanation->confidence == 0 && result->memory_count == 0);
    km_enhance_result_free(result);
}

static size_t count_standing(api_fixture *f, size_t limit, size_t status_limit, const char *first) {
    km_memory_list *list = NULL;
    expect_ok(km_standing(f->project, limit, status_limit, &list, &f->error));
    size_t count = list->count;
    if (first != NULL) assert_string_equal(list->items[0].type, first);
    km_memory_list_free(list);
    return count;
}

static void standing_memories_and_open_statuses(void **state) {
    static const char *const TYPES[] = {"fact", "rule", "preference", "decision", "identity", "status", "note"};
    api_fixture *f = *state;
    assert_int_equal(count_standing(f, 10, 10, NULL), 0);
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        km_learn_item item = {.content = TYPES[i], .type = TYPES[i], .verbatim = true};
        km_learn_options options = KM_LEARN_OPTIONS_INIT;
        km_learn_result *result = NULL;
        options.synchronous = true;
        expect_ok(km_learn(f->project, &item, 1, &options, &result, &f->error));
        km_learn_result_free(result);
    }
    assert_int_equal(count_standing(f, 10, 10, "identity"), 5);
    assert_int_equal(count_standing(f, 2, 0, "identity"), 2);
    assert_int_equal(count_standing(f, 0, 1, "status"), 1);
    assert_int_equal(count_standing(f, 0, 0, NULL), 0);
}

static void a_line_fits_its_storage(void **state) {
    (void)state;
    char line[16];
    assert_int_equal(km_line_format("## two\nlines", 12, 100, line, sizeof line), 5);
    assert_string_equal(line, "tw…"); /* at most a quarter of the storage in characters */
    assert_int_equal(km_line_format("ab", 2, 100, line, sizeof line), 2);
    assert_string_equal(line, "ab");
    assert_int_equal(km_line_format(NULL, 0, 100, line, sizeof line), 0);
    assert_int_equal(km_line_format("ab", 2, 100, line, 1), 0);
    assert_string_equal(line, "");
    assert_int_equal(km_line_format("ab", 2, 100, NULL, 0), 0);
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
    expect_failure(km_standing(NULL, 1, 1, &list, e), KM_E_INVALID);
    expect_failure(km_standing(p, 1, 1, NULL, e), KM_E_INVALID);
    expect_failure(km_standing(p, 10000000, 1, &list, e), KM_E_INVALID);
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
        API_TEST(recent_is_newest_first_and_filters),
        API_TEST(recall_explains_its_hits),
        API_TEST(the_explanation_is_data),
        API_TEST(standing_memories_and_open_statuses),
        API_TEST(a_line_fits_its_storage),
        API_TEST(enhance_adds_what_matters),
        API_TEST(show_knows_prefixes_and_predecessors),
        API_TEST(edit_replaces_the_text),
        API_TEST(forget_is_all_or_nothing),
        API_TEST(two_handles_see_each_other),
        API_TEST(null_arguments_are_refused),
        API_TEST(freeing_nothing_is_fine),
        API_TEST(success_leaves_the_error_alone),
        API_TEST(failure_fills_the_error_and_nothing_else),
        API_TEST(closed_lists_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
