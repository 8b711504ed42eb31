/* Export and import: what goes out comes back equal, and what is known is not imported again. */
#include "transfer_fixture.h"

/* ---- There and back ---- */

static void learn_a_history(api_fixture *f) {
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_item items[] = {
        {.content = "Our team uses PostgreSQL as the main database. Always run the migrations before a deploy.",
         .session = "s-1",
         .speaker = "user",
         .source = "chat",
         .agent = "helper",
         .user = "ines",
         .metadata_json = "{ \"ticket\": 17,\n \"ratio\": 0.1, \"tags\": [\"a\", \"ü\"] }",
         .observed_at_us = INT64_C(1700000000123456)},
        {.content = "I prefer tabs over spaces, \"quoted\" and \\ escaped \x01 and 日本語.", .key = "style-1"},
        {.content = "We are currently fixing the login page.", .type = "status"},
    };
    km_learn_result *result = NULL;
    options.synchronous = true;
    expect_ok(km_learn(f->project, items, sizeof items / sizeof items[0], &options, &result, &f->error));
    km_learn_result_free(result);
    api_learn(f, "The API server listens on port 8080.");
    api_learn(f, "Our team uses PostgreSQL as the main database."); /* strengthens */
    api_learn(f, "Actually, our team uses MySQL as the main database now.");
}

static void export_comes_back_equal(void **state) {
    api_fixture *f = *state;
    learn_a_history(f);
    lines before = export_all(f, f->project);
    assert_true(before.count > 5);
    char *text = join_lines(&before, "", "\n", "\n");
    km_project *second = open_second(f);
    km_import_result result = import_text(f, second, text, false);
    assert_int_equal(result.rejected, 0);
    assert_int_equal(result.duplicates, 0);
    assert_int_equal(result.imported, count_memories(f, f->project, true));
    lines after = export_all(f, second);
    expect_equal_lines(&before, &after);
    result = import_text(f, second, text, false);
    assert_int_equal(result.imported, 0);
    assert_int_equal(result.rejected, 0);
    free_lines(&after);
    after = export_all(f, second);
    expect_equal_lines(&before, &after);
    km_project_free(second);
    free_lines(&before);
    free_lines(&after);
    free(text);
}

/* history.jsonl has supersession, gaps in the order of arrival, the same words twice, every member, and relations in an order that
 * is not that of their rows: none of it left to what the learner finds. */
static void every_member_survives(void **state) {
    api_fixture *f = *state;
    expect_import(f, history, 3, 0, 0);
    lines all = export_all(f, f->project);
    char *text = join_lines(&all, "", "\n", "\n");
    assert_string_equal(strchr(text, '\n'), strchr(history, '\n'));
    free(text);
    free_lines(&all);
    assert_int_equal(count_memories(f, f->project, false), 1);
    km_stats *stats = NULL;
    expect_ok(km_stats_get(f->project, &stats, &f->error));
    assert_int_equal(stats->memories, 1);
    assert_int_equal(stats->superseded_memories, 2);
    assert_int_equal(stats->relations, 3);
    km_stats_free(stats);
    expect_import(f, history, 0, 3, 0);
}

static void lines_may_come_as_one_array(void **state) {
    api_fixture *f = *state;
    expect_import(f, history, 3, 0, 0);
    lines all = export_all(f, f->project);
    char *text = join_lines(&all, "[", ",\n", "]\n");
    km_project *second = open_second(f);
    expect_counts(import_text(f, second, text, false), 3, 0, 0);
    lines after = export_all(f, second);
    expect_equal_lines(&all, &after);
    km_project_free(second);
    free(text);
    free_lines(&all);
    free_lines(&after);
}

static void an_import_extends_what_is_there(void **state) {
    api_fixture *f = *state;
    api_remember(f, "Nobody deploys on Fridays.");
    api_remember(f, "We deploy with Helm!"); /* says the same as the live memory of the history */
    expect_import(f, history, 2, 1, 0);
    assert_int_equal(count_memories(f, f->project, false), 2);
    assert_int_equal(count_memories(f, f->project, true), 4);
    expect_import(f, history, 0, 3, 0);
    km_memory_list *list = NULL;
    expect_ok(km_show(f->project, "01890000-0000-7000-8000-000000000002", &list, &f->error));
    assert_non_null(list->items[0].superseded_by); /* by the equal one that was there before */
    assert_string_not_equal(list->items[0].superseded_by, "01890000-0000-7000-8000-000000000003");
    km_memory_list_free(list);
}

