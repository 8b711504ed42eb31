/* Anything on the server's input: every answer is one line of JSON, and nothing but answers comes out. The project that
 * tools would open does not exist, so nothing is read or written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answers(kmi_slice text) {
    while (text.len > 0) {
        const char *newline = memchr(text.ptr, '\n', text.len);
        if (newline == NULL) abort();
        size_t len = (size_t)(newline - text.ptr);
        json_t *answer = NULL;
        if (kmi_json_parse((kmi_slice){text.ptr, len}, "answer", &answer, NULL) != KM_OK) abort();
        if (!json_is_object(answer) && !json_is_array(answer)) abort();
        json_decref(answer);
        text = kmi_slice_sub(text, len + 1, text.len);
    }
}

static void answer_all(kmi_mcp *server) {
    kmi_buf answers;
    kmi_buf_init(&answers, (size_t)64 << 20);
    while (kmi_mcp_answer(server, &answers)) {
    }
    if (kmi_buf_status(&answers) != KM_OK) abort();
    if (answers.len > 0) check_answers(kmi_buf_slice(&answers));
    kmi_buf_deinit(&answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static kmi_mcp server;
    kmi_cli cli = {.project = NULL};
    kmi_frames frames;
    kmi_frame frame;
    size_t at = 1, piece = size > 0 ? data[0] + 1U : 1;

    cli.values[KMI_SLOT_PROJECT] = (kmi_value){.is_set = true, .text = "/nonexistent/project"};
    kmi_mcp_init(&server, &cli);
    kmi_frames_init(&frames, 512); /* short, so that long lines are frequent */
    while (at < size) {
        size_t len = size - at < piece ? size - at : piece;
        if (kmi_frames_add(&frames, (kmi_slice){(const char *)data + at, len}, NULL) != KM_OK) abort();
        at += len;
        for (kmi_frames_next(&frames, &frame); frame.kind != KMI_FRAME_NONE; kmi_frames_next(&frames, &frame)) {
            if (!kmi_mcp_has_room(&server)) answer_all(&server);
            kmi_mcp_take(&server, &frame);
        }
    }
    kmi_frames_last(&frames, &frame);
    answer_all(&server);
    if (frame.kind != KMI_FRAME_NONE) kmi_mcp_take(&server, &frame);
    answer_all(&server);
    kmi_mcp_deinit(&server);
    kmi_frames_deinit(&frames);
    return 0;
}
