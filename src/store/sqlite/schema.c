/* The schema as a table of steps: a database is at step user_version, and every later step is run in one transaction. A step that
 * was released is never changed again; tests keep databases of every release.
 *
 * Choices worth knowing before a new step is written:
 * - memories.seq is the row of the memory's first unit in the full-text index. A memory takes `unit_count` numbers, the
 *   next memory starts after them: unit u belongs to the memory with the greatest seq <= u, and units stay dense.
 *   seq is never used again (state.next_seq).
 * - units is an index without content: a text is stored once, and SQLite 3.40 can delete from the index only if it is told
 *   the old text. It keeps no sizes either, because unit_map has them in two bytes and in one place.
 * - state.index_version is apart from the schema version, because a better way to divide texts changes no table.
 * - superseded_by is the edge between two memories; a second copy of it in a table of links could disagree.
 * - tasks and the tables keyed by two numbers are WITHOUT ROWID: one B-tree to write instead of two. Partial indexes keep
 *   finished tasks, which are nearly all, out of the indexes that look for the others.
 * - state is one row, so that epoch, generation and the next seq cost one read and one write a transaction. */
#include "store/sqlite/handle.h"
#include "util/clock.h"

#include <string.h>

/* The form of memories until version 3. */
#define MEMORIES_1 \
    "CREATE TABLE memories(" \
    " seq INTEGER PRIMARY KEY," \
    " id BLOB NOT NULL UNIQUE CHECK(length(id)=16)," \
    " content TEXT NOT NULL," \
    " content_hash BLOB NOT NULL CHECK(length(content_hash)=32)," \
    " unit_count INTEGER NOT NULL DEFAULT 1," \
    " type TEXT NOT NULL," \
    " knowledge_type TEXT NOT NULL," \
    " polarity TEXT NOT NULL," \
    " pattern TEXT," \
    " confidence REAL NOT NULL," \
    " importance REAL NOT NULL," \
    " subject TEXT," \
    " attribute TEXT," \
    " value TEXT," \
    " time_phrase TEXT," \
    " event_at INTEGER," \
    " source TEXT NOT NULL," \
    " speaker TEXT," \
    " session TEXT," \
    " agent TEXT," \
    " user TEXT," \
    " key TEXT," \
    " metadata TEXT," \
    " origin_task BLOB," \
    " created_at INTEGER NOT NULL," \
    " observed_at INTEGER NOT NULL," \
    " last_seen_at INTEGER NOT NULL," \
    " expires_at INTEGER," \
    " seen_count INTEGER NOT NULL," \
    " superseded_by INTEGER REFERENCES memories(seq)" \
    ") STRICT;" \
    "CREATE INDEX memories_hash ON memories(content_hash) WHERE superseded_by IS NULL;" \
    "CREATE INDEX memories_property ON memories(subject,attribute,observed_at)" \
    " WHERE superseded_by IS NULL AND attribute IS NOT NULL;" \
    "CREATE INDEX memories_subject ON memories(subject,observed_at) WHERE superseded_by IS NULL AND subject IS NOT " \
    "NULL;" \
    "CREATE INDEX memories_session ON memories(session) WHERE session IS NOT NULL;" \
    "CREATE INDEX memories_expiry ON memories(expires_at) WHERE expires_at IS NOT NULL;" \
    "CREATE INDEX memories_superseded ON memories(superseded_by) WHERE superseded_by IS NOT NULL;" \
    "CREATE INDEX memories_standing ON memories(last_seen_at)" \
    " WHERE superseded_by IS NULL AND type IN " \
    "('preference','rule','decision','identity')" \
    ";"
const char KMI_SCHEMA_MEMORIES_1[] = MEMORIES_1;

