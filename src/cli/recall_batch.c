/* recall --batch: one query after the other on one open project, answers streamed in the order of the questions. A bad
 * line is reported by its number and has no answer; the others do. */
#include "cli/recall_batch.h"

#include <inttypes.h>

#include "base/json.h"
#include "cli/explain_view.h"
#include "cli/input.h"
#include "cli/memory_view.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "util/clock.h"
#include "util/error.h"

#define LINE_LIMIT_BYTES KM_CONTENT_LIMIT_BYTES
#define ANSWER_LIMIT_BYTES ((size_t)256 * 1024 * 1024)
#define MOST_RESULTS 10000

static km_status read_limit(const json_t *object, km_recall_query *query, km_error *error) {
    const json_t *limit = json_object_get(object, "limit");
    if (limit == NULL || json_is_null(limit)) return KM_OK;
    if (!json_is_integer(limit) || json_integer_value(limit) < 1 || json_integer_value(limit) > MOST_RESULTS) {
        return kmi_fail(error, KM_E_INVALID, "\"limit\" must be a whole number from 1 to %d", MOST_RESULTS);
    }
    query->limit = (size_t)json_integer_value(limit);
    return KM_OK;
}

static km_status read_query(const json_t *object, km_recall_query *query, km_error *error) {
    const char *now = NULL;
    km_status status = kmi_json_get_text(object, "query", "line", &query->query, error);
    if (status == KM_OK && query->query == NULL) status = kmi_fail(error, KM_E_INVALID, "\"query\" is not given");
    if (status == KM_OK) status = kmi_json_get_text(object, "now", "line", &now, error);
    if (status == KM_OK && now != NULL) {
        status = kmi_time_parse(kmi_slice_from(now), &query->now_us, error);
        if (status != KM_OK) status = kmi_fail_context(error, status, "\"now\"");
    }
    return status == KM_OK ? read_limit(object, query, error) : status;
}

static km_status add_id(const json_t *object, kmi_json_out *out, km_error *error) {
    const json_t *id = json_object_get(object, "id");
    if (id == NULL) {
        kmi_json_out_null(out, "id");
        return KM_OK;
    }
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, 2 * LINE_LIMIT_BYTES);
    km_status status = kmi_json_dump(id, &text, error);
    if (status == KM_OK) kmi_json_out_raw(out, "id", kmi_buf_slice(&text));
    return status;
}

/* Answers one line into `answer`. */
static km_status answer_line(kmi_cli *cli, kmi_slice line, kmi_buf *answer, km_error *error) {
    if (line.len > LINE_LIMIT_BYTES) {
        return kmi_fail(error, KM_E_INVALID, "longer than the limit of %zu bytes", LINE_LIMIT_BYTES);
    }
    KMI_CLEANUP_JSON json_t *object = NULL;
    km_status status = kmi_json_parse_object(line, "line", &object, error);
    if (status != KM_OK) return status;
    km_recall_query query = kmi_recall_make_query(cli);
    status = read_query(object, &query, error);
    if (status != KM_OK) return status;
    km_memory_list *list = NULL;
    status = km_recall(cli->project, &query, &list, error);
    if (status != KM_OK) return status;
    kmi_json_out out = kmi_json_out_start(answer);
    kmi_json_out_object(&out, NULL);
    status = add_id(object, &out, error);
    kmi_json_out_text(&out, "query", query.query);
    kmi_json_out_ms(&out, "elapsed_ms", list->elapsed_us);
    kmi_json_out_bool(&out, "degraded", list->is_degraded);
    bool explain = kmi_cli_has(cli, KMI_SLOT_EXPLAIN);
    if (explain) kmi_explain_add_json(&out, list->explanation);
    kmi_memory_add_json_list(&out, "memories", list->items, list->count,
                             explain ? KMI_MEMORY_EXPLAINED : KMI_MEMORY_SCORED);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(answer, '\n');
    km_memory_list_free(list);
    if (status == KM_OK && kmi_buf_status(answer) != KM_OK) {
        status = kmi_fail(error, KM_E_NOMEM, "the answer does not fit into memory: lower the limit");
    }
    return status;
}

/* Answers all lines. ret_bad_lines: how many had no answer. */
static km_status answer_all(kmi_cli *cli, const char *name, kmi_slice text, kmi_output *output, uint64_t *ret_bad_lines,
                            km_error *error) {
    const volatile int *stop = kmi_signals_watch();
    kmi_progress progress = kmi_progress_start(cli, "queries");
    kmi_lines lines = kmi_lines_start(text);
    KMI_CLEANUP_BUF kmi_buf answer;
    kmi_buf_init(&answer, ANSWER_LIMIT_BYTES);
    kmi_slice line;
    *ret_bad_lines = 0;
    while (kmi_lines_next(&lines, &line)) {
        if (*stop > 0) return kmi_fail(error, KM_E_INTERRUPTED, "interrupted at line %" PRIu64, lines.number);
        kmi_buf_clear(&answer);
        km_status status = answer_line(cli, line, &answer, error);
        if (status == KM_E_INVALID) {
            kmi_cli_message("line %" PRIu64 " of \"%s\": %s", lines.number, name, error->message);
            (*ret_bad_lines)++;
            continue;
        }
        if (status == KM_OK) status = kmi_output_add(output, kmi_buf_slice(&answer), error);
        if (status != KM_OK) return status;
        kmi_progress_update(&progress, lines.number, lines.total);
    }
    kmi_progress_end(&progress, lines.number, lines.total);
    return kmi_output_commit(output, error);
}

int kmi_recall_batch(kmi_cli *cli) {
    km_error error = {0};
    const char *path = kmi_cli_text(cli, KMI_SLOT_BATCH);
    bool is_other_format = kmi_cli_has(cli, KMI_SLOT_FORMAT) && !kmi_cli_is_format(cli, "json");
    if (cli->argument_count > 0 || is_other_format) {
        kmi_fail(&error, KM_E_INVALID,
                 cli->argument_count > 0 ? "--batch takes its queries from the file: leave out QUERY"
                                         : "--batch answers with JSON lines: leave out --format");
        return kmi_cli_fail_usage(cli, &error);
    }
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, KMI_FILE_LIMIT_BYTES);
    if (kmi_input_file(path, &text, &error) != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    kmi_output output;
    uint64_t bad_lines = 0;
    kmi_slice all = text.len > 0 ? kmi_buf_slice(&text) : KMI_SLICE_LITERAL("");
    km_status status = kmi_output_open(&output, kmi_cli_text(cli, KMI_SLOT_OUTPUT), &error);
    if (status == KM_OK) status = answer_all(cli, kmi_input_name(path), all, &output, &bad_lines, &error);
    kmi_output_deinit(&output);
    if (status == KM_E_IO) return kmi_cli_fail_output(&error, KMI_EXIT_OK);
    if (status != KM_OK) return kmi_cli_fail(&error);
    if (bad_lines == 0) return KMI_EXIT_OK;
    kmi_cli_message("%" PRIu64 " bad lines in \"%s\" have no answer", bad_lines, kmi_input_name(path));
    return KMI_EXIT_USAGE;
}
