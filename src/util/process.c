/* process.c - starting a program that belongs to no one.
 *
 * Two clones in a row, both sharing the parent's memory while the parent stands still: nothing is copied (a fork() of a
 * large process costs milliseconds). The first child leads a new session and ends at once, so that init adopts the
 * program and no zombie is left to the caller; it sends no SIGCHLD, so that a host program's handler does not see it.
 * posix_spawn() can neither do that nor change the directory nor close unknown descriptors. vfork() would do, but the
 * sanitizers' wrapper of it keeps one return address only and cannot be nested.
 *
 * Between clone and exec only system calls happen and no memory of the parent is changed. A failed exec comes back as
 * its errno through a close-on-exec pipe, not through the shared memory: valgrind and some emulators turn such a clone
 * into a plain fork, and then nothing is shared. */
#include "util/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

/* The most descriptors the fallback without close_range() looks at. */
#define MOST_DESCRIPTORS 65536
/* Enough for a few frames of system calls, sanitizers included. */
#define CHILD_STACK_BYTES (16 * 1024)

typedef struct child_stack {
    _Alignas(16) char bytes[CHILD_STACK_BYTES];
} child_stack;

typedef struct launch {
    const char *program;
    char *const *arguments;
    char *const *environment;
    int keep_fd;   /* -1: none */
    int report_fd; /* the errno of a failure is written here */
    child_stack stacks[2];
} launch;

/* ---- In the children: system calls only ---- */

static _Noreturn void report_and_exit(const launch *plan, int failure) {
    ssize_t written = 0;
    do {
        written = write(plan->report_fd, &failure, sizeof failure);
    } while (written < 0 && errno == EINTR);
    _exit(127);
}

/* ThreadSanitizer takes every clone for a fork() and would unlock its own locks twice in shared memory: it gets a copy. */
#if defined(__SANITIZE_THREAD__)
#define SHARED_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHARED_MEMORY 0
#endif
#endif
#ifndef SHARED_MEMORY
#define SHARED_MEMORY (CLONE_VM | CLONE_VFORK)
#endif

/* Returns: the process id of a child that runs `enter` in our memory while we wait for its exec or exit, or -1. */
static pid_t start_child(int (*enter)(void *), launch *plan, child_stack *stack, int exit_signal) {
    return clone(enter, stack->bytes + sizeof stack->bytes, SHARED_MEMORY | exit_signal, plan);
}

/* Handlers must be gone before the mask opens: one that ran here would run in the parent's memory. */
static void reset_signals(void) {
    struct sigaction default_action = {.sa_handler = SIG_DFL};
    for (int number = 1; number <= SIGRTMAX; number++) {
        (void)sigaction(number, &default_action, NULL); /* KILL, STOP and libc's own refuse, and need nothing */
    }
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Marks every descriptor from 3 on close-on-exec, and takes the mark from the one to keep. */
static bool prepare_descriptors(const launch *plan) {
    int null_fd = open("/dev/null", O_RDWR | O_NOCTTY);
    if (null_fd < 0) {
        return false;
    }
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(null_fd, fd) < 0) {
            return false;
        }
    }
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
        struct rlimit limit = {.rlim_cur = MOST_DESCRIPTORS};
        (void)getrlimit(RLIMIT_NOFILE, &limit);
        int end = limit.rlim_cur < MOST_DESCRIPTORS ? (int)limit.rlim_cur : MOST_DESCRIPTORS;
        for (int fd = 3; fd < end; fd++) {
            (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        }
    }
    return plan->keep_fd < 0 || fcntl(plan->keep_fd, F_SETFD, 0) == 0;
}

static int become_program(void *context) {
    const launch *plan = context;
    if (!prepare_descriptors(plan) || chdir("/") < 0) {
        report_and_exit(plan, errno);
    }
    reset_signals();
    execve(plan->program, plan->arguments, plan->environment);
    report_and_exit(plan, errno);
}

static int become_intermediate(void *context) {
    launch *plan = context;
    if (setsid() < 0 || start_child(become_program, plan, &plan->stacks[1], SIGCHLD) < 0) {
        report_and_exit(plan, errno);
    }
    _exit(0);
}

/* ---- In the parent ---- */

