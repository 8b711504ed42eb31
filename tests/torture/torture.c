/* torture.c - does everything that can be done with a memory again and again, while the first, the second, the third … operation of
 * a kind fails, until all of it works. Whatever fails: nothing crashes, the call says so in words that hold no memory,
 * what was there is as it was or as it should have become, and the memory is sound.
 *
 *     torture memory|files [--full] [--only NAME] [--seed N]
 *
 * Without --full the n grow by a tenth each time, from a beginning that the seed chooses. TAP. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"
#include "scenarios.h"

enum { runs_max = 100000, lost_blocks_bytes_max = 256 * 1024, looks_every = 7, described_max = 1 << 20 };

typedef struct mode {
    const char *name;
    fault_kind kind;
    fault_way way;
    int error_number;
} mode;

static const mode MODES[] = {
    {"memory: one allocation fails", FAULT_MEMORY, FAULT_ONCE, ENOMEM},
    {"memory: none is left", FAULT_MEMORY, FAULT_FROM_ON, ENOMEM},
    {"files: one operation fails", FAULT_FILES, FAULT_ONCE, EIO},
    {"files: all fail from then on", FAULT_FILES, FAULT_FROM_ON, EIO},
    {"files: the disk is full from then on", FAULT_FILES, FAULT_FROM_ON, ENOSPC},
};

static char base[64]; /* of all files of this run */
static uint64_t random_state;
static bool is_full;

static uint64_t draw(void) { /* xorshift64 */
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* ---- Copies of the template ---- */

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static const char *copy_from;
static const char *copy_to;

static int copy_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    static char bytes[1 << 20];
    char target[512];
    (void)walk;
    snprintf(target, sizeof target, "%s%s", copy_to, path + strlen(copy_from));
    if (type == FTW_D) return mkdir(target, 0700) == 0 || errno == EEXIST ? 0 : -1;
    int in = open(path, O_RDONLY | O_CLOEXEC), out = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int failed = in < 0 || out < 0;
    off_t at = 0;
    while (!failed && at < info->st_size) {
        ssize_t len = pread(in, bytes, sizeof bytes, at);
        failed = len <= 0 || pwrite(out, bytes, (size_t)len, at) != len;
        at += len;
    }
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    return failed ? -1 : 0;
}

static void copy_tree(const char *from, const char *to) {
    copy_from = from;
    copy_to = to;
    if (nftw(from, copy_entry, 16, FTW_PHYS) != 0) abort();
}

/* The file is a link, as in a collection of dotfiles: it must stay one. */
static void link_file(const scene *s, const char *name) {
    char target[256], path[256];
    snprintf(target, sizeof target, "%s/behind-the-link", s->beside);
    snprintf(path, sizeof path, "%s/%s", s->beside, name);
    int fd = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "{}\n", 3) != 3 || close(fd) != 0 || symlink(target, path) != 0) abort();
}

