/* recall and recent: the memories as a list. */
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/memory_view.h"
#include "cli/recall_batch.h"
#include "util/error.h"

km_recall_query kmi_recall_make_query(const kmi_cli *cli) {
    int64_t limit = kmi_cli_number(cli, KMI_SLOT_LIMIT, kmi_cli_number(cli, KMI_SLOT_COUNT, 0));
    return (km_recall_query){
        .limit = (size_t)limit,
        .source = kmi_cli_text(cli, KMI_SLOT_SOURCE),
        .type = kmi_cli_text(cli, KMI_SLOT_TYPE),
        .session = kmi_cli_text(cli, KMI_SLOT_SESSION),
        .since_us = kmi_cli_number(cli, KMI_SLOT_SINCE, 0),
        .until_us = kmi_cli_number(cli, KMI_SLOT_UNTIL, 0),
        .now_us = kmi_cli_number(cli, KMI_SLOT_NOW, 0),
        .include_superseded = kmi_cli_has(cli, KMI_SLOT_ALL),
    };
}

static int print_list(kmi_cli *cli, const km_memory_list *list, const char *query, kmi_memory_detail detail) {
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        if (query != NULL) kmi_json_out_text(&out, "query", query);
        kmi_json_out_ms(&out, "elapsed_ms", list->elapsed_us);
        kmi_json_out_bool(&out, "degraded", list->is_degraded);
        kmi_memory_add_json_list(&out, "memories", list->items, list->count, detail);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
        return KMI_EXIT_OK;
    }
    km_error error = {0};
    if (list->is_degraded) kmi_cli_note(cli, "the deadline cut the search short: there may be better answers");
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
