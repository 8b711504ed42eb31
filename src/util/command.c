/* The input goes into the pipe before the program is started: a pipe holds at least KMI_COMMAND_INPUT_BYTES, so nobody waits for a
 * program that does not read, and one that closes its input early causes no SIGPIPE.
 *
 * The program leads a session, so that its whole family can be ended by one signal. Its current directory is "/": a relative
 * entry of PATH must not find a program that came with somebody's repository. */
#include "util/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

#define GRACE_US 1000000
#define LEAST_NAP_US 1000
#define MOST_NAP_US 20000

static km_status fill_pipe(kmi_slice input, int *ret_read_fd, km_error *error) {
    int ends[2] = {-1, -1};
    if (input.len > KMI_COMMAND_INPUT_BYTES)
        return kmi_fail(error, KM_E_INVALID, "more than %zu bytes for the program", KMI_COMMAND_INPUT_BYTES);
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return kmi_fail_errno(error, errno, "cannot make a pipe");
    km_status status = kmi_fd_write_all(ends[1], "the pipe", input.ptr, input.len, error);
    kmi_fd_close(&ends[1]);
    if (status == KM_OK) (void)fcntl(ends[0], F_SETFL, 0); /* a reader expects to wait */
    if (status == KM_OK)
        *ret_read_fd = ends[0];
    else
        kmi_fd_close(&ends[0]);
    return status;
}

static int describe(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int input_fd, int output_fd) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int failure = posix_spawn_file_actions_adddup2(actions, input_fd, 0);
    for (int fd = 1; fd <= 2 && failure == 0; fd++)
        failure = output_fd < 0 ? posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_WRONLY, 0)
                                : posix_spawn_file_actions_adddup2(actions, output_fd, fd);
    if (failure == 0) failure = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    if (failure == 0) failure = posix_spawn_file_actions_addchdir_np(actions, "/");
    if (failure == 0) failure = posix_spawnattr_setsigmask(attributes, &none);
    if (failure == 0) failure = posix_spawnattr_setsigdefault(attributes, &all);
    if (failure == 0)
        failure =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return failure;
}

static int start(const char *const *arguments, int input_fd, int output_fd, pid_t *ret_pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure != 0) return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure == 0) {
        failure = describe(&actions, &attributes, input_fd, output_fd);
        if (failure == 0)
            failure = posix_spawnp(ret_pid, arguments[0], &actions, &attributes, (char *const *)(uintptr_t)arguments,
                                   environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

/* Returns: whether the program has ended before the deadline; *ret_wait_status then tells how. */
static bool wait_until(pid_t pid, int64_t deadline_us, int *ret_wait_status) {
    int64_t nap_us = LEAST_NAP_US;
    for (;;) {
        pid_t ended = waitpid(pid, ret_wait_status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return true; /* reaped by the host's own handler: ended, too */
        if (kmi_clock_monotonic_us() >= deadline_us) return false;
        struct timespec nap = {.tv_nsec = nap_us * 1000};
        nanosleep(&nap, NULL);
        nap_us = nap_us * 2 < MOST_NAP_US ? nap_us * 2 : MOST_NAP_US;
    }
}

km_status kmi_command_run(const char *const *arguments, kmi_slice input, int output_fd, int64_t timeout_ms,
                          kmi_command_result *ret_result, km_error *error) {
    const int64_t start_us = kmi_clock_monotonic_us();
    KMI_CLEANUP_FD int input_fd = -1;
    pid_t pid = 0;
    km_status status = fill_pipe(input, &input_fd, error);
    if (status != KM_OK) return status;
    int failure = start(arguments, input_fd, output_fd, &pid);
    if (failure != 0) return kmi_fail_errno(error, failure, "cannot start \"%.200s\"", arguments[0]);
    int wait_status = 0;
    bool is_timed_out = !wait_until(pid, start_us + timeout_ms * 1000, &wait_status);
    if (is_timed_out) {
        (void)kill(-pid, SIGTERM);
        bool has_ended = wait_until(pid, kmi_clock_monotonic_us() + GRACE_US, &wait_status);
        (void)kill(-pid, SIGKILL); /* also whoever of its family has not listened */
        if (!has_ended) has_ended = wait_until(pid, kmi_clock_monotonic_us() + GRACE_US, &wait_status);
    }
    *ret_result = (kmi_command_result){
        .exit_code = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status),
        .is_timed_out = is_timed_out,
        .elapsed_us = kmi_clock_monotonic_us() - start_us,
    };
    return KM_OK;
}