static km_status make_report_pipe(int ends[2], km_error *error) {
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return kmi_fail_errno(error, errno, "cannot make a pipe");
    }
    for (int i = 0; i < 2; i++) {
        if (ends[i] > STDERR_FILENO) {
            continue;
        }
        /* A caller without standard descriptors: the child puts the null device on these numbers. */
        int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (moved < 0) {
            return kmi_fail_errno(error, errno, "cannot move a pipe");
        }
        (void)close(ends[i]);
        ends[i] = moved;
    }
    return KM_OK;
}

/* Starts the intermediate process and reaps it. Returns: 0 or the errno of clone(). */
static int run_intermediate(launch *plan) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = 0;
    pid_t child = start_child(become_intermediate, plan, &plan->stacks[0], 0);
    if (child < 0) {
        failure = errno;
    } else {
        /* A child without exit signal is waited for with __WALL only; nobody else reaps it by accident. */
        while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR) {
        }
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

/* Returns: the errno a child reported, or 0 when the pipe ended by exec. */
static int read_report(int fd) {
    int failure = 0;
    ssize_t got = 0;
    do {
        got = read(fd, &failure, sizeof failure);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof failure ? failure : 0;
}

km_status kmi_process_spawn_detached(const char *program, char *const arguments[], int keep_fd, km_error *error) {
    if (keep_fd >= 0 && keep_fd <= STDERR_FILENO) {
        return kmi_fail(error, KM_E_INVALID, "descriptor %d cannot be handed to \"%s\": it is a standard one", keep_fd,
                        program);
    }
    int ends[2] = {-1, -1};
    km_status status = make_report_pipe(ends, error);
    if (status == KM_OK) {
        launch plan;
        plan.program = program;
        plan.arguments = arguments;
        plan.environment = environ;
        plan.keep_fd = keep_fd;
        plan.report_fd = ends[1];
        int failure = run_intermediate(&plan);
        kmi_fd_close(&ends[1]);
        if (failure == 0) {
            failure = read_report(ends[0]);
        }
        if (failure != 0) {
            kmi_fail_errno(error, failure, "cannot start \"%s\"", program);
            status = KM_E_IO;
        }
    }
    kmi_fd_close(&ends[0]);
    kmi_fd_close(&ends[1]);
    if (status != KM_OK && error != NULL) {
        error->status = KM_E_IO; /* whatever the reason: the surroundings could not start it */
    }
    return status != KM_OK ? KM_E_IO : KM_OK;
}

/* ---- Looking at processes ---- */

static ssize_t read_text(const char *path, char *text, size_t size) {
    KMI_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    ssize_t got = 0;
    do {
        got = read(fd, text, size - 1);
    } while (got < 0 && errno == EINTR);
    if (got >= 0) {
        text[got] = '\0';
    }
    return got;
}

kmi_process_usage kmi_process_get_usage(void) {
    kmi_process_usage usage = {0};
    struct rusage used;
    char text[128];
    if (getrusage(RUSAGE_SELF, &used) == 0) {
        usage.peak_bytes = (uint64_t)used.ru_maxrss * 1024;
        usage.cpu_us = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
                       (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    }
    if (read_text("/proc/self/statm", text, sizeof text) > 0) {
        char *second = strchr(text, ' '); /* total pages, then resident ones */
        usage.resident_bytes = second == NULL ? 0 : strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    }
    return usage;
}

/* Returns: the 22nd field of /proc/PID/stat, or 0. Field 2 is the program's name and may hold spaces and brackets, so
 * counting starts behind the last closing bracket. */
static uint64_t parse_start_ticks(const char *text) {
    const char *at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    if (at == NULL) {
        return 0;
    }
    char *end = NULL;
    errno = 0;
    unsigned long long ticks = strtoull(at + 1, &end, 10);
    return errno == 0 && end != at + 1 ? ticks : 0;
}

uint64_t kmi_process_start_ticks(int64_t pid) {
    if (pid <= 0) {
        return 0;
    }
    char path[48];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    char text[1024];
    if (read_text(path, text, sizeof text) <= 0) {
        return 0;
    }
    return parse_start_ticks(text);
}

void kmi_process_name(int64_t pid, char *name, size_t size) {
    char path[48], text[64];
    if (pid <= 0) return;
    snprintf(path, sizeof path, "/proc/%lld/comm", (long long)pid);
    if (read_text(path, text, sizeof text) <= 0) return;
    text[strcspn(text, "\n")] = '\0';
    for (char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 127) *at = '?';
    snprintf(name, size, "%s", text);
}
