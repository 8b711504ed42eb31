#include "install/codex_trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "util/error.h"
#include "util/file.h"

#define FILE_LIMIT ((size_t)16 * 1024 * 1024)
enum { name_size = 64, default_timeout_s = 600, session_end_timeout_s = 3, hash_distance = 400 };

/* "UserPromptSubmit" as Codex writes it in keys: "user_prompt_submit". */
static void to_snake(const char *event, char ret_name[name_size]) {
    size_t len = 0;
    for (; *event != '\0' && len + 2 < name_size; event++) {
        bool is_upper = *event >= 'A' && *event <= 'Z';
        if (is_upper && len > 0) ret_name[len++] = '_';
        ret_name[len++] = is_upper ? (char)(*event | 0x20) : *event;
    }
    ret_name[len] = '\0';
}

const char *kmi_codex_hook_hash(const char *event_name, const char *command, long long timeout, kmi_arena *arena) {
    KMI_CLEANUP_BUF kmi_buf text;
    unsigned char digest[32];
    char hash[7 + 2 * sizeof digest + 1] = "sha256:";
    /* Compact, its members sorted by name. A session's end is given 3 s at most, and the hash is of what holds (0.169.0). */
    if (strcmp(event_name, "session_end") == 0 && timeout > session_end_timeout_s) timeout = session_end_timeout_s;
    kmi_buf_init(&text, FILE_LIMIT);
    kmi_buf_add_text(&text, "{\"event_name\":");
    kmi_buf_add_json_string(&text, kmi_slice_from(event_name));
    kmi_buf_add_text(&text, ",\"hooks\":[{\"async\":false,\"command\":");
    kmi_buf_add_json_string(&text, kmi_slice_from(command));
    kmi_buf_add_format(&text, ",\"timeout\":%lld,\"type\":\"command\"}]}", timeout);
    if (kmi_buf_status(&text) != KM_OK) return NULL;
    kmi_slice whole = kmi_buf_slice(&text);
    kmi_hash_sha256(&whole, 1, digest);
    for (size_t i = 0; i < sizeof digest; i++) snprintf(hash + 7 + 2 * i, 3, "%02x", digest[i]);
    return kmi_arena_copy_text(arena, hash);
}

/* The record may stand in a table of its own or in one line; wherever it does, the hash follows the key. */
static bool is_recorded(kmi_slice config, const char *key, const char *hash) {
    size_t at = kmi_slice_find(config, kmi_slice_from(key), 0);
    if (at == SIZE_MAX) return false;
    kmi_slice behind = kmi_slice_sub(config, at + strlen(key), hash_distance);
    return kmi_slice_find(behind, kmi_slice_from(hash), 0) != SIZE_MAX;
}

typedef struct looking {
    const char *path; /* of hooks.json */
    kmi_slice config;
    kmi_arena *arena;
    kmi_codex_trust *trust;
} looking;

static km_status look_at_hook(const looking *self, const char *event, const json_t *hook, size_t group, size_t index,
                              km_error *error) {
    const char *command = json_string_value(json_object_get(hook, "command"));
    const json_t *timeout = json_object_get(hook, "timeout");
    char name[name_size];
    if (command == NULL || strstr(command, "kuzu-memory") == NULL || strstr(command, " hook ") == NULL) return KM_OK;
    to_snake(event, name);
    long long seconds = json_is_integer(timeout) ? json_integer_value(timeout) : default_timeout_s;
    const char *hash = kmi_codex_hook_hash(name, command, seconds, self->arena);
    const char *key = kmi_arena_format(self->arena, "%s:%s:%zu:%zu\"", self->path, name, group, index);
    if (hash == NULL || key == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory");
    self->trust->hooks++;
    self->trust->trusted += is_recorded(self->config, key, hash);
    return KM_OK;
}

static km_status look_at_all(const looking *self, json_t *root, km_error *error) {
    json_t *events = json_object_get(root, "hooks");
    km_status status = KM_OK;
    for (void *at = json_object_iter(events); at != NULL; at = json_object_iter_next(events, at)) {
        const json_t *groups = json_object_iter_value(at);
        for (size_t i = 0; i < json_array_size(groups); i++) {
            const json_t *hooks = json_object_get(json_array_get(groups, i), "hooks");
            for (size_t k = 0; k < json_array_size(hooks) && status == KM_OK; k++)
                status = look_at_hook(self, json_object_iter_key(at), json_array_get(hooks, k), i, k, error);
        }
    }
    return status;
}

km_status kmi_codex_trust_read(const kmi_install_where *where, kmi_arena *arena, kmi_codex_trust *ret_trust,
                               km_error *error) {
    *ret_trust = (kmi_codex_trust){0};
    KMI_CLEANUP_JSON json_t *root = NULL;
    KMI_CLEANUP_BUF kmi_buf hooks;
    KMI_CLEANUP_BUF kmi_buf config;
    kmi_buf_init(&hooks, FILE_LIMIT);
    kmi_buf_init(&config, FILE_LIMIT);
    const char *hooks_path = kmi_install_full_path(where, ".codex/hooks.json", arena);
    const char *config_path = kmi_install_full_path(where, ".codex/config.toml", arena);
    if (hooks_path == NULL || config_path == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory");
    if (kmi_file_read_unchecked(AT_FDCWD, hooks_path, true, &hooks, NULL) != KM_OK || hooks.len == 0) return KM_OK;
    if (kmi_json_parse_object(kmi_buf_slice(&hooks), "hooks", &root, NULL) != KM_OK) return KM_OK;
    if (kmi_file_read_unchecked(AT_FDCWD, config_path, true, &config, NULL) != KM_OK) kmi_buf_clear(&config);
    looking self = {.path = hooks_path, .arena = arena, .trust = ret_trust};
    self.config = config.len > 0 ? kmi_buf_slice(&config) : KMI_SLICE_LITERAL("");
    return look_at_all(&self, root, error);
}
