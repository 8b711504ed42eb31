#include "import/memory_file.h"

#include "import/markdown.h"
#include "util/buf.h"

enum { whole_chars = 1500 }; /* a body up to this size is one statement */

static kmi_slice next_line(kmi_slice text, size_t *at) {
    const char *newline = *at < text.len ? memchr(text.ptr + *at, '\n', text.len - *at) : NULL;
    size_t len = newline != NULL ? (size_t)(newline - text.ptr) - *at : text.len - *at;
    kmi_slice line = {text.ptr + *at, len};
    *at += newline != NULL ? len + 1 : len;
    return kmi_slice_trim(line);
}

static void take_value(kmi_slice line, kmi_slice key, kmi_slice *target) {
    if (!kmi_slice_starts_with(line, key)) return;
    kmi_slice value = kmi_slice_trim(kmi_slice_sub(line, key.len, line.len));
    bool is_quoted =
        value.len > 1 && memchr("\"'", value.ptr[0], 2) != NULL && value.ptr[value.len - 1] == value.ptr[0];
    *target = is_quoted ? kmi_slice_sub(value, 1, value.len - 2) : value;
}

kmi_memory_head kmi_memory_head_read(kmi_slice text) {
    static const kmi_slice dashes = KMI_SLICE_LITERAL("---");
    kmi_memory_head head = {.lines = 1};
    kmi_memory_head none = {.end = 0};
    size_t at = kmi_slice_starts_with(text, KMI_SLICE_LITERAL("\xEF\xBB\xBF")) ? 3 : 0;
    if (!kmi_slice_equal(next_line(text, &at), dashes)) return none;
    while (at < text.len) {
        kmi_slice line = next_line(text, &at);
        head.lines++;
        if (kmi_slice_equal(line, dashes)) {
            head.end = at;
            return head;
        }
        take_value(line, KMI_SLICE_LITERAL("name:"), &head.name);
        take_value(line, KMI_SLICE_LITERAL("description:"), &head.description);
        take_value(line, KMI_SLICE_LITERAL("type:"), &head.type); /* also inside of "metadata:" */
        head.has_globs = head.has_globs || kmi_slice_starts_with(line, KMI_SLICE_LITERAL("globs:")) ||
                         kmi_slice_starts_with(line, KMI_SLICE_LITERAL("alwaysApply:"));
    }
    return none;
}

static const char *choose_type(kmi_slice type) {
    static const struct {
        kmi_slice theirs;
        const char *ours;
    } types[] = {
        {KMI_SLICE_LITERAL("user"), "identity"},
        {KMI_SLICE_LITERAL("feedback"), "rule"},
        {KMI_SLICE_LITERAL("reference"), "fact"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (kmi_slice_equal(type, types[i].theirs)) return types[i].ours;
    return NULL; /* "project": whatever it is */
}

/* The body on one line, without emphasis and with the names of links instead of [[links]]. */
static void add_line(kmi_slice body, kmi_buf *buf) {
    for (size_t i = 0; i < body.len; i++) {
        char c = body.ptr[i];
        bool is_doubled = i + 1 < body.len && body.ptr[i + 1] == c;
        if (is_doubled && memchr("*[]", c, 3) != NULL) {
            i++;
        } else if (memchr(" \t\r\n", c, 4) == NULL) {
            kmi_buf_add_char(buf, c);
        } else if (buf->len > 0 && buf->ptr[buf->len - 1] != ' ') {
            kmi_buf_add_char(buf, ' ');
        }
    }
}

/* Headings, lists and code are signs of more than one statement. */
static bool is_one_statement(kmi_slice body) {
    size_t at = 0;
    if (body.len > whole_chars) return false;
    while (at < body.len) {
        kmi_slice line = next_line(body, &at);
        static const kmi_slice signs[] = {KMI_SLICE_LITERAL("#"),  KMI_SLICE_LITERAL("- "),  KMI_SLICE_LITERAL("* "),
                                          KMI_SLICE_LITERAL("1."), KMI_SLICE_LITERAL("```"), KMI_SLICE_LITERAL("|")};
        for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
            if (kmi_slice_starts_with(line, signs[i])) return false;
    }
    return true;
}

bool kmi_memory_file_read(kmi_slice text, kmi_note_visit visit, void *context) {
    kmi_memory_head head = kmi_memory_head_read(text);
    kmi_slice body = kmi_slice_sub(text, head.end, text.len);
    kmi_markdown_options options = {
        .kind = KMI_MARKDOWN_CLAUDE, .type = choose_type(head.type), .first_line = head.lines + 1};
    if (head.end == 0 || !is_one_statement(kmi_slice_trim(body)))
        return kmi_markdown_read(body, &options, visit, context);
    char storage[2 * whole_chars];
    kmi_buf line;
    kmi_buf_init_fixed(&line, storage, sizeof storage);
    add_line(kmi_slice_trim(body), &line);
    bool is_head_alone = line.len == 0;
    if (is_head_alone) kmi_buf_add_slice(&line, head.description);
    if (line.len == 0 || kmi_buf_status(&line) != KM_OK) return true;
    kmi_note note = {.text = kmi_slice_trim(kmi_buf_slice(&line)),
                     .heading = head.name,
                     .type = options.type,
                     .line = is_head_alone ? 1 : head.lines + 1};
    return visit(&note, NULL, context);
}
