/* tracer.c - PTRACE_SEIZE and PTRACE_GET_SYSCALL_INFO instead of PTRACE_TRACEME and raw registers: real stop signals
 * keep their meaning, and entry and exit of a call cannot be mixed up.
 *
 * Counting begins with the program's own exec, so n means the same in every run of one program. With threads or several
 * processes the order is that of arrival; a sweep therefore goes on until a run ends without reaching its n. */
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "calls.h"
#include "inject.h"

enum { TRACEE_LIMIT = 4096, TICK_US = 50000, PATH_SHOWN = 256 };

typedef struct tracee {
    pid_t tid;
    pid_t tgid;
    long call; /* the call it is in */
    uint64_t arguments[6];
    long record; /* id of this call in the record, 0: none */
    uint64_t program_break;
    bool dies_at_exit;  /* of that call */
    bool fails_at_exit; /* of that call */
    altered change;
} tracee;

typedef struct tracer {
    const trace_plan *plan;
    trace_result *result;
    pid_t first;
    bool is_started; /* the program's exec has happened */
    bool is_doomed;  /* everybody dies, also a child that was born while we killed the others */
    size_t count;
    tracee tracees[TRACEE_LIMIT];
} tracer;

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static pid_t thread_group(pid_t tid) {
    char path[64];
    char line[256];
    snprintf(path, sizeof path, "/proc/%d/status", tid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return tid;
    }
    pid_t tgid = tid;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Tgid:", 5) == 0) {
            tgid = (pid_t)strtol(line + 5, NULL, 10);
            break;
        }
    }
    fclose(file);
    return tgid;
}

static tracee *find_tracee(tracer *t, pid_t tid) {
    for (size_t i = 0; i < t->count; i++) {
        if (t->tracees[i].tid == tid) {
            return &t->tracees[i];
        }
    }
    if (t->count == TRACEE_LIMIT) {
        fprintf(stderr, "faultrun: more than %d threads\n", TRACEE_LIMIT);
        exit(125); /* the kernel kills the tracees */
    }
    tracee *added = &t->tracees[t->count++];
    *added = (tracee){.tid = tid, .tgid = thread_group(tid), .call = -1};
    if (added->tgid == tid) {
        t->result->process_count++;
    }
    return added;
}

static void drop_tracee(tracer *t, pid_t tid) {
    for (size_t i = 0; i < t->count; i++) {
        if (t->tracees[i].tid == tid) {
            t->tracees[i] = t->tracees[--t->count];
            return;
        }
    }
}

static void kill_all(tracer *t) {
    t->is_doomed = true;
    for (size_t i = 0; i < t->count; i++) {
        kill(t->tracees[i].tgid, SIGKILL);
    }
}

static void kill_chosen(tracer *t, const tracee *caller) {
    if (t->plan->kills_tree) {
        kill_all(t);
    } else {
        kill(caller->tgid, SIGKILL);
    }
}

static bool is_counted(const tracer *t, const tracee *caller, long call) {
    bool is_first = caller->tgid == t->first;
    if ((t->plan->counted == WHOSE_FIRST && !is_first) || (t->plan->counted == WHOSE_DESCENDANTS && is_first)) {
        return false;
    }
    if (t->plan->filter_count == 0) {
        return t->plan->action != ACTION_SHORT || call_is_write(call);
    }
    for (size_t i = 0; i < t->plan->filter_count; i++) {
        if (t->plan->filter[i] == call) {
            return true;
        }
    }
    return false;
}

/* Reads in small steps, since a string near the end of a mapping cannot be read in one. */
static void read_path(pid_t tid, uint64_t address, char path[PATH_SHOWN]) {
    size_t len = 0;
    while (len < PATH_SHOWN - 1) {
        struct iovec here = {path + len, 1};
        struct iovec there = {(void *)(uintptr_t)(address + len), 1};
        if (process_vm_readv(tid, &here, 1, &there, 1, 0) != 1 || path[len] == '\0') {
            break;
        }
        len++;
    }
    path[len] = '\0';
}

static bool has_path_argument(long call) {
    static const long with_path[] = {SYS_openat,   SYS_openat2,   SYS_newfstatat, SYS_statx,      SYS_faccessat,
                                     SYS_unlinkat, SYS_renameat2, SYS_renameat,   SYS_readlinkat, SYS_mkdirat};
    for (size_t i = 0; i < sizeof with_path / sizeof with_path[0]; i++) {
        if (with_path[i] == call) {
            return true;
        }
    }
    return false;
}

