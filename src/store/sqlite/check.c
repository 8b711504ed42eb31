/* The deep checks. Each looks at one kind of fault, and a kind is what one repair mends. What SQLite says about pages is not
 * passed on word for word where it could quote a value. */
#include "store/repair.h"
#include "store/sqlite/handle.h"

#include <stdio.h>
#include <string.h>

#include "util/error.h"

#define PROGRESS_STEPS 20000 /* instructions of SQLite between two chances to be told to stop */

typedef struct checking {
    kmi_store *store;
    const kmi_store_listener *listener;
    kmi_store_diagnosis *diagnosis;
    uint64_t done;
    bool is_stopped;
} checking;

static int tell(void *context) {
    checking *c = context;
    if (c->listener == NULL || c->listener->progress == NULL) return 0;
    c->is_stopped = !c->listener->progress(c->done, KMI_FAULT_COUNT, c->listener->context);
    return c->is_stopped;
}

__attribute__((format(printf, 3, 4))) static void note(checking *c, kmi_store_fault fault, const char *format, ...) {
    if (c->diagnosis->has[fault]) return; /* the first one is told */
    va_list arguments;
    va_start(arguments, format);
    c->diagnosis->has[fault] = true;
    vsnprintf(c->diagnosis->detail[fault], sizeof c->diagnosis->detail[fault], format, arguments);
    va_end(arguments);
}

/* ---- Pages and indexes ---- */

/* Both are about an index that lacks or exceeds its table; REINDEX mends them. */
static bool is_about_index(kmi_slice finding) {
    char text[200];
    snprintf(text, sizeof text, "%.*s", (int)(finding.len < 199 ? finding.len : 199), finding.ptr);
    return strstr(text, "missing from index") != NULL || strstr(text, "wrong # of entries in index") != NULL ||
           strstr(text, "non-unique entry in index") != NULL;
}

/* The first line only says which database it is about. */
static kmi_slice last_line(kmi_slice text) {
    size_t start = text.len;
    while (start > 0 && text.ptr[start - 1] != '\n') start--;
    text = (kmi_slice){text.ptr + start, text.len - start};
    return text;
}

static km_status check_pages(checking *c, km_error *error) {
    static const char INTEGRITY[] = "PRAGMA integrity_check(100)";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(c->store->sql, INTEGRITY, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    while (status == KM_OK && has_row) {
        kmi_slice finding = kmi_sql_slice(&use, 0);
        bool is_sound = kmi_slice_equal(finding, KMI_SLICE_LITERAL("ok"));
        finding = last_line(finding);
        if (!is_sound)
            note(c, is_about_index(finding) ? KMI_FAULT_INDEXES : KMI_FAULT_PAGES, "SQLite says: %.*s",
                 (int)(finding.len < 150 ? finding.len : 150), finding.ptr);
        status = kmi_sql_step(&use, &has_row, error);
    }
    return status;
}

/* ---- Tables ---- */

/* A store that was damaged, or made by somebody else, may hold sound pages and still not our columns. */
static km_status check_tables(checking *c, km_error *error) {
    static const char *const PROBES[] = {
        "SELECT seq,id,content,content_hash,unit_count,type,knowledge_type,polarity,pattern,confidence,importance,"
        "subject,attribute,value FROM memories LIMIT 1",
        "SELECT " MEMORY_COLUMNS " FROM memories m LIMIT 1",
        "SELECT id,folded,type,name FROM entities LIMIT 1",
        "SELECT id,state,priority,attempts,crashes,item_count,created_at,started_at,finished_at,run_at,"
        "processing_us,wait_us,is_keyed,error FROM tasks LIMIT 1",
        "SELECT block,entries FROM unit_map LIMIT 1",
        "SELECT epoch,generation,next_seq,index_version FROM state LIMIT 1",
        "SELECT day,name,value FROM days LIMIT 1",
        "SELECT task,at,state,error FROM task_events LIMIT 1",
    };
    uint64_t version = 0;
    km_status status = kmi_store_schema_version(c->store, &version, error);
    if (status != KM_OK || version != kmi_store_known_schema()) return status; /* it will be brought up to date first */
    for (size_t i = 0; status == KM_OK && i < sizeof PROBES / sizeof PROBES[0]; i++) {
        KMI_CLEANUP_SQL kmi_sql_use use = {0};
        bool has_row = false;
        status = kmi_sql_start(c->store->sql, PROBES[i], &use, error);
        if (status == KM_E_STORE) note(c, KMI_FAULT_PAGES, "tables or columns are missing");
        if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    }
    return status;
}

/* ---- Edges ---- */

static const struct {
    const char *text, *what;
} EDGE_CHECKS[] = {
    {"SELECT count(*) FROM mentions n WHERE NOT EXISTS(SELECT 1 FROM memories m WHERE m.seq=n.memory)"
     " OR NOT EXISTS(SELECT 1 FROM entities e WHERE e.id=n.entity)",
     "mentions lead nowhere"},
    {"SELECT count(*) FROM relations r WHERE NOT EXISTS(SELECT 1 FROM memories m WHERE m.seq=r.memory)"
     " OR NOT EXISTS(SELECT 1 FROM entities e WHERE e.id=r.from_entity)"
     " OR NOT EXISTS(SELECT 1 FROM entities e WHERE e.id=r.to_entity)",
     "relations lead nowhere"},
    {"SELECT count(*) FROM memories m WHERE superseded_by IS NOT NULL"
     " AND NOT EXISTS(SELECT 1 FROM memories s WHERE s.seq=m.superseded_by)",
     "memories are superseded by one that is not there"},
    {"SELECT count(*) FROM (SELECT type AS label FROM memories UNION SELECT knowledge_type FROM memories"
     " UNION SELECT polarity FROM memories UNION SELECT source FROM memories UNION SELECT speaker FROM memories"
     " UNION SELECT session FROM memories UNION SELECT pattern FROM memories UNION SELECT agent FROM memories"
     " UNION SELECT user FROM memories) WHERE label NOT IN (SELECT id FROM labels)",
     "labels that memories name are lost"},
    {"SELECT count(*) FROM entities e WHERE NOT EXISTS(SELECT 1 FROM mentions n WHERE n.entity=e.id)"
     " AND NOT EXISTS(SELECT 1 FROM relations r WHERE r.from_entity=e.id)"
     " AND NOT EXISTS(SELECT 1 FROM relations r WHERE r.to_entity=e.id)",
     "entities are named by no memory"},
};

static km_status check_edges(checking *c, km_error *error) {
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < sizeof EDGE_CHECKS / sizeof EDGE_CHECKS[0]; i++) {
        int64_t count = 0;
        status = kmi_store_read_number(c->store, EDGE_CHECKS[i].text, &count, error);
        if (status == KM_OK && count > 0) note(c, KMI_FAULT_EDGES, "%lld %s", (long long)count, EDGE_CHECKS[i].what);
    }
    return status;
}

