/* Listing and finding tasks. A task is in a file of the queue until it is committed, then in the store; a record in the store
 * always wins. */
#include <stdlib.h>
#include <string.h>

#include "api/result.h"
#include "api/waiting.h"
#include "util/error.h"

enum { tasks_max = 1000000 };

typedef struct task_list {
    km_task_list public;
    kmi_arena *arena;
    km_task *items;
    size_t capacity;
} task_list;

void km_task_list_free(km_task_list *public) {
    task_list *list = (task_list *)public;
    if (list == NULL) return;
    kmi_arena_free(list->arena);
    free(list->items);
    free(list);
}

static task_list *new_list(void) {
    task_list *list = calloc(1, sizeof *list);
    if (list != NULL && (list->arena = kmi_arena_new(KMI_RESULT_LIMIT_BYTES)) == NULL) {
        free(list);
        list = NULL;
    }
    return list;
}

km_task_list *kmi_task_list_new(void) {
    task_list *list = new_list();
    return list == NULL ? NULL : &list->public;
}

/* Returns: a new, empty task at the end of the list, or NULL. */
static km_task *append(task_list *list) {
    if (list->public.count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        km_task *grown = reallocarray(list->items, capacity, sizeof *grown);
        if (grown == NULL) return NULL;
        list->public.items = list->items = grown;
        list->capacity = capacity;
    }
    km_task *task = &list->items[list->public.count++];
    *task = (km_task){0};
    return task;
}

static const char *format_id(kmi_arena *arena, const kmi_uuid *id) {
    char text[KMI_UUID_TEXT_SIZE];
    return kmi_arena_copy_text(arena, kmi_uuid_format(id, text));
}

static km_status append_row(task_list *list, const kmi_task_row *row, km_error *error) {
    km_task *task = append(list);
    const char **ids = kmi_arena_alloc_array(list->arena, row->memory_count + 1, sizeof *ids);
    if (task == NULL || ids == NULL) return kmi_fail_memory(error);
    for (size_t i = 0; i < row->memory_count; i++)
        if ((ids[i] = format_id(list->arena, &row->memory_ids[i])) == NULL) return kmi_fail_memory(error);
    *task = (km_task){
        .id = format_id(list->arena, &row->id),
        .state = row->state,
        .priority = row->priority,
        .attempts = row->attempts,
        .crashes = row->crashes,
        .item_count = row->item_count,
        .created_at_us = row->created_at_us,
        .started_at_us = row->started_at_us,
        .finished_at_us = row->finished_at_us,
        .run_at_us = row->run_at_us,
        .processing_us = row->processing_us,
        .error = row->error,
        .memory_count = row->memory_count,
        .memory_ids = ids,
    };
    return task->id == NULL ? kmi_fail_memory(error) : KM_OK;
}

static km_status append_record(task_list *list, const kmi_record *record, bool is_in_hand, km_error *error) {
    km_task *task = append(list);
    if (task == NULL) return kmi_fail_memory(error);
    *task = (km_task){
        .id = format_id(list->arena, &record->task_id),
        .state = is_in_hand ? KM_TASK_PROCESSING : KM_TASK_QUEUED,
        .priority = record->priority,
        .item_count = record->item_count,
        .created_at_us = record->created_at_us,
    };
    return task->id == NULL ? kmi_fail_memory(error) : KM_OK;
}

/* ---- Listing ---- */

typedef struct listing {
    task_list *list;
    const km_task_state *state;
    size_t limit;
    km_status status;
    km_error *error;
} listing;

static bool list_record(const kmi_record *record, bool is_in_hand, void *context) {
    listing *l = context;
    km_task_state state = is_in_hand ? KM_TASK_PROCESSING : KM_TASK_QUEUED;
    if (l->state != NULL && *l->state != state) return true;
    if (l->list->public.count >= l->limit) return false;
    l->status = append_record(l->list, record, is_in_hand, l->error);
    return l->status == KM_OK;
}

static int compare_created(const void *a, const void *b) {
    const km_task *x = a, *y = b;
    if (x->created_at_us != y->created_at_us) return x->created_at_us < y->created_at_us ? -1 : 1;
    return strcmp(x->id, y->id);
}

