/* gate.h - is anything here about this prompt at all? Pure. */
#ifndef KMI_RECALL_GATE_H
#define KMI_RECALL_GATE_H

#include "store/store.h"

typedef struct kmi_gate_features {
    double coverage; /* share of the prompt's weight (idf) that the best match and its neighbours carry, 0 to 1 */
    double margin;   /* score of the best unit over that of the 20th, at most 5; 1 where there are fewer */
    double unseen;   /* share of the prompt's terms that no memory holds, as far as that says anything */
    double
        words; /* 1: the best match says two words of the prompt itself, or all; less in a big store where it does not */
} kmi_gate_features;

/* best: by its words alone; NULL: there is none. own_words: how many words of the prompt it says itself. */
kmi_gate_features kmi_gate_look(const kmi_search_hit *best, size_t own_words, const kmi_search_info *info);

/* Returns: 0 to 1, how sure it is that something here is about the prompt. At 0.3, the default of
 * recall.confidence_threshold, 96 % of the prompts pass that something here is about. */
double kmi_gate_confidence(const kmi_gate_features *features);

#endif