static void a_known_memory_learns_of_its_successor(void **state) {
    api_fixture *f = *state;
    static const char first[] =
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-00000000000a\",\"content\":\"The port is 80.\"}\n";
    static const char both[] =
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-00000000000a\",\"content\":\"The port is 80.\","
        "\"superseded_by\":\"01890000-0000-7000-8000-00000000000b\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-00000000000b\",\"content\":\"The port is 81.\"}\n";
    static const char back[] =
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-00000000000b\",\"content\":\"The port is 81.\","
        "\"superseded_by\":\"01890000-0000-7000-8000-00000000000a\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-00000000000a\",\"content\":\"The port is 80.\"}\n";
    expect_import(f, first, 1, 0, 0);
    expect_import(f, both, 1, 1, 0);
    assert_int_equal(count_memories(f, f->project, false), 1);
    expect_import(f, back, 0, 2, 0); /* the other way round would hide both */
    assert_int_equal(count_memories(f, f->project, false), 1);
}

static void two_exports_in_one_file_share_their_words(void **state) {
    api_fixture *f = *state;
    static const char other[] =
        "{\"record\":\"header\",\"format\":\"kuzu-memory-export\",\"version\":1}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-0000000000aa\",\"content\":\"we deploy with helm\"}\n";
    char *text = NULL;
    assert_true(asprintf(&text, "%s%s", history, other) > 0);
    expect_import(f, text, 3, 1, 0);
    free(text);
}

/* An edit may give two memories the same words. */
static void one_export_may_repeat_its_words(void **state) {
    api_fixture *f = *state;
    static const char text[] =
        "{\"record\":\"header\",\"format\":\"kuzu-memory-export\",\"version\":1}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-00000000000a\",\"seq\":1,\"content\":\"Same.\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-00000000000b\",\"seq\":2,\"content\":\"Same.\"}\n";
    expect_import(f, text, 2, 0, 0);
    expect_import(f, text, 0, 2, 0);
}

/* What was replaced meanwhile does not come back because it is named once more without its id. */
static void known_memories_stand_for_their_words(void **state) {
    api_fixture *f = *state;
    expect_import(f, history, 3, 0, 0);
    expect_import(f,
                  "[{\"id\": \"01890000-0000-7000-8000-000000000002\", \"content\": \"We deploy with Nomad.\"},"
                  " {\"content\": \"We deploy with Nomad\"}]",
                  0, 2, 0);
}

static void order_of_arrival_is_kept(void **state) {
    api_fixture *f = *state;
    expect_import(
        f,
        "{\"record\":\"header\",\"format\":\"kuzu-memory-export\",\"version\":1}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-00000000000a\",\"seq\":8,\"content\":\"Fourth.\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-00000000000b\",\"seq\":5,\"content\":\"Third.\"}\n"
        "{\"content\":\"Second.\",\"created_at\":\"2025-01-02\"}\n"
        "{\"content\":\"First.\",\"created_at\":\"2025-01-01\"}\n",
        4, 0, 0);
    static const char *const expected[] = {"Fourth.", "Third.", "Second.", "First."};
    km_memory_list *list = NULL;
    expect_ok(km_recent(f->project, NULL, &list, &f->error));
    assert_int_equal(list->count, 4);
    for (size_t i = 0; i < 4; i++) assert_string_equal(list->items[i].content, expected[i]);
    km_memory_list_free(list);
}

static void an_empty_project_gives_a_header(void **state) {
    api_fixture *f = *state;
    lines all = export_all(f, f->project);
    assert_int_equal(all.count, 1);
    expect_import(f, all.items[0], 0, 0, 0);
    assert_false(api_has_file(f, "kuzu-memories"));
    free_lines(&all);
}

static void export_stops_when_told(void **state) {
    api_fixture *f = *state;
    expect_import(f, history, 3, 0, 0);
    for (size_t i = 1; i <= 5; i++) {
        lines some = {.stop_after = i};
        expect_failure(km_export(f->project, keep_line, &some, &f->error), KM_E_INTERRUPTED);
        assert_int_equal(some.count, i);
        free_lines(&some);
    }
}

static void dry_run_creates_nothing(void **state) {
    api_fixture *f = *state;
    expect_counts(import_text(f, f->project, history, true), 3, 0, 0);
    assert_false(api_has_file(f, "kuzu-memories"));
    expect_counts(import_text(f, f->project, "nonsense\n", false), 0, 0, 1);
    assert_false(api_has_file(f, "kuzu-memories"));
}

/* ---- Memories of the Python kuzu-memory ---- */

static void python_backup_is_read(void **state) {
    api_fixture *f = *state;
    char *text = read_data("python_backup.json");
    expect_import(f, text, 2, 1, 0);
    expect_import(f, text, 0, 3, 0);
    free(text);
    km_memory_list *list = NULL;
    expect_ok(km_show(f->project, "7d1f2a3b", &list, &f->error));
    const km_memory *memory = &list->items[0];
    assert_string_equal(memory->content, "The service talks to Redis, not to Memcached.");
    assert_string_equal(memory->source, "conversation");
    assert_string_equal(memory->speaker, "user");
    assert_string_equal(memory->session, "abc");
    assert_null(memory->agent);
    assert_null(memory->user);
    assert_string_equal(memory->knowledge_type, "gotcha");
    assert_string_equal(memory->metadata_json, "{\"memories\":[1,2],\"quoted\":\"a \\\" ] } b\"}");
    assert_true(memory->created_at_us == INT64_C(1746088200250000));
    assert_true(memory->observed_at_us == memory->created_at_us);
    assert_true(memory->confidence > 0.79 && memory->confidence < 0.81);
    assert_true(memory->importance > 0.89 && memory->importance < 0.91);
    km_memory_list_free(list);
    km_recall_query rules = {.type = "rule"};
    expect_ok(km_recent(f->project, &rules, &list, &f->error));
    assert_int_equal(list->count, 1);
    km_memory_list_free(list);
}

