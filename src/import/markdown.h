/* markdown.h - statements in Markdown: rules in AGENTS.md and its like, and the memories that assistants write.
 *
 * Items of lists are statements, and so are sentences of prose that demand something ("Never push to main."); other prose,
 * code, tables, comments, and lists of links are not. A statement carries its heading and the line that leads into its list,
 * because "use tabs" below "Don't" means the opposite. */
#ifndef KMI_IMPORT_MARKDOWN_H
#define KMI_IMPORT_MARKDOWN_H

#include "import/note.h"

typedef enum kmi_markdown_kind {
    KMI_MARKDOWN_RULES,  /* a file of rules for assistants */
    KMI_MARKDOWN_CLAUDE, /* a file of Claude Code's memory that has no head, or more in it than one statement */
    KMI_MARKDOWN_CODEX   /* MEMORY.md or memory_summary.md of Codex */
} kmi_markdown_kind;

typedef struct kmi_markdown_options {
    kmi_markdown_kind kind;
    kmi_slice folder;    /* KMI_MARKDOWN_CODEX: groups that apply to another folder are left out; empty: none are */
    const char *type;    /* for what has no type of its own; NULL: the learner decides */
    uint64_t first_line; /* number of the first line; 0: 1 */
} kmi_markdown_options;

/* Visits all statements in their order. Returns: false when the visitor stopped it. */
bool kmi_markdown_read(kmi_slice text, const kmi_markdown_options *options, kmi_note_visit visit, void *context);

#endif
