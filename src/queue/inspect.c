/* A worker may take, commit and recycle files while they are read. What is read is then a moment's view: a task may be seen
 * in the journal although its record in the store exists already, so callers let the store's record win. */
#include "queue/inspect.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "queue/names.h"
#include "queue/scan.h"
#include "util/file.h"

typedef struct visiting {
    kmi_queue_visit visit;
    void *context;
    bool is_stopped;
} visiting;

static bool visit_record(const kmi_record *record, uint64_t offset, void *context) {
    (void)offset;
    visiting *v = context;
    v->is_stopped = !v->visit(record, v->context);
    return !v->is_stopped;
}

/* *ret_id (optional): of the journal that was read, 0 for none. */
static km_status visit_file(kmi_queue *queue, const char *name, visiting *v, uint64_t *ret_id, km_error *error) {
    if (ret_id != NULL) *ret_id = 0;
    if (v->is_stopped) return KM_OK;
    KMI_CLEANUP_FD int fd = -1;
    km_error fault = {0};
    km_status status = kmi_file_open(queue->dir_fd, name, O_RDONLY, &fd, &fault);
    if (status == KM_E_NOT_FOUND) return KM_OK; /* retired meanwhile, or never there */
    if (status != KM_OK) {
        if (error != NULL) *error = fault;
        return status;
    }
    kmi_scan_visitor visitor = {visit_record, NULL, v};
    kmi_scan_result result = {0};
    status = kmi_scan_file(fd, queue->path, &visitor, &result, error);
    if (status == KM_OK && ret_id != NULL) *ret_id = result.journal_id;
    return status;
}

static bool is_listed(const kmi_segment_names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0) return true;
    return false;
}

/* What was taken between the look at the segments and the look at the journal has been seen in neither. `seen` are the files that
 * were read, `ids` the journals: a segment bears the id of the journal that it was. */
static km_status visit_late_ones(kmi_queue *queue, const kmi_segment_names *seen, const uint64_t ids[2], visiting *v,
                                 km_error *error) {
    char read_names[2][KMI_SEGMENT_NAME_SIZE];
    for (size_t i = 0; i < 2; i++) kmi_segment_name_format(ids[i], read_names[i]);
    kmi_journal_header header;
    km_status status = KM_OK;
    bool has_next = kmi_journal_header_read(queue, KMI_JOURNAL_NEXT_NAME, &header) && header.record_count != 0;
    uint64_t next_id = 0;
    if (has_next && header.journal_id != ids[0] && header.journal_id != ids[1])
        status = visit_file(queue, KMI_JOURNAL_NEXT_NAME, v, &next_id, error); /* between its two names */
    KMI_CLEANUP_NAMES kmi_segment_names names = {0};
    if (status == KM_OK) status = kmi_segment_names_list(queue, &names, error);
    for (size_t i = 0; i < names.count && status == KM_OK; i++) {
        char next_name[KMI_SEGMENT_NAME_SIZE];
        kmi_segment_name_format(next_id, next_name);
        bool is_read = is_listed(seen, names.items[i]) || strcmp(names.items[i], read_names[0]) == 0 ||
                       strcmp(names.items[i], read_names[1]) == 0 || strcmp(names.items[i], next_name) == 0;
        if (!is_read) status = visit_file(queue, names.items[i], v, NULL, error);
    }
    return status;
}

km_status kmi_queue_each(kmi_queue *queue, kmi_queue_visit visit, void *context, km_error *error) {
    visiting v = {visit, context, false};
    uint64_t ids[2] = {0, 0};
    KMI_CLEANUP_NAMES kmi_segment_names names = {0};
    km_status status = kmi_segment_names_list(queue, &names, error);
    for (size_t i = 0; i < names.count && status == KM_OK; i++)
        status = visit_file(queue, names.items[i], &v, NULL, error);
    if (status == KM_OK) status = visit_file(queue, KMI_JOURNAL_NEXT_NAME, &v, &ids[0], error);
    if (status == KM_OK) status = visit_file(queue, KMI_JOURNAL_NAME, &v, &ids[1], error);
    if (status != KM_OK || v.is_stopped) return status;
    return visit_late_ones(queue, &names, ids, &v, error);
}

km_status kmi_queue_each_moving(kmi_queue *queue, kmi_queue_visit visit, void *context, km_error *error) {
    visiting v = {visit, context, false};
    km_status status = visit_file(queue, KMI_JOURNAL_NAME, &v, NULL, error);
    if (status == KM_OK) status = visit_file(queue, KMI_JOURNAL_NEXT_NAME, &v, NULL, error);
    KMI_CLEANUP_NAMES kmi_segment_names names = {0};
    if (status == KM_OK) status = kmi_segment_names_list(queue, &names, error);
    for (size_t i = 0; i < names.count && status == KM_OK; i++)
        status = visit_file(queue, names.items[i], &v, NULL, error);
    return status;
}

