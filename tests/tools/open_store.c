/* open_store.c - the least that a reading command could do: open the store read-only and prepare one statement. */
#include <sqlite3.h>
#include <stddef.h>

int main(int argc, char *argv[]) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    if (argc != 2 || sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) return 1;
    if (sqlite3_prepare_v2(db, "SELECT content FROM memories WHERE id = ?1", -1, &statement, NULL) != SQLITE_OK)
        return 2;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return 0;
}
