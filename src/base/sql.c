/* Statements are cached by the address of their text: a text stands next to the code that binds and reads it, no table of
 * numbers has to be kept in step, and a look-up is a hash of a pointer. Preparing costs tens of microseconds, so nothing is
 * prepared before it is needed: a short reading process needs three of the seventy.
 *
 * Errors are told in our own words. SQLite's messages are precise, but an FTS5 syntax error quotes the search text, and
 * memory content must not reach a log. */
#include "base/sql.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENT_SLOTS 256 /* a power of two, about three times what the store uses */
#define WRITE_CACHE_KIB 7168

typedef struct cached_statement {
    const char *text; /* NULL: free slot */
    sqlite3_stmt *statement;
} cached_statement;

struct kmi_sql {
    sqlite3 *db;
    char *path;
    size_t statement_count;
    cached_statement statements[STATEMENT_SLOTS];
};

sqlite3 *kmi_sql_handle(kmi_sql *sql) {
    return sql->db;
}

const char *kmi_sql_path(const kmi_sql *sql) {
    return sql->path;
}

bool kmi_sql_in_transaction(kmi_sql *sql) {
    return sqlite3_get_autocommit(sql->db) == 0;
}

/* ---- Errors ---- */

static km_status fail_input_output(const kmi_sql *sql, int code, km_error *error) {
    int saved_errno = sql->db != NULL ? sqlite3_system_errno(sql->db) : 0;
    if (code == SQLITE_IOERR_NOMEM) return kmi_fail(error, KM_E_NOMEM, "out of memory at \"%s\"", sql->path);
    km_status status = KM_E_IO;
    if (saved_errno != 0) {
        status = kmi_fail_errno(error, saved_errno, "cannot read or write \"%s\"", sql->path);
    } else {
        kmi_fail(error, status, "cannot read or write \"%s\": %s (SQLite %d)", sql->path, sqlite3_errstr(code), code);
    }
    /* What went wrong below an open database is always the surroundings' fault, whatever the number says. */
    if (status == KM_E_NOT_FOUND && error != NULL) error->status = KM_E_IO;
    return status == KM_E_NOT_FOUND ? KM_E_IO : status;
}

km_status kmi_sql_fail(kmi_sql *sql, int code, km_error *error) {
    const char *path = sql->path;
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return kmi_fail(error, KM_E_NOMEM, "out of memory at \"%s\"", path);
    case SQLITE_FULL: {
        km_status status = kmi_fail(
            error, KM_E_IO, "cannot write \"%s\": no space left on the device; free some space and try again", path);
        if (error != NULL) error->os_errno = ENOSPC;
        return status;
    }
    case SQLITE_READONLY:
        return kmi_fail(error, KM_E_IO,
                        "cannot write \"%s\": it is read-only; check the modes of the file and its directory, "
                        "and the mount",
                        path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return kmi_fail(error, KM_E_BUSY, "\"%s\" is locked by another process; try again", path);
    case SQLITE_INTERRUPT:
        return kmi_fail(error, KM_E_BUSY, "reading \"%s\" took longer than its deadline", path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return kmi_fail(error, KM_E_STORE,
                        "\"%s\" is damaged (SQLite %d: %s); restore a backup, or move it away and import "
                        "an export",
                        path, code, sqlite3_errstr(code));
    case SQLITE_CANTOPEN:
        if (code == SQLITE_CANTOPEN_SYMLINK) {
            return kmi_fail(error, KM_E_PERMISSION,
                            "\"%s\" is a symbolic link, which is not followed; put the file itself "
                            "there",
                            path);
        }
        return fail_input_output(sql, code, error);
    case SQLITE_IOERR:
        return fail_input_output(sql, code, error);
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return kmi_fail(error, KM_E_PERMISSION, "no permission for \"%s\"", path);
    case SQLITE_TOOBIG:
        return kmi_fail(error, KM_E_INVALID, "a value is too big for \"%s\"", path);
    case SQLITE_CONSTRAINT:
        return kmi_fail(error, KM_E_CONFLICT, "\"%s\" already holds this, or lacks what it refers to (SQLite %d: %s)",
                        path, code, sqlite3_errstr(code));
    default:
        return kmi_fail(error, KM_E_INTERNAL, "unexpected result from \"%s\" (SQLite %d: %s)", path, code,
                        sqlite3_errstr(code));
    }
}

static km_status fail_last(kmi_sql *sql, km_error *error) {
    return kmi_sql_fail(sql, sqlite3_extended_errcode(sql->db), error);
}

/* ---- Connections ---- */

/* Spells a path as URI, so that immutable=1 can be said. Returns: malloc'ed text or NULL. */
static char *make_immutable_uri(const char *path) {
    static const char DIGITS[] = "0123456789ABCDEF";
    static const char PREFIX[] = "file:";
    static const char SUFFIX[] = "?immutable=1";
    size_t len = strlen(path);
    if (len > PATH_MAX) return NULL;
    char *uri = malloc(sizeof(PREFIX) + 3 * len + sizeof(SUFFIX));
    if (uri == NULL) return NULL;
    size_t at = sizeof(PREFIX) - 1;
    memcpy(uri, PREFIX, at);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)path[i];
        if (c == '%' || c == '?' || c == '#') {
            uri[at++] = '%';
            uri[at++] = DIGITS[c >> 4];
            uri[at++] = DIGITS[c & 15];
        } else {
            uri[at++] = (char)c;
        }
    }
    memcpy(uri + at, SUFFIX, sizeof(SUFFIX));
    return uri;
}

