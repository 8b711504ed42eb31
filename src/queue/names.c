/* A segment is named after the id of its journal, which rises with time: sorted names are in order of arrival. */
#include "queue/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"
#include "util/lock.h"

enum { segments_max = 100000 }; /* listed at once */

void kmi_segment_names_deinit(kmi_segment_names *names) {
    free(names->items);
    *names = (kmi_segment_names){0};
}

static bool is_segment_name(const char *name) {
    return strncmp(name, "seg-", 4) == 0 && strlen(name) == 20 && strspn(name + 4, "0123456789abcdef") == 16;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(a, b);
}

void kmi_segment_name_format(uint64_t journal_id, char ret_name[KMI_SEGMENT_NAME_SIZE]) {
    snprintf(ret_name, KMI_SEGMENT_NAME_SIZE, "seg-%016llx", (unsigned long long)journal_id);
}

bool kmi_journal_header_read(kmi_queue *queue, const char *name, kmi_journal_header *ret_header) {
    KMI_CLEANUP_FD int fd = -1;
    if (kmi_file_open(queue->dir_fd, name, O_RDONLY, &fd, NULL) != KM_OK) return false;
    unsigned char bytes[KMI_JOURNAL_HEADER_BYTES] = {0};
    size_t len = 0;
    return kmi_file_read_at(fd, queue->path, 0, bytes, sizeof bytes, &len, NULL) == KM_OK &&
           kmi_journal_header_decode(bytes, ret_header);
}

/* Appends the names of all segments to *names. */
static km_status collect_names(DIR *dir, kmi_segment_names *names) {
    size_t capacity = 0;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL && names->count < segments_max) {
        if (!is_segment_name(entry->d_name)) continue;
        if (names->count == capacity) {
            capacity = capacity == 0 ? 16 : capacity * 2;
            void *grown = reallocarray(names->items, capacity, sizeof *names->items);
            if (grown == NULL) return KM_E_NOMEM;
            names->items = grown;
        }
        memcpy(names->items[names->count], entry->d_name, strlen(entry->d_name) + 1);
        names->count++;
    }
    return KM_OK;
}

static DIR *open_listing(int dir_fd) {
    int fd = kmi_fd_open(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL && fd >= 0) close(fd);
    return dir;
}

/* Its maker holds the append lock on it. One that has just been opened and not locked yet is made anew by its maker. */
static bool is_abandoned(const kmi_queue *queue, const char *name) {
    KMI_CLEANUP_FD int fd = -1;
    return kmi_file_open(queue->dir_fd, name, O_RDWR, &fd, NULL) == KM_OK &&
           kmi_lock_try(fd, KMI_LOCK_BYTE_APPEND, NULL) == KM_OK;
}

void kmi_queue_sweep(kmi_queue *queue) {
    static const char prefix[] = KMI_JOURNAL_TEMPORARY_PREFIX;
    DIR *dir = open_listing(queue->dir_fd);
    struct dirent *entry;
    if (dir == NULL) return;
    while ((entry = readdir(dir)) != NULL)
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) == 0 && is_abandoned(queue, entry->d_name))
            unlinkat(queue->dir_fd, entry->d_name, 0);
    closedir(dir);
}

km_status kmi_segment_names_list(kmi_queue *queue, kmi_segment_names *ret_names, km_error *error) {
    kmi_segment_names names = {0};
    DIR *dir = open_listing(queue->dir_fd);
    if (dir == NULL) return kmi_fail_errno(error, errno, "cannot list \"%s\"", queue->path);
    km_status status = collect_names(dir, &names);
    closedir(dir);
    if (status != KM_OK) {
        kmi_segment_names_deinit(&names);
        return kmi_fail(error, status, "out of memory while listing \"%s\"", queue->path);
    }
    if (names.count > 1) qsort(names.items, names.count, sizeof *names.items, compare_names);
    *ret_names = names;
    return KM_OK;
}
