/* The table. A new client is one row; a new place is one entry. No hooks after tools: what they did stands in the transcript,
 * which is read at the end of the turn. */
#include "install/clients.h"

#include <string.h>

/* An item of a list of hooks is ours when a command in it runs our program's `hook`. */
static bool is_our_hook(kmi_slice text, const kmi_jsonc_node *item) {
    const kmi_jsonc_node *command = kmi_jsonc_member(item, "command");
    if (command == NULL) command = kmi_jsonc_member(item, "bash");
    if (command != NULL) {
        kmi_slice words = kmi_jsonc_text(text, command);
        if (kmi_slice_find(words, KMI_SLICE_LITERAL("kuzu-memory"), 0) != SIZE_MAX) {
            const kmi_jsonc_node *arguments = kmi_jsonc_member(item, "args");
            const kmi_jsonc_node *first = arguments != NULL ? arguments->first_child : NULL;
            if (first != NULL) return kmi_slice_equal(kmi_jsonc_text(text, first), KMI_SLICE_LITERAL("hook"));
            return kmi_slice_find(words, KMI_SLICE_LITERAL(" hook "), 0) != SIZE_MAX;
        }
    }
    for (const kmi_jsonc_node *child = item->first_child; child != NULL; child = child->next) {
        if (is_our_hook(text, child)) return true;
    }
    return false;
}

#define MCP_ENTRY(container, format_, user, project, value_) \
    { \
        .kind = KMI_INSTALL_MCP, .format = (format_), .user_file = (user), .project_file = (project), \
        .place = {.keys = {(container), "kuzu-memory"}}, .value = (value_) \
    }
#define HOOK_ENTRY(format_, user, project, event, value_) \
    { \
        .kind = KMI_INSTALL_HOOK, .format = (format_), .user_file = (user), .project_file = (project), \
        .place = {.keys = {"hooks", (event)}, .is_item = true, .is_ours = is_our_hook}, .value = (value_) \
    }

static const char STDIO_SERVER[] = "{\"type\":\"stdio\",\"command\":@PROGRAM@,\"args\":[\"mcp\"]}";
static const char PLAIN_SERVER[] = "{\"command\":@PROGRAM@,\"args\":[\"mcp\"]}";

#define CLAUDE_HOOK(event) \
    HOOK_ENTRY(KMI_INSTALL_JSON, ".claude/settings.json", ".claude/settings.json", event, \
               "{\"hooks\":[{\"type\":\"command\",\"command\":@PROGRAM@,\"args\":[\"hook\",\"" event \
               "\",\"--client\",\"claude-code\"],\"timeout\":5}]}")
static const kmi_install_entry claude_code[] = {
    MCP_ENTRY("mcpServers", KMI_INSTALL_JSON, ".claude.json", ".mcp.json", STDIO_SERVER),
    CLAUDE_HOOK("SessionStart"),
    CLAUDE_HOOK("UserPromptSubmit"),
    CLAUDE_HOOK("SessionEnd"),
    CLAUDE_HOOK("PreCompact"),
    CLAUDE_HOOK("Stop"),
};

#define CODEX_HOOK(event) \
    HOOK_ENTRY(KMI_INSTALL_JSON, ".codex/hooks.json", ".codex/hooks.json", event, \
               "{\"hooks\":[{\"type\":\"command\",\"command\":@HOOK " event " --client codex@,\"timeout\":5}]}")
static const kmi_install_entry codex[] = {
    {.kind = KMI_INSTALL_MCP,
     .format = KMI_INSTALL_TOML,
     .user_file = ".codex/config.toml",
     .project_file = ".codex/config.toml",
     .table = "mcp_servers.kuzu-memory",
     .value = "command = @PROGRAM@\nargs = [\"mcp\"]\n"},
    CODEX_HOOK("SessionStart"),
    CODEX_HOOK("UserPromptSubmit"),
    CODEX_HOOK("SessionEnd"),
    CODEX_HOOK("PreCompact"),
    CODEX_HOOK("Stop"),
};

