/* types.h - what kind of statement a sentence is: type, knowledge, polarity, confidence, importance. */
#ifndef KMI_EXTRACT_TYPES_H
#define KMI_EXTRACT_TYPES_H

#include "extract/speech_act.h"

typedef struct kmi_judgement {
    const char *type;
    const char *knowledge_type;
    const char *polarity;
    const char *pattern;
    double confidence;
    double importance;
    size_t keep_from; /* token where the kept text starts */
} kmi_judgement;

kmi_judgement kmi_types_judge(const kmi_matcher *matcher, const kmi_tokens *tokens, const kmi_speech_act *act,
                              bool is_assistant);

/* True if the statement itself is negated ("we don't use X"), not only a part of it ("X, not Y", "if it does not …"). */
bool kmi_types_is_negative(const kmi_tokens *tokens, size_t first);
/* True if the sentence from `first` on gives an order: "run the formatter …". */
bool kmi_types_is_imperative(const kmi_tokens *tokens, size_t first);
/* Importance of a type on its own, 0..1. */
double kmi_types_importance(const char *type);
/* Returns: the static name of a memory type, or NULL for an unknown one. */
const char *kmi_types_find(const char *name);

#endif
