/* spawner.c - starts programs and measures from spawn to reap. One small C parent for all variants: a scripting
 * language's fork would cost more than what is measured, and its memory would show in the children's maximum.
 *
 * Variants are interleaved, so that whatever else the machine does hits all of them alike. Children find the null
 * device at descriptors 0-2. In arguments, {n} becomes a running number of six digits. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { VARIANT_LIMIT = 16, ARGUMENT_LIMIT = 64, ARGUMENT_SIZE = 4096, CHILD_LIMIT = 10000 };

static const char usage[] =
    "usage: spawner interleave [OPTIONS] -- NAME PROGRAM [ARGUMENT...] [::: NAME PROGRAM ...]\n"
    "       spawner burst [OPTIONS] -- PROGRAM [ARGUMENT...]\n"
    "  --count N       rounds, or processes at once (100)\n"
    "  --gap-us US     pause before each start (0; interleave only)\n"
    "  --settle        after each start, wait until what it left running has ended too (interleave only)\n"
    "  --first N       what {n} starts with (0)\n"
    "  --limit-ms MS   kill what runs longer, in all (60000)\n"
    "Prints one line a process: NAME NANOSECONDS STATUS MAXRSS_KB; status 128 + n: ended by signal n.\n";

extern char **environ;

typedef struct variant {
    const char *name;
    char *const *arguments;
    size_t count;
} variant;

typedef struct settings {
    long count;
    long gap_us;
    long first;
    long limit_ms;
    bool settles;
} settings;

typedef struct ended {
    pid_t pid;
    int status;
    int64_t at_ns;
    long max_kb;
} ended;

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static _Noreturn void fail(const char *what, const char *value) {
    fprintf(stderr, "spawner: %s \"%s\"\n%s", what, value, usage);
    exit(125);
}

static long parse_number(const char *text) {
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0) fail("not a number:", text);
    return value;
}

static int exit_code(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Copies an argument, {n} replaced. */
static void fill_in(char *ret_text, const char *argument, long number) {
    const char *place = strstr(argument, "{n}");
    int written = place == NULL ? snprintf(ret_text, ARGUMENT_SIZE, "%s", argument)
                                : snprintf(ret_text, ARGUMENT_SIZE, "%.*s%06ld%s", (int)(place - argument), argument,
                                           number, place + 3);
    if (written < 0 || written >= ARGUMENT_SIZE) fail("argument too long:", argument);
}

static posix_spawn_file_actions_t quiet;

static void prepare_descriptors(void) {
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0) fail("cannot open", "/dev/null");
    posix_spawn_file_actions_init(&quiet);
    for (int fd = 0; fd < 3; fd++) posix_spawn_file_actions_adddup2(&quiet, null_fd, fd);
}

static pid_t start(char *const *arguments, size_t count, long number) {
    static char texts[ARGUMENT_LIMIT][ARGUMENT_SIZE];
    char *filled[ARGUMENT_LIMIT + 1] = {0};
    if (count > ARGUMENT_LIMIT) fail("too many arguments for", arguments[0]);
    for (size_t i = 0; i < count; i++) {
        fill_in(texts[i], arguments[i], number);
        filled[i] = texts[i];
    }
    pid_t pid = -1;
    int problem = posix_spawn(&pid, filled[0], &quiet, NULL, filled, environ);
    if (problem != 0) {
        fprintf(stderr, "spawner: cannot start \"%s\": %s\n", filled[0], strerror(problem));
        exit(125);
    }
    return pid;
}

/* ---- One after another ---- */

static volatile pid_t running; /* the child that is being measured */

static void on_alarm(int number) {
    (void)number;
    if (running > 0) kill(running, SIGKILL);
    static const char message[] = "spawner: time limit reached\n";
    ssize_t ignored = write(2, message, sizeof message - 1);
    (void)ignored;
    _exit(124);
}

static void reap_orphans(void) {
    while (waitpid(-1, NULL, 0) > 0) continue;
}

static void measure_one(const settings *set, const variant *v, long number) {
    if (set->gap_us > 0) {
        struct timespec pause = {set->gap_us / 1000000, (set->gap_us % 1000000) * 1000};
        nanosleep(&pause, NULL);
    }
    int status = 0;
    struct rusage usage_of_child;
    int64_t begin_ns = now_ns();
    pid_t pid = start(v->arguments, v->count, number);
    running = pid;
    while (wait4(pid, &status, 0, &usage_of_child) < 0 && errno == EINTR) continue;
    int64_t took_ns = now_ns() - begin_ns;
    running = 0;
    printf("%s %lld %d %ld\n", v->name, (long long)took_ns, exit_code(status), usage_of_child.ru_maxrss);
    if (set->settles) reap_orphans();
}