static void write_trace(const tracer *t, const tracee *caller, const struct ptrace_syscall_info *info) {
    if (t->plan->trace == NULL) {
        return;
    }
    long call = (long)info->entry.nr;
    const char *name = call_name(call);
    char path[PATH_SHOWN] = "";
    if (has_path_argument(call)) {
        read_path(caller->tid, info->entry.args[1], path);
    }
#ifdef SYS_open
    if (call == SYS_open || call == SYS_stat || call == SYS_unlink || call == SYS_access || call == SYS_lstat) {
        read_path(caller->tid, info->entry.args[0], path);
    }
#endif
    fprintf(t->plan->trace, "%ld %s %d ", t->result->counted, caller->tgid == t->first ? "first" : "descendant",
            caller->tid);
    if (name != NULL) {
        fprintf(t->plan->trace, "%s", name);
    } else {
        fprintf(t->plan->trace, "call-%ld", call);
    }
    if (path[0] != '\0') {
        fprintf(t->plan->trace, " \"%s\"\n", path);
    } else {
        fprintf(t->plan->trace, " %lld %lld %lld\n", (long long)info->entry.args[0], (long long)info->entry.args[1],
                (long long)info->entry.args[2]);
    }
}

/* The tick that guards the time limit interrupts sleeps, hence the loop. */
static void sleep_us(long us) {
    struct timespec left = {us / 1000000, (us % 1000000) * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

/* Giving a lock back does not fail on any file system here, and SQLite counts on that. */
static bool is_unlock(const tracee *caller, const struct ptrace_syscall_info *info) {
    short type = F_RDLCK;
    if (info->entry.nr != SYS_fcntl || (info->entry.args[1] != F_SETLK && info->entry.args[1] != F_OFD_SETLK))
        return false;
    struct iovec here = {&type, sizeof type};
    struct iovec there = {(void *)(uintptr_t)(info->entry.args[2] + offsetof(struct flock, l_type)), sizeof type};
    return process_vm_readv(caller->tid, &here, 1, &there, 1, 0) == (ssize_t)sizeof type && type == F_UNLCK;
}

/* The call is skipped, with two exceptions that keep to what the kernel really does: close gives the descriptor back even if
 * it reports an error; brk knows no error codes and fails only when it should grow (by a page: glibc does not survive the failure
 * of the small correction that it makes at its start). */
static bool inject_error(tracee *caller, const struct ptrace_syscall_info *info) {
    long call = (long)info->entry.nr;
    if (call_cannot_fail(call) || is_unlock(caller, info)) return false;
    if (call == SYS_brk)
        return info->entry.args[0] >= caller->program_break + 4096 && inject_failing_brk(caller->tid, &caller->change);
    caller->fails_at_exit = call == SYS_close || inject_skip(caller->tid);
    return caller->fails_at_exit;
}

static void act(tracer *t, tracee *caller, const struct ptrace_syscall_info *info) {
    long call = (long)info->entry.nr;
    bool has_acted = true;
    switch (t->plan->action) {
    case ACTION_KILL_BEFORE:
        kill_chosen(t, caller);
        break;
    case ACTION_KILL_AFTER:
        caller->dies_at_exit = true;
        break;
    case ACTION_ERROR:
        has_acted = inject_error(caller, info);
        break;
    case ACTION_SHORT: {
        uint64_t arguments[6];
        memcpy(arguments, info->entry.args, sizeof arguments);
        has_acted = inject_short_write(caller->tid, call, arguments, t->plan->keep, &caller->change);
        break;
    }
    case ACTION_PAUSE:
        sleep_us(t->plan->pause_ms * 1000);
        break;
    case ACTION_NONE:
        has_acted = false;
        break;
    }
    if (has_acted) {
        t->result->fired++;
        t->result->fired_call = call;
        t->result->fired_in_first = caller->tgid == t->first;
    }
}

static void enter_call(tracer *t, tracee *caller, const struct ptrace_syscall_info *info) {
    caller->call = (long)info->entry.nr;
    memcpy(caller->arguments, info->entry.args, sizeof caller->arguments);
    if (t->plan->recorder != NULL && t->is_started)
        caller->record = record_enter(t->plan->recorder, caller->tid, caller->call, caller->arguments);
    if (!t->is_started || !is_counted(t, caller, caller->call)) {
        return;
    }
    long number = ++t->result->counted;
    write_trace(t, caller, info);
    if (t->plan->delay_us > 0) {
        sleep_us(t->plan->delay_us);
    }
    if (t->plan->at > 0 && number >= t->plan->at && (t->plan->times == 0 || number < t->plan->at + t->plan->times)) {
        act(t, caller, info);
    }
}

static void leave_call(tracer *t, tracee *caller, int64_t result) {
    if (caller->call == SYS_brk) caller->program_break = (uint64_t)result;
    if (t->plan->recorder != NULL && t->is_started)
        record_leave(t->plan->recorder, caller->tid, caller->tgid, caller->call, caller->arguments, caller->record,
                     result);
    if (t->plan->fs_type != 0 && result == 0 && (caller->call == SYS_fstatfs || caller->call == SYS_statfs)) {
        struct iovec here = {(void *)(uintptr_t)&t->plan->fs_type, sizeof t->plan->fs_type}; /* f_type comes first */
        struct iovec there = {(void *)(uintptr_t)caller->arguments[1], sizeof t->plan->fs_type};
        (void)!process_vm_writev(caller->tid, &here, 1, &there, 1, 0);
    }
    if (caller->dies_at_exit) {
        kill_chosen(t, caller);
    }
    if (caller->fails_at_exit) {
        inject_result(caller->tid, -t->plan->error);
    }
    if (caller->change.is_active) {
        inject_restore(caller->tid, &caller->change);
    }
    caller->dies_at_exit = false;
    caller->fails_at_exit = false;
    caller->change = (altered){0};
}

static void handle_call_stop(tracer *t, tracee *caller) {
    struct ptrace_syscall_info info = {0};
    if (ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, caller->tid, sizeof info, &info) <= 0) {
        return; /* it was killed meanwhile */
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        enter_call(t, caller, &info);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        leave_call(t, caller, info.exit.rval);
    }
}

static bool is_stop_signal(int number) {
    return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

/* Looks at one stop and lets the thread go on. */
static void handle_stop(tracer *t, pid_t tid, int status) {
    tracee *stopped = find_tracee(t, tid);
    int number = WSTOPSIG(status);
    int event = status >> 16;
    if (t->is_doomed) {
        kill(stopped->tgid, SIGKILL);
    }
    if (number == (SIGTRAP | 0x80)) {
        handle_call_stop(t, stopped);
        number = 0;
    } else if (event == PTRACE_EVENT_STOP && is_stop_signal(number)) {
        ptrace(PTRACE_LISTEN, tid, NULL, NULL); /* really stopped, by a signal of its own */
        return;
    } else if (event != 0) {
        if (event == PTRACE_EVENT_EXEC && tid == t->first) {
            t->is_started = true;
        }
        if (event == PTRACE_EVENT_EXEC && t->plan->recorder != NULL) record_start(t->plan->recorder, tid);
        number = 0;
    }
    ptrace(PTRACE_SYSCALL, tid, NULL, (long)number);
}

static void on_tick(int number) {
    (void)number;
}

/* A repeated tick, so that one that comes just before waitpid cannot leave it waiting forever. */
static void start_ticking(void) {
    struct sigaction ticking = {.sa_handler = on_tick};
    sigaction(SIGALRM, &ticking, NULL);
    struct itimerval interval = {{0, TICK_US}, {0, TICK_US}};
    setitimer(ITIMER_REAL, &interval, NULL);
}

static void run_command(const trace_plan *plan, int gate) {
    char byte;
    if (read(gate, &byte, 1) != 1) {
        _exit(125);
    }
    close(gate);
    execv(plan->command[0], plan->command);
    fprintf(stderr, "faultrun: cannot run \"%s\": %s\n", plan->command[0], strerror(errno));
    _exit(125);
}

/* The child waits at a pipe until it is seized, so not one call of the program is missed. */
static bool start_command(tracer *t) {
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) != 0) {
        return false;
    }
    t->first = fork();
    if (t->first == 0) {
        close(gate[1]);
        run_command(t->plan, gate[0]);
    }
    close(gate[0]);
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (t->plan->follows) {
        options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
    }
    options |= PTRACE_O_TRACECLONE; /* threads */
    bool is_seized = t->first > 0 && ptrace(PTRACE_SEIZE, t->first, NULL, options) == 0 &&
                     ptrace(PTRACE_INTERRUPT, t->first, NULL, NULL) == 0;
    if (!is_seized) {
        fprintf(stderr, "faultrun: cannot trace: %s\n", strerror(errno));
    }
    bool is_open = is_seized && write(gate[1], "g", 1) == 1;
    close(gate[1]);
    return is_open;
}

