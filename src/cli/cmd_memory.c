/* show and edit: single memories. */
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
