/* Repairs keep memories and give up what can be made from them: indexes are made anew, edges to nowhere go, counters are counted.
 * Each is one transaction, so that a repair that is cut short has changed nothing. */
#include "store/repair.h"
#include "store/sqlite/index.h"

#include "util/error.h"

#define NEWER_TIMEOUT_MS 2000
#define VERSIONS_TO_COME 1000

static const char REMOVE_EDGES[] =
    "DELETE FROM mentions WHERE NOT EXISTS(SELECT 1 FROM memories m WHERE m.seq=memory)"
    " OR NOT EXISTS(SELECT 1 FROM entities e WHERE e.id=entity);"
    "DELETE FROM relations WHERE NOT EXISTS(SELECT 1 FROM memories m WHERE m.seq=memory)"
    " OR NOT EXISTS(SELECT 1 FROM entities e WHERE e.id=from_entity)"
    " OR NOT EXISTS(SELECT 1 FROM entities e WHERE e.id=to_entity);"
    "UPDATE memories SET superseded_by=NULL WHERE superseded_by IS NOT NULL"
    " AND NOT EXISTS(SELECT 1 FROM memories s WHERE s.seq=memories.superseded_by);"
    "INSERT OR IGNORE INTO labels(id,text) SELECT label,'lost-'||label FROM"
    " (SELECT type AS label FROM memories UNION SELECT knowledge_type FROM memories"
    " UNION SELECT polarity FROM memories UNION SELECT source FROM memories UNION SELECT speaker FROM memories"
    " UNION SELECT session FROM memories UNION SELECT pattern FROM memories UNION SELECT agent FROM memories"
    " UNION SELECT user FROM memories) WHERE label NOT IN (SELECT id FROM labels);"
    "DELETE FROM entities WHERE NOT EXISTS(SELECT 1 FROM mentions n WHERE n.entity=entities.id)"
    " AND NOT EXISTS(SELECT 1 FROM relations r WHERE r.from_entity=entities.id)"
    " AND NOT EXISTS(SELECT 1 FROM relations r WHERE r.to_entity=entities.id);";

/* What ever happened cannot be recounted and stays, but completed tasks cannot be fewer than their records. */
static const char RECOUNT[] =
    "DELETE FROM counters WHERE kind>0 OR name IN('tasks_failed','tasks_queued','tasks_retrying','tasks_processing',"
    "'memories','superseded','entities','relations');"
    "INSERT INTO counters(kind,name,value)"
    " SELECT 1,(SELECT text FROM labels WHERE id=type),count(*) FROM memories WHERE superseded_by IS NULL GROUP BY type"
    " UNION ALL SELECT 2,(SELECT text FROM labels WHERE id=source),count(*) FROM memories WHERE superseded_by IS NULL"
    " GROUP BY source"
    " UNION ALL SELECT 0,'memories',count(*) FROM memories WHERE superseded_by IS NULL"
    " UNION ALL SELECT 0,'superseded',count(*) FROM memories WHERE superseded_by IS NOT NULL"
    " UNION ALL SELECT 0,'entities',count(*) FROM entities"
    " UNION ALL SELECT 0,'relations',count(*) FROM relations"
    " UNION ALL SELECT 0,'tasks_failed',count(*) FROM tasks WHERE state=4"
    " UNION ALL SELECT 0,'tasks_queued',count(*) FROM tasks WHERE state=0"
    " UNION ALL SELECT 0,'tasks_retrying',count(*) FROM tasks WHERE state=2"
    " UNION ALL SELECT 0,'tasks_processing',count(*) FROM tasks WHERE state=1;"
    "INSERT INTO counters(kind,name,value) SELECT 0,'tasks_completed',count(*) FROM tasks WHERE state=3"
    " ON CONFLICT(kind,name) DO UPDATE SET value=max(value,excluded.value);"
    "UPDATE state SET next_seq=max(next_seq,coalesce((SELECT max(seq+unit_count) FROM memories),1));";

km_status kmi_repair_in_transaction(kmi_store *store, kmi_store_fault fault, km_error *error) {
    km_status status = KM_OK;
    switch (fault) {
    case KMI_FAULT_INDEXES:
        return kmi_sql_execute(store->sql, "REINDEX", error);
    case KMI_FAULT_SEARCH:
        return kmi_index_rebuild(store, false, error);
    case KMI_FAULT_EDGES: /* a memory may come back to life, an entity go: both are counted */
        status = kmi_sql_execute(store->sql, REMOVE_EDGES, error);
        return status == KM_OK ? kmi_sql_execute(store->sql, RECOUNT, error) : status;
    case KMI_FAULT_COUNTERS:
        return kmi_sql_execute(store->sql, RECOUNT, error);
    case KMI_FAULT_PAGES:
    case KMI_FAULT_COUNT:
        break;
    }
    return kmi_fail(error, KM_E_INTERNAL, "fault %d of \"%s\" cannot be repaired in place", (int)fault,
                    kmi_sql_path(store->sql));
}

km_status kmi_store_repair(kmi_store *store, kmi_store_fault fault, km_error *error) {
    km_status status = kmi_store_begin(store, error);
    if (status != KM_OK) return status;
    store->changes.are_memories_changed = true; /* caches look again */
    status = kmi_repair_in_transaction(store, fault, error);
    if (status == KM_OK) return kmi_store_commit(store, error);
    kmi_store_rollback(store);
    return status;
}

/* ---- Marks ---- */

uint64_t kmi_store_known_schema(void) {
    return (uint64_t)kmi_schema_last_version(KMI_MIGRATIONS);
}

bool kmi_store_is_newer(const char *path) {
    const int64_t known = kmi_schema_last_version(KMI_MIGRATIONS);
    int64_t version = 0;
    kmi_sql *sql = NULL;
    km_status status = kmi_sql_open(path, KMI_SQL_READ, NEWER_TIMEOUT_MS, &sql, NULL);
    if (status == KM_OK) status = kmi_schema_inspect(sql, &version, NULL);
    kmi_sql_close(sql);
    return status == KM_OK && version > known && version < known + VERSIONS_TO_COME;
}

km_status kmi_store_marks(kmi_store *store, uint64_t *ret_epoch, uint64_t *ret_generation, km_error *error) {
    static const char READ_MARKS[] = "SELECT epoch,generation FROM state";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_MARKS, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK) return status;
    *ret_epoch = has_row ? (uint64_t)kmi_sql_integer(&use, 0) : 0;
    *ret_generation = has_row ? (uint64_t)kmi_sql_integer(&use, 1) : 0;
    return KM_OK;
}

km_status kmi_store_exceed_marks(kmi_store *store, uint64_t epoch, uint64_t generation, km_error *error) {
    static const char EXCEED[] = "UPDATE state SET epoch=max(epoch,?1)+1,generation=max(generation,?2)+1";
    km_status status = kmi_store_begin(store, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, EXCEED, &use, error);
    if (status == KM_OK) {
        kmi_sql_bind_integer(&use, 1, (int64_t)epoch);
        kmi_sql_bind_integer(&use, 2, (int64_t)generation);
        status = kmi_sql_run(&use, error);
    }
    kmi_sql_end(&use);
    if (status == KM_OK) return kmi_store_commit(store, error);
    kmi_store_rollback(store);
    return status;
}
