/* process.h - starting and identifying processes. */
#ifndef KMI_UTIL_PROCESS_H
#define KMI_UTIL_PROCESS_H

#include "kuzu_memory.h"

/* Starts a program that is not our child: own session, descriptors 0-2 on the null device, current directory "/",
 * signals at their defaults, every other descriptor closed except keep_fd (negative: none), which the program finds
 * under the same number. Reaps the intermediate process, so no zombie is ever left to the caller.
 * `arguments` is NULL-terminated, arguments[0] included; the environment is inherited. KM_E_IO when it cannot be
 * started (no processes, no such program). Safe in a threaded program: only async-signal-safe calls between. */
km_status kmi_process_spawn_detached(const char *program, char *const arguments[], int keep_fd,
                                     km_error *error) KM_MUST_CHECK;

typedef struct kmi_process_usage {
    uint64_t resident_bytes;
    uint64_t peak_bytes;
    uint64_t cpu_us; /* user and system time */
} kmi_process_usage;

/* What this process uses. Fields that cannot be read are 0. Cost: four system calls. */
kmi_process_usage kmi_process_get_usage(void);

/* A number that tells two processes with the same pid apart: start time in clock ticks since boot from
 * /proc/PID/stat. 0 when there is no such process (or another PID namespace hides it). */
uint64_t kmi_process_start_ticks(int64_t pid);
/* Copies the short name of a process to `name`, without control characters; leaves it as it is when there is none. */
void kmi_process_name(int64_t pid, char *name, size_t size);

#endif
