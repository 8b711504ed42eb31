#include "assist/transcript.h"

#include <stdint.h>
#include <string.h>

#include "assist/path.h"
#include "util/buf.h"

enum { line_limit_bytes = 2 * 1024 * 1024, text_limit_bytes = 1024 * 1024 };

#define CLAUDE_MAIN_CONVERSATION \
    {"isSidechain", NULL}, {"isMeta", NULL}, { \
        "isCompactSummary", NULL \
    }

const kmi_transcript_row kmi_transcript_claude[] = {
    {.needle = "\"type\":\"user\"",
     .said = KMI_SAID_BY_USER,
     .conditions = {{"type", "user"}, CLAUDE_MAIN_CONVERSATION},
     .text = "message.content"},
    {.needle = "\"type\":\"assistant\"",
     .said = KMI_SAID_BY_ASSISTANT,
     .conditions = {{"type", "assistant"}, CLAUDE_MAIN_CONVERSATION},
     .text = "message.content"},
    {.needle = "\"tool_use\"",
     .said = KMI_SAID_COMMAND_START,
     .each = "message.content",
     .conditions = {{"type", "tool_use"}, {"name", "Bash"}},
     .text = "input.command",
     .id = "id"},
    {.needle = "\"tool_result\"",
     .said = KMI_SAID_COMMAND_END,
     .each = "message.content",
     .conditions = {{"type", "tool_result"}},
     .text = "content",
     .id = "tool_use_id",
     .exit_code = "is_error"},
    {.needle = "\"toolUseResult\"",
     .said = KMI_SAID_FILE_CREATED,
     .conditions = {{"toolUseResult.type", "create"}},
     .text = "toolUseResult.filePath"},
    {.needle = NULL},
};

const kmi_transcript_row kmi_transcript_codex[] = {
    {.needle = "\"UserMessage\"",
     .said = KMI_SAID_BY_USER,
     .conditions = {{"payload.item.type", "UserMessage"}},
     .text = "payload.item.content"},
    {.needle = "\"AgentMessage\"",
     .said = KMI_SAID_BY_ASSISTANT,
     .conditions = {{"payload.item.type", "AgentMessage"}},
     .text = "payload.item.content"},
    {.needle = "\"user_message\"",
     .said = KMI_SAID_BY_USER,
     .conditions = {{"payload.type", "user_message"}},
     .text = "payload.message"},
    {.needle = "\"agent_message\"",
     .said = KMI_SAID_BY_ASSISTANT,
     .conditions = {{"payload.type", "agent_message"}},
     .text = "payload.message"},
    {.needle = "\"CommandExecution\"",
     .said = KMI_SAID_COMMAND,
     .conditions = {{"payload.item.type", "CommandExecution"}},
     .text = "payload.item.aggregated_output",
     .id = "payload.item.id",
     .command = "payload.item.command.2",
     .exit_code = "payload.item.exit_code"},
    {.needle = "\"FileChange\"",
     .said = KMI_SAID_FILE_CREATED,
     .each = "payload.item.changes",
     .conditions = {{"type", "add"}},
     .text = KMI_TRANSCRIPT_NAME},
    {.needle = NULL},
};

/* A message is written again whenever something is added to it; keys and ids make it one. */
const kmi_transcript_row kmi_transcript_gemini[] = {
    {.needle = "\"type\":\"user\"", .said = KMI_SAID_BY_USER, .conditions = {{"type", "user"}}, .text = "content"},
    {.needle = "\"type\":\"gemini\"",
     .said = KMI_SAID_BY_ASSISTANT,
     .conditions = {{"type", "gemini"}},
     .text = "content"},
    {.needle = "\"run_shell_command\"",
     .said = KMI_SAID_COMMAND,
     .each = "toolCalls",
     .conditions = {{"name", "run_shell_command"}, {"status", "success"}},
     .text = "result.0.functionResponse.response.output",
     .id = "id",
     .command = "args.command",
     .is_end_told_in_words = true},
    {.needle = "\"isNewFile\":true",
     .said = KMI_SAID_FILE_CREATED,
     .each = "toolCalls",
     .conditions = {{"name", "write_file"}, {"status", "success"}, {"resultDisplay.originalContent", ""}},
     .text = "resultDisplay.filePath"},
    {.needle = NULL},
};

