/* store.h - where memories live: the interface that learner, worker and recall use. src/store/sqlite/ implements it.
 *
 * Life cycle: kmi_store_open() for reading or for writing; then
 *     kmi_store_begin()  …changes…  kmi_store_commit()   or   kmi_store_rollback()
 * One writer at a time: kmi_store_begin() takes the project's writer lock (a byte of queue/lock) and BEGIN IMMEDIATE; commit
 * and rollback give both back. Checkpoints run under the same lock. Readers never wait for a writer.
 * A handle belongs to one thread at a time. Times are microseconds since 1970 UTC. Text results live in the caller's arena.
 * Statuses: KM_E_STORE (damaged, foreign or newer file), KM_E_IO (disk full, I/O, read-only), KM_E_BUSY (lock not free in
 * time), KM_E_NOMEM, KM_E_PERMISSION. */
#ifndef KMI_STORE_STORE_H
#define KMI_STORE_STORE_H

#include "base/candidate.h"
#include "kuzu_memory.h"
#include "util/arena.h"
#include "util/uuid.h"

typedef struct kmi_store kmi_store;

typedef enum kmi_store_mode {
    KMI_STORE_READ,  /* read-only; KM_E_NOT_FOUND when there is no store; creates nothing but SQLite's own -shm */
    KMI_STORE_WRITE, /* existing store; KM_E_NOT_FOUND when there is none */
    KMI_STORE_CREATE /* creates the store (0600) and migrates an older schema */
} kmi_store_mode;

typedef struct kmi_store_options {
    const char *path; /* of memories.db */
    kmi_store_mode mode;
    int lock_fd;        /* descriptor of queue/lock for the writer lock; borrowed; ignored for reading */
    int64_t lock_byte;  /* which byte of it is the writer lock */
    int64_t timeout_ms; /* how long begin and reads wait for a lock; 0: 5000 */
    bool
        reads_older; /* reading: also an older schema, whose memories can be counted, checked for damage and copied only */
} kmi_store_options;

km_status kmi_store_open(const kmi_store_options *options, kmi_store **ret_store, km_error *error) KM_MUST_CHECK;
void kmi_store_free(kmi_store *store);
/* Interrupts running statements once the monotonic clock passes deadline_us (0: none): KM_E_BUSY. A search that is not done
 * after seven tenths of the time until then gives what it has (kmi_store_was_cut_short()). */
void kmi_store_set_deadline(kmi_store *store, int64_t deadline_us);

/* ---- Transactions ---- */
km_status kmi_store_begin(kmi_store *store, km_error *error) KM_MUST_CHECK;
km_status kmi_store_commit(kmi_store *store,
                           km_error *error) KM_MUST_CHECK; /* durable when it returns KM_OK; a failure rolls back */
void kmi_store_rollback(kmi_store *store);                 /* fine without a transaction */
/* One level of nesting, for one task of a batch. */
km_status kmi_store_savepoint(kmi_store *store, km_error *error) KM_MUST_CHECK;
km_status kmi_store_savepoint_release(kmi_store *store, km_error *error) KM_MUST_CHECK;
km_status kmi_store_savepoint_rollback(kmi_store *store, km_error *error) KM_MUST_CHECK;
/* One consistent view over several reads (BEGIN DEFERRED … END). Optional for single reads. */
km_status kmi_store_read_begin(kmi_store *store, km_error *error) KM_MUST_CHECK;
void kmi_store_read_end(kmi_store *store);

/* ---- Fencing: each worker raises the epoch when it starts; a batch of an older one cannot commit ---- */
km_status kmi_store_epoch_raise(kmi_store *store, uint64_t *ret_epoch,
                                km_error *error) KM_MUST_CHECK; /* own transaction */
/* Inside a transaction: KM_E_CONFLICT when the epoch is not `epoch` any more. */
km_status kmi_store_epoch_check(kmi_store *store, uint64_t epoch, km_error *error) KM_MUST_CHECK;

/* ---- Memories ---- */
typedef struct kmi_memory_new {
    kmi_uuid id;
    const kmi_candidate *candidate; /* content, types, entities, relations, subject … */
    const char *source, *speaker, *session, *agent, *user, *key, *metadata_json;
    const kmi_uuid *origin_task; /* NULL: none */
    int64_t created_at_us, observed_at_us;
    int64_t last_seen_at_us; /* 0: created_at_us */
    int64_t expires_at_us;   /* 0: never */
    uint32_t seen_count;     /* 0: 1 */
    int64_t seq;             /* 0: the next one. Import: at least this one, so that gaps survive a move */
} kmi_memory_new;

