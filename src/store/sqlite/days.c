/* The history: what each day added to the counters, written in the transaction that it counts, so that a day's sums can be
 * recounted as the counters can. Ninety days of a dozen numbers are all that is ever kept. */
#include <string.h>

#include "store/sqlite/handle.h"
#include "util/clock.h"

#define DAY_US ((int64_t)86400 * 1000000)

static const kmi_counter KEPT[] = {
    KMI_COUNTER_TASKS_COMPLETED, KMI_COUNTER_TASKS_FAILED_EVER, KMI_COUNTER_TASKS_CANCELLED, KMI_COUNTER_PROCESSING_US,
    KMI_COUNTER_WAIT_US,         KMI_COUNTER_MEMORIES,          KMI_COUNTER_DUPLICATES,      KMI_COUNTER_REDACTIONS,
    KMI_COUNTER_WORKER_STARTS,   KMI_COUNTER_WORKER_CRASHES,    KMI_COUNTER_SLOW_TASKS,
};

static km_status add_to_day(kmi_store *store, int64_t day, const char *name, int64_t amount, km_error *error) {
    static const char ADD_TO_DAY[] = "INSERT INTO days(day,name,value) VALUES(?1,?2,?3)"
                                     " ON CONFLICT(day,name) DO UPDATE SET value=value+excluded.value";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, ADD_TO_DAY, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, day);
    kmi_sql_bind_text(&use, 2, name);
    kmi_sql_bind_integer(&use, 3, amount);
    return kmi_sql_run(&use, error);
}

/* A day in the future is left from a clock that was wrong; it goes when that day would have grown old. */
static km_status prune(kmi_store *store, int64_t today, km_error *error) {
    static const char DROP_OLD[] = "DELETE FROM days WHERE day<=?1 OR day>?2";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, DROP_OLD, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, today - KMI_HISTORY_DAYS);
    kmi_sql_bind_integer(&use, 2, today + KMI_HISTORY_DAYS);
    status = kmi_sql_run(&use, error);
    if (status == KM_OK) store->pruned_day = today;
    return status;
}

km_status kmi_days_write(kmi_store *store, km_error *error) {
    const int64_t *totals = store->changes.totals;
    int64_t today = kmi_clock_now_us() / DAY_US;
    km_status status = KM_OK;
    bool is_written = false;
    for (size_t i = 0; status == KM_OK && i < sizeof(KEPT) / sizeof(KEPT[0]); i++) {
        if (totals[KEPT[i]] == 0) continue;
        status = add_to_day(store, today, kmi_counter_name(KEPT[i]), totals[KEPT[i]], error);
        is_written = true;
    }
    return status == KM_OK && is_written && store->pruned_day != today ? prune(store, today, error) : status;
}

static kmi_counter find_counter(kmi_slice name) {
    for (int i = 0; i < KMI_COUNTER_COUNT; i++)
        if (kmi_slice_equal(name, kmi_slice_from(kmi_counter_name((kmi_counter)i)))) return (kmi_counter)i;
    return KMI_COUNTER_COUNT;
}

km_status kmi_store_days(kmi_store *store, int64_t first_day, kmi_arena *arena, kmi_day_row **ret_items,
                         size_t *ret_count, km_error *error) {
    static const char READ_DAYS[] = "SELECT day,name,value FROM days WHERE day>=?1 ORDER BY day";
    enum { days_max = 2 * KMI_HISTORY_DAYS + 2 };
    *ret_items = NULL;
    *ret_count = 0;
    kmi_day_row *days = kmi_arena_alloc_array(arena, days_max, sizeof(*days));
    if (days == NULL) return kmi_store_fail_nomem(store, error);
    size_t count = 0;
    bool has_row = false;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, READ_DAYS, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, first_day);
    status = kmi_sql_step(&use, &has_row, error);
    while (status == KM_OK && has_row) {
        int64_t day = kmi_sql_integer(&use, 0);
        kmi_counter counter = find_counter(kmi_sql_slice(&use, 1));
        if (count == 0 || days[count - 1].day != day) {
            if (count == days_max) break;
            days[count++] = (kmi_day_row){.day = day};
        }
        if (counter != KMI_COUNTER_COUNT) days[count - 1].values[counter] = kmi_sql_integer(&use, 2);
        status = kmi_sql_step(&use, &has_row, error);
    }
    if (status != KM_OK) return status;
    *ret_items = days;
    *ret_count = count;
    return KM_OK;
}