static void note_end(tracer *t, pid_t tid, int status) {
    if (tid == t->first) {
        t->result->status = status;
    }
    const tracee *ended = find_tracee(t, tid);
    if (t->plan->recorder != NULL && ended->tgid == tid) record_end(t->plan->recorder, tid, status);
    drop_tracee(t, tid);
}

bool trace_run(const trace_plan *plan, trace_result *ret_result) {
    static tracer t;
    t = (tracer){.plan = plan, .result = ret_result};
    *ret_result = (trace_result){.fired_call = -1};
    start_ticking();
    if (!start_command(&t)) {
        return false;
    }
    int64_t deadline_ms = monotonic_ms() + plan->timeout_ms;
    for (;;) {
        int status = 0;
        pid_t tid = waitpid(-1, &status, __WALL);
        if (tid < 0 && errno != EINTR) {
            return true; /* nobody is left */
        }
        if (tid > 0 && WIFSTOPPED(status)) {
            handle_stop(&t, tid, status);
        } else if (tid > 0) {
            note_end(&t, tid, status);
        }
        if (!ret_result->is_timed_out && monotonic_ms() > deadline_ms) {
            ret_result->is_timed_out = true;
            kill_all(&t);
            deadline_ms += 5000;
        } else if (ret_result->is_timed_out && monotonic_ms() > deadline_ms) {
            return true; /* not even killing helped; the caller sees the timeout */
        }
    }
}
