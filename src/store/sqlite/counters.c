/* Counters live with the data they count and change in the same transaction. They are summed in memory and written once
 * before COMMIT, so that a task costs additions instead of statements; a savepoint that is undone takes its sums along.
 * Sums by type and source are kept too, because counting them anew means reading every memory. */
#include "store/sqlite/handle.h"

#include <string.h>

static const char *const NAMES[KMI_COUNTER_COUNT] = {
    [KMI_COUNTER_TASKS_COMPLETED] = "tasks_completed",
    [KMI_COUNTER_TASKS_CANCELLED] = "tasks_cancelled",
    [KMI_COUNTER_TASKS_FAILED] = "tasks_failed",
    [KMI_COUNTER_TASKS_QUEUED] = "tasks_queued",
    [KMI_COUNTER_TASKS_RETRYING] = "tasks_retrying",
    [KMI_COUNTER_TASKS_PROCESSING] = "tasks_processing",
    [KMI_COUNTER_PROCESSING_US] = "processing_us",
    [KMI_COUNTER_WAIT_US] = "wait_us",
    [KMI_COUNTER_MEMORIES] = "memories",
    [KMI_COUNTER_SUPERSEDED] = "superseded",
    [KMI_COUNTER_ENTITIES] = "entities",
    [KMI_COUNTER_RELATIONS] = "relations",
    [KMI_COUNTER_DUPLICATES] = "duplicates",
    [KMI_COUNTER_REDACTIONS] = "redactions",
    [KMI_COUNTER_SKIPPED] = "skipped",
    [KMI_COUNTER_WORKER_STARTS] = "worker_starts",
    [KMI_COUNTER_WORKER_CRASHES] = "worker_crashes",
    [KMI_COUNTER_SLOW_TASKS] = "slow_tasks",
    [KMI_COUNTER_TASKS_FAILED_EVER] = "tasks_failed_ever",
};

static const char ADD_COUNT[] = "INSERT INTO counters(kind,name,value) VALUES(?1,?2,?3)"
                                " ON CONFLICT(kind,name) DO UPDATE SET value=value+excluded.value";

const char *kmi_counter_name(kmi_counter counter) {
    return NAMES[counter];
}

km_status kmi_store_counter_add(kmi_store *store, kmi_counter counter, int64_t amount, km_error *error) {
    if ((int)counter < 0 || counter >= KMI_COUNTER_COUNT) {
        return kmi_fail(error, KM_E_INTERNAL, "there is no counter %d", (int)counter);
    }
    if (!store->is_writing) {
        return kmi_fail(error, KM_E_INTERNAL, "a counter of \"%s\" outside of a transaction", kmi_sql_path(store->sql));
    }
    store->changes.totals[counter] += amount;
    return KM_OK;
}

static km_status write_count(kmi_store *store, kmi_count_kind kind, const char *name, int64_t amount, km_error *error) {
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, ADD_COUNT, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, kind);
    kmi_sql_bind_text(&use, 2, name);
    kmi_sql_bind_integer(&use, 3, amount);
    return kmi_sql_run(&use, error);
}

km_status kmi_counts_add_named(kmi_store *store, kmi_count_kind kind, const char *name, int64_t amount,
                               km_error *error) {
    kmi_store_changes *changes = &store->changes;
    for (size_t i = 0; i < changes->named_count; i++) {
        kmi_named_count *named = &changes->named[i];
        if (named->kind == kind && strcmp(named->name, name) == 0) {
            named->amount += amount;
            return KM_OK;
        }
    }
    const char *copy = changes->named_count < NAMED_COUNTS_MAX ? kmi_arena_copy_text(store->scratch, name) : NULL;
    /* More different names than fit: those go straight into the table, which an undone savepoint undoes as well. */
    if (copy == NULL) return write_count(store, kind, name, amount, error);
    changes->named[changes->named_count++] = (kmi_named_count){.kind = kind, .name = copy, .amount = amount};
    return KM_OK;
}

