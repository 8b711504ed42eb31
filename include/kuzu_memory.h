/* kuzu_memory.h - the memory of AI assistants, as a C library.
 *
 * A project keeps one memory in its directory `kuzu-memories/`. Texts are handed over with km_learn(), which
 * appends them to a durable queue and returns; a background worker (a separate process, started on demand)
 * turns them into memories. km_enhance() and km_recall() read the memories and never wait for a writer.
 *
 * The simplest use:
 *
 *     km_project *project = NULL;
 *     km_error error = {0};
 *     if (km_project_open(NULL, &project, &error) != KM_OK) { fprintf(stderr, "%s\n", error.message); ... }
 *     km_learn_item item = {.content = "Team decided to use Docker for deployment"};
 *     km_learn_result *learned = NULL;
 *     km_learn(project, &item, 1, NULL, &learned, &error);
 *     km_learn_result_free(learned);
 *     km_project_free(project);
 *
 * Conventions
 *   Status      Every function that can fail returns km_status: KM_OK or a negative number that is never reused.
 *   Errors      The last parameter is an optional km_error. It is untouched on success, always filled on failure,
 *               and filling it never allocates. Messages never contain the text of a memory.
 *   Outputs     Parameters named ret_* are written on success only. An object received through `T **ret_x` is yours:
 *               end it with km_x_free(). Pointers inside such an object live as long as it does. km_*_free(NULL) is fine.
 *   Strings     NUL-terminated UTF-8 unless a length stands beside them; NULL means "not given".
 *   Times       int64_t microseconds since 1970-01-01 UTC; 0 means "not given"; durations carry their unit in the name.
 *   Options     A pointer to an options struct may be NULL for the defaults. Otherwise start from its _INIT macro.
 *   Threads     A handle belongs to one thread at a time; different handles are independent, also on one project.
 *   Processes   No handle survives fork(). The library installs no signal handlers, prints nothing and never exits.
 *
 * Since 0.1.0. */
#ifndef KUZU_MEMORY_H
#define KUZU_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KM_VERSION_MAJOR 0
#define KM_VERSION_MINOR 1
#define KM_VERSION_PATCH 0
#define KM_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define KM_API __attribute__((visibility("default")))
#define KM_MUST_CHECK __attribute__((warn_unused_result))
#else
#define KM_API
#define KM_MUST_CHECK
#endif

/* ---- Limits of one input (see DESIGN: input limits) ---- */
#define KM_CONTENT_LIMIT_BYTES ((size_t)1024 * 1024) /* content of one item, and a prompt */
#define KM_METADATA_LIMIT_BYTES ((size_t)64 * 1024)  /* metadata of one item, a JSON object */
#define KM_LABEL_LIMIT_BYTES ((size_t)1024)          /* source, session, speaker, type, key */
#define KM_PRIORITY_FIRST 0
#define KM_PRIORITY_DEFAULT 5
#define KM_PRIORITY_LAST 9

/* ---- Status and errors ---- */
typedef enum km_status {
    KM_OK = 0,
    KM_E_INTERNAL = -1,    /* a defect of the library */
    KM_E_NOMEM = -2,       /* out of memory */
    KM_E_INVALID = -3,     /* bad argument or bad input, nothing was done */
    KM_E_NOT_FOUND = -4,   /* no such memory, task, store or key */
    KM_E_CONFLICT = -5,    /* an ambiguous id prefix, or a state that forbids the change */
    KM_E_STORE = -6,       /* store unusable: damaged, foreign, or written by a newer version */
    KM_E_IO = -7,          /* cannot create, read or write: disk full, read-only, I/O error */
    KM_E_BUSY = -8,        /* try again: queue full, lock not free in time, deadline passed */
    KM_E_PERMISSION = -9,  /* no permission, or a file that is not ours */
    KM_E_INTERRUPTED = -10 /* stopped by the caller */
} km_status;

typedef struct km_error {
    km_status status;
    int os_errno;      /* errno of the failing call, or 0 */
    char message[480]; /* one line, lower case, no trailing dot; never the text of a memory */
    char reserved[24];
} km_error;

/* Returns: the stable name of a status, for example "KM_E_BUSY". Never NULL. */
KM_API const char *km_status_name(km_status status);

/* Returns: the process exit code documented for a status: 0, 1, 2, 3, 4, 69, 73, 75, 77 or 130. */
KM_API int km_status_exit_code(km_status status);

/* Returns: "0.1.0"; the version of the library that runs, which may differ from KM_VERSION_STRING. */
KM_API const char *km_version(void);

/* ---- Project: which memory ---- */
typedef struct km_project km_project;

typedef struct km_options {
    const char
        *project_dir; /* root of the project; NULL: KUZU_MEMORY_PROJECT, else discovery from the current directory */
    const char *config_file; /* replaces the project's config.json; NULL: the project's own */
    const char *program;     /* the kuzu-memory program to start as worker; NULL: KUZU_MEMORY_PROGRAM, else the
                                installed one. Without one, tasks wait until any kuzu-memory program comes by. */
    bool user_memory;        /* the user's own memory instead of a project's; project_dir must be NULL */
    bool ignore_link;        /* the folder's own memory, even where km_project_use() chose another one */
} km_options;
#define KM_OPTIONS_INIT \
    { NULL, NULL, NULL, false, false }

/* Finds the project and reads its configuration. Creates nothing. A project that has no memory yet opens fine.
 * A broken configuration is not an error here: km_project_config_error() tells it, and functions that write refuse
 * (KM_E_INVALID) while functions that read go on with defaults. */
