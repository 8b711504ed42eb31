/* command.h - running a user's own program: an argument list, a bounded text on its standard input, a time limit. */
#ifndef KMI_UTIL_COMMAND_H
#define KMI_UTIL_COMMAND_H

#include "kuzu_memory.h"
#include "util/slice.h"

/* What fits into a pipe without anybody reading it, so that writing can neither wait nor fail. */
#define KMI_COMMAND_INPUT_BYTES ((size_t)4096)

typedef struct kmi_command_result {
    int exit_code; /* of the program; 128 + number when a signal ended it */
    bool is_timed_out;
    int64_t elapsed_us;
} kmi_command_result;

/* Runs arguments[0] (looked for in PATH; no shell) in "/", in a session of its own, and waits for it. Standard output and error
 * go to output_fd, or nowhere if that is negative; no other descriptor is passed on. When timeout_ms is over, the program and
 * everything it started are told to end, and killed a second later. KM_E_INVALID: too much input. KM_E_NOT_FOUND,
 * KM_E_PERMISSION, KM_E_IO: it cannot be started. */
km_status kmi_command_run(const char *const *arguments, kmi_slice input, int output_fd, int64_t timeout_ms,
                          kmi_command_result *ret_result, km_error *error) KM_MUST_CHECK;

#endif
