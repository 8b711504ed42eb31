/* A batch of a hundred thousand lines is learnt in parts, but answered by one document. So the arrays of that document
 * grow part by part, and the results themselves are freed as they come. */
#include "cli/learn_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PART_LIMIT_BYTES ((size_t)512 * 1024 * 1024)
#define SHOWN_ID_LEN 8

void kmi_learn_report_init(kmi_learn_report *report) {
    *report = (kmi_learn_report){.state = KM_LEARN_QUEUED};
    kmi_buf_init(&report->task_ids, PART_LIMIT_BYTES);
    kmi_buf_init(&report->memories, PART_LIMIT_BYTES);
    kmi_buf_init(&report->skipped, PART_LIMIT_BYTES);
    kmi_buf_init(&report->redactions, PART_LIMIT_BYTES);
    report->task_ids_out = kmi_json_out_start(&report->task_ids);
    report->memories_out = kmi_json_out_start(&report->memories);
    report->skipped_out = kmi_json_out_start(&report->skipped);
    report->redactions_out = kmi_json_out_start(&report->redactions);
}

void kmi_learn_report_deinit(kmi_learn_report *report) {
    kmi_buf_deinit(&report->task_ids);
    kmi_buf_deinit(&report->memories);
    kmi_buf_deinit(&report->skipped);
    kmi_buf_deinit(&report->redactions);
}

static void add_learned(kmi_json_out *out, const km_learned *learned) {
    kmi_json_out_object(out, NULL);
    if (learned->id != NULL) kmi_json_out_text(out, "id", learned->id);
    kmi_json_out_text(out, "action", learned->action);
    kmi_json_out_text(out, "content", learned->content);
    kmi_json_out_text(out, "type", learned->type);
    kmi_json_out_text(out, "knowledge_type", learned->knowledge_type);
    kmi_json_out_text(out, "polarity", learned->polarity);
    kmi_json_out_text(out, "pattern", learned->pattern);
    kmi_json_out_real(out, "confidence", learned->confidence);
    kmi_json_out_array(out, "entities");
    for (size_t i = 0; i < learned->entity_count; i++) {
        kmi_json_out_object(out, NULL);
        kmi_json_out_text(out, "name", learned->entities[i].name);
        kmi_json_out_text(out, "type", learned->entities[i].type);
        kmi_json_out_object_end(out);
    }
    kmi_json_out_array_end(out);
    kmi_json_out_array(out, "supersedes");
    for (size_t i = 0; i < learned->supersedes_count; i++) {
        kmi_json_out_text(out, NULL, learned->supersedes[i]);
    }
    kmi_json_out_array_end(out);
    kmi_json_out_object_end(out);
}

static void add_json_parts(kmi_learn_report *report, const km_learn_result *result) {
    for (size_t i = 0; i < result->task_count; i++) {
        kmi_json_out_text(&report->task_ids_out, NULL, result->task_ids[i]);
    }
    for (size_t i = 0; i < result->memory_count; i++) {
        add_learned(&report->memories_out, &result->memories[i]);
    }
    for (size_t i = 0; i < result->skipped_count; i++) {
        kmi_json_out_object(&report->skipped_out, NULL);
        kmi_json_out_text(&report->skipped_out, "text", result->skipped[i].text);
        kmi_json_out_text(&report->skipped_out, "reason", result->skipped[i].reason);
        kmi_json_out_object_end(&report->skipped_out);
    }
    for (size_t i = 0; i < result->redaction_count; i++) {
        kmi_json_out_object(&report->redactions_out, NULL);
        kmi_json_out_text(&report->redactions_out, "kind", result->redactions[i]);
        kmi_json_out_object_end(&report->redactions_out);
    }
}

/* One finding of a dry run. A terminal, however narrow, gets what and why on a line of its own and the text below it;
 * elsewhere each is one line with tabs: action, type or reason, confidence, text, pattern. */
static void add_finding(const kmi_terminal *terminal, kmi_buf *buf, const km_learned *learned, const char *text,
                        const char *reason) {
    const char *action = learned != NULL ? learned->action : "skipped";
    const char *kind = learned != NULL ? learned->type : reason;
    const char *pattern = learned != NULL && learned->pattern != NULL ? learned->pattern : "";
    char confidence[16] = "";
    if (learned != NULL) snprintf(confidence, sizeof confidence, "%.2f", learned->confidence);
    if (terminal->is_terminal) {
        kmi_terminal_add(terminal, buf, learned != NULL ? KMI_STYLE_GREEN : KMI_STYLE_YELLOW, action);
        kmi_buf_add_format(buf, learned != NULL ? ": %s (%s, %s)\n  " : ": %s\n  ", kind, confidence, pattern);
    } else {
        kmi_buf_add_format(buf, "%s\t%s\t%s\t", action, kind, confidence);
    }
    kmi_terminal_add_text(terminal, buf, kmi_slice_from(text));
    if (!terminal->is_terminal && learned != NULL) kmi_buf_add_format(buf, "\t%s", pattern);
    kmi_buf_add_char(buf, '\n');
}

