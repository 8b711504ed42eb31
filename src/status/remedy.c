/* Nothing here is run by the program itself: a remedy is told, and a person pastes it. So the forms are those that people know, and
 * a path is quoted only where it must be. */
#include "status/remedy.h"

#include <inttypes.h>
#include <string.h>

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+,:@%=-"
#define WORD_LIMIT_BYTES ((size_t)16 * 1024)

const char *kmi_remedy_word(kmi_arena *arena, const char *text) {
    if (text == NULL) return NULL;
    if (text[0] != '\0' && text[0] != '-' && text[strspn(text, PLAIN)] == '\0') return text;
    KMI_CLEANUP_BUF kmi_buf word;
    kmi_buf_init(&word, WORD_LIMIT_BYTES);
    kmi_buf_add_char(&word, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            kmi_buf_add_text(&word, "'\\''"); /* end, one quote, begin again */
        else
            kmi_buf_add_char(&word, *text);
    }
    kmi_buf_add_char(&word, '\'');
    return kmi_buf_status(&word) == KM_OK ? kmi_arena_copy_text(arena, word.ptr) : NULL;
}

static const char *as_root(const kmi_health_facts *f) {
    return f->user == 0 ? "" : "sudo ";
}

static const char *mount_point(const kmi_health_facts *f) {
    return f->mount_point != NULL ? f->mount_point : f->memory_dir;
}

/* A command with one path at its end. */
static const char *with_path(kmi_arena *arena, const char *command, const char *path, const char *rest) {
    const char *word = kmi_remedy_word(arena, path);
    return word == NULL ? NULL : kmi_arena_format(arena, "%s %s%s", command, word, rest);
}

const char *kmi_remedy_make_room(const kmi_health_facts *f, kmi_arena *arena) {
    const char *command = f->disk_free_files < KMI_HEALTH_FILES_MIN ? "du -x --inodes" : "du -xam";
    return with_path(arena, command, mount_point(f), " | sort -n | tail -n 20");
}

const char *kmi_remedy_remount(const kmi_health_facts *f, kmi_arena *arena) {
    const char *command =
        kmi_arena_format(arena, "%smount -o remount,%srw", as_root(f), f->is_mount_only ? "bind," : "");
    return command == NULL ? NULL : with_path(arena, command, mount_point(f), "");
}

const char *kmi_remedy_permit(const kmi_health_facts *f, kmi_arena *arena) {
    if (f->user == f->owner || f->user == 0) return with_path(arena, "chmod -R u+rwX", f->memory_dir, "");
    const char *command = kmi_arena_format(arena, "sudo chown -R %" PRId64, f->user);
    return command == NULL ? NULL : with_path(arena, command, f->memory_dir, "");
}

const char *kmi_remedy_give_back(const kmi_health_facts *f, kmi_arena *arena) {
    const char *command = kmi_arena_format(arena, "%schown -R %" PRId64, as_root(f), f->owner);
    return command == NULL ? NULL : with_path(arena, command, f->memory_dir, "");
}

const char *kmi_remedy_move(const kmi_health_facts *f, kmi_arena *arena) {
    const char *name = kmi_remedy_word(arena, f->project_name), *dir = kmi_remedy_word(arena, f->memory_dir);
    if (name == NULL || dir == NULL) return NULL;
    return kmi_arena_format(arena,
                            "kuzu-memory worker stop --quiet; mkdir -p \"$HOME\"/memories/%s && mv %s "
                            "\"$HOME\"/memories/%s/ && export KUZU_MEMORY_PROJECT=\"$HOME\"/memories/%s",
                            name, dir, name, name);
}

const char *kmi_remedy_rescue(const kmi_health_facts *f, kmi_arena *arena) {
    const char *name = kmi_remedy_word(arena, f->project_name), *dir = kmi_remedy_word(arena, f->memory_dir);
    if (name == NULL || dir == NULL) return NULL;
    return kmi_arena_format(arena,
                            "mkdir -p \"$HOME\"/memories/%s && cp -a %s \"$HOME\"/memories/%s/ && kuzu-memory "
                            "--project \"$HOME\"/memories/%s doctor --fix",
                            name, dir, name, name);
}

const char *kmi_remedy_end_holder(const kmi_health_facts *f, kmi_arena *arena) {
    if (f->store_holder > 0) return kmi_arena_format(arena, "kill %" PRId64, f->store_holder);
    return with_path(arena, "fuser -v", f->memory_dir, "/memories.db");
}

const char *kmi_remedy_edit(const kmi_health_facts *f, kmi_arena *arena) {
    if (f->config_file == NULL) return "kuzu-memory config check";
    return with_path(arena, "\"${EDITOR:-vi}\"", f->config_file, "");
}

const char *kmi_remedy_remove(const kmi_health_facts *f, const char *folder, kmi_arena *arena) {
    const char *path = kmi_arena_format(arena, "%s/%s", f->memory_dir, folder);
    return path == NULL ? NULL : with_path(arena, "rm -r", path, "");
}
