/* Through the public functions where there are any, else through the commands, in this process. The worker runs in this process
 * too, and is told to stop when a fault happens: waiting out the fault is what it would do else. */
#include "scenarios.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/parse.h"
#include "faults.h"
#include "mcp/server.h"

#define NO_PROGRAM "/nonexistent/kuzu-memory"

static void require(bool is_true, const char *what) {
    if (is_true) return;
    fprintf(stderr, "torture: %s\n", what);
    abort();
}

/* ---- Before and after ---- */

km_project *scene_open(const scene *s) {
    km_options options = {.project_dir = s->root, .program = NO_PROGRAM};
    km_project *project = NULL;
    km_error error = {0};
    if (km_project_open(&options, &project, &error) != KM_OK) require(false, error.message);
    return project;
}

static km_status learn(km_project *project, const char *text, const char *session, bool is_synchronous,
                       km_error *error) {
    km_learn_item item = {.content = text, .session = session, .metadata_json = "{\"n\":[1,2]}"};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    options.synchronous = is_synchronous;
    km_status status = km_learn(project, &item, 1, &options, &result, error);
    km_learn_result_free(result);
    return status;
}

void scene_make_template(const char *root) {
    static const char *const TEXTS[] = {"We decided to use PostgreSQL for the " SECRET_WORD
                                        " service because of its transactions.",
                                        "User prefers tabs over spaces.",
                                        "Never deploy the " SECRET_WORD " on Fridays.",
                                        "The API listens on port 8080.",
                                        "To fix the timeout in the gateway, raise proxy_read_timeout to 60 seconds.",
                                        "The API listens on port 9090."};
    scene s = {.project = NULL};
    snprintf(s.root, sizeof s.root, "%s", root);
    s.project = scene_open(&s);
    km_status status = km_project_init(s.project, false, NULL, NULL);
    if (status == KM_OK) status = km_config_set(s.project, "async.worker_idle_seconds", "0", NULL);
    if (status == KM_OK) status = km_config_set(s.project, "async.durability", "process", NULL);
    if (status == KM_OK)
        status = km_config_set(s.project, "learn.custom_patterns",
                               "{\"port\":{\"regex\":\"port ([0-9]+)\",\"type\":\"fact\",\"confidence\":0.9}}", NULL);
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0] && status == KM_OK; i++)
        status = learn(s.project, TEXTS[i], i % 2 ? "one" : "two", true, NULL);
    if (status == KM_OK) status = learn(s.project, "The " SECRET_WORD " team meets in Berlin.", "one", false, NULL);
    if (status == KM_OK) status = learn(s.project, "Use Meson for builds.", "two", false, NULL);
    require(status == KM_OK, "the template could not be made");
    km_project_free(s.project);
}

static void add_memories(km_project *project, kmi_buf *text) {
    km_recall_query query = {.limit = 10000, .include_superseded = true};
    km_memory_list *list = NULL;
    km_error error = {0};
    if (km_recent(project, &query, &list, &error) != KM_OK) require(false, error.message);
    for (size_t i = 0; i < list->count; i++)
        kmi_buf_add_format(text, "memory %s|%s|%u|%zu|%d\n", list->items[i].content, list->items[i].type,
                           list->items[i].seen_count, list->items[i].entity_count,
                           list->items[i].superseded_by != NULL);
    km_memory_list_free(list);
}

