/* Anything in a transcript or a prompt: reading ends, stripping only takes away, and stripping twice changes nothing that
 * the first time left whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "assist/shell_lessons.h"
#include "assist/transcript.h"
#include "base/injected.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool visit(const kmi_transcript_item *item, void *context) {
    char lesson[1024];
    kmi_buf text;
    kmi_buf_init(&text, item->text.len + 1);
    kmi_injected_strip(item->text, &text);
    if (kmi_buf_status(&text) != KM_OK || text.len > item->text.len) abort();
    kmi_buf_deinit(&text);
    if (kmi_shell_lessons_take(context, item, lesson, sizeof lesson) && strlen(lesson) >= sizeof lesson - 1) abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const kmi_transcript_row *const formats[] = {kmi_transcript_claude, kmi_transcript_codex,
                                                        kmi_transcript_gemini, kmi_transcript_copilot};
    kmi_slice text = {(const char *)data, size};
    kmi_buf rest;
    kmi_buf_init(&rest, size + 1);
    kmi_injected_strip(text, &rest);
    if (kmi_buf_status(&rest) != KM_OK || rest.len > size) abort();
    kmi_buf_deinit(&rest);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        kmi_shell_lessons lessons = {.next = 0};
        if (kmi_transcript_read(formats[i], text, visit, &lessons) > size) abort();
    }
    return 0;
}
