/* learn_now.h - learning in the calling process: --sync, --dry-run, remember. */
#ifndef KMI_API_LEARN_NOW_H
#define KMI_API_LEARN_NOW_H

#include "api/prepare.h"
#include "api/project.h"

typedef struct kmi_learn_now {
    bool is_dry_run;    /* extract and tell, store nothing */
    bool never_expires; /* remember */
    bool has_tasks;     /* leave a task record, as the worker does; remember leaves none */
} kmi_learn_now;

/* Learns prepared items in batches of one transaction each. */
km_status kmi_learn_now_run(km_project *project, const kmi_prepared *prepared, const kmi_learn_now *how,
                            km_learn_result **ret_result, km_error *error) KM_MUST_CHECK;

#endif
