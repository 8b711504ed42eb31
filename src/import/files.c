#include "import/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/error.h"
#include "util/slice.h"
#include "util/uuid.h"

enum { depth_max = 4, entries_max = 100000 };

/* What is taken of a folder, and which folders in it are entered. A name that ends in "*" stands for a beginning, one that
 * begins with it for an end, and "#" for digits alone (folders of dates). */
static const char *const taken[] = {
    "AGENTS.md",
    "AGENTS.override.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    "copilot-instructions.md",
    "MEMORY.md",
    "memory_summary.md",
    "*.mdc",
    "*.instructions.md",
    NULL,
};
static const char *const entered[] = {
    "memory", "memories", ".cursor", ".claude", "rules", ".github", "instructions", "sessions", "#", NULL,
};

/* "3f0c….jsonl" of Claude Code, "rollout-….jsonl" of Codex: other files of lines are somebody's data. */
static bool is_conversation(const char *name) {
    static const kmi_slice ending = KMI_SLICE_LITERAL(".jsonl");
    char stem[KMI_UUID_TEXT_SIZE];
    kmi_uuid id;
    kmi_slice text = kmi_slice_from(name);
    if (!kmi_slice_ends_with(text, ending)) return false;
    if (kmi_slice_starts_with(text, KMI_SLICE_LITERAL("rollout-"))) return true;
    if (text.len - ending.len != sizeof stem - 1) return false;
    memcpy(stem, name, sizeof stem - 1);
    stem[sizeof stem - 1] = '\0';
    return kmi_uuid_parse(stem, &id, NULL) == KM_OK;
}

static bool is_like(const char *name, const char *pattern) {
    kmi_slice text = kmi_slice_from(name);
    if (pattern[0] == '*') return kmi_slice_ends_with(text, kmi_slice_from(pattern + 1));
    if (strcmp(pattern, "#") == 0) return text.len > 0 && strspn(name, "0123456789") == text.len;
    return strcmp(name, pattern) == 0;
}

static bool is_listed(const char *name, const char *const *list) {
    for (; *list != NULL; list++)
        if (is_like(name, *list)) return true;
    return false;
}

/* The same file by another name, as with CLAUDE.md that is a link to AGENTS.md. */
static bool is_there(const kmi_import_files *files, const struct stat *status) {
    for (size_t i = 0; i < files->count; i++) {
        const kmi_import_file *file = &files->items[i];
        if (S_ISREG(status->st_mode) && file->inode == status->st_ino && file->device == status->st_dev) return true;
    }
    return false;
}

static km_status add(kmi_import_files *files, const char *path, const struct stat *status, bool is_named,
                     km_error *error) {
    if (is_there(files, status)) return KM_OK;
    if (files->count == KMI_IMPORT_FILES_MAX)
        return kmi_fail(error, KM_E_INVALID, "more than %zu files: name fewer folders", KMI_IMPORT_FILES_MAX);
    if (files->items == NULL)
        files->items = kmi_arena_alloc_array(files->arena, KMI_IMPORT_FILES_MAX, sizeof *files->items);
    const char *copy = kmi_arena_copy_text(files->arena, path);
    if (files->items == NULL || copy == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory");
    files->items[files->count++] =
        (kmi_import_file){.path = copy, .is_named = is_named, .inode = status->st_ino, .device = status->st_dev};
    return KM_OK;
}

/* In a folder of memories or rules every Markdown file is one. */
static bool is_of_markdown(const char *folder, bool has_index) {
    const char *slash = strrchr(folder, '/');
    const char *name = slash != NULL ? slash + 1 : folder;
    return has_index || strcmp(name, "memory") == 0 || strcmp(name, "rules") == 0;
}

static km_status add_folder(kmi_import_files *files, const char *folder, int depth, km_error *error);

static km_status add_entry(kmi_import_files *files, const char *folder, const char *name, bool takes_markdown,
                           int depth, km_error *error) {
    struct stat status;
    const char *path = kmi_arena_format(files->arena, "%s/%s", folder, name);
    if (path == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory");
    if (strcmp(name, "raw_memories.md") == 0) return KM_OK; /* what Codex made its MEMORY.md of */
    bool is_wanted =
        is_listed(name, taken) || is_conversation(name) || (takes_markdown && name[0] != '.' && is_like(name, "*.md"));
    bool is_way = depth < depth_max && is_listed(name, entered);
    if ((!is_wanted && !is_way) || lstat(path, &status) != 0) return KM_OK;
    if (S_ISDIR(status.st_mode)) return is_way ? add_folder(files, path, depth + 1, error) : KM_OK;
    if (!is_wanted || stat(path, &status) != 0) return KM_OK; /* CLAUDE.md is often a link to AGENTS.md */
    return S_ISREG(status.st_mode) ? add(files, path, &status, false, error) : KM_OK;
}

static km_status add_folder(kmi_import_files *files, const char *folder, int depth, km_error *error) {
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) return kmi_fail_errno(error, errno, "cannot read folder \"%s\"", folder);
    km_status status = count <= entries_max ? KM_OK : kmi_fail(error, KM_E_INVALID, "too many files in \"%s\"", folder);
    bool has_index = false;
    for (int i = 0; i < count; i++) has_index = has_index || strcmp(entries[i]->d_name, "MEMORY.md") == 0;
    bool takes_markdown = is_of_markdown(folder, has_index);
    for (int i = 0; i < count; i++) {
        if (status == KM_OK) status = add_entry(files, folder, entries[i]->d_name, takes_markdown, depth, error);
        free(entries[i]);
    }
    free(entries);
    return status;
}

km_status kmi_import_files_add(kmi_import_files *files, const char *path, km_error *error) {
    struct stat status;
    if (strcmp(path, "-") == 0) return add(files, path, &(struct stat){.st_mode = 0}, true, error);
    if (stat(path, &status) != 0) return kmi_fail_errno(error, errno, "cannot open \"%s\"", path);
    if (!S_ISDIR(status.st_mode)) return add(files, path, &status, true, error);
    size_t len = strlen(path), before = files->count;
    while (len > 1 && path[len - 1] == '/') len--;
    const char *folder = kmi_arena_copy(files->arena, (kmi_slice){path, len});
    if (folder == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory");
    km_status result = add_folder(files, folder, 0, error);
    if (result == KM_OK && files->count == before)
        return kmi_fail(error, KM_E_NOT_FOUND, "no rules, memories or conversations in \"%s\": name a file", path);
    return result;
}
