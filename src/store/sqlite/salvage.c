/* Saving what can be read of a damaged database. Tables are read row by row, from the front until a page cannot be read, then from
 * the back; between the two, tables with numbered rows are asked for every number. So one bad page costs the rows on it. The rows
 * go into a new store as they are; what can be made from them (index, counters) is made anew.
 *
 * The damaged database has a connection of its own: what it meets must not touch the transaction of the new store.
 *
 * Which tables and columns there are is asked of the new store, so that a table of a later schema is not forgotten here. */
#include "store/repair.h"
#include "store/sqlite/handle.h"

#include <string.h>

#include "util/error.h"

#define TABLES_MAX 64
#define NAME_BYTES_MAX 64
#define GAP_MAX 5000000 /* numbers asked for one by one: some seconds */
#define ROWS_PER_TELLING 4096

typedef struct salvaging {
    kmi_store *target;
    sqlite3 *db; /* of the target */
    sqlite3 *damaged;
    const kmi_store_listener *listener;
    uint64_t rows; /* so far */
    bool is_stopped;
} salvaging;

typedef struct table {
    char name[NAME_BYTES_MAX];
    char columns[1024];          /* those that both have, separated by commas */
    char order[256];             /* primary key, descending */
    char number[NAME_BYTES_MAX]; /* INTEGER PRIMARY KEY, or empty */
    int column_count;
} table;

/* ---- Statements ---- */

static void end_statement(sqlite3_stmt **statement) {
    sqlite3_finalize(*statement);
}
#define CLEANUP_STATEMENT __attribute__((cleanup(end_statement)))

static sqlite3_stmt *prepare(sqlite3 *db, const char *format, ...) {
    sqlite3_stmt *statement = NULL;
    va_list arguments;
    va_start(arguments, format);
    char *text = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    if (text != NULL && sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK) statement = NULL;
    sqlite3_free(text);
    return statement;
}

static km_status list_tables(const salvaging *s, char (*ret_names)[NAME_BYTES_MAX], size_t *ret_count,
                             km_error *error) {
    CLEANUP_STATEMENT sqlite3_stmt *list =
        prepare(s->db, "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite\\_%%' ESCAPE '\\'"
                       " AND sql NOT LIKE 'CREATE VIRTUAL%%' AND name NOT LIKE 'unit%%' AND name<>'schema_migrations'");
    *ret_count = 0;
    if (list == NULL) return kmi_store_fail_nomem(s->target, error);
    while (*ret_count < TABLES_MAX && sqlite3_step(list) == SQLITE_ROW)
        sqlite3_snprintf(NAME_BYTES_MAX, ret_names[(*ret_count)++], "%s", sqlite3_column_text(list, 0));
    return KM_OK;
}

static void append(char *list, size_t size, const char *format, const char *name) {
    size_t used = strlen(list);
    if (used > 0 && used + 1 < size) sqlite3_snprintf((int)(size - used), list + used, ",");
    used = strlen(list);
    sqlite3_snprintf((int)(size - used), list + used, format, name);
}

static bool has_column(const salvaging *s, const char *name, const char *column) {
    CLEANUP_STATEMENT sqlite3_stmt *look =
        prepare(s->damaged, "SELECT 1 FROM pragma_table_info(%Q) WHERE name=%Q", name, column);
    return look != NULL && sqlite3_step(look) == SQLITE_ROW;
}

static void describe(const salvaging *s, const char *name, table *ret_table) {
    memset(ret_table, 0, sizeof *ret_table);
    sqlite3_snprintf(NAME_BYTES_MAX, ret_table->name, "%s", name);
    CLEANUP_STATEMENT sqlite3_stmt *list =
        prepare(s->db,
                "SELECT name,pk,type='INTEGER' AND (SELECT count(*) FROM pragma_table_info(%Q) WHERE pk>0)=1"
                " FROM pragma_table_info(%Q) ORDER BY pk",
                name, name);
    while (list != NULL && sqlite3_step(list) == SQLITE_ROW) {
        const char *column = (const char *)sqlite3_column_text(list, 0);
        if (!has_column(s, name, column)) continue;
        append(ret_table->columns, sizeof ret_table->columns, "\"%w\"", column);
        ret_table->column_count++;
        if (sqlite3_column_int(list, 1) == 0) continue;
        append(ret_table->order, sizeof ret_table->order, "\"%w\" DESC", column);
        if (sqlite3_column_int(list, 2) != 0) sqlite3_snprintf(NAME_BYTES_MAX, ret_table->number, "%s", column);
    }
}

/* ---- Rows ---- */