/* Stores one memory with its search units, entities, mentions, relations, and updates of the counters by type and source.
 * Units of the neighbours in the same session that carry its words are kept right. Inside a transaction. */
km_status kmi_store_memory_insert(kmi_store *store, const kmi_memory_new *memory, km_error *error) KM_MUST_CHECK;
/* Finds a live memory with the same normalised text (of the folded text without closing punctuation).
 * *ret_is_found; ret_id. Compares type-independent. */
km_status kmi_store_memory_find_same(kmi_store *store, kmi_slice content, bool *ret_is_found, kmi_uuid *ret_id,
                                     km_error *error) KM_MUST_CHECK;
/* The same in two steps: the hash needs no store. */
km_status kmi_store_content_hash(kmi_slice content, unsigned char ret_hash[32], km_error *error) KM_MUST_CHECK;
km_status kmi_store_memory_find_hash(kmi_store *store, const unsigned char hash[32], bool *ret_is_found,
                                     kmi_uuid *ret_id, km_error *error) KM_MUST_CHECK;
/* Live memories with this subject and attribute (NULL: any), newest first, at most `limit`. */
km_status kmi_store_memory_find_subject(kmi_store *store, const char *subject, const char *attribute, size_t limit,
                                        kmi_arena *arena, km_memory **ret_items, size_t *ret_count,
                                        km_error *error) KM_MUST_CHECK;
/* Learnt again: seen_count + 1, last_seen, confidence moves up; the later expiry wins (0: never). Inside a transaction. */
km_status kmi_store_memory_strengthen(kmi_store *store, const kmi_uuid *id, int64_t seen_at_us, double confidence,
                                      int64_t expires_at_us, km_error *error) KM_MUST_CHECK;
/* Marks `old_id` as superseded by `new_id` and adds the edge. Inside a transaction. */
km_status kmi_store_memory_supersede(kmi_store *store, const kmi_uuid *old_id, const kmi_uuid *new_id,
                                     km_error *error) KM_MUST_CHECK;
/* Replaces text and what hangs on it (hash, units, entities, subject); keeps id, type, created and observed times; last_seen
 * becomes now_us, for an edit confirms the statement. Inside a transaction. KM_E_NOT_FOUND. */
km_status kmi_store_memory_edit(kmi_store *store, const kmi_uuid *id, const kmi_candidate *candidate, int64_t now_us,
                                km_error *error) KM_MUST_CHECK;
/* Full id of the one memory with this id prefix: KM_E_NOT_FOUND, KM_E_CONFLICT (names two that match). */
km_status kmi_store_memory_resolve(kmi_store *store, const char *prefix, kmi_uuid *ret_id,
                                   km_error *error) KM_MUST_CHECK;
/* The memory with its entities. KM_E_NOT_FOUND. */
km_status kmi_store_memory_get(kmi_store *store, const kmi_uuid *id, kmi_arena *arena, km_memory *ret_memory,
                               km_error *error) KM_MUST_CHECK;
/* Memories that `id` superseded, newest first. */
km_status kmi_store_memory_predecessors(kmi_store *store, const kmi_uuid *id, kmi_arena *arena, km_memory **ret_items,
                                        size_t *ret_count, km_error *error) KM_MUST_CHECK;
/* Newest first by arrival, with the filters of the query (source, type, session, since, until, include_superseded). */
km_status kmi_store_memory_recent(kmi_store *store, const km_recall_query *query, kmi_arena *arena,
                                  km_memory **ret_items, size_t *ret_count, km_error *error) KM_MUST_CHECK;
/* Memories within the filter's times among the last 200 000 units, the latest said first, at most `limit`. */
km_status kmi_store_memory_of_time(kmi_store *store, const km_recall_query *query, size_t limit, kmi_arena *arena,
                                   km_memory **ret_items, size_t *ret_count, km_error *error) KM_MUST_CHECK;
/* Standing memories: live preferences, rules, decisions and identity in the user's own words, of at most 400 characters (a
 * longer text is a message, not a rule); most recently confirmed first, at most `limit`. */
km_status kmi_store_memory_standing(kmi_store *store, size_t limit, kmi_arena *arena, km_memory **ret_items,
                                    size_t *ret_count, km_error *error) KM_MUST_CHECK;