/* A task that was committed between the look into the queue and the look into the store is there twice: the one that has come
 * further stays. The list is sorted, so both stand side by side. */
static void drop_doubles(km_task *items, size_t *count) {
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        bool is_double = kept > 0 && strcmp(items[kept - 1].id, items[i].id) == 0;
        if (!is_double)
            items[kept++] = items[i];
        else if (items[i].state > items[kept - 1].state)
            items[kept - 1] = items[i];
    }
    *count = kept;
}

/* The queue first: a task is in the store before it leaves the queue, so this order misses none. */
static km_status fill_list(kmi_task_view *v, listing *l, km_error *error) {
    kmi_task_row *rows = NULL;
    size_t count = 0;
    km_status status = KM_OK;
    if (v->queue != NULL) status = kmi_waiting_each(v->queue, v->store, v->metrics, list_record, l, error);
    if (status == KM_OK) status = l->status;
    if (status == KM_OK && v->store != NULL)
        status = kmi_store_task_list(v->store, l->state, false, l->limit, l->list->arena, &rows, &count, error);
    for (size_t i = 0; i < count && status == KM_OK; i++) status = append_row(l->list, &rows[i], error);
    km_task_list *list = &l->list->public;
    if (status != KM_OK || list->count < 2) return status;
    qsort(l->list->items, list->count, sizeof *l->list->items, compare_created);
    drop_doubles(l->list->items, &list->count);
    if (list->count > l->limit) list->count = l->limit;
    return KM_OK;
}