static km_status open_connection(kmi_sql *sql, kmi_sql_access access, km_error *error) {
    int flags = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    flags |= access == KMI_SQL_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    if (access != KMI_SQL_UNWRITTEN) {
        int code = sqlite3_open_v2(sql->path, &sql->db, flags, NULL);
        return code == SQLITE_OK ? KM_OK : kmi_sql_fail(sql, code, error);
    }
    char *uri = make_immutable_uri(sql->path);
    if (uri == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory at \"%s\"", sql->path);
    int code = sqlite3_open_v2(uri, &sql->db, flags | SQLITE_OPEN_URI, NULL);
    free(uri);
    return code == SQLITE_OK ? KM_OK : kmi_sql_fail(sql, code, error);
}

static km_status configure(kmi_sql *sql, kmi_sql_access access, int64_t busy_timeout_ms, km_error *error) {
    sqlite3 *db = sql->db;
    int code = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    /* We have neither; those of a stranger could run for ever, or change what they like. */
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, access == KMI_SQL_WRITE, NULL);
    if (code == SQLITE_OK) code = sqlite3_wal_autocheckpoint(db, 0);
    if (code == SQLITE_OK) {
        code = sqlite3_busy_timeout(db, busy_timeout_ms > INT_MAX ? INT_MAX : (int)busy_timeout_ms);
    }
    if (code != SQLITE_OK) return kmi_sql_fail(sql, code, error);
    if (access != KMI_SQL_WRITE) return kmi_sql_execute(sql, "PRAGMA temp_store=MEMORY", error);
    char text[160];
    sqlite3_snprintf((int)sizeof(text), text,
                     "PRAGMA temp_store=MEMORY;PRAGMA synchronous=FULL;PRAGMA secure_delete=ON;PRAGMA mmap_size=0;"
                     "PRAGMA cache_size=-%d",
                     WRITE_CACHE_KIB);
    return kmi_sql_execute(sql, text, error);
}