KM_API KM_MUST_CHECK km_status km_project_open(const km_options *options, km_project **ret_project, km_error *error);
KM_API void km_project_free(km_project *project);

/* Returns: NULL, or what is wrong with the configuration (file, key, value, range). Owned by the project. */
KM_API const km_error *km_project_config_error(const km_project *project);

/* Returns: NULL, or a clause about the project's root that a person should know: its link (km_project_use()) is broken, so that its
 * own memory is used, or it calls itself a worktree of a repository that does not list it. Owned by the project. */
KM_API const char *km_project_note(const km_project *project);

typedef enum km_root_origin {
    KM_ROOT_OPTION,      /* --project */
    KM_ROOT_ENVIRONMENT, /* KUZU_MEMORY_PROJECT */
    KM_ROOT_MEMORY,      /* nearest parent that has kuzu-memories/ */
    KM_ROOT_GIT,         /* main worktree of the enclosing git repository */
    KM_ROOT_CURRENT,     /* the current directory */
    KM_ROOT_USER,        /* the user's own memory: $XDG_DATA_HOME/kuzu-memory, else ~/.local/share/kuzu-memory */
    KM_ROOT_LINK         /* chosen for the folder found otherwise, with km_project_use() */
} km_root_origin;

typedef struct km_project_info {
    const char *root;       /* absolute path, owned by the project */
    const char *memory_dir; /* root + "/kuzu-memories" */
    km_root_origin origin;
    bool memory_exists;             /* kuzu-memories/ is there */
    bool store_exists;              /* memories.db is there */
    double enhance_timeout_seconds; /* performance.enhance_timeout_seconds */
    const char *found_root;         /* KM_ROOT_LINK: the folder that uses the memory of `root`; else NULL */
} km_project_info;
KM_API KM_MUST_CHECK km_status km_project_get_info(km_project *project, km_project_info *ret_info, km_error *error);

/* The user's own memory, beside the project's. Returns: NULL when there is none, or when this project is it. Owned by the
 * project; use it as any project, on the same thread. Creates nothing; without one it costs one failed open. */
KM_API km_project *km_project_user(km_project *project);

/* From now on, whoever works in this project's folder uses the memory of the folder other_dir (and what that one is linked to).
 * Open the project with ignore_link. Its own memories stay where they are, unused; km_project_merge() brings them over. NULL:
 * its own memory again. Makes kuzu-memories/ in both. KM_E_CONFLICT: other_dir uses this project's memory already. */
KM_API KM_MUST_CHECK km_status km_project_use(km_project *project, const char *other_dir, km_error *error);

typedef struct km_merge_result {
    uint64_t merged;     /* stored, or in a dry run: would be */
    uint64_t duplicates; /* known here already */
    uint64_t waiting;    /* dry run: texts that wait in the other's queue, and would be learnt there first */
    char other_dir[1024];
} km_merge_result;
/* Brings all memories of the folder other_dir (its own, whatever it is linked to) into this project, with times, sources, entities and
 * successions, in one transaction, each once however often it is called. The other one stays as it is. KM_E_NOT_FOUND: it
 * has no memory. KM_E_BUSY: its queue was not learnt within 5 s. */
KM_API KM_MUST_CHECK km_status km_project_merge(km_project *project, const char *other_dir, bool dry_run,
                                                km_merge_result *ret_result, km_error *error);

/* Creates kuzu-memories/ with configuration and store. Safe to repeat. With `force` an existing config.json is
 * replaced by the defaults; memories are never touched. ret_created (optional): whether anything was created. */
KM_API KM_MUST_CHECK km_status km_project_init(km_project *project, bool force, bool *ret_created, km_error *error);

/* ---- Learning ---- */
typedef struct km_learn_item {
    const char *content; /* required, valid UTF-8 without NUL, not blank */
    size_t content_len;  /* bytes; 0: strlen(content) */
    const char *source;  /* NULL: "cli" */
    const char *session;
    const char *speaker;       /* "user", "assistant" or a name; NULL: user */
    const char *type;          /* one of km_memory_types(); NULL: found by the learner */
    const char *key;           /* idempotency key: the same key is one task, whatever the text */
    const char *metadata_json; /* a JSON object */
    const char *agent;
    const char *user;
    int64_t observed_at_us; /* when it was said; 0: now */
    bool verbatim;          /* keep the text as exactly one memory */
} km_learn_item;

typedef struct km_learn_options {
    int priority;     /* KM_PRIORITY_FIRST to KM_PRIORITY_LAST */
    int64_t wait_ms;  /* how long to wait for room in a full queue; -1: async.queue_full_wait_ms */
    bool synchronous; /* learn in this process, before returning */
    bool dry_run;     /* say what would be learnt, store nothing */
} km_learn_options;
#define KM_LEARN_OPTIONS_INIT \
    { KM_PRIORITY_DEFAULT, -1, false, false }

typedef struct km_entity {
    const char *name;
    const char *type;
} km_entity;

typedef struct km_learned { /* one memory that a synchronous learn made or touched */
    const char *id;         /* NULL in a dry run */
    const char *action;     /* "stored", "strengthened", "superseded", "skipped" */
    const char *content;
    const char *type;
    const char *knowledge_type;
    const char *polarity; /* "positive", "negative" or "neutral" */
    const char *pattern;  /* id of the rule that found it */
    double confidence;    /* 0..1 */
    size_t entity_count;
    const km_entity *entities;
    size_t supersedes_count;
    const char *const *supersedes; /* ids */
} km_learned;

typedef struct km_skipped {
    const char *text;   /* may be shortened */
    const char *reason; /* "question", "greeting", "code", … */
} km_skipped;

