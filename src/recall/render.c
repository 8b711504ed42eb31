/* The plain form of an enhanced prompt. The prompt itself is passed on byte for byte. */
#include "recall/line.h"
#include "recall/recall.h"
#include "util/error.h"

km_status kmi_context_render(kmi_slice prompt, const km_memory *items, size_t count, kmi_buf *buf, km_error *error) {
    if (count > 0) {
        kmi_buf_add_text(buf, "## Relevant Context:\n");
        for (size_t i = 0; i < count; i++) {
            kmi_buf_add_format(buf, "%zu. ", i + 1);
            kmi_line_add(kmi_slice_from(items[i].content), KMI_LINE_CHARS_MAX, buf);
            kmi_buf_add_char(buf, '\n');
        }
        kmi_buf_add_text(buf, "\n## User Question:\n");
    }
    kmi_buf_add_slice(buf, prompt);
    km_status status = kmi_buf_status(buf);
    if (status == KM_OK) return KM_OK;
    return kmi_fail(error, status, status == KM_E_NOMEM ? "out of memory while building the context" : "the enhanced prompt is too long");
}
