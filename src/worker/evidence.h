/* evidence.h - what the last worker had in hand when it died. */
#ifndef KMI_WORKER_EVIDENCE_H
#define KMI_WORKER_EVIDENCE_H

#include "worker/backlog.h"

typedef struct kmi_evidence {
    bool is_crash; /* the last worker did not leave in order */
    size_t count;
    kmi_uuid tasks[KMI_WORKER_SLOTS]; /* one of them may have done it */
} kmi_evidence;

/* Reads the evidence off the metrics page and clears it. Evidence of an earlier boot is none: power went. */
void kmi_evidence_collect(const kmi_metrics *metrics, kmi_evidence *ret_evidence);
/* Counts a crash against each task in hand, so that it runs alone next time or is failed after three; in a transaction of its
 * own. Tasks that are neither in a segment nor in the store were committed and are left alone. */
km_status kmi_evidence_apply(const kmi_evidence *evidence, kmi_backlog *backlog, kmi_store *store,
                             km_error *error) KM_MUST_CHECK;

#endif
