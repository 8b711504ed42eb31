/* The store is a file with two companions (-wal, -shm), and three renames are not one. So all who could write are kept out: no worker
 * can start (starter's byte) and nobody can begin a transaction (writer's byte). A writer that had the old file open finds at
 * its next transaction that it was moved, and says so. A reader in between finds no store, which is an answer it knows. */
#include "api/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "status/liveness.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/lock.h"

#define WORKER_LEAVES_MS 10000
#define LOCK_WAIT_MS 5000
#define ATTEMPTS 5 /* a worker may be started between our stopping one and holding the starter's byte */

static const char *const companions[] = {"", "-wal", "-shm", "-journal"};
enum { companion_count = 4 };

/* ---- Aside ---- */

static km_status make_aside_folder(km_project *project, const char *why, char ret_name[KMI_ASIDE_NAME_SIZE],
                                   int *ret_fd, km_error *error) {
    KMI_CLEANUP_FD int aside_fd = -1;
    char time[KMI_TIME_TEXT_SIZE];
    km_status status = kmi_dir_make(project->memory_dir_fd, "aside", NULL, error);
    if (status == KM_OK) status = kmi_dir_open(project->memory_dir_fd, "aside", &aside_fd, error);
    if (status != KM_OK) return status;
    kmi_time_format(kmi_clock_now_us(), time);
    time[19] = '\0';
    for (char *c = time; *c != '\0'; c++)
        if (*c == ':') *c = '.';
    for (int number = 1; number < 1000; number++) {
        bool is_created = false;
        if (number == 1)
            snprintf(ret_name, KMI_ASIDE_NAME_SIZE, "%sZ-%s", time, why);
        else
            snprintf(ret_name, KMI_ASIDE_NAME_SIZE, "%sZ-%s-%d", time, why, number);
        status = kmi_dir_make(aside_fd, ret_name, &is_created, error);
        if (status == KM_OK && is_created) status = kmi_dir_sync(aside_fd, "aside", error);
        if (status != KM_OK || is_created) break;
    }
    return status == KM_OK ? kmi_dir_open(aside_fd, ret_name, ret_fd, error) : status;
}

static km_status move_file(int from_fd, const char *from, int to_fd, const char *to, km_error *error) {
    if (renameat(from_fd, from, to_fd, to) == 0 || errno == ENOENT) return KM_OK;
    return kmi_fail_errno(error, errno, "cannot move \"%s\" aside", from);
}

km_status kmi_set_aside(km_project *project, const char *path, const char *why, char ret_aside[KMI_ASIDE_NAME_SIZE],
                        km_error *error) {
    KMI_CLEANUP_FD int fd = -1;
    const char *slash = strrchr(path, '/');
    km_status status = make_aside_folder(project, why, ret_aside, &fd, error);
    if (status == KM_OK) status = move_file(project->memory_dir_fd, path, fd, slash == NULL ? path : slash + 1, error);
    return status;
}

/* ---- Files of the memory directory that only we know ---- */

km_status kmi_private_store_open(const km_project *project, const char *name, kmi_store_mode mode,
                                 kmi_store **ret_store, km_error *error) {
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", project->memory_dir, name) >= sizeof path)
        return kmi_fail(error, KM_E_INVALID, "the path of the project is too long");
    kmi_store_options options = {.path = path, .mode = mode, .lock_fd = -1};
    return kmi_store_open(&options, ret_store, error);
}

void kmi_private_store_remove(const km_project *project, const char *name) {
    for (size_t i = 0; i < companion_count; i++) {
        char companion[256];
        snprintf(companion, sizeof companion, "%s%s", name, companions[i]);
        unlinkat(project->memory_dir_fd, companion, 0);
    }
}

/* ---- The exchange ---- */

static km_status stop_worker(km_project *project, km_error *error) {
    km_error fault = {0};
    km_status status = km_worker_stop(project, false, WORKER_LEAVES_MS, &fault);
    if (status == KM_E_NOT_FOUND) return KM_OK;
    if (status != KM_OK && error != NULL) *error = fault;
    return status == KM_E_PERMISSION ? KM_E_BUSY : status;
}

static km_status take_bytes(kmi_exchange *exchange, const kmi_queue *queue, bool *ret_is_done, km_error *error) {
    km_worker_info worker;
    km_status status = kmi_lock_wait(exchange->lock_fd, KMI_LOCK_BYTE_STARTER, LOCK_WAIT_MS, error);
    if (status == KM_E_BUSY) return kmi_fail(error, KM_E_BUSY, "another worker is being started; try again");
    if (status == KM_OK) status = kmi_worker_look(queue, kmi_project_metrics(exchange->project), &worker, error);
    if (status != KM_OK) return status;
    if (worker.state != KM_WORKER_STOPPED) {
        kmi_lock_release(exchange->lock_fd, KMI_LOCK_BYTE_STARTER);
        return KM_OK;
    }
    status = kmi_lock_wait(exchange->lock_fd, KMI_LOCK_BYTE_WRITER, LOCK_WAIT_MS, error);
    if (status == KM_E_BUSY)
        return kmi_fail(error, KM_E_BUSY,
                        "another process is writing the memory and did not finish in time; try again");
    *ret_is_done = status == KM_OK;
    return status;
}

