/* learn and remember. The plain `learn` is the hot path of the whole program: it opens the project, hands the text over
 * and leaves; nothing is allocated for an answer that --quiet will not print, and nothing is freed that the end of the
 * process frees anyway. */
#include <string.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/learn_batch.h"
#include "cli/learn_report.h"
#include "util/clock.h"
#include "util/error.h"

#define WAIT_WITHOUT_LIMIT_MS 3600000 /* --wait alone: an hour, since every wait has a limit */
#define FOLLOW_LIMIT_US 60000000
#define FOLLOW_STEP_MS 50

void kmi_learn_fill_item(const kmi_cli *cli, km_learn_item *ret_item) {
    *ret_item = (km_learn_item){
        .source = kmi_cli_text(cli, KMI_SLOT_SOURCE),
        .session = kmi_cli_text(cli, KMI_SLOT_SESSION),
        .speaker = kmi_cli_text(cli, KMI_SLOT_SPEAKER),
        .type = kmi_cli_text(cli, KMI_SLOT_TYPE),
        .key = kmi_cli_text(cli, KMI_SLOT_KEY),
        .metadata_json = kmi_cli_text(cli, KMI_SLOT_METADATA),
        .observed_at_us = kmi_cli_number(cli, KMI_SLOT_AT, 0),
        .verbatim = kmi_cli_has(cli, KMI_SLOT_VERBATIM),
    };
}

km_learn_options kmi_learn_make_options(const kmi_cli *cli) {
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    options.priority = (int)kmi_cli_number(cli, KMI_SLOT_PRIORITY, KM_PRIORITY_DEFAULT);
    options.synchronous = kmi_cli_has(cli, KMI_SLOT_SYNC);
    options.dry_run = kmi_cli_has(cli, KMI_SLOT_DRY_RUN);
    if (kmi_cli_has(cli, KMI_SLOT_WAIT)) {
        bool has_limit = kmi_cli_text(cli, KMI_SLOT_WAIT) != NULL;
        options.wait_ms = has_limit ? (int64_t)(kmi_cli_real(cli, KMI_SLOT_WAIT, 0) * 1000) : WAIT_WITHOUT_LIMIT_MS;
    }
    return options;
}

/* A pipe ends its text with a new line that nobody meant to be learnt. */
static kmi_slice without_line_end(kmi_slice text) {
    if (text.len > 0 && text.ptr[text.len - 1] == '\n') text.len--;
    if (text.len > 0 && text.ptr[text.len - 1] == '\r') text.len--;
    return text;
}

static void tell_end(const kmi_cli *cli, const km_task *task) {
    char duration[32];
    if (task->state == KM_TASK_COMPLETED) {
        kmi_cli_debug(cli, "Task completed in %s", kmi_duration_format(task->processing_us, duration, sizeof duration));
    } else {
        kmi_cli_debug(cli, "Task %s: %s", km_task_state_name(task->state),
                      task->error != NULL ? task->error : "no reason");
    }
}

static bool is_in_work(kmi_cli *cli, const char *id) {
    km_task_list *list = NULL;
    if (km_task_get(cli->project, id, &list, NULL) != KM_OK) return false;
    bool is_processing = list->count > 0 && list->items[0].state == KM_TASK_PROCESSING;
    km_task_list_free(list);
    return is_processing;
}

/* --debug: follows the task until its end, with the lines of the guide. */
static void follow_task(kmi_cli *cli, const char *id) {
    static const char working[] = "Worker thread processing task";
    bool is_told = false;
    int64_t deadline_us = kmi_clock_monotonic_us() + FOLLOW_LIMIT_US;
    while (kmi_clock_monotonic_us() < deadline_us) {
        km_error error = {0};
        km_task_list *list = NULL;
        km_status status = km_task_wait(cli->project, id, FOLLOW_STEP_MS, NULL, &list, &error);
        bool is_over = status == KM_OK && list != NULL && list->count > 0;
        if (!is_told && (is_over || is_in_work(cli, id))) {
            kmi_cli_debug(cli, "%s", working);
            is_told = true;
        }
        if (is_over) {
            tell_end(cli, &list->items[0]);
        } else if (status != KM_OK && status != KM_E_BUSY) {
            kmi_cli_debug(cli, "%s", error.message);
        }
        km_task_list_free(list);
        if (status != KM_E_BUSY) return;
    }
    kmi_cli_debug(cli, "Task is still waiting; follow it with \"kuzu-memory tasks wait %s\"", id);
}