#define GEMINI_HOOK(event) \
    HOOK_ENTRY(KMI_INSTALL_JSONC, ".gemini/settings.json", ".gemini/settings.json", event, \
               "{\"hooks\":[{\"name\":\"kuzu-memory\",\"type\":\"command\",\"command\":@HOOK " event \
               " --client gemini@,\"timeout\":5000}]}")
static const kmi_install_entry gemini[] = {
    MCP_ENTRY("mcpServers", KMI_INSTALL_JSONC, ".gemini/settings.json", ".gemini/settings.json", PLAIN_SERVER),
    GEMINI_HOOK("SessionStart"),
    GEMINI_HOOK("BeforeAgent"),
    GEMINI_HOOK("SessionEnd"),
    GEMINI_HOOK("AfterAgent"),
};

#define COPILOT_HOOK(event) \
    "\"" event "\":[{\"type\":\"command\",\"bash\":@HOOK " event " --client copilot@,\"timeoutSec\":5}]"
static const kmi_install_entry copilot[] = {
    MCP_ENTRY("mcpServers", KMI_INSTALL_JSONC, ".copilot/mcp-config.json", ".mcp.json", STDIO_SERVER),
    {.kind = KMI_INSTALL_HOOK,
     .format = KMI_INSTALL_OWN_FILE,
     .user_file = ".copilot/hooks/kuzu-memory.json",
     .project_file = ".github/hooks/kuzu-memory.json",
     .value = "{\"version\":1,\"hooks\":{" COPILOT_HOOK("sessionStart") "," COPILOT_HOOK(
         "userPromptSubmitted") "," COPILOT_HOOK("sessionEnd") "," COPILOT_HOOK("agentStop") "}}"},
};

static const kmi_install_entry opencode[] = {
    MCP_ENTRY("mcp", KMI_INSTALL_JSONC, ".config/opencode/opencode.json", "opencode.json",
              "{\"type\":\"local\",\"command\":[@PROGRAM@,\"mcp\"]}"),
};
static const kmi_install_entry cursor[] = {
    MCP_ENTRY("mcpServers", KMI_INSTALL_JSON, ".cursor/mcp.json", ".cursor/mcp.json", PLAIN_SERVER),
};
static const kmi_install_entry vscode[] = {
    MCP_ENTRY("servers", KMI_INSTALL_JSONC, ".config/Code/User/mcp.json", ".vscode/mcp.json", STDIO_SERVER),
};
static const kmi_install_entry claude_desktop[] = {
    MCP_ENTRY("mcpServers", KMI_INSTALL_JSON, ".config/Claude/claude_desktop_config.json", NULL, PLAIN_SERVER),
};
static const kmi_install_entry windsurf[] = {
    MCP_ENTRY("mcpServers", KMI_INSTALL_JSON, ".codeium/windsurf/mcp_config.json", NULL, PLAIN_SERVER),
};
static const kmi_install_entry antigravity[] = {
    MCP_ENTRY("mcpServers", KMI_INSTALL_JSON, ".gemini/antigravity/mcp_config.json", NULL, PLAIN_SERVER),
};
static const kmi_install_entry zed[] = {
    MCP_ENTRY("context_servers", KMI_INSTALL_JSONC, ".config/zed/settings.json", ".zed/settings.json",
              "{\"command\":@PROGRAM@,\"args\":[\"mcp\"],\"env\":{}}"),
};
static const kmi_install_entry kiro[] = {
    MCP_ENTRY("mcpServers", KMI_INSTALL_JSON, ".kiro/settings/mcp.json", ".kiro/settings/mcp.json", PLAIN_SERVER),
};
static const kmi_install_entry cline[] = {
    MCP_ENTRY("mcpServers", KMI_INSTALL_JSON,
              ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json", NULL,
              PLAIN_SERVER),
};
/* Besides its YAML, Continue reads every file of this folder, in the form that others have. */
static const kmi_install_entry continue_dev[] = {
    {.kind = KMI_INSTALL_MCP,
     .format = KMI_INSTALL_OWN_FILE,
     .project_file = ".continue/mcpServers/kuzu-memory.json",
     .value = "{\"mcpServers\":{\"kuzu-memory\":{\"command\":@PROGRAM@,\"args\":[\"mcp\"]}}}"},
};
static const kmi_install_entry roo[] = {
    MCP_ENTRY("mcpServers", KMI_INSTALL_JSON, NULL, ".roo/mcp.json", PLAIN_SERVER),
};

