/* config.h - configuration: one table of keys, four sources (built-in, user file, project file, environment), and
 * typed values. The table is the one place that knows keys, types, defaults, ranges, environment names and texts. */
#ifndef KMI_BASE_CONFIG_H
#define KMI_BASE_CONFIG_H

#include "util/arena.h"
#include "util/buf.h"
#include "util/error.h"

typedef struct kmi_config {
    bool async_enabled;
    int64_t async_max_workers;
    int64_t async_max_queue_size;
    int64_t async_worker_timeout_seconds;
    int64_t async_task_retry_attempts;
    int64_t async_cleanup_interval_seconds;
    int64_t async_max_task_age_seconds;
    double async_worker_idle_seconds;
    int64_t async_queue_full_wait_ms;
    bool async_is_durable; /* async.durability is "full" */
    int64_t async_max_memory_mb;
    double performance_max_recall_time_ms;
    double performance_max_generation_time_ms;
    bool performance_monitoring;
    double performance_enhance_timeout_seconds;
    int64_t performance_cache_size_mb;
    int64_t recall_max_memories;
    double recall_confidence_threshold;
    int64_t recall_max_context_chars;
    int64_t recall_standing_memories;
    bool recall_user_memory;
    bool learn_redact_secrets;
    bool learn_user_preferences;
    const char *learn_custom_patterns_json; /* JSON object, "{}" by default; owned by the arena given to load */
    double retention_days_fact; /* retention.<type>: days, 0 = never expires; see kmi_config_retention_days() */
    double retention_days_identity;
    double retention_days_preference;
    double retention_days_decision;
    double retention_days_rule;
    double retention_days_solution;
    double retention_days_status;
    double retention_days_note;
    int64_t alerts_queue_percent;
    int64_t alerts_oldest_waiting_seconds;
    int64_t alerts_failure_percent;
    int64_t alerts_disk_free_mb;
    int64_t alerts_repeat_minutes;
    const char *alerts_command_json; /* JSON array or NULL; from the user's own file only */
} kmi_config;

/* Fills in the built-in defaults. No allocation. */
void kmi_config_init(kmi_config *config);

/* Returns: days until a memory of this type expires; 0 for never, and for a type that is not known. */
double kmi_config_retention_days(const kmi_config *config, const char *memory_type);

typedef struct kmi_config_sources {
    const char *user_path;    /* full path of the user's file, or NULL */
    int project_dir_fd;       /* directory of config.json (kuzu-memories), or -1 */
    const char *project_path; /* its path for messages; with config_file: the path that is opened instead */
    bool is_explicit_file;    /* project_path was given with --config: it must exist, and project_dir_fd is ignored */
} kmi_config_sources;

/* Reads all sources, weakest first. A missing file is fine. A wrong type or range is KM_E_INVALID naming file, key,
 * value and range; *config then holds what was read before. Cost without files: one open each; allocates only if a
 * file is there. Memory of text values comes from *arena, which is created on demand when *arena is NULL. */
km_status kmi_config_load(kmi_config *config, const kmi_config_sources *sources, kmi_arena **arena,
                          km_error *error) KM_MUST_CHECK;

/* Effective values with origin, and warnings on unknown keys: for `config show` and `config check`. The list and all it
 * points to live in `arena`. */
km_status kmi_config_describe(const kmi_config_sources *sources, kmi_arena *arena, km_config_list *ret_list,
                              km_error *error) KM_MUST_CHECK;
/* Checks and sets one key in the JSON text of a configuration file (empty text: a new one), keeping all other members
 * and their order; appends the new text. Accepts aliases; the value may be JSON or bare text. */
km_status kmi_config_edit(kmi_slice old_text, const char *key, const char *value, kmi_buf *ret_text,
                          km_error *error) KM_MUST_CHECK;
/* Appends a configuration file with every project-level default, as `init` writes it. */
km_status kmi_config_default_text(kmi_buf *ret_text, km_error *error) KM_MUST_CHECK;

#endif
