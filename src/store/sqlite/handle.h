/* handle.h - what the files of the SQLite store share: the handle, its collected changes, and the calls between them.
 * Outside of this folder only "store/store.h" is known. */
#ifndef KMI_STORE_SQLITE_HANDLE_H
#define KMI_STORE_SQLITE_HANDLE_H

#include "base/sql.h"
#include "store/repair.h"
#include "store/sqlite/unit_map.h"
#include "store/store.h"
#include "util/buf.h"

/* Texts that wait for the index are held in memory; past this they are written at the next chance. */
#define PENDING_TEXT_SOFT_LIMIT_BYTES ((size_t)4 * 1024 * 1024)
#define PENDING_TEXT_LIMIT_BYTES ((size_t)256 * 1024 * 1024)
#define NAMED_COUNTS_MAX ((size_t)64)
#define DEFAULT_TIMEOUT_MS 5000
/* Longest line of names that one transaction keeps: 64 labels of 1 KiB with room for the blocks of the arena. */
#define SCRATCH_LIMIT_BYTES ((size_t)512 * 1024)

typedef enum kmi_count_kind { KMI_COUNT_TOTAL, KMI_COUNT_TYPE, KMI_COUNT_SOURCE } kmi_count_kind;

typedef struct kmi_named_count {
    kmi_count_kind kind;
    const char *name; /* in the handle's scratch arena */
    int64_t amount;
} kmi_named_count;

/* What a transaction has collected in memory so far. Copied as a whole by a savepoint and put back when it is undone. */
typedef struct kmi_store_changes {
    bool are_memories_changed;
    int64_t next_seq;     /* 0: not read from the database yet */
    size_t unit_count;    /* entries of kmi_store.units that count */
    size_t unit_written;  /* of these, how many are in the index already */
    size_t unit_text_len; /* bytes of kmi_store.unit_text that count */
    int64_t totals[KMI_COUNTER_COUNT];
    size_t named_count;
    kmi_named_count named[NAMED_COUNTS_MAX];
} kmi_store_changes;

typedef struct kmi_pending_unit {
    int64_t unit;
    size_t offset, len; /* of its text in kmi_store.unit_text */
    size_t unit_count;  /* of the memory, with its first unit; 0 with the others */
    bool is_new;        /* no memory stands behind this one */
} kmi_pending_unit;

struct kmi_store {
    kmi_sql *sql;
    kmi_store_mode mode;
    bool reads_older; /* of the options */
    int lock_fd;
    int64_t lock_byte;
    int64_t timeout_ms;
    int64_t deadline_us; /* monotonic; 0: none */
    int64_t late_us;     /* a search ends what it has begun from here on */
    bool is_cut_short;   /* the last search did */
    bool is_locked;      /* this handle holds the writer lock */
    bool is_writing;     /* between begin and commit or rollback */
    bool is_reading;     /* between read_begin and read_end */
    bool has_savepoint;
    bool has_tokenizer;
    uint64_t wal_pages;
    size_t word_count; /* words that the tokenizer has seen; whoever wants to know sets it to 0 before */
    int64_t last_unit; /* of the index, as the running search sees it */
    kmi_unit_map map;  /* of the running transaction */
    struct kmi_posting_reader *reader; /* of the running search */
    struct kmi_label_cache *labels;    /* NULL until a label is asked for */
    int64_t schema_version;            /* of the database; older than the newest in a handle for reading only */
    int64_t pruned_day;                /* the day on which this handle last dropped old rows of `days` */
    kmi_store_changes changes;
    kmi_store_changes saved; /* as of the savepoint */
    kmi_arena *scratch;      /* names of this transaction */
    kmi_pending_unit *units;
    size_t unit_capacity;
    kmi_buf unit_text;
};

/* ---- open.c ---- */
/* Takes and gives back the project's writer lock. */
km_status kmi_store_lock(kmi_store *store, km_error *error) KM_MUST_CHECK;
void kmi_store_unlock(kmi_store *store);

/* ---- schema.c ---- */
#define KMI_STORE_APPLICATION_ID 0x4B555A4D /* "KUZM" */
typedef struct kmi_migration {
    int64_t version;
    const char *statements; /* NULL ends the table */
} kmi_migration;
/* Every version of the schema, oldest first. */
extern const kmi_migration KMI_MIGRATIONS[];
/* Reading goes on with a database from this version on; an older one has another form of memories. */
#define KMI_SCHEMA_OLDEST_READABLE 3
/* The version that brought labels, and memories in the present form. */
#define KMI_SCHEMA_LABELS 3
/* The statements that make the memories of version 1 and 2, for saving what is left of a damaged store of theirs. */
extern const char KMI_SCHEMA_MEMORIES_1[];
/* Brings a database of ours, or an empty one, to the last version of `table`, in one transaction. Under the writer lock.
 * References are not checked meanwhile: tables are made anew. */
