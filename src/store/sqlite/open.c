/* Opening: what the file is comes first, then SQLite. A path with a symbolic link in a parent directory is normal (a home
 * directory often has one), so the directory is resolved here and only the last component must be the file itself; SQLite is
 * told to follow nothing at all. The file is made by us before SQLite sees it, because SQLite takes the modes of -wal and
 * -shm from it and would create it with the umask's.
 *
 * A new store is built under another name and renamed when it is whole: after a crash there is none, or all of it. That and
 * migrations, each one transaction, run under the writer lock. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/index.h"
#include "util/file.h"
#include "util/lock.h"

#define HEADER_WRITE_FORMAT_OFFSET 18
#define HEADER_READ_FORMAT_OFFSET 19
#define FORMAT_WAL 2
#define PATH_LIMIT_BYTES ((size_t)2 * 4096)

static void free_text(char **text) {
    free(*text);
}

km_status kmi_store_fail_nomem(const kmi_store *store, km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while working on \"%s\"", kmi_sql_path(store->sql));
}

/* ---- The file ---- */

/* Refuses what is there and is no file of ours with one name. *ret_size -1: there is none. */
static km_status look_at(const char *path, off_t *ret_size, km_error *error) {
    struct stat found;
    if (lstat(path, &found) != 0) {
        if (errno != ENOENT) return kmi_fail_errno(error, errno, "cannot look at \"%s\"", path);
        *ret_size = -1;
        return KM_OK;
    }
    if (!S_ISREG(found.st_mode)) {
        return kmi_fail(error, KM_E_PERMISSION,
                        "\"%s\" is not a regular file; links are not followed: put the store itself there", path);
    }
    uid_t user = geteuid();
    if (found.st_uid != user && user != 0) {
        return kmi_fail(error, KM_E_PERMISSION, "\"%s\" belongs to another user; take it over, or use another project",
                        path);
    }
    if (found.st_nlink > 1) {
        return kmi_fail(error, KM_E_PERMISSION, "\"%s\" has %lu hard links: copy it, so that it has one name only",
                        path, (unsigned long)found.st_nlink);
    }
    *ret_size = found.st_size;
    return KM_OK;
}

/* Says whether there is a store file with anything in it. What SQLite keeps beside it is written to as well: it must be as
 * good. */
static km_status look_at_file(const char *path, bool *ret_exists, km_error *error) {
    static const char *const SUFFIXES[] = {"", "-wal", "-shm", "-journal"};
    char name[PATH_LIMIT_BYTES];
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof SUFFIXES[0]; i++) {
        off_t size = -1;
        if ((size_t)snprintf(name, sizeof name, "%s%s", path, SUFFIXES[i]) >= sizeof name)
            return kmi_fail(error, KM_E_INVALID, "the path of the store is too long");
        km_status status = look_at(name, &size, error);
        if (status != KM_OK) return status;
        if (i == 0) *ret_exists = size > 0;
    }
    return KM_OK;
}

static km_status fail_path(const kmi_buf *buf, km_error *error) {
    if (kmi_buf_status(buf) == KM_E_NOMEM) return kmi_fail(error, KM_E_NOMEM, "out of memory while opening the store");
    return kmi_fail(error, KM_E_INVALID, "the path of the store is too long");
}

/* Splits "dir/name", resolves the directory and joins again. Returns KM_E_NOT_FOUND when there is no such directory. */
static km_status resolve_path(const char *path, char **ret_path, km_error *error) {
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, PATH_LIMIT_BYTES);
    if (slash == NULL)
        kmi_buf_add_text(&buf, ".");
    else
        kmi_buf_add(&buf, path, slash == path ? 1 : (size_t)(slash - path));
    if (kmi_buf_status(&buf) != KM_OK) return fail_path(&buf, error);
    __attribute__((cleanup(free_text))) char *directory = realpath(buf.ptr, NULL);
    if (directory == NULL) return kmi_fail_errno(error, errno, "cannot find the directory of \"%s\"", path);
    kmi_buf_clear(&buf);
    kmi_buf_add_text(&buf, directory);
    if (strcmp(directory, "/") != 0) kmi_buf_add_char(&buf, '/');
    kmi_buf_add_text(&buf, name);
    if (kmi_buf_status(&buf) != KM_OK) return fail_path(&buf, error);
    char *joined = kmi_buf_take(&buf);
    if (joined == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while opening \"%s\"", path);
    *ret_path = joined;
    return KM_OK;
}

