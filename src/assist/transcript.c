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
    {"\"type\":\"user\"",
     KMI_SAID_BY_USER,
     NULL,
     {{"type", "user"}, CLAUDE_MAIN_CONVERSATION},
     "message.content",
     NULL,
     NULL},
    {"\"type\":\"assistant\"",
     KMI_SAID_BY_ASSISTANT,
     NULL,
     {{"type", "assistant"}, CLAUDE_MAIN_CONVERSATION},
     "message.content",
     NULL,
     NULL},
    {"\"tool_use\"",
     KMI_SAID_COMMAND_START,
     "message.content",
     {{"type", "tool_use"}, {"name", "Bash"}},
     "input.command",
     "id",
     NULL},
    {"\"tool_result\"",
     KMI_SAID_COMMAND_END,
     "message.content",
     {{"type", "tool_result"}},
     "content",
     "tool_use_id",
     "is_error"},
    {.needle = NULL},
};

const kmi_transcript_row kmi_transcript_codex[] = {
    {"\"UserMessage\"",
     KMI_SAID_BY_USER,
     NULL,
     {{"payload.item.type", "UserMessage"}},
     "payload.item.content",
     NULL,
     NULL},
    {"\"AgentMessage\"",
     KMI_SAID_BY_ASSISTANT,
     NULL,
     {{"payload.item.type", "AgentMessage"}},
     "payload.item.content",
     NULL,
     NULL},
    {"\"user_message\"", KMI_SAID_BY_USER, NULL, {{"payload.type", "user_message"}}, "payload.message", NULL, NULL},
    {"\"agent_message\"",
     KMI_SAID_BY_ASSISTANT,
     NULL,
     {{"payload.type", "agent_message"}},
     "payload.message",
     NULL,
     NULL},
    {"\"CommandExecution\"",
     KMI_SAID_COMMAND,
     NULL,
     {{"payload.item.type", "CommandExecution"}},
     "payload.item.aggregated_output",
     "payload.item.command.2",
     "payload.item.exit_code"},
    {.needle = NULL},
};

const kmi_transcript_row kmi_transcript_gemini[] = {
    {"\"type\":\"user\"", KMI_SAID_BY_USER, NULL, {{"type", "user"}}, "content", NULL, NULL},
    {"\"type\":\"gemini\"", KMI_SAID_BY_ASSISTANT, NULL, {{"type", "gemini"}}, "content", NULL, NULL},
    {.needle = NULL},
};

const kmi_transcript_row kmi_transcript_copilot[] = {
    {"\"user.message\"", KMI_SAID_BY_USER, NULL, {{"type", "user.message"}}, "data.content", NULL, NULL},
    {"\"assistant.message\"", KMI_SAID_BY_ASSISTANT, NULL, {{"type", "assistant.message"}}, "data.content", NULL, NULL},
    {"\"tool.execution_start\"",
     KMI_SAID_COMMAND_START,
     NULL,
     {{"type", "tool.execution_start"}, {"data.toolName", "bash"}},
     "data.arguments.command",
     "data.toolCallId",
     NULL},
    {"\"tool.execution_complete\"",
     KMI_SAID_COMMAND_END,
     NULL,
     {{"type", "tool.execution_complete"}},
     "data.result.content",
     "data.toolCallId",
     "data.shellExecution.exitCode"},
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

static bool is_failure(json_t *value, const char *path) {
    json_t *found = path != NULL ? kmi_path_get(value, path) : NULL;
    return json_is_true(found) || (json_is_integer(found) && json_integer_value(found) != 0);
}

static bool visit_value(json_t *value, kmi_slice time, const kmi_transcript_row *row, kmi_transcript_visit visit,
                        void *context) {
    if (!is_met(value, row)) return true;
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, text_limit_bytes);
    add_text(kmi_path_get(value, row->text), &text);
    bool is_command_end = row->said == KMI_SAID_COMMAND_END || row->said == KMI_SAID_COMMAND;
    if (kmi_buf_status(&text) != KM_OK || (text.len == 0 && !is_command_end)) return true;
    kmi_transcript_item item = {.said = row->said, .is_failed = is_failure(value, row->exit_code), .time = time};
    item.text = text.len > 0 ? kmi_buf_slice(&text) : KMI_SLICE_LITERAL("");
    item.id = kmi_path_text(value, row->id);
    item.command = row->said == KMI_SAID_COMMAND ? item.id : KMI_SLICE_LITERAL("");
    return visit(&item, context);
}

static bool visit_line(json_t *line, const kmi_transcript_row *row, kmi_transcript_visit visit, void *context) {
    kmi_slice time = kmi_path_text(line, "timestamp"); /* all four call it so */
    if (row->each == NULL) return visit_value(line, time, row, visit, context);
    json_t *items = kmi_path_get(line, row->each);
    bool goes_on = true;
    for (size_t i = 0; goes_on && json_is_array(items) && i < json_array_size(items); i++)
        goes_on = visit_value(json_array_get(items, i), time, row, visit, context);
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
