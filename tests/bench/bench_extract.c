/* How fast texts are redacted and extracted, without queue, store and process start.
 *
 *     bench_extract                  a table: kinds of texts by lengths, extraction alone and redaction alone; own patterns
 *     bench_extract --short          short texts a second on one core
 *     bench_extract --quick          the table with one measurement each and without the largest texts
 *
 * Every cell is a process of its own, so that its peak of memory is its own and that one that hangs is ended. Cost must
 * be linear and no text of the largest length may take longer than a second: else the exit code is 1. Times are of the
 * processor, so that other work on the machine disturbs them less. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "extract/extract.h"
#include "extract/secrets.h"
#include "texts.h"
#include "util/clock.h"

#define KIB ((size_t)1024)
#define CELL_LIMIT_SECONDS 60
#define WORST_LIMIT_MS 1000.0
#define SHORT_TEXTS 20000
#define CELL_TIME_US 200000 /* measure again until this much was spent */
#define CELL_ROUNDS_MAX 200

static const size_t lengths[] = {1 * KIB, 10 * KIB, 100 * KIB, 1024 * KIB};
enum { LENGTH_COUNT = sizeof lengths / sizeof lengths[0] };

typedef enum work { WORK_EXTRACT, WORK_REDACT, WORK_COUNT } work;

typedef struct cell {
    double ms; /* the median; < 0: it did not end in time */
    long peak_kib;
} cell;

static void require(bool is_true, const char *what) {
    if (is_true) return;
    fprintf(stderr, "bench_extract: %s\n", what);
    exit(1);
}

static void extract(const kmi_extractor *extractor, kmi_slice text) {
    kmi_extract_input input = {.text = text, .said_at_us = 1795000000000000};
    kmi_extraction extraction = {0};
    require(kmi_extract(extractor, &input, &extraction, NULL) == KM_OK, "extraction failed");
    kmi_extraction_deinit(&extraction);
}

static void redact(kmi_slice text) {
    kmi_buf buf;
    kmi_redactions redactions = {0};
    bool is_changed = false;
    kmi_buf_init(&buf, 64 * KIB * KIB);
    require(kmi_secrets_redact(text, &buf, &is_changed, &redactions) == KM_OK, "redaction failed");
    kmi_buf_deinit(&buf);
}

