/* backup and restore. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "util/clock.h"

static void watch_progress(kmi_cli *cli, kmi_progress *progress) {
    *progress = kmi_progress_start(cli, "pages");
    progress->stop = kmi_signals_watch();
    km_project_set_progress(cli->project, kmi_progress_step, progress);
}

static void add_json_info(kmi_json_out *out, const km_backup_info *info) {
    kmi_json_out_integer(out, "version", info->version);
    kmi_json_out_text(out, "program", info->program[0] != '\0' ? info->program : NULL);
    kmi_json_out_time(out, "created_at", info->created_at_us);
    kmi_json_out_count(out, "schema_version", info->schema_version);
    kmi_json_out_count(out, "memories", info->memories);
    kmi_json_out_count(out, "waiting_tasks", info->waiting_tasks);
    kmi_json_out_count(out, "bytes", info->bytes);
}

/* "156 memories and 3 waiting tasks" */
static void add_content(kmi_buf *buf, uint64_t memories, uint64_t waiting_tasks) {
    kmi_buf_add_format(buf, "%" PRIu64 " memories", memories);
    if (waiting_tasks > 0) kmi_buf_add_format(buf, " and %" PRIu64 " waiting tasks", waiting_tasks);
}

int kmi_run_backup(kmi_cli *cli) {
    km_error error = {0};
    km_backup_info info = {0};
    kmi_progress progress;
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    watch_progress(cli, &progress);
    km_status status = km_backup(cli->project, cli->arguments[0], &info, &error);
    kmi_progress_end(&progress, progress.done, progress.total);
    if (status != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_json_out_text(&out, "file", cli->arguments[0]);
        add_json_info(&out, &info);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
    } else if (!cli->is_quiet) {
        kmi_buf_add_text(&cli->out, "Backed up ");
        add_content(&cli->out, info.memories, info.waiting_tasks);
        kmi_buf_add_format(&cli->out, " to %s (%.1f MiB, read back and checked)\n", cli->arguments[0],
                           (double)info.bytes / (1024 * 1024));
    }
    return KMI_EXIT_OK;
}

/* ---- restore ---- */

static void add_restore_json(kmi_cli *cli, const km_restore_result *result, bool is_dry) {
    kmi_json_out out = kmi_json_out_start(&cli->out);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_object(&out, "backup");
    add_json_info(&out, &result->backup);
    kmi_json_out_object_end(&out);
    kmi_json_out_bool(&out, "replaces", result->is_replacing);
    kmi_json_out_count(&out, "replaced_memories", result->replaced_memories);
    kmi_json_out_count(&out, "waiting_tasks", result->waiting_tasks);
    kmi_json_out_text(&out, "aside", result->aside[0] != '\0' ? result->aside : NULL);
    kmi_json_out_bool(&out, "dry_run", is_dry);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(&cli->out, '\n');
}

static void add_restore_text(kmi_cli *cli, const km_restore_result *result, bool is_dry) {
    kmi_buf *buf = &cli->out;
    char time[KMI_TIME_TEXT_SIZE];
    kmi_buf_add_text(buf, is_dry ? "Would restore " : "Restored ");
    add_content(buf, result->backup.memories, result->backup.waiting_tasks);
    if (result->backup.created_at_us != 0)
        kmi_buf_add_format(buf, " of %s", kmi_time_format(result->backup.created_at_us, time));
    kmi_buf_add_char(buf, '\n');
    if (result->is_replacing && is_dry) {
        kmi_buf_add_format(buf, "The present store (%" PRIu64 " memories) would be kept in kuzu-memories/aside/\n",
                           result->replaced_memories);
    } else if (result->aside[0] != '\0') {
        kmi_buf_add_format(buf,
                           "The store that was there (%" PRIu64
                           " memories) is kept; to go back, run: kuzu-memory restore "
                           "kuzu-memories/%s/memories.db\n",
                           result->replaced_memories, result->aside);
    }
    if (result->waiting_tasks > 0)
        kmi_buf_add_format(buf, "%" PRIu64 " tasks that wait %s learnt into the restored memory\n",
                           result->waiting_tasks, is_dry ? "would be" : "are");
}

int kmi_run_restore(kmi_cli *cli) {
    km_error error = {0};
    km_restore_result result = {0};
    kmi_progress progress;
    const bool is_dry = kmi_cli_has(cli, KMI_SLOT_DRY_RUN);
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    watch_progress(cli, &progress);
    km_status status = km_restore(cli->project, cli->arguments[0], is_dry, &result, &error);
    kmi_progress_end(&progress, progress.done, progress.total);
    if (status != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_is_format(cli, "json")) {
        add_restore_json(cli, &result, is_dry);
    } else if (!cli->is_quiet) {
        add_restore_text(cli, &result, is_dry);
    }
    return KMI_EXIT_OK;
}
