/* tasks: list, show, wait, retry, cancel, purge. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/table.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/uuid.h"

#define DEFAULT_LIST_LIMIT 100
/* On terminals with less the ids are shortened, to a part that is unique and that every command takes. */
#define WIDE_COLUMNS 100
#define SHORT_ID_SIZE 19
/* km_task_wait() is called in slices, so that progress can be shown between them. */
#define WAIT_SLICE_MS 250

static void add_json_changes(kmi_json_out *out, const km_task *task) {
    kmi_json_out_array(out, "changes");
    for (size_t i = 0; i < task->change_count; i++) {
        const km_task_change *change = &task->changes[i];
        kmi_json_out_object(out, NULL);
        kmi_json_out_time(out, "at", change->at_us);
        kmi_json_out_text(out, "state", km_task_state_name(change->state));
        kmi_json_out_text(out, "error", change->error);
        kmi_json_out_object_end(out);
    }
    kmi_json_out_array_end(out);
}

static void add_json_task(kmi_json_out *out, const char *key, const km_task *task) {
    kmi_json_out_object(out, key);
    kmi_json_out_text(out, "id", task->id);
    kmi_json_out_text(out, "state", km_task_state_name(task->state));
    kmi_json_out_integer(out, "priority", task->priority);
    kmi_json_out_count(out, "attempts", task->attempts);
    kmi_json_out_count(out, "crashes", task->crashes);
    kmi_json_out_count(out, "items", task->item_count);
    kmi_json_out_time(out, "created_at", task->created_at_us);
    kmi_json_out_time(out, "started_at", task->started_at_us);
    kmi_json_out_time(out, "finished_at", task->finished_at_us);
    kmi_json_out_time(out, "run_at", task->run_at_us);
    kmi_json_out_ms(out, "processing_ms", task->processing_us);
    kmi_json_out_text(out, "error", task->error);
    kmi_json_out_array(out, "memory_ids");
    for (size_t i = 0; i < task->memory_count; i++) kmi_json_out_text(out, NULL, task->memory_ids[i]);
    kmi_json_out_array_end(out);
    if (task->change_count > 0) add_json_changes(out, task);
    kmi_json_out_object_end(out);
}

static void add_json_tasks(kmi_buf *buf, const km_task_list *list) {
    kmi_json_out out = kmi_json_out_start(buf);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_array(&out, "tasks");
    for (size_t i = 0; i < list->count; i++) add_json_task(&out, NULL, &list->items[i]);
    kmi_json_out_array_end(&out);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(buf, '\n');
}

static int print_table(kmi_cli *cli, const km_task_list *list) {
    static const kmi_table_column columns[] = {{.title = "ID"},
                                               {.title = "STATE"},
                                               {.title = "PRIORITY", .is_right = true, .is_optional = true},
                                               {.title = "ITEMS", .is_right = true, .is_optional = true},
                                               {.title = "CREATED"},
                                               {.title = "ERROR", .is_flexible = true}};
    kmi_terminal terminal = kmi_cli_terminal(cli);
    const bool is_narrow = terminal.columns > 0 && terminal.columns < WIDE_COLUMNS;
    kmi_table table;
    kmi_table_init(&table, columns, 6);
    for (size_t i = 0; i < list->count; i++) {
        const km_task *task = &list->items[i];
        char priority[16], items[16], created[KMI_TIME_TEXT_SIZE], id[KMI_UUID_TEXT_SIZE];
        snprintf(id, is_narrow ? SHORT_ID_SIZE : sizeof id, "%s", task->id);
        kmi_time_format(task->created_at_us, created);
        if (terminal.columns > 0) stpcpy(created + 19, "Z"); /* seconds will do for people */
        snprintf(priority, sizeof priority, "%d", task->priority);
        snprintf(items, sizeof items, "%u", task->item_count);
        const char *cells[] = {id, km_task_state_name(task->state), priority, items, created, task->error};
        kmi_table_add(&table, cells);
    }
    km_status status = kmi_table_print(&table, &terminal, &cli->out);
    kmi_table_deinit(&table);
    if (status == KM_OK) return KMI_EXIT_OK;
    km_error error = {0};
    kmi_fail(&error, status, "out of memory while printing tasks");
    return kmi_cli_fail(&error);
}

