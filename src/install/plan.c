/* Entries are applied one after the other to the text of their file, so that a file with several is read and written once. */
#include "install/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"

#define CONFIG_FILE_LIMIT ((size_t)16 * 1024 * 1024)
#define EDIT_ROOM ((size_t)64 * 1024) /* more than all entries of a client add */

void kmi_install_plan_init(kmi_install_plan *plan, const kmi_install_where *where, kmi_arena *arena) {
    memset(plan, 0, sizeof *plan);
    plan->where = *where;
    plan->arena = arena;
}

static km_status fail_nomem(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while planning");
}

/* ---- Files ---- */

/* Configuration files are often links into a collection of dotfiles: the file behind the link is the one to edit. */
static const char *follow_links(const char *path, kmi_arena *arena) {
    char *target = realpath(path, NULL);
    if (target == NULL && errno == ENOMEM) return NULL; /* not the link: writing would replace it by a file */
    const char *copy = kmi_arena_copy_text(arena, target != NULL ? target : path);
    free(target);
    return copy;
}

static km_status read_file(kmi_install_file *file, kmi_arena *arena, km_error *error) {
    struct stat status;
    KMI_CLEANUP_FD int fd = kmi_fd_open(AT_FDCWD, file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return KM_OK;
    if (fd < 0) return kmi_fail_errno(error, errno, "cannot open it");
    if (fstat(fd, &status) != 0) return kmi_fail_errno(error, errno, "cannot look at it");
    if (!S_ISREG(status.st_mode)) return kmi_fail(error, KM_E_PERMISSION, "it is not a regular file");
    KMI_CLEANUP_BUF kmi_buf content;
    kmi_buf_init(&content, CONFIG_FILE_LIMIT);
    km_status result = kmi_fd_read_all(fd, file->path, &content, error);
    if (result != KM_OK) return result;
    const char *copy = kmi_arena_copy(arena, kmi_buf_slice(&content));
    if (copy == NULL) return fail_nomem(error);
    file->exists = true;
    file->mode = status.st_mode & 0777;
    file->changed = status.st_mtim;
    file->before = file->after = (kmi_slice){copy, content.len};
    return KM_OK;
}

static const char *entry_file(const kmi_install_where *where, const kmi_install_entry *entry) {
    return where->is_project ? entry->project_file : entry->user_file;
}

/* Folders in the home directory that a variable may have moved. */
typedef struct moved_folder {
    const char *usual;    /* beginning of the path */
    const char *variable; /* names an absolute folder instead of it */
    bool keeps_name;      /* `usual` is a file, which lies in that folder under its own name */
} moved_folder;

static const moved_folder MOVED_FOLDERS[] = {
    {".config/", "XDG_CONFIG_HOME", false},
    {".codex/", "CODEX_HOME", false},
    {".claude/", "CLAUDE_CONFIG_DIR", false},
    {".claude.json", "CLAUDE_CONFIG_DIR", true},
};

/* Returns: the path in the arena, or NULL when out of memory. */
const char *kmi_install_full_path(const kmi_install_where *where, const char *name, kmi_arena *arena) {
    for (size_t i = 0; !where->is_project && i < sizeof MOVED_FOLDERS / sizeof *MOVED_FOLDERS; i++) {
        const moved_folder *folder = &MOVED_FOLDERS[i];
        const char *moved_to = getenv(folder->variable);
        bool is_below = strncmp(name, folder->usual, strlen(folder->usual)) == 0;
        if (is_below && moved_to != NULL && moved_to[0] == '/' && where->is_home)
            return kmi_arena_format(arena, "%s/%s", moved_to, name + (folder->keeps_name ? 0 : strlen(folder->usual)));
    }
    return kmi_arena_format(arena, "%s/%s", where->base, name);
}

/* Where an entry of a client stands, links followed. NULL: out of memory. */
static const char *entry_path(const kmi_install_where *where, const kmi_install_entry *entry, kmi_arena *arena) {
    const char *name = kmi_install_full_path(where, entry_file(where, entry), arena);
    return name != NULL ? follow_links(name, arena) : NULL;
}

static void set_problem(kmi_install_file *file, const km_error *error, kmi_arena *arena) {
    file->problem = kmi_arena_copy_text(arena, error->message);
    if (file->problem == NULL) file->problem = "out of memory";
    file->problem_status = error->status;
    file->after = file->before;
}

static kmi_install_file *find_file(kmi_install_plan *plan, const kmi_install_entry *entry) {
    const char *path = entry_path(&plan->where, entry, plan->arena);
    if (path == NULL) return NULL;
    for (size_t i = 0; i < plan->count; i++) {
        if (strcmp(plan->files[i].path, path) == 0) return &plan->files[i];
    }
    if (plan->count == KMI_INSTALL_FILES_MAX) return NULL;
    kmi_install_file *file = &plan->files[plan->count++];
    *file = (kmi_install_file){.path = path, .format = entry->format, .before = {"", 0}, .after = {"", 0}};
    km_error error = {0};
    if (!plan->where.ignores_files && read_file(file, plan->arena, &error) != KM_OK)
        set_problem(file, &error, plan->arena);
    return file;
}

/* ---- Entries ---- */

static void add_json_text(kmi_buf *buf, const char *text, size_t len) {
    kmi_buf_add_json_string(buf, (kmi_slice){text, len});
}

/* A path as one word of a shell command. */
static void add_shell_word(kmi_buf *buf, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+";
    if (word[strspn(word, plain)] == '\0') {
        kmi_buf_add_text(buf, word);
        return;
    }
    kmi_buf_add_char(buf, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            kmi_buf_add_text(buf, "'\\''");
        else
            kmi_buf_add_char(buf, *word);
    }
    kmi_buf_add_char(buf, '\'');
}

const char *kmi_install_value(const char *value, const char *program, kmi_arena *arena) {
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, EDIT_ROOM);
    while (*value != '\0') {
        const char *mark = strchr(value, '@');
        const char *end = mark != NULL ? strchr(mark + 1, '@') : NULL;
        if (end == NULL) {
            kmi_buf_add_text(&buf, value);
            break;
        }
        kmi_buf_add(&buf, value, (size_t)(mark - value));
        if (strncmp(mark, "@PROGRAM@", 9) == 0) {
            add_json_text(&buf, program, strlen(program));
        } else { /* @HOOK EVENT…@ */
            KMI_CLEANUP_BUF kmi_buf command;
            kmi_buf_init(&command, EDIT_ROOM);
            add_shell_word(&command, program);
            kmi_buf_add_text(&command, " hook");
            kmi_buf_add(&command, mark + 5, (size_t)(end - mark - 5));
            kmi_slice words = kmi_buf_slice(&command);
            add_json_text(&buf, words.ptr, words.len);
        }
        value = end + 1;
    }
    return kmi_buf_status(&buf) == KM_OK ? kmi_arena_copy(arena, kmi_buf_slice(&buf)) : NULL;
}