static km_status scan_file(kmi_queue *queue, const char *name, kmi_queue_damage *damage, km_error *error) {
    KMI_CLEANUP_FD int fd = -1;
    km_error fault = {0};
    kmi_scan_visitor visitor = {NULL, NULL, NULL};
    kmi_scan_result result = {0};
    km_status status = kmi_file_open(queue->dir_fd, name, O_RDONLY, &fd, &fault);
    if (status == KM_E_NOT_FOUND) return KM_OK;
    if (status == KM_OK) status = kmi_scan_file(fd, queue->path, &visitor, &result, &fault);
    if (status != KM_OK) {
        if (error != NULL) *error = fault;
        return status;
    }
    damage->damaged_bytes += result.damaged_bytes;
    damage->bad_headers += !result.is_header_valid;
    if ((result.damaged_bytes > 0 || !result.is_header_valid) && damage->name[0] == '\0')
        snprintf(damage->name, sizeof damage->name, "%.31s", name);
    return KM_OK;
}

km_status kmi_queue_scan(kmi_queue *queue, kmi_queue_damage *ret_damage, km_error *error) {
    KMI_CLEANUP_NAMES kmi_segment_names names = {0};
    *ret_damage = (kmi_queue_damage){0};
    km_status status = kmi_segment_names_list(queue, &names, error);
    ret_damage->segments = names.count;
    for (size_t i = 0; i < names.count && status == KM_OK; i++)
        status = scan_file(queue, names.items[i], ret_damage, error);
    if (status == KM_OK) status = scan_file(queue, KMI_JOURNAL_NEXT_NAME, ret_damage, error);
    return status == KM_OK ? scan_file(queue, KMI_JOURNAL_NAME, ret_damage, error) : status;
}

/* An id carries its time in milliseconds in the upper 48 bits. `unreadable_us` stands for a file without a sound header. */
static int64_t begun_at_us(kmi_queue *queue, const char *name, int64_t unreadable_us) {
    kmi_journal_header header;
    if (!kmi_journal_header_read(queue, name, &header)) return unreadable_us;
    return header.record_count == 0 ? INT64_MAX : (int64_t)(header.journal_id >> 16) * 1000;
}

int64_t kmi_queue_oldest_us(kmi_queue *queue) {
    KMI_CLEANUP_NAMES kmi_segment_names names = {0};
    if (kmi_segment_names_list(queue, &names, NULL) != KM_OK) return 0;
    int64_t oldest_us = begun_at_us(queue, KMI_JOURNAL_NAME, INT64_MAX);
    int64_t next_us = begun_at_us(queue, KMI_JOURNAL_NEXT_NAME, INT64_MAX);
    if (next_us < oldest_us) oldest_us = next_us;
    for (size_t i = 0; i < names.count; i++) {
        int64_t segment_us = begun_at_us(queue, names.items[i], 0);
        if (segment_us < oldest_us) oldest_us = segment_us;
    }
    return oldest_us;
}

static uint64_t record_bytes(kmi_queue *queue, const char *name) {
    kmi_journal_header header;
    if (!kmi_journal_header_read(queue, name, &header) || header.next_offset < KMI_JOURNAL_DATA_OFFSET) return 0;
    return header.next_offset - KMI_JOURNAL_DATA_OFFSET;
}

uint64_t kmi_queue_record_bytes(kmi_queue *queue) {
    uint64_t bytes = record_bytes(queue, KMI_JOURNAL_NAME);
    KMI_CLEANUP_NAMES kmi_segment_names names = {0};
    if (kmi_segment_names_list(queue, &names, NULL) != KM_OK) return bytes;
    for (size_t i = 0; i < names.count; i++) bytes += record_bytes(queue, names.items[i]);
    return bytes;
}

uint64_t kmi_quarantine_bytes(kmi_queue *queue) {
    int dir_fd = -1;
    if (kmi_dir_open(queue->dir_fd, "quarantine", &dir_fd, NULL) != KM_OK) return 0;
    DIR *dir = fdopendir(dir_fd);
    if (dir == NULL) {
        kmi_fd_close(&dir_fd);
        return 0;
    }
    uint64_t bytes = 0;
    struct dirent *entry;
    struct stat file;
    while ((entry = readdir(dir)) != NULL)
        if (fstatat(dir_fd, entry->d_name, &file, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(file.st_mode))
            bytes += (uint64_t)file.st_size;
    closedir(dir);
    return bytes;
}