#define ENTRIES(table) .entries = (table), .entry_count = sizeof(table) / sizeof((table)[0])

const kmi_install_client KMI_INSTALL_CLIENTS[] = {
    {.name = "claude-code",
     .title = "Claude Code",
     .program = "claude",
     .folder = ".claude",
     .checked = "2.1.330",
     .advice =
         "a server in .mcp.json waits for your approval: start claude in the project once, or look at it with /mcp",
     ENTRIES(claude_code)},
    {.name = "codex",
     .title = "Codex",
     .program = "codex",
     .folder = ".codex",
     .checked = "0.169.0",
     .advice = "codex runs no hook that you have not trusted, and does not say so: start codex and run /hooks",
     ENTRIES(codex)},
    {.name = "gemini",
     .title = "Gemini CLI",
     .program = "gemini",
     .folder = ".gemini",
     .checked = "0.61.0",
     .advice = "gemini ignores servers and hooks in a folder that you have not trusted: start gemini there once",
     ENTRIES(gemini)},
    {.name = "copilot",
     .title = "GitHub Copilot CLI",
     .program = "copilot",
     .folder = ".copilot",
     .checked = "1.0.102",
     .advice = "copilot ignores a project's servers and hooks in a folder that you have not trusted: start copilot "
               "there once",
     ENTRIES(copilot)},
    {.name = "opencode",
     .title = "opencode",
     .program = "opencode",
     .folder = ".config/opencode",
     .checked = "1.18.33",
     ENTRIES(opencode)},
    {.name = "cursor", .title = "Cursor", .program = "cursor", .folder = ".cursor", ENTRIES(cursor)},
    {.name = "vscode",
     .title = "VS Code",
     .program = "code",
     .folder = ".config/Code",
     .advice = "VS Code asks before it starts a new server: confirm it there",
     ENTRIES(vscode)},
    {.name = "claude-desktop",
     .title = "Claude Desktop",
     .folder = ".config/Claude",
     .advice = "restart Claude Desktop",
     ENTRIES(claude_desktop)},
    {.name = "windsurf", .title = "Windsurf", .program = "windsurf", .folder = ".codeium/windsurf", ENTRIES(windsurf)},
    {.name = "antigravity", .title = "Antigravity", .folder = ".gemini/antigravity", ENTRIES(antigravity)},
    {.name = "zed", .title = "Zed", .program = "zed", .folder = ".config/zed", ENTRIES(zed)},
    {.name = "kiro", .title = "Kiro", .program = "kiro", .folder = ".kiro", ENTRIES(kiro)},
    {.name = "roo", .title = "Roo Code", ENTRIES(roo)},
    {.name = "cline",
     .title = "Cline",
     .folder = ".config/Code/User/globalStorage/saoudrizwan.claude-dev",
     ENTRIES(cline)},
    {.name = "continue", .title = "Continue", .folder = ".continue", ENTRIES(continue_dev)},
    {.name = NULL},
};

const kmi_install_client *kmi_install_client_find(const char *name) {
    for (const kmi_install_client *client = KMI_INSTALL_CLIENTS; client->name != NULL; client++) {
        if (strcmp(client->name, name) == 0) return client;
    }
    return NULL;
}
