/* How fast the store takes and finds memories, without queue, worker and process start.
 *
 *     bench_store DIRECTORY [TASKS]     learns TASKS short texts (default 20000) into DIRECTORY/bench.db, first in batches of
 *                                       256, then one by one (a tenth of them), then measures opening and searching
 *
 * Build it against the static library: cc -O2 -std=gnu17 -D_GNU_SOURCE -Iinclude -Isrc tests/bench/bench_store.c
 * build/libkuzu_memory.a -lsqlite3 -lpcre2-8 -ljansson -lutf8proc -lmd -lxxhash -lstemmer -lm -pthread
 *
 * Texts are made of words by a fixed rule, with a few entities each, so that runs can be compared. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "learn/learn.h"
#include "recall/recall.h"
#include "util/clock.h"

#define BATCH 256
#define WORDS_PER_TEXT 12
#define VOCABULARY 20000
#define SEARCHES 200

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Small numbers are common, as common words are. */
static unsigned skewed(uint64_t *state) {
    double unit = (double)(next_random(state) >> 11) / 9007199254740992.0;
    return (unsigned)(VOCABULARY * unit * unit * unit);
}

static void write_word(char *text, size_t size, unsigned number) {
    static const char *const SYLLABLES[] = {"ba", "de", "fi", "go", "lu", "ma", "ne", "pi",
                                            "ro", "su", "ta", "ve", "wi", "yo", "zu", "ka"};
    snprintf(text, size, "%s%s%s%s", SYLLABLES[number & 15], SYLLABLES[(number >> 4) & 15],
             SYLLABLES[(number >> 8) & 15], SYLLABLES[(number >> 12) & 15]);
}

static void write_text(char *text, size_t size, uint64_t *state, int words) {
    size_t len = 0;
    text[0] = '\0';
    for (int i = 0; i < words && len + 16 < size; i++) {
        char word[16];
        write_word(word, sizeof(word), skewed(state));
        len += (size_t)snprintf(text + len, size - len, "%s%s", i > 0 ? " " : "", word);
    }
}

static void require(km_status status, const km_error *error, const char *what) {
    if (status == KM_OK) return;
    fprintf(stderr, "%s: %s\n", what, error->message);
    exit(1);
}

static void learn_one(kmi_store *store, const kmi_config *config, kmi_arena *arena, uint64_t *state) {
    km_error error = {0};
    char text[256];
    char first[16];
    char second[16];
    write_text(text, sizeof(text), state, WORDS_PER_TEXT);
    write_word(first, sizeof(first), skewed(state) % 2000);
    write_word(second, sizeof(second), skewed(state) % 2000);
    km_entity entities[] = {{first, "technology"}, {second, "project"}};
    kmi_candidate candidate = {.content = text,
                               .type = "fact",
                               .knowledge_type = "note",
                               .polarity = "neutral",
                               .pattern = "sentence",
                               .confidence = 0.7,
                               .importance = 0.5,
                               .entity_count = 2,
                               .entities = entities};
    kmi_extraction extraction = {.candidate_count = 1, .candidates = &candidate};
    km_learn_item item = {.content = text, .source = "bench"};
    kmi_uuid task = {{0}};
    require(kmi_uuid_make(&task, &error), &error, "id");
    int64_t now_us = kmi_clock_now_us();
    kmi_learn_origin origin = {.item = &item, .task = &task, .submitted_at_us = now_us};
    kmi_learn_outcome *outcomes = NULL;
    require(kmi_learn_apply(store, config, &origin, &extraction, now_us, arena, &outcomes, &error), &error, "learn");
    kmi_task_row row = {.id = task,
                        .state = KM_TASK_COMPLETED,
                        .priority = 5,
                        .item_count = 1,
                        .created_at_us = now_us,
                        .started_at_us = now_us,
                        .finished_at_us = now_us,
                        .processing_us = 50,
                        .wait_us = 10,
                        .memory_ids = &outcomes[0].id,
                        .memory_count = 1};
    bool is_known = false;
    require(kmi_store_task_find(store, &task, arena, &is_known, NULL, &error), &error, "find task");
    require(kmi_store_task_put(store, &row, &error), &error, "task");
}