/* Gets statuses that have not expired, those that expire last (the newest) first. */
km_status kmi_store_memory_statuses(kmi_store *store, size_t limit, kmi_arena *arena, km_memory **ret_items,
                                    size_t *ret_count, km_error *error) KM_MUST_CHECK;
/* Calls `visit` for every memory in order of arrival (superseded ones too), for export. Return false to stop. */
km_status kmi_store_memory_each(kmi_store *store, bool (*visit)(const km_memory *memory, void *context), void *context,
                                km_error *error) KM_MUST_CHECK;
/* Calls `visit` for every relation between entities with the id of the memory it comes from, for export. */
typedef struct kmi_relation_row {
    const char *from, *name, *to;
    const char *memory_id;
} kmi_relation_row;
km_status kmi_store_relation_each(kmi_store *store, bool (*visit)(const kmi_relation_row *row, void *context),
                                  void *context, km_error *error) KM_MUST_CHECK;
/* Deletes memories with units, mentions, relations, orphaned entities, and their texts in task records; keeps neighbours'
 * units right. Inside a transaction. Follow the commit by kmi_store_erase(); until that was done the store notes that it is
 * to be done. */
km_status kmi_store_memory_delete(kmi_store *store, const kmi_uuid *ids, size_t count, km_error *error) KM_MUST_CHECK;
/* Removes deleted words from index, free pages and write-ahead log (optimize, VACUUM, checkpoint). Takes the writer lock
 * itself. *ret_is_erased: false when an open reader kept the log from being emptied within the limit. */
km_status kmi_store_erase(kmi_store *store, bool *ret_is_erased, km_error *error) KM_MUST_CHECK;
/* Tells whether memories were deleted whose words were not erased yet: somebody was killed in between. */
km_status kmi_store_is_unerased(kmi_store *store, bool *ret_is_unerased, km_error *error) KM_MUST_CHECK;
/* Deletes what expired before now_us; returns how many. Inside a transaction. */
km_status kmi_store_expire(kmi_store *store, int64_t now_us, uint64_t *ret_count, km_error *error) KM_MUST_CHECK;

/* ---- Search ---- */
typedef struct kmi_search_hit {
    int64_t seq;     /* of the memory; resolve with kmi_store_memory_by_seq() */
    double score;    /* its best unit's BM25 (own words, and a part of its neighbours'), divided for long memories */
    double coverage; /* 0..1: share of the query's weight (idf) that the best unit and its neighbours carry */
    uint32_t unit_count; /* of the memory */
    const char *speaker; /* in the arena; NULL: none */
    int64_t session;     /* the same number, the same session; 0: none */
    int64_t observed_at_us;
} kmi_search_hit;

/* Of the whole query, whatever the filter: how much of it the store knows at all. */
typedef struct kmi_search_info {
    double idf_sum;             /* over the query's terms, unseen ones with the idf of df = 0 */
    double unseen_share;        /* share of the query's terms that no unit holds */
    double best_unit;           /* score of the best unit, before the division by the number of units */
    double twentieth_unit;      /* score of the 20th best unit, 0: fewer */
    uint64_t unit_count;        /* of the whole index */
    size_t term_count;          /* terms of the query */
    size_t skipped_term_count;  /* of these: too common for the budget of postings, weighed on the best units alone */
    bool is_estimated;          /* not every posting was read */
    uint64_t common_terms;      /* a bit for each of the first 64: says little about any text; 0 where all of them do */
    size_t pair_count;          /* terms that are pairs of characters of a script without spaces: a word has several */
    bool has_common_terms_only; /* all of them do */
    bool has_stop_words_only;
    const char *const *terms; /* term_count each, in the arena */
    const double *idf;
} kmi_search_info;

/* Best live memories for a text: its search terms without stop words, OR; BM25 over a unit and its neighbours. Applies the
 * filters of `query` (NULL: none). With `limit` best memories, best first; of equal ones the newer first. A text without any
 * usable term has no hits. ret_info may be NULL. */
km_status kmi_store_search(kmi_store *store, kmi_slice text, const km_recall_query *query, size_t limit,
                           kmi_arena *arena, kmi_search_hit **ret_hits, size_t *ret_count, kmi_search_info *ret_info,
                           km_error *error) KM_MUST_CHECK;
/* Returns: true when time ran out before the last search was done, and better hits may be missing. */
bool kmi_store_was_cut_short(const kmi_store *store);
km_status kmi_store_memory_by_seq(kmi_store *store, int64_t seq, kmi_arena *arena, km_memory *ret_memory,
                                  km_error *error) KM_MUST_CHECK;