static bool tell(salvaging *s) {
    if (s->rows++ % ROWS_PER_TELLING == 0 && s->listener != NULL && s->listener->progress != NULL)
        s->is_stopped = !s->listener->progress(s->rows - 1, 0, s->listener->context);
    return !s->is_stopped;
}

/* A statement that stores one row of the table. */
static sqlite3_stmt *prepare_write(const salvaging *s, const table *t) {
    char places[512] = "";
    for (int i = 0; i < t->column_count; i++) append(places, sizeof places, "%s", "?");
    return prepare(s->db, "INSERT OR REPLACE INTO \"%w\"(%s) VALUES(%s)", t->name, t->columns, places);
}

/* Stores the current row. A row that breaks a rule of its table is no row. */
static void write_row(const table *t, sqlite3_stmt *read, sqlite3_stmt *write) {
    for (int i = 0; i < t->column_count; i++) sqlite3_bind_value(write, i + 1, sqlite3_column_value(read, i + 1));
    sqlite3_step(write);
    sqlite3_reset(write);
}

/* Copies rows until there are no more, or one cannot be read. *ret_last: the number of the last one. Returns whether the end was
 * reached. */
static bool copy_rows(salvaging *s, const table *t, bool from_back, int64_t *ret_last) {
    const char *number = t->number[0] != '\0' ? t->number : "0";
    CLEANUP_STATEMENT sqlite3_stmt *read =
        from_back ? prepare(s->damaged, "SELECT %s,%s FROM \"%w\" ORDER BY %s", number, t->columns, t->name, t->order)
                  : prepare(s->damaged, "SELECT %s,%s FROM \"%w\" NOT INDEXED", number, t->columns, t->name);
    CLEANUP_STATEMENT sqlite3_stmt *write = prepare_write(s, t);
    int code = SQLITE_ERROR;
    while (read != NULL && write != NULL && (code = sqlite3_step(read)) == SQLITE_ROW) {
        write_row(t, read, write);
        *ret_last = sqlite3_column_int64(read, 0);
        if (!tell(s)) return true;
    }
    return code == SQLITE_DONE;
}

/* Asks for each number between two. Returns: how many cannot be read; those that are not there can. */
static uint64_t copy_between(salvaging *s, const table *t, int64_t first, int64_t last) {
    uint64_t lost = 0;
    if (last - first > GAP_MAX) last = first + GAP_MAX;
    CLEANUP_STATEMENT sqlite3_stmt *read =
        prepare(s->damaged, "SELECT %s,%s FROM \"%w\" WHERE \"%w\"=?", t->number, t->columns, t->name, t->number);
    CLEANUP_STATEMENT sqlite3_stmt *write = prepare_write(s, t);
    for (int64_t number = first; read != NULL && write != NULL && number <= last && tell(s); number++) {
        sqlite3_bind_int64(read, 1, number);
        int code = sqlite3_step(read);
        if (code == SQLITE_ROW) write_row(t, read, write);
        lost += code != SQLITE_ROW && code != SQLITE_DONE;
        sqlite3_reset(read);
    }
    return lost;
}

/* The last number that the table can hold, as the damaged store itself remembers. */
static int64_t last_number(const salvaging *s, int64_t last_read) {
    CLEANUP_STATEMENT sqlite3_stmt *look = prepare(s->damaged, "SELECT next_seq-1 FROM state");
    int64_t last = look != NULL && sqlite3_step(look) == SQLITE_ROW ? sqlite3_column_int64(look, 0) : 0;
    return last > last_read ? last : last_read;
}

static void copy_table(salvaging *s, const char *name, uint64_t *ret_lost) {
    table t;
    int64_t last = 0, first_from_back = INT64_MAX;
    describe(s, name, &t);
    if (t.column_count == 0 || copy_rows(s, &t, false, &last) || s->is_stopped) return;
    if (t.order[0] != '\0') copy_rows(s, &t, true, &first_from_back);
    if (t.number[0] == '\0' || s->is_stopped) return;
    if (first_from_back == INT64_MAX) first_from_back = last_number(s, last) + 1;
    if (first_from_back > last + 1) *ret_lost = copy_between(s, &t, last + 1, first_from_back - 1);
}

/* ---- All of it ---- */

static km_status copy_all(salvaging *s, kmi_salvage *ret_salvage, km_error *error) {
    char names[TABLES_MAX][NAME_BYTES_MAX];
    size_t count = 0;
    km_status status = list_tables(s, names, &count, error);
    for (size_t i = 0; status == KM_OK && !s->is_stopped && i < count; i++) {
        uint64_t lost = 0;
        copy_table(s, names[i], &lost);
        if (strcmp(names[i], "memories") == 0) ret_salvage->memories_lost = lost;
    }
    return s->is_stopped ? kmi_fail(error, KM_E_INTERRUPTED, "interrupted") : status;
}

