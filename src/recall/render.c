/* The plain form of an enhanced prompt. The prompt itself is passed on byte for byte. */
#include "recall/line.h"
#include "recall/recall.h"
#include "recall/time_note.h"
#include "util/error.h"

static km_status fail_nomem(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while building the context");
}

static km_status has_superseded(kmi_store *store, const km_memory *memory, kmi_arena *arena, bool *ret_has,
                                km_error *error) {
    kmi_uuid id;
    km_memory *older = NULL;
    size_t count = 0;
    km_status status = kmi_uuid_parse(memory->id, &id, error);
    if (status == KM_OK) status = kmi_store_memory_predecessors(store, &id, arena, &older, &count, error);
    if (status == KM_OK) *ret_has = count > 0;
    return status;
}

km_status kmi_context_note(kmi_store *store, const km_memory *memory, int64_t now_us, kmi_arena *arena, kmi_buf *buf,
                           km_error *error) {
    char note[KMI_TIME_NOTE_SIZE];
    bool has_older = false;
    km_status status = has_superseded(store, memory, arena, &has_older, error);
    if (status != KM_OK) return status;
    size_t len = kmi_time_note(memory, has_older, now_us, note);
    if (len > 0) {
        kmi_buf_add_char(buf, ' ');
        kmi_buf_add(buf, note, len);
    }
    return kmi_buf_status(buf) == KM_OK ? KM_OK : fail_nomem(error);
}

km_status kmi_context_lines(kmi_store *store, const km_memory *items, size_t count, int64_t now_us, kmi_arena *arena,
                            const char *const **ret_lines, km_error *error) {
    const char **lines = kmi_arena_alloc_array(arena, count + 1, sizeof *lines);
    if (lines == NULL) return fail_nomem(error);
    for (size_t i = 0; i < count; i++) {
        KMI_CLEANUP_BUF kmi_buf line;
        kmi_buf_init(&line, KMI_LINE_CHARS_MAX * 4 + 16 + KMI_TIME_NOTE_SIZE);
        kmi_line_add(kmi_slice_from(items[i].content), KMI_LINE_CHARS_MAX, &line);
        km_status status = kmi_context_note(store, &items[i], now_us, arena, &line, error);
        if (status != KM_OK) return status;
        lines[i] = kmi_arena_copy(arena, kmi_buf_slice(&line));
        if (lines[i] == NULL) return fail_nomem(error);
    }
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
