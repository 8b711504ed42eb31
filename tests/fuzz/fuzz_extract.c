/* Any bytes that are valid UTF-8 go through redaction and extraction: no fault, no leak, every candidate well formed.
 * Seeds are the cases of tests/data/learning. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "extract/extract.h"
#include "extract/secrets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true) {
    if (!is_true) abort();
}

static void check_candidate(const kmi_candidate *candidate) {
    require(candidate->content != NULL && candidate->content[0] != '\0');
    require(kmi_text_check_utf8(kmi_slice_from(candidate->content), "content", NULL) == KM_OK);
    require(candidate->type != NULL && candidate->knowledge_type != NULL && candidate->polarity != NULL &&
            candidate->pattern != NULL);
    require(candidate->confidence >= 0 && candidate->confidence <= 1 && candidate->importance >= 0 &&
            candidate->importance <= 1);
    for (size_t i = 0; i < candidate->entity_count; i++)
        require(candidate->entities[i].name[0] != '\0' &&
                kmi_text_check_utf8(kmi_slice_from(candidate->entities[i].name), "name", NULL) == KM_OK);
    for (size_t i = 0; i < candidate->relation_count; i++)
        require(candidate->relations[i].from != NULL && candidate->relations[i].name != NULL &&
                candidate->relations[i].to != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static kmi_extractor *extractor;
    if (extractor == NULL)
        require(kmi_extractor_new("{\"own\": {\"regex\": \"(a+)+b\", \"type\": \"note\", \"confidence\": 0.4}}",
                                  &extractor, NULL) == KM_OK);
    kmi_slice text = {(const char *)data, size};
    if (size == 0 || kmi_text_check_utf8(text, "input", NULL) != KM_OK) return 0;
    KMI_CLEANUP_BUF kmi_buf redacted;
    kmi_buf_init(&redacted, (size_t)64 << 20);
    kmi_redactions redactions = {0};
    bool is_changed = false;
    require(kmi_secrets_redact(text, &redacted, &is_changed, &redactions) == KM_OK);
    if (is_changed) text = kmi_buf_slice(&redacted);
    require(kmi_text_check_utf8(text, "redacted", NULL) == KM_OK);
    kmi_extract_input input = {.text = text,
                               .speaker = data[0] % 3 == 0 ? "assistant" : NULL,
                               .is_verbatim = data[0] % 7 == 0,
                               .said_at_us = 1795000000000000};
    kmi_extraction extraction = {0};
    km_status status = kmi_extract(extractor, &input, &extraction, NULL);
    require(status == KM_OK);
    for (size_t i = 0; i < extraction.candidate_count; i++) check_candidate(&extraction.candidates[i]);
    for (size_t i = 0; i < extraction.skipped_count; i++)
        require(extraction.skipped[i].reason != NULL &&
                kmi_text_check_utf8(kmi_slice_from(extraction.skipped[i].text), "skipped", NULL) == KM_OK);
    kmi_extraction_deinit(&extraction);
    return 0;
}
