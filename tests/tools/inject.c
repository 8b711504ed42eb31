/* inject.c - PTRACE_GET_SYSCALL_INFO reads calls the same way on every machine, but only registers can change them, so
 * this file knows them. Only x86-64 is here because only that was run; another machine needs the three places that
 * name `user_regs_struct` fields. */
#include "inject.h"

#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#ifndef __x86_64__
#error "faultrun changes registers of x86-64 only"
#endif

enum { VECTOR_LIMIT = 64 };

bool inject_skip(pid_t tid) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) != 0) {
        return false;
    }
    registers.orig_rax = (unsigned long long)-1;
    return ptrace(PTRACE_SETREGS, tid, NULL, &registers) == 0;
}

bool inject_result(pid_t tid, long result) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) != 0) {
        return false;
    }
    registers.rax = (unsigned long long)result;
    return ptrace(PTRACE_SETREGS, tid, NULL, &registers) == 0;
}

static bool copy_from(pid_t tid, uint64_t address, void *bytes, size_t len) {
    struct iovec here = {bytes, len};
    struct iovec there = {(void *)(uintptr_t)address, len};
    return process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

static bool copy_to(pid_t tid, uint64_t address, const void *bytes, size_t len) {
    struct iovec here = {(void *)(uintptr_t)bytes, len};
    struct iovec there = {(void *)(uintptr_t)address, len};
    return process_vm_writev(tid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

static uint64_t bytes_kept(uint64_t asked, long keep) {
    uint64_t wanted = keep < 0 ? asked / 2 : (uint64_t)keep;
    if (wanted < 1) {
        wanted = 1;
    }
    return wanted < asked ? wanted : asked - 1;
}

/* Changes the first argument (0) or the third (2) and remembers the old value. */
static bool set_argument(pid_t tid, int argument, uint64_t value, altered *ret_state) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) != 0) return false;
    unsigned long long *place = argument == 0 ? &registers.rdi : &registers.rdx;
    *ret_state = (altered){.is_active = true, .argument = argument, .original = *place};
    *place = value;
    return ptrace(PTRACE_SETREGS, tid, NULL, &registers) == 0;
}

bool inject_failing_brk(pid_t tid, altered *ret_state) {
    return set_argument(tid, 0, 0, ret_state);
}

/* Shortens the piece in which the cut falls and drops the pieces after it. The piece's length lies in the caller's own
 * memory, so it is put back when the call returns. */
static bool shorten_vector(pid_t tid, uint64_t address, uint64_t count, long keep, altered *ret_state) {
    struct iovec pieces[VECTOR_LIMIT];
    if (count == 0 || count > VECTOR_LIMIT || !copy_from(tid, address, pieces, count * sizeof pieces[0])) {
        return false;
    }
    uint64_t asked = 0;
    for (uint64_t i = 0; i < count; i++) {
        asked += pieces[i].iov_len;
    }
    if (asked < 2) {
        return false;
    }
    uint64_t left = bytes_kept(asked, keep);
    uint64_t cut = 0;
    while (left > pieces[cut].iov_len) {
        left -= pieces[cut].iov_len;
        cut++;
    }
    uint64_t length_address = address + cut * sizeof pieces[0] + offsetof(struct iovec, iov_len);
    uint64_t saved_length = pieces[cut].iov_len;
    if (!copy_to(tid, length_address, &left, sizeof left) || !set_argument(tid, 2, cut + 1, ret_state)) {
        return false;
    }
    ret_state->vector = length_address;
    ret_state->saved_length = saved_length;
    return true;
}

bool inject_short_write(pid_t tid, long number, const uint64_t arguments[6], long keep, altered *ret_state) {
    if (number == SYS_writev || number == SYS_pwritev || number == SYS_pwritev2) {
        return shorten_vector(tid, arguments[1], arguments[2], keep, ret_state);
    }
    return arguments[2] >= 2 && set_argument(tid, 2, bytes_kept(arguments[2], keep), ret_state);
}

void inject_restore(pid_t tid, const altered *state) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) == 0) {
        *(state->argument == 0 ? &registers.rdi : &registers.rdx) = state->original;
        ptrace(PTRACE_SETREGS, tid, NULL, &registers);
    }
    if (state->vector != 0) (void)!copy_to(tid, state->vector, &state->saved_length, sizeof state->saved_length);
}
