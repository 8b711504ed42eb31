/* doctor: the deep checks, and repairs if asked for. Without --fix it says what it would do. What keeps an assistant from
 * calling us is looked for as well, in the user's own files; that is for a person to mend. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/health_view.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "install/codex_trust.h"

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

enum { findings_max = 256 };

/* Adds what is wrong with our hooks to a copy of the report, first. `room` keeps the findings. */
static void add_hooks(km_health_report *report, kmi_arena *arena, km_finding room[findings_max]) {
    const char *home = getenv("HOME");
    kmi_codex_trust trust = {0};
    if (home == NULL || home[0] != '/') return;
    kmi_install_where where = {.base = home, .is_home = true};
    if (kmi_codex_trust_read(&where, arena, &trust, NULL) != KM_OK || trust.trusted == trust.hooks) return;
    const char *what =
        kmi_arena_format(arena, "codex trusts %zu of our %zu hooks and runs no other", trust.trusted, trust.hooks);
    if (what == NULL) return;
    const km_finding ours = {.code = "hooks.untrusted",
                             .level = KM_HEALTH_DEGRADED,
                             .what = what,
                             .why = "prompts there get no memories, and what is said is not learnt",
                             .remedy = "codex, and in it /hooks"};
    size_t count = report->finding_count < findings_max - 1 ? report->finding_count : findings_max - 1;
    size_t worse = 0; /* worst first */
    while (worse < count && report->findings[worse].level > KM_HEALTH_DEGRADED) worse++;
    for (size_t i = 0; i < count; i++) room[i < worse ? i : i + 1] = report->findings[i];
    room[worse] = ours;
    report->findings = room;
    report->finding_count = count + 1;
    if (report->health < KM_HEALTH_DEGRADED) report->health = KM_HEALTH_DEGRADED;
}

static void show(kmi_cli *cli, const km_health_report *report, bool is_fixing) {
    if (kmi_cli_is_format(cli, "json")) {
        add_json(cli, report, is_fixing);
    } else if (!cli->is_quiet) {
        add_text(cli, report, is_fixing);
    }
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
    km_health_report whole = *report;
    km_finding room[findings_max];
    kmi_arena *arena = kmi_arena_new((size_t)1024 * 1024);
    if (arena != NULL) add_hooks(&whole, arena, room);
    show(cli, &whole, is_fixing);
    kmi_arena_free(arena);
    km_health_report_free(report);
    return (int)whole.health;
}
