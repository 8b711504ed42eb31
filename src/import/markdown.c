/* Line by line, with the little of Markdown that matters here: headings, lists, fences. A real parser would find more
 * structure than the question "is this line a statement?" can use, and every file that people write has some line that is
 * not what a parser wants. */
#include "import/markdown.h"

#include <stdio.h>

#include "import/demand.h"
#include "util/buf.h"

enum { depth_max = 6, code_indent = 4, words_min = 2 };

typedef struct item {
    size_t indent;                     /* of its marker */
    size_t inside;                     /* of what belongs to it */
    char lead[KMI_NOTE_HEADING_BYTES]; /* its text, if it leads into items below it; else empty */
} item;

typedef struct reader {
    const kmi_markdown_options *options;
    kmi_note_visit visit;
    void *context;
    bool is_stopped;
    uint64_t line; /* in hand */
    /* Where we are. */
    char title[KMI_NOTE_HEADING_BYTES];   /* of level 1 */
    char heading[KMI_NOTE_HEADING_BYTES]; /* the last one below it */
    char lead[KMI_NOTE_HEADING_BYTES];    /* a paragraph that ended with a colon */
    unsigned title_count;
    bool is_fenced, is_comment, is_foreign;
    char fence;
    size_t fence_len;
    item items[depth_max];
    size_t depth;
    /* What is being collected. */
    kmi_buf text;
    uint64_t text_line;
    bool is_item;
} reader;

/* ---- Small pieces ---- */

static kmi_slice keep(char to[KMI_NOTE_HEADING_BYTES], kmi_slice text) {
    size_t len = text.len < KMI_NOTE_HEADING_BYTES ? text.len : KMI_NOTE_HEADING_BYTES - 1;
    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xC0) == 0x80) len--;
    if (len > 0) memcpy(to, text.ptr, len);
    to[len] = '\0';
    return (kmi_slice){to, len};
}

static char first_char(kmi_slice text) {
    return text.len > 0 ? text.ptr[0] : '\0';
}

static size_t run_of(kmi_slice text, char c) {
    size_t len = 0;
    while (len < text.len && text.ptr[len] == c) len++;
    return len;
}

static kmi_slice without_colon(kmi_slice text) {
    while (text.len > 0 && memchr(":#* ", text.ptr[text.len - 1], 4) != NULL) text.len--;
    return text;
}

static size_t count_words(kmi_slice text) {
    size_t count = 0;
    bool is_inside = false;
    for (size_t i = 0; i < text.len; i++) {
        bool is_space = memchr(" \t", text.ptr[i], 2) != NULL;
        if (!is_space && !is_inside) count++;
        is_inside = !is_space;
    }
    return count;
}

/* Adds text without emphasis marks and with single spaces. */
static void add_plain(kmi_buf *buf, kmi_slice text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '*' && i + 1 < text.len && text.ptr[i + 1] == '*') {
            i++;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            if (buf->len > 0 && buf->ptr[buf->len - 1] != ' ') kmi_buf_add_char(buf, ' ');
        } else {
            kmi_buf_add_char(buf, c);
        }
    }
}

/* "`src/api`: the handlers" and "**Router** - where requests go" say what something is. */
static bool is_definition(kmi_slice text) {
    size_t end = 0;
    if (first_char(text) == '`') {
        end = kmi_slice_find(text, KMI_SLICE_LITERAL("`"), 1);
        if (end == SIZE_MAX) return false;
        end++;
    } else {
        while (end < text.len && text.ptr[end] != ' ' && text.ptr[end] != ':') end++;
        bool is_path = memchr(text.ptr, '/', end) != NULL;
        if (!is_path) return false;
    }
    kmi_slice rest = kmi_slice_trim(kmi_slice_sub(text, end, text.len));
    static const kmi_slice marks[] = {KMI_SLICE_LITERAL(":"), KMI_SLICE_LITERAL("- "),
                                      KMI_SLICE_LITERAL("\xE2\x80\x93"), KMI_SLICE_LITERAL("\xE2\x80\x94"),
                                      KMI_SLICE_LITERAL("(")};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (kmi_slice_starts_with(rest, marks[i])) return true;
    return false;
}

