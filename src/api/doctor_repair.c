/* What is done about which finding. A row says it in words, for those who want to know first, and names the function that does it.
 * Several findings may share one repair; it then runs once. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/doctor.h"
#include "api/exchange.h"
#include "api/survey.h"
#include "queue/names.h"
#include "store/repair.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

#define WORKER_WORKS_MS 15000
#define NEW_STORE "memories.db.new"
#define HEADER_VERSION_OFFSET 60 /* of an SQLite file: user_version, big-endian */
#define HEADER_APPLICATION_OFFSET 68

#define OUTCOME_BYTES 160

/* `outcome` may be filled with a few words on what came of it. */
typedef km_status (*repair)(km_project *project, char outcome[OUTCOME_BYTES], km_error *error);

/* ---- Files ---- */

static bool close_to_others(const kmi_surveyed *file, void *context) {
    (void)context;
    if (file->faults & KMI_FILE_OPEN) {
        int failed = fchmodat(file->dir_fd, file->name, S_ISDIR(file->info->st_mode) ? 0700 : 0600, 0);
        (void)failed; /* the second look tells */
    }
    return true;
}

static km_status close_files(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    (void)error;
    kmi_survey(project->memory_dir_fd, kmi_clock_now_us(), close_to_others, NULL);
    return KM_OK;
}

static bool remove_leftover(const kmi_surveyed *file, void *context) {
    (void)context;
    bool is_of_queue = strncmp(file->path, "queue/.journal.", 15) == 0; /* kmi_queue_sweep() knows which are in use */
    if ((file->faults & KMI_FILE_LEFTOVER) && !is_of_queue) unlinkat(file->dir_fd, file->name, 0);
    return true;
}

/* Under the locks of an exchange nobody is making a store or restoring one. */
static km_status remove_leftovers(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    KMI_CLEANUP_EXCHANGE kmi_exchange exchange = KMI_EXCHANGE_NONE;
    kmi_queue *queue = NULL;
    km_status status = kmi_exchange_begin(project, &exchange, error);
    if (status != KM_OK) return status;
    kmi_survey(project->memory_dir_fd, kmi_clock_now_us(), remove_leftover, NULL);
    if (kmi_project_find_queue(project, &queue, NULL) == KM_OK && queue != NULL) kmi_queue_sweep(queue);
    return KM_OK;
}

static bool set_odd_aside(const kmi_surveyed *file, void *context) {
    char aside[KMI_ASIDE_NAME_SIZE];
    if (!(file->faults & KMI_FILE_ODD) || strncmp(file->path, "aside", 5) == 0) return true;
    km_status status = kmi_set_aside(context, file->path, "odd", aside, NULL);
    (void)status; /* the second look tells */
    return true;
}

static km_status set_odd_files_aside(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    (void)error;
    kmi_survey(project->memory_dir_fd, kmi_clock_now_us(), set_odd_aside, project);
    return KM_OK;
}

/* ---- The store in place ---- */

static km_status with_store(km_project *project, kmi_store_fault fault, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_status status = kmi_project_open_store(project, KMI_STORE_WRITE, &store, error);
    return status == KM_OK ? kmi_store_repair(store, fault, error) : status;
}

static km_status rebuild_indexes(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    return with_store(project, KMI_FAULT_INDEXES, error);
}

static km_status rebuild_search(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    return with_store(project, KMI_FAULT_SEARCH, error);
}

static km_status remove_edges(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    return with_store(project, KMI_FAULT_EDGES, error);
}

static km_status recount(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    return with_store(project, KMI_FAULT_COUNTERS, error);
}

static km_status move_log(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_status status = kmi_project_open_store(project, KMI_STORE_WRITE, &store, error);
    return status == KM_OK ? kmi_store_checkpoint(store, true, error) : status;
}

static km_status give_space_back(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    bool is_erased = false;
    km_status status = kmi_project_open_store(project, KMI_STORE_WRITE, &store, error);
    return status == KM_OK ? kmi_store_erase(store, &is_erased, error) : status;
}

/* ---- The store anew ---- */