static void python_shared_file_is_read(void **state) {
    api_fixture *f = *state;
    char *text = read_data("python_shared.json");
    expect_import(f, text, 2, 0, 0);
    free(text);
    km_memory_list *list = NULL;
    expect_ok(km_show(f->project, "b0000000-0000-4000-8000-000000000001", &list, &f->error));
    assert_string_equal(list->items[0].type, "preference");
    assert_string_equal(list->items[0].agent, "bot");
    assert_string_equal(list->items[0].user, "u1");
    assert_true(list->items[0].created_at_us == INT64_C(1746088200000000));
    assert_int_equal(list->items[0].expires_at_us, 0);
    km_memory_list_free(list);
    expect_ok(km_show(f->project, "b0000000-0000-4000-8000-000000000002", &list, &f->error));
    assert_string_equal(list->items[0].type, "status");
    assert_true(list->items[0].expires_at_us == INT64_C(32472144000000000));
    assert_null(list->items[0].metadata_json);
    km_memory_list_free(list);
}

static void bare_array_and_loose_lines_are_read(void **state) {
    api_fixture *f = *state;
    expect_import(f,
                  " [ {\"content\": \"The cache lives in Redis.\"}, {\"content\": \"the cache lives in redis\"} ,\n"
                  "{\"text\": \"Queues are kept in RabbitMQ.\"}]\n",
                  2, 1, 0);
    expect_import(f, "{\"content\": \"The logs go to Loki.\"}\n\n  {\"content\": \"The cache lives in Redis\"}\r\n", 1,
                  1, 0);
    expect_import(f, "\xEF\xBB\xBF{\"content\": \"Alerts go to the on-call phone.\"}", 1, 0, 0);
    assert_int_equal(count_memories(f, f->project, true), 4);
}

/* Only the member of the document itself counts, whatever else has that name. */
static void the_array_is_found_where_it_is(void **state) {
    api_fixture *f = *state;
    expect_import(
        f,
        "{\"about\": {\"memories\": [{\"content\": \"Wrong.\"}]}, \"note\": \"memories\", \"x\": \"\\\"memories\\\": "
        "[\","
        " \"memories\": [{\"content\": \"Right.\"}, {\"content\": \"He said: \\\" ] }\"}], \"more\": [\"]\"]}",
        2, 0, 0);
    assert_int_equal(count_memories(f, f->project, true), 2);
}

static void imported_texts_are_found_and_have_entities(void **state) {
    api_fixture *f = *state;
    expect_import(f, "[{\"content\": \"The billing service stores invoices in PostgreSQL.\"}]", 1, 0, 0);
    km_recall_query query = {.query = "where are invoices stored"};
    km_memory_list *list = NULL;
    expect_ok(km_recall(f->project, &query, &list, &f->error));
    assert_int_equal(list->count, 1);
    assert_string_equal(list->items[0].source, "import");
    km_memory_list_free(list);
}

static void old_status_arrives_expired(void **state) {
    api_fixture *f = *state;
    expect_import(
        f,
        "[{\"content\": \"Working on the importer.\", \"memory_type\": \"working\", \"created_at\": \"2024-01-01\"}]",
        1, 0, 0);
    assert_int_equal(count_memories(f, f->project, false), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(export_comes_back_equal),
        API_TEST(every_member_survives),
        API_TEST(lines_may_come_as_one_array),
        API_TEST(an_import_extends_what_is_there),
        API_TEST(a_known_memory_learns_of_its_successor),
        API_TEST(two_exports_in_one_file_share_their_words),
        API_TEST(one_export_may_repeat_its_words),
        API_TEST(known_memories_stand_for_their_words),
        API_TEST(order_of_arrival_is_kept),
        API_TEST(an_empty_project_gives_a_header),
        API_TEST(export_stops_when_told),
        API_TEST(dry_run_creates_nothing),
        API_TEST(python_backup_is_read),
        API_TEST(python_shared_file_is_read),
        API_TEST(bare_array_and_loose_lines_are_read),
        API_TEST(the_array_is_found_where_it_is),
        API_TEST(imported_texts_are_found_and_have_entities),
        API_TEST(old_status_arrives_expired),
    };
    return cmocka_run_group_tests(tests, load_history, unload_history);
}
