/* gate.h - is anything here about this prompt at all? Pure. */
#ifndef KMI_RECALL_GATE_H
#define KMI_RECALL_GATE_H

#include "store/store.h"

/* Of the best match of a search. */
typedef struct kmi_gate_features {
    double score_share;  /* score of its words over the weight (idf) of all terms */
    double coverage;     /* share of that weight that it and its neighbours carry */
    double margin;       /* score of the best over that of the 20th; 1 where there are fewer */
    double unseen_share; /* share of the terms that no memory holds */
} kmi_gate_features;

kmi_gate_features kmi_gate_look(const kmi_search_hit *best, const kmi_search_info *info);

/* Returns: 0 to 1, how sure it is that something here is about the prompt. The default of recall.confidence_threshold lets
 * 95 % of the prompts pass that something here is about. */
double kmi_gate_confidence(const kmi_gate_features *features);

#endif