static void add_file(const char *path, kmi_buf *text) {
    char bytes[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;
    if (fd >= 0) close(fd);
    kmi_buf_add_format(text, "file of %zd bytes\n", len);
    if (len > 0) kmi_buf_add(text, bytes, (size_t)len);
}

void scene_describe(const scene *s, const scenario *done, kmi_buf *ret_text) {
    km_project *project = scene_open(s);
    km_stats *stats = NULL;
    km_config_list *config = NULL;
    add_memories(project, ret_text);
    require(km_stats_get(project, &stats, NULL) == KM_OK, "no stats");
    kmi_buf_add_format(ret_text, "queue %ju failed %ju cancelled %ju completed %ju entities %ju relations %ju\n",
                       (uintmax_t)stats->queue_size, (uintmax_t)stats->failed_tasks, (uintmax_t)stats->cancelled_tasks,
                       (uintmax_t)stats->completed_tasks, (uintmax_t)stats->entities, (uintmax_t)stats->relations);
    km_stats_free(stats);
    require(km_config_list_get(project, &config, NULL) == KM_OK, "no configuration");
    for (size_t i = 0; i < config->count; i++)
        kmi_buf_add_format(ret_text, "%s=%s\n", config->items[i].key, config->items[i].value);
    km_config_list_free(config);
    km_project_free(project);
    if (done->program != NULL) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", s->beside, done->program);
        add_file(path, ret_text);
    }
    require(kmi_buf_status(ret_text) == KM_OK, "out of memory");
}

/* ---- The library ---- */

static int do_open(scene *s) {
    km_options options = {.project_dir = s->root, .program = NO_PROGRAM};
    return km_project_open(&options, &s->project, &s->error);
}

static int do_init(scene *s) {
    return km_project_init(s->project, true, NULL, &s->error);
}

static int do_learn_queued(scene *s) {
    return learn(s->project, "The " SECRET_WORD " prefers leaves.", "one", false, &s->error);
}

static int do_learn_many(scene *s) {
    km_learn_item items[40];
    km_learn_result *result = NULL;
    memset(items, 0, sizeof items);
    for (size_t i = 0; i < 40; i++) {
        items[i].content = i % 2 ? "password=hunter2hunter2 is the " SECRET_WORD : "Use Rust for the parser.";
        items[i].key = i == 3 ? "a key" : NULL;
    }
    int status = km_learn(s->project, items, 40, NULL, &result, &s->error);
    km_learn_result_free(result);
    return status;
}

static int do_learn_now(scene *s) {
    return learn(s->project, "Our " SECRET_WORD " API listens on port 7070 now. We never use Windows.", "one", true,
                 &s->error);
}

static int do_learn_dry(scene *s) {
    km_learn_item item = {.content = "We use Docker and Kubernetes since 2021. My email is ada@example.org."};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    options.dry_run = true;
    int status = km_learn(s->project, &item, 1, &options, &result, &s->error);
    km_learn_result_free(result);
    return status;
}

static int do_drain(scene *s) {
    km_worker_options options = KM_WORKER_OPTIONS_INIT;
    options.stop = &faults_stop;
    return km_worker_run(s->project, &options, &s->error);
}

static int do_remember(scene *s) {
    km_learn_item item = {.content = "The " SECRET_WORD " is green.", .type = "fact"};
    km_learn_result *result = NULL;
    int status = km_remember(s->project, &item, &result, &s->error);
    km_learn_result_free(result);
    return status;
}

static int do_recall(scene *s) {
    km_recall_query query = {.query = "which prot does the API lisen on, and what about PostgreSQL", .limit = 5};
    km_memory_list *list = NULL;
    int status = km_recall(s->project, &query, &list, &s->error);
    if (status == KM_OK) require(list->explanation != NULL, "no explanation");
    km_memory_list_free(list);
    return status;
}

static int do_recent(scene *s) {
    km_memory_list *list = NULL;
    int status = km_recent(s->project, NULL, &list, &s->error);
    km_memory_list_free(list);
    return status;
}

static int do_standing(scene *s) {
    km_memory_list *list = NULL;
    int status = km_standing(s->project, 5, 5, &list, &s->error);
    km_memory_list_free(list);
    return status;
}

