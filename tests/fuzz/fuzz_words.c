/* Search terms of any text: words lie inside it, rise, and their parts lie inside them; folding ends too. */
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct progress {
    size_t size;
    size_t last_start;
} progress;

static bool see_word(const kmi_text_word *word, void *context) {
    progress *seen = context;
    if (word->start >= word->end || word->end > seen->size || word->term.len == 0) abort();
    if (!word->is_part) {
        if (word->start < seen->last_start) abort();
        seen->last_start = word->start;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kmi_slice text = {(const char *)data, size};
    progress seen = {.size = size};
    kmi_buf folded;

    if (kmi_text_check_utf8(text, "text", NULL) != KM_OK) return 0;
    if (kmi_text_words(text, see_word, &seen, NULL) != KM_OK) return 0;
    kmi_buf_init(&folded, (size_t)64 << 20);
    if (kmi_text_fold(text, &folded, NULL) == KM_OK && folded.len > 0) {
        if (kmi_text_check_utf8(kmi_buf_slice(&folded), "text", NULL) != KM_OK) abort();
    }
    kmi_text_width(text);
    if (kmi_text_cut(text, 10).len > size) abort();
    kmi_buf_deinit(&folded);
    return 0;
}