/* "[Title](file.md) — what it is about" points to a statement instead of being one. */
static bool is_pointer(kmi_slice text) {
    if (first_char(text) != '[') return false;
    size_t middle = kmi_slice_find(text, KMI_SLICE_LITERAL("]("), 0);
    size_t end = middle != SIZE_MAX ? kmi_slice_find(text, KMI_SLICE_LITERAL(")"), middle) : SIZE_MAX;
    if (end == SIZE_MAX) return false;
    kmi_slice target = kmi_slice_sub(text, middle + 2, end - middle - 2);
    return end + 1 == text.len || kmi_slice_ends_with(target, KMI_SLICE_LITERAL(".md"));
}

/* Cuts "[Task 1][Task 2]" off the end: references within the file. */
static kmi_slice without_references(kmi_slice text) {
    while (kmi_slice_ends_with(text, KMI_SLICE_LITERAL("]"))) {
        size_t at = text.len;
        while (at > 0 && text.ptr[at - 1] != '[') at--;
        if (!kmi_slice_starts_with(kmi_slice_sub(text, at, text.len), KMI_SLICE_LITERAL("Task "))) break;
        text = kmi_slice_trim(kmi_slice_sub(text, 0, at - 1));
    }
    return text;
}

/* ---- Sections of Codex ---- */

static const struct {
    kmi_slice heading;
    bool is_left_out;
    const char *type;
} codex_sections[] = {
    {KMI_SLICE_LITERAL("User preferences"), false, "preference"},
    {KMI_SLICE_LITERAL("User Profile"), false, "identity"},
    {KMI_SLICE_LITERAL("Failures and how to do differently"), false, "solution"},
    {KMI_SLICE_LITERAL("rollout_summary_files"), true, NULL},
    {KMI_SLICE_LITERAL("keywords"), true, NULL},
    {KMI_SLICE_LITERAL("What's in Memory"), true, NULL},
};

/* Returns: false when what stands under this heading is none of our business. */
static bool choose_section(kmi_slice heading, const char **ret_type) {
    for (size_t i = 0; i < sizeof codex_sections / sizeof codex_sections[0]; i++) {
        if (!kmi_slice_equal_nocase(heading, codex_sections[i].heading)) continue;
        *ret_type = codex_sections[i].type;
        return !codex_sections[i].is_left_out;
    }
    return true;
}

/* "applies_to: cwd=/home/me/app; …" binds a group of memories to a folder. */
static void note_folder(reader *self, kmi_slice line) {
    static const kmi_slice key = KMI_SLICE_LITERAL("applies_to: cwd=");
    if (!kmi_slice_starts_with(line, key)) return;
    kmi_slice folder = kmi_slice_sub(line, key.len, line.len);
    size_t end = kmi_slice_find(folder, KMI_SLICE_LITERAL(";"), 0);
    if (end != SIZE_MAX) folder.len = end;
    folder = kmi_slice_trim(folder);
    if (first_char(folder) != '/' || self->options->folder.len == 0) return;
    self->is_foreign = !kmi_slice_equal(folder, self->options->folder);
}

/* ---- A statement ---- */

static void tell(reader *self, kmi_slice text, const char *type) {
    char storage[KMI_NOTE_LIMIT_BYTES + 1];
    kmi_buf whole;
    kmi_buf_init_fixed(&whole, storage, sizeof storage);
    kmi_slice parts[2 + depth_max];
    size_t count = 0;
    bool has_task = self->options->kind == KMI_MARKDOWN_CODEX; /* its headings are always the same few */
    kmi_slice heading = kmi_slice_from(self->heading[0] != '\0' || self->title_count < 2 ? self->heading : self->title);
    if (heading.len > 0 && !has_task && !kmi_demand_is_empty(heading)) parts[count++] = heading;
    if (self->lead[0] != '\0') parts[count++] = kmi_slice_from(self->lead);
    for (size_t i = 0; i + 1 < self->depth; i++)
        if (self->items[i].lead[0] != '\0') parts[count++] = kmi_slice_from(self->items[i].lead);
    for (size_t i = 0; i < count; i++) kmi_buf_add_format(&whole, "%.*s: ", (int)parts[i].len, parts[i].ptr);
    kmi_buf_add_slice(&whole, text);
    kmi_note note = {.heading = heading, .type = type, .line = self->text_line};
    note.text = kmi_buf_slice(&whole);
    bool fits = kmi_buf_status(&whole) == KM_OK;
    if (!self->visit(&note, fits ? NULL : "the statement is longer than 8192 bytes", self->context))
        self->is_stopped = true;
}

