/* config_table.c - every configuration key in one table: loading, `config show`, `config set`, the file that `init`
 * writes and the messages about wrong values all read it, so a key is described once.
 *
 * Sections and names are separate fields because that is how the file nests them; rows of one section stand together. */
#include "base/config_table.h"

#include <stdio.h>
#include <string.h>

#define KEY(section_, name_, member_, type_) \
    .section = #section_, .name = #name_, .full_name = #section_ "." #name_, .type = (type_), \
    .offset = offsetof(kmi_config, member_)

#define RETENTION(type_, days_) \
    { \
        KEY(retention, type_, retention_days_##type_, KMI_CONFIG_NUMBER), \
            .initial = (days_), .least = 0, .most = 36500, \
            .description = "days until a memory of type " #type_ " expires, 0 for never" \
    }

const kmi_config_key kmi_config_keys[] = {
    {KEY(async, enabled, async_enabled, KMI_CONFIG_SWITCH), .initial = 1, .environment = "KUZU_MEMORY_ASYNC_DISABLED",
     .description = "learn in the background; false learns in the calling process"},
    {KEY(async, max_workers, async_max_workers, KMI_CONFIG_INTEGER), .initial = 2, .least = 1, .most = 64,
     .environment = "KUZU_MEMORY_ASYNC_WORKERS", .description = "threads that extract memories from texts"},
    {KEY(async, max_queue_size, async_max_queue_size, KMI_CONFIG_INTEGER), .initial = 100, .least = 1, .most = 1000000,
     .environment = "KUZU_MEMORY_ASYNC_QUEUE_SIZE", .description = "most tasks that may wait"},
    {KEY(async, worker_timeout_seconds, async_worker_timeout_seconds, KMI_CONFIG_INTEGER), .alias = "worker_timeout",
     .initial = 30, .least = 1, .most = 3600, .environment = "KUZU_MEMORY_ASYNC_TIMEOUT",
     .description = "longest time one task may take"},
    {KEY(async, task_retry_attempts, async_task_retry_attempts, KMI_CONFIG_INTEGER), .alias = "retry_attempts",
     .initial = 3, .least = 0, .most = 20, .description = "times a failing task is tried again"},
    {KEY(async, cleanup_interval_seconds, async_cleanup_interval_seconds, KMI_CONFIG_INTEGER), .initial = 60,
     .least = 1, .most = 86400, .description = "pause between two purges of finished task records"},
    {KEY(async, max_task_age_seconds, async_max_task_age_seconds, KMI_CONFIG_INTEGER), .initial = 300, .least = 1,
     .most = 2592000, .description = "age at which the record of a finished task is purged"},
    {KEY(async, worker_idle_seconds, async_worker_idle_seconds, KMI_CONFIG_NUMBER), .initial = 5, .least = 0,
     .most = 86400, .description = "time without work after which the worker ends"},
    {KEY(async, queue_full_wait_ms, async_queue_full_wait_ms, KMI_CONFIG_INTEGER), .initial = 500, .least = 0,
     .most = 60000, .description = "time that learn waits for room in a full queue"},
    {KEY(async, durability, async_is_durable, KMI_CONFIG_DURABILITY), .initial = 1,
     .description = "\"full\" survives power loss, \"process\" only the end of the process"},
    {KEY(async, max_memory_mb, async_max_memory_mb, KMI_CONFIG_INTEGER), .initial = 50, .least = 16, .most = 65536,
     .description = "most memory the worker may use"},
    {KEY(performance, max_recall_time_ms, performance_max_recall_time_ms, KMI_CONFIG_NUMBER), .initial = 100,
     .least = 1, .most = 60000, .description = "a slower recall is counted as slow"},
    {KEY(performance, max_generation_time_ms, performance_max_generation_time_ms, KMI_CONFIG_NUMBER), .initial = 200,
     .least = 1, .most = 60000, .description = "a slower task is counted as slow"},
    {KEY(performance, enable_performance_monitoring, performance_monitoring, KMI_CONFIG_SWITCH), .initial = 1,
     .description = "measure times"},
    {KEY(performance, enhance_timeout_seconds, performance_enhance_timeout_seconds, KMI_CONFIG_NUMBER), .initial = 5,
     .least = 0.05, .most = 600, .description = "time after which enhance answers with what it has"},
    {KEY(performance, cache_size_mb, performance_cache_size_mb, KMI_CONFIG_INTEGER), .initial = 5, .least = 0,
     .most = 1024, .description = "size of the cache of what enhance chose, 0 for none"},
    {KEY(recall, max_memories, recall_max_memories, KMI_CONFIG_INTEGER), .initial = 5, .least = 1, .most = 100,
     .description = "most memories that enhance adds"},
    {KEY(recall, confidence_threshold, recall_confidence_threshold, KMI_CONFIG_NUMBER), .initial = 0.3, .least = 0,
     .most = 1, .description = "least confidence of a memory that enhance adds"},
    {KEY(recall, max_context_chars, recall_max_context_chars, KMI_CONFIG_INTEGER), .initial = 4000, .least = 100,
     .most = 1000000, .description = "most characters that enhance adds"},
    {KEY(recall, standing_memories, recall_standing_memories, KMI_CONFIG_INTEGER), .initial = 2, .least = 0, .most = 20,
     .description = "places that preferences, rules and decisions may take when others are free"},
    {KEY(recall, user_memory, recall_user_memory, KMI_CONFIG_SWITCH), .initial = 1, .is_off_final = true,
     .description = "enhance also gives what your own memory holds; once it is off, a project cannot turn it on"},
    {KEY(learn, redact_secrets, learn_redact_secrets, KMI_CONFIG_SWITCH), .initial = 1,
     .description = "remove keys, tokens and passwords before anything is written"},
    {KEY(learn, user_preferences, learn_user_preferences, KMI_CONFIG_SWITCH), .is_user_only = true,
     .description = "what you say you prefer in a project is learnt in your own memory too"},
    {KEY(learn, custom_patterns, learn_custom_patterns_json, KMI_CONFIG_PATTERNS),
     .description = "own patterns: name to regex, type and confidence"},
    RETENTION(fact, 0),
    RETENTION(identity, 0),
    RETENTION(preference, 0),
    RETENTION(decision, 0),
    RETENTION(rule, 0),
    RETENTION(solution, 0),
    RETENTION(status, 1),
    RETENTION(note, 0),
    {KEY(alerts, queue_percent, alerts_queue_percent, KMI_CONFIG_INTEGER), .initial = 80, .least = 1, .most = 100,
     .description = "alert when the queue is this full"},
    {KEY(alerts, oldest_waiting_seconds, alerts_oldest_waiting_seconds, KMI_CONFIG_INTEGER), .initial = 60, .least = 1,
     .most = 2592000, .description = "alert when a task has waited this long"},
    {KEY(alerts, failure_percent, alerts_failure_percent, KMI_CONFIG_INTEGER), .initial = 10, .least = 1, .most = 100,
     .description = "alert when this share of tasks fails"},
    {KEY(alerts, disk_free_mb, alerts_disk_free_mb, KMI_CONFIG_INTEGER), .initial = 64, .least = 0, .most = 1048576,
     .description = "alert when less disk space is free"},
    {KEY(alerts, repeat_minutes, alerts_repeat_minutes, KMI_CONFIG_INTEGER), .initial = 60, .least = 1, .most = 10080,
     .description = "pause before the same alert is given again"},
    {KEY(alerts, command, alerts_command_json, KMI_CONFIG_COMMAND), .is_user_only = true,
     .description = "program and arguments to run for an alert, which it gets as JSON on its standard input"},
};

const size_t kmi_config_key_count = sizeof kmi_config_keys / sizeof kmi_config_keys[0];

static void *member(kmi_config *config, const kmi_config_key *key) {
    return (char *)config + key->offset;
}

void kmi_config_init(kmi_config *config) {
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < kmi_config_key_count; i++) {
        const kmi_config_key *key = &kmi_config_keys[i];
        switch (key->type) {
        case KMI_CONFIG_SWITCH:
        case KMI_CONFIG_DURABILITY:
            *(bool *)member(config, key) = key->initial > 0;
            break;
        case KMI_CONFIG_INTEGER:
            *(int64_t *)member(config, key) = (int64_t)key->initial;
            break;
        case KMI_CONFIG_NUMBER:
            *(double *)member(config, key) = key->initial;
            break;
        case KMI_CONFIG_PATTERNS:
            *(const char **)member(config, key) = "{}";
            break;
        case KMI_CONFIG_COMMAND:
            break;
        }
    }
}

