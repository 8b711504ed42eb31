/* Reading memories. A project without a memory, or without a store yet, is an empty one: reading creates nothing. */
#include "recall/recall.h"

#include <stdlib.h>

#include "api/project.h"
#include "api/result.h"
#include "base/text.h"
#include "extract/extract.h"
#include "util/clock.h"
#include "util/error.h"

enum { default_limit = 10, limit_max = 1000000 };

km_status kmi_fail_memory(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while building the answer");
}

kmi_memory_list *kmi_memory_list_new(void) {
    kmi_memory_list *list = calloc(1, sizeof *list);
    if (list == NULL) return NULL;
    list->arena = kmi_arena_new(KMI_RESULT_LIMIT_BYTES);
    if (list->arena != NULL) return list;
    free(list);
    return NULL;
}

void km_memory_list_free(km_memory_list *public) {
    kmi_memory_list *list = (kmi_memory_list *)public;
    if (list == NULL) return;
    kmi_arena_free(list->arena);
    free(list);
}

/* What recall, recent and show have in common: a read-only store, a list, the time it took. */
typedef km_status (*read_memories)(km_project *project, kmi_store *store, const void *request, kmi_memory_list *list,
                                   km_error *error);

static km_status read_list(km_project *project, bool needs_store, read_memories read, const void *request,
                           km_memory_list **ret_list, km_error *error) {
    const int64_t start_us = kmi_clock_monotonic_us();
    kmi_memory_list *list = kmi_memory_list_new();
    if (list == NULL) return kmi_fail_memory(error);
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_status status = needs_store ? kmi_project_open_store(project, KMI_STORE_READ, &store, error)
                                   : kmi_project_find_store(project, &store, error);
    if (status == KM_OK && store != NULL) status = read(project, store, request, list, error);
    if (status != KM_OK) {
        km_memory_list_free(&list->public);
        return status;
    }
    list->public.elapsed_us = kmi_clock_monotonic_us() - start_us;
    *ret_list = &list->public;
    return KM_OK;
}

static km_status check_query(const km_recall_query *query, km_recall_query *ret_query, km_error *error) {
    if (query == NULL) return kmi_fail(error, KM_E_INVALID, "query must not be NULL");
    *ret_query = *query;
    if (ret_query->limit == 0) ret_query->limit = default_limit;
    if (ret_query->limit > limit_max) return kmi_fail(error, KM_E_INVALID, "limit must be 1 to %d", limit_max);
    if (ret_query->now_us == 0) ret_query->now_us = kmi_clock_now_us();
    if (ret_query->query != NULL && ret_query->query_len == 0)
        ret_query->query_len = kmi_slice_from(ret_query->query).len;
    return KM_OK;
}

static km_status read_recall(km_project *project, kmi_store *store, const void *request, kmi_memory_list *list,
                             km_error *error) {
    km_memory *items = NULL;
    km_status status = kmi_recall(store, request, project->config.recall_confidence_threshold, list->arena, &items,
                                  &list->public.count, &list->public.explanation, error);
    list->public.items = items;
    return status;
}

km_status km_recall(km_project *project, const km_recall_query *query, km_memory_list **ret_list, km_error *error) {
    km_recall_query checked = {0};
    if (project == NULL || ret_list == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_list must not be NULL");
    km_status status = check_query(query, &checked, error);
    if (status != KM_OK) return status;
    if (checked.query == NULL) return kmi_fail(error, KM_E_INVALID, "there is nothing to look for");
    kmi_slice text = {checked.query, checked.query_len};
    if (text.len > KM_CONTENT_LIMIT_BYTES)
        return kmi_fail(error, KM_E_INVALID, "the query is %zu bytes long; the limit is %zu", text.len,
                        KM_CONTENT_LIMIT_BYTES);
    status = kmi_text_check_utf8(text, "the query", error);
    if (status == KM_OK && kmi_text_is_blank(text)) status = kmi_fail(error, KM_E_INVALID, "the query is empty");
    return status == KM_OK ? read_list(project, false, read_recall, &checked, ret_list, error) : status;
}

static km_status read_recent(km_project *project, kmi_store *store, const void *request, kmi_memory_list *list,
                             km_error *error) {
    (void)project;
    km_memory *items = NULL;
    km_status status = kmi_store_memory_recent(store, request, list->arena, &items, &list->public.count, error);
    list->public.items = items;
    return status;
}

km_status km_recent(km_project *project, const km_recall_query *query, km_memory_list **ret_list, km_error *error) {
    static const km_recall_query everything = {0};
    km_recall_query checked = {0};
    if (project == NULL || ret_list == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_list must not be NULL");
    km_status status = check_query(query == NULL ? &everything : query, &checked, error);
    return status == KM_OK ? read_list(project, false, read_recent, &checked, ret_list, error) : status;
}

/* The memory itself, then those it superseded. */
static km_status read_show(km_project *project, kmi_store *store, const void *request, kmi_memory_list *list,
                           km_error *error) {
    (void)project;
    kmi_uuid id;
    km_memory *older = NULL;
    size_t older_count = 0;
    km_status status = kmi_store_memory_resolve(store, request, &id, error);
    if (status == KM_OK) status = kmi_store_memory_predecessors(store, &id, list->arena, &older, &older_count, error);
    if (status != KM_OK) return status;
    km_memory *items = kmi_arena_alloc_array(list->arena, older_count + 1, sizeof *items);
    if (items == NULL) return kmi_fail_memory(error);
    status = kmi_store_memory_get(store, &id, list->arena, &items[0], error);
    for (size_t i = 0; i < older_count; i++) items[i + 1] = older[i];
    list->public.items = items;
    list->public.count = older_count + 1;
    return status;
}

km_status km_show(km_project *project, const char *id, km_memory_list **ret_list, km_error *error) {
    if (project == NULL || id == NULL || ret_list == NULL)
        return kmi_fail(error, KM_E_INVALID, "project, id and ret_list must not be NULL");
    return read_list(project, true, read_show, id, ret_list, error);
}
