/* Reading memories. A project without a memory, or without a store yet, is an empty one: reading creates nothing. */
#include <stdlib.h>

#include "api/project.h"
#include "api/result.h"
#include "base/text.h"
#include "extract/extract.h"
#include "recall/line.h"
#include "recall/merge.h"
#include "recall/recall.h"
#include "util/clock.h"
#include "util/error.h"

enum {
    default_limit = 10,
    limit_max = 1000000,
    users_share = 3, /* of the places, one in so many is kept for the user's own memory */
};

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

typedef struct reading {
    read_memories read;
    const void *request;
    bool needs_store; /* else no store is an empty list */
    bool with_user;   /* what the user's own memory gives too */
    size_t limit, users_places;
} reading;

static km_status read_one(km_project *project, const reading *how, kmi_memory_list *list, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_status status = how->needs_store ? kmi_project_open_store(project, KMI_STORE_READ, &store, error)
                                        : kmi_project_find_store(project, &store, error);
    return status == KM_OK && store != NULL ? how->read(project, store, how->request, list, error) : status;
}

/* Trouble with the user's own memory takes nothing away from what the project's gave. */
static km_status add_users(km_project *project, const reading *how, kmi_memory_list *list, km_error *error) {
    km_project *user = project->config.recall_user_memory ? km_project_user(project) : NULL;
    kmi_memory_list users = {.arena = list->arena};
    km_memory *items = NULL;
    if (user == NULL || read_one(user, how, &users, NULL) != KM_OK || users.public.count == 0) return KM_OK;
    const km_explanation *why = users.public.explanation;
    if (why != NULL && why->confidence < why->threshold) return KM_OK; /* nothing there is about the question */
    km_status status = kmi_list_merge(list->public.items, list->public.count, users.public.items, users.public.count,
                                      how->limit, how->users_places, list->arena, &items, &list->public.count, error);
    list->public.items = items;
    if (list->public.explanation == NULL) list->public.explanation = users.public.explanation;
    return status;
}

static km_status read_list(km_project *project, const reading *how, km_memory_list **ret_list, km_error *error) {
    const int64_t start_us = kmi_clock_monotonic_us();
    kmi_memory_list *list = kmi_memory_list_new();
    if (list == NULL) return kmi_fail_memory(error);
    km_status status = read_one(project, how, list, error);
    if (status == KM_OK && how->with_user) status = add_users(project, how, list, error);
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
    reading how = {.read = read_recall,
                   .request = &checked,
                   .with_user = checked.include_user,
                   .limit = checked.limit,
                   .users_places = checked.limit / users_share};
    return status == KM_OK ? read_list(project, &how, ret_list, error) : status;
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
    reading how = {.read = read_recent, .request = &checked};
    return status == KM_OK ? read_list(project, &how, ret_list, error) : status;
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
    reading how = {.read = read_show, .request = id, .needs_store = true};
    return read_list(project, &how, ret_list, error);
}

typedef struct standing_limits {
    size_t standing, statuses;
} standing_limits;

static km_status read_standing(km_project *project, kmi_store *store, const void *request, kmi_memory_list *list,
                               km_error *error) {
    (void)project;
    const standing_limits *limits = request;
    km_memory *standing = NULL, *statuses = NULL;
    size_t count = 0, status_count = 0;
    km_status status = KM_OK;
    if (limits->standing > 0)
        status = kmi_store_memory_standing(store, limits->standing, list->arena, &standing, &count, error);
    if (status == KM_OK && limits->statuses > 0)
        status = kmi_store_memory_statuses(store, limits->statuses, list->arena, &statuses, &status_count, error);
    if (status != KM_OK) return status;
    km_memory *items = kmi_arena_alloc_array(list->arena, count + status_count + 1, sizeof *items);
    if (items == NULL) return kmi_fail_memory(error);
    for (size_t i = 0; i < count; i++) items[i] = standing[i];
    for (size_t i = 0; i < status_count; i++) items[count + i] = statuses[i];
    list->public.items = items;
    list->public.count = count + status_count;
    return KM_OK;
}

km_status km_standing(km_project *project, size_t limit, size_t status_limit, km_memory_list **ret_list,
                      km_error *error) {
    if (project == NULL || ret_list == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_list must not be NULL");
    if (limit > limit_max || status_limit > limit_max)
        return kmi_fail(error, KM_E_INVALID, "limits must be 0 to %d", limit_max);
    standing_limits limits = {limit, status_limit};
    reading how = {.read = read_standing,
                   .request = &limits,
                   .with_user = true,
                   .limit = limit + status_limit,
                   .users_places = (limit + status_limit) / users_share};
    return read_list(project, &how, ret_list, error);
}

size_t km_line_format(const char *text, size_t text_len, size_t max_chars, char *ret_line, size_t size) {
    if (ret_line == NULL || size == 0) return 0;
    kmi_buf line;
    kmi_buf_init_fixed(&line, ret_line, size);
    ret_line[0] = '\0';
    /* A character has at most four bytes, so what is counted so always fits and is cut where it may be. */
    size_t fitting = (size - 1) / 4;
    if (text != NULL) kmi_line_add((kmi_slice){text, text_len}, max_chars < fitting ? max_chars : fitting, &line);
    return line.len;
}
