/* Reading worker.log: the older file first, then the one that is written, then what comes. A log that is begun anew has another inode
 * under its name; the old one is read to its end first. Waiting is inotify's, with a look every second for file systems that do
 * not tell. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/project.h"
#include "api/result.h"
#include "base/json.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"

#define OLD_NAME KMI_LOG_NAME ".1"
#define LINE_LIMIT_BYTES ((size_t)64 * 1024) /* ours have 8 KiB at most */
#define READ_BYTES ((size_t)64 * 1024)
#define LOOK_EVERY_MS 1000
#define MOST_FIELDS 32

_Static_assert((int)KM_LOG_ERROR == (int)KMI_LOG_ERROR, "levels have the same numbers");

typedef struct text_queue { /* bytes of the log that were read and not yet handed out */
    char *bytes;
    size_t start, end, capacity;
} text_queue;

struct km_log_reader {
    int dir_fd;
    int fd; /* the file that is read; -1: none yet */
    int inotify_fd;
    bool is_old; /* reading worker.log.1 */
    km_log_level least;
    size_t skip; /* lines of the level to pass over: all but the last ones that are wanted */
    text_queue text;
    kmi_arena *arena; /* of the present line */
    km_log_line line;
    km_log_field fields[MOST_FIELDS];
};

const char *km_log_level_name(km_log_level level) {
    return kmi_log_level_name((kmi_log_level)level);
}

/* ---- Lines ---- */

static bool parse_level(const char *name, km_log_level *ret_level) {
    for (int level = KM_LOG_DEBUG; level <= KM_LOG_ERROR; level++) {
        if (name == NULL || strcmp(name, km_log_level_name((km_log_level)level)) != 0) continue;
        *ret_level = (km_log_level)level;
        return true;
    }
    return false;
}

static bool is_own_key(const char *key) {
    return strcmp(key, "time") == 0 || strcmp(key, "level") == 0 || strcmp(key, "pid") == 0 ||
           strcmp(key, "event") == 0;
}

static bool add_fields(km_log_reader *reader, json_t *object) {
    km_log_line *line = &reader->line;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        if (is_own_key(key) || line->field_count == MOST_FIELDS) continue; /* ours have fewer */
        km_log_field *field = &reader->fields[line->field_count++];
        *field = (km_log_field){.name = kmi_arena_copy_text(reader->arena, key)};
        if (json_is_string(value)) field->value = kmi_arena_copy_text(reader->arena, json_string_value(value));
        if (field->name == NULL || (json_is_string(value) && field->value == NULL)) return false;
    }
    return true;
}

/* Returns: whether the text is a line of the log that is wanted; it is then in reader->line. */
static bool read_line(km_log_reader *reader, kmi_slice text) {
    KMI_CLEANUP_JSON json_t *object = NULL;
    kmi_arena_clear(reader->arena);
    if (kmi_json_parse_object(text, "the line", &object, NULL) != KM_OK) return false;
    km_log_line *line = &reader->line;
    *line = (km_log_line){.pid = json_integer_value(json_object_get(object, "pid")), .fields = reader->fields};
    const char *time_text = json_string_value(json_object_get(object, "time"));
    const char *event = json_string_value(json_object_get(object, "event"));
    if (event == NULL || !parse_level(json_string_value(json_object_get(object, "level")), &line->level) ||
        line->level < reader->least || kmi_time_parse(kmi_slice_from(time_text), &line->time_us, NULL) != KM_OK)
        return false;
    line->event = kmi_arena_copy_text(reader->arena, event);
    line->json = kmi_arena_copy(reader->arena, text);
    return line->event != NULL && line->json != NULL && add_fields(reader, object);
}

/* Takes the next whole line out of what was read. */
static bool take_text(text_queue *text, kmi_slice *ret_line) {
    char *begin = text->bytes == NULL ? NULL : text->bytes + text->start;
    char *newline = begin == NULL ? NULL : memchr(begin, '\n', text->end - text->start);
    if (newline == NULL) return false;
    *ret_line = (kmi_slice){begin, (size_t)(newline - begin)};
    text->start += ret_line->len + 1;
    return true;
}

/* ---- Files ---- */

