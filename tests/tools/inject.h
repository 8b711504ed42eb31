/* inject.h - changing a system call of a stopped process: the part that depends on the machine. */
#ifndef FAULT_INJECT_H
#define FAULT_INJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What must be put back when the call returns: a program may count on its registers and memory. */
typedef struct altered {
    bool is_active;
    int argument;      /* number of the changed argument: 0 or 2 */
    uint64_t original; /* its value */
    uint64_t vector;   /* address of the iovec that was changed, 0: none */
    uint64_t saved_length;
} altered;

/* At the entry of a call: lets the kernel skip it. Its result is then set with inject_result(). */
bool inject_skip(pid_t tid);
/* At the entry of brk: makes it fail the way brk does, by telling where the break is and leaving it there. */
bool inject_failing_brk(pid_t tid, altered *ret_state);
/* At the exit of a call: replaces its result (negative: -errno). */
bool inject_result(pid_t tid, long result);
/* At the entry of a write-like call: makes it move only `keep` bytes (negative: half), at least one and fewer than asked.
 * False when the call asks for less than two bytes or cannot be read. */
bool inject_short_write(pid_t tid, long number, const uint64_t arguments[6], long keep, altered *ret_state);
/* At the exit: puts registers and the caller's iovec back. */
void inject_restore(pid_t tid, const altered *state);

#endif
