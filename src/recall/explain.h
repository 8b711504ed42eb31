/* explain.h - a ranking and its gate as data for people. */
#ifndef KMI_RECALL_EXPLAIN_H
#define KMI_RECALL_EXPLAIN_H

#include "recall/gate.h"
#include "recall/ranking.h"

/* threshold: recall.confidence_threshold. Lives in the arena. */
km_status kmi_explain(const kmi_ranking *ranking, double threshold, kmi_arena *arena,
                      const km_explanation **ret_explanation, km_error *error) KM_MUST_CHECK;

#endif
