#include "assist/decision.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/file.h"

enum { name_size = 128, title_bytes = 240, read_bytes = 4096 };

typedef struct folder {
    const char *path;     /* as it stands in the note */
    const char *parts[2]; /* opened one after the other, never through a link */
} folder;

static const folder folders[] = {
    {"docs/decisions/", {"docs", "decisions"}},
    {"docs/adr/", {"docs", "adr"}},
    {"doc/adr/", {"doc", "adr"}},
    {"decisions/", {"decisions"}},
    {"adr/", {"adr"}},
};

/* What stands beside the records and is none. */
static const char *const others[] = {"README.md", "index.md", "template.md"};

/* Takes the root's path and a slash off. Returns: false when the path is not below it. */
static bool cut_root(const char *root, kmi_slice *path) {
    kmi_slice prefix = kmi_slice_from(root);
    while (prefix.len > 0 && prefix.ptr[prefix.len - 1] == '/') prefix.len--;
    if (!kmi_slice_starts_with(*path, prefix) || path->len <= prefix.len || path->ptr[prefix.len] != '/') return false;
    *path = kmi_slice_sub(*path, prefix.len + 1, path->len);
    return true;
}

static bool get_name(kmi_slice rest, char name[name_size]) {
    bool is_name = rest.len < name_size && kmi_slice_ends_with(rest, KMI_SLICE_LITERAL(".md")) && rest.ptr[0] != '.';
    for (size_t i = 0; is_name && i < rest.len; i++)
        is_name = rest.ptr[i] != '/' && (unsigned char)rest.ptr[i] >= ' ' && rest.ptr[i] != '\x7F';
    for (size_t i = 0; is_name && i < sizeof others / sizeof others[0]; i++)
        is_name = !kmi_slice_equal_nocase(rest, kmi_slice_from(others[i]));
    if (!is_name) return false;
    memcpy(name, rest.ptr, rest.len);
    name[rest.len] = '\0';
    return true;
}

/* Reads the beginning of a file of ours. Returns: how many bytes. */
static size_t read_file(const char *root, const folder *place, const char *name, char bytes[read_bytes]) {
    KMI_CLEANUP_FD int root_fd = -1, outer_fd = -1, inner_fd = -1, fd = -1;
    size_t len = 0;
    if (kmi_dir_open(AT_FDCWD, root, &root_fd, NULL) != KM_OK) return 0;
    if (kmi_dir_open(root_fd, place->parts[0], &outer_fd, NULL) != KM_OK) return 0;
    if (place->parts[1] != NULL && kmi_dir_open(outer_fd, place->parts[1], &inner_fd, NULL) != KM_OK) return 0;
    if (kmi_file_open(inner_fd >= 0 ? inner_fd : outer_fd, name, O_RDONLY, &fd, NULL) != KM_OK) return 0;
    return kmi_file_read_at(fd, "decision record", 0, bytes, read_bytes, &len, NULL) == KM_OK ? len : 0;
}

static kmi_slice next_line(kmi_slice *text) {
    const char *newline = memchr(text->ptr, '\n', text->len);
    size_t len = newline != NULL ? (size_t)(newline - text->ptr) : text->len;
    kmi_slice line = kmi_slice_trim(kmi_slice_sub(*text, 0, len));
    *text = kmi_slice_sub(*text, len + (newline != NULL ? 1 : 0), text->len);
    return line;
}

/* "ADR-0007: Use SQLite" and "7. Use SQLite" are about using SQLite. */
static kmi_slice without_number(kmi_slice title) {
    size_t at = kmi_slice_starts_with(title, KMI_SLICE_LITERAL("ADR")) ? 3 : 0;
    while (at > 0 && at < title.len && memchr(" -#", title.ptr[at], 3) != NULL) at++;
    size_t digits = at;
    while (digits < title.len && title.ptr[digits] >= '0' && title.ptr[digits] <= '9') digits++;
    bool is_number = digits > at && digits < title.len && memchr(":.-)", title.ptr[digits], 4) != NULL;
    if (!is_number) return title;
    kmi_slice rest = kmi_slice_trim(kmi_slice_sub(title, digits + 1, title.len));
    return rest.len > 0 ? rest : title;
}

/* Returns: the first heading behind the front matter; empty when there is none. */
static kmi_slice find_title(kmi_slice text) {
    bool is_first = true, is_front_matter = false;
    while (text.len > 0) {
        kmi_slice line = next_line(&text);
        if (kmi_slice_equal(line, KMI_SLICE_LITERAL("---")) && (is_first || is_front_matter))
            is_front_matter = !is_front_matter;
        else if (!is_front_matter && kmi_slice_starts_with(line, KMI_SLICE_LITERAL("# ")))
            return without_number(kmi_slice_trim(kmi_slice_sub(line, 2, line.len)));
        is_first = false;
    }
    return KMI_SLICE_LITERAL("");
}

bool kmi_decision_take(const char *root, kmi_slice path, char *ret_note, size_t size) {
    char name[name_size], bytes[read_bytes];
    if (!cut_root(root, &path)) return false;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        kmi_slice start = kmi_slice_from(folders[i].path);
        if (!kmi_slice_starts_with(path, start) || !get_name(kmi_slice_sub(path, start.len, path.len), name)) continue;
        size_t len = read_file(root, &folders[i], name, bytes);
        kmi_slice title = find_title((kmi_slice){bytes, len});
        if (title.len == 0 || title.len > title_bytes || memchr(title.ptr, '\0', title.len) != NULL) return false;
        int written = snprintf(ret_note, size, "Decision recorded in %s%s: %.*s", folders[i].path, name, (int)title.len,
                               title.ptr);
        return written > 0 && (size_t)written < size;
    }
    return false;
}
