/* tracer.h - runs a program and everything it starts under ptrace, counts their system calls, and does one thing at the
 * n-th of them. Nothing of it outlives the tracer: the kernel kills whoever is still traced when the tracer ends. */
#ifndef FAULT_TRACER_H
#define FAULT_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "record.h"

typedef enum action {
    ACTION_NONE,
    ACTION_KILL_BEFORE,
    ACTION_KILL_AFTER,
    ACTION_ERROR,
    ACTION_SHORT,
    ACTION_PAUSE
} action;
typedef enum whose { WHOSE_ALL, WHOSE_FIRST, WHOSE_DESCENDANTS } whose;

enum { CALL_FILTER_LIMIT = 32 };

typedef struct trace_plan {
    char *const *command; /* NULL-terminated */
    whose counted;        /* whose calls are counted; the others run through */
    bool kills_tree;      /* a kill takes everybody, else only the process that made the call */
    bool follows;         /* processes that the program starts are traced too */
    long filter[CALL_FILTER_LIMIT];
    size_t filter_count; /* 0: every call counts */
    action action;
    int error;     /* ACTION_ERROR */
    long pause_ms; /* ACTION_PAUSE: before the call */
    long keep;     /* ACTION_SHORT: bytes to let through, negative: half */
    long at;       /* number of the call, from 1 */
    long times;    /* how many calls in a row, 0: all from then on */
    long delay_us; /* before each counted call */
    long timeout_ms;
    FILE *trace;        /* one line a counted call, or NULL */
    long fs_type;       /* what statfs and fstatfs tell of every file system, 0: the truth */
    recorder *recorder; /* what is done to files, or NULL */
} trace_plan;

typedef struct trace_result {
    long counted;
    long fired;          /* how many calls were acted upon */
    long fired_call;     /* number of the last of them, -1 */
    bool fired_in_first; /* whose it was */
    bool is_timed_out;
    int status; /* wait status of the first process */
    long process_count;
} trace_result;

/* False (message on stderr) when the program could not be started or traced. */
bool trace_run(const trace_plan *plan, trace_result *ret_result);

#endif
