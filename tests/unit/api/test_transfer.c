/* Export and import: what goes out comes back equal, what is known is not imported again, and nothing in a file does harm. */
#include "api_fixture.h"

/* ---- Exports as lists of lines ---- */

typedef struct lines {
    size_t count, capacity;
    char **items;
    size_t stop_after; /* 0: never */
} lines;

static bool keep_line(const char *json, size_t json_len, void *context) {
    lines *all = context;
    if (all->count == all->capacity) {
        all->capacity = all->capacity == 0 ? 64 : 2 * all->capacity;
        all->items = reallocarray(all->items, all->capacity, sizeof *all->items);
        assert_non_null(all->items);
    }
    assert_null(memchr(json, '\n', json_len));
    all->items[all->count] = strndup(json, json_len);
    assert_non_null(all->items[all->count]);
    all->count++;
    return all->stop_after == 0 || all->count < all->stop_after;
}

static void free_lines(lines *all) {
    for (size_t i = 0; i < all->count; i++) free(all->items[i]);
    free(all->items);
    *all = (lines){0};
}

static lines export_all(api_fixture *f, km_project *project) {
    lines all = {0};
    expect_ok(km_export(project, keep_line, &all, &f->error));
    assert_true(all.count >= 1);
    assert_non_null(strstr(all.items[0], "\"format\":\"kuzu-memory-export\""));
    return all;
}

/* The lines joined to one text. */
static char *join_lines(const lines *all, const char *before, const char *between, const char *behind) {
    size_t size = strlen(before) + strlen(behind) + 1;
    for (size_t i = 0; i < all->count; i++) size += strlen(all->items[i]) + strlen(between);
    char *text = malloc(size);
    assert_non_null(text);
    char *at = stpcpy(text, before);
    for (size_t i = 0; i < all->count; i++) {
        at = stpcpy(at, all->items[i]);
        if (i + 1 < all->count) at = stpcpy(at, between);
    }
    stpcpy(at, behind);
    return text;
}

/* Equal but for the header, which tells when. */
static void expect_equal_lines(const lines *a, const lines *b) {
    assert_int_equal(a->count, b->count);
    for (size_t i = 1; i < a->count; i++) assert_string_equal(a->items[i], b->items[i]);
}

static km_import_result import_text(api_fixture *f, km_project *project, const char *text, bool dry_run) {
    km_import_result result = {0};
    expect_ok(km_import(project, text, strlen(text), dry_run, &result, &f->error));
    return result;
}

static void expect_counts(km_import_result result, uint64_t imported, uint64_t duplicates, uint64_t rejected) {
    if (result.rejected != rejected)
        print_error("line %u: %s\n", (unsigned)result.first_bad_line, result.first_bad_reason);
    assert_int_equal(result.imported, imported);
    assert_int_equal(result.duplicates, duplicates);
    assert_int_equal(result.rejected, rejected);
}

/* A dry run and the run itself say the same. */
static void expect_import(api_fixture *f, const char *text, uint64_t imported, uint64_t duplicates, uint64_t rejected) {
    expect_counts(import_text(f, f->project, text, true), imported, duplicates, rejected);
    expect_counts(import_text(f, f->project, text, false), imported, duplicates, rejected);
}

/* An import into an empty project of its own below the fixture's. */
static km_project *open_second(api_fixture *f) {
    char path[128];
    snprintf(path, sizeof path, "%s/second", f->dir->path);
    assert_true(mkdir(path, 0700) == 0 || access(path, W_OK) == 0);
    km_options options = {.project_dir = path, .program = "/nonexistent/kuzu-memory"};
    km_project *project = NULL;
    expect_ok(km_project_open(&options, &project, &f->error));
    return project;
}

/* Number of memories; `superseded` counts those too. */
static size_t count_memories(api_fixture *f, km_project *project, bool superseded) {
    km_recall_query query = {.limit = 1000, .include_superseded = superseded};
    km_memory_list *list = NULL;
    expect_ok(km_recent(project, &query, &list, &f->error));
    size_t count = list->count;
    km_memory_list_free(list);
    return count;
}

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
    expect_import(f, f->history, 3, 0, 0);
    lines all = export_all(f, f->project);
    char *text = join_lines(&all, "", "\n", "\n");
    assert_string_equal(strchr(text, '\n'), strchr(f->history, '\n'));
    free(text);
    free_lines(&all);
    assert_int_equal(count_memories(f, f->project, false), 1);
    km_stats *stats = NULL;
    expect_ok(km_stats_get(f->project, &stats, &f->error));
    assert_int_equal(stats->memories, 1);
    assert_int_equal(stats->superseded_memories, 2);
    assert_int_equal(stats->relations, 2);
    km_stats_free(stats);
    expect_import(f, f->history, 0, 3, 0);
}

