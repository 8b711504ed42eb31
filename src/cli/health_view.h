/* health_view.h - findings about a memory's health, as text and as JSON: for status and doctor. */
#ifndef KMI_CLI_HEALTH_VIEW_H
#define KMI_CLI_HEALTH_VIEW_H

#include "cli/cli.h"
#include "cli/json_out.h"

/* "Healthy: 156 memories, 0 tasks waiting, worker idle (process 12)" and a new line. `before` stands before it. */
void kmi_health_view_head(const km_health_report *report, const char *before, const kmi_terminal *terminal,
                          kmi_buf *buf);
/* One finding a line: level, code, what, since when, why, and what to do. On a terminal the line is broken between words. */
void kmi_health_view_finding(const km_finding *finding, int64_t now_us, const kmi_terminal *terminal, kmi_buf *buf);
/* Members of the object that is open: status, checked_at, elapsed_ms, ..., findings. */
void kmi_health_view_json(kmi_json_out *out, const km_health_report *report);

#endif
