#include "import/formats.h"

#include "cli/command.h"
#include "import/graph_file.h"
#include "import/markdown.h"
#include "import/memory_file.h"

static bool read_graph(kmi_slice text, const kmi_import_reading *reading, kmi_note_visit visit, void *context) {
    (void)reading;
    return kmi_graph_file_read(text, visit, context);
}

static bool read_claude_memory(kmi_slice text, const kmi_import_reading *reading, kmi_note_visit visit, void *context) {
    (void)reading;
    return kmi_memory_file_read(text, visit, context);
}

static bool read_codex_memory(kmi_slice text, const kmi_import_reading *reading, kmi_note_visit visit, void *context) {
    kmi_markdown_options options = {.kind = KMI_MARKDOWN_CODEX, .folder = reading->project};
    return kmi_markdown_read(text, &options, visit, context);
}

static bool read_rules(kmi_slice text, const kmi_import_reading *reading, kmi_note_visit visit, void *context) {
    (void)reading;
    kmi_memory_head head = kmi_memory_head_read(text); /* of a rule of Cursor */
    kmi_markdown_options options = {.kind = KMI_MARKDOWN_RULES, .first_line = head.lines + 1};
    return kmi_markdown_read(kmi_slice_sub(text, head.end, text.len), &options, visit, context);
}

const kmi_import_format kmi_import_formats[] = {
    {.name = "export", .title = "export", .kind = KMI_IMPORT_EXPORT},
    {.name = "rules", .title = "rules for assistants", .kind = KMI_IMPORT_NOTES, .read = read_rules},
    {.name = "claude-memory",
     .title = "memory of Claude Code",
     .kind = KMI_IMPORT_NOTES,
     .source = "claude-code:memory",
     .is_one_statement = true,
     .read = read_claude_memory},
    {.name = "codex-memory",
     .title = "memory of Codex",
     .kind = KMI_IMPORT_NOTES,
     .source = "codex:memory",
     .read = read_codex_memory},
    {.name = "memory-server",
     .title = "memory server",
     .kind = KMI_IMPORT_NOTES,
     .source = "memory-server",
     .read = read_graph},
    {.name = "claude-code",
     .title = "conversation with Claude Code",
     .kind = KMI_IMPORT_CONVERSATION,
     .source = "claude-code",
     .client = "claude-code"},
    {.name = "codex",
     .title = "conversation with Codex",
     .kind = KMI_IMPORT_CONVERSATION,
     .source = "codex",
     .client = "codex"},
    {.name = "gemini",
     .title = "conversation with Gemini CLI",
     .kind = KMI_IMPORT_CONVERSATION,
     .source = "gemini",
     .client = "gemini"},
    {.name = "copilot",
     .title = "conversation with Copilot CLI",
     .kind = KMI_IMPORT_CONVERSATION,
     .source = "copilot",
     .client = "copilot"},
    {.name = NULL},
};

const kmi_import_format *kmi_import_format_find(const char *name) {
    for (const kmi_import_format *format = kmi_import_formats; format->name != NULL; format++)
        if (strcmp(format->name, name) == 0) return format;
    return NULL;
}

const char *const *kmi_import_format_names(void) {
    static const char *names[sizeof kmi_import_formats / sizeof kmi_import_formats[0]];
    for (size_t i = 0; kmi_import_formats[i].name != NULL; i++) names[i] = kmi_import_formats[i].name;
    return names;
}

/* ---- Looking ---- */

static bool holds(kmi_slice text, const char *word) {
    return kmi_slice_find(text, kmi_slice_from(word), 0) != SIZE_MAX;
}

/* Lines of JSON are told apart by members that only one of their writers knows. Spaces after colons differ, names do not. */
static const char *detect_json(kmi_slice text) {
    static const struct {
        const char *first, *second;
        const char *format;
    } signs[] = {
        {"\"observations\"", "\"entityType\"", "memory-server"},
        {"\"relationType\"", "\"from\"", "memory-server"},
        {"\"session_meta\"", "\"payload\"", "codex"},
        {"\"sessionId\"", "\"projectHash\"", "gemini"},
        {"\"session.start\"", "\"data\"", "copilot"},
        {"\"sessionId\"", "\"type\"", "claude-code"},
    };
    if (holds(text, "\"record\"") || holds(text, "\"memories\"")) return "export";
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (holds(text, signs[i].first) && holds(text, signs[i].second)) return signs[i].format;
    return "export";
}

static const char *detect_markdown(kmi_slice name, kmi_slice text) {
    kmi_memory_head head = kmi_memory_head_read(text);
    bool is_memory = head.end > 0 && head.name.len > 0 && head.description.len > 0 && !head.has_globs;
    if (is_memory) return "claude-memory";
    bool is_summary = kmi_slice_starts_with(text, KMI_SLICE_LITERAL("v1\n")) || holds(text, "\n## User Profile");
    if (kmi_slice_starts_with(text, KMI_SLICE_LITERAL("# Task Group:")) || holds(text, "\n# Task Group:") || is_summary)
        return "codex-memory";
    return kmi_slice_equal(name, KMI_SLICE_LITERAL("MEMORY.md")) ? "claude-memory" : "rules";
}

const kmi_import_format *kmi_import_format_detect(const char *path, kmi_slice beginning) {
    static const kmi_slice rule_endings[] = {KMI_SLICE_LITERAL(".md"), KMI_SLICE_LITERAL(".mdc"),
                                             KMI_SLICE_LITERAL(".markdown"), KMI_SLICE_LITERAL("rules")};
    const char *slash = strrchr(path, '/');
    kmi_slice name = kmi_slice_from(slash != NULL ? slash + 1 : path);
    kmi_slice text = kmi_slice_starts_with(beginning, KMI_SLICE_LITERAL("\xEF\xBB\xBF"))
                         ? kmi_slice_sub(beginning, 3, beginning.len)
                         : beginning;
    kmi_slice start = kmi_slice_trim(text);
    bool is_json = start.len > 0 && memchr("{[", start.ptr[0], 2) != NULL;
    bool is_markdown = false;
    for (size_t i = 0; i < sizeof rule_endings / sizeof rule_endings[0]; i++)
        is_markdown = is_markdown || kmi_slice_ends_with(name, rule_endings[i]);
    const char *found = is_markdown ? detect_markdown(name, text) : is_json ? detect_json(text) : "export";
    return kmi_import_format_find(found);
}