km_status kmi_schema_migrate(kmi_sql *sql, const kmi_migration *table, km_error *error) KM_MUST_CHECK;
int64_t kmi_schema_last_version(const kmi_migration *table);
/* Says what the database is: KM_E_STORE when it is not ours, damaged, or newer than this program. *ret_version 0: empty. */
km_status kmi_schema_inspect(kmi_sql *sql, int64_t *ret_version, km_error *error) KM_MUST_CHECK;

/* ---- transaction.c ---- */
/* Fails unless a transaction is open and has not been rolled back by SQLite behind our back; checks the deadline. */
km_status kmi_store_require_writing(kmi_store *store, km_error *error) KM_MUST_CHECK;
bool kmi_store_is_overdue(const kmi_store *store);
/* Most of the time until the deadline is over: a search gives what it has found so far. Notes that it does. */
bool kmi_store_is_late(kmi_store *store);
km_status kmi_store_fail_overdue(const kmi_store *store, km_error *error);
/* Reads a number from the result of a statement without parameters, or with one. Absent: 0. */
km_status kmi_store_read_number(kmi_store *store, const char *text, int64_t *ret_value, km_error *error) KM_MUST_CHECK;

/* ---- counters.c ---- */
km_status kmi_counts_add_named(kmi_store *store, kmi_count_kind kind, const char *name, int64_t amount,
                               km_error *error) KM_MUST_CHECK;
/* Writes what was collected. */
km_status kmi_counts_write(kmi_store *store, km_error *error) KM_MUST_CHECK;
/* Name of a counter in the database. */
const char *kmi_counter_name(kmi_counter counter);
/* days.c: adds the changes of this transaction to the sums of today. */
km_status kmi_days_write(kmi_store *store, km_error *error) KM_MUST_CHECK;

/* ---- task_events.c ---- */
/* Notes a change of a task, and when the run before it began. */
km_status kmi_task_event_add(kmi_store *store, const kmi_task_row *task, km_error *error) KM_MUST_CHECK;
/* Drops the changes of tasks that have no record any more. */
km_status kmi_task_events_purge(kmi_store *store, km_error *error) KM_MUST_CHECK;

/* ---- normal.c ---- */
#define CONTENT_HASH_BYTES ((size_t)6) /* of it are kept */
/* SHA-256 of a text with everything removed that does not change what it says. */
km_status kmi_normal_hash(kmi_slice content, unsigned char ret_digest[32], km_error *error) KM_MUST_CHECK;
/* Appends the normalised text itself. */
km_status kmi_normal_text(kmi_slice content, kmi_buf *buf, km_error *error) KM_MUST_CHECK;

/* ---- tokenizer.c ---- */
km_status kmi_tokenizer_register(kmi_store *store, fts5_api *api, km_error *error) KM_MUST_CHECK;

/* ---- labels.c: texts that many rows share, by number ---- */
/* Finds or makes the number of a text; NULL has 0, which binds as NULL by kmi_sql_bind_time(). Inside a transaction. */
km_status kmi_label_require(kmi_store *store, const char *text, int64_t *ret_id, km_error *error) KM_MUST_CHECK;
/* The number of a text, -1 when no row can have it. */
km_status kmi_label_find(kmi_store *store, const char *text, int64_t *ret_id, km_error *error) KM_MUST_CHECK;
/* Copies a label into the arena; the number 0 is NULL. */
km_status kmi_label_copy(kmi_store *store, int64_t id, kmi_arena *arena, const char **ret_text,
                         km_error *error) KM_MUST_CHECK;
/* Forgets what this handle remembers of them: after changes of them were undone, and before another process' are met. */
void kmi_labels_clear(kmi_store *store);
/* Removes those that no memory has; reads all memories. Inside a transaction. */
km_status kmi_labels_prune(kmi_store *store, km_error *error) KM_MUST_CHECK;

/* ---- graph.c ---- */
/* Stores entities, mentions and relations of a memory. */
km_status kmi_graph_add(kmi_store *store, int64_t seq, const kmi_candidate *candidate, km_error *error) KM_MUST_CHECK;
/* Removes them, and entities that nothing refers to any more. */
km_status kmi_graph_remove(kmi_store *store, int64_t seq, km_error *error) KM_MUST_CHECK;
/* Reads the entities that a memory mentions, in the order in which it names them. */
km_status kmi_graph_entities(kmi_store *store, int64_t seq, kmi_arena *arena, km_entity **ret_entities,
                             size_t *ret_count, km_error *error) KM_MUST_CHECK;