/* Any trouble is told beside the unchanged prompt. */
static int do_enhance(scene *s) {
    static const char PROMPT[] = "How do we deploy the " SECRET_WORD "?";
    km_enhance_options options = KM_ENHANCE_OPTIONS_INIT;
    km_enhance_result *result = NULL;
    options.explain = true;
    int status = km_enhance(s->project, PROMPT, 0, &options, &result, &s->error);
    if (status != KM_OK) return status;
    size_t skipped = result->enhanced_prompt_len - strlen(PROMPT);
    require(strcmp(result->enhanced_prompt + skipped, PROMPT) == 0, "the prompt is not there");
    status = result->problem;
    if (status != KM_OK) {
        require(skipped == 0 && result->problem_message[0] != '\0', "a problem without words, or with memories");
        s->error.status = status;
        snprintf(s->error.message, sizeof s->error.message, "%s", result->problem_message);
    }
    km_enhance_result_free(result);
    return status;
}

/* The id of the newest memory; found without faults, since it is no part of what is tried. */
static const char *newest_id(scene *s, char ret_id[64]) {
    km_memory_list *list = NULL;
    km_recall_query query = {.limit = 1};
    require(km_recent(s->project, &query, &list, NULL) == KM_OK && list->count == 1, "no memory");
    snprintf(ret_id, 64, "%s", list->items[0].id);
    km_memory_list_free(list);
    return ret_id;
}

static char chosen_id[64];

static int do_show(scene *s) {
    km_memory_list *list = NULL;
    int status = km_show(s->project, chosen_id, &list, &s->error);
    km_memory_list_free(list);
    return status;
}

static int do_edit(scene *s) {
    km_memory_list *list = NULL;
    int status =
        km_edit(s->project, chosen_id, "The API listens on port 6060, says the " SECRET_WORD ".", 0, &list, &s->error);
    km_memory_list_free(list);
    return status;
}

static int do_forget(scene *s) {
    const char *ids[] = {chosen_id};
    km_forget_result *result = NULL;
    int status = km_forget(s->project, ids, 1, &result, &s->error);
    km_forget_result_free(result);
    return status;
}

static bool take_line(const char *json, size_t json_len, void *context) {
    (void)json;
    *(size_t *)context += json_len;
    return true;
}

static int do_export(scene *s) {
    size_t total = 0;
    return km_export(s->project, take_line, &total, &s->error);
}

static int do_import(scene *s) {
    static const char TEXT[] =
        "{\"kind\":\"memory\",\"content\":\"The moon is made of " SECRET_WORD ".\",\"type\":\"fact\"}\n"
        "{\"kind\":\"memory\",\"content\":\"Imported rule: never say never.\",\"entities\":[]}\n";
    km_import_result result = {.imported = 0};
    return km_import(s->project, TEXT, sizeof TEXT - 1, false, &result, &s->error);
}

static int do_backup(scene *s) {
    char path[256];
    snprintf(path, sizeof path, "%s/made.kmb", s->beside);
    km_backup_info info;
    int status = km_backup(s->project, path, &info, &s->error);
    /* A flush that fails after the file got its name says so. */
    if (status != KM_OK && strstr(s->error.message, "is whole") == NULL)
        require(access(path, F_OK) != 0, "a backup that failed left its file");
    return status;
}

static int do_restore(scene *s) {
    char path[256];
    snprintf(path, sizeof path, "%s/good.kmb", s->beside);
    km_restore_result result = {.replaced_memories = 0};
    return km_restore(s->project, path, false, &result, &s->error);
}

static int do_doctor(scene *s) {
    km_health_report *report = NULL;
    int status = km_doctor(s->project, true, &report, &s->error);
    km_health_report_free(report);
    return status;
}

static int do_config_set(scene *s) {
    return km_config_set(s->project, "async.max_workers", "3", &s->error);
}

static int do_config_list(scene *s) {
    km_config_list *list = NULL;
    int status = km_config_list_get(s->project, &list, &s->error);
    km_config_list_free(list);
    return status;
}

