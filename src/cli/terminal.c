/* Terminals, told apart by the descriptor and the environment alone: no terminfo, no locale. A static program has
 * neither, and four escape sequences that every terminal of the last thirty years knows do not need them. */
#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS 24
#define LEAST_COLUMNS 20
#define MOST_COLUMNS 1000

static size_t ask_columns(int fd) {
    const char *columns = getenv("COLUMNS");
    long wanted = columns != NULL ? strtol(columns, NULL, 10) : 0;
    struct winsize size = {0};
    if (wanted <= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0) {
        wanted = size.ws_col;
    }
    if (wanted <= 0) return DEFAULT_COLUMNS;
    if (wanted < LEAST_COLUMNS) return LEAST_COLUMNS;
    return wanted > MOST_COLUMNS ? MOST_COLUMNS : (size_t)wanted;
}

size_t kmi_terminal_rows(int fd) {
    struct winsize size = {0};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : DEFAULT_ROWS;
}

bool kmi_terminal_is_dumb(void) {
    const char *term = getenv("TERM");
    return term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
}

kmi_terminal kmi_terminal_get(int fd, bool no_colour) {
    kmi_terminal terminal = {.is_terminal = isatty(fd) == 1};
    if (!terminal.is_terminal) return terminal;
    const char *no_color = getenv("NO_COLOR");
    bool is_unwanted = no_colour || (no_color != NULL && no_color[0] != '\0');
    terminal.has_colour = !is_unwanted && !kmi_terminal_is_dumb();
    terminal.columns = ask_columns(fd);
    return terminal;
}

void kmi_terminal_add(const kmi_terminal *terminal, kmi_buf *buf, kmi_style style, const char *text) {
    static const char *const codes[] = {[KMI_STYLE_BOLD] = "1",
                                        [KMI_STYLE_DIM] = "2",
                                        [KMI_STYLE_GREEN] = "32",
                                        [KMI_STYLE_YELLOW] = "33",
                                        [KMI_STYLE_RED] = "31"};
    if (!terminal->has_colour) {
        kmi_buf_add_text(buf, text);
        return;
    }
    kmi_buf_add_format(buf, "\033[%sm%s\033[0m", codes[style], text);
}

void kmi_terminal_add_text(const kmi_terminal *terminal, kmi_buf *buf, kmi_slice text) {
    if (!terminal->is_terminal) {
        kmi_buf_add_slice(buf, text);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool is_c1 = c == 0xC2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xA0;
        if (is_c1) {
            i++; /* C1 controls are two bytes in UTF-8 */
        }
        bool is_control = is_c1 || c == 0x7F || (c < ' ' && c != '\n' && c != '\t');
        kmi_buf_add_char(buf, is_control ? '?' : (char)c);
    }
}
