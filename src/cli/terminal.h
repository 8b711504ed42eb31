/* terminal.h - what a descriptor can show: is it a terminal, how wide, are colours welcome. */
#ifndef KMI_CLI_TERMINAL_H
#define KMI_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

typedef struct kmi_terminal {
    bool is_terminal;
    bool has_colour; /* a terminal, not TERM=dumb, no NO_COLOR, no --no-color */
    size_t columns;  /* 0: not a terminal, lines have no limit */
} kmi_terminal;

/* Asks the descriptor and the environment (NO_COLOR, TERM, COLUMNS). */
kmi_terminal kmi_terminal_get(int fd, bool no_colour);

/* Returns: lines of the window; 24 when nobody knows. */
size_t kmi_terminal_rows(int fd);
/* True when the terminal obeys no escape sequences (TERM is dumb or not set). */
bool kmi_terminal_is_dumb(void);

typedef enum kmi_style { KMI_STYLE_BOLD, KMI_STYLE_DIM, KMI_STYLE_GREEN, KMI_STYLE_YELLOW, KMI_STYLE_RED } kmi_style;

/* Adds text in a style, plain where there are no colours. */
void kmi_terminal_add(const kmi_terminal *terminal, kmi_buf *buf, kmi_style style, const char *text);

/* Adds the text of a memory. A terminal gets it with control characters shown as '?', since it would obey them; new
 * lines and tabs stay. Elsewhere the text goes out as it is. */
void kmi_terminal_add_text(const kmi_terminal *terminal, kmi_buf *buf, kmi_slice text);

#endif
