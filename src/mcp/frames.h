/* frames.h - a byte stream cut into messages: one JSON text a line, each with a limit.
 *
 * Fed with bytes in any pieces (kmi_frames_add) and asked for what is complete (kmi_frames_next). A line longer than the
 * limit is not kept: it comes out as KMI_FRAME_TOO_LONG with the id that was seen in it. Blank lines are passed over. */
#ifndef KMI_MCP_FRAMES_H
#define KMI_MCP_FRAMES_H

#include "kuzu_memory.h"
#include "mcp/skim.h"
#include "util/buf.h"

typedef enum kmi_frame_kind { KMI_FRAME_NONE, KMI_FRAME_LINE, KMI_FRAME_TOO_LONG } kmi_frame_kind;

typedef struct kmi_frame {
    kmi_frame_kind kind;
    kmi_slice line; /* without the end of line; valid until the next call */
    const char *id; /* KMI_FRAME_TOO_LONG: JSON text; valid until the next call */
} kmi_frame;

typedef struct kmi_frames {
    kmi_buf pending;
    size_t limit;
    size_t start;     /* of the first line that was not handed out yet */
    size_t searched;  /* up to here there is no end of line */
    bool is_skipping; /* inside of a line that is too long */
    kmi_skim skim;
} kmi_frames;

void kmi_frames_init(kmi_frames *frames, size_t limit_bytes);
void kmi_frames_deinit(kmi_frames *frames);
/* Takes bytes over. KM_E_NOMEM. Ask for all complete frames before the next call: what is kept is then at most one
 * incomplete line. */
km_status kmi_frames_add(kmi_frames *frames, kmi_slice bytes, km_error *error) KM_MUST_CHECK;
/* Gives the next complete message; KMI_FRAME_NONE when there is none. */
void kmi_frames_next(kmi_frames *frames, kmi_frame *ret_frame);
/* At the end of the stream: gives what stands behind the last end of line. */
void kmi_frames_last(kmi_frames *frames, kmi_frame *ret_frame);

#endif