int kmi_run_tasks_list(kmi_cli *cli) {
    km_error error = {0};
    const char *state_name = kmi_cli_text(cli, KMI_SLOT_STATE);
    km_task_state state = KM_TASK_QUEUED;
    if (state_name != NULL && km_task_state_parse(state_name, &state, &error) != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    km_task_list *list = NULL;
    size_t limit = (size_t)kmi_cli_number(cli, KMI_SLOT_LIMIT, DEFAULT_LIST_LIMIT);
    if (km_task_list_get(cli->project, state_name != NULL ? &state : NULL, limit, &list, &error) != KM_OK) {
        return kmi_cli_fail(&error);
    }
    int exit_code = KMI_EXIT_OK;
    if (kmi_cli_is_format(cli, "json")) {
        add_json_tasks(&cli->out, list);
    } else if (list->count > 0) {
        exit_code = print_table(cli, list);
    } else if (kmi_cli_terminal(cli).is_terminal) {
        kmi_cli_note(cli, "no tasks");
    }
    km_task_list_free(list);
    return exit_code;
}

static void add_line(kmi_buf *buf, const char *name, const char *value) {
    if (value != NULL && value[0] != '\0') kmi_buf_add_format(buf, "%-12s %s\n", name, value);
}

static void add_time_line(kmi_buf *buf, const char *name, int64_t time_us) {
    char text[KMI_TIME_TEXT_SIZE];
    if (time_us != 0) add_line(buf, name, kmi_time_format(time_us, text));
}

static void add_changes(kmi_buf *buf, const km_task *task) {
    char text[KMI_TIME_TEXT_SIZE];
    for (size_t i = 0; i < task->change_count; i++) {
        const km_task_change *change = &task->changes[i];
        kmi_buf_add_format(buf, "%-12s %s %s%s%s\n", i == 0 ? "Changes:" : "", kmi_time_format(change->at_us, text),
                           km_task_state_name(change->state), change->error != NULL ? ": " : "",
                           change->error != NULL ? change->error : "");
    }
}

static void add_page(kmi_buf *buf, const km_task *task) {
    char text[32];
    add_line(buf, "ID:", task->id);
    add_line(buf, "State:", km_task_state_name(task->state));
    snprintf(text, sizeof text, "%d", task->priority);
    add_line(buf, "Priority:", text);
    snprintf(text, sizeof text, "%u", task->item_count);
    add_line(buf, "Items:", text);
    snprintf(text, sizeof text, "%u", task->attempts);
    add_line(buf, "Failed runs:", text);
    snprintf(text, sizeof text, "%u", task->crashes);
    add_line(buf, "Crashes:", text);
    add_time_line(buf, "Created:", task->created_at_us);
    add_time_line(buf, "Started:", task->started_at_us);
    add_time_line(buf, "Finished:", task->finished_at_us);
    add_time_line(buf, "Next try:", task->run_at_us);
    if (task->processing_us > 0)
        add_line(buf, "Processing:", kmi_duration_format(task->processing_us, text, sizeof text));
    add_line(buf, "Error:", task->error);
    for (size_t i = 0; i < task->memory_count; i++) add_line(buf, "Memory:", task->memory_ids[i]);
    add_changes(buf, task);
}

static void print_task(kmi_cli *cli, const km_task *task) {
    if (!kmi_cli_is_format(cli, "json")) {
        add_page(&cli->out, task);
        return;
    }
    kmi_json_out out = kmi_json_out_start(&cli->out);
    add_json_task(&out, NULL, task);
    kmi_buf_add_char(&cli->out, '\n');
}

int kmi_run_tasks_show(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    km_task_list *list = NULL;
    if (km_task_get(cli->project, cli->arguments[0], &list, &error) != KM_OK) return kmi_cli_fail(&error);
    if (list->count > 0) print_task(cli, &list->items[0]);
    km_task_list_free(list);
    return KMI_EXIT_OK;
}

/* ---- wait ---- */

/* Either an ID or --all must be given. Returns: whether that is so, else fills *error. */
static bool has_id_or_all(const kmi_cli *cli, km_error *error) {
    bool is_all = kmi_cli_has(cli, KMI_SLOT_ALL);
    if (is_all != (cli->argument_count > 0)) return true;
    kmi_fail(error, KM_E_INVALID,
             is_all ? "give either an ID or --all, not both" : "no task named: give its ID, or --all");
    return false;
}

static void show_waiting(kmi_cli *cli, kmi_progress *progress, uint64_t *most_waiting) {
    if (progress->mode == KMI_PROGRESS_NEVER) return;
    km_stats *stats = NULL;
    km_status status = km_stats_get(cli->project, &stats, NULL);
    if (status == KM_OK) {
        uint64_t waiting = stats->queue_size + stats->active_tasks;
        *most_waiting = waiting > *most_waiting ? waiting : *most_waiting;
        kmi_progress_update(progress, *most_waiting - waiting, *most_waiting);
    }
    km_stats_free(stats);
}

static km_status wait_in_slices(kmi_cli *cli, const char *id, km_task_list **ret_list, km_error *error) {
    const volatile int *stop = kmi_signals_watch();
    bool has_limit = kmi_cli_has(cli, KMI_SLOT_TIMEOUT);
    int64_t limit_ms = (int64_t)(kmi_cli_real(cli, KMI_SLOT_TIMEOUT, 0) * 1000);
    int64_t started_us = kmi_clock_monotonic_us();
    kmi_progress progress = kmi_progress_start(cli, "tasks");
    uint64_t most_waiting = 0;
    km_status status = KM_E_BUSY;
    while (status == KM_E_BUSY) {
        int64_t left_ms = limit_ms - (kmi_clock_monotonic_us() - started_us) / 1000;
        if (left_ms < 0) left_ms = 0;
        bool is_sliced = progress.mode != KMI_PROGRESS_NEVER && (!has_limit || left_ms > WAIT_SLICE_MS);
        int64_t slice_ms = is_sliced ? WAIT_SLICE_MS : has_limit ? left_ms : -1;
        status = km_task_wait(cli->project, id, slice_ms, stop, ret_list, error);
        if (status == KM_E_BUSY && !is_sliced) break;
        if (status == KM_E_BUSY && *stop > 0) status = kmi_fail(error, KM_E_INTERRUPTED, "interrupted while waiting");
        if (status == KM_E_BUSY) show_waiting(cli, &progress, &most_waiting);
    }
    kmi_progress_end(&progress, most_waiting, most_waiting);
    return status;
}

int kmi_run_tasks_wait(kmi_cli *cli) {
    km_error error = {0};
    if (!has_id_or_all(cli, &error)) return kmi_cli_fail_usage(cli, &error);
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    const char *id = cli->argument_count > 0 ? cli->arguments[0] : NULL;
    km_task_list *list = NULL;
    if (wait_in_slices(cli, id, &list, &error) != KM_OK) return kmi_cli_fail(&error);
    int exit_code = KMI_EXIT_OK;
    if (id != NULL && list != NULL && list->count > 0) {
        print_task(cli, &list->items[0]);
        exit_code = list->items[0].state == KM_TASK_COMPLETED ? KMI_EXIT_OK : KMI_EXIT_CONFLICT;
    } else if (kmi_cli_is_format(cli, "json")) {
        kmi_buf_add_text(&cli->out, "{\"waiting\":0}\n");
    } else if (!cli->is_quiet) {
        kmi_buf_add_text(&cli->out, "No tasks are waiting\n");
    }
    km_task_list_free(list);
    return exit_code;
}

/* ---- retry, cancel, purge ---- */
static void print_count(kmi_cli *cli, const char *key, const char *sentence, size_t count) {
    if (kmi_cli_is_format(cli, "json")) {
        kmi_buf_add_format(&cli->out, "{\"%s\":%zu}\n", key, count);
    } else if (!cli->is_quiet) {
        kmi_buf_add_format(&cli->out, "%s %zu tasks\n", sentence, count);
    }
}

int kmi_run_tasks_retry(kmi_cli *cli) {
    km_error error = {0};
    if (!has_id_or_all(cli, &error)) return kmi_cli_fail_usage(cli, &error);
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    size_t count = 0;
    const char *id = cli->argument_count > 0 ? cli->arguments[0] : NULL;
    if (km_task_retry(cli->project, id, &count, &error) != KM_OK) return kmi_cli_fail(&error);
    print_count(cli, "retried", "Put back", count);
    return KMI_EXIT_OK;
}

int kmi_run_tasks_cancel(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (km_task_cancel(cli->project, cli->arguments[0], &error) != KM_OK) return kmi_cli_fail(&error);
    print_count(cli, "cancelled", "Cancelled", 1);
    return KMI_EXIT_OK;
}

int kmi_run_tasks_purge(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    size_t count = 0;
    if (km_task_purge(cli->project, &count, &error) != KM_OK) return kmi_cli_fail(&error);
    print_count(cli, "purged", "Purged", count);
    return KMI_EXIT_OK;
}