static void tell_submission(kmi_cli *cli, const km_learn_result *result) {
    char duration[32];
    if (result->state == KM_LEARN_QUEUED && result->task_count > 0) {
        kmi_cli_debug(cli, "Task queued with ID: %s", result->task_ids[0]);
        follow_task(cli, result->task_ids[0]);
    } else if (result->state == KM_LEARN_COMPLETED) {
        kmi_cli_debug(cli, "Task completed in %s", kmi_duration_format(result->elapsed_us, duration, sizeof duration));
    }
}

static int print_result(kmi_cli *cli, km_learn_result *result, bool is_learn) {
    if (cli->is_quiet) {
        if (result->preference_problem.status != KM_OK) kmi_learn_tell_problem(result);
        if (!cli->is_fast_exit) km_learn_result_free(result);
        return KMI_EXIT_OK;
    }
    kmi_learn_report report;
    kmi_learn_report_init(&report);
    kmi_learn_report_add(&report, cli, result, 1);
    kmi_learn_report_print(&report, cli, is_learn);
    if (!cli->is_fast_exit) {
        kmi_learn_report_deinit(&report);
        km_learn_result_free(result);
    }
    return KMI_EXIT_OK;
}

static int learn_one(kmi_cli *cli, kmi_slice text) {
    km_error error = {0};
    km_learn_item item;
    kmi_learn_fill_item(cli, &item);
    item.content = text.ptr;
    item.content_len = text.len;
    km_learn_options options = kmi_learn_make_options(cli);
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (!options.synchronous && !options.dry_run) kmi_cli_debug(cli, "Submitting task to async queue");
    km_learn_result *result = NULL;
    if (km_learn(cli->project, &item, 1, &options, &result, &error) != KM_OK) return kmi_cli_fail(&error);
    if (cli->is_debug) tell_submission(cli, result);
    cli->is_fast_exit = result->state == KM_LEARN_QUEUED && !cli->is_debug;
    return print_result(cli, result, true);
}

static bool is_blank(kmi_slice text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != ' ' && (text.ptr[i] < '\t' || text.ptr[i] > '\r')) return false;
    return true;
}

/* What would be learnt from an empty pipe? Nothing, and that is an answer. To store nothing is a mistake instead: whoever
 * fills the pipe has failed. */
static int answer_nothing(kmi_cli *cli) {
    kmi_learn_report report;
    kmi_learn_report_init(&report);
    report.state = KM_LEARN_DRY_RUN;
    kmi_learn_report_print(&report, cli, true);
    kmi_learn_report_deinit(&report);
    return KMI_EXIT_OK;
}

int kmi_run_learn(kmi_cli *cli) {
    if (kmi_cli_has(cli, KMI_SLOT_BATCH)) return kmi_learn_batch(cli);
    km_error error = {0};
    if (kmi_cli_has(cli, KMI_SLOT_STRICT)) {
        kmi_fail(&error, KM_E_INVALID, "--strict belongs to --batch");
        return kmi_cli_fail_usage(cli, &error);
    }
    KMI_CLEANUP_BUF kmi_buf storage;
    kmi_buf_init(&storage, KMI_TEXT_LIMIT_BYTES);
    kmi_slice text;
    if (kmi_input_text(cli, 0, &storage, &text, &error) != KM_OK) {
        return error.status == KM_E_INVALID ? kmi_cli_fail_usage(cli, &error) : kmi_cli_fail(&error);
    }
    bool is_piped = cli->argument_count == 0 || strcmp(cli->arguments[0], "-") == 0;
    if (is_piped && kmi_cli_has(cli, KMI_SLOT_DRY_RUN) && is_blank(text)) return answer_nothing(cli);
    return learn_one(cli, without_line_end(text));
}

int kmi_run_remember(kmi_cli *cli) {
    km_error error = {0};
    KMI_CLEANUP_BUF kmi_buf storage;
    kmi_buf_init(&storage, KMI_TEXT_LIMIT_BYTES);
    kmi_slice text;
    if (kmi_input_text(cli, 0, &storage, &text, &error) != KM_OK) {
        return error.status == KM_E_INVALID ? kmi_cli_fail_usage(cli, &error) : kmi_cli_fail(&error);
    }
    text = without_line_end(text);
    km_learn_item item;
    kmi_learn_fill_item(cli, &item);
    item.content = text.ptr;
    item.content_len = text.len;
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    km_learn_result *result = NULL;
    if (km_remember(cli->project, &item, &result, &error) != KM_OK) return kmi_cli_fail(&error);
    return print_result(cli, result, false);
}
