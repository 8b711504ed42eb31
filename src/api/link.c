#include "api/link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/error.h"
#include "util/file.h"
#include "util/random.h"

enum {
    token_bytes = 16,
    token_len = 2 * token_bytes,
    path_size = 4096,
    link_limit = 16 * 1024,
    links_limit = 64 * 1024
};

static const char link_title[] = "kuzu-memory link 1";

typedef struct link_text {
    char token[token_len + 1];
    char relative[path_size], absolute[path_size];
} link_text;

static bool is_token(const char *text) {
    return strlen(text) == token_len && strspn(text, "0123456789abcdef") == token_len;
}

/* Takes the next line; false when it is too long or there is none. */
static bool take_line(kmi_slice *rest, char *ret_line, size_t size) {
    const char *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : 0;
    if (end == NULL || len >= size || memchr(rest->ptr, '\0', len) != NULL) return false;
    memcpy(ret_line, rest->ptr, len);
    ret_line[len] = '\0';
    *rest = kmi_slice_sub(*rest, len + 1, rest->len);
    return true;
}

/* Returns: KM_E_NOT_FOUND without a link. */
static km_status read_link(int memory_dir_fd, link_text *ret_link, km_error *error) {
    char title[sizeof link_title + 1];
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, link_limit);
    km_status status = kmi_file_read_unchecked(memory_dir_fd, "link", false, &text, error);
    if (status != KM_OK) return status;
    kmi_slice rest = text.len > 0 ? kmi_buf_slice(&text) : KMI_SLICE_LITERAL("");
    bool is_good = take_line(&rest, title, sizeof title) && strcmp(title, link_title) == 0 &&
                   take_line(&rest, ret_link->token, sizeof ret_link->token) && is_token(ret_link->token) &&
                   take_line(&rest, ret_link->relative, path_size) && take_line(&rest, ret_link->absolute, path_size) &&
                   ret_link->relative[0] != '/' && ret_link->absolute[0] == '/';
    return is_good ? KM_OK : kmi_fail(error, KM_E_INVALID, "kuzu-memories/link cannot be read");
}

/* ---- The other side ---- */

/* Appends the lines of kuzu-memories/links but the one with this token. ret_had may be NULL. */
static km_status read_links(int memory_dir_fd, const char *without, kmi_buf *ret_lines, bool *ret_had,
                            km_error *error) {
    char line[path_size + token_len + 2];
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, links_limit);
    if (ret_had != NULL) *ret_had = false;
    km_status status = kmi_file_read(memory_dir_fd, "links", &text, error);
    if (status != KM_OK) return status;
    kmi_slice rest = text.len > 0 ? kmi_buf_slice(&text) : KMI_SLICE_LITERAL("");
    while (take_line(&rest, line, sizeof line)) {
        if (strncmp(line, without, token_len) != 0)
            kmi_buf_add_format(ret_lines, "%s\n", line);
        else if (ret_had != NULL)
            *ret_had = true;
    }
    return KM_OK;
}

static bool is_acknowledged(int memory_dir_fd, const char *token) {
    bool has = false;
    KMI_CLEANUP_BUF kmi_buf lines;
    kmi_buf_init(&lines, 2 * links_limit);
    return read_links(memory_dir_fd, token, &lines, &has, NULL) == KM_OK && has;
}

/* Opens the memory of a folder. Returns: false when it has none. */
static bool open_other(const char *folder, const char *path, char ret_root[PATH_MAX], int *ret_fd) {
    char joined[2 * path_size + 16];
    snprintf(joined, sizeof joined, "%s%s%s", path[0] == '/' ? "" : folder, path[0] == '/' ? "" : "/", path);
    if (realpath(joined, ret_root) == NULL) return false;
    snprintf(joined, sizeof joined, "%s/kuzu-memories", ret_root);
    return kmi_dir_open(AT_FDCWD, joined, ret_fd, NULL) == KM_OK;
}

kmi_link_state kmi_link_follow(const char *root, int memory_dir_fd, char **ret_root, int *ret_fd,
                               km_error *ret_problem) {
    link_text link = {0};
    km_error fault = {0};
    km_status status = read_link(memory_dir_fd, &link, &fault);
    if (status == KM_E_NOT_FOUND) return KMI_LINK_NONE;
    if (status != KM_OK) {
        *ret_problem = fault;
        return KMI_LINK_BROKEN;
    }
    const char *const paths[] = {link.relative, link.absolute};
    bool is_there = false;
    for (size_t i = 0; i < 2; i++) {
        char found[PATH_MAX];
        int fd = -1;
        if (paths[i][0] == '\0' || !open_other(root, paths[i], found, &fd)) continue;
        is_there = true;
        char *copy = is_acknowledged(fd, link.token) ? strdup(found) : NULL;
        if (copy != NULL) {
            *ret_root = copy;
            *ret_fd = fd;
            return KMI_LINK_GOOD;
        }
        kmi_fd_close(&fd);
    }
    kmi_fail(ret_problem, KM_E_NOT_FOUND,
             is_there ? "it links to the memory of \"%.200s\", which does not list the link"
                      : "it links to the memory of \"%.200s\", which is not there",
             link.absolute);
    return KMI_LINK_BROKEN;
}