static void lines_may_come_as_one_array(void **state) {
    api_fixture *f = *state;
    expect_import(f, f->history, 3, 0, 0);
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
    expect_import(f, f->history, 2, 1, 0);
    assert_int_equal(count_memories(f, f->project, false), 2);
    assert_int_equal(count_memories(f, f->project, true), 4);
    expect_import(f, f->history, 0, 3, 0);
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
    assert_true(asprintf(&text, "%s%s", f->history, other) > 0);
    expect_import(f, text, 3, 1, 0);
    free(text);
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
    expect_import(f, f->history, 3, 0, 0);
    for (size_t i = 1; i <= 5; i++) {
        lines some = {.stop_after = i};
        expect_failure(km_export(f->project, keep_line, &some, &f->error), KM_E_INTERRUPTED);
        assert_int_equal(some.count, i);
        free_lines(&some);
    }
}

static void dry_run_creates_nothing(void **state) {
    api_fixture *f = *state;
    expect_counts(import_text(f, f->project, f->history, true), 3, 0, 0);
    assert_false(api_has_file(f, "kuzu-memories"));
    expect_counts(import_text(f, f->project, "nonsense\n", false), 0, 0, 1);
    assert_false(api_has_file(f, "kuzu-memories"));
}

/* ---- Memories of the Python kuzu-memory ---- */

static void python_backup_is_read(void **state) {
    transfer_fixture *f = *state;
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
    transfer_fixture *f = *state;
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

/* ---- What is wrong costs itself and nothing else ---- */

static void bad_lines_are_counted_and_the_first_is_told(void **state) {
    api_fixture *f = *state;
    static const char text[] = "{\"content\": \"The first good line.\"}\n"
                               "\n"
                               "{\"content\": 7}\n"
                               "{\"content\": \"The second good line.\"}\n"
                               "not JSON\n";
    km_import_result result = import_text(f, f->project, text, false);
    expect_counts(result, 2, 0, 2);
    assert_int_equal(result.first_bad_line, 3);
    assert_non_null(strstr(result.first_bad_reason, "\"content\""));
}

static void entries_of_documents_know_their_line(void **state) {
    api_fixture *f = *state;
    km_import_result result = import_text(
        f, f->project,
        "{\n\"memories\": [\n{\"content\": \"Good.\"},\n{\"content\": NaN},\n{\"content\": \"Fine.\"}\n]}", false);
    expect_counts(result, 2, 0, 1);
    assert_int_equal(result.first_bad_line, 4);
}

static void hostile_lines_are_rejected(void **state) {
    api_fixture *f = *state;
    static const char *const bad[] = {
        "7",
        "\"text\"",
        "null",
        "[1]",
        "{\"content\": \"a\"",
        "{\"content\": \"a\"} {\"content\": \"b\"}",
        "{\"content\": \"\"}",
        "{\"content\": \" \\t\\n\"}",
        "{\"content\": \"a\\u0000b\"}",
        "{\"content\": \"\\ud800\"}",
        "{\"content\": \"\xC3\x28\"}",
        "{\"content\": \"a\", \"content\": \"b\"}",
        "{\"content\": [\"a\"]}",
        "{\"memory\": \"a\"}",
        "{\"content\": \"a\", \"created_at\": \"soon\"}",
        "{\"content\": \"a\", \"created_at\": 5}",
        "{\"content\": \"a\", \"created_at\": \"99999-01-01\"}",
        "{\"content\": \"a\", \"confidence\": 1e400}",
        "{\"content\": \"a\", \"confidence\": -0.1}",
        "{\"content\": \"a\", \"importance\": \"high\"}",
        "{\"content\": \"a\", \"metadata\": [1]}",
        "{\"content\": \"a\", \"metadata\": \"[1]\"}",
        "{\"content\": \"a\", \"metadata\": \"{\"}",
        "{\"record\": 5}",
        "{\"record\": \"tomb\"}",
        "{\"record\": \"memory\"}",
        "{\"record\": \"memory\", \"id\": \"x\", \"content\": \"a\"}",
        "{\"record\": \"memory\", \"content\": \"a\"}",
        "{\"record\": \"header\", \"format\": \"zip\", \"version\": 1}",
        "{\"record\": \"header\", \"format\": \"kuzu-memory-export\"}",
        "{\"record\": \"relation\", \"memory\": \"01890000-0000-7000-8000-000000000001\", \"from\": \"a\", \"name\": "
        "\"b\"}",
        "{\"record\": \"relation\", \"memory\": \"01890000-0000-7000-8000-000000000001\", \"from\": \"a\", \"name\": "
        "\"b\", \"to\": \"c\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        km_import_result result = import_text(f, f->project, bad[i], false);
        if (result.rejected != 1 || result.imported != 0) print_error("accepted: %s\n", bad[i]);
        expect_counts(result, 0, 0, 1);
        assert_int_equal(result.first_bad_line, 1);
        assert_true(result.first_bad_reason[0] != '\0');
    }
    assert_false(api_has_file(f, "kuzu-memories"));
}

static void members_out_of_range_are_rejected(void **state) {
    api_fixture *f = *state;
    static const char *const members[] = {
        "\"seq\": 0",
        "\"seq\": -1",
        "\"seq\": 1.5",
        "\"seq\": 9223372036854775807",
        "\"seq\": 92233720368547758080",
        "\"seq\": \"1\"",
        "\"seen_count\": 4294967296",
        "\"seen_count\": 0",
        "\"type\": \"poem\"",
        "\"type\": 1",
        "\"knowledge_type\": \"x\"",
        "\"polarity\": \"mixed\"",
        "\"superseded_by\": \"me\"",
        "\"superseded_by\": \"01890000-0000-7000-8000-0000000000ff\"",
        "\"superseded_by\": \"01890000-0000-7000-8000-000000000001\"",
        "\"origin_task\": 4",
        "\"entities\": {}",
        "\"entities\": [\"Helm\"]",
        "\"entities\": [{\"name\": \"\", \"type\": \"technology\"}]",
        "\"entities\": [{\"name\": \"Helm\", \"type\": \"beast\"}]",
        "\"metadata\": \"{}\"",
        "\"key\": \"\"",
        "\"expires_at\": {}",
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "{\"record\": \"memory\", \"id\": \"01890000-0000-7000-8000-000000000001\", \"content\": \"a\", %s}",
                 members[i]);
        km_import_result result = import_text(f, f->project, text, true);
        if (result.rejected != 1) print_error("accepted: %s\n", members[i]);
        expect_counts(result, 0, 0, 1);
    }
}