/* ---- Counters ---- */

static km_status check_counters(checking *c, km_error *error) {
    static const char NEXT_SEQ[] = "SELECT next_seq<coalesce((SELECT max(seq+unit_count) FROM memories),1) FROM state";
    km_error detail = {0};
    bool is_equal = true;
    km_status status = kmi_store_counters_verify(c->store, &is_equal, &detail);
    if (status != KM_OK) {
        if (error != NULL) *error = detail;
        return status;
    }
    if (!is_equal) note(c, KMI_FAULT_COUNTERS, "%.190s", detail.message);
    int64_t is_behind = 0;
    status = kmi_store_read_number(c->store, NEXT_SEQ, &is_behind, error);
    if (is_behind != 0) note(c, KMI_FAULT_COUNTERS, "the next number of a memory is in use already");
    return status;
}

/* ---- The full-text index ---- */

static km_status check_search(checking *c, km_error *error) {
    km_error detail = {0};
    km_status status = kmi_store_check_index(c->store, &detail);
    if (status == KM_OK) return KM_OK;
    if (status == KM_E_STORE && !c->is_stopped) {
        note(c, KMI_FAULT_SEARCH, "the search index does not hold what the memories say");
        return KM_OK;
    }
    if (error != NULL) *error = detail;
    return status;
}

/* ---- All of them ---- */

/* Damage that stops a check is what the check looks for. */
static km_status take_damage(checking *c, kmi_store_fault fault, km_status status, const km_error *detail,
                             km_error *error) {
    if (c->is_stopped) return kmi_fail(error, KM_E_INTERRUPTED, "interrupted");
    if (status != KM_E_STORE) {
        if (status != KM_OK && error != NULL) *error = *detail;
        return status;
    }
    note(c, fault, "%.190s", "a page cannot be read");
    return KM_OK;
}

km_status kmi_store_diagnose(kmi_store *store, const kmi_store_listener *listener, kmi_store_diagnosis *ret_diagnosis,
                             km_error *error) {
    static const struct {
        km_status (*check)(checking *c, km_error *error);
        kmi_store_fault fault; /* when the check itself meets damage */
    } CHECKS[] = {{check_pages, KMI_FAULT_PAGES},
                  {check_tables, KMI_FAULT_PAGES},
                  {check_edges, KMI_FAULT_PAGES},
                  {check_counters, KMI_FAULT_PAGES},
                  {check_search, KMI_FAULT_SEARCH}};
    memset(ret_diagnosis, 0, sizeof *ret_diagnosis);
    checking c = {.store = store, .listener = listener, .diagnosis = ret_diagnosis};
    sqlite3 *db = kmi_sql_handle(store->sql);
    km_status status = KM_OK;
    sqlite3_progress_handler(db, PROGRESS_STEPS, tell, &c);
    for (size_t i = 0; status == KM_OK && i < sizeof CHECKS / sizeof CHECKS[0]; i++) {
        km_error detail = {0};
        if (tell(&c) != 0) break;
        if (ret_diagnosis->has[KMI_FAULT_PAGES] && i > 0) break; /* nothing else can be trusted */
        if (i > 0 && store->reads_older && store->schema_version < KMI_SCHEMA_LABELS)
            break; /* the rest is of today's tables */
        status = CHECKS[i].check(&c, &detail);
        status = take_damage(&c, CHECKS[i].fault, status, &detail, error);
        c.done++;
    }
    sqlite3_progress_handler(db, 0, NULL, NULL);
    if (c.is_stopped) return kmi_fail(error, KM_E_INTERRUPTED, "interrupted");
    return status;
}