static km_status refuse_comments(const kmi_install_file *file, const kmi_jsonc_document *document, km_error *error) {
    if (file->format != KMI_INSTALL_JSON || document->is_strict) return KM_OK;
    return kmi_fail(error, KM_E_CONFLICT,
                    "it has a comment or a comma before a closing bracket, for which this client loads nothing of it; "
                    "remove that first");
}

static km_status edit_json(const kmi_install_file *file, const kmi_install_entry *entry, const char *value, bool remove,
                           kmi_arena *arena, kmi_buf *ret_text, km_error *error) {
    kmi_jsonc_document document;
    km_status status = kmi_jsonc_parse(file->after, arena, &document, error);
    if (status == KM_OK) status = refuse_comments(file, &document, error);
    if (status != KM_OK) return status;
    return remove ? kmi_jsonc_take_out(file->after, &entry->place, true, arena, ret_text, error)
                  : kmi_jsonc_put(file->after, &entry->place, kmi_slice_from(value), arena, ret_text, error);
}

static km_status edit_own_file(kmi_install_file *file, const char *value, bool remove, kmi_arena *arena,
                               kmi_buf *ret_text, km_error *error) {
    static const kmi_jsonc_place nowhere = {.keys = {NULL}};
    if (remove) {
        file->is_removed = file->exists;
        return KM_OK;
    }
    return kmi_jsonc_put(KMI_SLICE_LITERAL("{}\n"), &nowhere, kmi_slice_from(value), arena, ret_text, error);
}

