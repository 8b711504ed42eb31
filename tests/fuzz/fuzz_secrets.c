/* Redaction of any text: it ends, and valid UTF-8 stays valid UTF-8, a second time too. */
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "extract/secrets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kmi_slice text = {(const char *)data, size};
    kmi_redactions first = {0};
    kmi_redactions second = {0};
    bool is_changed = false;
    kmi_buf once;
    kmi_buf twice;

    if (kmi_text_check_utf8(text, "text", NULL) != KM_OK) return 0;
    kmi_buf_init(&once, (size_t)64 << 20);
    kmi_buf_init(&twice, (size_t)64 << 20);
    if (kmi_secrets_redact(text, &once, &is_changed, &first) == KM_OK && is_changed) {
        if (first.count == 0) abort();
        if (kmi_text_check_utf8(kmi_buf_slice(&once), "text", NULL) != KM_OK) abort();
        if (kmi_secrets_redact(kmi_buf_slice(&once), &twice, &is_changed, &second) != KM_OK) abort();
    }
    kmi_buf_deinit(&once);
    kmi_buf_deinit(&twice);
    return 0;
}
