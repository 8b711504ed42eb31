/* Starting a program that is nobody's child, and telling processes apart. */
#include "temp_dir.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "util/clock.h"
#include "util/process.h"

static char program_path[4096]; /* of this test: started again, it reports what it finds (see report_surroundings) */

static void report_link(int out, const char *path) {
    char target[256];
    ssize_t len = readlink(path, target, sizeof target);
    dprintf(out, "%s -> %.*s\n", path + strlen("/proc/self/"), (int)(len > 0 ? len : 0), target);
}

static void report_signals(int out) {
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "SigIgn", 6) == 0) dprintf(out, "%s", line);
    }
    if (status != NULL) fclose(status);
}

/* The started program: writes what it was given into a file. Shells are of no use here: they move descriptors about and block
 * signals now and then. */
static int report_surroundings(const char *path) {
    int fds[64];
    int count = 0;
    for (int fd = 0; fd < 64; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) fds[count++] = fd;
    }
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < count; i++) dprintf(out, "%d ", fds[i]);
    dprintf(out, "\n");
    report_link(out, "/proc/self/fd/0");
    report_link(out, "/proc/self/fd/1");
    report_link(out, "/proc/self/fd/2");
    report_link(out, "/proc/self/cwd");
    report_signals(out);
    dprintf(out, "ids %d %d %d\ndone\n", getpid(), getppid(), getsid(0));
    return 0;
}

/* Waits, with a limit, for a line that the started program writes last. */
static const char *wait_for(const temp_dir *dir, const char *name, const char *ending) {
    int64_t deadline = kmi_clock_monotonic_us() + 20 * INT64_C(1000000);
    while (kmi_clock_monotonic_us() < deadline) {
        const char *text = temp_dir_read(dir, name);
        if (text != NULL && strstr(text, ending) != NULL) return text;
        usleep(2000);
    }
    fail_msg("the program never finished \"%s\"", name);
    return NULL;
}

static km_status run_script(temp_dir *dir, const char *script, int keep_fd) {
    char *arguments[] = {"sh", "-c", (char *)(uintptr_t)script, dir->path, NULL};
    return kmi_process_spawn_detached("/bin/sh", arguments, keep_fd, &dir->error);
}

static void run_report(temp_dir *dir, int keep_fd) {
    char path[128];
    snprintf(path, sizeof path, "%s/report", dir->path);
    char *arguments[] = {program_path, "--report", path, NULL};
    assert_int_equal(kmi_process_spawn_detached(program_path, arguments, keep_fd, &dir->error), KM_OK);
}

static void assert_no_children(void) {
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    assert_int_equal(errno, ECHILD);
}

static void the_program_stands_alone(void **state) {
    temp_dir *dir = *state;
    int kept = fcntl(dir->fd, F_DUPFD_CLOEXEC, 50);
    int leaked = fcntl(dir->fd, F_DUPFD, 60); /* not even close-on-exec */
    run_report(dir, kept);
    const char *text = wait_for(dir, "report", "done");
    static const char EXPECTED[] = "0 1 2 50 \nfd/0 -> /dev/null\nfd/1 -> /dev/null\nfd/2 -> /dev/null\ncwd -> /\n";
    assert_memory_equal(text, EXPECTED, sizeof EXPECTED - 1);
    int pid = 0;
    int parent = 0;
    int session = 0;
    assert_int_equal(sscanf(strstr(text, "ids"), "ids %d %d %d", &pid, &parent, &session), 3);
    assert_int_not_equal(parent, getpid());
    assert_int_not_equal(session, getsid(0));
    assert_int_not_equal(session, pid); /* not a leader: it can never get a terminal */
    close(kept);
    close(leaked);
    assert_no_children();
}

static volatile sig_atomic_t child_signals;

static void count_signal(int number) {
    (void)number;
    child_signals++;
}

/* Signals 32 and 33 are the C library's own: sigaction() refuses them, so whatever started the tests decides about them. */
static uint64_t read_signal_set(const char *text, const char *name) {
    const char *at = strstr(text, name);
    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 16) & ~((UINT64_C(1) << 31) | (UINT64_C(1) << 32));
}

