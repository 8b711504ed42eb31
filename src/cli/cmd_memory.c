/* show, edit, forget: single memories. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/memory_view.h"
#include "util/error.h"
#include "util/file.h"

static int print_memory(kmi_cli *cli, const km_memory_list *list) {
    km_error error = {0};
    if (list->count == 0) {
        kmi_fail(&error, KM_E_INTERNAL, "the library returned no memory");
        return kmi_cli_fail(&error);
    }
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_memory_add_json(&out, "memory", &list->items[0], KMI_MEMORY_WHOLE);
        kmi_memory_add_json_list(&out, "supersedes", list->items + 1, list->count - 1, KMI_MEMORY_PLAIN);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
        return KMI_EXIT_OK;
    }
    kmi_memory_add_page(cli, &list->items[0]);
    if (list->count == 1) return KMI_EXIT_OK;
    kmi_buf_add_text(&cli->out, "\nSupersedes:\n");
    if (kmi_memory_add_list(cli, list->items + 1, list->count - 1, false, &error) != KM_OK) return kmi_cli_fail(&error);
    return KMI_EXIT_OK;
}

int kmi_run_show(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    km_memory_list *list = NULL;
    if (km_show(cli->project, cli->arguments[0], &list, &error) != KM_OK) return kmi_cli_fail(&error);
    int exit_code = print_memory(cli, list);
    km_memory_list_free(list);
    return exit_code;
}

int kmi_run_edit(kmi_cli *cli) {
    km_error error = {0};
    KMI_CLEANUP_BUF kmi_buf storage;
    kmi_buf_init(&storage, KMI_TEXT_LIMIT_BYTES);
    kmi_slice text;
    bool is_typed = cli->argument_count > 1;
    if (kmi_input_text(cli, 1, &storage, &text, &error) != KM_OK) {
        return error.status == KM_E_INVALID ? kmi_cli_fail_usage(cli, &error) : kmi_cli_fail(&error);
    }
    if (!is_typed && text.len > 0 && text.ptr[text.len - 1] == '\n') text.len--;
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    km_memory_list *list = NULL;
    if (km_edit(cli->project, cli->arguments[0], text.ptr, text.len, &list, &error) != KM_OK)
        return kmi_cli_fail(&error);
    int exit_code = KMI_EXIT_OK;
    if (kmi_cli_is_format(cli, "json")) {
        exit_code = print_memory(cli, list);
    } else if (!cli->is_quiet && list->count > 0) {
        kmi_buf_add_format(&cli->out, "Changed memory %s\n", list->items[0].id);
    }
    km_memory_list_free(list);
    return exit_code;
}

/* ---- forget ---- */

/* What is to be forgotten: ids as they were given or found, and the memories when they have been looked up. */
typedef struct forget_plan {
    const char *const *ids;
    size_t count;
    km_memory_list *found; /* by --query */
} forget_plan;

static km_status plan_by_query(kmi_cli *cli, forget_plan *plan, km_error *error) {
    km_recall_query query = {.query = kmi_cli_text(cli, KMI_SLOT_QUERY),
                             .limit = (size_t)kmi_cli_number(cli, KMI_SLOT_LIMIT, 0)};
    km_status status = km_recall(cli->project, &query, &plan->found, error);
    if (status != KM_OK) return status;
    plan->count = plan->found->count;
    const char **ids = calloc(plan->count > 0 ? plan->count : 1, sizeof *ids);
    if (ids == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while looking for memories");
    for (size_t i = 0; i < plan->count; i++) ids[i] = plan->found->items[i].id;
    plan->ids = ids;
    return KM_OK;
}

static void print_forgotten(kmi_cli *cli, const char *const *ids, size_t count, bool is_dry, bool is_erased) {
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_json_out_count(&out, "count", count);
        kmi_json_out_array(&out, "ids");
        for (size_t i = 0; i < count; i++) kmi_json_out_text(&out, NULL, ids[i]);
        kmi_json_out_array_end(&out);
        kmi_json_out_bool(&out, "dry_run", is_dry);
        kmi_json_out_bool(&out, "erased", is_erased);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
    } else if (!cli->is_quiet) {
        kmi_buf_add_format(&cli->out, is_dry ? "Would forget %zu memories\n" : "Forgot %zu memories\n", count);
    }
}