const kmi_transcript_row kmi_transcript_copilot[] = {
    {.needle = "\"user.message\"",
     .said = KMI_SAID_BY_USER,
     .conditions = {{"type", "user.message"}},
     .text = "data.content"},
    {.needle = "\"assistant.message\"",
     .said = KMI_SAID_BY_ASSISTANT,
     .conditions = {{"type", "assistant.message"}},
     .text = "data.content"},
    {.needle = "\"tool.execution_start\"",
     .said = KMI_SAID_COMMAND_START,
     .conditions = {{"type", "tool.execution_start"}, {"data.toolName", "bash"}},
     .text = "data.arguments.command",
     .id = "data.toolCallId"},
    {.needle = "\"tool.execution_complete\"",
     .said = KMI_SAID_COMMAND_END,
     .conditions = {{"type", "tool.execution_complete"}},
     .text = "data.result.content",
     .id = "data.toolCallId",
     .exit_code = "data.shellExecution.exitCode"},
    {.needle = "\"fileEdits\"",
     .said = KMI_SAID_FILE_CREATED,
     .each = "data.fileEdits",
     .conditions = {{"kind", "create"}},
     .text = "path"},
    {.needle = NULL},
};

static bool is_met(json_t *value, const kmi_transcript_row *row) {
    for (size_t i = 0; i < KMI_TRANSCRIPT_CONDITIONS && row->conditions[i].path != NULL; i++) {
        json_t *found = kmi_path_get(value, row->conditions[i].path);
        const char *wanted = row->conditions[i].value;
        if (wanted == NULL && found != NULL && !json_is_null(found) && !json_is_false(found)) return false;
        if (wanted != NULL && (!json_is_string(found) || strcmp(json_string_value(found), wanted) != 0)) return false;
    }
    return true;
}

/* Adds a text, or the texts of an array of parts; other parts (images, answers of tools) are passed over. */
static void add_text(json_t *value, kmi_buf *buf) {
    if (json_is_string(value)) kmi_buf_add(buf, json_string_value(value), json_string_length(value));
    for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
        json_t *part = json_array_get(value, i);
        kmi_slice type = kmi_path_text(part, "type");
        bool is_text = type.len == 0 || kmi_slice_equal_nocase(type, KMI_SLICE_LITERAL("text"));
        kmi_slice text = kmi_path_text(part, "text");
        if (!is_text || text.len == 0) continue;
        if (buf->len > 0) kmi_buf_add_text(buf, "\n\n");
        kmi_buf_add_slice(buf, text);
    }
}

/* Below what the command wrote, Gemini CLI lists how it ended, but only what is not as it should be, then its processes. */
static bool tells_failure(kmi_slice output) {
    static const char frame_end[] = "</untrusted_context>";
    output = kmi_slice_trim(output);
    if (kmi_slice_ends_with(output, KMI_SLICE_LITERAL(frame_end))) output.len -= sizeof frame_end - 1;
    for (;;) {
        output = kmi_slice_trim(output);
        size_t at = output.len;
        while (at > 0 && output.ptr[at - 1] != '\n') at--;
        kmi_slice line = kmi_slice_sub(output, at, output.len - at);
        bool is_about_processes = kmi_slice_starts_with(line, KMI_SLICE_LITERAL("Process Group PGID: ")) ||
                                  kmi_slice_starts_with(line, KMI_SLICE_LITERAL("Background PIDs: "));
        if (!is_about_processes)
            return kmi_slice_starts_with(line, KMI_SLICE_LITERAL("Exit Code: ")) ||
                   kmi_slice_starts_with(line, KMI_SLICE_LITERAL("Signal: ")) ||
                   kmi_slice_starts_with(line, KMI_SLICE_LITERAL("Error: "));
        output.len = at;
    }
}

