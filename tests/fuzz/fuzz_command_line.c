/* Any words as a command line: it is parsed, or refused with a message; the help of what it names can be written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "cli/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { words_max = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char program[] = "kuzu-memory";
    char *argv[words_max + 2] = {program};
    int argc = 1;
    char *words = malloc(size + 1);
    kmi_cli cli = {.project = NULL};
    km_error error = {0};

    if (words == NULL) return 0;
    memcpy(words, data, size);
    words[size] = '\0';
    for (size_t at = 0; at < size && argc <= words_max; at += strlen(words + at) + 1) argv[argc++] = words + at;
    km_status status = kmi_parse(&cli, argc, argv, &error);
    if (status != KM_OK && (status != KM_E_INVALID || error.message[0] == '\0')) abort();
    if (cli.argument_count > argc) abort();
    kmi_buf_init(&cli.out, (size_t)1 << 20);
    if (cli.command != NULL) kmi_help_command(cli.group, cli.command, &cli.out);
    kmi_buf_deinit(&cli.out);
    free(words);
    return 0;
}