km_status kmi_exchange_begin(km_project *project, kmi_exchange *ret_exchange, km_error *error) {
    *ret_exchange = (kmi_exchange){.project = project, .lock_fd = -1};
    kmi_queue *queue = NULL;
    km_status status = kmi_project_queue(project, true, &queue, error);
    if (status == KM_OK) status = kmi_file_open(queue->dir_fd, "lock", O_RDWR | O_CREAT, &ret_exchange->lock_fd, error);
    for (int attempt = 0; status == KM_OK && attempt < ATTEMPTS; attempt++) {
        bool is_done = false;
        status = stop_worker(project, error);
        if (status == KM_OK) status = take_bytes(ret_exchange, queue, &is_done, error);
        if (status == KM_OK && is_done) return KM_OK;
    }
    kmi_fd_close(&ret_exchange->lock_fd);
    return status != KM_OK ? status : kmi_fail(error, KM_E_BUSY, "workers are started again and again; try again");
}

/* A log that was moved into its database makes the set-aside file whole by itself. A damaged one goes along as it is. */
static void move_log(const km_project *project) {
    kmi_store *store = NULL;
    if (kmi_private_store_open(project, "memories.db", KMI_STORE_WRITE, &store, NULL) != KM_OK) return;
    km_status status = kmi_store_checkpoint(store, true, NULL);
    (void)status;
    kmi_store_free(store);
}

km_status kmi_exchange_set_store_aside(kmi_exchange *exchange, const char *why, km_error *error) {
    km_project *project = exchange->project;
    KMI_CLEANUP_FD int fd = -1;
    struct stat info;
    if (fstatat(project->memory_dir_fd, "memories.db", &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return KM_OK;
    move_log(project);
    km_status status = make_aside_folder(project, why, exchange->aside, &fd, error);
    for (size_t i = 0; status == KM_OK && i < companion_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "memories.db%s", companions[i]);
        status = move_file(project->memory_dir_fd, name, fd, name, error);
    }
    if (status == KM_OK) unlinkat(fd, "memories.db-shm", 0); /* says nothing that SQLite would not make anew */
    if (status == KM_OK) status = kmi_dir_sync(fd, exchange->aside, error);
    return status;
}

km_status kmi_exchange_put(kmi_exchange *exchange, const char *name, km_error *error) {
    km_project *project = exchange->project;
    if (renameat(project->memory_dir_fd, name, project->memory_dir_fd, "memories.db") != 0)
        return kmi_fail_errno(error, errno, "cannot create \"%s/memories.db\"", project->memory_dir);
    exchange->is_put = true;
    return kmi_dir_sync(project->memory_dir_fd, project->memory_dir, error);
}

/* The store last: where it stands, its log does too. What cannot be moved back stays aside, whole. */
static void put_back(const kmi_exchange *exchange) {
    KMI_CLEANUP_FD int aside_fd = -1;
    KMI_CLEANUP_FD int fd = -1;
    int memory_fd = exchange->project->memory_dir_fd;
    if (faccessat(memory_fd, "memories.db", F_OK, AT_SYMLINK_NOFOLLOW) == 0) return;
    if (kmi_dir_open(memory_fd, "aside", &aside_fd, NULL) != KM_OK ||
        kmi_dir_open(aside_fd, exchange->aside, &fd, NULL) != KM_OK)
        return;
    for (size_t i = companion_count; i-- > 0;) {
        char name[32];
        snprintf(name, sizeof name, "memories.db%s", companions[i]);
        if (move_file(fd, name, memory_fd, name, NULL) != KM_OK) return;
    }
    unlinkat(aside_fd, exchange->aside, AT_REMOVEDIR);
    km_status ignored = kmi_dir_sync(memory_fd, exchange->project->memory_dir, NULL);
    (void)ignored;
}

void kmi_exchange_end(kmi_exchange *exchange) {
    if (exchange->lock_fd < 0) return;
    if (exchange->aside[0] != '\0' && !exchange->is_put) put_back(exchange);
    kmi_fd_close(&exchange->lock_fd); /* both bytes */
    kmi_project_announce_change(exchange->project);
    kmi_project_keep_worker(exchange->project);
}
