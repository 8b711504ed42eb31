/* doctor.h - the repairs of `doctor --fix`: one table of what is done about which finding. */
#ifndef KMI_API_DOCTOR_H
#define KMI_API_DOCTOR_H

#include "api/project.h"
#include "status/health.h"

/* Fills in, for every finding that has a repair, what it would do. A store of a newer program has none. */
void kmi_doctor_note_repairs(const km_project *project, kmi_findings *findings);
/* Does the repairs of these findings. A repair that fails leaves its finding as it is; only being stopped, or a worker that does not
 * leave (KM_E_BUSY), ends it. */
km_status kmi_doctor_repair(km_project *project, kmi_findings *findings, km_error *error) KM_MUST_CHECK;

#endif