/* What a dry run found: memories, sentences that are none, kinds of secrets. */
static void add_dry_lines(kmi_learn_report *report, const kmi_cli *cli, const km_learn_result *result) {
    kmi_terminal terminal = kmi_cli_terminal(cli);
    for (size_t i = 0; i < result->memory_count; i++)
        add_finding(&terminal, &report->memories, &result->memories[i], result->memories[i].content, NULL);
    for (size_t i = 0; i < result->skipped_count; i++)
        add_finding(&terminal, &report->skipped, NULL, result->skipped[i].text, result->skipped[i].reason);
    for (size_t i = 0; i < result->redaction_count; i++)
        kmi_buf_add_format(&report->redactions, terminal.is_terminal ? "removed: %s\n" : "removed\t%s\n",
                           result->redactions[i]);
}

void kmi_learn_tell_problem(const km_learn_result *result) {
    kmi_cli_message("taken into this project's memory, but not into your own: %s", result->preference_problem.message);
}

void kmi_learn_report_add(kmi_learn_report *report, const kmi_cli *cli, const km_learn_result *result,
                          size_t item_count) {
    if (report->task_count == 0 && result->task_count > 0) {
        kmi_buf first;
        kmi_buf_init_fixed(&first, report->first_task, sizeof report->first_task);
        kmi_buf_add_text(&first, result->task_ids[0]);
    }
    report->state = result->state;
    report->item_count += item_count;
    report->task_count += result->task_count;
    report->queue_size = result->queue_size;
    report->elapsed_us += result->elapsed_us;
    for (size_t i = 0; i < result->memory_count; i++) {
        const char *action = result->memories[i].action;
        report->strengthened_count += strcmp(action, "strengthened") == 0;
        report->stored_count += strcmp(action, "stored") == 0 || strcmp(action, "superseded") == 0;
    }
    report->preference_count += result->preference_count;
    if (result->preference_problem.status != KM_OK) kmi_learn_tell_problem(result);
    if (cli->is_quiet) return;
    if (kmi_cli_is_format(cli, "json")) {
        add_json_parts(report, result);
    } else if (result->state == KM_LEARN_DRY_RUN) {
        add_dry_lines(report, cli, result);
    }
}

static void add_array(kmi_json_out *out, const char *key, const kmi_buf *items) {
    kmi_json_out_array(out, key);
    if (items->len > 0) kmi_json_out_raw(out, NULL, kmi_buf_slice(items));
    kmi_json_out_array_end(out);
}

static void print_json(const kmi_learn_report *report, kmi_cli *cli) {
    static const char *const names[] = {
        [KM_LEARN_QUEUED] = "queued", [KM_LEARN_COMPLETED] = "completed", [KM_LEARN_DRY_RUN] = "dry-run"};
    kmi_json_out out = kmi_json_out_start(&cli->out);
    kmi_json_out_object(&out, NULL);
    if (report->state != KM_LEARN_DRY_RUN) {
        kmi_json_out_text(&out, "task_id", report->first_task[0] != '\0' ? report->first_task : NULL);
    }
    kmi_json_out_text(&out, "status", names[report->state]);
    if (report->state == KM_LEARN_QUEUED) {
        kmi_json_out_count(&out, "queue_size", report->queue_size);
    } else {
        kmi_json_out_ms(&out, "elapsed_ms", report->elapsed_us);
        add_array(&out, "memories", &report->memories);
        add_array(&out, "skipped", &report->skipped);
    }
    if (report->state != KM_LEARN_QUEUED || report->redactions.len > 0) {
        add_array(&out, "redactions", &report->redactions);
    }
    if (report->preference_count > 0) kmi_json_out_count(&out, "user_preferences", report->preference_count);
    if (kmi_cli_has(cli, KMI_SLOT_BATCH)) {
        if (report->state != KM_LEARN_DRY_RUN) add_array(&out, "task_ids", &report->task_ids);
        kmi_json_out_count(&out, "items", report->item_count);
    }
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(&cli->out, '\n');
}

static void print_queued(const kmi_learn_report *report, kmi_cli *cli) {
    if (report->task_count == 1) {
        kmi_buf_add_format(&cli->out, "✅ Learning task %.*s queued for background processing\n", SHOWN_ID_LEN,
                           report->first_task);
    } else {
        kmi_buf_add_format(&cli->out, "✅ %" PRIu64 " learning tasks queued for background processing\n",
                           report->task_count);
    }
}

void kmi_learn_report_print(const kmi_learn_report *report, kmi_cli *cli, bool is_learn) {
    if (cli->is_quiet) return;
    if (kmi_cli_is_format(cli, "json")) {
        print_json(report, cli);
    } else if (report->state == KM_LEARN_QUEUED) {
        print_queued(report, cli);
    } else if (report->state == KM_LEARN_DRY_RUN) {
        kmi_buf_add_slice(&cli->out, kmi_buf_slice(&report->memories));
        kmi_buf_add_slice(&cli->out, kmi_buf_slice(&report->skipped));
        kmi_buf_add_slice(&cli->out, kmi_buf_slice(&report->redactions));
    } else {
        if (is_learn) kmi_buf_add_text(&cli->out, "ℹ️  Using synchronous processing\n");
        kmi_buf_add_format(&cli->out, "✅ Stored %" PRIu64 " memories\n", report->stored_count);
        if (report->strengthened_count > 0) {
            kmi_buf_add_format(&cli->out, "ℹ️  Strengthened %" PRIu64 " known memories\n",
                               report->strengthened_count);
        }
    }
}
