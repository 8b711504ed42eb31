/* clock.h - time, replaceable by tests. Wall-clock times are microseconds since 1970 UTC; durations use the
 * monotonic clock. */
#ifndef KMI_UTIL_CLOCK_H
#define KMI_UTIL_CLOCK_H

#include "kuzu_memory.h"
#include "util/slice.h"

int64_t kmi_clock_now_us(void);        /* wall clock */
int64_t kmi_clock_monotonic_us(void);  /* CLOCK_MONOTONIC */
uint64_t kmi_clock_monotonic_ns(void); /* the same, finer: for sums of short stretches */
int64_t kmi_clock_boottime_us(void);   /* CLOCK_BOOTTIME: counts suspend; equal for all processes of one boot */
int64_t kmi_clock_thread_cpu_us(void); /* CPU time of the calling thread */

/* Replaces the wall clock for tests: a fixed offset in microseconds is added. 0 is the real clock. Thread-safe. */
void kmi_clock_set_offset_us(int64_t offset_us);

/* Longest RFC 3339 text with its NUL. */
#define KMI_TIME_TEXT_SIZE 32

/* Writes "2026-11-22T18:16:20.123456Z" (UTC, always microseconds) and returns ret_text. Years 1 to 9999. */
char *kmi_time_format(int64_t time_us, char ret_text[KMI_TIME_TEXT_SIZE]);
/* Writes the date alone: "2026-11-22". */
char *kmi_time_format_date(int64_t time_us, char ret_text[KMI_TIME_TEXT_SIZE]);

/* Parses RFC 3339 and its common relatives: "2026-11-22", "2026-11-22T18:16", "2026-11-22 18:16:20.5+02:00", and
 * seconds since 1970 as "@1764000000". Without a zone: UTC. KM_E_INVALID names what was expected. */
km_status kmi_time_parse(kmi_slice text, int64_t *ret_time_us, km_error *error) KM_MUST_CHECK;

/* Writes a duration with a fitting unit: "85µs", "1.2ms", "120ms", "3.4s", "2m 5s", "3h 20m", "2d 4h". At least 24 bytes. */
char *kmi_duration_format(int64_t duration_us, char *ret_text, size_t size);

#endif
