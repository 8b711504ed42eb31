/* learn_result.h - building a km_learn_result. */
#ifndef KMI_API_LEARN_RESULT_H
#define KMI_API_LEARN_RESULT_H

#include "api/prepare.h"
#include "learn/learn.h"

/* A result under construction: it and its arena are one object for km_learn_result_free(). */
typedef struct kmi_learn_result {
    km_learn_result public;
    kmi_arena *arena;
    km_learned *memories;
    km_skipped *skipped;
    size_t memory_capacity;
    size_t skipped_capacity;
} kmi_learn_result;

/* Starts a result with the ids of the tasks and the kinds of redacted secrets. */
km_status kmi_learn_result_new(const kmi_prepared *prepared, km_learn_state state, kmi_learn_result **ret_result,
                               km_error *error) KM_MUST_CHECK;
/* Adds what became of an extraction; outcomes NULL in a dry run. Copies everything. */
km_status kmi_learn_result_add(kmi_learn_result *result, const kmi_extraction *extraction,
                               const kmi_learn_outcome *outcomes, km_error *error) KM_MUST_CHECK;

#endif
