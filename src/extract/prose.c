/* prose.c - walks over the lines of a text and hands out blocks of prose.
 *
 * A fenced passage is code whatever it holds; an opening fence without an end is only a stray line, since taking the rest
 * of the text for code would lose it. Lines between and behind pasted ones (the output of a command, the fields of a
 * dump) often look like nothing on their own: directly behind such lines only a full sentence counts as prose again. */
#include "extract/prose.h"

#include <stdint.h>
#include <string.h>

#include "base/injected.h"

#define WRAP_BYTES 60 /* a shorter line was ended by its writer, not wrapped */

void kmi_prose_init(kmi_prose *prose, kmi_slice text) {
    *prose = (kmi_prose){.text = text};
}

static kmi_slice line_at(kmi_slice text, size_t at) {
    const char *newline = memchr(text.ptr + at, '\n', text.len - at);
    size_t len = newline != NULL ? (size_t)(newline - (text.ptr + at)) : text.len - at;
    return (kmi_slice){text.ptr + at, len};
}

static size_t after_line(kmi_slice text, size_t at) {
    size_t next = at + line_at(text, at).len + 1;
    return next < text.len ? next : text.len;
}

/* The lines that `enhance` writes: see the plain and context formats. */
static bool is_context_opening(kmi_slice line) {
    static const char *const openings[] = {"## Relevant Context:",         "## Relevant context:",
                                           "## Relevant Memories:",        "🧠 Enhanced with",
                                           "ℹ️  No relevant memories", "ℹ️ No relevant memories"};
    for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++)
        if (kmi_slice_starts_with(line, kmi_slice_from(openings[i]))) return true;
    return false;
}

/* Takes injected context: everything from its heading up to the question's heading, or to the end of its list. */
static bool take_context(kmi_prose *prose, kmi_prose_block *ret_block) {
    size_t start = prose->at;
    kmi_slice line = kmi_slice_trim(line_at(prose->text, prose->at));
    bool has_list = kmi_slice_starts_with(line, KMI_SLICE_LITERAL("## "));
    prose->at = after_line(prose->text, prose->at);
    while (has_list && prose->at < prose->text.len) {
        line = kmi_slice_trim(line_at(prose->text, prose->at));
        bool is_question = kmi_slice_starts_with(line, KMI_SLICE_LITERAL("## User Question"));
        if (!is_question && line.len > 0 && kmi_line_item_marker(line) == 0) break;
        prose->at = after_line(prose->text, prose->at);
        if (is_question) break;
    }
    *ret_block =
        (kmi_prose_block){.text = kmi_slice_sub(prose->text, start, prose->at - start), .skip_reason = "context"};
    return true;
}

/* Takes what a machine put around our notes or its own between tags. Behind its end the line goes on. */
static bool take_injected(kmi_prose *prose, kmi_slice line, kmi_prose_block *ret_block) {
    size_t start = prose->at, end = 0;
    while (start < prose->at + line.len && (prose->text.ptr[start] == ' ' || prose->text.ptr[start] == '\t')) start++;
    if (!kmi_injected_at(prose->text, start, &prose->unclosed_tags, &end)) return false;
    *ret_block = (kmi_prose_block){.text = kmi_slice_sub(prose->text, start, end - start), .skip_reason = "context"};
    prose->at = end;
    return true;
}

static bool take_fence(kmi_prose *prose, kmi_prose_block *ret_block) {
    kmi_slice fence = kmi_slice_trim(line_at(prose->text, prose->at));
    char mark[4] = {fence.ptr[0], fence.ptr[0], fence.ptr[0], '\0'};
    size_t start = prose->at, at = after_line(prose->text, start);
    size_t end = SIZE_MAX;
    while (!prose->has_no_fence_end && at < prose->text.len) {
        kmi_slice line = kmi_slice_trim(line_at(prose->text, at));
        if (kmi_slice_starts_with(line, (kmi_slice){mark, 3})) {
            end = after_line(prose->text, at);
            break;
        }
        at = after_line(prose->text, at);
    }
    if (end == SIZE_MAX) {
        prose->has_no_fence_end = true;
        end = after_line(prose->text, start);
    }
    *ret_block = (kmi_prose_block){.text = kmi_slice_sub(prose->text, start, end - start), .skip_reason = "code"};
    prose->at = end;
    return true;
}

