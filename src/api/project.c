/* Opening a project costs what `learn` can afford: one directory, one look for each configuration file. Queue, store and
 * metrics are opened by the functions that need them. */
#include "api/project.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/discover.h"
#include "status/liveness.h"
#include "util/error.h"
#include "util/file.h"

#ifndef KMI_INSTALLED_PROGRAM
#define KMI_INSTALLED_PROGRAM "/usr/local/bin/kuzu-memory"
#endif

#define STORE_PATH_SIZE 4096
#define GLANCE_PATIENCE_MS 50

static const char gitignore_text[] = "# Memories are private. Remove a line below to share that file on purpose.\n"
                                     "*\n!.gitignore\n!config.json\n!export*.jsonl\n";

static char *join(const char *a, const char *b) {
    char *joined = NULL;
    return asprintf(&joined, "%s%s", a, b) < 0 ? NULL : joined;
}

static char *find_user_config(void) {
    const char *base = getenv("XDG_CONFIG_HOME");
    if (base != NULL && base[0] == '/') return join(base, "/kuzu-memory/config.json");
    base = getenv("HOME");
    return base != NULL && base[0] == '/' ? join(base, "/.config/kuzu-memory/config.json") : NULL;
}

static char *choose_program(const km_options *options) {
    if (options->program != NULL) return strdup(options->program);
    const char *program = getenv("KUZU_MEMORY_PROGRAM");
    if (program != NULL && program[0] == '/') return strdup(program);
    return access(KMI_INSTALLED_PROGRAM, X_OK) == 0 ? strdup(KMI_INSTALLED_PROGRAM) : NULL;
}

/* A worker started later reads the same file from another current directory. */
static char *make_absolute(const char *path) {
    char current[4096];
    char *absolute = NULL;
    if (path[0] == '/' || getcwd(current, sizeof current) == NULL) return strdup(path);
    return asprintf(&absolute, "%s/%s", current, path) < 0 ? NULL : absolute;
}

kmi_config_sources kmi_project_config_sources(const km_project *project) {
    return (kmi_config_sources){
        .user_path = project->user_config_path,
        .project_dir_fd = project->memory_dir_fd,
        .project_path = project->config_file != NULL ? project->config_file : project->config_path,
        .is_explicit_file = project->config_file != NULL,
    };
}

static km_status find_root(km_project *project, const km_options *options, km_error *error) {
    if (!options->user_memory) {
        kmi_discovery found;
        km_status status = kmi_discover_root(options->project_dir, options->ignore_link, &found, error);
        if (status != KM_OK) return status;
        project->root = found.root;
        project->found_root = found.found;
        project->note = found.note;
        project->origin = found.origin;
        project->memory_dir_fd = found.memory_dir_fd;
        return KM_OK;
    }
    if (options->project_dir != NULL)
        return kmi_fail(error, KM_E_INVALID, "either a project's memory or the user's own, not both");
    project->origin = KM_ROOT_USER;
    return kmi_discover_user(&project->root, &project->memory_dir_fd, error);
}

