/* The longest common subsequence of lines by the table everybody knows, on what is left between the common beginning and the
 * common end. Configuration files are short; where they are not, one block is shown instead of a large table. */
#include "cli/diff.h"

#include <stdlib.h>
#include <string.h>

#define CONTEXT ((size_t)2)
#define TABLE_CELLS_MAX ((size_t)4 * 1000 * 1000)

typedef struct lines {
    kmi_slice *items;
    size_t count;
} lines;

typedef enum mark { KEPT = ' ', REMOVED = '-', ADDED = '+' } mark;

typedef struct script {
    kmi_slice *items;
    mark *marks;
    size_t count;
} script;

static bool split(kmi_slice text, lines *ret_lines) {
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++) count += text.ptr[i] == '\n';
    kmi_slice *items = calloc(count, sizeof *items);
    if (items == NULL) return false;
    size_t used = 0;
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = end != NULL ? (size_t)(end - text.ptr) - at : text.len - at;
        items[used++] = (kmi_slice){text.ptr + at, len};
        at += len + 1;
    }
    *ret_lines = (lines){items, used};
    return true;
}

static void push(script *s, kmi_slice line, mark kind) {
    s->items[s->count] = line;
    s->marks[s->count++] = kind;
}

/* Writes the script of the middle parts from the table of common lengths, cell (i, j) for a[i..], b[j..]. */
static void walk(const kmi_slice *a, size_t a_count, const kmi_slice *b, size_t b_count, const uint32_t *table,
                 script *s) {
    size_t i = 0;
    size_t j = 0;
    while (i < a_count || j < b_count) {
        const size_t row = b_count + 1;
        if (i < a_count && j < b_count && kmi_slice_equal(a[i], b[j])) {
            push(s, a[i++], KEPT);
            j++;
        } else if (i < a_count &&
                   (j == b_count || (table != NULL && table[(i + 1) * row + j] >= table[i * row + j + 1]) ||
                    table == NULL)) {
            push(s, a[i++], REMOVED);
        } else {
            push(s, b[j++], ADDED);
        }
    }
}

static void compare(const kmi_slice *a, size_t a_count, const kmi_slice *b, size_t b_count, script *s) {
    const size_t row = b_count + 1;
    bool is_small = a_count == 0 || b_count == 0 || row <= TABLE_CELLS_MAX / (a_count + 1);
    uint32_t *table = is_small ? calloc((a_count + 1) * row, sizeof *table) : NULL;
    for (size_t i = a_count; table != NULL && i-- > 0;) {
        for (size_t j = b_count; j-- > 0;) {
            uint32_t right = table[i * row + j + 1];
            uint32_t below = table[(i + 1) * row + j];
            table[i * row + j] = kmi_slice_equal(a[i], b[j]) ? table[(i + 1) * row + j + 1] + 1
                                 : right > below             ? right
                                                             : below;
        }
    }
    walk(a, a_count, b, b_count, table, s);
    free(table);
}

static bool is_near_change(const script *s, size_t at) {
    size_t first = at > CONTEXT ? at - CONTEXT : 0;
    for (size_t i = first; i < s->count && i <= at + CONTEXT; i++) {
        if (s->marks[i] != KEPT) return true;
    }
    return false;
}

static void print_line(const kmi_terminal *terminal, kmi_buf *buf, mark kind, kmi_slice line) {
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, line.len + 8);
    kmi_buf_add_char(&text, (char)kind);
    kmi_buf_add_char(&text, ' ');
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        if (c != '\r') kmi_buf_add_char(&text, (c < 0x20 && c != '\t') || c == 0x7F ? '?' : (char)c);
    }
    kmi_buf_add_text(buf, "  ");
    if (text.ptr == NULL) return;
    if (kind == KEPT)
        kmi_terminal_add(terminal, buf, KMI_STYLE_DIM, text.ptr);
    else
        kmi_terminal_add(terminal, buf, kind == ADDED ? KMI_STYLE_GREEN : KMI_STYLE_RED, text.ptr);
    kmi_buf_add_char(buf, '\n');
}

static void print(const kmi_terminal *terminal, kmi_buf *buf, const script *s) {
    bool was_shown = true;
    for (size_t i = 0; i < s->count; i++) {
        bool is_shown = is_near_change(s, i);
        if (is_shown)
            print_line(terminal, buf, s->marks[i], s->items[i]);
        else if (was_shown)
            kmi_buf_add_text(buf, "    …\n");
        was_shown = is_shown;
    }
}

void kmi_diff_add(const kmi_terminal *terminal, kmi_buf *buf, kmi_slice before, kmi_slice after) {
    lines a = {0};
    lines b = {0};
    script s = {0};
    if (split(before, &a) && split(after, &b)) {
        size_t total = a.count + b.count + 1;
        s.items = calloc(total, sizeof *s.items);
        s.marks = calloc(total, sizeof *s.marks);
        size_t head = 0;
        size_t tail = 0;
        while (head < a.count && head < b.count && kmi_slice_equal(a.items[head], b.items[head])) head++;
        while (tail < a.count - head && tail < b.count - head &&
               kmi_slice_equal(a.items[a.count - 1 - tail], b.items[b.count - 1 - tail]))
            tail++;
        if (s.items != NULL && s.marks != NULL) {
            for (size_t i = 0; i < head; i++) push(&s, a.items[i], KEPT);
            compare(a.items + head, a.count - head - tail, b.items + head, b.count - head - tail, &s);
            for (size_t i = a.count - tail; i < a.count; i++) push(&s, a.items[i], KEPT);
            print(terminal, buf, &s);
        }
    }
    free(s.items);
    free(s.marks);
    free(a.items);
    free(b.items);
}
