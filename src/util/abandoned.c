/* The living finish with a temporary file in moments; the few that keep one for longer write to it all the time. An hour without
 * a write means that its maker is dead. The age is counted by the clock that stamps files. */
#include "util/abandoned.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/file.h"

enum { age_s = 3600, entries_max = 10000 };

bool kmi_abandoned_is_replacement(const char *name, const void *context) {
    (void)context;
    size_t len = strlen(name);
    return name[0] == '.' && len > 4 && strcmp(name + len - 4, ".tmp") == 0;
}

void kmi_abandoned_remove(int dir_fd, kmi_abandoned_test test, const void *context) {
    int fd = kmi_fd_open(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0); /* of its own: closedir() closes it */
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        kmi_fd_close(&fd);
        return;
    }
    struct dirent *entry;
    for (int i = 0; i < entries_max && (entry = readdir(dir)) != NULL; i++) {
        struct stat info;
        if (test(entry->d_name, context) && fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(info.st_mode) && time(NULL) - info.st_mtim.tv_sec > age_s)
            unlinkat(fd, entry->d_name, 0);
    }
    closedir(dir);
}