static km_status join_path(const char *path, const char *suffix, char **ret_path, km_error *error) {
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, PATH_LIMIT_BYTES);
    kmi_buf_add_text(&buf, path);
    kmi_buf_add_text(&buf, suffix);
    km_status status = kmi_buf_status(&buf);
    if (status == KM_OK && (*ret_path = kmi_buf_take(&buf)) == NULL) status = KM_E_NOMEM;
    if (status == KM_E_NOMEM) return kmi_fail(error, status, "out of memory while opening \"%s\"", path);
    return status == KM_OK ? KM_OK : kmi_fail(error, status, "the path of the store is too long");
}

/* Removes what an earlier database of this name may have left beside it; SQLite would take it for its own. */
static km_status remove_companions(const char *path, bool with_itself, km_error *error) {
    static const char *const SUFFIXES[] = {"-wal", "-shm", "-journal", ""};
    for (size_t i = 0; i < (with_itself ? 4 : 3); i++) {
        __attribute__((cleanup(free_text))) char *companion = NULL;
        km_status status = join_path(path, SUFFIXES[i], &companion, error);
        if (status != KM_OK) return status;
        if (unlink(companion) != 0 && errno != ENOENT) {
            return kmi_fail_errno(error, errno, "cannot remove the left-over file \"%s\"", companion);
        }
    }
    return KM_OK;
}

static km_status sync_directory_of(const char *path, km_error *error) {
    const char *slash = strrchr(path, '/');
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, PATH_LIMIT_BYTES);
    kmi_buf_add(&buf, path, slash == path ? 1 : (size_t)(slash - path));
    if (kmi_buf_status(&buf) != KM_OK) return kmi_fail(error, KM_E_NOMEM, "out of memory while creating \"%s\"", path);
    KMI_CLEANUP_FD int fd = -1;
    km_status status = kmi_dir_open(AT_FDCWD, buf.ptr, &fd, error);
    return status == KM_OK ? kmi_dir_sync(fd, buf.ptr, error) : status;
}

/* True when nothing waits in a write-ahead log beside the database. */
static bool is_log_empty(const char *path) {
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, PATH_LIMIT_BYTES);
    kmi_buf_add_text(&buf, path);
    kmi_buf_add_text(&buf, "-wal");
    if (kmi_buf_status(&buf) != KM_OK) return false;
    struct stat found;
    if (lstat(buf.ptr, &found) != 0) return errno == ENOENT;
    return found.st_size == 0;
}

/* ---- The writer lock ---- */

km_status kmi_store_lock(kmi_store *store, km_error *error) {
    if (store->is_locked)
        return kmi_fail(error, KM_E_INTERNAL, "the writer lock of \"%s\" is taken twice", kmi_sql_path(store->sql));
    if (store->lock_fd >= 0) {
        km_status status = kmi_lock_wait(store->lock_fd, (off_t)store->lock_byte, store->timeout_ms, error);
        if (status == KM_E_BUSY) {
            return kmi_fail(
                error, KM_E_BUSY, "another process is writing \"%s\" and did not finish in %lld ms; try again",
                store->sql != NULL ? kmi_sql_path(store->sql) : "memories.db", (long long)store->timeout_ms);
        }
        if (status != KM_OK) return status;
    }
    store->is_locked = true;
    return KM_OK;
}

void kmi_store_unlock(kmi_store *store) {
    if (!store->is_locked) return;
    if (store->lock_fd >= 0) kmi_lock_release(store->lock_fd, (off_t)store->lock_byte);
    store->is_locked = false;
}

/* ---- The database ---- */

static km_status fail_newer(const kmi_store *store, int64_t version, km_error *error) {
    return kmi_fail(error, KM_E_STORE,
                    "\"%s\" was written by a newer kuzu-memory (schema %lld, this one knows %lld); update this "
                    "program",
                    kmi_sql_path(store->sql), (long long)version, (long long)kmi_schema_last_version(KMI_MIGRATIONS));
}

static km_status fail_older(const kmi_store *store, int64_t version, km_error *error) {
    if (version == 0) {
        return kmi_fail(error, KM_E_NOT_FOUND, "there is no memory in \"%s\" yet", kmi_sql_path(store->sql));
    }
    return kmi_fail(error, KM_E_STORE, "\"%s\" has the older schema %lld; \"kuzu-memory init\" brings it up to date",
                    kmi_sql_path(store->sql), (long long)version);
}