static void finish_item(reader *self, kmi_slice text) {
    const char *type = self->options->type;
    item *current = &self->items[self->depth - 1];
    if (kmi_slice_ends_with(text, KMI_SLICE_LITERAL(":"))) {
        keep(current->lead, without_colon(text));
        return;
    }
    if (self->options->kind == KMI_MARKDOWN_CODEX) {
        if (!choose_section(kmi_slice_from(self->heading), &type)) return;
        text = without_references(text);
    } else if (self->options->kind == KMI_MARKDOWN_RULES) {
        bool is_described = is_definition(text) || kmi_demand_is_descriptive(kmi_slice_from(self->heading)) ||
                            kmi_demand_is_descriptive(kmi_slice_from(self->lead));
        type = !is_described || kmi_demand_is_one(text) ? "rule" : NULL;
    }
    kmi_slice checkbox = kmi_slice_sub(text, 0, 3);
    bool is_task = kmi_slice_equal(checkbox, KMI_SLICE_LITERAL("[ ]")) ||
                   kmi_slice_equal_nocase(checkbox, KMI_SLICE_LITERAL("[x]"));
    if (count_words(text) < words_min || is_task || is_pointer(text)) return;
    tell(self, text, type);
}

/* Visits those sentences of a paragraph that demand something; memories count whole. */
static void finish_paragraph(reader *self, kmi_slice text) {
    if (kmi_slice_ends_with(text, KMI_SLICE_LITERAL(":"))) {
        keep(self->lead, without_colon(text));
        return;
    }
    self->lead[0] = '\0';
    if (self->options->kind == KMI_MARKDOWN_CODEX) return; /* prose there is about the file itself */
    if (self->options->kind == KMI_MARKDOWN_CLAUDE) {
        if (count_words(text) >= words_min) tell(self, text, self->options->type);
        return;
    }
    bool is_code = false;
    size_t start = 0;
    for (size_t i = 0; i < text.len && !self->is_stopped; i++) {
        if (text.ptr[i] == '`') is_code = !is_code;
        bool is_end = i + 1 == text.len || (memchr(".!?", text.ptr[i], 3) != NULL && text.ptr[i + 1] == ' ');
        bool is_short_form = i > 1 && text.ptr[i] == '.' && text.ptr[i - 2] == '.'; /* "e.g. " */
        if (!is_end || (i + 1 < text.len && (is_code || is_short_form))) continue;
        kmi_slice sentence = kmi_slice_trim(kmi_slice_sub(text, start, i + 1 - start));
        start = i + 1;
        if (count_words(sentence) >= words_min && kmi_demand_is_one(sentence)) tell(self, sentence, "rule");
    }
}

static void finish(reader *self) {
    kmi_slice text = self->text.len > 0 ? kmi_slice_trim(kmi_buf_slice(&self->text)) : KMI_SLICE_LITERAL("");
    bool fits = kmi_buf_status(&self->text) == KM_OK;
    if (text.len > 0 && !self->is_foreign && !self->is_stopped) {
        if (!fits) {
            kmi_note note = {.line = self->text_line};
            self->is_stopped = !self->visit(&note, "the statement is longer than 8192 bytes", self->context);
        } else if (self->is_item) {
            finish_item(self, text);
        } else {
            finish_paragraph(self, text);
        }
    }
    kmi_buf_clear(&self->text);
    self->is_item = false;
}

static void collect(reader *self, kmi_slice text) {
    if (self->text.len == 0)
        self->text_line = self->line;
    else
        kmi_buf_add_char(&self->text, ' ');
    add_plain(&self->text, text);
}

/* ---- Lines ---- */

static void take_heading(reader *self, kmi_slice line, size_t level) {
    char plain[KMI_NOTE_HEADING_BYTES];
    kmi_buf buf;
    finish(self);
    kmi_buf_init_fixed(&buf, plain, sizeof plain);
    add_plain(&buf, without_colon(kmi_slice_trim(kmi_slice_sub(line, level, line.len))));
    kmi_slice text = buf.len > 0 ? kmi_buf_slice(&buf) : KMI_SLICE_LITERAL("");
    self->lead[0] = '\0';
    self->depth = 0;
    keep(self->heading, level == 1 ? KMI_SLICE_LITERAL("") : text);
    if (level > 1) return;
    keep(self->title, text);
    self->title_count++;
    self->is_foreign = false;
}

