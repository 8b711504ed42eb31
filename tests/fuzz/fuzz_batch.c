/* Any lines as a batch to learn from and as a batch of questions: bad ones are reported, and nothing is stored. */
#include "fuzz_project.h"

#include "cli/cli.h"
#include "cli/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The exit code of a command. */
static int run(int argc, char **argv) {
    kmi_cli cli = {.project = NULL};
    km_error error = {0};
    kmi_buf_init(&cli.out, KMI_OUT_LIMIT_BYTES);
    fuzz_require(kmi_parse(&cli, argc, argv, &error) == KM_OK);
    int code = kmi_cli_finish(&cli, cli.command->run(&cli));
    km_project_free(cli.project);
    kmi_buf_deinit(&cli.out);
    return code;
}

static void run_on(const char *command, const char *option, char *path) {
    char program[] = "kuzu-memory", project[] = "--project", batch[] = "--batch";
    char name[16], more[16];
    snprintf(name, sizeof name, "%s", command);
    snprintf(more, sizeof more, "%s", option);
    char *argv[] = {program, project, fuzz_root, name, batch, path, more, NULL};
    int code = run(more[0] != '\0' ? 7 : 6, argv);
    fuzz_require(code == 0 || code == 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char path[128];
    int saved[2];
    if (path[0] == '\0') {
        fuzz_make_root();
        snprintf(path, sizeof path, "%s/batch.jsonl", fuzz_root);
        km_project *project = fuzz_open();
        fuzz_fill(project, true);
        km_project_free(project);
    }
    if (size > 65536) return 0;
    fuzz_write("batch.jsonl", data, size);
    fuzz_hush(saved);
    run_on("learn", "--dry-run", path);
    run_on("recall", "", path);
    fuzz_speak(saved);
    return 0;
}