static int count_log_pages(void *context, sqlite3 *db, const char *schema, int pages) {
    (void)db;
    (void)schema;
    kmi_store *store = context;
    store->wal_pages = pages > 0 ? (uint64_t)pages : 0;
    return SQLITE_OK;
}

/* A restored backup may come in another journal mode. Needs the writer lock, for the change is a write. */
static km_status require_log_mode(kmi_store *store, km_error *error) {
    unsigned char header[HEADER_READ_FORMAT_OFFSET + 1];
    size_t len = 0;
    km_status status = kmi_sql_read_header(store->sql, header, sizeof(header), &len, error);
    if (status != KM_OK) return status;
    if (len == sizeof(header) && header[HEADER_WRITE_FORMAT_OFFSET] == FORMAT_WAL &&
        header[HEADER_READ_FORMAT_OFFSET] == FORMAT_WAL) {
        return KM_OK;
    }
    static const char SET_WAL[] = "PRAGMA journal_mode=WAL";
    bool was_locked = store->is_locked;
    if (!was_locked) status = kmi_store_lock(store, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    status = kmi_sql_start(store->sql, SET_WAL, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    bool is_set = status == KM_OK && has_row && kmi_slice_equal(kmi_sql_slice(&use, 0), KMI_SLICE_LITERAL("wal"));
    kmi_sql_end(&use);
    if (!was_locked) kmi_store_unlock(store);
    if (status == KM_OK && !is_set) {
        status = kmi_fail(error, KM_E_IO,
                          "cannot keep a write-ahead log beside \"%s\"; put the project on a local file system",
                          kmi_sql_path(store->sql));
    }
    return status;
}

static void close_database(kmi_store *store) {
    kmi_sql_close(store->sql);
    store->sql = NULL;
    store->has_tokenizer = false;
}

static km_status open_for_reading(kmi_store *store, const char *path, km_error *error) {
    int64_t version = 0;
    km_status status = kmi_sql_open(path, KMI_SQL_READ, store->timeout_ms, &store->sql, error);
    if (status == KM_OK) status = kmi_schema_inspect(store->sql, &version, error);
    if ((status == KM_E_IO || status == KM_E_PERMISSION) && is_log_empty(path)) {
        /* SQLite wants its -shm file even to read; where it cannot be made, nobody can be writing either. */
        close_database(store);
        status = kmi_sql_open(path, KMI_SQL_UNWRITTEN, store->timeout_ms, &store->sql, error);
        if (status == KM_OK) status = kmi_schema_inspect(store->sql, &version, error);
    }
    if (status != KM_OK) return status;
    int64_t known = kmi_schema_last_version(KMI_MIGRATIONS);
    if (version > known) return fail_newer(store, version, error);
    store->schema_version = version;
    return version < KMI_SCHEMA_OLDEST_READABLE && !store->reads_older ? fail_older(store, version, error) : KM_OK;
}

static km_status open_for_writing(kmi_store *store, const char *path, km_error *error) {
    int64_t version = 0;
    km_status status = kmi_sql_open(path, KMI_SQL_WRITE, store->timeout_ms, &store->sql, error);
    if (status == KM_OK) status = kmi_schema_inspect(store->sql, &version, error);
    if (status != KM_OK) return status;
    int64_t known = kmi_schema_last_version(KMI_MIGRATIONS);
    if (version > known) return fail_newer(store, version, error);
    if (version < known && store->mode != KMI_STORE_CREATE) return fail_older(store, version, error);
    store->schema_version = known;
    return KM_OK;
}

/* Brings the open database to the newest schema. Under the writer lock. */
static km_status migrate(kmi_store *store, km_error *error) {
    km_status status = kmi_index_prepare(store, error);
    if (status == KM_OK) status = kmi_schema_migrate(store->sql, KMI_MIGRATIONS, error);
    if (status != KM_OK) return status;
    /* The header in the file itself tells the version from now on, for those who look at nothing else. */
    int code = sqlite3_wal_checkpoint_v2(kmi_sql_handle(store->sql), NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY ? KM_OK : kmi_sql_fail(store->sql, code, error);
}

static km_status build_at(kmi_store *store, const char *path, km_error *error) {
    KMI_CLEANUP_FD int fd = -1;
    km_status status = remove_companions(path, true, error);
    if (status == KM_OK) status = kmi_file_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL, &fd, error);
    if (status != KM_OK) return status;
    kmi_fd_close(&fd); /* before SQLite opens it: closing later would drop SQLite's locks */
    status = kmi_sql_open(path, KMI_SQL_WRITE, store->timeout_ms, &store->sql, error);
    if (status == KM_OK) status = migrate(store, error);
    close_database(store);
    return status;
}

/* Makes a new store, unless another process just has. Under the writer lock. */
static km_status build(kmi_store *store, const char *path, km_error *error) {
    bool exists = false;
    km_status status = look_at_file(path, &exists, error);
    if (status != KM_OK || exists) return status;
    __attribute__((cleanup(free_text))) char *new_path = NULL;
    status = join_path(path, ".new", &new_path, error);
    if (status == KM_OK) status = build_at(store, new_path, error);
    if (status == KM_OK) status = remove_companions(path, false, error);
    if (status != KM_OK) return status;
    if (rename(new_path, path) != 0) return kmi_fail_errno(error, errno, "cannot create \"%s\"", path);
    return sync_directory_of(path, error);
}

static km_status open_or_create(kmi_store *store, const char *path, bool exists, km_error *error) {
    km_status status = KM_OK;
    if (!exists) {
        status = kmi_store_lock(store, error);
        if (status == KM_OK) status = build(store, path, error);
        kmi_store_unlock(store);
        if (status != KM_OK) return status;
    }
    int64_t version = 0;
    status = open_for_writing(store, path, error);
    if (status == KM_OK) status = kmi_schema_inspect(store->sql, &version, error);
    if (status != KM_OK || version == kmi_schema_last_version(KMI_MIGRATIONS)) return status;
    status = kmi_store_lock(store, error);
    if (status == KM_OK) status = migrate(store, error);
    kmi_store_unlock(store);
    if (status == KM_OK) status = kmi_schema_inspect(store->sql, &version, error);
    if (status == KM_OK && version > kmi_schema_last_version(KMI_MIGRATIONS))
        status = fail_newer(store, version, error);
    return status;
}

static km_status open_database(kmi_store *store, const char *path, km_error *error) {
    bool exists = false;
    km_status status = look_at_file(path, &exists, error);
    if (status != KM_OK) return status;
    if (!exists && store->mode != KMI_STORE_CREATE) {
        return kmi_fail(error, KM_E_NOT_FOUND, "there is no memory in \"%s\" yet", path);
    }
    if (store->mode == KMI_STORE_READ) return open_for_reading(store, path, error);
    status = store->mode == KMI_STORE_CREATE ? open_or_create(store, path, exists, error)
                                             : open_for_writing(store, path, error);
    if (status == KM_OK) status = require_log_mode(store, error);
    if (status == KM_OK) sqlite3_wal_hook(kmi_sql_handle(store->sql), count_log_pages, store);
    return status;
}

km_status kmi_store_open(const kmi_store_options *options, kmi_store **ret_store, km_error *error) {
    __attribute__((cleanup(free_text))) char *path = NULL;
    km_status status = resolve_path(options->path, &path, error);
    if (status != KM_OK || path == NULL) return status;
    kmi_store *store = calloc(1, sizeof(*store));
    if (store == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while opening \"%s\"", path);
    store->mode = options->mode;
    store->reads_older = options->reads_older;
    store->lock_fd = options->mode == KMI_STORE_READ ? -1 : options->lock_fd;
    store->lock_byte = options->lock_byte;
    store->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    kmi_buf_init(&store->unit_text, PENDING_TEXT_LIMIT_BYTES);
    status = open_database(store, path, error);
    if (status == KM_OK && store->mode != KMI_STORE_READ) status = kmi_index_upgrade(store, error);
    if (status != KM_OK) {
        kmi_store_free(store);
        return status;
    }
    *ret_store = store;
    return KM_OK;
}

void kmi_store_free(kmi_store *store) {
    if (store == NULL) return;
    kmi_store_rollback(store);
    kmi_store_read_end(store);
    kmi_sql_close(store->sql);
    kmi_arena_free(store->scratch);
    kmi_unit_map_clear(&store->map);
    kmi_labels_clear(store);
    kmi_buf_deinit(&store->unit_text);
    free(store->units);
    free(store);
}