/* ---- memory_row.c ---- */
/* The columns that kmi_memory_read() expects, in its order, of the table alias m. */
#define MEMORY_COLUMNS \
    "m.seq,m.id,m.content,m.type,m.knowledge_type,m.polarity,m.pattern,m.confidence,m.importance,m.subject," \
    "m.attribute,m.value,m.time_phrase,m.event_at,m.source,m.speaker,m.session,m.agent,m.user,m.key,m.metadata," \
    "m.origin_task,m.created_at,m.observed_at,m.last_seen_at,m.expires_at,m.seen_count," \
    "(SELECT s.id FROM memories s WHERE s.seq=m.superseded_by)"
/* Types that apply whatever a prompt says, and others that statements name: labels of the schema. The partial index
 * memories_standing spells the first the same way. */
#define STANDING_TYPES "(1,2,3,4)"
#define LABEL_STATUS "7"
#define LABEL_USER "16"
#define LABELS_FIXED "17" /* up to here they are part of the schema */
/* Turns the current row into a memory in the arena, with its entities. */
km_status kmi_memory_read(kmi_store *store, const kmi_sql_use *use, kmi_arena *arena, km_memory *ret_memory,
                          km_error *error) KM_MUST_CHECK;
/* Reads all rows of a started statement into an array. */
km_status kmi_memory_read_all(kmi_store *store, kmi_sql_use *use, size_t limit, kmi_arena *arena, km_memory **ret_items,
                              size_t *ret_count, km_error *error) KM_MUST_CHECK;
/* Notes that deleted words are still to be erased. Inside a transaction. */
km_status kmi_store_note_unerased(kmi_store *store, km_error *error) KM_MUST_CHECK;
/* Sequence number of a memory: KM_E_NOT_FOUND. */
km_status kmi_memory_seq(kmi_store *store, const kmi_uuid *id, int64_t *ret_seq, km_error *error) KM_MUST_CHECK;

/* ---- memory_list.c ---- */
/* The filters of a query on table alias m, as parameters 1 to 7. */
#define MEMORY_FILTER \
    "(?1 IS NULL OR m.source=?1) AND (?2 IS NULL OR m.type=?2) AND (?3 IS NULL OR m.session=?3)" \
    " AND (?4 IS NULL OR m.observed_at>=?4) AND (?5 IS NULL OR m.observed_at<=?5)" \
    " AND (m.expires_at IS NULL OR m.expires_at>?6) AND (?7 OR m.superseded_by IS NULL)"
km_status kmi_memory_bind_filter(kmi_store *store, kmi_sql_use *use, const km_recall_query *query,
                                 km_error *error) KM_MUST_CHECK;

/* ---- memory_find.c ---- */
/* Finds the one id that begins with `prefix`. `text`: a statement with the lowest and the highest such id as parameters that
 * gives at most two, in order. `what`: "memory" or "task". KM_E_NOT_FOUND, KM_E_CONFLICT. */
km_status kmi_store_resolve(kmi_store *store, const char *text, const char *what, const char *prefix, kmi_uuid *ret_id,
                            km_error *error) KM_MUST_CHECK;

/* ---- memory_write.c, memory_delete.c ---- */
/* Adds to the counts of live memories, in all and by the type and source of this one. */
km_status kmi_memory_count_live(kmi_store *store, int64_t seq, int64_t amount, km_error *error) KM_MUST_CHECK;
/* Takes a memory with all that hangs on it out of the tables. */
km_status kmi_memory_remove(kmi_store *store, int64_t seq, km_error *error) KM_MUST_CHECK;

/* ---- task_text.c ---- */
/* Overwrites a text in the payloads of tasks that may run again. Their records go on naming ids, which tell nothing. */
km_status kmi_task_forget(kmi_store *store, kmi_slice content, km_error *error) KM_MUST_CHECK;

/* ---- maintenance.c, repair.c ---- */
/* Compares the full-text index with the memories: KM_E_STORE when they differ. A handle for writing takes the writer lock. */
km_status kmi_store_check_index(kmi_store *store, km_error *error) KM_MUST_CHECK;
/* Mends one fault inside a transaction that is open; see kmi_store_repair(). */
km_status kmi_repair_in_transaction(kmi_store *store, kmi_store_fault fault, km_error *error) KM_MUST_CHECK;

static inline void kmi_store_free_arena(kmi_arena **arena) {
    kmi_arena_free(*arena);
}
#define KMI_CLEANUP_ARENA __attribute__((cleanup(kmi_store_free_arena)))

/* Fails with the one sentence for memory that ran out. */
km_status kmi_store_fail_nomem(const kmi_store *store, km_error *error);

#endif
