/* prose.h - what of a text is prose: blocks without code, logs, traces, dumps, quotations and injected context. */
#ifndef KMI_EXTRACT_PROSE_H
#define KMI_EXTRACT_PROSE_H

#include <stdint.h>

#include "util/slice.h"

typedef enum kmi_line_kind {
    KMI_LINE_BLANK,
    KMI_LINE_PROSE,
    KMI_LINE_ITEM,    /* list item: "- x", "* x", "1. x" */
    KMI_LINE_HEADING, /* "# x", underline rules, "Project notes:" */
    KMI_LINE_QUOTE,   /* "> x" */
    KMI_LINE_FENCE,   /* ``` or ~~~ */
    KMI_LINE_CODE,
    KMI_LINE_LOG,
    KMI_LINE_TRACE,
    KMI_LINE_SHELL,  /* "$ command" */
    KMI_LINE_DATA,   /* JSON, CSV, tables, diffs, manifests */
    KMI_LINE_CONTEXT /* what `enhance` put there */
} kmi_line_kind;

/* Returns: what one line looks like on its own. */
kmi_line_kind kmi_line_classify(kmi_slice line);
/* Returns: bytes of the marker before the text of a list item ("- [ ] "), 0 if it is none. */
size_t kmi_line_item_marker(kmi_slice line);
/* True if a line reads as a sentence: a capital or a letter first, words, an end mark. */
bool kmi_line_is_sentence(kmi_slice line);

typedef struct kmi_prose_block {
    kmi_slice text;          /* prose: may hold single newlines inside (a wrapped paragraph) */
    bool is_item;            /* one item of a list */
    bool ends_with_colon;    /* a heading or the line before a list */
    const char *skip_reason; /* not NULL: no prose, and why */
} kmi_prose_block;

typedef struct kmi_prose {
    kmi_slice text;
    size_t at;              /* next line */
    bool is_after_output;   /* the lines before were logs, shell or data */
    size_t keys_checked;    /* lines before this are no run of keys */
    bool has_no_fence_end;  /* no closing fence follows any more */
    uint32_t unclosed_tags; /* of kmi_injected_at(): no end follows any more */
} kmi_prose;

void kmi_prose_init(kmi_prose *prose, kmi_slice text);
/* Gives the next block. Returns false behind the last. */
bool kmi_prose_next(kmi_prose *prose, kmi_prose_block *ret_block);

#endif
