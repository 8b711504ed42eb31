/* check_store.c - SQLite's own checks, the search index compared with one made anew, and a recount of every counter. Linked with
 * the library, because the index needs its tokenizer. Give it a copy: opening may write. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "queue/queue.h"
#include "store/sqlite/index.h"

/* Each must answer one row with one column that is 1 or "ok". */
static const char *const questions[] = {
    "PRAGMA integrity_check",
    "SELECT count(*) = 0 FROM pragma_foreign_key_check",
    "SELECT (SELECT ifnull(sum(value), 0) FROM counters WHERE kind = 0 AND name IN ('memories', 'superseded')) ="
    " (SELECT count(*) FROM memories)",
    "SELECT (SELECT ifnull(sum(value), 0) FROM counters WHERE kind = 0 AND name = 'superseded') ="
    " (SELECT count(*) FROM memories WHERE superseded_by IS NOT NULL)",
    "SELECT (SELECT ifnull(sum(value), 0) FROM counters WHERE kind = 0 AND name = 'tasks_queued') ="
    " (SELECT count(*) FROM tasks WHERE state = 0)",
    "SELECT (SELECT ifnull(sum(value), 0) FROM counters WHERE kind = 0 AND name = 'tasks_processing') ="
    " (SELECT count(*) FROM tasks WHERE state = 1)",
    "SELECT (SELECT ifnull(sum(value), 0) FROM counters WHERE kind = 0 AND name = 'tasks_retrying') ="
    " (SELECT count(*) FROM tasks WHERE state = 2)",
    "SELECT (SELECT ifnull(sum(value), 0) FROM counters WHERE kind = 0 AND name = 'tasks_failed') ="
    " (SELECT count(*) FROM tasks WHERE state = 4)",
    "SELECT (SELECT ifnull(sum(value), 0) FROM counters WHERE kind = 0 AND name = 'entities') ="
    " (SELECT count(*) FROM entities)",
    "SELECT (SELECT ifnull(sum(value), 0) FROM counters WHERE kind = 0 AND name = 'relations') ="
    " (SELECT count(*) FROM relations)",
    "SELECT count(*) = 0 FROM (SELECT l.text AS name, count(*) AS value FROM memories m JOIN labels l ON l.id=m.type"
    " WHERE superseded_by IS NULL GROUP BY l.text EXCEPT SELECT name, value FROM counters WHERE kind = 1)",
    "SELECT count(*) = 0 FROM (SELECT l.text AS name, count(*) AS value FROM memories m JOIN labels l ON l.id=m.source"
    " WHERE superseded_by IS NULL GROUP BY l.text EXCEPT SELECT name, value FROM counters WHERE kind = 2)",
    "SELECT count(*) = 0 FROM memories WHERE seq >= (SELECT next_seq FROM state)",
};

static int ask(sqlite3 *db, const char *question) {
    sqlite3_stmt *statement = NULL;
    bool is_good = false;
    if (sqlite3_prepare_v2(db, question, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        const char *answer = (const char *)sqlite3_column_text(statement, 0);
        is_good = answer != NULL && (strcmp(answer, "1") == 0 || strcmp(answer, "ok") == 0);
        if (!is_good) printf("%s: %s\n", question, answer == NULL ? "nothing" : answer);
    } else {
        printf("%s: %s\n", question, sqlite3_errmsg(db));
    }
    sqlite3_finalize(statement);
    return is_good ? 0 : 1;
}

int main(int argc, char *argv[]) {
    if (argc != 3) {
        fprintf(stderr, "usage: check_store STORE LOCK_FILE\n");
        return 125;
    }
    km_error error = {0};
    kmi_store *store = NULL;
    int lock_fd = open(argv[2], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    kmi_store_options options = {
        .path = argv[1], .mode = KMI_STORE_WRITE, .lock_fd = lock_fd, .lock_byte = KMI_LOCK_BYTE_WRITER};
    if (kmi_store_open(&options, &store, &error) != KM_OK || kmi_index_prepare(store, &error) != KM_OK) {
        printf("%s\n", error.message);
        return 1;
    }
    sqlite3 *db = kmi_sql_handle(store->sql);
    int problems = 0;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) problems += ask(db, questions[i]);
    if (kmi_index_check(store, &error) != KM_OK) {
        printf("%s\n", error.message);
        problems++;
    }
    kmi_store_free(store);
    close(lock_fd);
    return problems == 0 ? 0 : 1;
}
