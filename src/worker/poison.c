/* See poison.h. Empty in every program that is installed. */
#include "worker/poison.h"

#ifdef KMI_TEST_HOOKS

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/error.h"

km_status kmi_poison(const km_learn_item *item, uint32_t attempts, km_error *error) {
    if (item->source == NULL || strncmp(item->source, "poison:", 7) != 0) return KM_OK;
    const char *kind = item->source + 7;
    if (strcmp(kind, "crash") == 0) abort();
    if (strcmp(kind, "hang") == 0) {
        struct timespec pause = {.tv_sec = 1};
        for (int second = 0; second < 600; second++) nanosleep(&pause, NULL);
    }
    if (strcmp(kind, "memory") == 0) return kmi_fail(error, KM_E_NOMEM, "out of memory on purpose");
    if (strcmp(kind, "fail") == 0 || (strcmp(kind, "fail-once") == 0 && attempts == 0))
        return kmi_fail(error, KM_E_INTERNAL, "failed on purpose");
    return KM_OK;
}

#else
typedef int kmi_poison_is_not_built;
#endif
