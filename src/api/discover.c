/* Walking up stops below the home directory, so that a memory in $HOME is never used for everything under it by accident. It
 * is found when one stands in it or names it. */
#include "api/discover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/link.h"
#include "util/buf.h"
#include "util/error.h"
#include "util/file.h"

enum { path_limit = 4096, git_file_limit = 4096 };

/* Returns: directory + "/" + name in ret_path, or false when too long. */
static bool join_path(const char *directory, const char *name, char ret_path[path_limit]) {
    kmi_buf path;
    kmi_buf_init_fixed(&path, ret_path, path_limit);
    kmi_buf_add_text(&path, directory);
    if (path.len == 0 || path.ptr[path.len - 1] != '/') kmi_buf_add_char(&path, '/');
    kmi_buf_add_text(&path, name);
    return kmi_buf_status(&path) == KM_OK;
}

/* Opens directory/kuzu-memories. *ret_fd stays -1 when there is none. */
static km_status open_memory_dir(const char *directory, int *ret_fd, km_error *error) {
    char path[path_limit];
    if (!join_path(directory, "kuzu-memories", path))
        return kmi_fail(error, KM_E_INVALID, "the path of the project is too long");
    km_error problem; /* not the caller's: none yet is no error */
    km_status status = kmi_dir_open(AT_FDCWD, path, ret_fd, &problem);
    if (status == KM_E_NOT_FOUND) return KM_OK;
    if (status != KM_OK && error != NULL) *error = problem;
    return status;
}

/* HOME as it is written, and resolved: the directory that a walk starts from is resolved, and HOME may lead through a link. */
typedef struct home_path {
    bool is_resolved;
    char resolved[path_limit]; /* "": there is none */
} home_path;

