/* A tag of someone else counts only with its end: without one it is a word that somebody wrote. Our own block may have
 * lost its end where a client cut it; it holds no empty line, so it ends at the first. */
#include "base/injected.h"

#include <string.h>

typedef struct tag {
    const char *open, *close;
    bool is_ours;
} tag;

static const tag tags[] = {
    {KMI_INJECTED_OPEN, KMI_INJECTED_CLOSE, true},
    {"&lt;kuzu-memory&gt;", "&lt;/kuzu-memory&gt;", true},
    {"<hook_context>", "</hook_context>", false},               /* Gemini CLI: hooks */
    {"<untrusted_context>", "</untrusted_context>", false},     /* Gemini CLI: answers of tools */
    {"<session_context>", "</session_context>", false},         /* Gemini CLI: its own */
    {"<system-reminder>", "</system-reminder>", false},         /* Claude Code */
    {"<system_reminder>", "</system_reminder>", false},         /* Copilot */
    {"<environment_context>", "</environment_context>", false}, /* Codex */
    {"<user_instructions>", "</user_instructions>", false},     /* Codex: AGENTS.md */
    {"<permissions instructions>", "</permissions instructions>", false},
    {"<command-name>", "</command-name>", false}, /* Claude Code: a slash command and what it printed */
    {"<command-message>", "</command-message>", false},
    {"<command-args>", "</command-args>", false},
    {"<local-command-stdout>", "</local-command-stdout>", false},
    {"<local-command-caveat>", "</local-command-caveat>", false},
    {"<current_datetime>", "</current_datetime>", false}, /* Copilot */
};

static size_t end_of_ours(kmi_slice text, size_t from) {
    size_t end = kmi_slice_find(text, KMI_SLICE_LITERAL("\n\n"), from);
    return end != SIZE_MAX ? end : text.len;
}

bool kmi_injected_at(kmi_slice text, size_t at, uint32_t *unclosed, size_t *ret_end) {
    if (at >= text.len || (text.ptr[at] != '<' && text.ptr[at] != '&')) return false;
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        kmi_slice open = kmi_slice_from(tags[i].open);
        if (!kmi_slice_starts_with(kmi_slice_sub(text, at, open.len), open)) continue;
        size_t end = SIZE_MAX;
        if ((*unclosed & 1U << i) == 0) end = kmi_slice_find(text, kmi_slice_from(tags[i].close), at + open.len);
        if (end == SIZE_MAX) *unclosed |= 1U << i;
        if (end == SIZE_MAX && !tags[i].is_ours) return false;
        *ret_end = end != SIZE_MAX ? end + strlen(tags[i].close) : end_of_ours(text, at + open.len);
        return true;
    }
    return false;
}

void kmi_injected_strip(kmi_slice text, kmi_buf *buf) {
    uint32_t unclosed = 0;
    size_t kept = 0;
    for (size_t at = 0; at < text.len;) {
        size_t end = 0;
        if (!kmi_injected_at(text, at, &unclosed, &end)) {
            at++;
            continue;
        }
        kmi_buf_add(buf, text.ptr + kept, at - kept);
        at = kept = end;
    }
    kmi_buf_add(buf, text.ptr + kept, text.len - kept);
}