static const char VERSION_1[] =
    MEMORIES_1 "CREATE VIRTUAL TABLE units USING fts5(content,content='',columnsize=0,tokenize='kuzu');"
               "CREATE TABLE unit_map("
               " block INTEGER PRIMARY KEY,"
               " entries BLOB NOT NULL" /* unit_map.h */
               ") STRICT;"

               "CREATE TABLE entities("
               " id INTEGER PRIMARY KEY,"
               " folded TEXT NOT NULL,"
               " type TEXT NOT NULL,"
               " name TEXT NOT NULL,"
               " UNIQUE(folded,type)"
               ") STRICT;"
               "CREATE TABLE mentions("
               " memory INTEGER NOT NULL REFERENCES memories(seq),"
               " entity INTEGER NOT NULL REFERENCES entities(id),"
               " position INTEGER NOT NULL,"
               " PRIMARY KEY(memory,entity)"
               ") STRICT, WITHOUT ROWID;"
               "CREATE INDEX mentions_entity ON mentions(entity);"
               "CREATE TABLE relations("
               " memory INTEGER NOT NULL REFERENCES memories(seq),"
               " from_entity INTEGER NOT NULL REFERENCES entities(id),"
               " name TEXT NOT NULL,"
               " to_entity INTEGER NOT NULL REFERENCES entities(id),"
               " PRIMARY KEY(memory,from_entity,name,to_entity)"
               ") STRICT, WITHOUT ROWID;"
               "CREATE INDEX relations_from ON relations(from_entity);"
               "CREATE INDEX relations_to ON relations(to_entity);"

               "CREATE TABLE tasks("
               " id BLOB NOT NULL PRIMARY KEY CHECK(length(id)=16),"
               " state INTEGER NOT NULL," /* km_task_state */
               " priority INTEGER NOT NULL,"
               " attempts INTEGER NOT NULL,"
               " crashes INTEGER NOT NULL,"
               " item_count INTEGER NOT NULL,"
               " created_at INTEGER NOT NULL,"
               " started_at INTEGER,"
               " finished_at INTEGER,"
               " run_at INTEGER,"
               " processing_us INTEGER NOT NULL,"
               " wait_us INTEGER NOT NULL,"
               " is_keyed INTEGER NOT NULL,"
               " error TEXT,"
               " payload BLOB,"
               " memory_ids BLOB" /* 16 bytes each */
               ") STRICT, WITHOUT ROWID;"
               "CREATE INDEX tasks_open ON tasks(state) WHERE state<>3;" /* everything but completed */
               "CREATE INDEX tasks_finished ON tasks(finished_at) WHERE finished_at IS NOT NULL;"
               "CREATE INDEX tasks_error ON tasks(error) WHERE error IS NOT NULL;"
               "CREATE TABLE task_keys(id BLOB NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;"

               "CREATE TABLE counters("
               " kind INTEGER NOT NULL," /* 0 totals, 1 live memories by type, 2 by source */
               " name TEXT NOT NULL,"
               " value INTEGER NOT NULL,"
               " PRIMARY KEY(kind,name)"
               ") STRICT, WITHOUT ROWID;"
               "CREATE TABLE state("
               " one INTEGER PRIMARY KEY CHECK(one=1),"
               " epoch INTEGER NOT NULL,"
               " generation INTEGER NOT NULL,"
               " next_seq INTEGER NOT NULL,"
               " index_version INTEGER NOT NULL"
               ") STRICT;"
               "INSERT INTO state VALUES(1,0,0,1,1);"
               "CREATE TABLE schema_migrations("
               " version INTEGER PRIMARY KEY,"
               " applied_at INTEGER NOT NULL,"
               " program TEXT NOT NULL"
               ") STRICT;";

/* task_events holds what tasks.* cannot: every change of a task that did not simply run and end well. days: sums of counters by
 * day since 1970, for the history. */
static const char VERSION_2[] = "CREATE TABLE task_events("
                                " task BLOB NOT NULL CHECK(length(task)=16),"
                                " at INTEGER NOT NULL,"
                                " state INTEGER NOT NULL,"
                                " error TEXT,"
                                " PRIMARY KEY(task,at,state)"
                                ") STRICT, WITHOUT ROWID;"
                                "CREATE TABLE days("
                                " day INTEGER NOT NULL,"
                                " name TEXT NOT NULL,"
                                " value INTEGER NOT NULL,"
                                " PRIMARY KEY(day,name)"
                                ") STRICT, WITHOUT ROWID;";

/* memories in a third less: names that many rows share (type, source, session …) are numbers of `labels`, times are differences from
 * the time of storing, shares are ten thousandths, the hash is cut to what an index needs (a match is verified). What a
 * column meant before is a column that is computed. The text comes last: a search reads the columns before it alone, and a long text
 * lies on pages of its own. */
