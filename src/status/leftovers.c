/* The living finish with a temporary file in moments; only restore and doctor keep one for longer, and they write to it. An hour
 * without a write means that its maker is dead. It is not left to `doctor` alone, because such a file can hold every memory. */
#include "status/leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/file.h"

#define AGE_US ((int64_t)3600 * 1000000)
#define ENTRIES_MAX 10000

static bool begins(const char *text, const char *beginning) {
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

bool kmi_leftover_is_temporary(const char *path, const struct stat *info) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t len = strlen(name);
    if (!S_ISREG(info->st_mode)) return false;
    return (name[0] == '.' && len > 4 && strcmp(name + len - 4, ".tmp") == 0) || begins(path, "memories.db.new") ||
           begins(path, "memories.db.restore") || begins(path, "queue/.journal.");
}

static void remove_from(int memory_dir_fd, const char *folder, int64_t now_us) {
    int fd = -1;
    if (kmi_dir_open(memory_dir_fd, folder, &fd, NULL) != KM_OK) return;
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        kmi_fd_close(&fd);
        return;
    }
    struct dirent *entry;
    for (int i = 0; i < ENTRIES_MAX && (entry = readdir(dir)) != NULL; i++) {
        struct stat info;
        if (fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue; /* gone meanwhile */
        int64_t age_us = now_us - (int64_t)info.st_mtim.tv_sec * 1000000;
        if (age_us > AGE_US && kmi_leftover_is_temporary(entry->d_name, &info)) unlinkat(fd, entry->d_name, 0);
    }
    closedir(dir);
}

void kmi_leftovers_remove(int memory_dir_fd, int64_t now_us) {
    remove_from(memory_dir_fd, ".", now_us);
    remove_from(memory_dir_fd, "state", now_us);
}
