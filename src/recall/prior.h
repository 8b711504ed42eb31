/* prior.h - what speaks for a memory beside its words: its session, who said it, when it was said, whether it says when.
 * Pure: no store, no clock. */
#ifndef KMI_RECALL_PRIOR_H
#define KMI_RECALL_PRIOR_H

#include "recall/question.h"
#include "store/store.h"

/* Each from 0 (nothing speaks for it) to 1. */
typedef struct kmi_priors {
    double session; /* other memories of its session match as well */
    double speaker; /* said by the one whom the question means */
    double date;    /* of the time that the question names */
    double cue;     /* says when, and the question asks that */
} kmi_priors;

/* How much each may add: score * (1 + weight * prior) for each of them. */
typedef struct kmi_prior_weights {
    double session, speaker, date, cue;
} kmi_prior_weights;
extern const kmi_prior_weights kmi_prior_weights_default;

/* Returns: what the score of the words is multiplied by; 1 or more. */
double kmi_prior_factor(const kmi_prior_weights *weights, const kmi_priors *priors);

/* Whose words the question means, among the speakers of the hits: a name in it, "user" or "assistant", NULL when it does
 * not tell. Points into a hit or to a constant. */
const char *kmi_prior_speaker(const kmi_question *question, const kmi_search_hit *hits, size_t count);

/* Fills in session, speaker and date for hits in order of their score; the cue needs the texts. ret_priors: `count` of them. */
void kmi_priors_find(const kmi_question *question, const kmi_search_hit *hits, size_t count, kmi_priors *ret_priors);

/* Returns: how well a time fits the times that the question names, 0 to 1; 0 for a time that is not known (0). */
double kmi_prior_date(const kmi_question *question, int64_t time_us);

#endif