static char *repeat(const char *part, size_t count) {
    size_t len = strlen(part);
    char *text = malloc(len * count + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++) memcpy(text + i * len, part, len);
    text[len * count] = '\0';
    return text;
}

/* One entry, "before" + filling + "behind", between two good lines. */
static void expect_rejected_between(api_fixture *f, const char *before, char *filling, const char *behind) {
    char *text = NULL;
    assert_true(asprintf(&text, "{\"content\": \"The line above.\"}\n%s%s%s\n{\"content\": \"The line below.\"}\n",
                         before, filling, behind) > 0);
    km_import_result result = import_text(f, f->project, text, true);
    expect_counts(result, 2, 0, 1);
    assert_int_equal(result.first_bad_line, 2);
    free(text);
    free(filling);
}

static void sizes_and_depths_have_limits(void **state) {
    api_fixture *f = *state;
    expect_rejected_between(f, "{\"content\": \"a\", \"metadata\": ", repeat("[", 100000), "}");
    expect_rejected_between(f, "{\"content\": \"a\", \"x\": ", repeat("{\"a\":", 5000), "1}");
    expect_rejected_between(f, "{\"content\": \"", repeat("a", KM_CONTENT_LIMIT_BYTES + 1), "\"}");
    expect_rejected_between(f, "{\"content\": \"a\", \"source\": \"", repeat("a", KM_LABEL_LIMIT_BYTES + 1), "\"}");
    expect_rejected_between(f, "{\"content\": \"a\", \"metadata\": {\"a\": \"", repeat("a", KM_METADATA_LIMIT_BYTES),
                            "\"}}");
    expect_rejected_between(f, "{\"content\": \"a\", \"x\": \"", repeat("a", (size_t)8 << 20), "\"}");
    expect_rejected_between(f,
                            "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000001\",\"content\":\"a\","
                            "\"entities\":[{\"name\":\"",
                            repeat("a", 600), "\",\"type\":\"file\"}]}");
}