typedef enum km_learn_state { KM_LEARN_QUEUED, KM_LEARN_COMPLETED, KM_LEARN_DRY_RUN } km_learn_state;

typedef struct km_learn_result {
    km_learn_state state;
    size_t task_count; /* items are packed into few tasks */
    const char *const *task_ids;
    uint64_t queue_size; /* waiting tasks, after this one */
    int64_t elapsed_us;
    size_t memory_count;
    const km_learned *memories;
    size_t skipped_count;
    const km_skipped *skipped;
    size_t redaction_count;
    const char *const *redactions; /* kinds of secrets removed, one entry each */
    size_t preference_count;       /* statements handed over to the user's own memory too: learn.user_preferences */
    km_error preference_problem;   /* status KM_OK, or why they could not be; the project's memory has them */
} km_learn_result;

/* Hands items over for learning, in order. Without `synchronous` KM_OK means: they survive kill -9 and power loss
 * (async.durability = "full"), will be learnt exactly once, and a worker is running or will be started by the next
 * command. Secrets are redacted first (learn.redact_secrets). Nothing is stored unless everything is: a bad item is
 * KM_E_INVALID (the message names its number from 1), a queue without room in time is KM_E_BUSY.
 * When async.enabled is false or KUZU_MEMORY_ASYNC_DISABLED=1, learns synchronously whatever the options say.
 * Cost: one lock, one write, one fdatasync; the store is never opened. */
KM_API KM_MUST_CHECK km_status km_learn(km_project *project, const km_learn_item *items, size_t item_count,
                                        const km_learn_options *options, km_learn_result **ret_result, km_error *error);
KM_API void km_learn_result_free(km_learn_result *result);

/* Checks one item as km_learn() would, without storing anything: to report bad lines of a batch by number. */
KM_API KM_MUST_CHECK km_status km_learn_item_check(const km_learn_item *item, km_error *error);

/* Stores this exact statement now, in this process. It never expires. */
KM_API KM_MUST_CHECK km_status km_remember(km_project *project, const km_learn_item *item, km_learn_result **ret_result,
                                           km_error *error);

/* ---- Memories ---- */
typedef struct km_match { /* how the score of a memory came about: words * factor; each part from 0 to 1 unless noted */
    double words;         /* BM25 of its best part with the neighbours of that; 0 or more */
    double coverage;      /* share of the question's weight that its words carry */
    double session;       /* other memories of its session match as well */
    double speaker;       /* 1: said by the one whom the question means */
    double date;          /* of the time that the question names */
    double cue;           /* 1: says when, and the question asks that */
    double factor;        /* what these four multiply the words by; 1 or more */
} km_match;

typedef struct km_memory {
    const char *id; /* UUIDv7 */
    const char *content;
    const char *type;           /* fact, identity, preference, decision, rule, solution, status, note */
    const char *knowledge_type; /* rule, pattern, gotcha, architecture, convention, note */
    const char *polarity;
    const char *source;
    const char *speaker;
    const char *session;
    const char *agent;
    const char *user;
    const char *key;
    const char *metadata_json;
    const char *origin_task; /* id of the task that made it; NULL for remember and import */
    const char *pattern;     /* rule that found it */
    const char *superseded_by;
    const char *subject; /* folded: what it is about, which property it sets, and to what; NULL where unknown */
    const char *attribute;
    const char *value;
    const char *time_phrase; /* as said: "since March" */
    double confidence;       /* 0..1 */
    double importance;       /* 0..1 */
    int64_t seq;             /* order of arrival, from 1 */
    int64_t created_at_us;
    int64_t observed_at_us;
    int64_t last_seen_at_us;
    int64_t expires_at_us; /* 0: never */
    int64_t event_at_us;   /* when the stated thing happens; 0: unknown */
    uint32_t seen_count;   /* times learnt, from 1 */
    size_t entity_count;
    const km_entity *entities;
    bool is_user_memory;   /* it stands in the user's own memory, not in the project's */
    double score;          /* recall and enhance only */
    const char *reason;    /* recall and enhance only: why it was chosen */
    const km_match *match; /* recall, and enhance with the option `explain`; NULL for one that its words did not find */
} km_memory;

typedef struct km_query_term {
    const char *text; /* folded and stemmed */
    double weight;    /* its rarity in this memory: ln(1 + (n - df + 0.5) / (df + 0.5)) */
} km_query_term;

typedef struct km_time_range {
    const char *phrase;        /* as the question has it */
    int64_t from_us, until_us; /* first instant, and first instant behind */
} km_time_range;

typedef struct km_explanation { /* how a question or prompt was understood, and whether anything here is about it */
    size_t term_count;
    const km_query_term *terms;
    size_t skipped_term_count; /* of these: so common that they only counted for the best */
    const char *speaker;       /* whose words are preferred; NULL: anybody's */
    size_t time_count;
    const km_time_range *times;
    bool asks_when;
    /* What the confidence is made of. */
    double
        coverage; /* share of the weight of all terms that the best match carries; in a small store rather of their number */
    double margin;         /* score of its words over that of the 20th, at most 5; 1 where there are fewer */
    double unseen_share;   /* share of the terms that no memory holds; counts little in a small store */
    uint64_t unit_count;   /* size of the store in units of the index */
    double confidence;     /* 0 to 1: that something here is about the question */
    double threshold;      /* enhance is silent below it */
    size_t own_words;      /* terms that the best match says itself, within 40 words; its neighbours may say others */
    bool is_of_time_alone; /* "what happened last week?": the answer is what was said then, whatever its words */
} km_explanation;