static const char VERSION_3[] =
    "CREATE TABLE labels("
    " id INTEGER PRIMARY KEY," /* never used for another text */
    " text TEXT NOT NULL UNIQUE"
    ") STRICT;"
    /* Some numbers stand in statements and in the index below: STANDING_TYPES, LABEL_STATUS. */
    "INSERT INTO labels(id,text) VALUES(1,'preference'),(2,'rule'),(3,'decision'),(4,'identity'),(5,'fact'),"
    "(6,'solution'),(7,'status'),(8,'note'),(9,'neutral'),(10,'positive'),(11,'negative'),(12,'pattern'),"
    "(13,'gotcha'),(14,'architecture'),(15,'convention'),(16,'user'),(17,'assistant');"
    "INSERT OR IGNORE INTO labels(text) SELECT type FROM memories UNION SELECT knowledge_type FROM memories"
    " UNION SELECT polarity FROM memories UNION SELECT source FROM memories"
    " UNION SELECT pattern FROM memories WHERE pattern IS NOT NULL"
    " UNION SELECT speaker FROM memories WHERE speaker IS NOT NULL"
    " UNION SELECT agent FROM memories WHERE agent IS NOT NULL"
    " UNION SELECT user FROM memories WHERE user IS NOT NULL;"
    "INSERT OR IGNORE INTO labels(text) SELECT DISTINCT session FROM memories WHERE session IS NOT NULL;"
    "CREATE TABLE memories_3("
    " seq INTEGER PRIMARY KEY,"
    " id BLOB NOT NULL UNIQUE CHECK(length(id)=16),"
    " content_hash BLOB NOT NULL CHECK(length(content_hash)=6),"
    " unit_count INTEGER NOT NULL DEFAULT 1,"
    " superseded_by INTEGER REFERENCES memories(seq),"
    " created_at INTEGER NOT NULL,"
    " observed_after INTEGER NOT NULL,"
    " last_seen_after INTEGER NOT NULL,"
    " expires_at INTEGER,"
    " type INTEGER NOT NULL," /* this and the next six: labels.id */
    " knowledge_type INTEGER NOT NULL,"
    " polarity INTEGER NOT NULL,"
    " source INTEGER NOT NULL,"
    " speaker INTEGER,"
    " session INTEGER,"
    " pattern INTEGER,"
    " agent INTEGER,"
    " user INTEGER,"
    " confidence_e4 INTEGER NOT NULL,"
    " importance_e4 INTEGER NOT NULL,"
    " seen_count INTEGER NOT NULL,"
    " event_at INTEGER,"
    " subject TEXT,"
    " attribute TEXT,"
    " value TEXT,"
    " time_phrase TEXT,"
    " key TEXT,"
    " origin_task BLOB,"
    " metadata TEXT,"
    " content TEXT NOT NULL,"
    " observed_at INTEGER AS (created_at+observed_after),"
    " last_seen_at INTEGER AS (created_at+last_seen_after),"
    " confidence REAL AS (confidence_e4/10000.0),"
    " importance REAL AS (importance_e4/10000.0)"
    ") STRICT;"
    "INSERT INTO memories_3(seq,id,content_hash,unit_count,superseded_by,created_at,observed_after,last_seen_after,"
    "expires_at,type,knowledge_type,polarity,source,speaker,session,pattern,agent,user,confidence_e4,importance_e4,"
    "seen_count,event_at,subject,attribute,value,time_phrase,key,origin_task,metadata,content)"
    " SELECT seq,id,substr(content_hash,1,6),unit_count,superseded_by,created_at,observed_at-created_at,"
    "last_seen_at-created_at,expires_at,"
    "(SELECT l.id FROM labels l WHERE l.text=type),(SELECT l.id FROM labels l WHERE l.text=knowledge_type),"
    "(SELECT l.id FROM labels l WHERE l.text=polarity),(SELECT l.id FROM labels l WHERE l.text=source),"
    "(SELECT l.id FROM labels l WHERE l.text=speaker),(SELECT l.id FROM labels l WHERE l.text=session),"
    "(SELECT l.id FROM labels l WHERE l.text=pattern),(SELECT l.id FROM labels l WHERE l.text=agent),"
    "(SELECT l.id FROM labels l WHERE l.text=user),"
    "CAST(round(confidence*10000) AS INTEGER),CAST(round(importance*10000) AS INTEGER),"
    "seen_count,event_at,subject,attribute,value,time_phrase,key,origin_task,metadata,content"
    " FROM memories ORDER BY seq;"
    "DROP TABLE memories;"
    "ALTER TABLE memories_3 RENAME TO memories;"
    "CREATE INDEX memories_hash ON memories(content_hash) WHERE superseded_by IS NULL;"
    "CREATE INDEX memories_property ON memories(subject,attribute,observed_at)"
    " WHERE superseded_by IS NULL AND attribute IS NOT NULL;"
    "CREATE INDEX memories_subject ON memories(subject,observed_at) WHERE superseded_by IS NULL AND subject IS NOT "
    "NULL;"
    "CREATE INDEX memories_session ON memories(session) WHERE session IS NOT NULL;"
    "CREATE INDEX memories_expiry ON memories(expires_at) WHERE expires_at IS NOT NULL;"
    "CREATE INDEX memories_superseded ON memories(superseded_by) WHERE superseded_by IS NOT NULL;"
    "CREATE INDEX memories_standing ON memories(last_seen_at)"
    " WHERE superseded_by IS NULL AND type IN " STANDING_TYPES ";";

const kmi_migration KMI_MIGRATIONS[] = {{1, VERSION_1}, {2, VERSION_2}, {3, VERSION_3}, {0, NULL}};

