/* alert_view.h - alerts as alerts and stats print them. */
#ifndef KMI_CLI_ALERT_VIEW_H
#define KMI_CLI_ALERT_VIEW_H

#include "cli/cli.h"
#include "cli/json_out.h"

/* Adds the member "alerts". */
void kmi_alerts_add_json(kmi_json_out *out, const km_alert *alerts, size_t count);
/* Tells each alert that has not been shown since it occurred, on standard error, and marks it as shown. Nothing if quiet. */
void kmi_alerts_tell_once(kmi_cli *cli, const km_alert *alerts, size_t count);

#endif