km_status km_project_open(const km_options *options, km_project **ret_project, km_error *error) {
    static const km_options defaults = KM_OPTIONS_INIT;
    if (options == NULL) options = &defaults;
    if (ret_project == NULL) return kmi_fail(error, KM_E_INVALID, "ret_project must not be NULL");
    km_project *project = calloc(1, sizeof *project);
    if (project == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while opening the project");
    project->memory_dir_fd = -1;
    project->queue = (kmi_queue)KMI_QUEUE_CLOSED;
    project->metrics = (kmi_metrics)KMI_METRICS_CLOSED;
    km_status status = find_root(project, options, error);
    if (status != KM_OK) {
        km_project_free(project);
        return status;
    }
    project->memory_dir = join(project->root, strcmp(project->root, "/") == 0 ? "kuzu-memories" : "/kuzu-memories");
    project->queue_path = project->memory_dir == NULL ? NULL : join(project->memory_dir, "/queue");
    project->config_path = project->memory_dir == NULL ? NULL : join(project->memory_dir, "/config.json");
    project->user_config_path = find_user_config();
    project->program = choose_program(options);
    if (options->config_file != NULL) project->config_file = make_absolute(options->config_file);
    if (project->queue_path == NULL || project->config_path == NULL ||
        (options->config_file != NULL && project->config_file == NULL)) {
        km_project_free(project);
        return kmi_fail(error, KM_E_NOMEM, "out of memory while opening the project");
    }
    kmi_config_init(&project->config);
    kmi_config_sources sources = kmi_project_config_sources(project);
    status = kmi_config_load(&project->config, &sources, &project->config_arena, &project->config_error);
    project->config_error.status = status;
    *ret_project = project;
    return KM_OK;
}

void km_project_free(km_project *project) {
    if (project == NULL) return;
    km_project_free(project->user);
    free(project->found_root);
    free(project->note);
    kmi_metrics_close(&project->metrics);
    kmi_queue_deinit(&project->queue);
    kmi_fd_close(&project->memory_dir_fd);
    kmi_arena_free(project->config_arena);
    free(project->root);
    free(project->memory_dir);
    free(project->queue_path);
    free(project->program);
    free(project->config_file);
    free(project->config_path);
    free(project->user_config_path);
    free(project);
}

km_project *km_project_user(km_project *project) {
    if (project == NULL || project->origin == KM_ROOT_USER) return NULL;
    if (project->user == NULL) {
        char *root = NULL;
        int fd = -1;
        struct stat here, there;
        if (kmi_discover_user(&root, &fd, NULL) != KM_OK) return NULL;
        free(root);
        bool is_other = fd >= 0 && fstat(fd, &there) == 0 &&
                        (project->memory_dir_fd < 0 || fstat(project->memory_dir_fd, &here) != 0 ||
                         here.st_dev != there.st_dev || here.st_ino != there.st_ino);
        kmi_fd_close(&fd);
        km_options options = {.user_memory = true, .program = project->program};
        if (!is_other || km_project_open(&options, &project->user, NULL) != KM_OK) return NULL;
    }
    return project->user;
}

const km_error *km_project_config_error(const km_project *project) {
    return project->config_error.status == KM_OK ? NULL : &project->config_error;
}

const char *km_project_note(const km_project *project) {
    return project->note;
}

km_status kmi_project_check_config(const km_project *project, km_error *error) {
    if (project->config_error.status == KM_OK) return KM_OK;
    if (error != NULL) *error = project->config_error;
    return project->config_error.status;
}

/* Another handle may have made the memory meanwhile. */
static bool has_memory(km_project *project) {
    if (project->memory_dir_fd < 0 &&
        kmi_dir_open(AT_FDCWD, project->memory_dir, &project->memory_dir_fd, NULL) != KM_OK)
        project->memory_dir_fd = -1;
    return project->memory_dir_fd >= 0;
}

km_status km_project_get_info(km_project *project, km_project_info *ret_info, km_error *error) {
    struct stat store;
    if (project == NULL || ret_info == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_info must not be NULL");
    bool exists = has_memory(project);
    *ret_info = (km_project_info){
        .root = project->root,
        .memory_dir = project->memory_dir,
        .origin = project->origin,
        .found_root = project->found_root,
        .enhance_timeout_seconds = project->config.performance_enhance_timeout_seconds,
        .memory_exists = exists,
        .store_exists = exists && fstatat(project->memory_dir_fd, "memories.db", &store, 0) == 0,
    };
    return KM_OK;
}

void km_project_set_progress(km_project *project, km_progress progress, void *context) {
    if (project == NULL) return;
    project->progress = progress;
    project->progress_context = context;
}

km_status kmi_project_tell(const km_project *project, const char *what, uint64_t done, uint64_t total,
                           km_error *error) {
    if (project == NULL || project->progress == NULL || project->progress(what, done, total, project->progress_context))
        return KM_OK;
    return kmi_fail(error, KM_E_INTERRUPTED, "interrupted");
}

/* ---- Creating ---- */

static km_status write_if_absent(int dir_fd, const char *name, kmi_slice text, km_error *error) {
    if (faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return KM_OK;
    return kmi_file_replace(dir_fd, name, text, error);
}

/* The user's own data folder may be the first of its kind. What cannot be made is told when it is opened. */
static void make_parents(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    (void)mkdir(path, 0700);
}

km_status kmi_project_create(km_project *project, bool *ret_created, km_error *error) {
    if (ret_created != NULL) *ret_created = false;
    if (project->memory_dir_fd >= 0) return KM_OK;
    bool is_named =
        project->origin == KM_ROOT_OPTION || project->origin == KM_ROOT_ENVIRONMENT || project->origin == KM_ROOT_LINK;
    if (project->origin == KM_ROOT_USER)
        make_parents(project->root);
    else if (!is_named && kmi_is_home_or_above(project->root))
        return kmi_fail(error, KM_E_INVALID, "\"%s\" is no project: change into one, or name it with --project",
                        project->root);
    /* The user may well reach the project through a symbolic link; what we make inside it never is one. */
    KMI_CLEANUP_FD int root_fd = kmi_fd_open(AT_FDCWD, project->root, O_RDONLY | O_DIRECTORY, 0);
    if (root_fd < 0) return kmi_fail_errno(error, errno, "cannot open \"%s\"", project->root);
    km_status status = kmi_dir_make(root_fd, "kuzu-memories", ret_created, error);
    if (status == KM_OK) status = kmi_dir_open(root_fd, "kuzu-memories", &project->memory_dir_fd, error);
    if (status == KM_OK)
        status = write_if_absent(project->memory_dir_fd, ".gitignore",
                                 (kmi_slice){gitignore_text, sizeof gitignore_text - 1}, error);
    if (status == KM_OK) status = kmi_dir_sync(root_fd, project->root, error);
    if (status == KM_OK) return KM_OK;
    kmi_fd_close(&project->memory_dir_fd);
    return kmi_fail_context(error, status == KM_E_NOT_FOUND ? KM_E_IO : status, "cannot create \"%s\"",
                            project->memory_dir);
}

km_status km_project_init(km_project *project, bool force, bool *ret_created, km_error *error) {
    if (project == NULL) return kmi_fail(error, KM_E_INVALID, "project must not be NULL");
    bool is_created = false;
    km_status status = force ? KM_OK : kmi_project_check_config(project, error);
    if (status == KM_OK) status = kmi_project_create(project, &is_created, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, 1 << 16);
    status = kmi_config_default_text(&text, error);
    if (status == KM_OK && force)
        status = kmi_file_replace(project->memory_dir_fd, "config.json", kmi_buf_slice(&text), error);
    if (status == KM_OK) status = write_if_absent(project->memory_dir_fd, "config.json", kmi_buf_slice(&text), error);
    if (status != KM_OK) return kmi_fail_context(error, status, "cannot write \"%s/config.json\"", project->memory_dir);
    if (force) {
        project->config_error = (km_error){0};
        kmi_config_init(&project->config);
    }
    KMI_CLEANUP_WRITER kmi_writer writer = {0};
    status = kmi_writer_open(project, true, &writer, error);
    if (status == KM_OK && ret_created != NULL) *ret_created = is_created;
    return status;
}

/* ---- Opening parts ---- */

static bool is_deleted(int dir_fd) {
    struct stat dir;
    return fstat(dir_fd, &dir) != 0 || dir.st_nlink == 0;
}

/* A handle may live for hours, and the project be deleted and made anew meanwhile. */
static void drop_deleted(km_project *project) {
    if (!kmi_metrics_is_current(&project->metrics)) kmi_metrics_close(&project->metrics);
    if (!is_deleted(project->queue.dir_fd)) return;
    kmi_queue_deinit(&project->queue);
    if (!is_deleted(project->memory_dir_fd)) return;
    kmi_fd_close(&project->memory_dir_fd);
    if (kmi_dir_open(AT_FDCWD, project->memory_dir, &project->memory_dir_fd, NULL) != KM_OK)
        project->memory_dir_fd = -1;
}

/* Takes a fault over, unless it only says that something is not there. */
static km_status tolerate_absence(km_status status, const km_error *fault, km_error *error) {
    if (status == KM_E_NOT_FOUND) return KM_OK;
    if (status != KM_OK && error != NULL) *error = *fault;
    return status;
}

km_status kmi_project_queue(km_project *project, bool create, kmi_queue **ret_queue, km_error *error) {
    *ret_queue = &project->queue;
    if (project->queue.dir_fd >= 0) drop_deleted(project);
    if (project->queue.dir_fd >= 0) return KM_OK;
    km_status status = create ? kmi_project_create(project, NULL, error) : KM_OK;
    if (status != KM_OK) return status;
    if (!has_memory(project)) return kmi_fail(error, KM_E_NOT_FOUND, "there is no memory in \"%s\" yet", project->root);
    km_error fault = {0};
    status = kmi_queue_open(&project->queue, project->memory_dir_fd, project->queue_path, false, &fault);
    if (status == KM_E_NOT_FOUND && create)
        return kmi_queue_open(&project->queue, project->memory_dir_fd, project->queue_path, true, error);
    if (status != KM_OK && error != NULL) *error = fault;
    return status;
}

km_status kmi_project_find_queue(km_project *project, kmi_queue **ret_queue, km_error *error) {
    km_error fault = {0};
    km_status status = kmi_project_queue(project, false, ret_queue, &fault);
    if (status != KM_OK) *ret_queue = NULL;
    return tolerate_absence(status, &fault, error);
}

static km_status find_store_path(km_project *project, char path[STORE_PATH_SIZE], km_error *error) {
    if (!has_memory(project)) return kmi_fail(error, KM_E_NOT_FOUND, "there is no memory in \"%s\" yet", project->root);
    if ((size_t)snprintf(path, STORE_PATH_SIZE, "%s/memories.db", project->memory_dir) >= STORE_PATH_SIZE)
        return kmi_fail(error, KM_E_INVALID, "the path of the project is too long");
    return KM_OK;
}

km_status kmi_project_glance_store(km_project *project, kmi_store **ret_store, km_error *error) {
    char path[STORE_PATH_SIZE];
    km_status status = find_store_path(project, path, error);
    const kmi_store_options options = {
        .path = path, .mode = KMI_STORE_READ, .lock_fd = -1, .timeout_ms = GLANCE_PATIENCE_MS};
    return status == KM_OK ? kmi_store_open(&options, ret_store, error) : status;
}

km_status kmi_project_open_store(km_project *project, kmi_store_mode mode, kmi_store **ret_store, km_error *error) {
    char path[STORE_PATH_SIZE];
    km_status status = find_store_path(project, path, error);
    if (status != KM_OK) return status;
    kmi_store_options options = {.path = path, .mode = mode, .lock_fd = -1, .lock_byte = KMI_LOCK_BYTE_WRITER};
    if (mode != KMI_STORE_READ) {
        kmi_queue *queue = NULL;
        status = kmi_project_queue(project, mode == KMI_STORE_CREATE, &queue, error);
        if (status == KM_OK) status = kmi_queue_open_lock(queue, error);
        if (status != KM_OK) return status;
        options.lock_fd = queue->lock_fd;
    }
    return kmi_store_open(&options, ret_store, error);
}

km_status kmi_project_find_store(km_project *project, kmi_store **ret_store, km_error *error) {
    km_error fault = {0};
    *ret_store = NULL;
    return tolerate_absence(kmi_project_open_store(project, KMI_STORE_READ, ret_store, &fault), &fault, error);
}

static const kmi_metrics *map_metrics(km_project *project, kmi_metrics_mode mode) {
    if (project->metrics.page == NULL && project->memory_dir_fd >= 0 &&
        kmi_metrics_open(&project->metrics, project->memory_dir_fd, mode, NULL) != KM_OK)
        project->metrics = (kmi_metrics)KMI_METRICS_CLOSED; /* unreadable: as good as none */
    return &project->metrics;
}

const kmi_metrics *kmi_project_metrics(km_project *project) {
    return map_metrics(project, KMI_METRICS_LOOK);
}

const kmi_metrics *kmi_project_make_metrics(km_project *project) {
    return map_metrics(project, KMI_METRICS_ADD);
}

km_status kmi_writer_open(km_project *project, bool create, kmi_writer *ret_writer, km_error *error) {
    *ret_writer = (kmi_writer){0};
    km_status status = kmi_project_check_config(project, error);
    if (status == KM_OK) status = kmi_project_queue(project, create, &ret_writer->queue, error);
    if (status == KM_OK)
        status =
            kmi_project_open_store(project, create ? KMI_STORE_CREATE : KMI_STORE_WRITE, &ret_writer->store, error);
    return status;
}

void kmi_writer_close(kmi_writer *writer) {
    kmi_store_free(writer->store);
    writer->store = NULL;
}

km_status kmi_writer_end(kmi_writer *writer, km_status status, km_error *error) {
    if (status == KM_OK) return kmi_store_commit(writer->store, error);
    kmi_store_rollback(writer->store);
    return status;
}

void kmi_writer_shorten_log(kmi_writer *writer) {
    enum { log_pages_max = 64 };
    if (writer->store == NULL || kmi_store_wal_pages(writer->store) < log_pages_max) return;
    km_status status = kmi_store_checkpoint(writer->store, true, NULL);
    (void)status;
}

/* ---- Other processes ---- */

void kmi_project_announce_change(km_project *project) {
    kmi_metrics_announce_change(kmi_project_metrics(project));
}

void kmi_project_keep_worker(km_project *project) {
    kmi_queue *queue = &project->queue;
    if (queue->dir_fd < 0 && kmi_project_queue(project, false, &queue, NULL) != KM_OK) return;
    km_status status = kmi_worker_ensure(queue, kmi_project_metrics(project), project->program, project->root,
                                         project->config_file, NULL, NULL);
    (void)status; /* no process to be had just now */
}
