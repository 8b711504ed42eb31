/* The store is a file with two companions (-wal, -shm), and three renames are not one. So all who could write are kept out: no worker
 * can start (starter's byte) and nobody can begin a transaction (writer's byte), the log is emptied, and the files themselves
 * change places in one step: whoever dies in between leaves the old memory or the new one, never none. A writer that had the old
 * file open finds at its next transaction that it was moved, and says so. */
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
    if (status == KM_E_PERMISSION) return kmi_fail(error, KM_E_BUSY, "%s", fault.message);
    if (status != KM_OK && error != NULL) *error = fault;
    return status;
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

/* The new store goes into the folder first, and then the two change places in one step. Before that the present one loses its log,
 * which is empty now; one that could not be emptied (damage, a reader that stays) goes along. */
static km_status change_places(const km_project *project, int aside_fd, km_error *error) {
    unlinkat(project->memory_dir_fd, "memories.db-shm", 0);
    for (size_t i = 1; i < companion_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "memories.db%s", companions[i]);
        km_status status = move_file(project->memory_dir_fd, name, aside_fd, name, error);
        if (status != KM_OK) return status;
    }
    if (renameat2(aside_fd, "memories.db", project->memory_dir_fd, "memories.db", RENAME_EXCHANGE) != 0)
        return kmi_fail_errno(error, errno, "cannot exchange \"%s/memories.db\"; does the file system support it?",
                              project->memory_dir);
    /* A reader that came in between has made companions of the old store: it keeps them, the new store must not. */
    unlinkat(project->memory_dir_fd, "memories.db-shm", 0);
    unlinkat(project->memory_dir_fd, "memories.db-wal", 0);
    return KM_OK;
}

/* After a refusal the folder holds the new store and perhaps the log of the present one, which goes back. */
static void take_back(kmi_exchange *exchange, int aside_fd) {
    km_project *project = exchange->project;
    char folder[sizeof "aside/" + KMI_ASIDE_NAME_SIZE];
    int failed = 0;
    for (size_t i = 1; i < companion_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "memories.db%s", companions[i]);
        failed |= renameat2(aside_fd, name, project->memory_dir_fd, name, RENAME_NOREPLACE) != 0 && errno != ENOENT;
    }
    snprintf(folder, sizeof folder, "aside/%s", exchange->aside);
    if (!failed && unlinkat(aside_fd, "memories.db", 0) == 0) unlinkat(project->memory_dir_fd, folder, AT_REMOVEDIR);
    exchange->aside[0] = '\0';
}

static km_status put_first_store(const km_project *project, const char *name, km_error *error) {
    if (renameat(project->memory_dir_fd, name, project->memory_dir_fd, "memories.db") != 0)
        return kmi_fail_errno(error, errno, "cannot create \"%s/memories.db\"", project->memory_dir);
    return kmi_dir_sync(project->memory_dir_fd, project->memory_dir, error);
}

km_status kmi_exchange_replace(kmi_exchange *exchange, const char *name, const char *why, km_error *error) {
    km_project *project = exchange->project;
    KMI_CLEANUP_FD int fd = -1;
    struct stat info;
    if (fstatat(project->memory_dir_fd, "memories.db", &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return put_first_store(project, name, error);
    move_log(project);
    km_status status = make_aside_folder(project, why, exchange->aside, &fd, error);
    if (status != KM_OK) return status;
    if (renameat(project->memory_dir_fd, name, fd, "memories.db") != 0)
        return kmi_fail_errno(error, errno, "cannot put the new store into \"%s/aside\"", project->memory_dir);
    status = change_places(project, fd, error);
    if (status != KM_OK) {
        take_back(exchange, fd);
        return status;
    }
    status = kmi_dir_sync(fd, exchange->aside, error);
    return status == KM_OK ? kmi_dir_sync(project->memory_dir_fd, project->memory_dir, error) : status;
}

void kmi_exchange_end(kmi_exchange *exchange) {
    if (exchange->lock_fd < 0) return;
    kmi_fd_close(&exchange->lock_fd); /* both bytes */
    kmi_project_announce_change(exchange->project);
    kmi_project_keep_worker(exchange->project);
}