static bool tell_rows(uint64_t done, uint64_t total, void *context) {
    return kmi_project_tell(context, "rows saved", done, total, NULL) == KM_OK;
}

/* A store of a newer program is not damaged. The header is read by hand, because SQLite may refuse the file; but an upgrade that was
 * killed may have its version in the log alone, where only SQLite finds it. */
static bool is_newer(const km_project *project) {
    unsigned char header[100];
    char path[4096];
    size_t len = 0;
    uint64_t known = kmi_store_known_schema();
    KMI_CLEANUP_FD int fd = -1;
    if (kmi_file_open(project->memory_dir_fd, "memories.db", O_RDONLY, &fd, NULL) != KM_OK) return false;
    if (kmi_file_read_at(fd, "memories.db", 0, header, sizeof header, &len, NULL) != KM_OK || len < sizeof header)
        return false;
    kmi_fd_close(&fd); /* before SQLite opens it: closing later would drop SQLite's locks */
    const unsigned char *v = header + HEADER_VERSION_OFFSET;
    uint64_t version = (uint64_t)v[0] << 24 | (uint64_t)v[1] << 16 | (uint64_t)v[2] << 8 | v[3];
    if (memcmp(header + HEADER_APPLICATION_OFFSET, "KUZM", 4) == 0 && version > known && version < known + 1000)
        return true;
    return (size_t)snprintf(path, sizeof path, "%s/memories.db", project->memory_dir) < sizeof path &&
           kmi_store_is_newer(path);
}

static km_status fill_new_store(km_project *project, kmi_salvage *ret_salvage, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    const kmi_store_listener listener = {tell_rows, project};
    char path[4096], folder[4096];
    kmi_private_store_remove(project, NEW_STORE);
    if (realpath(project->memory_dir, folder) == NULL ||
        (size_t)snprintf(path, sizeof path, "%s/memories.db", folder) >= sizeof path)
        return kmi_fail(error, KM_E_INVALID, "the path of the project is too long");
    km_status status = kmi_private_store_open(project, NEW_STORE, KMI_STORE_CREATE, &store, error);
    if (status == KM_OK) status = kmi_store_salvage(store, path, &listener, ret_salvage, error);
    if (status == KM_OK) status = kmi_store_exceed_marks(store, 0, 0, error);
    return status == KM_OK ? kmi_store_checkpoint(store, true, error) : status;
}

/* One of an older schema only needs to be opened. */
static bool is_sound_when_opened(const km_project *project) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    kmi_store_diagnosis diagnosis = {.has = {true}};
    return kmi_private_store_open(project, "memories.db", KMI_STORE_CREATE, &store, NULL) == KM_OK &&
           kmi_store_diagnose(store, NULL, &diagnosis, NULL) == KM_OK && !diagnosis.has[KMI_FAULT_PAGES];
}

static km_status exchange_stores(kmi_exchange *exchange, km_error *error) {
    unlinkat(exchange->project->memory_dir_fd, NEW_STORE "-wal", 0);
    unlinkat(exchange->project->memory_dir_fd, NEW_STORE "-shm", 0);
    return kmi_exchange_replace(exchange, NEW_STORE, "damaged", error);
}

/* Puts what can be read of the damaged store into a new one, and this in its place. Where nothing can be read the damaged one stays:
 * an empty store would look like one that forgot everything. */
static km_status salvage(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    KMI_CLEANUP_EXCHANGE kmi_exchange exchange = KMI_EXCHANGE_NONE;
    kmi_salvage saved = {0};
    if (is_newer(project)) return KM_OK;
    km_status status = kmi_exchange_begin(project, &exchange, error);
    if (status != KM_OK || is_sound_when_opened(project)) return status;
    status = fill_new_store(project, &saved, error);
    if (status == KM_OK && saved.memories + saved.tasks == 0) status = KM_E_STORE;
    if (status == KM_OK) status = exchange_stores(&exchange, error);
    kmi_private_store_remove(project, NEW_STORE);
    if (status == KM_OK)
        snprintf(outcome, OUTCOME_BYTES,
                 "%" PRIu64 " memories and %" PRIu64 " task records saved, up to %" PRIu64 " memories lost",
                 saved.memories, saved.tasks, saved.memories_lost);
    return status;
}