typedef struct km_memory_list {
    size_t count;
    const km_memory *items;
    int64_t elapsed_us;
    bool is_degraded;                  /* the deadline cut the search short */
    const km_explanation *explanation; /* km_recall() only, NULL without a store */
} km_memory_list;
KM_API void km_memory_list_free(km_memory_list *list);

/* The closed lists of names, NULL-terminated. */
KM_API const char *const *km_memory_types(void);
KM_API const char *const *km_knowledge_types(void);
KM_API const char *const *km_entity_types(void);

typedef struct km_recall_query {
    const char *query; /* required for km_recall, ignored by km_recent */
    size_t query_len;  /* 0: strlen(query) */
    size_t limit;      /* 0: 10 */
    const char *source;
    const char *type;
    const char *session;
    int64_t since_us; /* bounds on observed_at */
    int64_t until_us;
    int64_t now_us;          /* what "last week" is relative to; 0: now */
    bool include_superseded; /* --all */
    bool include_user;       /* km_recall: what the user's own memory holds too, unless recall.user_memory is false */
} km_recall_query;

/* Memories that match the query, best first. No store: an empty list. Never waits for a writer. */
KM_API KM_MUST_CHECK km_status km_recall(km_project *project, const km_recall_query *query, km_memory_list **ret_list,
                                         km_error *error);
/* Memories by arrival, newest first. */
KM_API KM_MUST_CHECK km_status km_recent(km_project *project, const km_recall_query *query, km_memory_list **ret_list,
                                         km_error *error);
/* One memory by id or unique prefix. KM_E_NOT_FOUND, KM_E_CONFLICT (prefix is ambiguous). A list of one, followed in
 * it by the memories it superseded, newest first. */
KM_API KM_MUST_CHECK km_status km_show(km_project *project, const char *id, km_memory_list **ret_list, km_error *error);

/* Replaces the text of a memory; keeps id, times and type. The result is a list of one: the memory as it now stands. */
KM_API KM_MUST_CHECK km_status km_edit(km_project *project, const char *id, const char *content, size_t content_len,
                                       km_memory_list **ret_list, km_error *error);

typedef struct km_forget_result {
    size_t count;
    const char *const *ids;
    bool is_erased; /* false: an open reader kept the words in memories.db-wal; the next worker that leaves with no
                       reader about empties it (one is started) */
} km_forget_result;
/* Erases memories by id or unique prefix: table, index, graph, task texts, free pages. All or nothing. Texts that are still
 * in the queue are learnt first, since they may hold the same words: KM_E_BUSY, and nothing is erased, if that takes more
 * than 5 s. */
KM_API KM_MUST_CHECK km_status km_forget(km_project *project, const char *const *ids, size_t id_count,
                                         km_forget_result **ret_result, km_error *error);
KM_API void km_forget_result_free(km_forget_result *result);

/* ---- Enhancing a prompt ---- */
typedef struct km_enhance_options {
    size_t max_memories;         /* 0: recall.max_memories */
    double confidence_threshold; /* negative: recall.confidence_threshold */
    size_t max_context_chars;    /* 0: recall.max_context_chars */
    int64_t now_us;
    bool explain; /* fill in the explanation, and the match of each memory; takes the answer from no cache */
} km_enhance_options;
#define KM_ENHANCE_OPTIONS_INIT \
    { 0, -1.0, 0, 0, false }

typedef struct km_enhance_result {
    const char *original_prompt;
    size_t original_prompt_len;
    const char *enhanced_prompt; /* the plain form; equals the prompt when nothing relevant was found */
    size_t enhanced_prompt_len;
    size_t memory_count;
    const km_memory *memories;
    const char *const *lines; /* their texts as in enhanced_prompt: one harmless line each */
    double confidence;        /* of the best memory, 0 without any */
    int64_t elapsed_us;
    bool is_cached;
    bool is_degraded;                  /* the deadline passed: best effort */
    const km_explanation *explanation; /* with the option `explain` only; NULL where nothing was searched */
    km_status problem; /* KM_OK, or why the store or configuration could not be used; the prompt is then unchanged */
    char problem_message[480];
} km_enhance_result;

/* The prompt with the memories that matter, of the project and, in places that are left, of the user's own memory (unless
 * recall.user_memory is false): what contradicts or repeats the project's is left out. Fails only for bad arguments (KM_E_INVALID) and lack of memory; any
 * trouble with store or configuration is told in `problem` and leaves the prompt unchanged. Never waits for a writer;
 * stops at performance.enhance_timeout_seconds. */
KM_API KM_MUST_CHECK km_status km_enhance(km_project *project, const char *prompt, size_t prompt_len,
                                          const km_enhance_options *options, km_enhance_result **ret_result,
                                          km_error *error);
KM_API void km_enhance_result_free(km_enhance_result *result);

/* ---- Statistics ---- */
typedef enum km_worker_state {
    KM_WORKER_STOPPED, /* none; the next learn starts one */
    KM_WORKER_IDLE,
    KM_WORKER_RUNNING,
    KM_WORKER_PAUSED, /* waits out a fault of its surroundings, such as a full disk */
    KM_WORKER_STALLED /* holds its lock, but gives no sign of life */
} km_worker_state;
KM_API const char *km_worker_state_name(km_worker_state state);

typedef struct km_worker_info {
    km_worker_state state;
    int64_t pid; /* 0: none, or unknown */
    int64_t started_at_us;
    int64_t heartbeat_at_us;
    uint64_t generation; /* rises with each worker */
    char problem[256];   /* why it is paused, or empty */
} km_worker_info;

typedef struct km_latency {
    uint64_t count;
    int64_t p50_us, p95_us, p99_us, max_us; /* upper bounds of log-linear classes, at most 7 % too high */
} km_latency;

