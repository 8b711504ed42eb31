/* sql.h - the door to SQLite: connections with the settings this project relies on, cached statements, and errors.
 * The only includer of <sqlite3.h>.
 *
 * A connection belongs to one thread at a time. Settings of every connection: never through a symbolic link, no loading
 * of extensions, untrusted schema, defensive, no memory mapping, temporary data in memory, and no checkpoint but the ones that
 * are asked for (a checkpoint next to another connection's commit can damage a database before SQLite 3.51.3).
 * Messages name the database's path and what to do; SQLite's own text is left out, because it may quote values. */
#ifndef KMI_BASE_SQL_H
#define KMI_BASE_SQL_H

#include <sqlite3.h>

#include "util/arena.h"
#include "util/error.h"

typedef struct kmi_sql kmi_sql;

typedef enum kmi_sql_access {
    KMI_SQL_READ, /* read-only, next to a writer */
    KMI_SQL_UNWRITTEN /* read-only where nothing can be created and nobody writes: no locks, no -shm, no -wal */,
    KMI_SQL_WRITE /* the file must exist; synchronous=FULL, foreign keys, secure_delete */
} kmi_sql_access;

/* Opens the database at `path`, whose last component may not be a symbolic link. Reads nothing but what SQLite reads
 * by itself. busy_timeout_ms: how long a statement waits for another connection's lock. */
km_status kmi_sql_open(const char *path, kmi_sql_access access, int64_t busy_timeout_ms, kmi_sql **ret_sql,
                       km_error *error) KM_MUST_CHECK;
void kmi_sql_close(kmi_sql *sql);
/* Returns: the connection, for the few calls that have no wrapper here. */
sqlite3 *kmi_sql_handle(kmi_sql *sql);
/* Returns: the path as it was given to kmi_sql_open(). */
const char *kmi_sql_path(const kmi_sql *sql);
/* Returns: false also when SQLite itself has rolled a transaction back after a fault. */
bool kmi_sql_in_transaction(kmi_sql *sql);
/* Ends a transaction without its changes; fine without one. A failure leaves nothing to be done: SQLite then has ended it. */
void kmi_sql_rollback(kmi_sql *sql);

/* Reads the first bytes of the database file without any lock, through the connection's own descriptor: closing another
 * descriptor of the file would drop the locks of every connection in this process. *ret_len is smaller at its end. */
km_status kmi_sql_read_header(kmi_sql *sql, void *bytes, size_t len, size_t *ret_len, km_error *error) KM_MUST_CHECK;

/* Runs one or more statements without parameters and results. */
km_status kmi_sql_execute(kmi_sql *sql, const char *text, km_error *error) KM_MUST_CHECK;
/* Fills `error` from an SQLite result code and returns the matching status. */
km_status kmi_sql_fail(kmi_sql *sql, int code, km_error *error);

/* ---- One use of a statement. Statements are prepared on first use and kept; `text` must be a static string, for its
 * address is the key. A statement in use must not be started again before kmi_sql_end(). ---- */
typedef struct kmi_sql_use {
    kmi_sql *sql;
    sqlite3_stmt *statement;
    int bind_code; /* first failure of a binding; told by the next step */
} kmi_sql_use;

km_status kmi_sql_start(kmi_sql *sql, const char *text, kmi_sql_use *ret_use, km_error *error) KM_MUST_CHECK;
/* Bound texts and blobs are borrowed until kmi_sql_end(). Parameters count from 1. NULL pointers bind NULL. */
void kmi_sql_bind_integer(kmi_sql_use *use, int parameter, int64_t value);
void kmi_sql_bind_real(kmi_sql_use *use, int parameter, double value);
void kmi_sql_bind_text(kmi_sql_use *use, int parameter, const char *text);
void kmi_sql_bind_slice(kmi_sql_use *use, int parameter, kmi_slice text);
void kmi_sql_bind_blob(kmi_sql_use *use, int parameter, const void *bytes, size_t len);
/* Binds NULL for 0, which stands for "not given" in times. */
void kmi_sql_bind_time(kmi_sql_use *use, int parameter, int64_t time_us);
/* Moves to the next row, if any. */
km_status kmi_sql_step(kmi_sql_use *use, bool *ret_has_row, km_error *error) KM_MUST_CHECK;
/* Runs a statement that has no rows to give, and resets it for further bindings (which stay until bound anew). */
km_status kmi_sql_run(kmi_sql_use *use, km_error *error) KM_MUST_CHECK;
/* Resets the statement and forgets its bindings. Fine for a use that never started; may be repeated. */
void kmi_sql_end(kmi_sql_use *use);
#define KMI_CLEANUP_SQL __attribute__((cleanup(kmi_sql_end)))

/* Columns of the current row, from 0. Slices are borrowed until the next step. NULL reads as 0 and as an empty slice. */
int64_t kmi_sql_integer(const kmi_sql_use *use, int column);
double kmi_sql_real(const kmi_sql_use *use, int column);
kmi_slice kmi_sql_slice(const kmi_sql_use *use, int column);
bool kmi_sql_is_null(const kmi_sql_use *use, int column);
/* Copies a text into the arena; NULL stays NULL. */
km_status kmi_sql_copy_text(const kmi_sql_use *use, int column, kmi_arena *arena, const char **ret_text,
                            km_error *error) KM_MUST_CHECK;

#endif
