/* Includes nothing but the public header, first: it must stand alone in strict C99, and link with the shared library. */
#include "kuzu_memory.h"

int main(void) {
    km_options options = KM_OPTIONS_INIT;
    km_learn_options learn_options = KM_LEARN_OPTIONS_INIT;
    const char *built = KM_VERSION_STRING;
    const char *running = km_version();

    if (options.project_dir != NULL || learn_options.priority != KM_PRIORITY_DEFAULT) {
        return 1;
    }
    while (*built != '\0' && *built == *running) {
        built++;
        running++;
    }
    return *built != *running;
}