static int run_interleaved(const settings *set, const variant *variants, size_t variant_count) {
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    alarm((unsigned)(set->limit_ms / 1000 + 1));
    if (set->settles) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    for (long round = 0; round < set->count; round++)
        for (size_t i = 0; i < variant_count; i++) measure_one(set, &variants[i], set->first + round);
    return 0;
}

/* ---- All at once ---- */

static ended ends[CHILD_LIMIT];
static _Atomic long end_count;
static long end_target;

/* A thread of its own takes the ends, so that a child's time does not include the start of later ones. */
static void *take_ends(void *context) {
    (void)context;
    while (end_count < end_target) {
        struct rusage usage_of_child;
        int status = 0;
        pid_t pid = wait4(-1, &status, 0, &usage_of_child);
        if (pid > 0) {
            ends[end_count] = (ended){pid, status, now_ns(), usage_of_child.ru_maxrss};
            end_count++;
        } else if (errno == ECHILD) {
            usleep(100); /* none started yet */
        }
    }
    return NULL;
}

static const ended *find_end(pid_t pid) {
    for (long i = 0; i < end_count; i++)
        if (ends[i].pid == pid) return &ends[i];
    return NULL;
}

static int run_burst(const settings *set, const variant *v) {
    static pid_t pids[CHILD_LIMIT];
    static int64_t begins_ns[CHILD_LIMIT];
    if (set->count > CHILD_LIMIT) fail("too many processes for", "burst");
    end_target = set->count;
    pthread_t taker;
    if (pthread_create(&taker, NULL, take_ends, NULL) != 0) fail("cannot start", "a thread");
    int64_t deadline_ns = now_ns() + (int64_t)set->limit_ms * 1000000;
    for (long i = 0; i < set->count; i++) {
        begins_ns[i] = now_ns();
        pids[i] = start(v->arguments, v->count, set->first + i);
    }
    while (end_count < end_target && now_ns() < deadline_ns) usleep(1000);
    bool is_late = end_count < end_target;
    for (long i = 0; is_late && i < set->count; i++)
        if (find_end(pids[i]) == NULL) kill(pids[i], SIGKILL);
    pthread_join(taker, NULL);
    for (long i = 0; i < set->count; i++) {
        const ended *end = find_end(pids[i]);
        printf("%s %lld %d %ld\n", v->name, (long long)(end->at_ns - begins_ns[i]), exit_code(end->status),
               end->max_kb);
    }
    return is_late ? 124 : 0;
}

/* ---- Command line ---- */

static int parse_option(settings *set, const char *option, const char *value) {
    if (strcmp(option, "--settle") == 0) {
        set->settles = true;
        return 1;
    }
    if (value == NULL) fail("no value for", option);
    if (strcmp(option, "--count") == 0) {
        set->count = parse_number(value);
    } else if (strcmp(option, "--gap-us") == 0) {
        set->gap_us = parse_number(value);
    } else if (strcmp(option, "--first") == 0) {
        set->first = parse_number(value);
    } else if (strcmp(option, "--limit-ms") == 0) {
        set->limit_ms = parse_number(value);
    } else {
        fail("unknown option", option);
    }
    return 2;
}

/* Splits NAME PROGRAM ARGUMENT... ::: NAME ... */
static size_t parse_variants(int argc, char *argv[], int first, variant *ret_variants) {
    size_t count = 0;
    for (int i = first; i < argc;) {
        if (count == VARIANT_LIMIT) fail("too many variants, at", argv[i]);
        int end = i + 1;
        while (end < argc && strcmp(argv[end], ":::") != 0) end++;
        if (end - i < 2) fail("no program for", argv[i]);
        ret_variants[count++] = (variant){argv[i], argv + i + 1, (size_t)(end - i - 1)};
        i = end + 1;
    }
    return count;
}

int main(int argc, char *argv[]) {
    settings set = {.count = 100, .limit_ms = 60000};
    if (argc < 2) fail("no mode, only", argv[0]);
    int i = 2;
    while (i < argc && strcmp(argv[i], "--") != 0) i += parse_option(&set, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
    if (i + 1 >= argc) fail("no program after", "--");
    prepare_descriptors();
    if (strcmp(argv[1], "burst") == 0) {
        variant all = {"burst", argv + i + 1, (size_t)(argc - i - 1)};
        return run_burst(&set, &all);
    }
    if (strcmp(argv[1], "interleave") != 0) fail("unknown mode", argv[1]);
    variant variants[VARIANT_LIMIT];
    size_t variant_count = parse_variants(argc, argv, i + 1, variants);
    return run_interleaved(&set, variants, variant_count);
}
