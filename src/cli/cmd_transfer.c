/* export: the whole memory as text. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "util/error.h"

/* ---- export ---- */
typedef struct export_run {
    kmi_output output;
    bool is_document; /* --format json: the lines are items of one array */
    uint64_t written, total;
    kmi_progress progress;
    const volatile int *stop;
    km_status status; /* why writing stopped */
    km_error error;
} export_run;

/* Called by the library for each JSON text. */
static bool write_line(const char *json, size_t json_len, void *context) {
    export_run *run = context;
    if (*run->stop > 0) {
        run->status = kmi_fail(&run->error, KM_E_INTERRUPTED, "interrupted");
        return false;
    }
    const char *before = run->is_document && run->written > 0 ? ",\n" : "";
    kmi_buf_add_text(&run->output.buf, before);
    kmi_buf_add(&run->output.buf, json, json_len);
    run->status = kmi_output_add(&run->output, kmi_slice_from(run->is_document ? "" : "\n"), &run->error);
    run->written++;
    kmi_progress_update(&run->progress, run->written, run->total);
    return run->status == KM_OK;
}

static uint64_t count_memories(kmi_cli *cli) {
    km_stats *stats = NULL;
    km_status status = km_stats_get(cli->project, &stats, NULL);
    uint64_t count = status == KM_OK ? stats->memories + stats->superseded_memories : 0;
    km_stats_free(stats);
    return count;
}

static km_status export_all(kmi_cli *cli, export_run *run, km_error *error) {
    km_status status = KM_OK;
    if (run->is_document) status = kmi_output_add(&run->output, KMI_SLICE_LITERAL("["), error);
    if (status == KM_OK) status = km_export(cli->project, write_line, run, error);
    if (run->status != KM_OK) {
        *error = run->error;
        return run->status;
    }
    if (status != KM_OK) return status;
    kmi_progress_end(&run->progress, run->written, run->written);
    if (run->is_document) status = kmi_output_add(&run->output, KMI_SLICE_LITERAL("]\n"), error);
    return status == KM_OK ? kmi_output_commit(&run->output, error) : status;
}

int kmi_run_export(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    export_run run = {.is_document = kmi_cli_is_format(cli, "json"), .stop = kmi_signals_watch()};
    run.progress = kmi_progress_start(cli, "memories");
    if (run.progress.mode != KMI_PROGRESS_NEVER) run.total = count_memories(cli);
    km_status status = kmi_output_open(&run.output, kmi_cli_text(cli, KMI_SLOT_OUTPUT), &error);
    if (status == KM_OK) status = export_all(cli, &run, &error);
    kmi_output_deinit(&run.output);
    if (status == KM_E_IO) return kmi_cli_fail_output(&error, KMI_EXIT_OK);
    return status == KM_OK ? KMI_EXIT_OK : kmi_cli_fail(&error);
}
