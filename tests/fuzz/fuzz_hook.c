/* Anything on a hook's standard input, for each client and event: exit code 0, and an answer that is empty, text or one JSON
 * document. The first byte chooses the client, the second its event. */
#include "fuzz_project.h"

#include "assist/clients.h"
#include "cli/cli.h"
#include "cli/parse.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_up(void) {
    fuzz_make_root();
    km_project *project = fuzz_open();
    fuzz_fill(project, true);
    fuzz_set(project, "async.max_queue_size", "1000000");
    km_project_free(project);
}

static void run(const char *client, const char *event) {
    char program[] = "kuzu-memory", project[] = "--project", hook[] = "hook", flag[] = "--client", debug[] = "--debug";
    char client_name[64], event_name[64];
    snprintf(client_name, sizeof client_name, "%s", client);
    snprintf(event_name, sizeof event_name, "%s", event);
    char *argv[] = {program, project, fuzz_root, debug, hook, event_name, flag, client_name, NULL};
    kmi_cli cli = {.project = NULL};
    km_error error = {0};
    kmi_buf_init(&cli.out, KMI_OUT_LIMIT_BYTES);
    fuzz_require(kmi_parse(&cli, 8, argv, &error) == KM_OK);
    fuzz_require(kmi_cli_finish(&cli, cli.command->run(&cli)) == 0);
    km_project_free(cli.project);
    kmi_buf_deinit(&cli.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static unsigned runs;
    static const char *const CLIENTS[] = {"claude-code", "codex", "gemini", "cursor", "copilot", "generic"};
    int saved[2];
    if (runs == 0) set_up();
    if (size < 2 || size > 65536) return 0;
    if (runs++ % 256 == 0) { /* the queue must not grow without end */
        fuzz_remove("kuzu-memories/queue/journal");
        fuzz_remove("kuzu-memories/state/hooks");
    }
    const kmi_client *client = kmi_client_find(CLIENTS[data[0] % (sizeof CLIENTS / sizeof CLIENTS[0])]);
    if (client == NULL) client = kmi_client_find("generic");
    size_t event_count = 0;
    while (client->events[event_count].name != NULL) event_count++;
    if (event_count == 0) return 0;
    int input = memfd_create("input", MFD_CLOEXEC);
    fuzz_require(input >= 0 && write(input, data + 2, size - 2) == (ssize_t)(size - 2));
    fuzz_require(lseek(input, 0, SEEK_SET) == 0 && dup2(input, STDIN_FILENO) == STDIN_FILENO);
    close(input);
    fuzz_hush(saved);
    run(client->name, client->events[data[1] % event_count].name);
    fuzz_speak(saved);
    return 0;
}