km_status km_task_list_get(km_project *project, const km_task_state *state, size_t limit, km_task_list **ret_list,
                           km_error *error) {
    if (project == NULL || ret_list == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_list must not be NULL");
    task_list *list = new_list();
    if (list == NULL) return kmi_fail_memory(error);
    KMI_CLEANUP_TASK_VIEW kmi_task_view v;
    km_status status = kmi_task_view_open(project, &v, error);
    listing l = {
        .list = list, .state = state, .limit = limit != 0 && limit < tasks_max ? limit : tasks_max, .error = error};
    if (status == KM_OK) status = fill_list(&v, &l, error);
    if (status == KM_OK)
        *ret_list = &list->public;
    else
        km_task_list_free(&list->public);
    return status;
}

/* ---- Finding one ---- */

typedef struct finding {
    kmi_uuid low, high;
    task_list *list; /* what the queue holds: at most two matches are of interest */
    kmi_record record;
    km_status status;
    km_error *error;
} finding;

static bool find_record(const kmi_record *record, bool is_in_hand, void *context) {
    finding *f = context;
    if (kmi_uuid_compare(&record->task_id, &f->low) < 0 || kmi_uuid_compare(&record->task_id, &f->high) > 0)
        return true;
    if (f->list->public.count > 0 && kmi_uuid_compare(&record->task_id, &f->record.task_id) == 0)
        return true; /* same key */
    f->status = append_record(f->list, record, is_in_hand, f->error);
    if (f->status == KM_OK && f->list->public.count > 1)
        f->status = kmi_fail(f->error, KM_E_CONFLICT, "the id is ambiguous: \"%s\" and \"%s\"", f->list->items[0].id,
                             f->list->items[1].id);
    f->record = *record;
    return f->status == KM_OK;
}

static km_status find_row(kmi_task_view *v, const char *prefix, task_list *list, km_error *error) {
    kmi_uuid id;
    bool is_known = false;
    kmi_task_row row;
    km_status status = kmi_store_task_resolve(v->store, prefix, &id, error);
    if (status == KM_OK) status = kmi_store_task_find(v->store, &id, list->arena, &is_known, &row, error);
    if (status == KM_OK && !is_known) return kmi_fail(error, KM_E_NOT_FOUND, "no task \"%.40s\"", prefix);
    return status == KM_OK ? append_row(list, &row, error) : status;
}

/* Puts the one task with this prefix into the list. */
static km_status find_one(kmi_task_view *v, const char *prefix, task_list *list, km_error *error) {
    finding f = {.list = list, .error = error};
    km_status status = kmi_uuid_prefix_range(prefix, &f.low, &f.high, error);
    if (status == KM_OK && v->queue != NULL)
        status = kmi_waiting_each(v->queue, v->store, v->metrics, find_record, &f, error);
    if (status == KM_OK) status = f.status;
    if (status != KM_OK) return status;
    size_t in_queue = list->public.count;
    km_error fault = {0};
    status = v->store == NULL ? KM_E_NOT_FOUND : find_row(v, prefix, list, &fault);
    if (status == KM_E_NOT_FOUND && in_queue == 1) return KM_OK;
    if (status == KM_E_NOT_FOUND)
        return kmi_fail(error, KM_E_NOT_FOUND,
                        "no task \"%.40s\"; finished ones are known for async.max_task_age_seconds", prefix);
    if (status != KM_OK && error != NULL) *error = fault;
    if (status != KM_OK || in_queue == 0) return status;
    if (strcmp(list->items[0].id, list->items[1].id) != 0)
        return kmi_fail(error, KM_E_CONFLICT, "the id is ambiguous: \"%s\" and \"%s\"", list->items[0].id,
                        list->items[1].id);
    list->items[0] = list->items[1]; /* it was committed between the two looks */
    list->public.count = 1;
    return KM_OK;
}

/* The first worker may have made the store, and given the file back, between the look for a store and the look into the queue. */
static km_status find_in_view(km_project *project, kmi_task_view *v, const char *prefix, task_list *list,
                              km_error *error) {
    bool had_store = v->store != NULL;
    km_error fault = {0};
    km_status status = find_one(v, prefix, list, &fault);
    if (status == KM_E_NOT_FOUND && !had_store) {
        status = kmi_project_find_store(project, &v->store, &fault);
        if (status == KM_OK) status = find_one(v, prefix, list, &fault);
    }
    if (status != KM_OK && error != NULL) *error = fault;
    return status;
}

/* ---- What a task went through ---- */

static void add_change(km_task_change *changes, size_t *count, int64_t at_us, km_task_state state,
                       const char *message) {
    if (at_us != 0) changes[(*count)++] = (km_task_change){at_us, state, message};
}

/* A task that ran once and ended well has no events in the store: its own times say it all. */
static km_status fill_changes(kmi_task_view *v, task_list *list, km_error *error) {
    km_task *task = &list->items[0];
    kmi_uuid id;
    kmi_task_event *events = NULL;
    size_t event_count = 0, count = 0;
    km_status status = kmi_uuid_parse(task->id, &id, error);
    if (status == KM_OK && v->store != NULL)
        status = kmi_store_task_events(v->store, &id, list->arena, &events, &event_count, error);
    if (status != KM_OK) return status;
    km_task_change *changes = kmi_arena_alloc_array(list->arena, event_count + 3, sizeof *changes);
    if (changes == NULL) return kmi_fail_memory(error);
    add_change(changes, &count, task->created_at_us, KM_TASK_QUEUED, NULL);
    for (size_t i = 0; i < event_count; i++)
        add_change(changes, &count, events[i].at_us, events[i].state, events[i].error);
    if (event_count == 0) {
        add_change(changes, &count, task->started_at_us, KM_TASK_PROCESSING, NULL);
        add_change(changes, &count, task->finished_at_us, task->state, task->error);
    }
    task->changes = changes;
    task->change_count = count;
    return KM_OK;
}

km_status km_task_get(km_project *project, const char *id, km_task_list **ret_list, km_error *error) {
    if (project == NULL || id == NULL || ret_list == NULL)
        return kmi_fail(error, KM_E_INVALID, "project, id and ret_list must not be NULL");
    task_list *list = new_list();
    if (list == NULL) return kmi_fail_memory(error);
    KMI_CLEANUP_TASK_VIEW kmi_task_view v;
    km_status status = kmi_task_view_open(project, &v, error);
    if (status == KM_OK) status = find_in_view(project, &v, id, list, error);
    if (status == KM_OK) status = fill_changes(&v, list, error);
    if (status == KM_OK)
        *ret_list = &list->public;
    else
        km_task_list_free(&list->public);
    return status;
}
