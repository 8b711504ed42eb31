/* Tool events are known and do nothing: what tools did is read from the transcript at the end of the turn, which costs no
 * process for each call and also sees calls that failed. */
#include "assist/clients.h"

#include <string.h>

#include "assist/transcript.h"

static const kmi_client_event claude_events[] = {
    {"UserPromptSubmit", KMI_EVENT_PROMPT, KMI_ANSWER_NESTED, "prompt", NULL},
    {"Stop", KMI_EVENT_TURN_END, KMI_ANSWER_NONE, NULL, "last_assistant_message"},
    {"SessionStart", KMI_EVENT_SESSION_START, KMI_ANSWER_NESTED, NULL, NULL},
    {"SessionEnd", KMI_EVENT_SESSION_END, KMI_ANSWER_NONE, NULL, NULL},
    {"PreCompact", KMI_EVENT_COMPACTION, KMI_ANSWER_NONE, NULL, NULL},
    {"PostToolUse", KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
    {"PostToolUseFailure", KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
    {"PostCompact", KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
    {NULL, KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
};

static const kmi_client_event gemini_events[] = {
    {"BeforeAgent", KMI_EVENT_PROMPT, KMI_ANSWER_NESTED, "prompt", NULL},
    {"AfterAgent", KMI_EVENT_TURN_END, KMI_ANSWER_NONE, "prompt", "prompt_response"},
    {"SessionStart", KMI_EVENT_SESSION_START, KMI_ANSWER_NESTED, NULL, NULL},
    {"SessionEnd", KMI_EVENT_SESSION_END, KMI_ANSWER_NONE, NULL, NULL},
    {"PreCompress", KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL}, /* comes before every request to the model */
    {"AfterTool", KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
    {NULL, KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
};

static const kmi_client_event copilot_events[] = {
    {"userPromptSubmitted", KMI_EVENT_PROMPT, KMI_ANSWER_FLAT, "prompt", NULL},
    {"agentStop", KMI_EVENT_TURN_END, KMI_ANSWER_NONE, NULL, NULL},
    {"sessionStart", KMI_EVENT_SESSION_START, KMI_ANSWER_FLAT, NULL, NULL},
    {"sessionEnd", KMI_EVENT_SESSION_END, KMI_ANSWER_NONE, NULL, NULL},
    {"preCompact", KMI_EVENT_COMPACTION, KMI_ANSWER_NONE, NULL, NULL},
    {"postToolUse", KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
    {NULL, KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
};

static const kmi_client_event cursor_events[] = {
    {"beforeSubmitPrompt", KMI_EVENT_PROMPT, KMI_ANSWER_NONE, "prompt", NULL},
    {"afterAgentResponse", KMI_EVENT_TURN_END, KMI_ANSWER_NONE, NULL, "text"},
    {"stop", KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
    {"preCompact", KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
    {NULL, KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
};

/* For plugins and scripts: {"session_id", "prompt", "response"} in, text out. */
static const kmi_client_event generic_events[] = {
    {"prompt", KMI_EVENT_PROMPT, KMI_ANSWER_TEXT, "prompt", NULL},
    {"turn-end", KMI_EVENT_TURN_END, KMI_ANSWER_NONE, "prompt", "response"},
    {"session-start", KMI_EVENT_SESSION_START, KMI_ANSWER_TEXT, NULL, NULL},
    {"session-end", KMI_EVENT_SESSION_END, KMI_ANSWER_NONE, NULL, NULL},
    {"compaction", KMI_EVENT_COMPACTION, KMI_ANSWER_NONE, NULL, NULL},
    {"tool", KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
    {NULL, KMI_EVENT_NOTHING, KMI_ANSWER_NONE, NULL, NULL},
};

const kmi_client kmi_clients[] = {
    {.name = "claude-code",
     .checked = "2.1.330",
     .session = "session_id",
     .turn = "prompt_id",
     .transcript = "transcript_path",
     .silent_if = "COPILOT_CLI", /* Copilot also runs the hooks of .claude/settings.json */
     .transcript_rows = kmi_transcript_claude,
     .events = claude_events},
    {.name = "codex",
     .checked = "0.169.0",
     .session = "session_id",
     .turn = "turn_id",
     .transcript = "transcript_path",
     .transcript_rows = kmi_transcript_codex,
     .events = claude_events},
    {.name = "gemini",
     .checked = "0.61.0",
     .session = "session_id",
     .transcript = "transcript_path",
     .transcript_rows = kmi_transcript_gemini,
     .events = gemini_events},
    {.name = "copilot",
     .checked = "1.0.102",
     .session = "sessionId",
     .transcript = "transcriptPath",
     .transcript_rows = kmi_transcript_copilot,
     .events = copilot_events},
    {.name = "cursor", .session = "conversation_id", .turn = "generation_id", .events = cursor_events},
    {.name = "opencode", .session = "session_id", .turn = "turn_id", .events = generic_events},
    {.name = "generic", .session = "session_id", .turn = "turn_id", .events = generic_events},
    {.name = NULL},
};

const kmi_client *kmi_client_find(const char *name) {
    for (const kmi_client *client = kmi_clients; client->name != NULL; client++)
        if (strcmp(client->name, name) == 0) return client;
    return NULL;
}

const kmi_client_event *kmi_client_find_event(const kmi_client *client, const char *name) {
    for (const kmi_client_event *event = client->events; event->name != NULL; event++)
        if (strcmp(event->name, name) == 0) return event;
    return NULL;
}
