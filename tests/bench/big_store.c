/* Fills a store with many memories that read like notes, and makes prompts about them, the same in every run.
 *
 *     big_store STORE COUNT     learns until STORE (a memories.db) holds about COUNT memories, each a task of its own; prints tasks
 *                               per second of the last tenth. Drops the records of the tasks, as the worker does after five minutes
 *     big_store --texts N       prints N texts for `learn --batch`
 *     big_store --prompts N     prints N prompts, a line each
 *     big_store --known STORE   asks for memories by six of their words and four others; prints how many of 100 come first, and among
 *                               the first ten
 *
 * Words are as unequal as in real text: function words take four tenths, the others follow Zipf's law with Mandelbrot's
 * correction, so that the most common of them is in about four of a hundred sentences and most of the 50 000 in a few. The common ones are
 * English, the rest are made of syllables. Twelve memories are a session. tests/bench/big builds and runs it. */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "learn/learn.h"

#include "util/clock.h"

#define BATCH 256
#define VOCABULARY 50000
#define MANDELBROT 20.0
#define SESSION_LEN 12
#define TEXT_BYTES 400
#define NAMED_THINGS 2000 /* turns of real chats name 0.7 to 0.9 things, a few hundred different ones in all */
#define KNOWN_ITEMS 400
#define KNOWN_WORDS 6
#define NOISE_WORDS 4

static const char *const FUNCTION_WORDS[] = {
    "the", "of",  "to", "and",  "a",    "in",   "is",   "that", "for",  "it",   "on",   "with", "as",   "was",
    "by",  "at",  "be", "this", "are",  "from", "or",   "have", "an",   "not",  "they", "we",   "when", "will",
    "if",  "can", "so", "has",  "more", "do",   "then", "into", "than", "only", "our",  "its"};
static const char *const COMMON_WORDS[] = {
    "test",    "file",   "error",  "server",  "build",   "user",    "data",    "time",     "change",   "team",
    "query",   "cache",  "value",  "release", "service", "config",  "branch",  "request",  "response", "table",
    "index",   "worker", "queue",  "memory",  "session", "token",   "deploy",  "review",   "module",   "client",
    "thread",  "signal", "module", "merge",   "report",  "update",  "version", "network",  "storage",  "handler",
    "parser",  "schema", "column", "backup",  "restore", "monitor", "alert",   "customer", "invoice",  "payment",
    "meeting", "garden", "window", "kitchen", "letter",  "journey", "weather", "teacher",  "village",  "bicycle"};

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

static double cumulative[VOCABULARY];