static bool is_at_or_above(const char *directory, const char *path) {
    size_t len = strlen(directory);
    return strncmp(path, directory, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool is_home_or_above(const char *directory, home_path *home) {
    const char *given = getenv("HOME");
    if (strcmp(directory, "/") == 0) return true;
    if (given == NULL || given[0] != '/') return false;
    if (is_at_or_above(directory, given)) return true;
    if (!home->is_resolved) {
        char resolved[PATH_MAX];
        bool is_good = realpath(given, resolved) != NULL && strlen(resolved) < path_limit;
        memcpy(home->resolved, is_good ? resolved : "", is_good ? strlen(resolved) + 1 : 1);
        home->is_resolved = true;
    }
    return is_at_or_above(directory, home->resolved);
}

bool kmi_is_home_or_above(const char *directory) {
    home_path home = {.is_resolved = false};
    return is_home_or_above(directory, &home);
}

static bool cut_last_component(char *path) {
    char *slash = strrchr(path, '/');
    if (slash == NULL || strcmp(path, "/") == 0) return false;
    slash[slash == path ? 1 : 0] = '\0';
    return true;
}

/* Reads the one line of a small file of git, relative to `directory`; false when it is not there. */
static bool read_git_line(const char *directory, const char *name, char ret_line[git_file_limit]) {
    char path[path_limit];
    if (!join_path(directory, name, path)) return false;
    KMI_CLEANUP_FD int fd = kmi_fd_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) return false;
    ssize_t len = read(fd, ret_line, git_file_limit - 1);
    if (len <= 0) return false;
    ret_line[len] = '\0';
    ret_line[strcspn(ret_line, "\r\n")] = '\0';
    return true;
}

/* The main worktree of the repository whose files lie in `common`: the folder around ".git" (or ".bare" and the like). A
 * repository without any worktree of its own ("shop.git") has no such folder: what lies around it is somebody else's. */
static bool find_main_worktree(char *common) {
    const char *name = strrchr(common, '/');
    if (name == NULL || name[1] == '\0') return false;
    return name[1] != '.' || cut_last_component(common);
}

/* Resolves `name`, relative to `directory`. */
static bool resolve(const char *directory, const char *name, char ret_path[path_limit]) {
    char joined[path_limit], resolved[PATH_MAX];
    if (!join_path(name[0] == '/' ? "/" : directory, name[0] == '/' ? name + 1 : name, joined)) return false;
    if (realpath(joined, resolved) == NULL || strlen(resolved) >= path_limit) return false;
    memcpy(ret_path, resolved, strlen(resolved) + 1);
    return true;
}

/* A stranger's folder may claim to be a worktree of any repository, to be handed that one's memory. So what it names must
 * lie in the repository's own worktrees/ (which he cannot write), and the file gitdir there must lead back here. */
static bool is_acknowledged(const char *directory, const char *git_dir, const char *common_dir) {
    char line[git_file_limit], back[path_limit], here[path_limit], home[path_limit];
    if (!read_git_line(git_dir, "gitdir", line) || !resolve(git_dir, line, back)) return false;
    if (!resolve(directory, ".git", here) || strcmp(back, here) != 0) return false;
    return resolve(git_dir, "../..", home) && strcmp(home, common_dir) == 0;
}

/* In a linked worktree .git is a file that names .git/worktrees/NAME of the main one, and a file commondir there leads to
 * the main .git. Returns false when this is no such worktree. */
static bool follow_worktree(const char *directory, char ret_main[path_limit]) {
    static const char prefix[] = "gitdir: ";
    char line[git_file_limit], git_dir[path_limit], common[git_file_limit], common_dir[path_limit];
    if (!read_git_line(directory, ".git", line) || strncmp(line, prefix, sizeof prefix - 1) != 0) return false;
    if (!resolve(directory, line + sizeof prefix - 1, git_dir)) return false;
    if (!read_git_line(git_dir, "commondir", common) || !resolve(git_dir, common, common_dir)) return false;
    if (!is_acknowledged(directory, git_dir, common_dir) || !find_main_worktree(common_dir)) return false;
    memcpy(ret_main, common_dir, strlen(common_dir) + 1);
    return true;
}

/* Looks for .git from `start` up. Returns false when there is none below the home directory. */
static bool find_git_root(const char *start, home_path *home, char ret_root[path_limit]) {
    char directory[path_limit], path[path_limit];
    memcpy(directory, start, strlen(start) + 1);
    do {
        struct stat git;
        if (is_home_or_above(directory, home)) return false;
        if (!join_path(directory, ".git", path) || stat(path, &git) != 0) continue;
        if (S_ISREG(git.st_mode) && follow_worktree(directory, ret_root)) return true;
        memcpy(ret_root, directory, strlen(directory) + 1);
        return true;
    } while (cut_last_component(directory));
    return false;
}

/* Looks for kuzu-memories/ from `start` up. *ret_fd stays -1 when there is none. */
static km_status find_memory(const char *start, home_path *home, char ret_root[path_limit], int *ret_fd,
                             km_error *error) {
    char directory[path_limit];
    memcpy(directory, start, strlen(start) + 1);
    bool is_start = true;
    do {
        if (!is_start && is_home_or_above(directory, home)) return KM_OK;
        km_status status = open_memory_dir(directory, ret_fd, error);
        if (status != KM_OK || *ret_fd >= 0) {
            memcpy(ret_root, directory, strlen(directory) + 1);
            return status;
        }
        is_start = false;
    } while (cut_last_component(directory));
    return KM_OK;
}

/* Who keeps config.json in version control has a kuzu-memories/ in every linked worktree. One in which nothing was ever
 * learnt is such a copy: the memory is that of the main worktree. */
static km_status leave_copy(char root[path_limit], km_root_origin *ret_origin, int *ret_fd, km_error *error) {
    char main_root[path_limit];
    if (faccessat(*ret_fd, "memories.db", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
        faccessat(*ret_fd, "queue", F_OK, AT_SYMLINK_NOFOLLOW) == 0 || !follow_worktree(root, main_root) ||
        strcmp(root, main_root) == 0)
        return KM_OK;
    kmi_fd_close(ret_fd);
    memcpy(root, main_root, strlen(main_root) + 1);
    *ret_origin = KM_ROOT_GIT;
    return open_memory_dir(root, ret_fd, error);
}

static km_status discover_from_current(char ret_root[path_limit], km_root_origin *ret_origin, int *ret_fd,
                                       km_error *error) {
    char current[path_limit];
    if (getcwd(current, sizeof current) == NULL)
        return kmi_fail_errno(error, errno, "cannot tell the current directory");
    home_path home = {.is_resolved = false};
    *ret_origin = KM_ROOT_MEMORY;
    km_status status = find_memory(current, &home, ret_root, ret_fd, error);
    if (status == KM_OK && *ret_fd >= 0) return leave_copy(ret_root, ret_origin, ret_fd, error);
    if (status != KM_OK) return status;
    *ret_origin = KM_ROOT_GIT;
    if (find_git_root(current, &home, ret_root)) return open_memory_dir(ret_root, ret_fd, error);
    *ret_origin = KM_ROOT_CURRENT;
    memcpy(ret_root, current, strlen(current) + 1);
    return KM_OK;
}

/* "../two" and "." name a folder for now; what is shown and compared is its path. A link that was named stays as it was named. */
static bool has_dots(const char *path) {
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/' ? 1 : 0;
        size_t len = strcspn(at, "/");
        if ((len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.')) return true;
    }
    return false;
}

/* A directory that was named: made absolute, and it must exist. */
static km_status use_named(const char *name, char ret_root[path_limit], int *ret_fd, km_error *error) {
    char current[path_limit] = "/";
    if (name[0] != '/' && getcwd(current, sizeof current) == NULL)
        return kmi_fail_errno(error, errno, "cannot tell the current directory");
    if (!join_path(current, name[0] == '/' ? name + 1 : name, ret_root))
        return kmi_fail(error, KM_E_INVALID, "the path of the project is too long");
    for (size_t len = strlen(ret_root); len > 1 && ret_root[len - 1] == '/'; len--) ret_root[len - 1] = '\0';
    char resolved[PATH_MAX];
    if (has_dots(ret_root) && realpath(ret_root, resolved) != NULL && strlen(resolved) < path_limit)
        memcpy(ret_root, resolved, strlen(resolved) + 1);
    km_status status = open_memory_dir(ret_root, ret_fd, error);
    struct stat directory;
    if (status == KM_OK && *ret_fd < 0 && (stat(ret_root, &directory) != 0 || !S_ISDIR(directory.st_mode)))
        return kmi_fail(error, KM_E_NOT_FOUND, "the project directory \"%s\" does not exist; create it first", name);
    return status;
}

km_status kmi_discover_user(char **ret_root, int *ret_memory_dir_fd, km_error *error) {
    char root[path_limit];
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    bool has_data = data != NULL && data[0] == '/';
    if (!has_data && (home == NULL || home[0] != '/'))
        return kmi_fail(error, KM_E_INVALID, "there is no place for your own memory: set HOME, or XDG_DATA_HOME");
    if (!join_path(has_data ? data : home, has_data ? "kuzu-memory" : ".local/share/kuzu-memory", root))
        return kmi_fail(error, KM_E_INVALID, "the path of your own memory is too long");
    int fd = -1;
    km_status status = open_memory_dir(root, &fd, error);
    if (status != KM_OK) return status;
    *ret_root = strdup(root);
    if (*ret_root == NULL) {
        kmi_fd_close(&fd);
        return kmi_fail(error, KM_E_NOMEM, "out of memory while opening the project");
    }
    *ret_memory_dir_fd = fd;
    return KM_OK;
}

static km_status fail_memory(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while opening the project");
}

/* Goes on to the memory that was chosen for this one, from link to link. One that is broken is told, and the folder keeps to
 * its own memory: what is learnt meanwhile can be merged later. */
static void follow_links(kmi_discovery *found) {
    for (int hop = 0; hop < KMI_LINK_HOPS_MAX && found->memory_dir_fd >= 0; hop++) {
        char *root = NULL;
        int fd = -1;
        km_error problem = {0};
        kmi_link_state state = kmi_link_follow(found->root, found->memory_dir_fd, &root, &fd, &problem);
        if (state == KMI_LINK_BROKEN) found->note = strdup(problem.message);
        if (state != KMI_LINK_GOOD) return;
        if (found->found == NULL)
            found->found = found->root;
        else
            free(found->root);
        kmi_fd_close(&found->memory_dir_fd);
        found->root = root;
        found->memory_dir_fd = fd;
        found->origin = KM_ROOT_LINK;
    }
}

/* A folder that calls itself a worktree of a repository that does not know it: it was moved by hand, is mounted elsewhere, or
 * lies. */
static char *look_for_lost_worktree(const char *root) {
    static const char prefix[] = "gitdir: ";
    char line[git_file_limit], git_dir[path_limit], main_root[path_limit];
    char *note = NULL;
    if (!read_git_line(root, ".git", line) || strncmp(line, prefix, sizeof prefix - 1) != 0) return NULL;
    if (strstr(line, "/worktrees/") == NULL || follow_worktree(root, main_root)) return NULL;
    bool is_there = resolve(root, line + sizeof prefix - 1, git_dir);
    if (asprintf(&note,
                 is_there
                     ? "it calls itself a worktree of \"%.200s\", which does not list it; if it was moved, run \"git "
                       "worktree repair\" there"
                     : "it calls itself a worktree of \"%.200s\", which is not there",
                 line + sizeof prefix - 1) < 0)
        return NULL;
    return note;
}

km_status kmi_discover_root(const char *project_dir, bool ignore_link, kmi_discovery *ret_discovery, km_error *error) {
    char root[path_limit];
    kmi_discovery found = {.origin = KM_ROOT_OPTION, .memory_dir_fd = -1};
    if (project_dir == NULL) {
        project_dir = getenv("KUZU_MEMORY_PROJECT");
        found.origin = KM_ROOT_ENVIRONMENT;
        if (project_dir != NULL && project_dir[0] == '\0') project_dir = NULL;
    }
    km_status status = project_dir != NULL ? use_named(project_dir, root, &found.memory_dir_fd, error)
                                           : discover_from_current(root, &found.origin, &found.memory_dir_fd, error);
    if (status != KM_OK) return status;
    found.root = strdup(root);
    if (found.root == NULL) {
        kmi_fd_close(&found.memory_dir_fd);
        return fail_memory(error);
    }
    if (!ignore_link) follow_links(&found);
    if (found.note == NULL && found.origin == KM_ROOT_GIT) found.note = look_for_lost_worktree(found.root);
    *ret_discovery = found;
    return KM_OK;
}