static bool is_failure(json_t *value, const kmi_transcript_row *row, kmi_slice output) {
    if (row->is_end_told_in_words) return tells_failure(output);
    json_t *found = row->exit_code != NULL ? kmi_path_get(value, row->exit_code) : NULL;
    return json_is_true(found) || (json_is_integer(found) && json_integer_value(found) != 0);
}

typedef struct reading {
    const kmi_transcript_row *row;
    kmi_slice time;
    kmi_transcript_visit visit;
    void *context;
} reading;

/* name: under which the value stands in its object; NULL: in none. */
static bool visit_value(const reading *self, json_t *value, const char *name) {
    const kmi_transcript_row *row = self->row;
    if (!is_met(value, row)) return true;
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, text_limit_bytes);
    if (strcmp(row->text, KMI_TRANSCRIPT_NAME) != 0)
        add_text(kmi_path_get(value, row->text), &text);
    else if (name != NULL)
        kmi_buf_add_text(&text, name);
    bool is_command_end = row->said == KMI_SAID_COMMAND_END || row->said == KMI_SAID_COMMAND;
    if (kmi_buf_status(&text) != KM_OK || (text.len == 0 && !is_command_end)) return true;
    kmi_transcript_item item = {.said = row->said, .time = self->time};
    item.text = text.len > 0 ? kmi_buf_slice(&text) : KMI_SLICE_LITERAL("");
    item.is_failed = is_failure(value, row, item.text);
    item.id = kmi_path_text(value, row->id);
    item.command = kmi_path_text(value, row->command);
    return self->visit(&item, self->context);
}

static bool visit_line(json_t *line, const kmi_transcript_row *row, kmi_transcript_visit visit, void *context) {
    kmi_slice time = kmi_path_text(line, "timestamp"); /* all four call it so */
    reading self = {.row = row, .time = time, .visit = visit, .context = context};
    if (row->each == NULL) return visit_value(&self, line, NULL);
    json_t *items = kmi_path_get(line, row->each);
    bool goes_on = true;
    for (size_t i = 0; goes_on && json_is_array(items) && i < json_array_size(items); i++)
        goes_on = visit_value(&self, json_array_get(items, i), NULL);
    for (void *at = json_object_iter(items); goes_on && at != NULL; at = json_object_iter_next(items, at))
        goes_on = visit_value(&self, json_object_iter_value(at), json_object_iter_key(at));
    return goes_on;
}

static bool read_line(const kmi_transcript_row *rows, kmi_slice line, kmi_transcript_visit visit, void *context) {
    KMI_CLEANUP_JSON json_t *parsed = NULL;
    bool goes_on = true;
    if (line.len > line_limit_bytes) return true;
    for (const kmi_transcript_row *row = rows; goes_on && row->needle != NULL; row++) {
        if (kmi_slice_find(line, kmi_slice_from(row->needle), 0) == SIZE_MAX) continue;
        if (parsed == NULL && kmi_json_parse_object(line, "transcript", &parsed, NULL) != KM_OK) return true;
        goes_on = visit_line(parsed, row, visit, context);
    }
    return goes_on;
}

size_t kmi_transcript_read(const kmi_transcript_row *rows, kmi_slice bytes, kmi_transcript_visit visit, void *context) {
    size_t at = 0;
    while (at < bytes.len) {
        const char *newline = memchr(bytes.ptr + at, '\n', bytes.len - at);
        if (newline == NULL) break; /* still being written */
        size_t len = (size_t)(newline - bytes.ptr) - at;
        if (!read_line(rows, (kmi_slice){bytes.ptr + at, len}, visit, context)) break;
        at += len + 1;
    }
    return at;
}