static int compare_times(const void *a, const void *b) {
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

static double median_ms(const kmi_extractor *extractor, work what, kmi_slice text, int64_t time_us) {
    int64_t times[CELL_ROUNDS_MAX];
    size_t count = 0;
    for (int64_t spent = 0; count == 0 || (spent < time_us && count < CELL_ROUNDS_MAX); count++) {
        int64_t start = kmi_clock_thread_cpu_us();
        if (what == WORK_EXTRACT)
            extract(extractor, text);
        else
            redact(text);
        times[count] = kmi_clock_thread_cpu_us() - start;
        spent += times[count];
    }
    qsort(times, count, sizeof times[0], compare_times);
    return (double)times[count / 2] / 1000;
}

/* Measures in a child and reads its answer. */
static cell measure(const kmi_extractor *extractor, const text_kind *kind, size_t length, work what, int64_t time_us) {
    int ends[2];
    cell found = {.ms = -1};
    fflush(NULL);
    require(pipe(ends) == 0, "no pipe");
    pid_t child = fork();
    require(child >= 0, "no process");
    if (child == 0) {
        alarm(CELL_LIMIT_SECONDS);
        kmi_slice text = {text_make(kind, length, 1), length};
        require(text.ptr != NULL, "out of memory");
        found.ms = median_ms(extractor, what, text, time_us);
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        found.peak_kib = usage.ru_maxrss;
        _exit(write(ends[1], &found, sizeof found) == sizeof found ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &found, sizeof found) != sizeof found) found.ms = -1;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return found;
}

static void print_time(double ms) {
    if (ms < 0)
        printf(" more than %d s |", CELL_LIMIT_SECONDS);
    else
        printf(ms < 10 ? " %.2f |" : " %.0f |", ms);
}

/* Returns: false if a text took too long. */
static bool print_table(const kmi_extractor *extractor, bool is_quick) {
    size_t count = is_quick ? LENGTH_COUNT - 1 : LENGTH_COUNT;
    double worst[WORK_COUNT] = {0};
    const char *worst_name[WORK_COUNT] = {"", ""};
    bool is_good = true;
    printf("| text | extraction, ms: 1 KiB | 10 KiB | 100 KiB | 1 MiB | ns/byte | peak | redaction, ms: 1 KiB | 10 KiB "
           "| 100 KiB | 1 MiB | ns/byte |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t k = 0; k < text_kind_count; k++) {
        printf("| %s |", text_kinds[k].name);
        for (work what = 0; what < WORK_COUNT; what++) {
            cell last = {0};
            for (size_t i = 0; i < LENGTH_COUNT; i++) {
                if (i >= count) {
                    printf(" |");
                    continue;
                }
                last = measure(extractor, &text_kinds[k], lengths[i], what, is_quick ? 0 : CELL_TIME_US);
                print_time(last.ms);
            }
            if (last.ms < 0 || last.ms > worst[what]) {
                worst[what] = last.ms < 0 ? CELL_LIMIT_SECONDS * 1000.0 : last.ms;
                worst_name[what] = text_kinds[k].name;
            }
            is_good &= last.ms >= 0 && last.ms <= WORST_LIMIT_MS;
            printf(" %.1f |", last.ms * 1e6 / (double)lengths[count - 1]);
            if (what == WORK_EXTRACT) printf(" %.1f MiB |", (double)last.peak_kib / 1024);
        }
        printf("\n");
    }
    printf("\nSlowest: %.0f ms for extraction (%s), %.0f ms for redaction (%s); the limit is %.0f ms: %s.\n",
           worst[WORK_EXTRACT], worst_name[WORK_EXTRACT], worst[WORK_REDACT], worst_name[WORK_REDACT], WORST_LIMIT_MS,
           is_good ? "pass" : "FAIL");
    return is_good;
}

/* The user's own patterns on the longest text: a good one, many, and some that are hopeless. Returns: false if one took
 * too long. */
static bool print_patterns(void) {
    static const struct {
        const char *name, *json;
    } sets[] = {
        {"none", "{}"},
        {"`\\bticket [0-9]+`", "{\"p\": {\"regex\": \"\\\\bticket [0-9]+\"}}"},
        {"`(?:[a-z ]+)+[#$]`", "{\"p\": {\"regex\": \"(?:[a-z ]+)+[#$]\"}}"},
        {"`.*.*.*.*[#$]`", "{\"p\": {\"regex\": \".*.*.*.*[#$]\"}}"},
        {"`(?=.*+[#$])[aeiou]`", "{\"p\": {\"regex\": \"(?=.*+[#$])[aeiou]\"}}"},
    };
    const size_t length = lengths[LENGTH_COUNT - 1];
    bool is_good = true;
    printf("\n| own pattern | extraction of 1 MiB of prose, ms |\n|---|---|\n");
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        kmi_extractor *extractor = NULL;
        require(kmi_extractor_new(sets[i].json, &extractor, NULL) == KM_OK, "no extractor with patterns");
        cell found = measure(extractor, &text_kinds[0], length, WORK_EXTRACT, 0);
        printf("| %s |", sets[i].name);
        print_time(found.ms);
        printf("\n");
        is_good &= found.ms >= 0 && found.ms <= WORST_LIMIT_MS;
        kmi_extractor_free(extractor);
    }
    printf("\nThe limit is %.0f ms: %s.\n\n", WORST_LIMIT_MS, is_good ? "pass" : "FAIL");
    return is_good;
}

/* Two sentences each, as a hook sends them. */
static void print_short(const kmi_extractor *extractor) {
    enum { LENGTH = 160 };
    size_t size = (size_t)SHORT_TEXTS * LENGTH;
    char *text = text_make(&text_kinds[0], size, 7);
    require(text != NULL, "out of memory");
    int64_t best[WORK_COUNT] = {INT64_MAX, INT64_MAX};
    for (int round = 0; round < 5; round++) {
        for (work what = 0; what < WORK_COUNT; what++) {
            int64_t start = kmi_clock_thread_cpu_us();
            for (size_t at = 0; at + LENGTH <= size; at += LENGTH) {
                if (what == WORK_EXTRACT)
                    extract(extractor, (kmi_slice){text + at, LENGTH});
                else
                    redact((kmi_slice){text + at, LENGTH});
            }
            int64_t took = kmi_clock_thread_cpu_us() - start;
            if (took < best[what]) best[what] = took;
        }
    }
    printf("Texts of %d bytes on one core, best of 5: extraction %.0f a second (%.1f µs each), redaction %.0f a second "
           "(%.2f µs each).\n",
           LENGTH, SHORT_TEXTS * 1e6 / (double)best[WORK_EXTRACT], (double)best[WORK_EXTRACT] / SHORT_TEXTS,
           SHORT_TEXTS * 1e6 / (double)best[WORK_REDACT], (double)best[WORK_REDACT] / SHORT_TEXTS);
    free(text);
}

int main(int argc, char **argv) {
    kmi_extractor *extractor = NULL;
    bool is_short = argc == 2 && strcmp(argv[1], "--short") == 0;
    bool is_quick = argc == 2 && strcmp(argv[1], "--quick") == 0;
    if (argc > 2 || (argc == 2 && !is_short && !is_quick)) {
        fprintf(stderr, "usage: bench_extract [--short|--quick]\n");
        return 2;
    }
    require(kmi_extractor_new(NULL, &extractor, NULL) == KM_OK, "no extractor");
    bool is_good = true;
    if (!is_short) is_good = print_table(extractor, is_quick);
    if (!is_short && !is_quick) is_good &= print_patterns();
    print_short(extractor);
    kmi_extractor_free(extractor);
    return is_good ? 0 : 1;
}
