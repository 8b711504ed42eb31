/* input.h - the texts and files a command is given: arguments, standard input, batch files. */
#ifndef KMI_CLI_INPUT_H
#define KMI_CLI_INPUT_H

#include "cli/cli.h"

/* Most that is read of one text from standard input. Far above what the library accepts, so that it can say how long a
 * text is, and so that enhance can give any prompt back. */
#define KMI_TEXT_LIMIT_BYTES ((size_t)64 * 1024 * 1024)

/* Gets the text of argument `index`: the argument itself, or standard input when it is "-" or missing. A missing text
 * with a terminal as standard input is KM_E_INVALID, since nobody would know that the program waits. `storage` is an
 * initialised buffer whose limit is the most that is read from standard input; the result lies in it or in argv. */
km_status kmi_input_text(kmi_cli *cli, int index, kmi_buf *storage, kmi_slice *ret_text, km_error *error) KM_MUST_CHECK;

/* Reads a whole file ("-": standard input) into an initialised buffer. Any file the user may read will do: a pipe, a
 * link, someone else's. */
km_status kmi_input_file(const char *path, kmi_buf *buf, km_error *error) KM_MUST_CHECK;
/* Returns: the path as messages name it. */
const char *kmi_input_name(const char *path);

/* Lines of a text, counted from 1. Blank ones are passed over. */
typedef struct kmi_lines {
    kmi_slice rest;
    uint64_t number; /* of the line that was returned last */
    uint64_t total;  /* all lines, blank ones too */
} kmi_lines;
kmi_lines kmi_lines_start(kmi_slice text);
/* Gets the next line without its end of line ("\n" or "\r\n"). False at the end. */
bool kmi_lines_next(kmi_lines *lines, kmi_slice *ret_line);

#endif
