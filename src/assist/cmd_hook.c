/* hook: an assistant waits for this process at every prompt, and an exit code of 2 would block the prompt. So it fails open:
 * exit code 0, standard error closed, a timer that ends it, and silence about whatever it does not understand.
 *
 * The answer is written before anything is learnt: it is what the client waits for, and it must not hang on a full queue. A
 * worker that is started has the null device as standard descriptors, so that the client does not wait for its end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assist/hook.h"
#include "assist/path.h"
#include "assist/state.h"
#include "cli/deadline.h"
#include "util/error.h"
#include "util/file.h"

#define INPUT_LIMIT_BYTES ((size_t)16 * 1024 * 1024)
enum { first_byte_ms = 1000, next_byte_ms = 200, read_bytes = 64 * 1024 };
static const double life_seconds = 2;

static void close_stderr(void) {
    int null_fd = kmi_fd_open(AT_FDCWD, "/dev/null", O_WRONLY | O_NOCTTY, 0);
    if (null_fd < 0 || dup2(null_fd, STDERR_FILENO) < 0) close(STDERR_FILENO);
    kmi_fd_close(&null_fd);
}

/* Reads to the end, or until nothing more comes. A client that is not read from may fail itself, so what is not wanted
 * (input NULL) or too long is read all the same. Returns: whether all of it is there. */
static bool read_input(kmi_buf *input) {
    static char bytes[read_bytes];
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    int wait_ms = first_byte_ms;
    size_t total = 0;
    for (;;) {
        int ready = poll(&in, 1, wait_ms);
        if (ready < 0 && errno == EINTR) continue;
        ssize_t got = ready > 0 ? read(STDIN_FILENO, bytes, sizeof bytes) : 0;
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) break;
        wait_ms = next_byte_ms;
        total += (size_t)got;
        if (input != NULL && total <= INPUT_LIMIT_BYTES) kmi_buf_add(input, bytes, (size_t)got);
    }
    return input != NULL && total <= INPUT_LIMIT_BYTES && kmi_buf_status(input) == KM_OK && input->len > 0;
}

static void act(kmi_hook *hook, kmi_cli *cli) {
    bool may_learn = kmi_hook_may_learn(hook);
    if (kmi_hook_is_repeated(hook)) return;
    switch (hook->event->kind) {
    case KMI_EVENT_PROMPT:
        kmi_hook_answer_prompt(hook, &cli->out);
        break;
    case KMI_EVENT_SESSION_START:
        kmi_hook_answer_start(hook, &cli->out);
        break;
    default:
        break;
    }
    if (kmi_cli_finish(cli, KMI_EXIT_OK) == KMI_EXIT_OK) kmi_buf_clear(&cli->out);
    if (!may_learn) return;
    kmi_hook_learn_texts(hook);
    if (hook->event->kind == KMI_EVENT_SESSION_START) kmi_hook_learn_transcript(hook, true);
    if (hook->event->kind == KMI_EVENT_TURN_END || hook->event->kind == KMI_EVENT_SESSION_END ||
        hook->event->kind == KMI_EVENT_COMPACTION)
        kmi_hook_learn_transcript(hook, false);
}

static void run(kmi_hook *hook, kmi_cli *cli) {
    if (kmi_cli_open(cli, NULL) != KM_OK) return;
    hook->project = cli->project;
    if (km_project_get_info(hook->project, &hook->info, NULL) != KM_OK) return;
    hook->session = json_string_value(kmi_path_get(hook->input, hook->client->session));
    if (hook->session != NULL && (hook->session[0] == '\0' || strlen(hook->session) > KM_LABEL_LIMIT_BYTES))
        hook->session = NULL;
    kmi_slice parts[] = {kmi_slice_from(hook->client->name), kmi_slice_from(hook->session)};
    kmi_hook_hash(parts, 2, hook->slot_id);
    kmi_buf_init(&hook->user_text, INPUT_LIMIT_BYTES);
    kmi_buf_init(&hook->assistant_text, INPUT_LIMIT_BYTES);
    kmi_hook_read_texts(hook);
    act(hook, cli);
    kmi_buf_deinit(&hook->user_text);
    kmi_buf_deinit(&hook->assistant_text);
}

int kmi_run_hook(kmi_cli *cli) {
    const char *name = kmi_cli_text(cli, KMI_SLOT_CLIENT);
    if (!cli->is_debug) close_stderr();
    kmi_deadline_arm(life_seconds, (kmi_slice){"", 0}, "", KMI_EXIT_OK);
    kmi_hook hook = {.client = kmi_client_find(name != NULL ? name : "generic")};
    if (hook.client != NULL) hook.event = kmi_client_find_event(hook.client, cli->arguments[0]);
    bool is_wanted = hook.event != NULL && hook.event->kind != KMI_EVENT_NOTHING &&
                     (hook.client->silent_if == NULL || getenv(hook.client->silent_if) == NULL);
    KMI_CLEANUP_BUF kmi_buf input;
    kmi_buf_init(&input, INPUT_LIMIT_BYTES);
    bool is_read = read_input(is_wanted ? &input : NULL);
    if (is_read && kmi_json_parse_object(kmi_buf_slice(&input), "input", &hook.input, NULL) == KM_OK) run(&hook, cli);
    json_decref(hook.input);
    kmi_deadline_disarm();
    cli->is_fast_exit = true;
    return KMI_EXIT_OK;
}
