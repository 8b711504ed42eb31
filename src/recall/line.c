/* A memory is data from somewhere: it may have been learnt from a web page or another person's message. It goes into the
 * prompt on one line, so that it cannot open a section of its own, close ours, or carry text that people do not see (direction
 * overrides, tag characters, zero-width characters). Nothing of what it says is judged here. */
#include "recall/line.h"

#include <string.h>

#include "base/text.h"

/* Characters that show nothing but change how a text reads. Joiners within emoji and scripts (U+200C, U+200D) stay. */
static bool is_invisible(int32_t c) {
    return c == 0xAD || c == 0x61C || c == 0x200B || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
           (c >= 0xE0000 && c <= 0xE007F);
}

static bool is_blank(int32_t c) {
    return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x2028 || c == 0x2029;
}

/* Characters that make a heading, a list item or a quotation of what follows when they stand first. */
static bool is_opener(char c) {
    return c != '\0' && strchr("#>*=|~`-+", c) != NULL;
}

/* A tag that clients use to tell who speaks: "</system-reminder>", "<user>", "<kuzu-memory>". Code such as List<int> or
 * <UserProvider> is none. */
static bool is_role_tag(kmi_slice text, size_t at) {
    static const char *const names[] = {"system", "user",     "human",   "assistant", "developer", "hook",
                                        "tool",   "function", "context", "untrusted", "kuzu",      "instructions"};
    if (at < text.len && text.ptr[at] == '/') at++;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        kmi_slice name = kmi_slice_from(names[i]);
        if (!kmi_slice_equal_nocase(kmi_slice_sub(text, at, name.len), name)) continue;
        size_t end = at + name.len;
        if (end >= text.len || strchr("> -_/:\t\r\n", text.ptr[end]) != NULL) return true;
    }
    return false;
}

typedef struct line_writer {
    kmi_buf *buf;
    size_t chars, max_chars;
    bool wants_space;
    bool has_hash; /* the last character was '#' */
} line_writer;

/* Returns: false when the line is full. */
static bool add_char(line_writer *writer, kmi_slice bytes, int32_t c) {
    if (is_invisible(c)) return true;
    if (is_blank(c)) {
        writer->wants_space = writer->chars > 0;
        return true;
    }
    if (c == '#' && writer->has_hash) return true; /* "##" opens a section, wherever a reader looks for it */
    size_t needed = writer->wants_space ? 2 : 1;
    if (writer->chars + needed > writer->max_chars) return false;
    if (writer->wants_space) kmi_buf_add_char(writer->buf, ' ');
    kmi_buf_add_slice(writer->buf, bytes);
    writer->chars += needed;
    writer->wants_space = false;
    writer->has_hash = c == '#';
    return true;
}

static size_t skip_blanks(kmi_slice text, size_t at) {
    while (at < text.len) {
        size_t next = at;
        int32_t c = kmi_text_next(text, &next);
        if (!is_blank(c) && !is_invisible(c)) break;
        at = next;
    }
    return at;
}

/* Finds where the sentence starts: behind markers, but not behind signs that belong to a word ("*.c", "-Wall", "#42"). */
static size_t find_start(kmi_slice text) {
    size_t at = skip_blanks(text, 0);
    for (;;) {
        size_t end = at;
        while (end < text.len && is_opener(text.ptr[end])) end++;
        size_t next = skip_blanks(text, end);
        if (end == at || (next == end && end < text.len)) return at;
        at = next;
    }
}

size_t kmi_line_add(kmi_slice text, size_t max_chars, kmi_buf *buf) {
    if (max_chars == 0) return 0;
    line_writer writer = {.buf = buf, .max_chars = max_chars < KMI_LINE_CHARS_MAX ? max_chars : KMI_LINE_CHARS_MAX};
    size_t at = find_start(text);
    size_t len_before_last = buf->len;
    while (at < text.len) {
        size_t start = at;
        size_t len = buf->len;
        int32_t c = kmi_text_next(text, &at);
        kmi_slice bytes = kmi_slice_sub(text, start, at - start);
        if (c == '<' && is_role_tag(text, at)) bytes = KMI_SLICE_LITERAL("‹");
        if (!add_char(&writer, bytes, c)) {
            bool has_room = writer.chars < writer.max_chars; /* else the last character makes room */
            if (!has_room && kmi_buf_status(buf) == KM_OK) {
                buf->len = len_before_last;
                buf->ptr[buf->len] = '\0';
            }
            kmi_buf_add_text(buf, "…");
            return writer.chars + (has_room ? 1 : 0);
        }
        if (buf->len > len) len_before_last = len;
    }
    return writer.chars;
}
