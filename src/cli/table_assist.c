/* Rows of the command table for assistants: mcp and hook. */
#include "cli/command.h"

const kmi_command kmi_command_mcp = {
    .name = "mcp",
    .summary = "serve this memory to an assistant: Model Context Protocol on standard input and output",
    .details =
        "Assistants start it; it is not for people. It opens nothing before a tool is called, keeps no port and no "
        "file, and ends with its input. Revisions 2026-07-28 and 2024-11-05 to 2025-11-25.\n\n"
        "Tools: recall, learn, recent, forget, status. docs/assistants.md tells how to set up each assistant.",
    .examples = "kuzu-memory mcp\n"
                "kuzu-memory mcp --project ~/projects/shop",
    .run = kmi_run_mcp};

static const kmi_option hook_client = {.slot = KMI_SLOT_CLIENT,
                                       .name = "client",
                                       .kind = KMI_VALUE_TEXT,
                                       .argument = "NAME",
                                       .help = "assistant that calls: its input and answer are in its own format"};
static const kmi_option *const hook_options[] = {&hook_client, NULL};

const kmi_command kmi_command_hook = {
    .name = "hook",
    .arguments = "EVENT",
    .least_arguments = 1,
    .most_arguments = 1,
    .summary = "be an assistant's hook: its JSON on standard input, the answer on standard output",
    .details =
        "Assistants call it; it is not for people. Adds what fits to a prompt, tells what holds in the project when a "
        "session starts, and learns what was said when a turn ends. Whatever arrives, the exit code is 0, nothing is "
        "written to standard error, and it does not block.\n\n"
        "EVENT is the client's own name of the event, such as UserPromptSubmit. Clients: claude-code, codex, gemini, "
        "copilot, cursor, opencode, generic.",
    .examples = "kuzu-memory hook UserPromptSubmit --client claude-code",
    .options = hook_options,
    .is_silent = true,
    .run = kmi_run_hook};
