/* Rows of the command table about texts and memories: learn, remember, enhance, recall, recent, show, edit, forget. */
#include "cli/command.h"

#include "kuzu_memory.h"

static const char *const *format_enhance(void) {
    static const char *const words[] = {"context", "plain", "json", "markdown", NULL};
    return words;
}

static const char *const *format_list(void) {
    static const char *const words[] = {"table", "json", "list", "raw", NULL};
    return words;
}

/* ---- Options of learn and remember ---- */
static const kmi_option learn_source = {.slot = KMI_SLOT_SOURCE,
                                        .name = "source",
                                        .kind = KMI_VALUE_TEXT,
                                        .argument = "S",
                                        .help = "where the text comes from (default: cli)"};
static const kmi_option learn_metadata = {.slot = KMI_SLOT_METADATA,
                                          .name = "metadata",
                                          .kind = KMI_VALUE_TEXT,
                                          .argument = "JSON",
                                          .help = "a JSON object kept with the memories"};
static const kmi_option learn_session = {.slot = KMI_SLOT_SESSION,
                                         .name = "session",
                                         .kind = KMI_VALUE_TEXT,
                                         .argument = "ID",
                                         .help = "conversation the text belongs to"};
static const kmi_option learn_speaker = {.slot = KMI_SLOT_SPEAKER,
                                         .name = "speaker",
                                         .kind = KMI_VALUE_TEXT,
                                         .argument = "NAME",
                                         .help = "who said it: user, assistant or a name (default: user)"};
static const kmi_option learn_at = {.slot = KMI_SLOT_AT,
                                    .name = "at",
                                    .kind = KMI_VALUE_TIME,
                                    .argument = "TIME",
                                    .help = "when it was said (default: now)"};
static const kmi_option learn_type = {.slot = KMI_SLOT_TYPE,
                                      .name = "type",
                                      .kind = KMI_VALUE_CHOICE,
                                      .argument = "T",
                                      .choices = km_memory_types,
                                      .help = "type of the memories (default: found by the learner)"};
static const kmi_option learn_priority = {.slot = KMI_SLOT_PRIORITY,
                                          .name = "priority",
                                          .kind = KMI_VALUE_INTEGER,
                                          .argument = "N",
                                          .least = KM_PRIORITY_FIRST,
                                          .most = KM_PRIORITY_LAST,
                                          .help = "0 is learnt first, 9 last (default: 5)"};
static const kmi_option learn_key = {.slot = KMI_SLOT_KEY,
                                     .name = "key",
                                     .kind = KMI_VALUE_TEXT,
                                     .argument = "K",
                                     .help = "idempotency key: a second task with the same key is the first one"};
static const kmi_option learn_batch = {.slot = KMI_SLOT_BATCH,
                                       .name = "batch",
                                       .kind = KMI_VALUE_PATH,
                                       .argument = "FILE",
                                       .help = "learn the JSON lines of FILE (- for standard input)"};
static const kmi_option learn_verbatim = {.slot = KMI_SLOT_VERBATIM,
                                          .name = "verbatim",
                                          .kind = KMI_VALUE_FLAG,
                                          .help = "keep each text as exactly one memory"};
static const kmi_option learn_sync = {
    .slot = KMI_SLOT_SYNC, .name = "sync", .kind = KMI_VALUE_FLAG, .help = "learn in this process, before returning"};
static const kmi_option learn_dry_run = {.slot = KMI_SLOT_DRY_RUN,
                                         .name = "dry-run",
                                         .kind = KMI_VALUE_FLAG,
                                         .help = "show what would be learnt, store nothing"};
static const kmi_option learn_wait = {.slot = KMI_SLOT_WAIT,
                                      .name = "wait",
                                      .kind = KMI_VALUE_REAL,
                                      .argument = "S",
                                      .argument_is_optional = true,
                                      .least = 0,
                                      .most = 86400,
                                      .help = "wait up to S seconds for room in a full queue (without S: an hour)"};
static const kmi_option learn_strict = {.slot = KMI_SLOT_STRICT,
                                        .name = "strict",
                                        .kind = KMI_VALUE_FLAG,
                                        .help = "with --batch: learn nothing when any line is bad"};

