/* config_table.h - the table of configuration keys, shared by the files that load, describe and edit configurations. */
#ifndef KMI_BASE_CONFIG_TABLE_H
#define KMI_BASE_CONFIG_TABLE_H

#include "base/config.h"
#include "base/json.h"

#define KMI_CONFIG_FILE_LIMIT_BYTES ((size_t)1024 * 1024)

typedef enum kmi_config_type {
    KMI_CONFIG_SWITCH,     /* bool */
    KMI_CONFIG_INTEGER,    /* int64_t */
    KMI_CONFIG_NUMBER,     /* double */
    KMI_CONFIG_DURABILITY, /* bool: true for "full", false for "process" */
    KMI_CONFIG_PATTERNS,   /* const char *: JSON object */
    KMI_CONFIG_COMMAND     /* const char *: JSON array, or NULL */
} kmi_config_type;

typedef struct kmi_config_key {
    const char *section; /* "async" */
    const char *name;    /* "worker_timeout_seconds" */
    const char *alias;   /* the guide's other spelling of the name, or NULL */
    const char *full_name;
    kmi_config_type type;
    size_t offset; /* of the value in kmi_config */
    double initial;
    double least;
    double most;
    const char *environment; /* variable that sets it, or NULL */
    bool is_user_only;       /* ignored in a project's file: a stranger may have written that */
    bool is_off_final;       /* a switch: one that the user's file turned off stays off */
    const char *description;
} kmi_config_key;

extern const kmi_config_key kmi_config_keys[];
extern const size_t kmi_config_key_count;

/* Returns: the key of this full name or alias ("async.worker_timeout"), or NULL. */
const kmi_config_key *kmi_config_key_find(const char *full_name);
/* True if `name` is the name or the alias of a key of this section. */
bool kmi_config_key_is_known(const char *section, const char *name);

/* Checks a JSON value and stores it. `where` begins the message ("/x/config.json", or a variable's name). Texts are
 * copied into *arena, which is created on demand. config NULL: only checks. */
km_status kmi_config_value_set(const kmi_config_key *key, const json_t *value, const char *where, kmi_config *config,
                               kmi_arena **arena, km_error *error) KM_MUST_CHECK;
/* Returns: the value as a new JSON value, or NULL when out of memory. */
json_t *kmi_config_value_get(const kmi_config_key *key, const kmi_config *config);
/* Appends what is allowed: "a whole number from 1 to 64". */
void kmi_config_range_add(const kmi_config_key *key, kmi_buf *buf);

/* What `config show` and `config check` want to know besides the values. */
#define KMI_CONFIG_MOST_WARNINGS 64
typedef struct kmi_config_report {
    kmi_arena *arena;     /* texts live here */
    const char **origins; /* one per key: file or variable that set it, NULL: built-in */
    const char *warnings[KMI_CONFIG_MOST_WARNINGS];
    size_t warning_count;
} kmi_config_report;

/* kmi_config_load() with a report (NULL: none). */
km_status kmi_config_load_reporting(kmi_config *config, const kmi_config_sources *sources, kmi_arena **arena,
                                    kmi_config_report *report, km_error *error) KM_MUST_CHECK;

#endif
