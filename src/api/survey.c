/* Files of other people may lie in the directory too (an export, a note): only names that we use are judged by their type, and
 * what version control brings along (config.json, .gitignore, exports) may be open to all. */
#include "api/survey.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "util/abandoned.h"
#include "util/file.h"

#define ENTRIES_MAX 10000
#define LEFTOVER_AGE_US ((int64_t)60 * 1000000) /* temporary files of the living are moments old */

typedef struct walk {
    int64_t now_us;
    uid_t owner;
    kmi_survey_visit visit;
    void *context;
    bool is_stopped;
} walk;

static int64_t time_us(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static bool begins(const char *text, const char *beginning) {
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool is_one_of(const char *name, const char *const *names) {
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

static bool is_directory_of_ours(const char *path) {
    static const char *const names[] = {".", "queue", "queue/quarantine", "state", "aside", NULL};
    return is_one_of(path, names);
}

static bool is_file_of_ours(const char *path) {
    static const char *const names[] = {"memories.db", "memories.db-wal", "memories.db-shm", "config.json",
                                        "worker.log",  "worker.log.1",    "queue/journal",   "queue/journal.next",
                                        "queue/lock",  "state/metrics",   "state/cache",     NULL};
    return is_one_of(path, names) || begins(path, "queue/seg-");
}

static bool is_shared(const char *path) {
    static const char *const names[] = {"config.json", ".gitignore", NULL};
    return is_one_of(path, names) || begins(path, "export");
}

static bool is_temporary(const char *path) {
    const char *slash = strrchr(path, '/');
    return kmi_abandoned_is_replacement(slash == NULL ? path : slash + 1, NULL) || begins(path, "memories.db.new") ||
           begins(path, "memories.db.restore") || begins(path, "queue/.journal.");
}

static unsigned judge(const walk *w, const char *path, const struct stat *info) {
    unsigned faults = 0;
    bool is_directory = S_ISDIR(info->st_mode), is_file = S_ISREG(info->st_mode);
    if ((is_directory_of_ours(path) && !is_directory) || (is_file_of_ours(path) && !is_file)) faults |= KMI_FILE_ODD;
    bool is_private =
        (is_directory ? is_directory_of_ours(path) || begins(path, "aside/") : is_file) && !is_shared(path);
    if (is_private && (info->st_mode & 077) != 0) faults |= KMI_FILE_OPEN;
    if (info->st_uid != w->owner) faults |= KMI_FILE_FOREIGN;
    if (is_file && is_temporary(path) && w->now_us - time_us(info->st_mtim) > LEFTOVER_AGE_US)
        faults |= KMI_FILE_LEFTOVER;
    else if (is_file && begins(path, "queue/quarantine/"))
        faults |= KMI_FILE_QUARANTINED;
    if (is_directory && begins(path, "aside/")) faults |= KMI_FILE_ASIDE;
    return faults;
}

static void look_at(walk *w, int dir_fd, const char *path, const char *name) {
    struct stat info;
    if (fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return; /* gone meanwhile */
    kmi_surveyed file = {dir_fd, name, path, &info, judge(w, path, &info)};
    w->is_stopped = !w->visit(&file, w->context);
}

/* Lists one directory; `path` is its path relative to the memory directory, "" for itself. */
static void look_into(walk *w, int memory_dir_fd, const char *path) {
    int fd = -1;
    if (w->is_stopped || kmi_dir_open(memory_dir_fd, path[0] == '\0' ? "." : path, &fd, NULL) != KM_OK) return;
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        kmi_fd_close(&fd);
        return;
    }
    struct dirent *entry;
    for (int i = 0; i < ENTRIES_MAX && !w->is_stopped && (entry = readdir(dir)) != NULL; i++) {
        char entry_path[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(entry_path, sizeof entry_path, "%s%s%s", path, path[0] == '\0' ? "" : "/", entry->d_name);
        look_at(w, dirfd(dir), entry_path, entry->d_name);
    }
    closedir(dir);
}

void kmi_survey(int memory_dir_fd, int64_t now_us, kmi_survey_visit visit, void *context) {
    static const char *const directories[] = {"", "queue", "queue/quarantine", "state", "aside", NULL};
    struct stat info;
    if (memory_dir_fd < 0 || fstat(memory_dir_fd, &info) != 0) return;
    walk w = {.now_us = now_us, .owner = info.st_uid, .visit = visit, .context = context};
    look_at(&w, memory_dir_fd, ".", ".");
    for (const char *const *path = directories; *path != NULL; path++) look_into(&w, memory_dir_fd, *path);
}

/* ---- Facts ---- */

static void count(kmi_file_faults *faults, const char *name, uint64_t bytes, int64_t since_us) {
    faults->count++;
    faults->bytes += bytes;
    if (faults->count > 1 && since_us >= faults->since_us) return;
    faults->since_us = since_us;
    snprintf(faults->name, sizeof faults->name, "%.127s", name);
}

/* Bytes of the files of one folder. */
static uint64_t folder_bytes(int dir_fd, const char *name) {
    int fd = -1;
    struct stat info;
    uint64_t bytes = 0;
    if (kmi_dir_open(dir_fd, name, &fd, NULL) != KM_OK) return 0;
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    if (dir == NULL) kmi_fd_close(&fd);
    for (int i = 0; dir != NULL && i < ENTRIES_MAX && (entry = readdir(dir)) != NULL; i++)
        if (fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode))
            bytes += (uint64_t)info.st_size;
    if (dir != NULL) closedir(dir);
    return bytes;
}

static bool count_file(const kmi_surveyed *file, void *context) {
    kmi_health_facts *facts = context;
    uint64_t bytes = (uint64_t)file->info->st_size;
    int64_t changed_us = time_us(file->info->st_ctim), written_us = time_us(file->info->st_mtim);
    if (file->faults & KMI_FILE_OPEN) count(&facts->open_files, file->path, bytes, changed_us);
    if (file->faults & KMI_FILE_FOREIGN) count(&facts->foreign, file->path, bytes, changed_us);
    if (file->faults & KMI_FILE_ODD) count(&facts->odd, file->path, bytes, changed_us);
    if (file->faults & KMI_FILE_LEFTOVER) count(&facts->leftover, file->path, bytes, written_us);
    if (file->faults & KMI_FILE_QUARANTINED) count(&facts->quarantine, file->path, bytes, written_us);
    if (file->faults & KMI_FILE_ASIDE)
        count(&facts->aside, file->name, folder_bytes(file->dir_fd, file->name), written_us);
    if (strcmp(file->path, "config.json") == 0) facts->config_changed_at_us = written_us;
    if (strcmp(file->path, ".") == 0) {
        facts->owner = file->info->st_uid;
        facts->dir_changed_at_us = changed_us;
    }
    if (strcmp(file->path, "memories.db") == 0) {
        facts->database_bytes = bytes;
        facts->store_changed_at_us = changed_us;
        facts->store_written_at_us = written_us;
    }
    if (strcmp(file->path, "memories.db-wal") == 0) facts->log_bytes = bytes;
    return true;
}

void kmi_survey_facts(int memory_dir_fd, kmi_health_facts *facts) {
    kmi_survey(memory_dir_fd, facts->now_us, count_file, facts);
}