static km_status edit(kmi_install_file *file, const kmi_install_entry *entry, const char *value, bool remove,
                      kmi_arena *arena, kmi_buf *ret_text, km_error *error) {
    if (entry->format == KMI_INSTALL_OWN_FILE) return edit_own_file(file, value, remove, arena, ret_text, error);
    if (entry->format != KMI_INSTALL_TOML) return edit_json(file, entry, value, remove, arena, ret_text, error);
    kmi_toml_table table = {entry->table, value};
    return remove ? kmi_toml_take_out(file->after, &table, ret_text, error)
                  : kmi_toml_put(file->after, &table, ret_text, error);
}

static km_status add_entry(kmi_install_plan *plan, const kmi_install_entry *entry, bool remove, km_error *error) {
    const char *value = kmi_install_value(entry->value, plan->where.program, plan->arena);
    kmi_install_file *file = find_file(plan, entry);
    if (value == NULL || file == NULL) return fail_nomem(error);
    if (file->problem != NULL || (remove && !file->exists)) return KM_OK;
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, 2 * file->after.len + EDIT_ROOM);
    km_error fault = {0};
    km_status status = edit(file, entry, value, remove, plan->arena, &text, &fault);
    if (status == KM_E_NOMEM) return fail_nomem(error);
    if (status != KM_OK) {
        set_problem(file, &fault, plan->arena);
        return KM_OK;
    }
    const char *copy = kmi_arena_copy(plan->arena, kmi_buf_slice(&text));
    if (copy == NULL) return fail_nomem(error);
    file->after = (kmi_slice){copy, text.len};
    return KM_OK;
}

km_status kmi_install_plan_add(kmi_install_plan *plan, const kmi_install_client *client, bool remove, km_error *error) {
    km_status status = KM_OK;
    for (size_t i = 0; i < client->entry_count && status == KM_OK; i++) {
        if (entry_file(&plan->where, &client->entries[i]) != NULL)
            status = add_entry(plan, &client->entries[i], remove, error);
    }
    return status;
}

enum { every_kind = 1 << KMI_INSTALL_MCP | 1 << KMI_INSTALL_HOOK };

/* Puts every entry of these kinds that belongs into a file into its text, or takes them out. */
static km_status edit_all(const kmi_install_where *where, const char *path, kmi_slice text, unsigned kinds, bool remove,
                          kmi_arena *arena, kmi_slice *ret_text, km_error *error) {
    kmi_install_file file = {.path = path, .exists = true, .before = text, .after = text};
    for (const kmi_install_client *client = KMI_INSTALL_CLIENTS; client->name != NULL; client++) {
        for (size_t i = 0; i < client->entry_count; i++) {
            const kmi_install_entry *entry = &client->entries[i];
            if (entry_file(where, entry) == NULL || entry->format == KMI_INSTALL_OWN_FILE) continue;
            if ((kinds & 1U << entry->kind) == 0) continue;
            const char *target = entry_path(where, entry, arena);
            if (target == NULL) return fail_nomem(error);
            if (strcmp(target, path) != 0) continue;
            file.format = entry->format; /* comments are fine in some */
            KMI_CLEANUP_BUF kmi_buf edited;
            kmi_buf_init(&edited, 2 * file.after.len + EDIT_ROOM);
            const char *value = kmi_install_value(entry->value, where->program, arena);
            if (value == NULL) return fail_nomem(error);
            km_status status = edit(&file, entry, value, remove, arena, &edited, error);
            if (status != KM_OK) return status;
            const char *copy = kmi_arena_copy(arena, kmi_buf_slice(&edited));
            if (copy == NULL) return fail_nomem(error);
            file.after = (kmi_slice){copy, edited.len};
        }
    }
    *ret_text = file.after;
    return KM_OK;
}

km_status kmi_install_strip(const kmi_install_where *where, const char *path, kmi_slice text, kmi_arena *arena,
                            kmi_slice *ret_text, km_error *error) {
    return edit_all(where, path, text, every_kind, true, arena, ret_text, error);
}

km_status kmi_install_rehearse(const kmi_install_where *where, const char *path, kmi_slice text, unsigned kinds,
                               kmi_arena *arena, kmi_slice *ret_text, km_error *error) {
    kmi_slice with = text;
    if (kinds == 0) kinds = every_kind;
    km_status status = edit_all(where, path, text, kinds, false, arena, &with, error);
    return status == KM_OK ? edit_all(where, path, with, kinds, true, arena, ret_text, error) : status;
}

/* ---- How things stand ---- */