static void prepare_words(void) {
    double sum = 0;
    for (size_t i = 0; i < VOCABULARY; i++) {
        sum += 1.0 / ((double)i + 1.0 + MANDELBROT);
        cumulative[i] = sum;
    }
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static double next_unit(uint64_t *state) {
    return (double)(next_random(state) >> 11) / 9007199254740992.0;
}

static unsigned next_rank(uint64_t *state) {
    double wanted = next_unit(state) * cumulative[VOCABULARY - 1];
    size_t low = 0;
    size_t high = VOCABULARY - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cumulative[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return (unsigned)low;
}

static void write_word(char *word, size_t size, unsigned rank) {
    static const char *const SYLLABLES[] = {"ba", "de", "fi", "go", "lu", "ma", "ne", "pi",
                                            "ro", "su", "ta", "ve", "wi", "yo", "zu", "ka"};
    if (rank < COUNT_OF(COMMON_WORDS)) {
        snprintf(word, size, "%s", COMMON_WORDS[rank]);
        return;
    }
    snprintf(word, size, "%s%s%s%sn", SYLLABLES[rank & 15], SYLLABLES[(rank >> 4) & 15], SYLLABLES[(rank >> 8) & 15],
             SYLLABLES[(rank >> 12) & 15]);
}

static void write_sentence(char *text, size_t size, uint64_t *state, unsigned words) {
    size_t len = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < words && len + 20 < size; i++) {
        char word[20];
        if (next_random(state) % 10 < 4)
            snprintf(word, sizeof(word), "%s", FUNCTION_WORDS[next_random(state) % COUNT_OF(FUNCTION_WORDS)]);
        else
            write_word(word, sizeof(word), next_rank(state));
        len += (size_t)snprintf(text + len, size - len, "%s%s", i > 0 ? " " : "", word);
    }
}

static void print_prompts(int count) {
    uint64_t state = 362436069362436069ULL;
    for (int i = 0; i < count; i++) {
        char text[TEXT_BYTES];
        write_sentence(text, sizeof(text), &state, 5 + (unsigned)(next_random(&state) % 9));
        printf("How do we %s?\n", text);
    }
}

static void print_texts(int count) {
    uint64_t state = 521288629546311691ULL;
    for (int i = 0; i < count; i++) {
        char text[TEXT_BYTES];
        write_sentence(text, sizeof(text), &state, 8 + (unsigned)(next_random(&state) % 11));
        printf("{\"content\":\"%s\",\"session\":\"stream-%d\"}\n", text, i / SESSION_LEN);
    }
}

static void require(km_status status, const km_error *error, const char *what) {
    if (status == KM_OK) return;
    fprintf(stderr, "big_store: %s: %s\n", what, error->message);
    exit(1);
}

static void learn_one(kmi_store *store, const kmi_config *config, kmi_arena *arena, uint64_t *state, int number) {
    km_error error = {0};
    char text[TEXT_BYTES];
    char session[32];
    char name[20];
    write_sentence(text, sizeof(text), state, 8 + (unsigned)(next_random(state) % 11));
    snprintf(session, sizeof(session), "session-%d", number / SESSION_LEN);
    write_word(name, sizeof(name), next_rank(state) % NAMED_THINGS);
    km_entity entity = {name, "technology"};
    kmi_candidate candidate = {.content = text,
                               .type = "fact",
                               .knowledge_type = "note",
                               .polarity = "neutral",
                               .pattern = "sentence",
                               .confidence = 0.7,
                               .importance = 0.5,
                               .entity_count = 1,
                               .entities = &entity};
    kmi_extraction extraction = {.candidate_count = 1, .candidates = &candidate};
    km_learn_item item = {.content = text, .source = "bench", .session = session};
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
                        .memory_ids = &outcomes[0].id,
                        .memory_count = 1};
    require(kmi_store_task_put(store, &row, &error), &error, "task");
}

static void learn_batch(kmi_store *store, const kmi_config *config, kmi_arena *arena, uint64_t *state, int from,
                        int count) {
    km_error error = {0};
    require(kmi_store_begin(store, &error), &error, "begin");
    for (int i = 0; i < count; i++) learn_one(store, config, arena, state, from + i);
    require(kmi_store_commit(store, &error), &error, "commit");
    if (kmi_store_wal_pages(store) > 1000) require(kmi_store_checkpoint(store, false, &error), &error, "checkpoint");
    kmi_arena_clear(arena);
}

static void fill(kmi_store *store, int wanted) {
    km_error error = {0};
    kmi_config config;
    kmi_config_init(&config);
    int64_t values[KMI_COUNTER_COUNT];
    require(kmi_store_counters_get(store, values, &error), &error, "count");
    int done = (int)values[KMI_COUNTER_MEMORIES];
    uint64_t state = 88172645463325252ULL + (uint64_t)done;
    kmi_arena *arena = kmi_arena_new((size_t)64 * 1024 * 1024);
    int timed_from = wanted - (wanted > done ? (wanted - done) / 10 : 0);
    int64_t start_us = 0;
    int start = 0;
    for (; done < wanted; done += BATCH) {
        if (start_us == 0 && done >= timed_from) {
            start_us = kmi_clock_monotonic_us();
            start = done;
        }
        learn_batch(store, &config, arena, &state, done, wanted - done < BATCH ? wanted - done : BATCH);
    }
    double seconds = start_us != 0 ? (double)(kmi_clock_monotonic_us() - start_us) / 1e6 : 0;
    if (seconds > 0) printf("%.0f\n", (double)(wanted - start) / seconds);
    kmi_arena_free(arena);
    require(kmi_store_begin(store, &error), &error, "begin");
    require(kmi_store_task_purge(store, INT64_MAX, false, NULL, &error), &error, "purge");
    require(kmi_store_commit(store, &error), &error, "commit");
    require(kmi_store_checkpoint(store, true, &error), &error, "checkpoint");
}

