// The public header must be usable from C++ as it is, and its functions must link with C names.
#include "kuzu_memory.h"

#include <string>

int main() {
    km_options options = KM_OPTIONS_INIT;
    km_error error = {};
    km_learn_options learn_options = KM_LEARN_OPTIONS_INIT;

    if (options.project_dir != nullptr || error.status != KM_OK || learn_options.synchronous) {
        return 1;
    }
    return std::string(km_version()) == KM_VERSION_STRING ? 0 : 1;
}
