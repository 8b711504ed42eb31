/* alerts: list, ack, test. */
#include <inttypes.h>
#include <unistd.h>

#include "cli/alert_view.h"
#include "cli/cli.h"
#include "util/clock.h"
#include "util/error.h"

#define DURATION_SIZE 32

static void add_page(kmi_cli *cli, const km_alert *alert) {
    char first[KMI_TIME_TEXT_SIZE], last[KMI_TIME_TEXT_SIZE];
    kmi_terminal terminal = kmi_cli_terminal(cli);
    const char *state = alert->acknowledged_at_us != 0 ? "acknowledged" : alert->is_active ? "active" : "over";
    kmi_terminal_add(&terminal, &cli->out, alert->is_active ? KMI_STYLE_RED : KMI_STYLE_BOLD, alert->code);
    kmi_buf_add_format(&cli->out, ": %s (%s)\n", alert->message, state);
    kmi_buf_add_format(&cli->out, "  first %s, last %s, %" PRIu64 " times\n",
                       kmi_time_format(alert->first_at_us, first), kmi_time_format(alert->last_at_us, last),
                       alert->count);
    kmi_buf_add_format(&cli->out, "  %s\n", alert->remedy);
}

int kmi_run_alerts_list(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    km_alert_list *list = NULL;
    if (km_alert_list_get(cli->project, kmi_cli_has(cli, KMI_SLOT_ALL), &list, &error) != KM_OK)
        return kmi_cli_fail(&error);
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_alerts_add_json(&out, list->items, list->count);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
    } else {
        for (size_t i = 0; i < list->count; i++) add_page(cli, &list->items[i]);
        if (list->count == 0 && kmi_cli_terminal(cli).is_terminal) kmi_cli_note(cli, "no alerts");
    }
    km_alert_list_free(list);
    return KMI_EXIT_OK;
}

int kmi_run_alerts_ack(kmi_cli *cli) {
    km_error error = {0};
    size_t count = 0;
    const char *code = cli->argument_count > 0 ? cli->arguments[0] : NULL;
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (km_alert_acknowledge(cli->project, code, &count, &error) != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_is_format(cli, "json"))
        kmi_buf_add_format(&cli->out, "{\"acknowledged\":%zu}\n", count);
    else if (!cli->is_quiet)
        kmi_buf_add_format(&cli->out, "Acknowledged %zu alerts\n", count);
    return KMI_EXIT_OK;
}

int kmi_run_alerts_test(kmi_cli *cli) {
    km_error error = {0};
    km_alert_run run = {0};
    char duration[DURATION_SIZE];
    const char *code = kmi_cli_text(cli, KMI_SLOT_DELIVER);
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (km_alert_run_command(cli->project, code, code == NULL ? STDERR_FILENO : -1, &run, &error) != KM_OK)
        return kmi_cli_fail(&error);
    kmi_duration_format(run.elapsed_us, duration, sizeof duration);
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_json_out_integer(&out, "exit_code", run.exit_code);
        kmi_json_out_bool(&out, "timed_out", run.is_timed_out);
        kmi_json_out_ms(&out, "elapsed_ms", run.elapsed_us);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
    } else if (run.is_timed_out) {
        kmi_cli_message("alerts.command did not end in time and was ended after %s", duration);
    } else if (run.exit_code != 0) {
        kmi_cli_message("alerts.command ended with exit code %d after %s", run.exit_code, duration);
    } else if (!cli->is_quiet) {
        kmi_buf_add_format(&cli->out, "alerts.command ended well after %s\n", duration);
    }
    if (run.is_timed_out) return KMI_EXIT_AGAIN;
    return run.exit_code == 0 ? KMI_EXIT_OK : KMI_EXIT_CONFLICT;
}