double kmi_config_retention_days(const kmi_config *config, const char *memory_type) {
    for (size_t i = 0; i < kmi_config_key_count && memory_type != NULL; i++) {
        const kmi_config_key *key = &kmi_config_keys[i];
        if (strcmp(key->section, "retention") == 0 && strcmp(key->name, memory_type) == 0) {
            return *(const double *)((const char *)config + key->offset);
        }
    }
    return 0;
}

static bool is_name_of(const kmi_config_key *key, const char *name) {
    return strcmp(key->name, name) == 0 || (key->alias != NULL && strcmp(key->alias, name) == 0);
}

bool kmi_config_key_is_known(const char *section, const char *name) {
    for (size_t i = 0; i < kmi_config_key_count; i++) {
        if (strcmp(kmi_config_keys[i].section, section) == 0 && is_name_of(&kmi_config_keys[i], name)) {
            return true;
        }
    }
    return false;
}

const kmi_config_key *kmi_config_key_find(const char *full_name) {
    const char *dot = full_name != NULL ? strchr(full_name, '.') : NULL;
    for (size_t i = 0; i < kmi_config_key_count && dot != NULL; i++) {
        const kmi_config_key *key = &kmi_config_keys[i];
        size_t len = strlen(key->section);
        if (len == (size_t)(dot - full_name) && memcmp(key->section, full_name, len) == 0 && is_name_of(key, dot + 1)) {
            return key;
        }
    }
    return NULL;
}