static void the_largest_text_goes_through(void **state) {
    api_fixture *f = *state;
    char *words = repeat("word \x02 ", KM_CONTENT_LIMIT_BYTES / 7);
    km_learn_item item = {.content = words, .verbatim = true};
    km_learn_result *learned = NULL;
    expect_ok(km_remember(f->project, &item, &learned, &f->error));
    km_learn_result_free(learned);
    lines all = export_all(f, f->project);
    char *text = join_lines(&all, "", "\n", "\n");
    km_project *second = open_second(f);
    expect_counts(import_text(f, second, text, false), 1, 0, 0);
    lines after = export_all(f, second);
    expect_equal_lines(&all, &after);
    km_project_free(second);
    free_lines(&all);
    free_lines(&after);
    free(text);
    free(words);
}

static void damaged_documents_are_told(void **state) {
    api_fixture *f = *state;
    expect_counts(import_text(f, f->project, "[{\"content\": \"One.\"}", true), 1, 0, 1);
    expect_counts(import_text(f, f->project, "[{\"content\": \"One.\"}, {\"content\": \"Tw", true), 1, 0, 1);
    expect_counts(import_text(f, f->project, "[{\"content\": \"One.\"}] []", true), 1, 0, 1);
    expect_counts(import_text(f, f->project, "{\"memories\": [{\"content\": \"One.\"}], \"archived\": [", true), 1, 0,
                  1);
    expect_counts(import_text(f, f->project, "{\"memories\": [{\"content\": \"One.\"}]} x", true), 1, 0, 1);
    expect_counts(import_text(f, f->project, "[[[[[[[", true), 0, 0, 1);
    expect_counts(import_text(f, f->project, "[]", true), 0, 0, 0);
    expect_counts(import_text(f, f->project, "", true), 0, 0, 0);
    expect_counts(import_text(f, f->project, " \n\t\r\n", true), 0, 0, 0);
    expect_counts(import_text(f, f->project, "]}{", true), 0, 0, 1);
}

static void the_same_id_twice(void **state) {
    api_fixture *f = *state;
    static const char text[] =
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000001\",\"content\":\"Same.\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000001\",\"content\":\"same\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000001\",\"content\":\"Other.\"}\n";
    km_import_result result = import_text(f, f->project, text, true);
    expect_counts(result, 1, 1, 1);
    assert_int_equal(result.first_bad_line, 3);
    expect_import(f, text, 1, 1, 1);
}

static void circles_and_missing_successors_are_rejected(void **state) {
    api_fixture *f = *state;
    static const char text[] =
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000001\",\"content\":\"One.\",\"superseded_by\":"
        "\"01890000-0000-7000-8000-000000000002\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000002\",\"content\":\"Two.\",\"superseded_by\":"
        "\"01890000-0000-7000-8000-000000000001\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000003\",\"content\":\"Three.\",\"superseded_"
        "by\":\"01890000-0000-7000-8000-000000000004\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000004\",\"content\":\"Four.\",\"superseded_"
        "by\":\"01890000-0000-7000-8000-0000000000ff\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000005\",\"content\":\"Five.\",\"superseded_"
        "by\":\"01890000-0000-7000-8000-000000000006\"}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000006\",\"content\":\"Six.\"}\n";
    km_import_result result = import_text(f, f->project, text, false);
    expect_counts(result, 2, 0, 4);
    assert_int_equal(result.first_bad_line, 1);
    assert_int_equal(count_memories(f, f->project, false), 1);
}

static void a_newer_format_is_refused_as_a_whole(void **state) {
    api_fixture *f = *state;
    static const char text[] =
        "{\"record\":\"header\",\"format\":\"kuzu-memory-export\",\"version\":2}\n{\"content\":\"A.\"}\n";
    km_import_result result = {.imported = 77};
    expect_failure(km_import(f->project, text, strlen(text), false, &result, &f->error), KM_E_INVALID);
    assert_int_equal(result.imported, 77);
    assert_false(api_has_file(f, "kuzu-memories"));
}