static int do_look(scene *s) {
    km_stats *stats = NULL;
    km_metrics *metrics = NULL;
    km_health_report *report = NULL;
    km_history *history = NULL;
    km_alert_list *alerts = NULL;
    km_worker_info worker;
    int status = km_stats_get(s->project, &stats, &s->error);
    if (status == KM_OK) status = km_metrics_get(s->project, &metrics, &s->error);
    if (status == KM_OK) status = km_health_get(s->project, &report, &s->error);
    if (status == KM_OK) status = km_history_get(s->project, 30, &history, &s->error);
    if (status == KM_OK) status = km_alert_list_get(s->project, true, &alerts, &s->error);
    if (status == KM_OK) status = km_worker_get_info(s->project, &worker, &s->error);
    km_stats_free(stats);
    km_metrics_free(metrics);
    km_health_report_free(report);
    km_history_free(history);
    km_alert_list_free(alerts);
    return status;
}

static int do_log(scene *s) {
    km_log_reader *reader = NULL;
    const km_log_line *line = NULL;
    int status = km_log_open(s->project, KM_LOG_DEBUG, SIZE_MAX, &reader, &s->error);
    while (status == KM_OK) {
        status = km_log_next(reader, 0, NULL, &line, &s->error);
        if (line == NULL) break;
    }
    km_log_close(reader);
    return status;
}

static int do_tasks(scene *s) {
    km_task_list *list = NULL;
    km_task_list *one = NULL;
    char id[64] = "";
    int status = km_task_list_get(s->project, NULL, 100, &list, &s->error);
    if (status == KM_OK) snprintf(id, sizeof id, "%s", list->items[list->count - 1].id);
    if (status == KM_OK) status = km_task_get(s->project, id, &one, &s->error);
    km_task_list_free(list);
    km_task_list_free(one);
    return status;
}

static char waiting_task[64];

static int do_cancel(scene *s) {
    return km_task_cancel(s->project, waiting_task, &s->error);
}

static int do_retry(scene *s) {
    size_t count = 0;
    return km_task_retry(s->project, NULL, &count, &s->error);
}

static int do_purge(scene *s) {
    size_t count = 0;
    return km_task_purge(s->project, &count, &s->error);
}

/* ---- Commands ---- */

/* Runs a command with its output going nowhere. Returns: its exit code. */
static int run(scene *s, char **words, const char *input) {
    char program[] = "kuzu-memory", project[] = "--project", root[128];
    char *argv[16] = {program, project, root};
    int argc = 3, saved[3];
    snprintf(root, sizeof root, "%s", s->root);
    while (*words != NULL) argv[argc++] = *words++;
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), in = memfd_create("input", MFD_CLOEXEC);
    if (input != NULL && pwrite(in, input, strlen(input), 0) < 0) abort();
    for (int i = 0; i < 3; i++) {
        saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
        dup2(i == 0 && input != NULL ? in : null_fd, i);
    }
    kmi_cli cli = {.project = NULL};
    kmi_buf_init(&cli.out, KMI_OUT_LIMIT_BYTES);
    int code = kmi_parse(&cli, argc, argv, &s->error) == KM_OK ? cli.command->run(&cli) : 2;
    code = kmi_cli_finish(&cli, code);
    km_project_free(cli.project);
    kmi_buf_deinit(&cli.out);
    for (int i = 0; i < 3; i++) {
        dup2(saved[i], i);
        close(saved[i]);
    }
    close(null_fd);
    close(in);
    return code;
}

static int do_hook(scene *s) {
    char hook[] = "hook", event[] = "UserPromptSubmit", client[] = "--client", name[] = "claude-code",
         debug[] = "--debug";
    char *words[] = {debug, hook, event, client, name, NULL};
    return run(s, words, "{\"session_id\":\"s\",\"prompt_id\":\"p\",\"prompt\":\"Which port does our API use now?\"}");
}

static int do_install(scene *s) {
    char install[] = "install", name[] = "claude-code", second[] = "codex";
    char *words[] = {install, name, second, NULL};
    setenv("HOME", s->beside, 1);
    return run(s, words, NULL);
}