static void learn_many(const char *what, kmi_store *store, int tasks, int batch, uint64_t *state,
                       bool with_savepoints) {
    km_error error = {0};
    kmi_config config;
    kmi_config_init(&config);
    kmi_arena *arena = kmi_arena_new((size_t)64 * 1024 * 1024);
    int64_t start_us = kmi_clock_monotonic_us();
    int64_t start_cpu_us = kmi_clock_thread_cpu_us();
    for (int done = 0; done < tasks; done += batch) {
        require(kmi_store_begin(store, &error), &error, "begin");
        for (int i = 0; i < batch && done + i < tasks; i++) {
            if (with_savepoints) require(kmi_store_savepoint(store, &error), &error, "savepoint");
            learn_one(store, &config, arena, state);
            if (with_savepoints) require(kmi_store_savepoint_release(store, &error), &error, "release");
        }
        require(kmi_store_commit(store, &error), &error, "commit");
        if (kmi_store_wal_pages(store) > 1000)
            require(kmi_store_checkpoint(store, false, &error), &error, "checkpoint");
        kmi_arena_clear(arena);
    }
    double seconds = (double)(kmi_clock_monotonic_us() - start_us) / 1e6;
    double cpu_us = (double)(kmi_clock_thread_cpu_us() - start_cpu_us);
    kmi_arena_free(arena);
    printf("%s: %.0f tasks/s, %.1f us CPU each\n", what, tasks / seconds, cpu_us / tasks);
}

static int compare_times(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static void measure_searches(const kmi_store_options *options, uint64_t *state) {
    static int64_t times_us[SEARCHES];
    static int64_t cpu_us[SEARCHES];
    km_error error = {0};
    for (int i = 0; i < SEARCHES; i++) {
        char prompt[256];
        write_text(prompt, sizeof(prompt), state, 5);
        kmi_arena *arena = kmi_arena_new((size_t)16 * 1024 * 1024);
        kmi_store *store = NULL;
        km_memory *items = NULL;
        size_t count = 0;
        double confidence = 0;
        int64_t start_us = kmi_clock_monotonic_us();
        int64_t start_cpu_us = kmi_clock_thread_cpu_us();
        require(kmi_store_open(options, &store, &error), &error, "open");
        kmi_context_request request = {kmi_slice_from(prompt), 5, 0.3, 4000, 2, kmi_clock_now_us()};
        require(kmi_context_choose(store, &request, arena, &items, NULL, &count, &confidence, NULL, &error), &error,
                "choose");
        kmi_store_free(store);
        times_us[i] = kmi_clock_monotonic_us() - start_us;
        cpu_us[i] = kmi_clock_thread_cpu_us() - start_cpu_us;
        kmi_arena_free(arena);
    }
    qsort(times_us, SEARCHES, sizeof(times_us[0]), compare_times);
    qsort(cpu_us, SEARCHES, sizeof(cpu_us[0]), compare_times);
    printf("open, choose, close: p50 %" PRId64 " us, p95 %" PRId64 " us; CPU p50 %" PRId64 " us, p95 %" PRId64 " us\n",
           times_us[SEARCHES / 2], times_us[SEARCHES * 95 / 100], cpu_us[SEARCHES / 2], cpu_us[SEARCHES * 95 / 100]);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: bench_store DIRECTORY [TASKS]\n");
        return 2;
    }
    int tasks = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 20000;
    char path[4096];
    char lock_path[4096];
    if (tasks <= 0 || (size_t)snprintf(path, sizeof(path), "%s/bench.db", argv[1]) >= sizeof(path) ||
        (size_t)snprintf(lock_path, sizeof(lock_path), "%s/bench.lock", argv[1]) >= sizeof(lock_path)) {
        return 2;
    }
    km_error error = {0};
    int lock_fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    kmi_store_options options = {.path = path, .mode = KMI_STORE_CREATE, .lock_fd = lock_fd, .lock_byte = 0};
    kmi_store *store = NULL;
    require(kmi_store_open(&options, &store, &error), &error, "open");
    uint64_t state = 88172645463325252ULL;
    learn_many("batches of 256", store, tasks, BATCH, &state, false);
    learn_many("batches of 256, a savepoint each", store, tasks / 2, BATCH, &state, true);
    learn_many("one by one", store, tasks / 10, 1, &state, false);
    /* As the worker leaves it: the first to open a store with a long log has to read it all. */
    require(kmi_store_checkpoint(store, true, &error), &error, "checkpoint");
    kmi_store_free(store);
    options.mode = KMI_STORE_READ;
    measure_searches(&options, &state);
    close(lock_fd);
    return 0;
}
