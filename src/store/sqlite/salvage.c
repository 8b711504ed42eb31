/* Saving what can be read of a damaged database. Tables are read row by row, from the front until a page cannot be read, then from
 * the back; between the two, tables with numbered rows are asked for every number. So one bad page costs the rows on it. The rows
 * go into a new store as they are; what can be made from them (index, counters) is made anew.
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
    sqlite3 *db;
    const kmi_store_listener *listener;
    uint64_t rows; /* so far */
    bool is_stopped;
} salvaging;

typedef struct table {
    char name[NAME_BYTES_MAX];
    char columns[1024];          /* those that both have, separated by commas */
    char order[256];             /* primary key, descending */
    char number[NAME_BYTES_MAX]; /* INTEGER PRIMARY KEY, or empty */
} table;

/* ---- Statements ---- */

static void end_statement(sqlite3_stmt **statement) {
    sqlite3_finalize(*statement);
}
#define CLEANUP_STATEMENT __attribute__((cleanup(end_statement)))

static sqlite3_stmt *prepare(const salvaging *s, const char *format, ...) {
    sqlite3_stmt *statement = NULL;
    va_list arguments;
    va_start(arguments, format);
    char *text = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    if (text != NULL && sqlite3_prepare_v2(s->db, text, -1, &statement, NULL) != SQLITE_OK) statement = NULL;
    sqlite3_free(text);
    return statement;
}