km_status kmi_counts_write(kmi_store *store, km_error *error) {
    kmi_store_changes *changes = &store->changes;
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < KMI_COUNTER_COUNT; i++) {
        if (changes->totals[i] == 0) continue;
        status = write_count(store, KMI_COUNT_TOTAL, NAMES[i], changes->totals[i], error);
    }
    for (size_t i = 0; status == KM_OK && i < changes->named_count; i++) {
        if (changes->named[i].amount == 0) continue;
        status = write_count(store, changes->named[i].kind, changes->named[i].name, changes->named[i].amount, error);
    }
    if (status == KM_OK) status = kmi_days_write(store, error);
    return status;
}

km_status kmi_store_counters_get(kmi_store *store, int64_t ret_values[KMI_COUNTER_COUNT], km_error *error) {
    static const char READ_TOTALS[] = "SELECT name,value FROM counters WHERE kind=0";
    int64_t values[KMI_COUNTER_COUNT] = {0};
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_TOTALS, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    while (status == KM_OK && has_row) {
        kmi_slice name = kmi_sql_slice(&use, 0);
        for (size_t i = 0; i < KMI_COUNTER_COUNT; i++) {
            if (kmi_slice_equal(name, kmi_slice_from(NAMES[i]))) values[i] = kmi_sql_integer(&use, 1);
        }
        status = kmi_sql_step(&use, &has_row, error);
    }
    if (status == KM_OK) memcpy(ret_values, values, sizeof(values));
    return status;
}

/* Reads rows of (name, count) into an array of at most `limit`. */
static km_status read_name_counts(kmi_store *store, kmi_sql_use *use, size_t limit, kmi_arena *arena,
                                  km_name_count **ret_items, size_t *ret_count, km_error *error) {
    km_name_count *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool has_row = false;
    km_status status = kmi_sql_step(use, &has_row, error);
    while (status == KM_OK && has_row && count < limit) {
        if (count == capacity) {
            size_t grown = capacity == 0 ? 8 : capacity * 2;
            km_name_count *larger = kmi_arena_alloc_array(arena, grown, sizeof(*larger));
            if (larger == NULL) return kmi_store_fail_nomem(store, error);
            if (count > 0) memcpy(larger, items, count * sizeof(*items));
            items = larger;
            capacity = grown;
        }
        status = kmi_sql_copy_text(use, 0, arena, &items[count].name, error);
        if (status != KM_OK) break;
        items[count].count = (uint64_t)kmi_sql_integer(use, 1);
        count++;
        status = kmi_sql_step(use, &has_row, error);
    }
    if (status != KM_OK) return status;
    *ret_items = items;
    *ret_count = count;
    return KM_OK;
}

static km_status counts_of_kind(kmi_store *store, kmi_count_kind kind, kmi_arena *arena, km_name_count **ret_items,
                                size_t *ret_count, km_error *error) {
    static const char READ_NAMED[] =
        "SELECT name,value FROM counters WHERE kind=?1 AND value>0 ORDER BY value DESC,name";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, READ_NAMED, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, kind);
    return read_name_counts(store, &use, SIZE_MAX, arena, ret_items, ret_count, error);
}

km_status kmi_store_counts_by_type(kmi_store *store, kmi_arena *arena, km_name_count **ret_items, size_t *ret_count,
                                   km_error *error) {
    return counts_of_kind(store, KMI_COUNT_TYPE, arena, ret_items, ret_count, error);
}

km_status kmi_store_counts_by_source(kmi_store *store, kmi_arena *arena, km_name_count **ret_items, size_t *ret_count,
                                     km_error *error) {
    return counts_of_kind(store, KMI_COUNT_SOURCE, arena, ret_items, ret_count, error);
}

km_status kmi_store_last_errors(kmi_store *store, size_t limit, kmi_arena *arena, km_name_count **ret_items,
                                size_t *ret_count, km_error *error) {
    static const char READ_ERRORS[] = "SELECT error,count(*) FROM tasks WHERE error IS NOT NULL GROUP BY error"
                                      " ORDER BY max(coalesce(finished_at,started_at,created_at)) DESC,error LIMIT ?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, READ_ERRORS, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    return read_name_counts(store, &use, limit, arena, ret_items, ret_count, error);
}