static const char *reason_of(kmi_line_kind kind) {
    switch (kind) {
    case KMI_LINE_QUOTE:
        return "quote";
    case KMI_LINE_CODE:
        return "code";
    case KMI_LINE_LOG:
        return "log";
    case KMI_LINE_TRACE:
        return "trace";
    case KMI_LINE_SHELL:
        return "shell";
    case KMI_LINE_DATA:
        return "data";
    case KMI_LINE_HEADING:
        return "heading";
    default:
        return NULL;
    }
}

/* Behind pasted lines, what is no sentence belongs to them. */
static bool continues_output(const kmi_prose *prose, kmi_slice line, kmi_line_kind kind) {
    return prose->is_after_output && (kind == KMI_LINE_PROSE || kind == KMI_LINE_ITEM) && !kmi_line_is_sentence(line);
}

/* Pasted lines in a row are one block. */
static bool take_pasted(kmi_prose *prose, kmi_line_kind kind, kmi_prose_block *ret_block) {
    size_t start = prose->at;
    const char *reason = reason_of(kind);
    while (prose->at < prose->text.len) {
        kmi_slice line = line_at(prose->text, prose->at);
        kmi_line_kind next = kmi_line_classify(line);
        const char *next_reason = reason_of(next);
        prose->is_after_output = true;
        bool belongs =
            (next_reason != NULL && next != KMI_LINE_HEADING && next != KMI_LINE_QUOTE && kind != KMI_LINE_QUOTE) ||
            next == kind || (kind != KMI_LINE_QUOTE && continues_output(prose, line, next));
        if (!belongs) break;
        prose->at = after_line(prose->text, prose->at);
    }
    if (kind == KMI_LINE_QUOTE) prose->is_after_output = false;
    *ret_block = (kmi_prose_block){.text = kmi_slice_sub(prose->text, start, prose->at - start), .skip_reason = reason};
    return true;
}

static bool ends_sentence(kmi_slice line) {
    line = kmi_slice_trim(line);
    while (line.len > 0 && strchr("\"')]*_`", line.ptr[line.len - 1]) != NULL) line.len--;
    if (line.len == 0 || strchr(".!?:;", line.ptr[line.len - 1]) != NULL) return true;
    return kmi_slice_ends_with(line, KMI_SLICE_LITERAL("。")) || kmi_slice_ends_with(line, KMI_SLICE_LITERAL("！")) ||
           kmi_slice_ends_with(line, KMI_SLICE_LITERAL("？"));
}

static bool is_wrapped(kmi_slice line, kmi_slice next) {
    kmi_slice trimmed = kmi_slice_trim(next);
    if (trimmed.len == 0 || ends_sentence(line)) return false;
    bool starts_lower = trimmed.ptr[0] >= 'a' && trimmed.ptr[0] <= 'z';
    return kmi_slice_trim(line).len >= WRAP_BYTES || starts_lower;
}

/* A paragraph: this line and those it is wrapped into. */
static bool take_prose(kmi_prose *prose, bool is_item, kmi_prose_block *ret_block) {
    size_t start = prose->at;
    kmi_slice line = line_at(prose->text, start);
    size_t end = start + line.len;
    prose->at = after_line(prose->text, prose->at);
    while (prose->at < prose->text.len) {
        kmi_slice next = line_at(prose->text, prose->at);
        if (!is_wrapped(line, next) || kmi_line_classify(next) != KMI_LINE_PROSE) break;
        line = next;
        end = prose->at + next.len;
        prose->at = after_line(prose->text, prose->at);
    }
    kmi_slice text = kmi_slice_trim(kmi_slice_sub(prose->text, start, end - start));
    if (is_item) text = kmi_slice_sub(text, kmi_line_item_marker(text), SIZE_MAX);
    *ret_block = (kmi_prose_block){.text = text, .is_item = is_item};
    ret_block->ends_with_colon = text.len > 0 && text.ptr[text.len - 1] == ':';
    prose->is_after_output = false;
    return true;
}