typedef struct km_name_count {
    const char *name;
    uint64_t count;
} km_name_count;

typedef struct km_alert { /* something that should not stay unnoticed; see the alerts.* keys of the configuration */
    const char *code;     /* "queue_full", "oldest_waiting", "failures" or "disk_space" */
    const char *message;  /* one sentence: what is the case */
    const char *remedy;   /* what helps */
    bool is_active;       /* holds now; else it is over */
    bool is_shown;        /* has been shown since it last occurred: km_alert_mark_shown() */
    int64_t first_at_us;  /* of the occurrences since it was last acknowledged */
    int64_t last_at_us;   /* when it was last seen to hold */
    uint64_t count;       /* occurrences in that time */
    int64_t value, limit; /* percent, seconds, percent, MiB */
    int64_t acknowledged_at_us; /* 0: not */
} km_alert;

typedef struct km_rate { /* events per second, over the last 1, 5 and 15 minutes */
    double one_minute, five_minutes, fifteen_minutes;
} km_rate;
/* One stage of learning: how long all measured tasks together spent there. */
typedef struct km_stage {
    const char *name; /* "prepare", "sentences", "patterns", "entities", "compare", "store" */
    uint64_t total_ns;
} km_stage;

typedef struct km_stats {
    uint64_t queue_size;        /* waiting: in the journal, in segments, and queued or retrying in the store */
    uint64_t queue_limit;       /* async.max_queue_size */
    uint64_t active_tasks;      /* being processed now */
    uint64_t retrying_tasks;    /* part of queue_size */
    uint64_t completed_tasks;   /* ever */
    uint64_t failed_tasks;      /* in the failed state now */
    uint64_t cancelled_tasks;   /* ever */
    uint64_t quarantined_bytes; /* damaged journal bytes set aside */
    int64_t oldest_waiting_us;  /* age of the oldest waiting task, 0 without any */
    int64_t average_processing_us;
    int64_t average_wait_us;
    km_worker_info worker;
    uint64_t memories; /* live: neither superseded nor expired */
    uint64_t superseded_memories;
    uint64_t entities;
    uint64_t relations;
    uint64_t duplicates;    /* learnt again instead of stored again */
    uint64_t redactions;    /* secrets removed */
    uint64_t skipped_texts; /* sentences that were not worth a memory */
    size_t type_count;
    const km_name_count *types;
    size_t source_count;
    const km_name_count *sources;
    size_t last_error_count;
    const km_name_count *last_errors; /* newest first: message, and how many tasks */
    uint64_t database_bytes;          /* memories.db and its -wal */
    uint64_t queue_bytes;
    uint64_t schema_version;
    uint64_t cache_hits;         /* answers of km_enhance that were found in the cache; the next three likewise */
    uint64_t cache_misses;       /* … that were not, and were kept */
    uint64_t cache_evictions;    /* kept ones that made room for another while they were still of use */
    uint64_t cache_aside;        /* … for which the cache was not needed */
    uint64_t cache_bytes;        /* of its file on the disk */
    uint64_t cache_limit_bytes;  /* what it may grow to; 0: switched off */
    uint64_t cache_memories_min; /* a store that never held so many does without it */
    bool is_cache_needed;        /* this store is big enough */
    uint64_t slow_recalls;       /* over performance.max_recall_time_ms */
    uint64_t slow_tasks;         /* over performance.max_generation_time_ms */
    uint64_t worker_starts;
    uint64_t worker_crashes;
    km_latency submit, wait, process, commit, enhance;
    uint64_t failures; /* times that a task's attempts were used up, ever */
    km_rate submit_rate, complete_rate, failure_rate, enhance_rate;
    uint64_t worker_resident_bytes; /* of the worker that runs, or 0 */
    uint64_t worker_peak_bytes;     /* of the worker that runs, or the last one */
    int64_t worker_cpu_us;
    size_t alert_count; /* not acknowledged */
    const km_alert *alerts;
    uint64_t measured_tasks;    /* what the numbers below were added up over, since the metrics page was made */
    uint64_t measured_memories; /* stored or learnt again by them */
    size_t stage_count;
    const km_stage *stages; /* in the order in which a text goes through them */
    size_t skip_reason_count;
    const km_name_count *skip_reasons; /* why sentences were no memories, most frequent first */
} km_stats;

/* The numbers, without a store too. Never waits for the worker, nor for anybody longer than 50 ms. KM_E_STORE when the store is
 * unusable, KM_E_BUSY when a program keeps it locked: what does not depend on it is then still filled in, and ret_stats is
 * set all the same. */
KM_API KM_MUST_CHECK km_status km_stats_get(km_project *project, km_stats **ret_stats, km_error *error);
KM_API void km_stats_free(km_stats *stats);

typedef struct km_history_day {
    const char *date;   /* "2026-11-22", UTC */
    uint64_t submitted; /* tasks queued; this and `enhanced` are counted on the metrics page, the others in the store */
    uint64_t enhanced;  /* prompts */
    uint64_t completed, failed, cancelled; /* tasks */
    int64_t memories;                      /* live ones: by how many they grew */
    uint64_t duplicates, redactions;
    uint64_t worker_starts, worker_crashes;
    int64_t average_processing_us, average_wait_us;
} km_history_day;
typedef struct km_history {
    size_t count;
    const km_history_day *days; /* oldest first, days without anything too; the last one is today */
} km_history;
/* The last `days` days (1 to 90). Since 0.1.0. */
KM_API KM_MUST_CHECK km_status km_history_get(km_project *project, size_t days, km_history **ret_history,
                                              km_error *error);