/* Returns: bytes up to the text behind the marker of a list, or 0. */
static size_t list_marker(kmi_slice line) {
    size_t len = 0;
    if (memchr("-*+", first_char(line), 3) != NULL && line.len > 0) {
        len = 1;
    } else {
        while (len < line.len && len < 4 && line.ptr[len] >= '0' && line.ptr[len] <= '9') len++;
        if (len == 0 || len == line.len || memchr(".)", line.ptr[len], 2) == NULL) return 0;
        len++;
    }
    if (len >= line.len || line.ptr[len] != ' ') return 0;
    while (len < line.len && line.ptr[len] == ' ') len++;
    return len;
}

static void take_item(reader *self, kmi_slice line, size_t indent, size_t marker) {
    finish(self);
    while (self->depth > 0 && self->items[self->depth - 1].indent >= indent) self->depth--;
    if (self->depth == depth_max) self->depth--;
    item *next = &self->items[self->depth++];
    *next = (item){.indent = indent, .inside = indent + marker};
    self->is_item = true;
    collect(self, kmi_slice_sub(line, marker, line.len));
}

/* Fences and comments. Returns: true when the line is part of one. */
static bool take_hidden(reader *self, kmi_slice line) {
    char c = first_char(line);
    size_t run = c == '`' || c == '~' ? run_of(line, c) : 0;
    if (self->is_fenced) {
        if (c == self->fence && run >= self->fence_len && run == line.len) self->is_fenced = false;
        return true;
    }
    if (!self->is_comment && run >= 3) {
        finish(self);
        self->is_fenced = true;
        self->fence = c;
        self->fence_len = run;
        return true;
    }
    if (!self->is_comment && !kmi_slice_starts_with(line, KMI_SLICE_LITERAL("<!--"))) return false;
    self->is_comment = kmi_slice_find(line, KMI_SLICE_LITERAL("-->"), 0) == SIZE_MAX;
    return true;
}

static void take_line(reader *self, kmi_slice line) {
    size_t indent = 0;
    while (indent < line.len && (line.ptr[indent] == ' ' || line.ptr[indent] == '\t')) indent++;
    kmi_slice text = kmi_slice_trim(line);
    if (take_hidden(self, text)) return;
    if (text.len == 0) {
        finish(self);
        return;
    }
    size_t level = run_of(text, '#');
    if (level > 0 && level <= 6 && level < text.len && text.ptr[level] == ' ' && indent < code_indent) {
        take_heading(self, text, level);
        return;
    }
    size_t marker = list_marker(text);
    bool is_below_item = self->depth > 0 && indent >= self->items[self->depth - 1].inside;
    bool is_rule_line =
        text.len >= 3 && memchr("-*_=", text.ptr[0], 4) != NULL && run_of(text, text.ptr[0]) == text.len;
    bool is_next_line = marker == 0 && self->is_item && self->text.len > 0;
    bool is_no_text = marker == 0 && !is_next_line && memchr("|@<", first_char(text), 3) != NULL;
    if (is_rule_line || is_no_text) {
        finish(self);
    } else if (marker > 0 && (indent < code_indent || self->depth > 0)) {
        take_item(self, text, indent, marker);
    } else if (is_next_line) {
        collect(self, text);
    } else if (indent >= code_indent && self->text.len == 0 && !is_below_item) {
        return; /* code */
    } else {
        if (!is_below_item) {
            self->depth = 0;
            self->is_item = false; /* an item without a text may have been begun */
        }
        if (first_char(text) == '>') text = kmi_slice_trim(kmi_slice_sub(text, 1, text.len));
        if (self->options->kind == KMI_MARKDOWN_CODEX) note_folder(self, text);
        collect(self, text);
    }
}

bool kmi_markdown_read(kmi_slice text, const kmi_markdown_options *options, kmi_note_visit visit, void *context) {
    reader self = {.options = options, .visit = visit, .context = context};
    char storage[KMI_NOTE_LIMIT_BYTES + 1];
    kmi_buf_init_fixed(&self.text, storage, sizeof storage);
    self.line = options->first_line > 0 ? options->first_line : 1;
    size_t at = 0;
    if (kmi_slice_starts_with(text, KMI_SLICE_LITERAL("\xEF\xBB\xBF"))) at = 3;
    for (; at < text.len && !self.is_stopped; self.line++) {
        const char *newline = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = newline != NULL ? (size_t)(newline - text.ptr) - at : text.len - at;
        take_line(&self, (kmi_slice){text.ptr + at, len});
        at += len + 1;
    }
    finish(&self);
    return !self.is_stopped;
}
