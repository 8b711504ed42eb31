/* learn --batch. A line is checked on its own, so that a bad one is named by its number and the good ones are learnt;
 * with --strict all lines are checked before the first one is learnt. Lines are handed over in parts: large enough that
 * packing and syncing cost nothing, small enough that memory stays bounded and progress moves. */
#include "cli/learn_batch.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/input.h"
#include "cli/learn_report.h"
#include "cli/progress.h"
#include "util/clock.h"
#include "util/error.h"

#define PART_ITEMS 1024
/* What has begun is worth waiting for: later parts wait longer for room in the queue than a single text does. */
#define NEXT_PART_WAIT_MS 60000
#define PART_BYTES ((size_t)4 * 1024 * 1024)
/* JSON may escape every character of a text ("\u0041"); beyond that and the other members, a line is too long. */
#define LINE_LIMIT_BYTES (KM_CONTENT_LIMIT_BYTES)

typedef struct line_batch {
    kmi_cli *cli;
    const char *name;
    kmi_learn_report report;
    uint64_t bad_lines, good_lines;
    /* The part in hand. The items' texts belong to the objects and the arena. */
    km_learn_item items[PART_ITEMS];
    json_t *objects[PART_ITEMS];
    size_t count, bytes;
    kmi_arena *arena;
} line_batch;

static km_status get_label(const json_t *object, const char *key, const char **label, km_error *error) {
    const char *text = NULL;
    km_status status = kmi_json_get_text(object, key, "line", &text, error);
    if (status == KM_OK && text != NULL) *label = text;
    return status;
}

static km_status get_content(const json_t *object, km_learn_item *item, km_error *error) {
    km_status status = get_label(object, "content", &item->content, error);
    if (status == KM_OK && item->content == NULL) status = get_label(object, "text", &item->content, error);
    if (status == KM_OK && item->content == NULL) {
        return kmi_fail(error, KM_E_INVALID, "neither \"content\" nor \"text\" is given");
    }
    return status;
}

static km_status get_time(const json_t *object, km_learn_item *item, km_error *error) {
    const char *at = NULL;
    km_status status = kmi_json_get_text(object, "at", "line", &at, error);
    if (status != KM_OK || at == NULL) return status;
    status = kmi_time_parse(kmi_slice_from(at), &item->observed_at_us, error);
    return status == KM_OK ? KM_OK : kmi_fail_context(error, status, "\"at\"");
}

static km_status get_metadata(const json_t *object, kmi_arena *arena, km_learn_item *item, km_error *error) {
    const json_t *metadata = json_object_get(object, "metadata");
    if (metadata == NULL || json_is_null(metadata)) return KM_OK;
    if (!json_is_object(metadata)) return kmi_fail(error, KM_E_INVALID, "\"metadata\" must be a JSON object");
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, 2 * LINE_LIMIT_BYTES);
    km_status status = kmi_json_dump(metadata, &text, error);
    if (status != KM_OK) return status;
    item->metadata_json = kmi_arena_copy(arena, kmi_buf_slice(&text));
    return item->metadata_json != NULL ? KM_OK : kmi_fail(error, KM_E_NOMEM, "out of memory while reading a batch");
}

static km_status fill_item(line_batch *batch, const json_t *object, km_learn_item *item, km_error *error) {
    kmi_learn_fill_item(batch->cli, item);
    item->content = NULL;
    km_status status = get_content(object, item, error);
    if (status == KM_OK) status = get_label(object, "key", &item->key, error);
    if (status == KM_OK) status = get_label(object, "session", &item->session, error);
    if (status == KM_OK) status = get_label(object, "speaker", &item->speaker, error);
    if (status == KM_OK) status = get_label(object, "source", &item->source, error);
    if (status == KM_OK) status = get_label(object, "type", &item->type, error);
    if (status == KM_OK) status = get_time(object, item, error);
    if (status == KM_OK) status = get_metadata(object, batch->arena, item, error);
    if (status == KM_OK) status = km_learn_item_check(item, error);
    return status;
}

/* Reads one line into the part in hand. */
static km_status read_line(line_batch *batch, kmi_slice line, km_error *error) {
    if (line.len > LINE_LIMIT_BYTES) {
        return kmi_fail(error, KM_E_INVALID, "longer than the limit of %zu bytes", LINE_LIMIT_BYTES);
    }
    KMI_CLEANUP_JSON json_t *object = NULL;
    km_status status = kmi_json_parse_object(line, "line", &object, error);
    if (status != KM_OK) return status;
    status = fill_item(batch, object, &batch->items[batch->count], error);
    if (status != KM_OK) return status;
    batch->objects[batch->count++] = json_incref(object);
    batch->bytes += line.len;
    return KM_OK;
}

static void drop_part(line_batch *batch) {
    for (size_t i = 0; i < batch->count; i++) json_decref(batch->objects[i]);
    batch->count = 0;
    batch->bytes = 0;
    kmi_arena_clear(batch->arena);
}

