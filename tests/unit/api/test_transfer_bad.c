/* Imports that are damaged or meant to do harm: what is wrong costs itself and nothing else. */
#include "transfer_fixture.h"

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
        "{\"content\": \"a\", \"confidence\": 1.5}",
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
    char *within_one_export = NULL;
    assert_true(asprintf(&within_one_export, "%.*s\n%s", (int)strcspn(history, "\n"), history, text) > 0);
    expect_counts(import_text(f, f->project, within_one_export, true), 1, 1, 1);
    km_project *second = open_second(f);
    expect_counts(import_text(f, second, within_one_export, false), 1, 1, 1);
    km_project_free(second);
    free(within_one_export);
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
    size_t len = strlen(history);
    for (size_t cut = 0; cut < len; cut += 7) {
        km_import_result result = {0};
        expect_ok(km_import(f->project, history, cut, true, &result, &f->error));
        assert_true(result.imported + result.duplicates + result.rejected <= 7);
    }
    char *text = strdup(history);
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
    return cmocka_run_group_tests(tests, load_history, unload_history);
}
