/* recall and recent: the memories as a list. */
#include "base/time_span.h"
#include "cli/cli.h"
#include "cli/explain_view.h"
#include "cli/input.h"
#include "cli/memory_view.h"
#include "cli/recall_batch.h"
#include "util/clock.h"
#include "util/error.h"

/* "last week" counts from --now, so the bounds are read again when that is known. The whole of what --until names is in. */
static void read_bounds(const kmi_cli *cli, km_recall_query *query) {
    int64_t now_us = query->now_us != 0 ? query->now_us : kmi_clock_now_us();
    const char *since = kmi_cli_text(cli, KMI_SLOT_SINCE);
    const char *until = kmi_cli_text(cli, KMI_SLOT_UNTIL);
    kmi_time_span span;
    if (since != NULL && kmi_time_span_parse(kmi_slice_from(since), now_us, &span, NULL) == KM_OK)
        query->since_us = span.from_us;
    if (until != NULL && kmi_time_span_parse(kmi_slice_from(until), now_us, &span, NULL) == KM_OK)
        query->until_us = span.until_us > span.from_us ? span.until_us - 1 : span.until_us;
}

km_recall_query kmi_recall_make_query(const kmi_cli *cli) {
    int64_t limit = kmi_cli_number(cli, KMI_SLOT_LIMIT, kmi_cli_number(cli, KMI_SLOT_COUNT, 0));
    km_recall_query query = {
        .limit = (size_t)limit,
        .source = kmi_cli_text(cli, KMI_SLOT_SOURCE),
        .type = kmi_cli_text(cli, KMI_SLOT_TYPE),
        .session = kmi_cli_text(cli, KMI_SLOT_SESSION),
        .now_us = kmi_cli_number(cli, KMI_SLOT_NOW, 0),
        .include_superseded = kmi_cli_has(cli, KMI_SLOT_ALL),
    };
    read_bounds(cli, &query);
    return query;
}

static int print_list(kmi_cli *cli, const km_memory_list *list, const char *query, kmi_memory_detail detail) {
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        if (query != NULL) kmi_json_out_text(&out, "query", query);
        kmi_json_out_ms(&out, "elapsed_ms", list->elapsed_us);
        kmi_json_out_bool(&out, "degraded", list->is_degraded);
        bool explain = query != NULL && kmi_cli_has(cli, KMI_SLOT_EXPLAIN);
        if (explain) kmi_explain_add_json(&out, list->explanation);
        kmi_memory_add_json_list(&out, "memories", list->items, list->count, explain ? KMI_MEMORY_EXPLAINED : detail);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
        return KMI_EXIT_OK;
    }
    km_error error = {0};
    if (list->is_degraded) kmi_cli_note(cli, "the deadline cut the search short: there may be better answers");
    bool is_raw = kmi_cli_is_format(cli, "raw");
    if (kmi_cli_has(cli, KMI_SLOT_EXPLAIN) && !is_raw) kmi_explain_add_text(&cli->out, list->explanation);
    if (kmi_memory_add_list(cli, list->items, list->count, kmi_cli_has(cli, KMI_SLOT_EXPLAIN), &error) != KM_OK) {
        return kmi_cli_fail(&error);
    }
    return KMI_EXIT_OK;
}

static int recall_one(kmi_cli *cli) {
    km_error error = {0};
    KMI_CLEANUP_BUF kmi_buf storage;
    kmi_buf_init(&storage, KMI_TEXT_LIMIT_BYTES);
    kmi_slice text;
    if (kmi_input_text(cli, 0, &storage, &text, &error) != KM_OK) {
        return error.status == KM_E_INVALID ? kmi_cli_fail_usage(cli, &error) : kmi_cli_fail(&error);
    }
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    km_recall_query query = kmi_recall_make_query(cli);
    query.query = text.ptr;
    query.query_len = text.len;
    km_memory_list *list = NULL;
    if (km_recall(cli->project, &query, &list, &error) != KM_OK) return kmi_cli_fail(&error);
    int exit_code = print_list(cli, list, query.query, KMI_MEMORY_SCORED);
    km_memory_list_free(list);
    return exit_code;
}

int kmi_run_recall(kmi_cli *cli) {
    if (kmi_cli_has(cli, KMI_SLOT_BATCH)) return kmi_recall_batch(cli);
    if (kmi_cli_has(cli, KMI_SLOT_OUTPUT)) {
        km_error error = {0};
        kmi_fail(&error, KM_E_INVALID, "--output belongs to --batch");
        return kmi_cli_fail_usage(cli, &error);
    }
    return recall_one(cli);
}

int kmi_run_recent(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    km_recall_query query = kmi_recall_make_query(cli);
    km_memory_list *list = NULL;
    if (km_recent(cli->project, &query, &list, &error) != KM_OK) return kmi_cli_fail(&error);
    int exit_code = print_list(cli, list, NULL, KMI_MEMORY_PLAIN);
    km_memory_list_free(list);
    return exit_code;
}
