/* replay.c - a main() for fuzz targets without a fuzzer: every file of a folder is one case, reported as TAP.
 *
 * Beside the kept inputs it runs each of them cut short at many places and with bytes flipped, which is where parsers
 * break, so a target without interesting inputs still checks something. With "plain" as second argument it does not: some targets
 * open a store for every input. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_LIMIT = 1 << 20, PATH_LIMIT = 4096, CUTS = 64, FLIPS = 256 };

/* Runs the input from memory of exactly its size, so that a sanitizer sees every step beyond it. */
static void run_exactly(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_variants(uint8_t *data, size_t size) {
    for (size_t i = 0; i < CUTS && size > 0; i++) run_exactly(data, size * i / CUTS);
    uint32_t random = 1;
    for (size_t i = 0; i < FLIPS && size > 0; i++) {
        random = random * 1664525u + 1013904223u;
        size_t at = (size_t)random % size;
        uint8_t saved = data[at];
        data[at] ^= (uint8_t)(1u << (i % 8));
        run_exactly(data, size);
        data[at] = saved;
    }
}

static int is_regular_name(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* Reads one input whole. False when it cannot be read. */
static int read_input(const char *folder, const char *name, uint8_t *data, size_t *ret_size) {
    char path[PATH_LIMIT];
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = len > 0 && len < PATH_LIMIT ? fopen(path, "rb") : NULL;
    if (file == NULL) return 0;
    *ret_size = fread(data, 1, INPUT_LIMIT, file);
    int is_read = !ferror(file);
    fclose(file);
    return is_read;
}

int main(int argc, char **argv) {
    struct dirent **entries = NULL;
    int is_plain = argc == 3 && strcmp(argv[2], "plain") == 0;
    int count = argc == 2 || is_plain ? scandir(argv[1], &entries, is_regular_name, alphasort) : -1;
    uint8_t *data = malloc(INPUT_LIMIT);
    int failures = 0;
    if (count <= 0 || data == NULL) {
        printf("1..1\nnot ok 1 - no inputs in \"%s\"\n", argc > 1 ? argv[1] : "");
        return 1;
    }
    printf("1..%d\n", count);
    fflush(stdout);
    for (int i = 0; i < count; i++) {
        size_t size = 0;
        int is_read = read_input(argv[1], entries[i]->d_name, data, &size);
        if (is_read) run_exactly(data, size);
        if (is_read && !is_plain) run_variants(data, size);
        printf("%s %d - %s\n", is_read ? "ok" : "not ok", i + 1, entries[i]->d_name);
        fflush(stdout);
        failures += !is_read;
        free(entries[i]);
    }
    free(entries);
    free(data);
    return failures != 0;
}
