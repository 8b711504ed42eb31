/* table.h - a table of text in columns, widths counted in terminal cells.
 *
 * On a terminal optional columns are left out, the last one first, and the one flexible column is cut, so that no line breaks;
 * elsewhere nothing is ever left out or cut and there are no colours. Cells are one line: control characters and new lines become spaces. The table owns copies of its cells. */
#ifndef KMI_CLI_TABLE_H
#define KMI_CLI_TABLE_H

#include "cli/terminal.h"
#include "util/arena.h"

#define KMI_TABLE_COLUMNS 8

typedef struct kmi_table_column {
    const char *title;
    bool is_right; /* numbers */
    bool is_flexible;
    bool is_optional; /* not on a narrow terminal */
} kmi_table_column;

typedef struct kmi_table {
    kmi_arena *arena;
    const kmi_table_column *columns;
    size_t column_count;
    const char **cells; /* rows of column_count */
    size_t row_count, row_capacity;
    bool is_out_of_memory;
} kmi_table;

/* Starts a table of at most KMI_TABLE_COLUMNS columns. End with kmi_table_deinit(). */
void kmi_table_init(kmi_table *table, const kmi_table_column *columns, size_t column_count);
void kmi_table_deinit(kmi_table *table);
/* Adds a row of column_count cells; NULL is an empty one. Out of memory shows when printing. */
void kmi_table_add(kmi_table *table, const char *const *cells);
/* Adds title and rows to the buffer. */
km_status kmi_table_print(const kmi_table *table, const kmi_terminal *terminal, kmi_buf *buf) KM_MUST_CHECK;

#endif
