/* faultrun.c - the command line of the tracer.
 *
 * strace can inject errors too, but counts per name of a call and not over all of them, and cannot kill a tree before
 * or after a call; LD_PRELOAD does nothing to a static program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "calls.h"
#include "tracer.h"

static const char usage[] =
    "usage: faultrun [OPTIONS] -- PROGRAM [ARGUMENT...]\n"
    "Counts the system calls of a program and of all that it starts, and does one thing at the n-th.\n"
    "  --at N           the n-th counted call, from 1\n"
    "  --do ACTION      kill-before, kill-after, short (shortens the n-th write), pause-MS, or an\n"
    "                   error such as EIO\n"
    "  --times K        act upon K calls in a row (1; 0: all from then on)\n"
    "  --short-to BYTES let so many bytes through (half of them)\n"
    "  --of WHOSE       count calls of: all, first (the program), descendants (what it starts)\n"
    "  --calls A,B      count only these calls\n"
    "  --scope SCOPE    a kill takes: tree (everybody), caller (the process that made the call)\n"
    "  --no-follow      do not trace what the program starts; it runs freely\n"
    "  --delay-us US    pause before each counted call\n"
    "  --timeout-ms MS  kill everybody after that (30000)\n"
    "  --report FILE    write the outcome as KEY=VALUE lines\n"
    "  --trace FILE     write one line for each counted call\n"
    "  --fs-type HEX    let statfs tell this type of every file system\n"
    "  --record FILE    write down all that is done to files below --root DIR\n"
    "Exit code: the program's, 128 + n when signal n ended it, 124 on timeout, 125 for a fault of faultrun.\n";

static _Noreturn void fail_usage(const char *what, const char *value) {
    fprintf(stderr, "faultrun: %s \"%s\"\n%s", what, value, usage);
    exit(125);
}

static long parse_number(const char *text) {
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0) {
        fail_usage("not a number:", text);
    }
    return value;
}

static void parse_action(trace_plan *plan, const char *text) {
    if (strcmp(text, "kill-before") == 0) {
        plan->action = ACTION_KILL_BEFORE;
    } else if (strcmp(text, "kill-after") == 0) {
        plan->action = ACTION_KILL_AFTER;
    } else if (strcmp(text, "short") == 0) {
        plan->action = ACTION_SHORT;
    } else if (strncmp(text, "pause-", 6) == 0) {
        plan->action = ACTION_PAUSE;
        plan->pause_ms = parse_number(text + 6);
    } else if (error_number(text) > 0) {
        plan->action = ACTION_ERROR;
        plan->error = error_number(text);
    } else {
        fail_usage("unknown action", text);
    }
}

static void parse_whose(trace_plan *plan, const char *text) {
    if (strcmp(text, "first") == 0) {
        plan->counted = WHOSE_FIRST;
    } else if (strcmp(text, "descendants") == 0) {
        plan->counted = WHOSE_DESCENDANTS;
    } else if (strcmp(text, "all") != 0) {
        fail_usage("unknown processes", text);
    }
}

static void parse_calls(trace_plan *plan, char *text) {
    char *rest = NULL;
    for (char *name = strtok_r(text, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        long number = call_number(name);
        if (number < 0 || plan->filter_count == CALL_FILTER_LIMIT) {
            fail_usage("unknown call, or too many:", name);
        }
        plan->filter[plan->filter_count++] = number;
    }
}

static FILE *open_output(const char *path) {
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        fail_usage("cannot write", path);
    }
    return file;
}

typedef struct option_state {
    trace_plan plan;
    FILE *report;
    recorder recorder;
} option_state;

/* Takes one option with its value; returns how many arguments it used. */
static int parse_option(option_state *state, char *option, char *value) {
    trace_plan *plan = &state->plan;
    if (strcmp(option, "--no-follow") == 0) {
        plan->follows = false;
        return 1;
    }
    if (value == NULL) {
        fail_usage("no value for", option);
    }
    if (strcmp(option, "--at") == 0) {
        plan->at = parse_number(value);
    } else if (strcmp(option, "--do") == 0) {
        parse_action(plan, value);
    } else if (strcmp(option, "--times") == 0) {
        plan->times = parse_number(value);
    } else if (strcmp(option, "--short-to") == 0) {
        plan->keep = parse_number(value);
    } else if (strcmp(option, "--of") == 0) {
        parse_whose(plan, value);
    } else if (strcmp(option, "--calls") == 0) {
        parse_calls(plan, value);
    } else if (strcmp(option, "--scope") == 0) {
        plan->kills_tree = strcmp(value, "caller") != 0;
    } else if (strcmp(option, "--delay-us") == 0) {
        plan->delay_us = parse_number(value);
    } else if (strcmp(option, "--timeout-ms") == 0) {
        plan->timeout_ms = parse_number(value);
    } else if (strcmp(option, "--report") == 0) {
        state->report = open_output(value);
    } else if (strcmp(option, "--trace") == 0) {
        plan->trace = open_output(value);
    } else if (strcmp(option, "--fs-type") == 0) {
        plan->fs_type = strtol(value, NULL, 16);
    } else if (strcmp(option, "--record") == 0) {
        state->recorder.log = open_output(value);
        plan->recorder = &state->recorder;
    } else if (strcmp(option, "--root") == 0) {
        state->recorder.root = value;
    } else {
        fail_usage("unknown option", option);
    }
    return 2;
}

static int exit_code(const trace_result *result) {
    if (result->is_timed_out) {
        return 124;
    }
    return WIFSIGNALED(result->status) ? 128 + WTERMSIG(result->status) : WEXITSTATUS(result->status);
}

static void write_report(FILE *file, const trace_result *result) {
    const char *name = result->fired_call < 0 ? NULL : call_name(result->fired_call);
    fprintf(file, "calls=%ld\nfired=%ld\n", result->counted, result->fired);
    if (name != NULL) {
        fprintf(file, "fired_call=%s\n", name);
    } else {
        fprintf(file, "fired_call=%ld\n", result->fired_call);
    }
    fprintf(file, "fired_in=%s\ntimed_out=%d\nprocesses=%ld\nexit=%d\n",
            result->fired_in_first ? "first" : "descendant", result->is_timed_out, result->process_count,
            exit_code(result));
}

int main(int argc, char *argv[]) {
    option_state state = {.plan = {.kills_tree = true, .follows = true, .keep = -1, .times = 1, .timeout_ms = 30000}};
    int i = 1;
    while (i < argc && strcmp(argv[i], "--") != 0) {
        i += parse_option(&state, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
    }
    if (i + 1 >= argc) {
        fail_usage("no program after", "--");
    }
    state.plan.command = argv + i + 1;
    if (state.plan.recorder != NULL && state.recorder.root == NULL) {
        fail_usage("no --root for", "--record");
    }
    trace_result result;
    if (!trace_run(&state.plan, &result)) {
        return 125;
    }
    if (state.report != NULL) {
        write_report(state.report, &result);
        fclose(state.report);
    }
    if (state.plan.trace != NULL) {
        fclose(state.plan.trace);
    }
    if (state.recorder.log != NULL && fclose(state.recorder.log) != 0) {
        fail_usage("cannot write", "the record");
    }
    return exit_code(&result);
}