static const kmi_option *const learn_options[] = {
    &learn_source,   &learn_metadata, &learn_session,     &learn_speaker,       &learn_at,   &learn_type,
    &learn_priority, &learn_key,      &learn_batch,       &learn_verbatim,      &learn_sync, &learn_dry_run,
    &learn_wait,     &learn_strict,   &kmi_option_format, &kmi_option_progress, NULL};
static const kmi_option *const remember_options[] = {&learn_source,  &learn_metadata,    &learn_session,
                                                     &learn_speaker, &learn_at,          &learn_type,
                                                     &learn_key,     &kmi_option_format, NULL};

const kmi_command kmi_command_learn = {
    .name = "learn",
    .arguments = "[TEXT]",
    .most_arguments = 1,
    .summary = "queue text for learning and return at once",
    .details =
        "Appends the text to the project's durable queue and returns; a background worker turns it into memories. "
        "Exit code 0 means that the text survives a crash and a power loss.\n\n"
        "TEXT may be - or missing: it is then read from standard input.\n\n"
        "Lines of a batch file are JSON objects with content (or text) and optionally key, at, session, speaker, "
        "source, type and metadata. Options given on the command line hold for lines that do not say otherwise. "
        "A bad line is reported with its number and the good ones are learnt; the exit code is then 2.",
    .examples = "kuzu-memory learn \"Team decided to use Docker for deployment\" --quiet\n"
                "git log -1 --format=%B | kuzu-memory learn --source git\n"
                "kuzu-memory learn --batch chat.jsonl --verbatim",
    .options = learn_options,
    .run = kmi_run_learn};

const kmi_command kmi_command_remember = {
    .name = "remember",
    .arguments = "[TEXT]",
    .most_arguments = 1,
    .summary = "store one exact statement now; it never expires",
    .details =
        "Stores TEXT as it stands, in this process. TEXT may be - or missing: it is then read from standard input.",
    .examples = "kuzu-memory remember \"Never deploy on Fridays\" --type rule",
    .options = remember_options,
    .run = kmi_run_remember};

/* ---- enhance ---- */
static const kmi_option enhance_format = {.slot = KMI_SLOT_FORMAT,
                                          .name = "format",
                                          .kind = KMI_VALUE_CHOICE,
                                          .argument = "F",
                                          .choices = format_enhance,
                                          .help = "output format (default: context)"};
static const kmi_option enhance_max_memories = {.slot = KMI_SLOT_MAX_MEMORIES,
                                                .name = "max-memories",
                                                .kind = KMI_VALUE_INTEGER,
                                                .argument = "N",
                                                .least = 1,
                                                .most = 100,
                                                .help = "most memories to add (default: recall.max_memories, 5)"};
static const kmi_option enhance_confidence = {
    .slot = KMI_SLOT_CONFIDENCE,
    .name = "confidence-threshold",
    .kind = KMI_VALUE_REAL,
    .argument = "C",
    .least = 0,
    .most = 1,
    .help = "stay silent when less sure that anything is relevant: 0 never, 1 always (default: "
            "recall.confidence_threshold, 0.3)"};
static const kmi_option enhance_max_chars = {
    .slot = KMI_SLOT_MAX_CHARS,
    .name = "max-chars",
    .kind = KMI_VALUE_INTEGER,
    .argument = "N",
    .least = 100,
    .most = 1000000,
    .help = "most characters of context (default: recall.max_context_chars, 4000)"};
static const kmi_option enhance_strict = {.slot = KMI_SLOT_STRICT,
                                          .name = "strict",
                                          .kind = KMI_VALUE_FLAG,
                                          .help =
                                              "fail where the prompt would be returned unchanged because of a fault"};

static const kmi_option enhance_now = {.slot = KMI_SLOT_NOW,
                                       .name = "now",
                                       .kind = KMI_VALUE_TIME,
                                       .argument = "TIME",
                                       .help = "what \"last week\" in the prompt is relative to (default: now)"};
static const kmi_option enhance_explain = {.slot = KMI_SLOT_EXPLAIN,
                                           .name = "explain",
                                           .kind = KMI_VALUE_FLAG,
                                           .help =
                                               "tell on standard error why memories were given or not; with json, in "
                                               "the answer"};

static const kmi_option *const enhance_options[] = {
    &enhance_format, &enhance_max_memories, &enhance_confidence, &enhance_max_chars,
    &enhance_now,    &enhance_explain,      &enhance_strict,     NULL};

