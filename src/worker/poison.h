/* poison.h - tasks that crash, hang or fail on purpose, for tests of the worker. Only in programs built with KMI_TEST_HOOKS. */
#ifndef KMI_WORKER_POISON_H
#define KMI_WORKER_POISON_H

#include "kuzu_memory.h"

#ifdef KMI_TEST_HOOKS
/* Acts on items whose source is "poison:crash", "poison:hang", "poison:fail", "poison:fail-once" or "poison:memory". */
km_status kmi_poison(const km_learn_item *item, uint32_t attempts, km_error *error) KM_MUST_CHECK;
#else
static inline km_status kmi_poison(const km_learn_item *item, uint32_t attempts, km_error *error) {
    (void)item, (void)attempts, (void)error;
    return KM_OK;
}
#endif

#endif