KM_API void km_history_free(km_history *history);

/* ---- Metrics ---- */
typedef struct km_metric_label {
    const char *name, *value;
} km_metric_label;
typedef struct km_metric_sample {
    const char *suffix; /* of the name: "", "_total", "_bucket", "_count", "_sum", "_info" */
    size_t label_count;
    km_metric_label labels[2];
    double value;
} km_metric_sample;
typedef struct km_metric {
    const char *name; /* begins with "kuzu_memory_" */
    const char *type; /* "gauge", "counter", "histogram", "info" */
    const char *unit; /* "seconds", "bytes" or "" */
    const char *help;
    size_t sample_count;
    const km_metric_sample *samples;
} km_metric;
typedef struct km_metrics {
    size_t count;
    const km_metric *items;
    const char *text; /* the same as OpenMetrics 1.0 text, "# EOF" included */
    size_t text_len;
} km_metrics;
/* Every counter, gauge and histogram. As km_stats_get(): KM_E_STORE still sets ret_metrics. */
KM_API KM_MUST_CHECK km_status km_metrics_get(km_project *project, km_metrics **ret_metrics, km_error *error);
KM_API void km_metrics_free(km_metrics *metrics);

/* ---- Alerts ---- */
typedef struct km_alert_list {
    size_t count;
    const km_alert *items;
} km_alert_list;
/* Checks the conditions, notes what holds, has alerts.command told where that is due, and lists what was not acknowledged (or
 * everything that is known). Without a worker ever, nothing is kept and the list is empty. Writes to the metrics page only. */
KM_API KM_MUST_CHECK km_status km_alert_list_get(km_project *project, bool include_acknowledged,
                                                 km_alert_list **ret_list, km_error *error);
KM_API void km_alert_list_free(km_alert_list *list);
/* Acknowledges one alert by its code, or all (NULL): it is silent until its condition begins to hold anew. "secrets" stands for the
 * finding secrets.redacted of km_health_get(). *ret_count (optional): how many there were. KM_E_INVALID: unknown code. */
KM_API KM_MUST_CHECK km_status km_alert_acknowledge(km_project *project, const char *code, size_t *ret_count,
                                                    km_error *error);
/* For those who show an alert once: sets is_shown until it occurs anew. */
KM_API KM_MUST_CHECK km_status km_alert_mark_shown(km_project *project, const char *code, km_error *error);

typedef struct km_alert_run { /* what came of running alerts.command */
    int exit_code;            /* 128 + number when a signal ended it */
    bool is_timed_out;        /* it took more than ten seconds and was ended */
    int64_t elapsed_us;
} km_alert_run;
/* Runs alerts.command now and waits for it, with an alert that is only a test (code NULL) or with what is known about one.
 * Its output goes to the descriptor output_fd, or nowhere (-1). KM_E_NOT_FOUND: no alerts.command, or no such alert. */
KM_API KM_MUST_CHECK km_status km_alert_run_command(km_project *project, const char *code, int output_fd,
                                                    km_alert_run *ret_run, km_error *error);

/* ---- Log of the worker ---- */
typedef enum km_log_level { KM_LOG_DEBUG, KM_LOG_INFO, KM_LOG_WARNING, KM_LOG_ERROR } km_log_level;
/* Returns: "debug", "info", "warning", "error". */
KM_API const char *km_log_level_name(km_log_level level);

typedef struct km_log_field {
    const char *name, *value; /* value NULL: null */
} km_log_field;
typedef struct km_log_line {
    int64_t time_us;
    km_log_level level;
    int64_t pid;
    const char *event;
    size_t field_count;
    const km_log_field *fields; /* what else the line says, in its order */
    const char *json;           /* the line as it stands in the file, without its end */
} km_log_line;
typedef struct km_log_reader km_log_reader;
/* Opens worker.log for reading, from its last `last_lines` lines of at least this level on (SIZE_MAX: from the oldest line that is
 * kept). No log yet is an empty one. */
KM_API KM_MUST_CHECK km_status km_log_open(km_project *project, km_log_level least, size_t last_lines,
                                           km_log_reader **ret_reader, km_error *error);
/* The next line; it is valid until the next call. *ret_line NULL: there is none now, also not within timeout_ms. Lines that are no
 * log lines are passed over. Follows the log when it is begun anew. KM_E_INTERRUPTED when *interrupted (optional) is set. */
KM_API KM_MUST_CHECK km_status km_log_next(km_log_reader *reader, int64_t timeout_ms, const volatile int *interrupted,
                                           const km_log_line **ret_line, km_error *error);
KM_API void km_log_close(km_log_reader *reader);

/* ---- Tasks ---- */
typedef enum km_task_state {
    KM_TASK_QUEUED,
    KM_TASK_PROCESSING,
    KM_TASK_RETRYING,
    KM_TASK_COMPLETED,
    KM_TASK_FAILED,
    KM_TASK_CANCELLED
} km_task_state;
KM_API const char *km_task_state_name(km_task_state state);
/* Parses a name. KM_E_INVALID for an unknown one; the message lists the known ones. */
KM_API KM_MUST_CHECK km_status km_task_state_parse(const char *name, km_task_state *ret_state, km_error *error);

typedef struct km_task_change {
    int64_t at_us;
    km_task_state state;
    const char *error; /* that led to it, NULL without */
} km_task_change;

