/* Anything as a question or a prompt to a small memory: it is answered or refused, and what is put before a prompt is
 * one harmless line each. */
#include "fuzz_project.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(km_project *project, const char *text, size_t len) {
    km_recall_query query = {.query = text, .query_len = len, .limit = 20, .include_superseded = true, .now_us = 1};
    km_memory_list *list = NULL;
    km_error error = {0};
    km_status status = km_recall(project, &query, &list, &error);
    fuzz_require(status == KM_OK || (status == KM_E_INVALID && error.message[0] != '\0'));
    for (size_t i = 1; status == KM_OK && i < list->count; i++)
        fuzz_require(list->items[i].score <= list->items[i - 1].score + 1e-9);
    km_memory_list_free(list);
}

static void enhance(km_project *project, const char *text, size_t len) {
    km_enhance_options options = {.max_memories = 10, .explain = true};
    km_enhance_result *result = NULL;
    km_status status = km_enhance(project, text, len, &options, &result, NULL);
    fuzz_require(status == KM_OK || status == KM_E_INVALID);
    if (status != KM_OK) return;
    fuzz_require(result->problem == KM_OK || (result->problem == KM_E_INVALID && result->memory_count == 0));
    fuzz_require(result->confidence >= 0 && result->confidence <= 1);
    for (size_t i = 0; i < result->memory_count; i++)
        for (const char *c = result->lines[i]; *c != '\0'; c++) fuzz_require((unsigned char)*c >= ' ');
    if (len > 0)
        fuzz_require(result->enhanced_prompt_len >= len &&
                     memcmp(result->enhanced_prompt + result->enhanced_prompt_len - len, text, len) == 0);
    km_enhance_result_free(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static km_project *project;
    if (project == NULL) {
        fuzz_make_root();
        project = fuzz_open();
        fuzz_fill(project, true);
    }
    if (size == 0) return 0;
    ask(project, (const char *)data, size);
    enhance(project, (const char *)data, size);
    return 0;
}