static km_status inspect_entry(const kmi_install_file *file, const kmi_install_entry *entry, const char *value,
                               kmi_arena *arena, kmi_install_state *ret_state, km_error *error) {
    static const kmi_install_state states[] = {
        [KMI_JSONC_ABSENT] = KMI_INSTALL_ABSENT,
        [KMI_JSONC_PRESENT] = KMI_INSTALL_CONFIGURED,
        [KMI_JSONC_STALE] = KMI_INSTALL_STALE,
    };
    if (entry->format == KMI_INSTALL_TOML) {
        kmi_toml_state state = KMI_TOML_ABSENT;
        kmi_toml_table table = {entry->table, value};
        km_status status = kmi_toml_find(file->before, &table, &state, error);
        *ret_state = state == KMI_TOML_ABSENT    ? KMI_INSTALL_ABSENT
                     : state == KMI_TOML_PRESENT ? KMI_INSTALL_CONFIGURED
                                                 : KMI_INSTALL_STALE;
        return status;
    }
    kmi_jsonc_state state = KMI_JSONC_ABSENT;
    kmi_jsonc_document document;
    km_status status = kmi_jsonc_parse(file->before, arena, &document, error);
    if (status == KM_OK) status = kmi_jsonc_find(&document, &entry->place, kmi_slice_from(value), arena, &state, error);
    *ret_state = states[state];
    return status;
}

km_status kmi_install_inspect(const kmi_install_where *where, const kmi_install_client *client, kmi_install_kind kind,
                              kmi_arena *arena, kmi_install_state *ret_state, km_error *error) {
    kmi_install_plan plan;
    kmi_install_plan_init(&plan, where, arena);
    *ret_state = KMI_INSTALL_NOT_AVAILABLE;
    size_t counts[KMI_INSTALL_UNREADABLE + 1] = {0};
    for (size_t i = 0; i < client->entry_count; i++) {
        const kmi_install_entry *entry = &client->entries[i];
        if (entry->kind != kind || entry_file(where, entry) == NULL) continue;
        const char *value = kmi_install_value(entry->value, where->program, arena);
        kmi_install_file *file = find_file(&plan, entry);
        if (value == NULL || file == NULL) return fail_nomem(error);
        kmi_install_state state = file->problem != NULL ? KMI_INSTALL_UNREADABLE : KMI_INSTALL_ABSENT;
        km_error fault = {0};
        if (file->exists && file->problem == NULL && inspect_entry(file, entry, value, arena, &state, &fault) != KM_OK)
            state = KMI_INSTALL_UNREADABLE;
        counts[state]++;
    }
    size_t ours = counts[KMI_INSTALL_CONFIGURED] + counts[KMI_INSTALL_STALE];
    if (counts[KMI_INSTALL_UNREADABLE] > 0)
        *ret_state = KMI_INSTALL_UNREADABLE;
    else if (counts[KMI_INSTALL_STALE] > 0 || (ours > 0 && counts[KMI_INSTALL_ABSENT] > 0))
        *ret_state = KMI_INSTALL_STALE; /* some of our entries are old, or missing */
    else if (ours > 0)
        *ret_state = KMI_INSTALL_CONFIGURED;
    else if (counts[KMI_INSTALL_ABSENT] > 0)
        *ret_state = KMI_INSTALL_ABSENT;
    return KM_OK;
}

static bool is_on_path(const char *program) {
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        size_t len = strcspn(path, ":");
        char name[PATH_MAX];
        int written = snprintf(name, sizeof name, "%.*s/%s", (int)len, path, program);
        if (len > 0 && written > 0 && (size_t)written < sizeof name && access(name, X_OK) == 0) return true;
        path += len + (path[len] == ':');
    }
    return false;
}

bool kmi_install_is_present(const kmi_install_client *client, const char *home) {
    static const size_t arena_limit = 64 * 1024;
    if (client->program != NULL && is_on_path(client->program)) return true;
    if (client->folder == NULL) return false;
    kmi_arena *arena = kmi_arena_new(arena_limit);
    kmi_install_where where = {.base = home, .is_home = true};
    const char *name = arena != NULL ? kmi_arena_format(arena, "%s/", client->folder) : NULL;
    const char *path = name != NULL ? kmi_install_full_path(&where, name, arena) : NULL;
    struct stat status;
    bool is_there = path != NULL && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    kmi_arena_free(arena);
    return is_there;
}