km_status kmi_sql_open(const char *path, kmi_sql_access access, int64_t busy_timeout_ms, kmi_sql **ret_sql,
                       km_error *error) {
    kmi_sql *sql = calloc(1, sizeof(*sql));
    if (sql != NULL) sql->path = strdup(path);
    if (sql == NULL || sql->path == NULL) {
        free(sql);
        return kmi_fail(error, KM_E_NOMEM, "out of memory at \"%s\"", path);
    }
    km_status status = open_connection(sql, access, error);
    if (status == KM_OK) status = configure(sql, access, busy_timeout_ms, error);
    if (status != KM_OK) {
        kmi_sql_close(sql);
        return status;
    }
    *ret_sql = sql;
    return KM_OK;
}

void kmi_sql_close(kmi_sql *sql) {
    if (sql == NULL) return;
    for (size_t i = 0; i < STATEMENT_SLOTS; i++) sqlite3_finalize(sql->statements[i].statement);
    sqlite3_close_v2(sql->db);
    free(sql->path);
    free(sql);
}

km_status kmi_sql_read_header(kmi_sql *sql, void *bytes, size_t len, size_t *ret_len, km_error *error) {
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(sql->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK || file == NULL || file->pMethods == NULL) {
        return kmi_fail(error, KM_E_IO, "cannot read \"%s\": it is not open", sql->path);
    }
    sqlite3_int64 size = 0;
    code = file->pMethods->xFileSize(file, &size);
    if (code != SQLITE_OK) return kmi_sql_fail(sql, code, error);
    size_t wanted = size < (sqlite3_int64)len ? (size_t)size : len;
    if (wanted > 0) code = file->pMethods->xRead(file, bytes, (int)wanted, 0);
    if (code == SQLITE_IOERR_SHORT_READ)
        wanted = 0;
    else if (code != SQLITE_OK)
        return kmi_sql_fail(sql, code, error);
    *ret_len = wanted;
    return KM_OK;
}