/* ---- The worker ---- */

static km_status let_worker_work(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    (void)error;
    kmi_project_keep_worker(project);
    km_status status = kmi_project_drain(project, WORKER_WORKS_MS, NULL);
    (void)status; /* what is still there, the second look tells */
    return KM_OK;
}

static km_status replace_worker(km_project *project, char outcome[OUTCOME_BYTES], km_error *error) {
    (void)outcome;
    km_status status = km_worker_stop(project, false, WORKER_WORKS_MS, error);
    return status == KM_E_NOT_FOUND ? KM_OK : status;
}

/* ---- The table ---- */

static const struct {
    const char *code;
    const char *words; /* what it does */
    repair run;
} repairs[] = {
    {"files.open", "take all permissions of others away", close_files},
    {"files.odd", "move it to aside/", set_odd_files_aside},
    {"files.leftover", "remove it", remove_leftovers},
    {"store.unusable", "put what can be read of it into a new store and keep it in aside/", salvage},
    {"store.damaged", "put what can be read of it into a new store and keep it in aside/", salvage},
    {"store.index_damaged", "make the indexes anew from the memories", rebuild_indexes},
    {"search.index_damaged", "make the search index anew from the memories", rebuild_search},
    {"graph.dangling", "remove edges that lead nowhere and entities that nothing names", remove_edges},
    {"counters.wrong", "recount them", recount},
    {"store.log_long", "move the log into the database", move_log},
    {"store.free_space", "give the free pages back to the disk", give_space_back},
    {"worker.version", "let it finish and leave; the next text starts one of this version", replace_worker},
    {"queue.damaged", "let a worker set the damaged bytes aside and learn the rest", let_worker_work},
    {"queue.segments", "let a worker take them", let_worker_work},
    {"queue.waiting", "let a worker take them", let_worker_work},
    {"worker.missing", "start a worker", let_worker_work},
    {"worker.stalled", "let another worker take over", let_worker_work},
    {"worker.crash_loop", "start a worker", let_worker_work},
};
enum { repair_count = sizeof repairs / sizeof repairs[0] };

void kmi_doctor_note_repairs(const km_project *project, kmi_findings *findings) {
    for (size_t i = 0; i < findings->count; i++)
        for (size_t r = 0; r < repair_count; r++) {
            if (strcmp(findings->items[i].code, repairs[r].code) != 0) continue;
            bool is_left_alone = repairs[r].run == salvage && is_newer(project);
            if (!is_left_alone) findings->items[i].repair = repairs[r].words;
        }
}

/* Puts what came of a repair behind the words on it. */
static void note_outcome(kmi_findings *findings, repair run, const char *outcome) {
    for (size_t r = 0; r < repair_count && outcome[0] != '\0'; r++) {
        km_finding *finding = repairs[r].run == run ? kmi_findings_find(findings, repairs[r].code) : NULL;
        const char *words =
            finding == NULL ? NULL : kmi_arena_format(findings->arena, "%s; %s", repairs[r].words, outcome);
        if (words != NULL) finding->repair = words;
    }
}

km_status kmi_doctor_repair(km_project *project, kmi_findings *findings, km_error *error) {
    repair last = NULL;
    for (size_t r = 0; r < repair_count; r++) {
        km_error fault = {0};
        char outcome[OUTCOME_BYTES] = "";
        if (kmi_findings_find(findings, repairs[r].code) == NULL || repairs[r].run == last) continue;
        km_status status = kmi_project_tell(project, "repairs", r, repair_count, &fault);
        last = repairs[r].run;
        if (status == KM_OK) status = repairs[r].run(project, outcome, &fault);
        note_outcome(findings, last, outcome);
        if (status != KM_E_INTERRUPTED && status != KM_E_BUSY) continue; /* the second look tells */
        if (error != NULL) *error = fault;
        return status;
    }
    return KM_OK;
}
