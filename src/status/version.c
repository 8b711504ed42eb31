/* In a file of its own, so that tests can have workers of another version. */
#include "status/health.h"

#ifdef KMI_TEST_HOOKS
#include <stdlib.h>

/* What the minor number is said to be, for the programs that the fault tests run. */
static uint64_t minor_version(void) {
    const char *text = getenv("KUZU_MEMORY_TEST_MINOR_VERSION");
    return text == NULL ? KM_VERSION_MINOR : strtoull(text, NULL, 10);
}
#else
static uint64_t minor_version(void) {
    return KM_VERSION_MINOR;
}
#endif

uint64_t kmi_health_version(void) {
    return (uint64_t)KM_VERSION_MAJOR << 32 | minor_version() << 16 | KM_VERSION_PATCH;
}