static int do_batch(scene *s) {
    char learn_word[] = "learn", batch[] = "--batch", minus[] = "-", sync[] = "--sync";
    char *words[] = {learn_word, batch, minus, sync, NULL};
    return run(s, words, "{\"content\":\"Rust is our choice for the parser.\",\"at\":\"2026-01-01\"}\n");
}

static int do_recall_table(scene *s) {
    char recall[] = "recall", query[] = "port", explain[] = "--explain";
    char *words[] = {recall, query, explain, NULL};
    return run(s, words, NULL);
}

/* Every message is answered, if only with an error: a lost one would be waited for. */
static int do_mcp(scene *s) {
    static const char *const MESSAGES[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\","
        "\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"recall\",\"arguments\":"
        "{\"query\":\"port\"}}}"};
    static kmi_mcp server;
    kmi_cli cli = {.project = NULL};
    kmi_buf answers;
    cli.values[KMI_SLOT_PROJECT] = (kmi_value){.is_set = true, .text = s->root};
    kmi_buf_init(&answers, (size_t)1 << 24);
    kmi_mcp_init(&server, &cli);
    for (size_t i = 0; i < sizeof MESSAGES / sizeof MESSAGES[0]; i++) {
        kmi_frame frame = {.kind = KMI_FRAME_LINE, .line = kmi_slice_from(MESSAGES[i])};
        kmi_mcp_take(&server, &frame);
        kmi_mcp_answer(&server, &answers);
    }
    kmi_mcp_deinit(&server);
    kmi_buf_deinit(&answers);
    return 0;
}

const scenario scenarios[] = {
    {"open", do_open, false, true, false, NULL},
    {"init", do_init, false, false, false, NULL},
    {"learn-queued", do_learn_queued, false, false, false, NULL},
    {"learn-many", do_learn_many, false, false, false, NULL},
    {"learn-now", do_learn_now, false, false, false, NULL},
    {"learn-dry-run", do_learn_dry, false, false, false, NULL},
    {"drain", do_drain, false, false, false, NULL},
    {"remember", do_remember, false, false, false, NULL},
    {"recall", do_recall, false, false, false, NULL},
    {"recent", do_recent, false, false, false, NULL},
    {"standing", do_standing, false, false, false, NULL},
    {"enhance", do_enhance, false, false, false, NULL},
    {"show", do_show, false, false, false, NULL},
    {"edit", do_edit, false, false, false, NULL},
    {"forget", do_forget, .needs_drained = true},
    {"export", do_export, false, false, false, NULL},
    {"import", do_import, false, false, false, NULL},
    {"backup", do_backup, false, false, false, NULL},
    {"restore", do_restore, false, false, false, NULL},
    {"doctor-fix", do_doctor, .needs_drained = true},
    {"config-set", do_config_set, false, false, false, NULL},
    {"config-list", do_config_list, false, false, false, NULL},
    {"stats-and-health", do_look, false, false, false, NULL},
    {"log", do_log, false, false, false, NULL},
    {"tasks", do_tasks, false, false, false, NULL},
    {"tasks-cancel", do_cancel, false, false, false, NULL},
    {"tasks-retry", do_retry, false, false, false, NULL},
    {"tasks-purge", do_purge, false, false, false, NULL},
    {"mcp", do_mcp, true, true, false, NULL},
    {"hook", do_hook, true, true, false, NULL},
    {"install", do_install, true, true, false, ".claude.json"},
    {"learn-batch", do_batch, true, true, false, NULL},
    {"recall-command", do_recall_table, true, true, false, NULL},
    {.name = NULL},
};

void scene_prepare(scene *s, const scenario *what) {
    km_task_list *list = NULL;
    newest_id(s, chosen_id);
    require(km_task_list_get(s->project, &(km_task_state){KM_TASK_QUEUED}, 1, &list, NULL) == KM_OK && list->count > 0,
            "no waiting task");
    snprintf(waiting_task, sizeof waiting_task, "%s", list->items[0].id);
    km_task_list_free(list);
    if (what->needs_drained) require(km_worker_run(s->project, NULL, NULL) == KM_OK, "the worker failed");
}
