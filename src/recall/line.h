/* line.h - a memory's text as one harmless line of a prompt. */
#ifndef KMI_RECALL_LINE_H
#define KMI_RECALL_LINE_H

#include "util/buf.h"

/* Appends at most max_chars characters of the text: control and invisible characters become spaces or vanish, white space runs are
 * one space, nothing at the start reads as a heading, list or quotation, and no later part as a heading. A text that is cut
 * ends in "…". Returns: how many characters were appended. A full or failed buffer tells by kmi_buf_status(). */
size_t kmi_line_add(kmi_slice text, size_t max_chars, kmi_buf *buf);

/* No line of a prompt is longer, whatever the budget. */
#define KMI_LINE_CHARS_MAX ((size_t)2000)

#endif
