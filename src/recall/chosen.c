/* One place that turns numbers into what is shown, for a choice just made and for one that was kept: both read alike. */
#include "recall/chosen.h"

#include "recall/line.h"
#include "util/buf.h"
#include "util/error.h"

static km_status fail_nomem(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while recalling");
}

static km_status shorten(uint32_t max_chars, kmi_arena *arena, km_memory *memory, km_error *error) {
    KMI_CLEANUP_BUF kmi_buf line;
    kmi_buf_init(&line, KMI_LINE_CHARS_MAX * 8);
    kmi_line_add(kmi_slice_from(memory->content), max_chars, &line);
    memory->content = kmi_buf_status(&line) == KM_OK ? kmi_arena_copy(arena, kmi_buf_slice(&line)) : NULL;
    return memory->content != NULL ? KM_OK : fail_nomem(error);
}

km_status kmi_chosen_describe(const kmi_chosen *chosen, kmi_arena *arena, km_memory *memory, km_error *error) {
    const char *reason =
        chosen->reason == KMI_REASON_TIME ? "of the time that is asked about"
        : chosen->reason == KMI_REASON_STANDING
            ? kmi_arena_format(arena, "standing %s", memory->type)
            : kmi_arena_format(arena, "its words cover %.0f%% of the question", 100 * chosen->match.coverage);
    km_match *match = chosen->has_match == 0 ? NULL : kmi_arena_alloc(arena, sizeof(*match));
    if (reason == NULL || (chosen->has_match != 0 && match == NULL)) return fail_nomem(error);
    if (match != NULL) *match = chosen->match;
    memory->score = chosen->score;
    memory->confidence = chosen->confidence;
    memory->match = match;
    memory->reason = reason;
    return chosen->max_chars == 0 ? KM_OK : shorten(chosen->max_chars, arena, memory, error);
}

km_status kmi_chosen_read(kmi_store *store, const kmi_chosen *chosen, kmi_arena *arena, km_memory *ret_memory,
                          km_error *error) {
    km_status status = kmi_store_memory_by_seq(store, chosen->seq, arena, ret_memory, error);
    return status == KM_OK ? kmi_chosen_describe(chosen, arena, ret_memory, error) : status;
}
