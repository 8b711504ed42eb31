/* Which units are neighbours. A memory's thread is its session; without one, memories of the same task that arrived one right after
 * the other. The links of a memory's units follow from three memories: itself, and those before and after it in its thread.
 * So a change is put right by linking anew the memories that it touches, and nothing has to be remembered. */
#include "store/sqlite/index.h"

static km_status find(kmi_store *store, const char *statement, int64_t seq, kmi_unit_range *ret_range,
                      km_error *error) {
    *ret_range = (kmi_unit_range){0};
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, statement, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    bool has_row = false;
    status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK && has_row) *ret_range = (kmi_unit_range){kmi_sql_integer(&use, 0), kmi_sql_integer(&use, 1)};
    return status;
}

static km_status find_before(kmi_store *store, int64_t seq, kmi_unit_range *ret_range, km_error *error) {
    static const char SESSION_BEFORE[] =
        "SELECT o.seq,o.unit_count FROM memories m CROSS JOIN memories o"
        " WHERE m.seq=?1 AND o.session=m.session AND o.seq<?1 ORDER BY o.seq DESC LIMIT 1";
    static const char TASK_BEFORE[] = "SELECT o.seq,o.unit_count FROM memories m CROSS JOIN memories o"
                                      " WHERE m.seq=?1 AND o.seq=(SELECT max(seq) FROM memories WHERE seq<?1)"
                                      " AND m.session IS NULL AND o.session IS NULL AND o.origin_task=m.origin_task";
    km_status status = find(store, SESSION_BEFORE, seq, ret_range, error);
    return status == KM_OK && ret_range->first == 0 ? find(store, TASK_BEFORE, seq, ret_range, error) : status;
}

static km_status find_after(kmi_store *store, int64_t seq, kmi_unit_range *ret_range, km_error *error) {
    static const char SESSION_AFTER[] = "SELECT o.seq,o.unit_count FROM memories m CROSS JOIN memories o"
                                        " WHERE m.seq=?1 AND o.session=m.session AND o.seq>?1 ORDER BY o.seq LIMIT 1";
    static const char TASK_AFTER[] = "SELECT o.seq,o.unit_count FROM memories m CROSS JOIN memories o"
                                     " WHERE m.seq=?1 AND o.seq=(SELECT min(seq) FROM memories WHERE seq>?1)"
                                     " AND m.session IS NULL AND o.session IS NULL AND o.origin_task=m.origin_task";
    km_status status = find(store, SESSION_AFTER, seq, ret_range, error);
    return status == KM_OK && ret_range->first == 0 ? find(store, TASK_AFTER, seq, ret_range, error) : status;
}

/* ---- Entries ---- */

static uint8_t distance(int64_t from, int64_t to) {
    int64_t units = to - from;
    return from > 0 && units > 0 && units <= KMI_UNIT_DISTANCE_MAX ? (uint8_t)units : 0;
}

typedef enum direction { BEFORE, AFTER } direction;

static km_status set_link(kmi_store *store, int64_t unit, direction to, uint8_t units_away, km_error *error) {
    kmi_unit_entry entry;
    km_status status = kmi_unit_map_get(&store->map, store->sql, unit, &entry, error);
    if (status != KM_OK) return status;
    if (to == BEFORE)
        entry.before = units_away;
    else
        entry.after = units_away;
    return kmi_unit_map_set(&store->map, store->sql, unit, entry, error);
}

/* Links the end of one memory with the start of the next: the last two units of the one overlap each other, and so do the first
 * two of the other. Either may be missing. */
static km_status join(kmi_store *store, kmi_unit_range left, kmi_unit_range right, km_error *error) {
    int64_t last = left.first > 0 ? left.first + left.count - 1 : 0;
    km_status status = KM_OK;
    for (int64_t i = 0; i < 2 && i < left.count && status == KM_OK; i++)
        status = set_link(store, last - i, AFTER, distance(last - i, right.first), error);
    for (int64_t i = 0; i < 2 && i < right.count && status == KM_OK; i++)
        status = set_link(store, right.first + i, BEFORE, distance(last, right.first + i), error);
    return status;
}

/* Links the windows of one memory: each with the nearest ones that it does not overlap. */
static km_status link_windows(kmi_store *store, kmi_unit_range range, km_error *error) {
    km_status status = KM_OK;
    for (int64_t i = 2; i < range.count && status == KM_OK; i++) {
        status = set_link(store, range.first + i, BEFORE, 2, error);
        if (status == KM_OK) status = set_link(store, range.first + i - 2, AFTER, 2, error);
    }
    return status;
}

km_status kmi_index_link_new(kmi_store *store, kmi_unit_range range, km_error *error) {
    kmi_unit_range before;
    km_status status = find_before(store, range.first, &before, error);
    if (status == KM_OK) status = link_windows(store, range, error);
    return status == KM_OK ? join(store, before, range, error) : status;
}

km_status kmi_index_link(kmi_store *store, int64_t seq, km_error *error) {
    static const char FIND_ITSELF[] = "SELECT seq,unit_count FROM memories WHERE seq=?1";
    kmi_unit_range range;
    kmi_unit_range after;
    km_status status = find(store, FIND_ITSELF, seq, &range, error);
    if (status != KM_OK || range.first == 0) return status;
    status = kmi_index_link_new(store, range, error);
    if (status == KM_OK) status = find_after(store, seq, &after, error);
    return status == KM_OK ? join(store, range, after, error) : status;
}

km_status kmi_index_find_near(kmi_store *store, int64_t seq, int64_t ret_seqs[KMI_INDEX_NEAR], km_error *error) {
    static const char ROW_BEFORE[] = "SELECT seq,unit_count FROM memories WHERE seq<?1 ORDER BY seq DESC LIMIT 1";
    static const char ROW_AFTER[] = "SELECT seq,unit_count FROM memories WHERE seq>?1 ORDER BY seq LIMIT 1";
    kmi_unit_range found[KMI_INDEX_NEAR];
    km_status status = find_before(store, seq, &found[0], error);
    if (status == KM_OK) status = find_after(store, seq, &found[1], error);
    if (status == KM_OK) status = find(store, ROW_BEFORE, seq, &found[2], error);
    if (status == KM_OK) status = find(store, ROW_AFTER, seq, &found[3], error);
    if (status != KM_OK) return status;
    for (size_t i = 0; i < KMI_INDEX_NEAR; i++) ret_seqs[i] = found[i].first;
    return KM_OK;
}
