/* alerts.h - alerts as the files of the API share them. */
#ifndef KMI_API_ALERTS_H
#define KMI_API_ALERTS_H

#include "api/project.h"
#include "status/alerts.h"
#include "util/arena.h"

/* Looks at the conditions with what was measured, and has the user told where that is due. */
void kmi_project_check_alerts(km_project *project, const kmi_alert_inputs *inputs);
/* The same with the numbers of `stats`, and lists what is known: not acknowledged, or all. Items and texts live in the arena. */
km_status kmi_project_watch(km_project *project, const km_stats *stats, bool include_acknowledged, kmi_arena *arena,
                            km_alert **ret_items, size_t *ret_count, km_error *error) KM_MUST_CHECK;

#endif