static void begin(scene *s, const scenario *what) {
    char from[128];
    memset(s, 0, sizeof *s);
    snprintf(s->beside, sizeof s->beside, "%s/run", base);
    snprintf(s->root, sizeof s->root, "%s/run/project", base);
    snprintf(from, sizeof from, "%s/template", base);
    nftw(s->beside, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    copy_tree(from, s->beside);
    if (what->program != NULL) link_file(s, what->program);
    s->project = scene_open(s);
    scene_prepare(s, what);
    if (!what->opens_itself) return;
    km_project_free(s->project);
    s->project = NULL;
}

/* ---- Judging ---- */

typedef struct verdict {
    long runs, failures; /* calls, and how many of them said that they failed */
    char complaint[512]; /* empty: all was well */
} verdict;

__attribute__((format(printf, 2, 3))) static void complain(verdict *v, const char *format, ...) {
    va_list arguments;
    if (v->complaint[0] != '\0') return;
    va_start(arguments, format);
    vsnprintf(v->complaint, sizeof v->complaint, format, arguments);
    va_end(arguments);
}

static bool is_expected(const scenario *what, const mode *how, int status) {
    if (what->is_program)
        return status == 0 || status == 1 || status == 2 || status == 69 || status == 73 || status == 75;
    if (how->kind == FAULT_MEMORY) return status == KM_E_NOMEM || status == KM_E_IO || status == KM_E_BUSY;
    if (status == KM_E_INVALID) return strcmp(what->name, "restore") == 0; /* a backup that cannot be read through */
    return status == KM_E_IO || status == KM_E_BUSY || status == KM_E_STORE || status == KM_E_NOMEM;
}

static void check_status(verdict *v, const scene *s, const scenario *what, const mode *how, int status, long n) {
    if (!is_expected(what, how, status))
        complain(v, "n %ld: status %d: %s", n, status, s->error.message);
    else if (!what->is_program && (s->error.message[0] == '\0' || (int)s->error.status != status))
        complain(v, "n %ld: status %d, and the error says %d: \"%s\"", n, status, (int)s->error.status,
                 s->error.message);
    if (strstr(s->error.message, SECRET_WORD) != NULL) complain(v, "n %ld: the error holds a memory", n);
}

/* A header of the queue that was written by half is mended by the next worker, so that one works first. */
static void check_soundness(verdict *v, const scene *s, long n) {
    km_project *project = scene_open(s);
    km_health_report *report = NULL;
    km_error error = {0};
    if (km_worker_run(project, NULL, &error) != KM_OK)
        complain(v, "n %ld: afterwards no worker works: %s", n, error.message);
    if (km_doctor(project, false, &report, &error) != KM_OK) {
        complain(v, "n %ld: doctor: %s", n, error.message);
    } else {
        for (size_t i = 0; i < report->finding_count; i++) {
            const km_finding *finding = &report->findings[i];
            bool is_damage = finding->level == KM_HEALTH_BROKEN || strstr(finding->code, "damage") != NULL ||
                             strstr(finding->code, "wrong") != NULL || strstr(finding->code, "dangling") != NULL;
            if (is_damage) complain(v, "n %ld: afterwards %s: %s", n, finding->code, finding->what);
        }
        km_health_report_free(report);
    }
    km_project_free(project);
}

static void describe(const scene *s, const scenario *what, kmi_buf *text) {
    kmi_buf_clear(text);
    scene_describe(s, what, text);
    kmi_buf_add_char(text, '\0');
}

/* The first line in which two descriptions differ. */
static void show_difference(verdict *v, long n, const char *got, const char *before) {
    size_t at = 0, line = 0;
    for (; got[at] != '\0' && got[at] == before[at]; at++)
        if (got[at] == '\n') line = at + 1;
    complain(v, "n %ld: neither as before nor as after; from \"%.150s\" to \"%.150s\"", n, before + line, got + line);
}

typedef struct states {
    kmi_buf before, after, now;
} states;

/* The worker may have done a part of its work in order, and a repair a part of its repairs. */
static bool may_stop_between(const scenario *what, const mode *how) {
    /* Between two renames, with a disk that does nothing any more, the store stays aside. */
    if (how->way == FAULT_FROM_ON && strcmp(what->name, "restore") == 0) return true;
    static const char *const NAMES[] = {"drain", "doctor-fix", "forget", "install"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(what->name, NAMES[i]) == 0) return true;
    return false;
}

static void check_state(verdict *v, const scene *s, const scenario *what, const mode *how, states *known, long n) {
    describe(s, what, &known->now);
    bool is_before = strcmp(known->now.ptr, known->before.ptr) == 0;
    bool is_after = strcmp(known->now.ptr, known->after.ptr) == 0;
    if (is_before || is_after || may_stop_between(what, how)) return;
    show_difference(v, n, known->now.ptr, known->before.ptr);
}

/* Also where only a part was done. */
static void check_link(verdict *v, const scene *s, const scenario *what, long n) {
    char path[256];
    struct stat info;
    if (what->program == NULL) return;
    snprintf(path, sizeof path, "%s/%s", s->beside, what->program);
    if (lstat(path, &info) != 0 || !S_ISLNK(info.st_mode)) complain(v, "n %ld: the link %s is gone", n, what->program);
}

/* One run in which the n-th operation fails. Returns: whether none was left to fail. */
static bool run_once(verdict *v, const scenario *what, const mode *how, states *known, long n) {
    scene s;
    begin(&s, what);
    faults_arm(how->kind, how->way, n, how->error_number);
    int status = what->act(&s);
    long failed = faults_disarm();
    km_project_free(s.project);
    v->runs++;
    if (status != 0) {
        v->failures++;
        check_status(v, &s, what, how, status, n);
    }
    if (status != 0 && failed == 0) complain(v, "n %ld: fails without a fault: %s", n, s.error.message);
    check_state(v, &s, what, how, known, n);
    check_link(v, &s, what, n);
    if (v->runs % looks_every == 0 || is_full) check_soundness(v, &s, n);
    return failed == 0;
}

static void torture(verdict *v, const scenario *what, const mode *how) {
    scene s;
    states known;
    memset(v, 0, sizeof *v);
    kmi_buf_init(&known.before, described_max);
    kmi_buf_init(&known.after, described_max);
    kmi_buf_init(&known.now, described_max);
    begin(&s, what);
    describe(&s, what, &known.before);
    int status = what->act(&s);
    if (status != 0) complain(v, "without faults: status %d: %s", status, s.error.message);
    km_project_free(s.project);
    describe(&s, what, &known.after);
    size_t heap = 0;
    long n = 0;
    for (long run = 0; run < runs_max && v->complaint[0] == '\0'; run++) {
        if (run_once(v, what, how, &known, n)) break;
        if (run == 3) heap = mallinfo2().uordblks; /* what is kept for the life of the process is there by now */
        n += is_full || n < 12 ? 1 : 1 + (long)(draw() % (uint64_t)(1 + n / 5));
    }
    if (heap != 0 && mallinfo2().uordblks > heap + lost_blocks_bytes_max) complain(v, "memory is lost");
    kmi_buf_deinit(&known.before);
    kmi_buf_deinit(&known.after);
    kmi_buf_deinit(&known.now);
}

static void make_template(void) {
    char root[128], backup[128];
    bool has_shm = access("/dev/shm", W_OK) == 0;
    snprintf(base, sizeof base, "%s/km-torture-XXXXXX", has_shm ? "/dev/shm" : "/tmp");
    if (mkdtemp(base) == NULL) abort();
    setenv("XDG_CONFIG_HOME", base, 1);
    setenv("KUZU_MEMORY_PROGRAM", "/nonexistent/kuzu-memory", 1);
    unsetenv("KUZU_MEMORY_PROJECT");
    snprintf(root, sizeof root, "%s/template", base);
    if (mkdir(root, 0700) != 0) abort();
    snprintf(root, sizeof root, "%s/template/project", base);
    if (mkdir(root, 0700) != 0) abort();
    scene_make_template(root);
    scene s = {.project = NULL};
    snprintf(s.root, sizeof s.root, "%s", root);
    snprintf(backup, sizeof backup, "%s/template/good.kmb", base);
    s.project = scene_open(&s);
    if (km_backup(s.project, backup, NULL, NULL) != KM_OK) abort();
    km_project_free(s.project);
}

static int usage(void) {
    fprintf(stderr, "usage: torture memory|files [--full] [--only NAME] [--seed N]\n");
    return 2;
}

int main(int argc, char **argv) {
    const char *only = NULL;
    uint64_t seed = (uint64_t)time(NULL);
    int failures = 0, count = 0;
    if (argc < 2) return usage();
    fault_kind kind = strcmp(argv[1], "memory") == 0 ? FAULT_MEMORY : FAULT_FILES;
    for (int i = 2; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--full") == 0)
            is_full = true;
        else if (strcmp(argv[i], "--only") == 0 && has_value)
            only = argv[++i];
        else if (strcmp(argv[i], "--seed") == 0 && has_value)
            seed = strtoull(argv[++i], NULL, 10);
        else
            return usage();
    }
    printf("# seed %llu\n", (unsigned long long)seed);
    random_state = seed * 2654435761u + 1;
    faults_install();
    make_template();
    for (size_t m = 0; m < sizeof MODES / sizeof MODES[0]; m++) {
        for (const scenario *what = scenarios; what->name != NULL; what++) {
            verdict v;
            struct timespec from, to;
            clock_gettime(CLOCK_MONOTONIC, &from);
            if (MODES[m].kind != kind || (only != NULL && strcmp(only, what->name) != 0)) continue;
            torture(&v, what, &MODES[m]);
            clock_gettime(CLOCK_MONOTONIC, &to);
            bool is_good = v.complaint[0] == '\0';
            printf("%sok %d - %s: %s (%ld runs, %ld said no, %ld s)\n", is_good ? "" : "not ", ++count, what->name,
                   MODES[m].name, v.runs, v.failures, (long)(to.tv_sec - from.tv_sec));
            if (!is_good) printf("# %s\n", v.complaint);
            fflush(stdout);
            failures += !is_good;
        }
    }
    printf("1..%d\n", count);
    nftw(base, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return failures != 0;
}