/* A number that rises whenever memories change, for caches. Half of its bits are random: the same number is the same memories,
 * also after the store was deleted, or put back from a copy, and went on from there. */
km_status kmi_store_generation(kmi_store *store, uint64_t *ret_generation, km_error *error) KM_MUST_CHECK;
/* The same, with the number of search units the store ever took in: how much there is to search, roughly. */
km_status kmi_store_extent(kmi_store *store, uint64_t *ret_generation, uint64_t *ret_unit_count,
                           km_error *error) KM_MUST_CHECK;
/* *ret_expiry_us: when the next memory expires after now_us; INT64_MAX: none does. Cost: a look into an index. */
km_status kmi_store_next_expiry(kmi_store *store, int64_t now_us, int64_t *ret_expiry_us,
                                km_error *error) KM_MUST_CHECK;

/* ---- Task records: tasks the journal no longer holds, or that were decided on while it still does ---- */
typedef struct kmi_task_row {
    kmi_uuid id;
    km_task_state state;
    int priority;
    uint32_t attempts, crashes, item_count;
    int64_t created_at_us, started_at_us, finished_at_us, run_at_us, processing_us, wait_us;
    const char *error; /* last error; static, in an arena, or NULL */
    kmi_slice payload; /* journal payload while it may run again (queued, retrying, failed, cancelled); else empty */
    const kmi_uuid *memory_ids;
    size_t memory_count;
    bool is_keyed; /* has an idempotency key: its id is remembered for ever */
} kmi_task_row;

/* Inserts or replaces the record of a task. Changes of the counters (completed, failed, cancelled …) belong to it: they
 * are derived from the old and the new state in the same call. Inside a transaction. */
km_status kmi_store_task_put(kmi_store *store, const kmi_task_row *task, km_error *error) KM_MUST_CHECK;
/* *ret_is_known: a record exists, or the id is of a keyed task that was purged (ret_task->state is then completed).
 * ret_task may be NULL. Payload and ids live in the arena (may be NULL when ret_task is NULL). */
km_status kmi_store_task_find(kmi_store *store, const kmi_uuid *id, kmi_arena *arena, bool *ret_is_known,
                              kmi_task_row *ret_task, km_error *error) KM_MUST_CHECK;
/* What happened to a task, oldest first: nothing for one that ran once and ended well, whose record says it all. */
typedef struct kmi_task_event {
    int64_t at_us;
    km_task_state state;
    const char *error; /* NULL: none */
} kmi_task_event;
km_status kmi_store_task_events(kmi_store *store, const kmi_uuid *id, kmi_arena *arena, kmi_task_event **ret_items,
                                size_t *ret_count, km_error *error) KM_MUST_CHECK;
/* Tasks of one state (NULL: all), oldest first, at most `limit`. Without payloads unless asked. */
km_status kmi_store_task_list(kmi_store *store, const km_task_state *state, bool with_payload, size_t limit,
                              kmi_arena *arena, kmi_task_row **ret_items, size_t *ret_count,
                              km_error *error) KM_MUST_CHECK;
/* Tasks that are due: queued ones, and retrying ones with run_at <= now (or further in the future than 1 h + 1 min: the
 * clock went back), by priority minus age / 60 s; with payload. *ret_next_run_at: earliest run_at of the others, 0: none. */
km_status kmi_store_task_due(kmi_store *store, int64_t now_us, size_t limit, kmi_arena *arena, kmi_task_row **ret_items,
                             size_t *ret_count, int64_t *ret_next_run_at_us, km_error *error) KM_MUST_CHECK;
/* Full id by prefix among the records: KM_E_NOT_FOUND, KM_E_CONFLICT. */
km_status kmi_store_task_resolve(kmi_store *store, const char *prefix, kmi_uuid *ret_id, km_error *error) KM_MUST_CHECK;
/* Lets the record of a task, if it has ended, have ended at until_us at the earliest: a purge of what ended before spares it.
 * Inside a transaction. */
km_status kmi_store_task_hold(kmi_store *store, const kmi_uuid *id, int64_t until_us, km_error *error) KM_MUST_CHECK;
/* Deletes records of finished (completed, cancelled) tasks that ended before `before_us`, failed ones too if asked.
 * Keyed ones stay known. Inside a transaction. */
km_status kmi_store_task_purge(kmi_store *store, int64_t before_us, bool with_failed, uint64_t *ret_count,
                               km_error *error) KM_MUST_CHECK;

