/* calls.c - a hand-kept table instead of one generated from the kernel's headers: it holds what the program and its
 * libraries use, so a name that is missing here is itself worth a look. */
#include "calls.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

enum { MOVES_BYTES = 1, NEVER_FAILS = 2 };

static const struct {
    const char *name;
    long number;
    int traits;
} calls[] = {
    {"read", SYS_read, 0},
    {"write", SYS_write, MOVES_BYTES},
    {"close", SYS_close, 0},
    {"fstat", SYS_fstat, 0},
    {"newfstatat", SYS_newfstatat, 0},
    {"statx", SYS_statx, 0},
    {"lseek", SYS_lseek, 0},
    {"mmap", SYS_mmap, 0},
    {"mprotect", SYS_mprotect, 0},
    {"munmap", SYS_munmap, 0},
    {"mremap", SYS_mremap, 0},
    {"madvise", SYS_madvise, 0},
    {"msync", SYS_msync, 0},
    {"brk", SYS_brk, 0},
    {"rt_sigaction", SYS_rt_sigaction, NEVER_FAILS},
    {"rt_sigprocmask", SYS_rt_sigprocmask, NEVER_FAILS},
    {"rt_sigreturn", SYS_rt_sigreturn, NEVER_FAILS},
    {"rt_sigtimedwait", SYS_rt_sigtimedwait, 0},
    {"sigaltstack", SYS_sigaltstack, 0},
    {"ioctl", SYS_ioctl, 0},
    {"pread64", SYS_pread64, 0},
    {"pwrite64", SYS_pwrite64, MOVES_BYTES},
    {"readv", SYS_readv, 0},
    {"writev", SYS_writev, MOVES_BYTES},
    {"preadv", SYS_preadv, 0},
    {"pwritev", SYS_pwritev, MOVES_BYTES},
    {"pwritev2", SYS_pwritev2, MOVES_BYTES},
    {"copy_file_range", SYS_copy_file_range, 0},
    {"sendfile", SYS_sendfile, 0},
    {"fallocate", SYS_fallocate, 0},
    {"pipe2", SYS_pipe2, 0},
    {"dup", SYS_dup, 0},
    {"dup3", SYS_dup3, 0},
    {"nanosleep", SYS_nanosleep, 0},
    {"clock_nanosleep", SYS_clock_nanosleep, 0},
    {"clock_gettime", SYS_clock_gettime, NEVER_FAILS},
    {"getpid", SYS_getpid, NEVER_FAILS},
    {"getppid", SYS_getppid, NEVER_FAILS},
    {"gettid", SYS_gettid, NEVER_FAILS},
    {"getuid", SYS_getuid, NEVER_FAILS},
    {"geteuid", SYS_geteuid, NEVER_FAILS},
    {"getgid", SYS_getgid, NEVER_FAILS},
    {"getegid", SYS_getegid, NEVER_FAILS},
    {"getrandom", SYS_getrandom, 0},
    {"clone", SYS_clone, 0},
    {"clone3", SYS_clone3, 0},
    {"execve", SYS_execve, 0},
    {"execveat", SYS_execveat, 0},
    {"exit", SYS_exit, NEVER_FAILS},
    {"exit_group", SYS_exit_group, NEVER_FAILS},
    {"wait4", SYS_wait4, 0},
    {"waitid", SYS_waitid, 0},
    {"kill", SYS_kill, 0},
    {"tgkill", SYS_tgkill, 0},
    {"uname", SYS_uname, 0},
    {"fcntl", SYS_fcntl, 0},
    {"flock", SYS_flock, 0},
    {"fsync", SYS_fsync, 0},
    {"fdatasync", SYS_fdatasync, 0},
    {"sync_file_range", SYS_sync_file_range, 0},
    {"syncfs", SYS_syncfs, 0},
    {"truncate", SYS_truncate, 0},
    {"ftruncate", SYS_ftruncate, 0},
    {"getdents64", SYS_getdents64, 0},
    {"getcwd", SYS_getcwd, 0},
    {"chdir", SYS_chdir, 0},
    {"fchdir", SYS_fchdir, 0},
    {"renameat", SYS_renameat, 0},
    {"renameat2", SYS_renameat2, 0},
    {"mkdirat", SYS_mkdirat, 0},
    {"unlinkat", SYS_unlinkat, 0},
    {"linkat", SYS_linkat, 0},
    {"symlinkat", SYS_symlinkat, 0},
    {"readlinkat", SYS_readlinkat, 0},
    {"fchmod", SYS_fchmod, 0},
    {"fchmodat", SYS_fchmodat, 0},
    {"fchown", SYS_fchown, 0},
    {"faccessat", SYS_faccessat, 0},
    {"faccessat2", SYS_faccessat2, 0},
    {"umask", SYS_umask, NEVER_FAILS},
    {"getrusage", SYS_getrusage, 0},
    {"sysinfo", SYS_sysinfo, 0},
    {"prlimit64", SYS_prlimit64, 0},
    {"setsid", SYS_setsid, 0},
    {"statfs", SYS_statfs, 0},
    {"fstatfs", SYS_fstatfs, 0},
    {"prctl", SYS_prctl, 0},
    {"futex", SYS_futex, NEVER_FAILS},
    {"sched_getaffinity", SYS_sched_getaffinity, 0},
    {"sched_yield", SYS_sched_yield, NEVER_FAILS},
    {"set_tid_address", SYS_set_tid_address, NEVER_FAILS},
    {"set_robust_list", SYS_set_robust_list, NEVER_FAILS},
    {"rseq", SYS_rseq, NEVER_FAILS},
    {"membarrier", SYS_membarrier, 0},
    {"openat", SYS_openat, 0},
    {"openat2", SYS_openat2, 0},
    {"close_range", SYS_close_range, 0},
    {"inotify_init1", SYS_inotify_init1, 0},
    {"inotify_add_watch", SYS_inotify_add_watch, 0},
    {"inotify_rm_watch", SYS_inotify_rm_watch, 0},
    {"ppoll", SYS_ppoll, 0},
    {"pselect6", SYS_pselect6, 0},
    {"epoll_create1", SYS_epoll_create1, 0},
    {"epoll_ctl", SYS_epoll_ctl, 0},
    {"epoll_pwait", SYS_epoll_pwait, 0},
    {"eventfd2", SYS_eventfd2, 0},
    {"signalfd4", SYS_signalfd4, 0},
    {"timerfd_create", SYS_timerfd_create, 0},
    {"timerfd_settime", SYS_timerfd_settime, 0},
    {"socket", SYS_socket, 0},
    {"connect", SYS_connect, 0},
    {"sendto", SYS_sendto, MOVES_BYTES},
    {"sendmsg", SYS_sendmsg, 0},
    {"pidfd_open", SYS_pidfd_open, 0},
    {"pidfd_send_signal", SYS_pidfd_send_signal, 0},
#ifdef SYS_open /* the older names, which not every machine has */
    {"open", SYS_open, 0},
    {"stat", SYS_stat, 0},
    {"lstat", SYS_lstat, 0},
    {"poll", SYS_poll, 0},
    {"access", SYS_access, 0},
    {"pipe", SYS_pipe, 0},
    {"dup2", SYS_dup2, 0},
    {"fork", SYS_fork, 0},
    {"vfork", SYS_vfork, 0},
    {"rename", SYS_rename, 0},
    {"mkdir", SYS_mkdir, 0},
    {"rmdir", SYS_rmdir, 0},
    {"unlink", SYS_unlink, 0},
    {"readlink", SYS_readlink, 0},
    {"chmod", SYS_chmod, 0},
    {"chown", SYS_chown, 0},
    {"getdents", SYS_getdents, 0},
    {"arch_prctl", SYS_arch_prctl, NEVER_FAILS},
    {"time", SYS_time, NEVER_FAILS},
    {"epoll_wait", SYS_epoll_wait, 0},
    {"alarm", SYS_alarm, NEVER_FAILS},
#endif
};

static const struct {
    const char *name;
    int number;
} errors[] = {
    {"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EINTR", EINTR},   {"EAGAIN", EAGAIN},
    {"ENOMEM", ENOMEM}, {"EMFILE", EMFILE}, {"EACCES", EACCES}, {"EROFS", EROFS},   {"ENOLCK", ENOLCK},
    {"EFBIG", EFBIG},   {"ENOENT", ENOENT}, {"EPERM", EPERM},   {"EINVAL", EINVAL}, {"ENOSYS", ENOSYS},
};

static int call_traits(long number) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (calls[i].number == number) {
            return calls[i].traits;
        }
    }
    return 0;
}

const char *call_name(long number) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (calls[i].number == number) {
            return calls[i].name;
        }
    }
    return NULL;
}

long call_number(const char *name) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (strcmp(calls[i].name, name) == 0) {
            return calls[i].number;
        }
    }
    return -1;
}

bool call_is_write(long number) {
    return (call_traits(number) & MOVES_BYTES) != 0;
}

bool call_cannot_fail(long number) {
    return (call_traits(number) & NEVER_FAILS) != 0;
}

int error_number(const char *name) {
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (strcmp(errors[i].name, name) == 0) {
            return errors[i].number;
        }
    }
    return -1;
}
