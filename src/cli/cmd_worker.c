/* worker: run, start, stop, status. `worker run` is also what the library starts on demand, with --background and the
 * starter lock as an inherited descriptor. */
#include <inttypes.h>
#include <sys/prctl.h>

#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/signals.h"
#include "util/clock.h"

#define STOP_TIMEOUT_S 10.0

int kmi_run_worker_run(kmi_cli *cli) {
    km_error error = {0};
    km_worker_options options = KM_WORKER_OPTIONS_INIT;
    bool is_background = kmi_cli_has(cli, KMI_SLOT_BACKGROUND);
    options.exit_when_idle = is_background || kmi_cli_has(cli, KMI_SLOT_UNTIL_IDLE);
    options.inherited_lock_fd = (int)kmi_cli_number(cli, KMI_SLOT_INHERITED_LOCK, -1);
    options.stop = kmi_signals_watch();
    /* Started as /proc/self/exe, the process would go by the name "exe". It is only a name: failing is no fault. */
    prctl(PR_SET_NAME, "kuzu-memory");
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    km_status status = km_worker_run(cli->project, &options, &error);
    if (status == KM_OK || (is_background && status == KM_E_CONFLICT)) return KMI_EXIT_OK;
    return kmi_cli_fail(&error);
}

int kmi_run_worker_start(kmi_cli *cli) {
    km_error error = {0};
    bool is_started = false;
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (km_worker_start(cli->project, &is_started, &error) != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_is_format(cli, "json")) {
        kmi_buf_add_format(&cli->out, "{\"started\":%s}\n", is_started ? "true" : "false");
    } else if (!cli->is_quiet) {
        kmi_buf_add_text(&cli->out, is_started ? "Worker started\n" : "A worker runs already\n");
    }
    return KMI_EXIT_OK;
}

int kmi_run_worker_stop(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    int64_t timeout_ms = (int64_t)(kmi_cli_real(cli, KMI_SLOT_TIMEOUT, STOP_TIMEOUT_S) * 1000);
    if (km_worker_stop(cli->project, kmi_cli_has(cli, KMI_SLOT_FORCE), timeout_ms, &error) != KM_OK) {
        return kmi_cli_fail(&error);
    }
    if (kmi_cli_is_format(cli, "json")) {
        kmi_buf_add_text(&cli->out, "{\"stopped\":true}\n");
    } else if (!cli->is_quiet) {
        kmi_buf_add_text(&cli->out, "Worker stopped\n");
    }
    return KMI_EXIT_OK;
}

static void print_info(kmi_cli *cli, const km_worker_info *info) {
    if (!kmi_cli_is_format(cli, "json")) {
        kmi_buf_add_format(&cli->out, "Worker: %s", km_worker_state_name(info->state));
        if (info->pid > 0) kmi_buf_add_format(&cli->out, " (pid %" PRId64 ")", info->pid);
        if (info->problem[0] != '\0') kmi_buf_add_format(&cli->out, ": %s", info->problem);
        kmi_buf_add_char(&cli->out, '\n');
        return;
    }
    kmi_json_out out = kmi_json_out_start(&cli->out);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_text(&out, "state", km_worker_state_name(info->state));
    kmi_json_out_integer(&out, "pid", info->pid);
    kmi_json_out_time(&out, "started_at", info->started_at_us);
    kmi_json_out_time(&out, "heartbeat_at", info->heartbeat_at_us);
    kmi_json_out_count(&out, "generation", info->generation);
    kmi_json_out_text(&out, "problem", info->problem[0] != '\0' ? info->problem : NULL);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(&cli->out, '\n');
}

int kmi_run_worker_status(kmi_cli *cli) {
    km_error error = {0};
    km_worker_info info = {.state = KM_WORKER_STOPPED};
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (km_worker_get_info(cli->project, &info, &error) != KM_OK) return kmi_cli_fail(&error);
    print_info(cli, &info);
    return KMI_EXIT_OK;
}
