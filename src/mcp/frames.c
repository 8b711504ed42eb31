/* Reading whole lines with a limit. The buffer shrinks back after a long message, so that one of some megabytes is not
 * paid for as long as the server lives. */
#include "mcp/frames.h"

#include <string.h>

#include "util/error.h"

enum { keep_bytes = 256 * 1024 }; /* capacity that an empty buffer may keep */

void kmi_frames_init(kmi_frames *frames, size_t limit_bytes) {
    *frames = (kmi_frames){.limit = limit_bytes};
    kmi_buf_init(&frames->pending, SIZE_MAX / 2);
}

void kmi_frames_deinit(kmi_frames *frames) {
    kmi_buf_deinit(&frames->pending);
}

/* Drops what was handed out. */
static void compact(kmi_frames *frames) {
    kmi_buf *pending = &frames->pending;
    size_t rest = pending->len - frames->start;
    if (frames->start == 0) return;
    if (rest == 0 && pending->capacity > keep_bytes) {
        kmi_buf_deinit(pending);
        kmi_buf_init(pending, SIZE_MAX / 2);
    } else if (rest > 0) {
        memmove(pending->ptr, pending->ptr + frames->start, rest);
    }
    pending->len = rest;
    if (pending->ptr != NULL) pending->ptr[rest] = '\0';
    frames->searched -= frames->start;
    frames->start = 0;
}

km_status kmi_frames_add(kmi_frames *frames, kmi_slice bytes, km_error *error) {
    compact(frames);
    kmi_buf_add_slice(&frames->pending, bytes);
    km_status status = kmi_buf_status(&frames->pending);
    return status == KM_OK ? KM_OK : kmi_fail(error, status, "out of memory while reading a message");
}

static kmi_slice without_line_end(kmi_slice line) {
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') line.len--;
    return line;
}

/* Ends the line in hand, which reaches up to `end`. Returns: false when it was blank. */
static bool finish_line(kmi_frames *frames, size_t end, kmi_frame *ret_frame) {
    kmi_slice line = {frames->pending.ptr + frames->start, end - frames->start};
    if (frames->is_skipping || line.len > frames->limit) {
        if (!frames->is_skipping) kmi_skim_start(&frames->skim);
        kmi_skim_add(&frames->skim, line);
        frames->is_skipping = false;
        *ret_frame = (kmi_frame){.kind = KMI_FRAME_TOO_LONG, .id = kmi_skim_id(&frames->skim)};
        return true;
    }
    *ret_frame = (kmi_frame){.kind = KMI_FRAME_LINE, .line = without_line_end(line)};
    return kmi_slice_trim(line).len > 0;
}

/* A line without an end yet: when it is too long already, nothing of it is kept. */
static void skip_if_too_long(kmi_frames *frames) {
    kmi_slice part = {frames->pending.ptr + frames->start, frames->pending.len - frames->start};
    if (!frames->is_skipping && part.len <= frames->limit) return;
    if (!frames->is_skipping) kmi_skim_start(&frames->skim);
    frames->is_skipping = true;
    kmi_skim_add(&frames->skim, part);
    frames->start = frames->searched = frames->pending.len;
}

void kmi_frames_next(kmi_frames *frames, kmi_frame *ret_frame) {
    *ret_frame = (kmi_frame){.kind = KMI_FRAME_NONE};
    while (frames->searched < frames->pending.len) {
        const char *from = frames->pending.ptr + frames->searched;
        const char *newline = memchr(from, '\n', frames->pending.len - frames->searched);
        if (newline == NULL) break;
        size_t end = (size_t)(newline - frames->pending.ptr);
        bool is_message = finish_line(frames, end, ret_frame);
        frames->start = frames->searched = end + 1;
        if (is_message) return;
    }
    *ret_frame = (kmi_frame){.kind = KMI_FRAME_NONE};
    if (frames->pending.len == 0) return;
    frames->searched = frames->pending.len;
    skip_if_too_long(frames);
}

void kmi_frames_last(kmi_frames *frames, kmi_frame *ret_frame) {
    *ret_frame = (kmi_frame){.kind = KMI_FRAME_NONE};
    if (frames->pending.len == frames->start && !frames->is_skipping) return;
    if (frames->pending.ptr == NULL) return;
    if (!finish_line(frames, frames->pending.len, ret_frame)) *ret_frame = (kmi_frame){.kind = KMI_FRAME_NONE};
    frames->start = frames->searched = frames->pending.len;
}