/* "jobs:" and "runs-on: linux", small letters and one word before the colon; "Content-Type: text/html". */
static bool is_key_line(kmi_slice line, bool *ret_is_nested) {
    kmi_slice trimmed = kmi_slice_trim(line);
    size_t at = 0, hyphens = 0;
    bool is_header = trimmed.len > 0 && trimmed.ptr[0] >= 'A' && trimmed.ptr[0] <= 'Z';
    if (kmi_slice_starts_with(trimmed, KMI_SLICE_LITERAL("- "))) trimmed = kmi_slice_sub(trimmed, 2, SIZE_MAX);
    while (at < trimmed.len && at < 40 && trimmed.ptr[at] != ':' && trimmed.ptr[at] != ' ' &&
           (unsigned char)trimmed.ptr[at] < 0x80) {
        hyphens +=
            trimmed.ptr[at] == '-' && at + 1 < trimmed.len && trimmed.ptr[at + 1] >= 'A' && trimmed.ptr[at + 1] <= 'Z';
        at++;
    }
    if (at == 0 || at >= trimmed.len || trimmed.ptr[at] != ':' || (at + 1 < trimmed.len && trimmed.ptr[at + 1] != ' '))
        return false;
    *ret_is_nested |= at + 1 == trimmed.len || (line.len > 1 && line.ptr[0] == ' ') || hyphens > 0;
    return is_header ? hyphens > 0 : trimmed.ptr[0] >= 'a' && trimmed.ptr[0] <= 'z';
}

/* Lines of keys, nested somewhere, are a pasted configuration and not notes. */
static bool take_keys(kmi_prose *prose, kmi_prose_block *ret_block) {
    size_t at = prose->at, lines = 0;
    bool is_nested = false;
    while (at < prose->text.len && is_key_line(line_at(prose->text, at), &is_nested)) {
        at = after_line(prose->text, at);
        lines++;
    }
    prose->keys_checked = at > prose->at ? at : prose->at + 1; /* not asked again inside of this run */
    if (lines < 2 || !is_nested) return false;
    *ret_block =
        (kmi_prose_block){.text = kmi_slice_sub(prose->text, prose->at, at - prose->at), .skip_reason = "data"};
    prose->at = at;
    prose->is_after_output = true;
    return true;
}

bool kmi_prose_next(kmi_prose *prose, kmi_prose_block *ret_block) {
    while (prose->at < prose->text.len) {
        kmi_slice line = line_at(prose->text, prose->at);
        kmi_line_kind kind = kmi_line_classify(line);
        if (kind == KMI_LINE_BLANK) {
            prose->is_after_output = false;
            prose->at = after_line(prose->text, prose->at);
            continue;
        }
        if (is_context_opening(kmi_slice_trim(line))) return take_context(prose, ret_block);
        if (take_injected(prose, line, ret_block)) return true;
        if (kind == KMI_LINE_FENCE) return take_fence(prose, ret_block);
        if (kind == KMI_LINE_HEADING) {
            *ret_block = (kmi_prose_block){.text = kmi_slice_trim(line), .skip_reason = "heading"};
            prose->at = after_line(prose->text, prose->at);
            return true;
        }
        if (kind != KMI_LINE_PROSE && kind != KMI_LINE_ITEM) return take_pasted(prose, kind, ret_block);
        if (continues_output(prose, line, kind)) return take_pasted(prose, KMI_LINE_DATA, ret_block);
        if (prose->keys_checked <= prose->at && take_keys(prose, ret_block)) return true;
        return take_prose(prose, kind == KMI_LINE_ITEM, ret_block);
    }
    return false;
}
