/* Names and numbers of the public API: one table each. */
#include <string.h>

#include "kuzu_memory.h"
#include "util/error.h"

static const struct {
    km_status status;
    const char *name;
    int exit_code; /* as sysexits.h where it has a fitting one */
} statuses[] = {
    {KM_OK, "KM_OK", 0},
    {KM_E_INTERNAL, "KM_E_INTERNAL", 1},
    {KM_E_NOMEM, "KM_E_NOMEM", 1},
    {KM_E_INVALID, "KM_E_INVALID", 2},
    {KM_E_NOT_FOUND, "KM_E_NOT_FOUND", 3},
    {KM_E_CONFLICT, "KM_E_CONFLICT", 4},
    {KM_E_STORE, "KM_E_STORE", 69},
    {KM_E_IO, "KM_E_IO", 73},
    {KM_E_BUSY, "KM_E_BUSY", 75},
    {KM_E_PERMISSION, "KM_E_PERMISSION", 77},
    {KM_E_INTERRUPTED, "KM_E_INTERRUPTED", 130},
};

const char *km_status_name(km_status status) {
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].status == status) return statuses[i].name;
    return "KM_E_UNKNOWN";
}

int km_status_exit_code(km_status status) {
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].status == status) return statuses[i].exit_code;
    return 1;
}

const char *km_version(void) {
    return KM_VERSION_STRING;
}

const char *const *km_memory_types(void) {
    static const char *const names[] = {"fact",     "identity", "preference", "decision", "rule",
                                        "solution", "status",   "note",       NULL};
    return names;
}

const char *const *km_knowledge_types(void) {
    static const char *const names[] = {"rule", "pattern", "gotcha", "architecture", "convention", "note", NULL};
    return names;
}

const char *const *km_entity_types(void) {
    static const char *const names[] = {"language", "technology", "person",        "organization",    "project",
                                        "place",    "file",       "url",           "email",           "version",
                                        "date",     "endpoint",   "configuration", "database_object", NULL};
    return names;
}

const char *km_worker_state_name(km_worker_state state) {
    static const char *const names[] = {"stopped", "idle", "running", "paused", "stalled"};
    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

static const char *const task_state_names[] = {"queued", "processing", "retrying", "completed", "failed", "cancelled"};
enum { task_state_count = sizeof task_state_names / sizeof task_state_names[0] };

const char *km_task_state_name(km_task_state state) {
    return (unsigned)state < task_state_count ? task_state_names[state] : "unknown";
}

km_status km_task_state_parse(const char *name, km_task_state *ret_state, km_error *error) {
    for (int i = 0; name != NULL && i < task_state_count; i++) {
        if (strcmp(task_state_names[i], name) != 0) continue;
        *ret_state = (km_task_state)i;
        return KM_OK;
    }
    return kmi_fail(error, KM_E_INVALID,
                    "\"%.40s\" is no task state; use queued, processing, retrying, completed, failed or cancelled",
                    name == NULL ? "" : name);
}