/* ---- Known items ---- */

static size_t add_words_of(const char *content, uint64_t *state, char *query, size_t size) {
    const char *words[64];
    size_t lens[64];
    size_t count = 0;
    for (const char *at = content; *at != '\0' && count < 64;) {
        size_t len = strcspn(at, " ");
        words[count] = at;
        lens[count++] = len;
        at += len + (at[len] == ' ');
    }
    size_t used = 0;
    for (int i = 0; i < KNOWN_WORDS && count > 0; i++) {
        size_t pick = next_random(state) % count;
        used += (size_t)snprintf(query + used, size - used, "%.*s ", (int)lens[pick], words[pick]);
        words[pick] = words[--count];
        lens[pick] = lens[count];
    }
    return used;
}

/* Returns the place of a memory among the first ten for a query made of its words, -1: none. */
static int find_known(kmi_store *store, kmi_arena *arena, int64_t seq, uint64_t *state) {
    km_error error = {0};
    km_memory memory;
    char query[TEXT_BYTES];
    kmi_search_hit *hits = NULL;
    size_t count = 0;
    if (kmi_store_memory_by_seq(store, seq, arena, &memory, &error) != KM_OK) return -1;
    size_t used = add_words_of(memory.content, state, query, sizeof(query));
    write_sentence(query + used, sizeof(query) - used, state, NOISE_WORDS);
    require(kmi_store_search(store, kmi_slice_from(query), NULL, 10, arena, &hits, &count, NULL, &error), &error,
            "search");
    for (size_t i = 0; i < count; i++)
        if (hits[i].seq == seq) return (int)i;
    return -1;
}

static void ask_known(kmi_store *store) {
    km_error error = {0};
    int64_t values[KMI_COUNTER_COUNT];
    uint64_t state = 88172645463393265ULL;
    int first = 0;
    int ten = 0;
    require(kmi_store_counters_get(store, values, &error), &error, "count");
    kmi_arena *arena = kmi_arena_new((size_t)64 * 1024 * 1024);
    for (int i = 0; i < KNOWN_ITEMS; i++) {
        int64_t seq = 1 + (int64_t)(next_random(&state) % (uint64_t)values[KMI_COUNTER_MEMORIES]);
        int place = find_known(store, arena, seq, &state);
        first += place == 0;
        ten += place >= 0;
        kmi_arena_clear(arena);
    }
    printf("%d %d\n", first * 100 / KNOWN_ITEMS, ten * 100 / KNOWN_ITEMS);
    kmi_arena_free(arena);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: big_store STORE COUNT | --known STORE | --prompts N | --texts N\n");
        return 2;
    }
    int count = (int)strtol(argv[2], NULL, 10);
    prepare_words();
    if (strcmp(argv[1], "--prompts") == 0) {
        print_prompts(count);
        return 0;
    }
    if (strcmp(argv[1], "--texts") == 0) {
        print_texts(count);
        return 0;
    }
    bool asks = strcmp(argv[1], "--known") == 0;
    km_error error = {0};
    kmi_store_options options = {
        .path = asks ? argv[2] : argv[1], .mode = asks ? KMI_STORE_READ : KMI_STORE_CREATE, .lock_fd = -1};
    kmi_store *store = NULL;
    require(kmi_store_open(&options, &store, &error), &error, "open");
    if (asks)
        ask_known(store);
    else
        fill(store, count);
    kmi_store_free(store);
    return 0;
}