static km_status list_tables(const salvaging *s, char (*ret_names)[NAME_BYTES_MAX], size_t *ret_count,
                             km_error *error) {
    CLEANUP_STATEMENT sqlite3_stmt *list =
        prepare(s, "SELECT name FROM main.sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite\\_%%' ESCAPE '\\'"
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

static void describe(const salvaging *s, const char *name, table *ret_table) {
    memset(ret_table, 0, sizeof *ret_table);
    sqlite3_snprintf(NAME_BYTES_MAX, ret_table->name, "%s", name);
    CLEANUP_STATEMENT sqlite3_stmt *list =
        prepare(s,
                "SELECT n.name,n.pk,n.type,n.type='INTEGER' AND (SELECT count(*) FROM pragma_table_info(%Q,'main')"
                " WHERE pk>0)=1 FROM pragma_table_info(%Q,'main') n"
                " JOIN pragma_table_info(%Q,'damaged') o ON o.name=n.name ORDER BY n.pk",
                name, name, name);
    while (list != NULL && sqlite3_step(list) == SQLITE_ROW) {
        const char *column = (const char *)sqlite3_column_text(list, 0);
        append(ret_table->columns, sizeof ret_table->columns, "\"%w\"", column);
        if (sqlite3_column_int(list, 1) == 0) continue;
        append(ret_table->order, sizeof ret_table->order, "\"%w\" DESC", column);
        if (sqlite3_column_int(list, 3) != 0) sqlite3_snprintf(NAME_BYTES_MAX, ret_table->number, "%s", column);
    }
}

/* ---- Rows ---- */

static bool tell(salvaging *s) {
    if (s->rows++ % ROWS_PER_TELLING == 0 && s->listener != NULL && s->listener->progress != NULL)
        s->is_stopped = !s->listener->progress(s->rows - 1, 0, s->listener->context);
    return !s->is_stopped;
}

/* Copies rows until there are no more, or one cannot be read. *ret_last: the number of the last one. Returns whether the end was
 * reached. */
static bool copy_rows(salvaging *s, const table *t, bool from_back, int64_t *ret_last) {
    CLEANUP_STATEMENT sqlite3_stmt *read = from_back
                                               ? prepare(s, "SELECT %s,%s FROM damaged.\"%w\" ORDER BY %s",
                                                         t->number[0] ? t->number : "0", t->columns, t->name, t->order)
                                               : prepare(s, "SELECT %s,%s FROM damaged.\"%w\" NOT INDEXED",
                                                         t->number[0] ? t->number : "0", t->columns, t->name);
    if (read == NULL) return false;
    int count = sqlite3_column_count(read) - 1;
    char places[512] = "";
    for (int i = 0; i < count; i++) append(places, sizeof places, "%s", "?");
    CLEANUP_STATEMENT sqlite3_stmt *write =
        prepare(s, "INSERT OR REPLACE INTO main.\"%w\"(%s) VALUES(%s)", t->name, t->columns, places);
    int code = SQLITE_ERROR;
    while (write != NULL && (code = sqlite3_step(read)) == SQLITE_ROW) {
        for (int i = 0; i < count; i++) sqlite3_bind_value(write, i + 1, sqlite3_column_value(read, i + 1));
        sqlite3_step(write); /* a row that breaks a rule of its table is no row */
        sqlite3_reset(write);
        *ret_last = sqlite3_column_int64(read, 0);
        if (!tell(s)) return true;
    }
    return code == SQLITE_DONE;
}

/* Asks for each number between two. Returns: how many are there and cannot be read. */
static uint64_t copy_between(salvaging *s, const table *t, int64_t first, int64_t last) {
    uint64_t lost = 0;
    if (last - first > GAP_MAX) last = first + GAP_MAX;
    CLEANUP_STATEMENT sqlite3_stmt *copy =
        prepare(s, "INSERT OR REPLACE INTO main.\"%w\"(%s) SELECT %s FROM damaged.\"%w\" WHERE \"%w\"=?", t->name,
                t->columns, t->columns, t->name, t->number);
    for (int64_t number = first; copy != NULL && number <= last && tell(s); number++) {
        sqlite3_bind_int64(copy, 1, number);
        if (sqlite3_step(copy) != SQLITE_DONE) lost++;
        sqlite3_reset(copy);
    }
    return lost;
}

static void copy_table(salvaging *s, const char *name, uint64_t *ret_lost) {
    table t;
    int64_t last = 0, first_from_back = INT64_MAX;
    describe(s, name, &t);
    if (t.columns[0] == '\0' || copy_rows(s, &t, false, &last) || s->is_stopped) return;
    if (t.order[0] != '\0') copy_rows(s, &t, true, &first_from_back);
    if (t.number[0] == '\0' || s->is_stopped) return;
    if (first_from_back == INT64_MAX) first_from_back = last + GAP_MAX;
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

static km_status salvage(salvaging *s, kmi_salvage *ret_salvage, km_error *error) {
    km_status status = kmi_store_begin(s->target, error);
    if (status != KM_OK) return status;
    status = copy_all(s, ret_salvage, error);
    if (status == KM_OK) status = make_sound(s->target, ret_salvage, error);
    if (status == KM_OK) return kmi_store_commit(s->target, error);
    kmi_store_rollback(s->target);
    return status;
}

static km_status attach(const salvaging *s, const char *path, km_error *error) {
    CLEANUP_STATEMENT sqlite3_stmt *statement = prepare(s, "ATTACH %Q AS damaged", path);
    int code = statement == NULL ? SQLITE_NOMEM : sqlite3_step(statement);
    if (code != SQLITE_DONE) return kmi_fail(error, KM_E_STORE, "nothing of \"%s\" can be read", path);
    CLEANUP_STATEMENT sqlite3_stmt *look = prepare(s, "SELECT count(*) FROM damaged.sqlite_schema");
    code = look == NULL ? SQLITE_CORRUPT : sqlite3_step(look);
    return code == SQLITE_ROW ? KM_OK : kmi_fail(error, KM_E_STORE, "nothing of \"%s\" can be read", path);
}

km_status kmi_store_salvage(kmi_store *target, const char *path, const kmi_store_listener *listener,
                            kmi_salvage *ret_salvage, km_error *error) {
    salvaging s = {.target = target, .db = kmi_sql_handle(target->sql), .listener = listener};
    *ret_salvage = (kmi_salvage){0};
    km_status status = attach(&s, path, error);
    if (status == KM_OK) status = kmi_sql_execute(target->sql, "PRAGMA foreign_keys=OFF", error);
    if (status == KM_OK) status = salvage(&s, ret_salvage, error);
    sqlite3_exec(s.db, "DETACH damaged", NULL, NULL, NULL);
    km_status restored = kmi_sql_execute(target->sql, "PRAGMA foreign_keys=ON", NULL);
    return status == KM_OK ? restored : status;
}