typedef struct km_task {
    const char *id;
    km_task_state state;
    int priority;
    uint32_t attempts; /* failed runs */
    uint32_t crashes;  /* workers that died or hung on it */
    uint32_t item_count;
    int64_t created_at_us;
    int64_t started_at_us;
    int64_t finished_at_us;
    int64_t run_at_us;     /* retrying: not before */
    int64_t processing_us; /* extraction and its share of the commit */
    const char *error;     /* last error, NULL without */
    size_t memory_count;
    const char *const *memory_ids;
    size_t
        change_count; /* filled in for a single task (km_task_get, km_task_wait): every state it was in, oldest first */
    const km_task_change *changes;
} km_task;

typedef struct km_task_list {
    size_t count;
    const km_task *items;
} km_task_list;
KM_API void km_task_list_free(km_task_list *list);

/* Tasks that are waiting, being processed or recently finished, oldest first. `state` NULL: all. */
KM_API KM_MUST_CHECK km_status km_task_list_get(km_project *project, const km_task_state *state, size_t limit,
                                                km_task_list **ret_list, km_error *error);
/* One task by id or unique prefix, as a list of one. Finished tasks are known for async.max_task_age_seconds. */
KM_API KM_MUST_CHECK km_status km_task_get(km_project *project, const char *id, km_task_list **ret_list,
                                           km_error *error);
/* Waits until the task is completed, failed or cancelled (id NULL: until nothing is waiting), waking on change.
 * timeout_ms negative: forever. KM_E_BUSY when time is up, KM_E_INTERRUPTED when *interrupted (optional) became true. */
KM_API KM_MUST_CHECK km_status km_task_wait(km_project *project, const char *id, int64_t timeout_ms,
                                            const volatile int *interrupted, km_task_list **ret_list, km_error *error);
/* Puts a failed (or cancelled) task back into the queue with fresh attempts; id NULL: all failed ones. */
KM_API KM_MUST_CHECK km_status km_task_retry(km_project *project, const char *id, size_t *ret_count, km_error *error);
/* Cancels a waiting task. KM_E_CONFLICT when it is being processed or finished. */
KM_API KM_MUST_CHECK km_status km_task_cancel(km_project *project, const char *id, km_error *error);
/* Drops the records of finished, failed and cancelled tasks; counters stay. */
KM_API KM_MUST_CHECK km_status km_task_purge(km_project *project, size_t *ret_count, km_error *error);

/* ---- Worker ---- */
typedef struct km_worker_options {
    bool exit_when_idle;      /* after async.worker_idle_seconds; false: run until stopped (systemd) */
    int inherited_lock_fd;    /* starter lock handed over by the starting process, or -1 */
    const volatile int *stop; /* becomes 1: finish the batch and return; 2: roll back and return now. May be NULL */
} km_worker_options;
#define KM_WORKER_OPTIONS_INIT \
    { true, -1, NULL }

/* Runs the project's worker in this thread until idle or stopped. KM_E_CONFLICT: another one runs.
 * The caller handles signals and sets *stop from its handler. */
KM_API KM_MUST_CHECK km_status km_worker_run(km_project *project, const km_worker_options *options, km_error *error);
/* Makes sure that a background worker runs. ret_started (optional): whether one had to be started. */
KM_API KM_MUST_CHECK km_status km_worker_start(km_project *project, bool *ret_started, km_error *error);
/* Asks the worker to finish its batch and waits for its end. KM_E_NOT_FOUND: none runs. KM_E_BUSY: still running.
 * With `force`, a worker that does not end in time is killed. */
KM_API KM_MUST_CHECK km_status km_worker_stop(km_project *project, bool force, int64_t timeout_ms, km_error *error);
KM_API KM_MUST_CHECK km_status km_worker_get_info(km_project *project, km_worker_info *ret_info, km_error *error);

/* ---- Export and import ---- */
/* Called with one JSON text (no newline at its end) per memory, entity relation and header. Return false to stop. */
typedef bool (*km_export_write)(const char *json, size_t json_len, void *context);
/* The whole memory as JSON lines, lossless: km_import() of it into an empty project gives an equal one. */
KM_API KM_MUST_CHECK km_status km_export(km_project *project, km_export_write write, void *context, km_error *error);

typedef struct km_import_result {
    uint64_t imported; /* stored, or in a dry run: would be */
    uint64_t duplicates;
    uint64_t rejected;       /* lines that hold no memory we understand */
    uint64_t first_bad_line; /* 0: none */
    char first_bad_reason[256];
} km_import_result;
/* Reads an export (ours, or one of the two JSON shapes of the Python kuzu-memory) from memory, in one transaction. */
KM_API KM_MUST_CHECK km_status km_import(km_project *project, const char *text, size_t text_len, bool dry_run,
                                         km_import_result *ret_result, km_error *error);

/* ---- Configuration ---- */
typedef struct km_config_entry {
    const char *key;
    const char *value;  /* effective value, as JSON */
    const char *origin; /* "built-in", a file's path, or an environment variable's name */
    const char *description;
    const char *range;
} km_config_entry;
typedef struct km_config_list {
    size_t count;
    const km_config_entry *items;
    size_t warning_count;
    const char *const *warnings; /* unknown keys and the like */
} km_config_list;
KM_API KM_MUST_CHECK km_status km_config_list_get(km_project *project, km_config_list **ret_list, km_error *error);
KM_API void km_config_list_free(km_config_list *list);
/* Writes one value (JSON or bare text) into the project's config.json, after checking it. */
KM_API KM_MUST_CHECK km_status km_config_set(km_project *project, const char *key, const char *value, km_error *error);

/* ---- Progress of long work ---- */
/* Told how far it has come by km_import, km_export, km_doctor, km_backup and km_restore, in the calling thread: `what` is being
 * counted ("memories"), total 0 is unknown. Return false to stop: the function undoes what it did and returns
 * KM_E_INTERRUPTED. */
