/* doctor: the deep checks, and repairs if asked for. Without --fix it says what it would do. */
#include "cli/cli.h"
#include "cli/health_view.h"
#include "cli/progress.h"
#include "cli/signals.h"

static void add_text(kmi_cli *cli, const km_health_report *report, bool is_fixing) {
    kmi_terminal terminal = kmi_cli_terminal(cli);
    size_t repairable = 0;
    kmi_health_view_head(report, "", &terminal, &cli->out);
    for (size_t i = 0; i < report->finding_count; i++) {
        const km_finding *finding = &report->findings[i];
        kmi_health_view_finding(finding, report->checked_at_us, &terminal, &cli->out);
        if (is_fixing || finding->repair == NULL) continue;
        kmi_buf_add_format(&cli->out, "    --fix would: %s\n", finding->repair);
        repairable++;
    }
    if (report->finding_count == 0) kmi_buf_add_text(&cli->out, "Everything was checked, nothing was found\n");
    if (repairable > 0) kmi_buf_add_text(&cli->out, "Nothing was changed; run: kuzu-memory doctor --fix\n");
}

static void add_json(kmi_cli *cli, const km_health_report *report, bool is_fixing) {
    kmi_json_out out = kmi_json_out_start(&cli->out);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_bool(&out, "fix", is_fixing);
    kmi_health_view_json(&out, report);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(&cli->out, '\n');
}

int kmi_run_doctor(kmi_cli *cli) {
    km_error error = {0};
    const bool is_fixing = kmi_cli_has(cli, KMI_SLOT_FIX);
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    kmi_progress progress = kmi_progress_start(cli, "checks");
    progress.stop = kmi_signals_watch();
    km_project_set_progress(cli->project, kmi_progress_step, &progress);
    km_health_report *report = NULL;
    km_status status = km_doctor(cli->project, is_fixing, &report, &error);
    kmi_progress_end(&progress, progress.done, progress.total);
    if (status != KM_OK) return kmi_cli_fail(&error);
    km_health health = report->health;
    if (kmi_cli_is_format(cli, "json")) {
        add_json(cli, report, is_fixing);
    } else if (!cli->is_quiet) {
        add_text(cli, report, is_fixing);
    }
    km_health_report_free(report);
    return (int)health;
}