static void signals_are_reset_and_the_caller_notices_nothing(void **state) {
    temp_dir *dir = *state;
    sigset_t blocked;
    sigset_t after;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGUSR1);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, count_signal);
    run_report(dir, -1);
    const char *text = wait_for(dir, "report", "done");
    assert_int_equal(read_signal_set(text, "SigBlk:\t"), 0);
    assert_int_equal(read_signal_set(text, "SigIgn:\t"), 0);
    assert_int_equal(sigprocmask(SIG_UNBLOCK, &blocked, &after), 0);
    assert_int_equal(sigismember(&after, SIGTERM), 1);
    assert_int_equal(sigismember(&after, SIGINT), 0);
    assert_int_equal(child_signals, 0);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    assert_no_children();
}

static void it_works_when_children_are_ignored(void **state) {
    temp_dir *dir = *state;
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(run_script(dir, "echo done >$0/ignored", -1), KM_OK);
    (void)wait_for(dir, "ignored", "done");
    signal(SIGCHLD, SIG_DFL);
}

static void a_program_that_cannot_start_is_an_error(void **state) {
    temp_dir *dir = *state;
    char *arguments[] = {"none", NULL};
    char path[128];
    assert_int_equal(kmi_process_spawn_detached("/none/such", arguments, -1, &dir->error), KM_E_IO);
    assert_int_equal(dir->error.status, KM_E_IO);
    assert_string_equal(dir->error.message, "cannot start \"/none/such\": no such file or directory");
    temp_dir_write(dir, "no-program", "text");
    snprintf(path, sizeof path, "%s/no-program", dir->path);
    assert_int_equal(kmi_process_spawn_detached(path, arguments, -1, &dir->error), KM_E_IO);
    assert_int_equal(dir->error.os_errno, EACCES);
    assert_int_equal(kmi_process_spawn_detached(path, arguments, -1, NULL), KM_E_IO);
    assert_int_equal(kmi_process_spawn_detached("/bin/true", arguments, 999, &dir->error), KM_E_IO);
    assert_int_equal(dir->error.os_errno, EBADF);
    assert_no_children();
}

static void a_standard_descriptor_cannot_be_kept(void **state) {
    temp_dir *dir = *state;
    char *arguments[] = {"true", NULL};
    assert_int_equal(kmi_process_spawn_detached("/bin/true", arguments, 1, &dir->error), KM_E_INVALID);
    assert_int_equal(dir->error.status, KM_E_INVALID);
}

/* In a child, because standard descriptors are closed and none is left. */
static void it_works_without_standard_descriptors_and_fails_without_any(void **state) {
    temp_dir *dir = *state;
    pid_t child = fork();
    if (child == 0) {
        close(0);
        close(1);
        close(2);
        if (run_script(dir, "echo done >$0/closed", -1) != KM_OK) _exit(1);
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(2);
        limit.rlim_cur = 3;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(2);
        char *arguments[] = {"true", NULL};
        _exit(kmi_process_spawn_detached("/bin/true", arguments, -1, NULL) == KM_E_IO ? 0 : 3);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)wait_for(dir, "closed", "done");
}

static void start_times_tell_processes_apart(void **state) {
    (void)state;
    uint64_t ours = kmi_process_start_ticks(getpid());
    assert_true(ours > 0);
    assert_int_equal(kmi_process_start_ticks(getpid()), ours);
    assert_int_equal(kmi_process_start_ticks(0), 0);
    assert_int_equal(kmi_process_start_ticks(-1), 0);
    pid_t child = fork();
    if (child == 0) _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(kmi_process_start_ticks(child), 0);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--report") == 0) return report_surroundings(argv[2]);
    if (realpath(argv[0], program_path) == NULL) return 1;
    const struct CMUnitTest tests[] = {
        TEMP_DIR_TEST(the_program_stands_alone),
        TEMP_DIR_TEST(signals_are_reset_and_the_caller_notices_nothing),
        TEMP_DIR_TEST(it_works_when_children_are_ignored),
        TEMP_DIR_TEST(a_program_that_cannot_start_is_an_error),
        TEMP_DIR_TEST(a_standard_descriptor_cannot_be_kept),
        TEMP_DIR_TEST(it_works_without_standard_descriptors_and_fails_without_any),
        cmocka_unit_test(start_times_tell_processes_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