static km_status learn_part(line_batch *batch, km_error *error) {
    if (batch->count == 0) return KM_OK;
    km_learn_options options = kmi_learn_make_options(batch->cli);
    if (batch->good_lines > 0 && options.wait_ms < 0) {
        options.wait_ms = NEXT_PART_WAIT_MS;
    }
    km_learn_result *result = NULL;
    km_status status = km_learn(batch->cli->project, batch->items, batch->count, &options, &result, error);
    if (status != KM_OK) return status;
    kmi_learn_report_add(&batch->report, batch->cli, result, batch->count);
    batch->good_lines += batch->count;
    km_learn_result_free(result);
    drop_part(batch);
    return KM_OK;
}

/* Goes through all lines. Bad ones are reported and counted; with `only_check` nothing is learnt. */
static km_status go_through(line_batch *batch, kmi_slice text, bool only_check, km_error *error) {
    kmi_progress progress = kmi_progress_start(batch->cli, "lines");
    kmi_lines lines = kmi_lines_start(text);
    kmi_slice line;
    km_status status = KM_OK;
    while (status == KM_OK && kmi_lines_next(&lines, &line)) {
        km_error problem = {0};
        status = read_line(batch, line, &problem);
        if (status == KM_E_INVALID) {
            kmi_cli_message("line %" PRIu64 " of \"%s\": %s", lines.number, batch->name, problem.message);
            batch->bad_lines++;
            status = KM_OK;
        } else if (status != KM_OK) {
            *error = problem;
        }
        bool is_full = batch->count == PART_ITEMS || batch->bytes >= PART_BYTES;
        if (only_check) {
            drop_part(batch);
        } else if (status == KM_OK && is_full) {
            status = learn_part(batch, error);
            kmi_progress_update(&progress, lines.number, lines.total);
        }
    }
    if (status == KM_OK) status = learn_part(batch, error);
    if (!only_check) kmi_progress_end(&progress, lines.number, lines.total);
    return status;
}

static int judge(line_batch *batch, km_status status, const km_error *error) {
    if (status != KM_OK) {
        if (batch->good_lines > 0) {
            kmi_cli_message("only the first %" PRIu64 " good lines of \"%s\" were learnt", batch->good_lines,
                            batch->name);
        }
        return kmi_cli_fail(error);
    }
    if (batch->good_lines > 0) kmi_learn_report_print(&batch->report, batch->cli, true);
    if (batch->bad_lines > 0) {
        kmi_cli_message("%" PRIu64 " bad lines in \"%s\", %" PRIu64 " good ones learnt", batch->bad_lines, batch->name,
                        batch->good_lines);
        return KMI_EXIT_USAGE;
    }
    if (batch->good_lines == 0) {
        kmi_cli_message("\"%s\" holds no lines: there is nothing to learn", batch->name);
        return KMI_EXIT_USAGE;
    }
    return KMI_EXIT_OK;
}

static int learn_text(line_batch *batch, kmi_slice text) {
    km_error error = {0};
    km_status status = KM_OK;
    if (kmi_cli_has(batch->cli, KMI_SLOT_STRICT)) {
        status = go_through(batch, text, true, &error);
        if (status == KM_OK && batch->bad_lines > 0) {
            kmi_cli_message("%" PRIu64 " bad lines in \"%s\", nothing was learnt", batch->bad_lines, batch->name);
            return KMI_EXIT_USAGE;
        }
    }
    if (status == KM_OK) status = go_through(batch, text, false, &error);
    return judge(batch, status, &error);
}

int kmi_learn_batch(kmi_cli *cli) {
    km_error error = {0};
    const char *path = kmi_cli_text(cli, KMI_SLOT_BATCH);
    if (cli->argument_count > 0 || kmi_cli_has(cli, KMI_SLOT_KEY)) {
        kmi_fail(&error, KM_E_INVALID, "--batch takes its texts and keys from the file: leave out %s",
                 cli->argument_count > 0 ? "TEXT" : "--key");
        return kmi_cli_fail_usage(cli, &error);
    }
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, KMI_FILE_LIMIT_BYTES);
    if (kmi_input_file(path, &text, &error) != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    line_batch *batch = calloc(1, sizeof *batch);
    kmi_arena *arena = kmi_arena_new(KMI_FILE_LIMIT_BYTES);
    int exit_code = 1;
    if (batch == NULL || arena == NULL) {
        kmi_fail(&error, KM_E_NOMEM, "out of memory while reading a batch");
        exit_code = kmi_cli_fail(&error);
    } else {
        batch->cli = cli;
        batch->name = kmi_input_name(path);
        batch->arena = arena;
        kmi_learn_report_init(&batch->report);
        exit_code = learn_text(batch, text.len > 0 ? kmi_buf_slice(&text) : KMI_SLICE_LITERAL(""));
        drop_part(batch);
        kmi_learn_report_deinit(&batch->report);
    }
    kmi_arena_free(arena);
    free(batch);
    return exit_code;
}