km_status kmi_sql_execute(kmi_sql *sql, const char *text, km_error *error) {
    int code = sqlite3_exec(sql->db, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? KM_OK : kmi_sql_fail(sql, code, error);
}

void kmi_sql_rollback(kmi_sql *sql) {
    if (kmi_sql_in_transaction(sql)) sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- Statements ---- */

static size_t first_slot(const char *text) {
    uint64_t key = (uint64_t)(uintptr_t)text;
    return (size_t)((key * 0x9E3779B97F4A7C15ULL) >> 56) & (STATEMENT_SLOTS - 1);
}

static km_status prepare_into(kmi_sql *sql, cached_statement *slot, const char *text, km_error *error) {
    if (sql->statement_count >= STATEMENT_SLOTS / 2) {
        return kmi_fail(error, KM_E_INTERNAL, "too many kinds of statements at \"%s\"", sql->path);
    }
    int code = sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &slot->statement, NULL);
    if (code == SQLITE_ERROR) { /* the tables are not the ones this program made */
        return kmi_fail(error, KM_E_STORE,
                        "\"%s\" lacks tables or columns of its schema version; restore a backup, or move "
                        "it away and import an export",
                        sql->path);
    }
    if (code != SQLITE_OK) return kmi_sql_fail(sql, code, error);
    slot->text = text;
    sql->statement_count++;
    return KM_OK;
}

km_status kmi_sql_start(kmi_sql *sql, const char *text, kmi_sql_use *ret_use, km_error *error) {
    size_t at = first_slot(text);
    while (sql->statements[at].text != NULL && sql->statements[at].text != text) at = (at + 1) & (STATEMENT_SLOTS - 1);
    cached_statement *slot = &sql->statements[at];
    if (slot->text == NULL) {
        km_status status = prepare_into(sql, slot, text, error);
        if (status != KM_OK) return status;
    }
    *ret_use = (kmi_sql_use){.sql = sql, .statement = slot->statement, .bind_code = SQLITE_OK};
    return KM_OK;
}

static void note_bind(kmi_sql_use *use, int code) {
    if (use->bind_code == SQLITE_OK) use->bind_code = code;
}

void kmi_sql_bind_integer(kmi_sql_use *use, int parameter, int64_t value) {
    note_bind(use, sqlite3_bind_int64(use->statement, parameter, value));
}

void kmi_sql_bind_real(kmi_sql_use *use, int parameter, double value) {
    note_bind(use, sqlite3_bind_double(use->statement, parameter, value));
}

void kmi_sql_bind_text(kmi_sql_use *use, int parameter, const char *text) {
    if (text == NULL) {
        note_bind(use, sqlite3_bind_null(use->statement, parameter));
    } else {
        kmi_sql_bind_slice(use, parameter, kmi_slice_from(text));
    }
}

void kmi_sql_bind_slice(kmi_sql_use *use, int parameter, kmi_slice text) {
    const char *ptr = text.ptr != NULL ? text.ptr : "";
    note_bind(use, sqlite3_bind_text64(use->statement, parameter, ptr, text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void kmi_sql_bind_blob(kmi_sql_use *use, int parameter, const void *bytes, size_t len) {
    if (bytes == NULL) {
        note_bind(use, sqlite3_bind_null(use->statement, parameter));
    } else {
        note_bind(use, sqlite3_bind_blob64(use->statement, parameter, bytes, len, SQLITE_STATIC));
    }
}

void kmi_sql_bind_time(kmi_sql_use *use, int parameter, int64_t time_us) {
    if (time_us == 0) {
        note_bind(use, sqlite3_bind_null(use->statement, parameter));
    } else {
        kmi_sql_bind_integer(use, parameter, time_us);
    }
}

km_status kmi_sql_step(kmi_sql_use *use, bool *ret_has_row, km_error *error) {
    if (use->bind_code != SQLITE_OK) return kmi_sql_fail(use->sql, use->bind_code, error);
    int code = sqlite3_step(use->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        km_status status = fail_last(use->sql, error);
        sqlite3_reset(use->statement);
        return status;
    }
    *ret_has_row = code == SQLITE_ROW;
    return KM_OK;
}

km_status kmi_sql_run(kmi_sql_use *use, km_error *error) {
    bool has_row = false;
    km_status status = kmi_sql_step(use, &has_row, error);
    if (status == KM_OK && sqlite3_reset(use->statement) != SQLITE_OK) status = fail_last(use->sql, error);
    return status;
}

void kmi_sql_end(kmi_sql_use *use) {
    if (use->statement == NULL) return;
    sqlite3_reset(use->statement);
    sqlite3_clear_bindings(use->statement);
    use->statement = NULL;
}

/* ---- Columns ---- */

int64_t kmi_sql_integer(const kmi_sql_use *use, int column) {
    return sqlite3_column_int64(use->statement, column);
}

double kmi_sql_real(const kmi_sql_use *use, int column) {
    return sqlite3_column_double(use->statement, column);
}

bool kmi_sql_is_null(const kmi_sql_use *use, int column) {
    return sqlite3_column_type(use->statement, column) == SQLITE_NULL;
}

kmi_slice kmi_sql_slice(const kmi_sql_use *use, int column) {
    /* Read as blob: the bytes of a text are the same, and no copy is made to end them with NUL. */
    const char *ptr = sqlite3_column_blob(use->statement, column);
    int len = sqlite3_column_bytes(use->statement, column);
    if (ptr == NULL || len <= 0) return (kmi_slice){"", 0};
    return (kmi_slice){ptr, (size_t)len};
}

km_status kmi_sql_copy_text(const kmi_sql_use *use, int column, kmi_arena *arena, const char **ret_text,
                            km_error *error) {
    if (kmi_sql_is_null(use, column)) {
        *ret_text = NULL;
        return KM_OK;
    }
    kmi_slice text = kmi_sql_slice(use, column);
    if (text.len == 0 && sqlite3_errcode(use->sql->db) == SQLITE_NOMEM) return fail_last(use->sql, error);
    const char *copy = kmi_arena_copy(arena, text);
    if (copy == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading \"%s\"", use->sql->path);
    *ret_text = copy;
    return KM_OK;
}
