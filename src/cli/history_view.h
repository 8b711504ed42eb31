/* history_view.h - the history that stats --history prints. */
#ifndef KMI_CLI_HISTORY_VIEW_H
#define KMI_CLI_HISTORY_VIEW_H

#include "cli/cli.h"

/* One line a day: a chart on a terminal, fields separated by tabs elsewhere. */
void kmi_history_add_text(kmi_buf *buf, const kmi_terminal *terminal, const km_history *history);
void kmi_history_add_json(kmi_buf *buf, const km_history *history);

#endif