static km_status read_more(km_log_reader *reader, bool *ret_has_more, km_error *error) {
    text_queue *text = &reader->text;
    *ret_has_more = false;
    if (reader->fd < 0) return KM_OK;
    if (text->start > 0) memmove(text->bytes, text->bytes + text->start, text->end - text->start);
    text->end -= text->start;
    text->start = 0;
    if (text->end > LINE_LIMIT_BYTES) text->end = 0; /* no line of ours */
    if (text->capacity == 0) {
        text->bytes = malloc(LINE_LIMIT_BYTES + READ_BYTES);
        if (text->bytes == NULL) return kmi_fail_memory(error);
        text->capacity = LINE_LIMIT_BYTES + READ_BYTES;
    }
    ssize_t got = 0;
    do {
        got = read(reader->fd, text->bytes + text->end, text->capacity - text->end);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return kmi_fail_errno(error, errno, "cannot read \"%s\"", KMI_LOG_NAME);
    text->end += (size_t)got;
    *ret_has_more = got > 0;
    return KM_OK;
}

/* Opens the file that comes next, if there is one: after the older file the one that is written, after that its successor. */
static bool open_next(km_log_reader *reader) {
    struct stat ours, named;
    bool has_file = reader->fd >= 0;
    if (has_file && !reader->is_old &&
        (fstatat(reader->dir_fd, KMI_LOG_NAME, &named, AT_SYMLINK_NOFOLLOW) != 0 || fstat(reader->fd, &ours) != 0 ||
         (ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)))
        return false;
    int fd = -1;
    if (kmi_file_open(reader->dir_fd, KMI_LOG_NAME, O_RDONLY, &fd, NULL) != KM_OK) return false;
    kmi_fd_close(&reader->fd);
    reader->fd = fd;
    reader->is_old = false;
    reader->text.start = reader->text.end = 0; /* a line without its end is none */
    return true;
}

/* *ret_is_found false: everything that is there now has been handed out. */
static km_status find_line(km_log_reader *reader, bool *ret_is_found, km_error *error) {
    *ret_is_found = false;
    for (;;) {
        kmi_slice text;
        while (take_text(&reader->text, &text)) {
            *ret_is_found = read_line(reader, text);
            if (*ret_is_found) return KM_OK;
        }
        bool has_more = false;
        km_status status = read_more(reader, &has_more, error);
        if (status != KM_OK || (!has_more && !open_next(reader))) return status;
    }
}

/* ---- The calls ---- */

static void rewind_to_start(km_log_reader *reader) {
    kmi_fd_close(&reader->fd);
    reader->text.start = reader->text.end = 0;
    reader->is_old = kmi_file_open(reader->dir_fd, OLD_NAME, O_RDONLY, &reader->fd, NULL) == KM_OK;
    if (!reader->is_old) reader->fd = -1;
}

/* Counts the lines, so that all but the last ones can be passed over. */
static km_status start(km_log_reader *reader, size_t last_lines, km_error *error) {
    rewind_to_start(reader);
    if (last_lines == SIZE_MAX) return KM_OK;
    size_t count = 0;
    bool is_found = true;
    km_status status = KM_OK;
    while (status == KM_OK && is_found) {
        status = find_line(reader, &is_found, error);
        count += is_found;
    }
    rewind_to_start(reader);
    reader->skip = count > last_lines ? count - last_lines : 0;
    return status;
}

km_status km_log_open(km_project *project, km_log_level least, size_t last_lines, km_log_reader **ret_reader,
                      km_error *error) {
    if (project == NULL || ret_reader == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_reader must not be NULL");
    km_log_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || (reader->arena = kmi_arena_new((size_t)1 << 20)) == NULL) {
        free(reader);
        return kmi_fail_memory(error);
    }
    reader->fd = reader->inotify_fd = reader->dir_fd = -1;
    reader->least = least;
    km_status status = KM_OK;
    if (project->memory_dir_fd >= 0) {
        reader->dir_fd = fcntl(project->memory_dir_fd, F_DUPFD_CLOEXEC, 3);
        if (reader->dir_fd < 0) status = kmi_fail_errno(error, errno, "cannot open \"%s\"", project->memory_dir);
        if (status == KM_OK) status = start(reader, last_lines, error);
    }
    if (status == KM_OK)
        *ret_reader = reader;
    else
        km_log_close(reader);
    return status;
}

/* Waits until something may have been written. The file is watched and not its directory, in which the store writes all the time. */
static void wait_for_change(km_log_reader *reader, int64_t timeout_ms) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", reader->fd);
    bool is_first = reader->inotify_fd < 0;
    if (is_first) reader->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (reader->inotify_fd >= 0 && reader->fd >= 0) /* again each time: it may be another file by now */
        (void)inotify_add_watch(reader->inotify_fd, path, IN_MODIFY | IN_MOVE_SELF);
    if (is_first) return; /* to look once more: it may have been written before it was watched */
    struct pollfd wanted = {.fd = reader->inotify_fd, .events = POLLIN};
    if (poll(&wanted, 1, (int)(timeout_ms < LOOK_EVERY_MS ? timeout_ms : LOOK_EVERY_MS)) <= 0) return;
    char events[4096];
    ssize_t got = read(reader->inotify_fd, events, sizeof events);
    (void)got; /* that there is one is all that matters */
}

km_status km_log_next(km_log_reader *reader, int64_t timeout_ms, const volatile int *interrupted,
                      const km_log_line **ret_line, km_error *error) {
    if (reader == NULL || ret_line == NULL)
        return kmi_fail(error, KM_E_INVALID, "reader and ret_line must not be NULL");
    const int64_t deadline_us = kmi_clock_monotonic_us() + timeout_ms * 1000;
    for (;;) {
        bool is_found = false;
        km_status status = reader->dir_fd < 0 ? KM_OK : find_line(reader, &is_found, error);
        if (status != KM_OK) return status;
        if (is_found && reader->skip > 0) {
            reader->skip--;
            continue;
        }
        *ret_line = is_found ? &reader->line : NULL;
        int64_t left_ms = (deadline_us - kmi_clock_monotonic_us() + 999) / 1000;
        if (is_found || left_ms <= 0) return KM_OK;
        if (interrupted != NULL && *interrupted != 0) return kmi_fail(error, KM_E_INTERRUPTED, "interrupted");
        wait_for_change(reader, left_ms);
    }
}

void km_log_close(km_log_reader *reader) {
    if (reader == NULL) return;
    kmi_fd_close(&reader->fd);
    kmi_fd_close(&reader->inotify_fd);
    kmi_fd_close(&reader->dir_fd);
    kmi_arena_free(reader->arena);
    free(reader->text.bytes);
    free(reader);
}
