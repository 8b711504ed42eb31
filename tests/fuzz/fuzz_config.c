/* A configuration file with anything in it: changing a key fails cleanly or gives a file that can be changed again. */
#include <stdint.h>
#include <stdlib.h>

#include "base/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kmi_slice text = {(const char *)data, size};
    km_error error = {0};
    kmi_buf once;
    kmi_buf twice;

    kmi_buf_init(&once, (size_t)16 << 20);
    kmi_buf_init(&twice, (size_t)16 << 20);
    if (kmi_config_edit(text, "async.max_workers", "3", &once, &error) == KM_OK) {
        if (kmi_config_edit(kmi_buf_slice(&once), "async.max_workers", "4", &twice, &error) != KM_OK) abort();
    } else if (error.status == KM_OK || error.message[0] == '\0') {
        abort();
    }
    kmi_buf_deinit(&once);
    kmi_buf_deinit(&twice);
    return 0;
}