const kmi_command kmi_command_enhance = {
    .name = "enhance",
    .arguments = "[PROMPT]",
    .most_arguments = 1,
    .summary = "print a prompt with the memories that matter for it",
    .details = "Prints the prompt unchanged, with exit code 0, when nothing relevant is found, when there is no memory "
               "yet and "
               "when time is up; a broken store or configuration adds one line on standard error.\n\n"
               "PROMPT may be - or missing: it is then read from standard input.",
    .examples = "kuzu-memory enhance \"How do I deploy this?\" --format plain\n"
                "kuzu-memory enhance --format json < prompt.txt",
    .options = enhance_options,
    .run = kmi_run_enhance};

/* ---- recall and recent ---- */
static const kmi_option list_limit = {.slot = KMI_SLOT_LIMIT,
                                      .name = "limit",
                                      .kind = KMI_VALUE_INTEGER,
                                      .argument = "N",
                                      .least = 1,
                                      .most = 10000,
                                      .help = "most memories to print (default: 10)"};
static const kmi_option list_count = {.slot = KMI_SLOT_COUNT,
                                      .name = "count",
                                      .kind = KMI_VALUE_INTEGER,
                                      .argument = "N",
                                      .least = 1,
                                      .most = 10000,
                                      .help = "the same as --limit"};
static const kmi_option list_format = {.slot = KMI_SLOT_FORMAT,
                                       .name = "format",
                                       .kind = KMI_VALUE_CHOICE,
                                       .argument = "F",
                                       .choices = format_list,
                                       .help = "output format (default: table on a terminal, else list)"};
static const kmi_option list_source = {.slot = KMI_SLOT_SOURCE,
                                       .name = "source",
                                       .kind = KMI_VALUE_TEXT,
                                       .argument = "S",
                                       .help = "only memories from this source"};
static const kmi_option list_type = {.slot = KMI_SLOT_TYPE,
                                     .name = "type",
                                     .kind = KMI_VALUE_CHOICE,
                                     .argument = "T",
                                     .choices = km_memory_types,
                                     .help = "only memories of this type"};
static const kmi_option list_session = {.slot = KMI_SLOT_SESSION,
                                        .name = "session",
                                        .kind = KMI_VALUE_TEXT,
                                        .argument = "ID",
                                        .help = "only memories of this conversation"};
static const kmi_option list_since = {.slot = KMI_SLOT_SINCE,
                                      .name = "since",
                                      .kind = KMI_VALUE_SPAN,
                                      .argument = "TIME",
                                      .help = "only what was said at this time or later, also \"last week\""};
static const kmi_option list_until = {.slot = KMI_SLOT_UNTIL,
                                      .name = "until",
                                      .kind = KMI_VALUE_SPAN,
                                      .argument = "TIME",
                                      .help = "only what was said until the end of this time, also \"2026-03\""};
static const kmi_option list_all = {
    .slot = KMI_SLOT_ALL, .name = "all", .kind = KMI_VALUE_FLAG, .help = "superseded memories too"};
static const kmi_option recall_now = {.slot = KMI_SLOT_NOW,
                                      .name = "now",
                                      .kind = KMI_VALUE_TIME,
                                      .argument = "TIME",
                                      .help = "what \"last week\" in the query is relative to (default: now)"};
static const kmi_option recall_explain = {.slot = KMI_SLOT_EXPLAIN,
                                          .name = "explain",
                                          .kind = KMI_VALUE_FLAG,
                                          .help = "print how the query was understood and how each score came about"};
static const kmi_option recall_batch = {.slot = KMI_SLOT_BATCH,
                                        .name = "batch",
                                        .kind = KMI_VALUE_PATH,
                                        .argument = "FILE",
                                        .help = "answer the JSON lines of FILE (- for standard input), one line each"};
static const kmi_option recall_output = {.slot = KMI_SLOT_OUTPUT,
                                         .name = "output",
                                         .letter = 'o',
                                         .kind = KMI_VALUE_PATH,
                                         .argument = "FILE",
                                         .help = "write to FILE, which appears only when complete"};

static const kmi_option *const recall_options[] = {
    &list_limit, &list_format, &list_source,    &list_type,    &list_session,  &list_since,          &list_until,
    &list_all,   &recall_now,  &recall_explain, &recall_batch, &recall_output, &kmi_option_progress, NULL};