/* A dry run looks every memory up, so that it fails where the real run would. */
static int dry_run(kmi_cli *cli, const forget_plan *plan) {
    km_error error = {0};
    bool is_text = !kmi_cli_is_format(cli, "json");
    kmi_terminal terminal = kmi_cli_terminal(cli);
    for (size_t i = 0; i < plan->count; i++) {
        km_memory_list *list = NULL;
        if (km_show(cli->project, plan->ids[i], &list, &error) != KM_OK) return kmi_cli_fail(&error);
        if (is_text && list->count > 0) {
            kmi_buf_add_format(&cli->out, "%s\t%s\t", list->items[0].id, list->items[0].type);
            kmi_terminal_add_text(&terminal, &cli->out, kmi_slice_from(list->items[0].content));
            kmi_buf_add_char(&cli->out, '\n');
        }
        km_memory_list_free(list);
    }
    print_forgotten(cli, plan->ids, plan->count, true, false);
    return KMI_EXIT_OK;
}

/* Asks on the terminal. Returns: whether the answer was yes. */
static bool ask(const forget_plan *plan) {
    for (size_t i = 0; i < plan->count; i++) {
        kmi_cli_message("would forget %s: %.200s", plan->ids[i], plan->found->items[i].content);
    }
    kmi_cli_message("forget these %zu memories for good? [y/N]", plan->count);
    char answer[16];
    ssize_t len = read(STDIN_FILENO, answer, sizeof answer);
    return len > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

static int forget(kmi_cli *cli, const forget_plan *plan) {
    km_error error = {0};
    km_forget_result *result = NULL;
    if (km_forget(cli->project, plan->ids, plan->count, &result, &error) != KM_OK) return kmi_cli_fail(&error);
    print_forgotten(cli, result->ids, result->count, false, result->is_erased);
    int exit_code = KMI_EXIT_OK;
    if (!result->is_erased) {
        kmi_cli_message("the memories are gone, but an open reader keeps their words in memories.db-wal; the next "
                        "worker that finds no reader empties it");
        exit_code = KMI_EXIT_AGAIN;
    }
    km_forget_result_free(result);
    return exit_code;
}

static int forget_plan_run(kmi_cli *cli, const forget_plan *plan) {
    if (kmi_cli_has(cli, KMI_SLOT_DRY_RUN)) return dry_run(cli, plan);
    bool is_query = plan->found != NULL;
    if (is_query && plan->count == 0) {
        print_forgotten(cli, NULL, 0, false, true);
        return KMI_EXIT_OK;
    }
    if (is_query && !kmi_cli_has(cli, KMI_SLOT_CONFIRM)) {
        if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
            kmi_cli_message("%zu memories match: look at them with --dry-run, forget them with --confirm", plan->count);
            return KMI_EXIT_USAGE;
        }
        if (!ask(plan)) {
            kmi_cli_message("nothing was forgotten");
            return KMI_EXIT_INTERRUPTED;
        }
    }
    return forget(cli, plan);
}

int kmi_run_forget(kmi_cli *cli) {
    km_error error = {0};
    bool is_query = kmi_cli_has(cli, KMI_SLOT_QUERY);
    if (is_query == (cli->argument_count > 0)) {
        kmi_fail(&error, KM_E_INVALID,
                 is_query ? "give either IDs or --query, not both" : "no memory named: give its ID, or --query");
        return kmi_cli_fail_usage(cli, &error);
    }
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    forget_plan plan = {.ids = (const char *const *)cli->arguments, .count = (size_t)cli->argument_count};
    if (is_query && plan_by_query(cli, &plan, &error) != KM_OK) return kmi_cli_fail(&error);
    int exit_code = forget_plan_run(cli, &plan);
    if (is_query) free((void *)(uintptr_t)plan.ids);
    km_memory_list_free(plan.found);
    return exit_code;
}
