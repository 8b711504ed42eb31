/* health.h - collecting the facts that src/status/health.c judges, and the report around its findings. */
#ifndef KMI_API_HEALTH_H
#define KMI_API_HEALTH_H

#include "api/project.h"
#include "status/health.h"

typedef struct kmi_health_result {
    km_health_report public;
    kmi_arena *arena;
    kmi_health_facts facts;
    kmi_findings findings;
} kmi_health_result;

/* Returns: an empty result for km_health_report_free(), or NULL. */
kmi_health_result *kmi_health_result_new(km_project *project);
/* Collects the facts and judges them: what km_health_get() does. */
km_status kmi_health_look(km_project *project, kmi_health_result *result, km_error *error) KM_MUST_CHECK;
/* Sorts the findings and fills in what the caller sees. */
void kmi_health_result_finish(kmi_health_result *result);

#endif