int64_t kmi_schema_last_version(const kmi_migration *table) {
    int64_t version = 0;
    for (size_t i = 0; table[i].statements != NULL; i++) version = table[i].version;
    return version;
}

static km_status fail_foreign(kmi_sql *sql, km_error *error) {
    return kmi_fail(
        error, KM_E_STORE,
        "\"%s\" is not a store of kuzu-memory; it was left as it is: move it away, then run the command again",
        kmi_sql_path(sql));
}

static km_status read_pragma(kmi_sql *sql, const char *text, int64_t *ret_value, km_error *error) {
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(sql, text, &use, error);
    bool has_row = false;
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK) *ret_value = has_row ? kmi_sql_integer(&use, 0) : 0;
    return status;
}

/* A file that holds nothing yet, as an interrupted creation leaves behind, is ours to fill. */
static km_status require_empty(kmi_sql *sql, km_error *error) {
    static const char COUNT_TABLES[] = "SELECT count(*) FROM sqlite_schema";
    int64_t table_count = 0;
    km_status status = read_pragma(sql, COUNT_TABLES, &table_count, error);
    if (status != KM_OK) return status;
    return table_count == 0 ? KM_OK : fail_foreign(sql, error);
}

km_status kmi_schema_inspect(kmi_sql *sql, int64_t *ret_version, km_error *error) {
    static const char MAGIC[16] = "SQLite format 3";
    static const char READ_APPLICATION_ID[] = "PRAGMA application_id";
    static const char READ_USER_VERSION[] = "PRAGMA user_version";
    unsigned char header[100];
    size_t len = 0;
    km_status status = kmi_sql_read_header(sql, header, sizeof(header), &len, error);
    if (status != KM_OK) return status;
    /* Looked at before SQLite runs any statement, so that a foreign file is not even locked. */
    if (len < sizeof(header) || memcmp(header, MAGIC, sizeof(MAGIC)) != 0) return fail_foreign(sql, error);
    int64_t application_id = 0;
    int64_t version = 0;
    status = read_pragma(sql, READ_APPLICATION_ID, &application_id, error);
    if (status == KM_OK) status = read_pragma(sql, READ_USER_VERSION, &version, error);
    if (status != KM_OK) return status;
    if (application_id == 0 && version == 0)
        status = require_empty(sql, error);
    else if (application_id != KMI_STORE_APPLICATION_ID)
        status = fail_foreign(sql, error);
    if (status == KM_OK) *ret_version = version;
    return status;
}

static km_status note_migration(kmi_sql *sql, int64_t version, km_error *error) {
    static const char INSERT_MIGRATION[] = "INSERT INTO schema_migrations(version,applied_at,program) VALUES(?1,?2,?3)";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(sql, INSERT_MIGRATION, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, version);
    kmi_sql_bind_integer(&use, 2, kmi_clock_now_us());
    kmi_sql_bind_text(&use, 3, KM_VERSION_STRING);
    return kmi_sql_run(&use, error);
}

static km_status apply_steps(kmi_sql *sql, const kmi_migration *table, km_error *error) {
    static const char READ_USER_VERSION[] = "PRAGMA user_version";
    int64_t version = 0;
    km_status status = read_pragma(sql, READ_USER_VERSION, &version, error);
    /* Asked again under the lock: another process, perhaps of a newer program, may have been here first. */
    if (status == KM_OK && version >= kmi_schema_last_version(table)) return KM_OK;
    for (size_t i = 0; status == KM_OK && table[i].statements != NULL; i++) {
        if (table[i].version <= version) continue;
        status = kmi_sql_execute(sql, table[i].statements, error);
        if (status == KM_OK) status = note_migration(sql, table[i].version, error);
    }
    if (status != KM_OK) return status;
    char text[96];
    sqlite3_snprintf((int)sizeof(text), text, "PRAGMA application_id=%d;PRAGMA user_version=%lld",
                     KMI_STORE_APPLICATION_ID, (long long)kmi_schema_last_version(table));
    return kmi_sql_execute(sql, text, error);
}

km_status kmi_schema_migrate(kmi_sql *sql, const kmi_migration *table, km_error *error) {
    km_status status = kmi_sql_execute(sql, "PRAGMA foreign_keys=OFF;BEGIN IMMEDIATE", error);
    if (status == KM_OK) status = apply_steps(sql, table, error);
    if (status == KM_OK) status = kmi_sql_execute(sql, "COMMIT", error);
    if (status != KM_OK) kmi_sql_rollback(sql);
    km_status restored = kmi_sql_execute(sql, "PRAGMA foreign_keys=ON", NULL);
    return status == KM_OK ? restored : status;
}