/* ---- Making and ending ---- */

/* The way from one folder to another: "../../b". Both are resolved. */
static void add_relative(const char *from, const char *to, kmi_buf *buf) {
    size_t common = 0;
    for (size_t i = 0;; i++) {
        bool from_ends = from[i] == '\0' || from[i] == '/', to_ends = to[i] == '\0' || to[i] == '/';
        if (from_ends && to_ends) common = i;
        if (from[i] != to[i] || from[i] == '\0') break;
    }
    for (const char *at = from + common; *at != '\0'; at++)
        if (*at == '/' && at[1] != '\0') kmi_buf_add_text(buf, "../");
    kmi_buf_add_text(buf, to[common] == '/' ? to + common + 1 : to + common);
    if (buf->len == 0) kmi_buf_add_char(buf, '.');
}

static km_status make_token(char ret_token[token_len + 1], km_error *error) {
    unsigned char bytes[token_bytes];
    km_status status = kmi_random_bytes(bytes, sizeof bytes, NULL, error);
    for (size_t i = 0; status == KM_OK && i < sizeof bytes; i++) snprintf(ret_token + 2 * i, 3, "%02x", bytes[i]);
    return status;
}

static km_status write_links(int memory_dir_fd, const char *without, const char *token, const char *root,
                             km_error *error) {
    KMI_CLEANUP_BUF kmi_buf lines;
    kmi_buf_init(&lines, 2 * links_limit);
    km_error fault = {0};
    km_status status = read_links(memory_dir_fd, without, &lines, NULL, &fault);
    if (status != KM_OK && status != KM_E_NOT_FOUND) {
        if (error != NULL) *error = fault;
        return status;
    }
    if (token != NULL) kmi_buf_add_format(&lines, "%s %s\n", token, root);
    if (kmi_buf_status(&lines) != KM_OK || lines.len > links_limit)
        return kmi_fail(error, KM_E_CONFLICT, "too many folders use that memory: end some with \"project use --own\"");
    return kmi_file_replace(memory_dir_fd, "links", lines.len > 0 ? kmi_buf_slice(&lines) : KMI_SLICE_LITERAL(""),
                            error);
}

static bool is_one_line(const char *path) {
    return strlen(path) < path_size && strpbrk(path, "\n\r") == NULL;
}

km_status kmi_link_make(const char *from_root, int from_fd, const char *to_root, int to_fd, km_error *error) {
    char token[token_len + 1], from[PATH_MAX], to[PATH_MAX];
    if (realpath(from_root, from) == NULL || realpath(to_root, to) == NULL)
        return kmi_fail_errno(error, errno, "cannot resolve the two folders");
    if (!is_one_line(from) || !is_one_line(to))
        return kmi_fail(error, KM_E_INVALID, "the path of a folder is too long, or has several lines");
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, link_limit);
    km_status status = kmi_link_remove(from_root, from_fd, NULL, error);
    if (status == KM_OK) status = make_token(token, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_BUF kmi_buf relative;
    kmi_buf_init(&relative, link_limit);
    add_relative(from, to, &relative);
    kmi_buf_add_format(&text, "%s\n%s\n%s\n%s\n", link_title, token,
                       kmi_buf_status(&relative) == KM_OK && relative.len < path_size ? relative.ptr : "", to);
    if (kmi_buf_status(&text) != KM_OK) return kmi_fail(error, KM_E_NOMEM, "out of memory while linking");
    /* The acknowledgement first: a link without one would be told as broken. */
    status = write_links(to_fd, token, token, from, error);
    if (status == KM_OK) status = kmi_file_replace(from_fd, "link", kmi_buf_slice(&text), error);
    return status;
}

km_status kmi_link_remove(const char *root, int memory_dir_fd, bool *ret_had, km_error *error) {
    link_text link = {.token = ""};
    char *other = NULL;
    int fd = -1;
    km_error problem = {0};
    bool had = faccessat(memory_dir_fd, "link", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    if (ret_had != NULL) *ret_had = had;
    if (!had) return KM_OK;
    bool is_known = read_link(memory_dir_fd, &link, &problem) == KM_OK;
    if (is_known && kmi_link_follow(root, memory_dir_fd, &other, &fd, &problem) == KMI_LINK_GOOD) {
        /* One that stays on the other side is without effect: nobody has its token any more. */
        km_status ignored = write_links(fd, link.token, NULL, NULL, NULL);
        (void)ignored;
        kmi_fd_close(&fd);
        free(other);
    }
    if (unlinkat(memory_dir_fd, "link", 0) != 0)
        return kmi_fail_errno(error, errno, "cannot remove \"%s/kuzu-memories/link\"", root);
    return kmi_dir_sync(memory_dir_fd, root, error);
}