typedef bool (*km_progress)(const char *what, uint64_t done, uint64_t total, void *context);
/* Sets who is told; NULL: nobody. */
KM_API void km_project_set_progress(km_project *project, km_progress progress, void *context);

/* ---- Health ---- */
typedef enum km_health {
    KM_HEALTH_OK,       /* as level of a finding: worth knowing, nothing is wrong */
    KM_HEALTH_DEGRADED, /* it goes on, but something is lost from sight or will break */
    KM_HEALTH_BROKEN    /* texts are refused, or memories cannot be read */
} km_health;
/* Returns: "healthy", "degraded" or "broken". */
KM_API const char *km_health_name(km_health health);

typedef struct km_finding {
    const char *code; /* stable: "worker.stalled"; docs/operations.md lists all */
    km_health level;
    const char *what;   /* one clause; never the text of a memory */
    int64_t since_us;   /* 0: unknown */
    const char *why;    /* why it matters */
    const char *remedy; /* the command that mends it, or leads to what a person must decide */
    const char *repair; /* km_doctor only: what it does about it with `fix`; NULL: nothing */
    bool is_fixed;      /* km_doctor only: mended by this call */
} km_finding;

typedef struct km_health_report {
    km_health health; /* the worst level of what is not mended */
    int64_t checked_at_us;
    int64_t elapsed_us;
    size_t finding_count;
    const km_finding *findings; /* worst first */
    km_worker_info worker;
    uint64_t memories; /* live */
    uint64_t queue_size, queue_limit;
    uint64_t failed_tasks;
    int64_t oldest_waiting_us;
    uint64_t database_bytes, log_bytes, disk_free_bytes;
    uint64_t free_bytes; /* of the database: pages that nothing stands on */
    uint64_t schema_version;
    uint64_t quarantined_bytes; /* damaged data of the queue that was set aside */
} km_health_report;
KM_API void km_health_report_free(km_health_report *report);

/* How the memory is, from counters and signs of life alone: a few milliseconds whatever its size, never waiting for the worker,
 * writing nothing but alerts. What cannot be read is a finding, not an error. */
KM_API KM_MUST_CHECK km_status km_health_get(km_project *project, km_health_report **ret_report, km_error *error);

/* The same and the deep checks: integrity of database and search index, edges of the graph, counters against a recount, every record
 * of the queue. With `fix`, mends what can be mended without losing anything that can be read; what cannot be read is set
 * aside in kuzu-memories/aside/, never deleted. Each finding's `repair` says what that is, without `fix` too. Comparing the search
 * index holds the writer's lock. KM_E_BUSY: a repair needs the worker to leave, and it did not. */
KM_API KM_MUST_CHECK km_status km_doctor(km_project *project, bool fix, km_health_report **ret_report, km_error *error);

/* ---- Backup and restore ---- */
typedef struct km_backup_info {
    uint32_t version;      /* of the form; 0: a plain memories.db, such as one that was set aside */
    char program[32];      /* version of the program that wrote it; empty: unknown */
    int64_t created_at_us; /* 0: unknown */
    uint64_t schema_version;
    uint64_t memories;
    uint64_t waiting_tasks;
    uint64_t bytes;
} km_backup_info;

/* Writes memories, task records and what waits in the queue into one file (0600), as of one moment, while everything runs. The
 * file appears only when it was written, synced and read back. KM_E_NOT_FOUND: there is no memory. KM_E_CONFLICT: `path` is a
 * file that is no backup. ret_info may be NULL. */
KM_API KM_MUST_CHECK km_status km_backup(km_project *project, const char *path, km_backup_info *ret_info,
                                         km_error *error);

typedef struct km_restore_result {
    km_backup_info backup;
    bool is_replacing; /* there was a store */
    uint64_t replaced_memories;
    uint64_t waiting_tasks; /* of the project: they stay, and are learnt into the restored store */
    char aside[256];        /* where the store that was there is kept; empty: there was none, or a dry run */
} km_restore_result;
/* Puts a backup (or a plain memories.db) in the place of the project's store; that is moved to kuzu-memories/aside/ first. Texts that
 * waited in the backup wait again. With dry_run everything is checked and told, nothing is done. KM_E_INVALID: no backup, or a
 * damaged one. KM_E_STORE: of a newer version. KM_E_BUSY: the worker, or a writer, did not leave in time. */
KM_API KM_MUST_CHECK km_status km_restore(km_project *project, const char *path, bool dry_run,
                                          km_restore_result *ret_result, km_error *error);

/* ---- For those who put memories in front of an assistant (since 0.2.0) ---- */
/* What holds whatever is asked: rules, preferences, identity and decisions, the most recently confirmed first, and after
 * them the newest statuses that have not expired. Limits of 0 leave a part out. Up to a third of the places go to what the
 * user's own memory holds (unless recall.user_memory is false). No store: an empty list. Never waits for a writer. */
KM_API KM_MUST_CHECK km_status km_standing(km_project *project, size_t limit, size_t status_limit,
                                           km_memory_list **ret_list, km_error *error);
/* Writes a memory's text as one harmless line: white space and control characters become single spaces, invisible
 * characters vanish, nothing in it opens a heading, a list or a tag that gives a text a role. At most max_chars
 * characters and what fits into `size` bytes (size > 0) with the NUL; a text that is cut ends in "…".
 * Returns: bytes written without the NUL. */
KM_API size_t km_line_format(const char *text, size_t text_len, size_t max_chars, char *ret_line, size_t size);

#ifdef __cplusplus
}
#endif
#endif
