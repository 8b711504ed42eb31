/* log.h - worker.log: JSON lines, size-capped. Only programs log; library code returns errors. The text of a memory
 * must never be passed to it: ids, counts and statuses only. */
#ifndef KMI_UTIL_LOG_H
#define KMI_UTIL_LOG_H

#include "kuzu_memory.h"

#define KMI_LOG_NAME "worker.log"
#define KMI_LOG_LIMIT_BYTES ((size_t)1 << 20)

typedef enum kmi_log_level { KMI_LOG_DEBUG, KMI_LOG_INFO, KMI_LOG_WARNING, KMI_LOG_ERROR } kmi_log_level;

typedef struct kmi_log kmi_log;

/* Opens (creates) `name` in the directory for appending. When it has grown past limit_bytes it is renamed to
 * name + ".1", replacing an older one, and begun anew. Thread-safe: each line is one write. */
km_status kmi_log_open(int dir_fd, const char *name, size_t limit_bytes, kmi_log_level least, kmi_log **ret_log,
                       km_error *error) KM_MUST_CHECK;
void kmi_log_free(kmi_log *log);
/* Returns: "debug", "info", "warning", "error". */
const char *kmi_log_level_name(kmi_log_level level);
/* Writes {"time":…,"level":…,"pid":…,"event":event, key: value, …}. Pairs: const char *key, const char *value, ending
 * with NULL. A log that cannot be written (NULL too) is silently dropped: logging must not stop the work. */
void kmi_log_write(kmi_log *log, kmi_log_level level, const char *event, ...) __attribute__((sentinel));

#endif
