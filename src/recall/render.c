/* The plain form of an enhanced prompt. The prompt itself is passed on byte for byte. */
#include "recall/line.h"
#include "recall/recall.h"
#include "util/error.h"

km_status kmi_context_lines(const km_memory *items, size_t count, kmi_arena *arena, const char *const **ret_lines,
                            km_error *error) {
    const char **lines = kmi_arena_alloc_array(arena, count + 1, sizeof *lines);
    km_status status = lines == NULL ? KM_E_NOMEM : KM_OK;
    for (size_t i = 0; i < count && status == KM_OK; i++) {
        KMI_CLEANUP_BUF kmi_buf line;
        kmi_buf_init(&line, KMI_LINE_CHARS_MAX * 4 + 16);
        kmi_line_add(kmi_slice_from(items[i].content), KMI_LINE_CHARS_MAX, &line);
        status = kmi_buf_status(&line);
        lines[i] = status == KM_OK ? kmi_arena_copy(arena, kmi_buf_slice(&line)) : NULL;
        if (lines[i] == NULL) status = KM_E_NOMEM;
    }
    if (status != KM_OK) return kmi_fail(error, KM_E_NOMEM, "out of memory while building the context");
    *ret_lines = lines;
    return KM_OK;
}

km_status kmi_context_render(kmi_slice prompt, const char *const *lines, size_t count, kmi_buf *buf, km_error *error) {
    if (count > 0) {
        kmi_buf_add_text(buf, "## Relevant Context:\n");
        for (size_t i = 0; i < count; i++) kmi_buf_add_format(buf, "%zu. %s\n", i + 1, lines[i]);
        kmi_buf_add_text(buf, "\n## User Question:\n");
    }
    kmi_buf_add_slice(buf, prompt);
    km_status status = kmi_buf_status(buf);
    if (status == KM_OK) return KM_OK;
    return kmi_fail(error, status,
                    status == KM_E_NOMEM ? "out of memory while building the context"
                                         : "the enhanced prompt is too long");
}