/* ---- Counters ---- */
typedef enum kmi_counter {
    KMI_COUNTER_TASKS_COMPLETED, /* ever */
    KMI_COUNTER_TASKS_CANCELLED, /* ever */
    KMI_COUNTER_TASKS_FAILED,    /* records in this state now; the next three likewise */
    KMI_COUNTER_TASKS_QUEUED,
    KMI_COUNTER_TASKS_RETRYING,
    KMI_COUNTER_TASKS_PROCESSING,
    KMI_COUNTER_PROCESSING_US, /* sum over completed tasks */
    KMI_COUNTER_WAIT_US,       /* sum over completed tasks */
    KMI_COUNTER_MEMORIES,      /* live now */
    KMI_COUNTER_SUPERSEDED,    /* superseded now */
    KMI_COUNTER_ENTITIES,
    KMI_COUNTER_RELATIONS,
    KMI_COUNTER_DUPLICATES,     /* ever */
    KMI_COUNTER_REDACTIONS,     /* ever */
    KMI_COUNTER_SKIPPED,        /* ever */
    KMI_COUNTER_WORKER_STARTS,  /* ever */
    KMI_COUNTER_WORKER_CRASHES, /* ever */
    KMI_COUNTER_SLOW_TASKS,     /* ever */
    KMI_COUNTER_TASKS_FAILED_EVER,
    KMI_COUNTER_COUNT
} kmi_counter;
/* Inside a transaction; becomes part of it. Cheap: collected in memory and written at commit. */
km_status kmi_store_counter_add(kmi_store *store, kmi_counter counter, int64_t amount, km_error *error) KM_MUST_CHECK;
/* All counters at once: the committed values. */
km_status kmi_store_counters_get(kmi_store *store, int64_t ret_values[KMI_COUNTER_COUNT],
                                 km_error *error) KM_MUST_CHECK;
/* One day's changes of the counters: the gauges (memories, entities, …) by how much they grew, which may be negative. Kept for
 * KMI_HISTORY_DAYS days, for those counters that a history is made of; others are 0. */
#define KMI_HISTORY_DAYS 90
typedef struct kmi_day_row {
    int64_t day; /* since 1970, UTC */
    int64_t values[KMI_COUNTER_COUNT];
} kmi_day_row;
/* Days from first_day on that have any change, oldest first. */
km_status kmi_store_days(kmi_store *store, int64_t first_day, kmi_arena *arena, kmi_day_row **ret_items,
                         size_t *ret_count, km_error *error) KM_MUST_CHECK;
/* Counts by type and by source of live memories, largest first, names in the arena. */
km_status kmi_store_counts_by_type(kmi_store *store, kmi_arena *arena, km_name_count **ret_items, size_t *ret_count,
                                   km_error *error) KM_MUST_CHECK;
km_status kmi_store_counts_by_source(kmi_store *store, kmi_arena *arena, km_name_count **ret_items, size_t *ret_count,
                                     km_error *error) KM_MUST_CHECK;
/* The last errors of tasks, newest first, equal ones counted together. */
km_status kmi_store_last_errors(kmi_store *store, size_t limit, kmi_arena *arena, km_name_count **ret_items,
                                size_t *ret_count, km_error *error) KM_MUST_CHECK;
/* Recounts every counter that can be recounted from the rows and compares; *ret_is_equal; detail in `error` when not. */
km_status kmi_store_counters_verify(kmi_store *store, bool *ret_is_equal, km_error *error) KM_MUST_CHECK;

/* ---- Maintenance ---- */
km_status kmi_store_schema_version(kmi_store *store, uint64_t *ret_version, km_error *error) KM_MUST_CHECK;
/* Size of a page, pages of the database, and those of them that hold nothing. Read from the header. */
km_status kmi_store_space(kmi_store *store, uint64_t *ret_page_bytes, uint64_t *ret_page_count,
                          uint64_t *ret_free_pages, km_error *error) KM_MUST_CHECK;
/* SQLite's and FTS5's integrity checks and foreign keys: KM_E_STORE with the first finding. */
km_status kmi_store_check(kmi_store *store, km_error *error) KM_MUST_CHECK;
/* Moves the write-ahead log into the database, under the writer lock. `truncate` empties the log file as well; busy
 * readers are no error. */
km_status kmi_store_checkpoint(kmi_store *store, bool truncate, km_error *error) KM_MUST_CHECK;
/* Size of the write-ahead log in pages since the last checkpoint by this handle: to decide when to checkpoint. */
uint64_t kmi_store_wal_pages(const kmi_store *store);

#endif
