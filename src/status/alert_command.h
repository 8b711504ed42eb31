/* alert_command.h - telling the user's own program about an alert.
 *
 * The worker must not wait for a stranger's program, nor reap it, nor die of it: whoever checks starts a process of ours that runs
 * it, detached, and goes on. Which program it is stands in the user's own configuration file only. */
#ifndef KMI_STATUS_ALERT_COMMAND_H
#define KMI_STATUS_ALERT_COMMAND_H

#include "status/alerts.h"
#include "util/command.h"

#define KMI_ALERT_COMMAND_SECONDS 10 /* how long the program may take */

/* The kuzu-memory program and what leads it to the project. */
typedef struct kmi_alert_sender {
    const char *program; /* NULL: nobody can be told */
    const char *project_root;
    const char *config_file; /* --config, or NULL */
} kmi_alert_sender;

/* For every alert that is due: claims it and starts `program … alerts test --deliver CODE`. Does nothing without alerts.command. */
void kmi_alerts_deliver_due(const kmi_metrics *metrics, const kmi_config *config, const kmi_alert_sender *sender,
                            int64_t now_us);

/* Runs alerts.command with the alert as JSON on its standard input. KM_E_NOT_FOUND: none is configured. */
km_status kmi_alert_command_run(const kmi_config *config, const kmi_alert *alert, const char *project_root,
                                bool is_test, int output_fd, kmi_command_result *ret_result,
                                km_error *error) KM_MUST_CHECK;

#endif
