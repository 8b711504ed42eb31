/* Changing memories by hand: edit and forget. */
#include <stdlib.h>
#include <string.h>

#include "api/project.h"
#include "api/result.h"
#include "extract/extract.h"
#include "extract/secrets.h"
#include "recall/cache.h"
#include "util/clock.h"
#include "util/error.h"

/* ---- edit ---- */

/* The new text as a candidate, the way `remember` would keep it. */
static km_status extract_whole(km_project *project, kmi_slice text, kmi_extraction *ret_extraction, km_error *error) {
    kmi_extractor *extractor = NULL;
    km_status status = kmi_extractor_new(project->config.learn_custom_patterns_json, &extractor, error);
    if (status != KM_OK) return status;
    kmi_extract_input input = {.text = text, .said_at_us = kmi_clock_now_us(), .is_verbatim = true};
    status = kmi_extract(extractor, &input, ret_extraction, error);
    kmi_extractor_free(extractor);
    if (status == KM_OK && ret_extraction->candidate_count == 0) {
        kmi_extraction_deinit(ret_extraction);
        status = kmi_fail(error, KM_E_INVALID, "the text holds nothing to keep");
    }
    return status;
}

static km_status edit_in_store(kmi_writer *writer, const char *id_prefix, const kmi_candidate *candidate,
                               kmi_memory_list *list, km_error *error) {
    kmi_uuid id;
    km_memory *item = kmi_arena_alloc(list->arena, sizeof *item);
    if (item == NULL) return kmi_fail_memory(error);
    kmi_store *store = writer->store;
    km_status status = kmi_store_memory_resolve(store, id_prefix, &id, error);
    if (status == KM_OK) status = kmi_store_begin(store, error);
    if (status != KM_OK) return status;
    status = kmi_writer_end(writer, kmi_store_memory_edit(store, &id, candidate, kmi_clock_now_us(), error), error);
    if (status == KM_OK) status = kmi_store_memory_get(store, &id, list->arena, item, error);
    list->public.items = item;
    list->public.count = 1;
    return status;
}

km_status km_edit(km_project *project, const char *id, const char *content, size_t content_len,
                  km_memory_list **ret_list, km_error *error) {
    if (project == NULL || id == NULL || ret_list == NULL)
        return kmi_fail(error, KM_E_INVALID, "project, id and ret_list must not be NULL");
    km_learn_item item = {.content = content, .content_len = content_len};
    km_status status = km_learn_item_check(&item, error);
    if (status != KM_OK) return status;
    kmi_slice text = {content, content_len != 0 ? content_len : strlen(content)};
    KMI_CLEANUP_BUF kmi_buf clean;
    kmi_buf_init(&clean, 2 * KM_CONTENT_LIMIT_BYTES);
    bool is_changed = false;
    kmi_redactions redactions = {0};
    if (project->config.learn_redact_secrets && kmi_secrets_redact(text, &clean, &is_changed, &redactions) != KM_OK)
        return kmi_fail_memory(error);
    if (is_changed) text = kmi_buf_slice(&clean);
    KMI_CLEANUP_WRITER kmi_writer writer = {0};
    status = kmi_writer_open(project, false, &writer, error);
    if (status != KM_OK) return status;
    kmi_extraction extraction = {0};
    status = extract_whole(project, text, &extraction, error);
    if (status != KM_OK) return status;
    kmi_memory_list *list = kmi_memory_list_new();
    status = list == NULL ? kmi_fail_memory(error) : edit_in_store(&writer, id, &extraction.candidates[0], list, error);
    kmi_extraction_deinit(&extraction);
    if (status != KM_OK) {
        if (list != NULL) km_memory_list_free(&list->public);
        return status;
    }
    kmi_project_announce_change(project);
    *ret_list = &list->public;
    return KM_OK;
}

/* ---- forget ---- */

enum { drain_timeout_ms = 5000 };

typedef struct forget_result {
    km_forget_result public;
    kmi_arena *arena;
} forget_result;

void km_forget_result_free(km_forget_result *public) {
    forget_result *result = (forget_result *)public;
    if (result == NULL) return;
    kmi_arena_free(result->arena);
    free(result);
}

static forget_result *new_forget_result(void) {
    forget_result *result = calloc(1, sizeof *result);
    if (result != NULL && (result->arena = kmi_arena_new(KMI_RESULT_LIMIT_BYTES)) == NULL) {
        free(result);
        result = NULL;
    }
    return result;
}

static bool holds_id(const kmi_uuid *ids, size_t count, const kmi_uuid *id) {
    for (size_t i = 0; i < count; i++)
        if (kmi_uuid_compare(&ids[i], id) == 0) return true;
    return false;
}

/* All prefixes to full ids, each once. */
static km_status resolve_all(kmi_store *store, const char *const *prefixes, size_t prefix_count, forget_result *result,
                             kmi_uuid **ret_ids, km_error *error) {
    kmi_uuid *ids = kmi_arena_alloc_array(result->arena, prefix_count, sizeof *ids);
    const char **texts = kmi_arena_alloc_array(result->arena, prefix_count, sizeof *texts);
    size_t count = 0;
    if (ids == NULL || texts == NULL) return kmi_fail_memory(error);
    for (size_t i = 0; i < prefix_count; i++) {
        char text[KMI_UUID_TEXT_SIZE];
        km_status status = kmi_store_memory_resolve(store, prefixes[i], &ids[count], error);
        if (status != KM_OK) return status;
        if (holds_id(ids, count, &ids[count])) continue;
        texts[count] = kmi_arena_copy_text(result->arena, kmi_uuid_format(&ids[count], text));
        if (texts[count++] == NULL) return kmi_fail_memory(error);
    }
    result->public.ids = texts;
    result->public.count = count;
    *ret_ids = ids;
    return KM_OK;
}

static km_status forget_in_store(kmi_writer *writer, const char *const *prefixes, size_t prefix_count,
                                 forget_result *result, km_error *error) {
    kmi_uuid *ids = NULL;
    kmi_store *store = writer->store;
    km_status status = resolve_all(store, prefixes, prefix_count, result, &ids, error);
    if (status == KM_OK) status = kmi_store_begin(store, error);
    if (status != KM_OK) return status;
    status = kmi_writer_end(writer, kmi_store_memory_delete(store, ids, result->public.count, error), error);
    return status == KM_OK ? kmi_store_erase(store, &result->public.is_erased, error) : status;
}

km_status km_forget(km_project *project, const char *const *ids, size_t id_count, km_forget_result **ret_result,
                    km_error *error) {
    if (project == NULL || ids == NULL || id_count == 0 || ret_result == NULL)
        return kmi_fail(error, KM_E_INVALID, "there is nothing to forget");
    KMI_CLEANUP_WRITER kmi_writer writer = {0};
    /* What is still in the queue may hold the same words, and would be learnt after. */
    km_status status = kmi_project_drain(project, drain_timeout_ms, error);
    if (status == KM_OK) status = kmi_writer_open(project, false, &writer, error);
    if (status != KM_OK) return status;
    forget_result *result = new_forget_result();
    status = result == NULL ? kmi_fail_memory(error) : forget_in_store(&writer, ids, id_count, result, error);
    if (status != KM_OK) {
        km_forget_result_free(&result->public);
        return status;
    }
    kmi_writer_close(&writer);
    kmi_cache_erase(
        project->memory_dir_fd); /* out of use since the commit; numbers of what is forgotten need not stay */
    kmi_project_announce_change(project);
    if (!result->public.is_erased) kmi_project_keep_worker(project); /* it empties the log when it leaves */
    *ret_result = &result->public;
    return KM_OK;
}