static void secrets_stay_outside(void **state) {
    api_fixture *f = *state;
    static const char text[] =
        "{\"content\": \"The token is ghp_0123456789abcdefghijABCDEFGHIJ012345 for now.\", \"metadata\": "
        "{\"password\": \"hunter2hunter2\"}}\n"
        "{\"record\":\"memory\",\"id\":\"01890000-0000-7000-8000-000000000001\",\"content\":\"Ask Ines.\","
        "\"value\":\"ghp_0123456789abcdefghijABCDEFGHIJ012345\"}\n";
    expect_import(f, text, 2, 0, 0);
    lines all = export_all(f, f->project);
    char *exported = join_lines(&all, "", "\n", "\n");
    assert_null(strstr(exported, "ghp_0123"));
    assert_null(strstr(exported, "hunter2"));
    assert_non_null(strstr(exported, "redacted"));
    free(exported);
    free_lines(&all);
    km_stats *stats = NULL;
    expect_ok(km_stats_get(f->project, &stats, &f->error));
    assert_int_equal(stats->redactions, 3);
    km_stats_free(stats);
    expect_import(f, text, 0, 2, 0);
}

/* Any prefix of an export, and any byte of it changed: never a crash, and what is counted adds up. */
static void cut_and_flipped_exports_are_survived(void **state) {
    api_fixture *f = *state;
    size_t len = strlen(f->history);
    for (size_t cut = 0; cut < len; cut += 7) {
        km_import_result result = {0};
        expect_ok(km_import(f->project, f->history, cut, true, &result, &f->error));
        assert_true(result.imported + result.duplicates + result.rejected <= 6);
    }
    char *text = strdup(f->history);
    assert_non_null(text);
    for (size_t at = 0; at < len; at += 3) {
        char kept = text[at];
        text[at] = (char)(kept ^ (1 << (at % 8)));
        km_import_result result = {0};
        km_status status = km_import(f->project, text, len, true, &result, &f->error);
        assert_true(status == KM_OK || status == KM_E_INVALID); /* the version of the header may have been hit */
        text[at] = kept;
    }
    free(text);
}

static void many_are_one_transaction(void **state) {
    api_fixture *f = *state;
    enum { count = 500 };
    char *text = malloc(count * 128);
    assert_non_null(text);
    char *at = text;
    for (int i = 0; i < count; i++)
        at += sprintf(at, "{\"content\": \"Component number %d belongs to group %d.\"}\n", i, i % 7);
    expect_import(f, text, count, 0, 0);
    expect_import(f, text, 0, count, 0);
    assert_int_equal(count_memories(f, f->project, true), count);
    free(text);
}

static void bad_arguments_are_refused(void **state) {
    api_fixture *f = *state;
    km_import_result result = {0};
    expect_failure(km_import(NULL, "", 0, false, &result, &f->error), KM_E_INVALID);
    expect_failure(km_import(f->project, NULL, 1, false, &result, &f->error), KM_E_INVALID);
    expect_failure(km_import(f->project, "", 0, false, NULL, &f->error), KM_E_INVALID);
    expect_failure(km_export(NULL, keep_line, NULL, &f->error), KM_E_INVALID);
    expect_failure(km_export(f->project, NULL, NULL, &f->error), KM_E_INVALID);
    assert_int_equal(km_export(f->project, NULL, NULL, NULL), KM_E_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(export_comes_back_equal),
        API_TEST(every_member_survives),
        API_TEST(lines_may_come_as_one_array),
        API_TEST(an_import_extends_what_is_there),
        API_TEST(a_known_memory_learns_of_its_successor),
        API_TEST(two_exports_in_one_file_share_their_words),
        API_TEST(an_empty_project_gives_a_header),
        API_TEST(export_stops_when_told),
        API_TEST(dry_run_creates_nothing),
        API_TEST(python_backup_is_read),
        API_TEST(python_shared_file_is_read),
        API_TEST(bare_array_and_loose_lines_are_read),
        API_TEST(imported_texts_are_found_and_have_entities),
        API_TEST(old_status_arrives_expired),
        API_TEST(bad_lines_are_counted_and_the_first_is_told),
        API_TEST(entries_of_documents_know_their_line),
        API_TEST(hostile_lines_are_rejected),
        API_TEST(members_out_of_range_are_rejected),
        API_TEST(sizes_and_depths_have_limits),
        API_TEST(the_largest_text_goes_through),
        API_TEST(damaged_documents_are_told),
        API_TEST(the_same_id_twice),
        API_TEST(circles_and_missing_successors_are_rejected),
        API_TEST(a_newer_format_is_refused_as_a_whole),
        API_TEST(secrets_stay_outside),
        API_TEST(cut_and_flipped_exports_are_survived),
        API_TEST(many_are_one_transaction),
        API_TEST(bad_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