static const kmi_option *const recent_options[] = {&list_limit, &list_count,   &list_format, &list_source,
                                                   &list_type,  &list_session, &list_all,    NULL};

const kmi_command kmi_command_recall = {
    .name = "recall",
    .arguments = "[QUERY]",
    .most_arguments = 1,
    .summary = "search the memories, best first",
    .details =
        "QUERY may be - or missing: it is then read from standard input.\n\n"
        "Lines of a batch file are JSON objects with id and query and optionally now and limit. Each gives one JSON "
        "line with its id and the memories found.\n\n"
        "The list format prints one memory a line: id, type, date and text, separated by tabs. The raw format "
        "prints the texts alone.",
    .examples = "kuzu-memory recall \"deployment\" --limit 3\n"
                "kuzu-memory recall \"what did we decide last week?\" --format json\n"
                "kuzu-memory recall --batch questions.jsonl -o answers.jsonl --limit 20",
    .options = recall_options,
    .run = kmi_run_recall};

const kmi_command kmi_command_recent = {.name = "recent",
                                        .summary = "list the newest memories",
                                        .examples = "kuzu-memory recent --count 3 --format json",
                                        .options = recent_options,
                                        .run = kmi_run_recent};

/* ---- show, edit, forget ---- */
static const kmi_option *const format_only[] = {&kmi_option_format, NULL};

const kmi_command kmi_command_show = {.name = "show",
                                      .arguments = "ID",
                                      .least_arguments = 1,
                                      .most_arguments = 1,
                                      .summary = "print one memory with all that is known of it",
                                      .details = "ID may be any prefix that only one memory has.",
                                      .options = format_only,
                                      .run = kmi_run_show};

const kmi_command kmi_command_edit = {.name = "edit",
                                      .arguments = "ID [TEXT]",
                                      .least_arguments = 1,
                                      .most_arguments = 2,
                                      .summary = "replace the text of a memory",
                                      .details =
                                          "Keeps id, times and type. TEXT may be - or missing: it is then read from "
                                          "standard input.",
                                      .options = format_only,
                                      .run = kmi_run_edit};

static const kmi_option forget_query = {.slot = KMI_SLOT_QUERY,
                                        .name = "query",
                                        .kind = KMI_VALUE_TEXT,
                                        .argument = "Q",
                                        .help = "forget what recall finds for Q; needs --confirm"};
static const kmi_option forget_limit = {.slot = KMI_SLOT_LIMIT,
                                        .name = "limit",
                                        .kind = KMI_VALUE_INTEGER,
                                        .argument = "N",
                                        .least = 1,
                                        .most = 10000,
                                        .help = "with --query: most memories to forget (default: 10)"};
static const kmi_option forget_dry_run = {.slot = KMI_SLOT_DRY_RUN,
                                          .name = "dry-run",
                                          .kind = KMI_VALUE_FLAG,
                                          .help = "show what would be forgotten, change nothing"};
static const kmi_option forget_confirm = {.slot = KMI_SLOT_CONFIRM,
                                          .name = "confirm",
                                          .kind = KMI_VALUE_FLAG,
                                          .help = "forget what --query finds without asking"};
static const kmi_option forget_everywhere = {.slot = KMI_SLOT_EVERYWHERE,
                                             .name = "everywhere",
                                             .kind = KMI_VALUE_FLAG,
                                             .help = "in your own memory as well as in this project's"};
static const kmi_option *const forget_options[] = {
    &forget_query, &forget_limit, &forget_dry_run, &forget_confirm, &forget_everywhere, &kmi_option_format, NULL};

const kmi_command kmi_command_forget = {
    .name = "forget",
    .arguments = "[ID...]",
    .most_arguments = 1000,
    .summary = "erase memories for good",
    .details = "Erases the words from table, index, graph, cache, queue and free pages, all the memories or none. With "
               "--query "
               "the memories are shown first and --confirm is needed; on a terminal the program asks.\n\n"
               "Looks in this project's memory; with --user in your own, with --everywhere in both.",
    .examples = "kuzu-memory forget 0192c3b0-55aa\n"
                "kuzu-memory forget --query \"old staging server\" --dry-run",
    .options = forget_options,
    .run = kmi_run_forget};
