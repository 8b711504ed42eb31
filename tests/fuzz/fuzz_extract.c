/* Extraction from any text: it ends, and candidates are valid UTF-8 with type and confidence. */
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "extract/extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static kmi_extractor *extractor;
    kmi_extract_input input = {.text = {(const char *)data, size}, .said_at_us = INT64_C(1764000000000000)};
    kmi_extraction extraction = {0};

    if (kmi_text_check_utf8(input.text, "text", NULL) != KM_OK) return 0;
    if (extractor == NULL && kmi_extractor_new("{}", &extractor, NULL) != KM_OK) abort();
    if (kmi_extract(extractor, &input, &extraction, NULL) != KM_OK) return 0;
    for (size_t i = 0; i < extraction.candidate_count; i++) {
        const kmi_candidate *candidate = &extraction.candidates[i];
        if (candidate->type == NULL || candidate->content == NULL || candidate->content[0] == '\0') abort();
        if (!(candidate->confidence >= 0 && candidate->confidence <= 1)) abort();
        if (kmi_text_check_utf8(kmi_slice_from(candidate->content), "candidate", NULL) != KM_OK) abort();
    }
    kmi_extraction_deinit(&extraction);
    return 0;
}
