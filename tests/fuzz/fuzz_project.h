/* fuzz_project.h - a project in a directory of its own for the targets that need one, made once and removed at the end. */
#ifndef KMI_FUZZ_PROJECT_H
#define KMI_FUZZ_PROJECT_H

#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kuzu_memory.h"

static char fuzz_root[64];

#define fuzz_require(is_true) \
    do { \
        if (!(is_true)) { \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #is_true); \
            abort(); \
        } \
    } while (0)

static inline int fuzz_remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static inline void fuzz_remove_root(void) {
    nftw(fuzz_root, fuzz_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes the directory, in memory where there is a file system for that: no input must wait for a disk. */
static inline void fuzz_make_root(void) {
    bool has_shm = access("/dev/shm", W_OK) == 0;
    snprintf(fuzz_root, sizeof fuzz_root, "%s/km-fuzz-XXXXXX", has_shm ? "/dev/shm" : "/tmp");
    fuzz_require(mkdtemp(fuzz_root) != NULL);
    atexit(fuzz_remove_root);
    setenv("XDG_CONFIG_HOME", fuzz_root, 1);
    setenv("KUZU_MEMORY_PROGRAM", "/nonexistent/kuzu-memory", 1); /* no worker is started */
    unsetenv("KUZU_MEMORY_PROJECT");
}

static inline km_project *fuzz_open(void) {
    km_options options = {.project_dir = fuzz_root, .program = "/nonexistent/kuzu-memory"};
    km_project *project = NULL;
    fuzz_require(km_project_open(&options, &project, NULL) == KM_OK);
    return project;
}

static inline void fuzz_set(km_project *project, const char *key, const char *value) {
    fuzz_require(km_config_set(project, key, value, NULL) == KM_OK);
}

/* Some memories of every kind, one of them corrected; with `waits` one text in the queue, too. */
static inline void fuzz_fill(km_project *project, bool waits) {
    static const char *const TEXTS[] = {
        "We decided to use PostgreSQL for the orders service because of its transactions.",
        "User prefers tabs over spaces.",
        "Never deploy on Fridays.",
        "To fix the timeout in the gateway, raise proxy_read_timeout to 60 seconds.",
        "My name is Ada and I work on the billing team.",
        "The API listens on port 8080.",
        "The API listens on port 9090.",
        "Wir verwenden Docker für die Tests, und zwar überall.",
    };
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    fuzz_require(km_project_init(project, false, NULL, NULL) == KM_OK);
    fuzz_set(project, "async.durability", "process");
    fuzz_set(project, "async.queue_full_wait_ms", "0");
    const size_t count = sizeof TEXTS / sizeof TEXTS[0];
    for (size_t i = 0; i < count + waits; i++) {
        bool is_last = i == count;
        km_learn_item item = {.content = is_last ? "This one waits in the queue." : TEXTS[i],
                              .session = i % 2 ? "s1" : "s2",
                              .source = "fuzz",
                              .metadata_json = "{\"n\":1}"};
        km_learn_result *result = NULL;
        options.synchronous = !is_last;
        fuzz_require(km_learn(project, &item, 1, &options, &result, NULL) == KM_OK);
        km_learn_result_free(result);
    }
}

/* Writes a file below the root. */
static inline void fuzz_write(const char *name, const void *bytes, size_t len) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", fuzz_root, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    close(fd);
}

static inline void fuzz_remove(const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", fuzz_root, name);
    unlink(path);
}

/* Returns: the whole of a file below the root, the caller's to free. */
static inline uint8_t *fuzz_read(const char *name, size_t *ret_len) {
    char path[256];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", fuzz_root, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    fuzz_require(fd >= 0 && fstat(fd, &info) == 0);
    uint8_t *bytes = malloc((size_t)info.st_size + 1);
    fuzz_require(bytes != NULL && read(fd, bytes, (size_t)info.st_size) == info.st_size);
    close(fd);
    *ret_len = (size_t)info.st_size;
    return bytes;
}

/* Changes bytes as the input says: groups of four, three of them a place and one what is added to the byte there. */
static inline void fuzz_mutate(uint8_t *bytes, size_t len, const uint8_t *data, size_t size) {
    for (size_t i = 0; i + 4 <= size && len > 0; i += 4) {
        size_t at = ((size_t)data[i] << 16 | (size_t)data[i + 1] << 8 | data[i + 2]) % len;
        bytes[at] = (uint8_t)(bytes[at] + data[i + 3]);
    }
}

/* Sends what the program writes to its user nowhere, until fuzz_speak(). */
static inline void fuzz_hush(int ret_saved[2]) {
    int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (int i = 0; i < 2; i++) {
        ret_saved[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 3);
        dup2(null_fd, i + 1);
    }
    close(null_fd);
}

static inline void fuzz_speak(const int saved[2]) {
    fflush(stdout);
    for (int i = 0; i < 2; i++) {
        if (saved[i] < 0) continue;
        dup2(saved[i], i + 1);
        close(saved[i]);
    }
}

#endif