static km_status make_sound(kmi_store *store, kmi_salvage *ret_salvage, km_error *error) {
    static const char COUNT_MEMORIES[] = "SELECT count(*) FROM memories";
    static const char COUNT_TASKS[] = "SELECT count(*) FROM tasks";
    int64_t memories = 0, tasks = 0;
    store->changes.are_memories_changed = true;
    km_status status = kmi_repair_in_transaction(store, KMI_FAULT_EDGES, error);
    if (status == KM_OK) status = kmi_repair_in_transaction(store, KMI_FAULT_SEARCH, error);
    if (status == KM_OK) status = kmi_store_read_number(store, COUNT_MEMORIES, &memories, error);
    if (status == KM_OK) status = kmi_store_read_number(store, COUNT_TASKS, &tasks, error);
    ret_salvage->memories = (uint64_t)memories;
    ret_salvage->tasks = (uint64_t)tasks;
    return status;
}

/* Version 1 and 2 had another form of memories. It is laid out in the new store, filled, and brought to the present one. */
static bool is_of_old_form(const salvaging *s) {
    CLEANUP_STATEMENT sqlite3_stmt *look =
        prepare(s->damaged, "SELECT 1 FROM pragma_table_info('memories') WHERE name='content_hash' AND NOT EXISTS"
                            "(SELECT 1 FROM pragma_table_info('memories') WHERE name='observed_after')");
    return look != NULL && sqlite3_step(look) == SQLITE_ROW;
}

static km_status copy_all_of_any_form(salvaging *s, kmi_salvage *ret_salvage, km_error *error) {
    if (!is_of_old_form(s)) return copy_all(s, ret_salvage, error);
    km_status status = kmi_sql_execute(s->target->sql, "DROP TABLE memories;DROP TABLE labels", error);
    if (status == KM_OK) status = kmi_sql_execute(s->target->sql, KMI_SCHEMA_MEMORIES_1, error);
    if (status == KM_OK) status = copy_all(s, ret_salvage, error);
    for (size_t i = 0; status == KM_OK && KMI_MIGRATIONS[i].statements != NULL; i++) {
        if (KMI_MIGRATIONS[i].version == KMI_SCHEMA_LABELS)
            status = kmi_sql_execute(s->target->sql, KMI_MIGRATIONS[i].statements, error);
    }
    return status;
}

static km_status fill(salvaging *s, kmi_salvage *ret_salvage, km_error *error) {
    km_status status = kmi_store_begin(s->target, error);
    if (status != KM_OK) return status;
    status = copy_all_of_any_form(s, ret_salvage, error);
    if (status == KM_OK) status = make_sound(s->target, ret_salvage, error);
    if (status == KM_OK) return kmi_store_commit(s->target, error);
    kmi_store_rollback(s->target);
    return status;
}

static km_status look_at_damaged(const salvaging *s, const char *path, km_error *error) {
    CLEANUP_STATEMENT sqlite3_stmt *look = prepare(s->damaged, "SELECT count(*) FROM sqlite_schema");
    if (look != NULL && sqlite3_step(look) == SQLITE_ROW) return KM_OK;
    return kmi_fail(error, KM_E_STORE, "nothing of \"%s\" can be read", path);
}

km_status kmi_store_salvage(kmi_store *target, const char *path, const kmi_store_listener *listener,
                            kmi_salvage *ret_salvage, km_error *error) {
    kmi_sql *damaged = NULL;
    *ret_salvage = (kmi_salvage){0};
    km_status status = kmi_sql_open(path, KMI_SQL_READ, target->timeout_ms, &damaged, error);
    if (status != KM_OK) return status;
    salvaging s = {
        .target = target, .db = kmi_sql_handle(target->sql), .damaged = kmi_sql_handle(damaged), .listener = listener};
    /* With a schema that may be written SQLite also reads a database whose end is missing. */
    sqlite3_db_config(s.damaged, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_db_config(s.damaged, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
    status = look_at_damaged(&s, path, error);
    if (status == KM_OK) status = kmi_sql_execute(target->sql, "PRAGMA foreign_keys=OFF", error);
    if (status == KM_OK) status = fill(&s, ret_salvage, error);
    km_status restored = kmi_sql_execute(target->sql, "PRAGMA foreign_keys=ON", NULL);
    kmi_sql_close(damaged);
    return status == KM_OK ? restored : status;
}
