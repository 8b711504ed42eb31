/* A small table printer: libsmartcols has no static form, and the program must be one static file. Two spaces between
 * columns and no lines around them, so that the same output can be read by people and by awk. */
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ARENA_LIMIT_BYTES ((size_t)1024 * 1024 * 1024)
#define GAP 2
#define LEAST_FLEXIBLE_COLUMNS 10

void kmi_table_init(kmi_table *table, const kmi_table_column *columns, size_t column_count) {
    *table = (kmi_table){.columns = columns, .column_count = column_count};
    table->arena = kmi_arena_new(ARENA_LIMIT_BYTES);
    table->is_out_of_memory = table->arena == NULL || column_count > KMI_TABLE_COLUMNS;
}

void kmi_table_deinit(kmi_table *table) {
    kmi_arena_free(table->arena);
    free(table->cells);
    *table = (kmi_table){0};
}

/* Returns: the cell on one line. C1 controls are two bytes in UTF-8 and need two spaces to keep the text valid. */
static char *copy_cell(kmi_arena *arena, const char *text) {
    char *copy = kmi_arena_copy_text(arena, text != NULL ? text : "");
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        unsigned char next = (unsigned char)c[1];
        if (byte < ' ' || byte == 0x7F) {
            *c = ' ';
        } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {
            c[0] = ' ';
            c[1] = ' ';
        }
    }
    return copy;
}

static bool make_row(kmi_table *table) {
    if (table->row_count < table->row_capacity) return true;
    size_t capacity = table->row_capacity > 0 ? 2 * table->row_capacity : 16;
    const char **cells = reallocarray(table->cells, capacity * table->column_count, sizeof *cells);
    if (cells == NULL) return false;
    table->cells = cells;
    table->row_capacity = capacity;
    return true;
}

void kmi_table_add(kmi_table *table, const char *const *cells) {
    if (table->is_out_of_memory || !make_row(table)) {
        table->is_out_of_memory = true;
        return;
    }
    const char **row = table->cells + table->row_count * table->column_count;
    for (size_t i = 0; i < table->column_count; i++) {
        row[i] = copy_cell(table->arena, cells[i]);
        table->is_out_of_memory = table->is_out_of_memory || row[i] == NULL;
    }
    if (!table->is_out_of_memory) {
        table->row_count++;
    }
}

static void measure_columns(const kmi_table *table, size_t *ret_widths) {
    for (size_t i = 0; i < table->column_count; i++) {
        ret_widths[i] = kmi_text_width(kmi_slice_from(table->columns[i].title));
        for (size_t row = 0; row < table->row_count; row++) {
            size_t width = kmi_text_width(kmi_slice_from(table->cells[row * table->column_count + i]));
            ret_widths[i] = width > ret_widths[i] ? width : ret_widths[i];
        }
    }
}

/* How wide a line gets when columns are cut as far as they may be. */
static size_t least_width(const kmi_table *table, const size_t *widths) {
    size_t total = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        bool is_cut = table->columns[i].is_flexible && widths[i] > LEAST_FLEXIBLE_COLUMNS;
        if (widths[i] != 0) total += (total != 0 ? GAP : 0) + (is_cut ? LEAST_FLEXIBLE_COLUMNS : widths[i]);
    }
    return total;
}

/* Takes what is too much for the terminal from optional columns, whose width becomes 0, then from the flexible one, down to a width
 * that still says something. */
static void fit_columns(const kmi_table *table, const kmi_terminal *terminal, size_t *widths) {
    if (terminal->columns == 0) return;
    for (size_t i = table->column_count; i-- > 0 && least_width(table, widths) > terminal->columns;)
        if (table->columns[i].is_optional) widths[i] = 0;
    size_t total = 0;
    for (size_t i = 0; i < table->column_count; i++)
        if (widths[i] != 0) total += (total != 0 ? GAP : 0) + widths[i];
    if (total <= terminal->columns) return;
    size_t excess = total - terminal->columns;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].is_flexible) continue;
        size_t least = widths[i] < LEAST_FLEXIBLE_COLUMNS ? widths[i] : LEAST_FLEXIBLE_COLUMNS;
        widths[i] = widths[i] > least + excess ? widths[i] - excess : least;
        return;
    }
}

static void add_spaces(kmi_buf *buf, size_t count) {
    for (size_t i = 0; i < count; i++) kmi_buf_add_char(buf, ' ');
}

static void print_cell(const kmi_table *table, size_t column, const size_t *widths, const char *text, bool is_title,
                       const kmi_terminal *terminal, kmi_buf *buf) {
    size_t width = widths[column], next = column + 1;
    if (width == 0) return;
    while (next < table->column_count && widths[next] == 0) next++;
    bool is_last = next == table->column_count;
    kmi_slice cell = kmi_slice_from(text);
    bool is_cut = kmi_text_width(cell) > width;
    kmi_slice shown = is_cut ? kmi_text_cut(cell, width - 1) : cell;
    size_t used = kmi_text_width(shown) + (is_cut ? 1 : 0);
    size_t padding = used < width ? width - used : 0;
    if (table->columns[column].is_right) add_spaces(buf, padding);
    if (is_title) {
        kmi_terminal_add(terminal, buf, KMI_STYLE_BOLD, text);
    } else {
        kmi_buf_add_slice(buf, shown);
    }
    if (is_cut) kmi_buf_add_text(buf, "…");
    if (!table->columns[column].is_right && !is_last) add_spaces(buf, padding);
    if (is_last) {
        kmi_buf_add_char(buf, '\n');
    } else {
        add_spaces(buf, GAP);
    }
}

km_status kmi_table_print(const kmi_table *table, const kmi_terminal *terminal, kmi_buf *buf) {
    if (table->is_out_of_memory) return KM_E_NOMEM;
    size_t widths[KMI_TABLE_COLUMNS];
    measure_columns(table, widths);
    fit_columns(table, terminal, widths);
    for (size_t i = 0; i < table->column_count; i++) {
        print_cell(table, i, widths, table->columns[i].title, true, terminal, buf);
    }
    for (size_t row = 0; row < table->row_count; row++) {
        for (size_t i = 0; i < table->column_count; i++) {
            print_cell(table, i, widths, table->cells[row * table->column_count + i], false, terminal, buf);
        }
    }
    return KM_OK;
}
