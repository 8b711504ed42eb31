/* A look at the memory's health must answer in moments and whatever is wrong: every fact has its own source, a source that fails
 * becomes a finding, and none is waited for. Numbers are read where they are kept (counters, the journal's header); nothing is
 * counted anew, that is the doctor's business. */
#include "api/health.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "api/alerts.h"
#include "api/result.h"
#include "api/survey.h"
#include "queue/inspect.h"
#include "queue/journal.h"
#include "status/liveness.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/lock.h"
#include "util/mount.h"
#include "util/process.h"
#include "worker/oldest.h"

#define REPORT_LIMIT_BYTES ((size_t)4 * 1024 * 1024)
#define ERROR_KINDS 3 /* how many are told */

const char *km_health_name(km_health health) {
    static const char *const names[] = {"healthy", "degraded", "broken"};
    return (int)health >= 0 && health <= KM_HEALTH_BROKEN ? names[health] : "unknown";
}

/* ---- Configuration ---- */

/* Messages name their file; a value of the environment has none. */
static const char *find_config_file(const km_project *project, const char *message) {
    const char *const paths[] = {project->config_file, project->config_path, project->user_config_path};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (paths[i] != NULL && message != NULL && strstr(message, paths[i]) != NULL) return paths[i];
    return NULL;
}

static void look_at_config(km_project *project, kmi_health_result *result) {
    kmi_health_facts *facts = &result->facts;
    const km_error *problem = km_project_config_error(project);
    if (problem != NULL) {
        facts->config_problem = kmi_arena_copy_text(result->arena, problem->message);
        facts->config_file = find_config_file(project, problem->message);
        return;
    }
    kmi_config_sources sources = kmi_project_config_sources(project);
    km_config_list list = {0};
    if (kmi_config_describe(&sources, result->arena, &list, NULL) != KM_OK) return;
    facts->config_warning_count = list.warning_count;
    if (list.warning_count == 0) return;
    facts->config_warning = list.warnings[0];
    facts->config_file = find_config_file(project, list.warnings[0]);
}

/* ---- Disk ---- */

static const char *weak_file_system(int dir_fd) {
    static const struct {
        uint32_t magic;
        const char *name;
    } weak[] = {{0x6969, "NFS"},      {0xFF534D42, "CIFS"},  {0xFE534D42, "SMB"},  {0x517B, "SMB"},
                {0x01021997, "9p"},   {0x5346414F, "AFS"},   {0x73757245, "Coda"}, {0x00C36400, "Ceph"},
                {0x65735546, "FUSE"}, {0x0BD00BD0, "Lustre"}};
    struct statfs info;
    if (fstatfs(dir_fd, &info) != 0) return NULL;
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++)
        if ((uint32_t)info.f_type == weak[i].magic) return weak[i].name;
    return NULL;
}

/* Where to make room, or what to mount anew; looked for only when one of these is the matter. */
static void look_at_mount(int dir_fd, kmi_health_result *result) {
    kmi_health_facts *facts = &result->facts;
    kmi_mount *mount = kmi_arena_alloc(result->arena, sizeof *mount);
    if (mount == NULL || !kmi_mount_find(dir_fd, mount)) return;
    facts->mount_point = mount->point;
    facts->is_mount_only = mount->is_mount_read_only && !mount->is_file_system_read_only;
}

static void look_at_disk(int dir_fd, kmi_health_facts *facts) {
    struct statvfs disk;
    facts->weak_fs = weak_file_system(dir_fd);
    facts->is_unwritable = faccessat(dir_fd, ".", W_OK, AT_EACCESS) != 0 && errno != EROFS;
    if (fstatvfs(dir_fd, &disk) != 0) return;
    facts->is_disk_known = true;
    facts->is_read_only = (disk.f_flag & ST_RDONLY) != 0;
    facts->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    facts->disk_free_files = disk.f_files == 0 ? UINT64_MAX : disk.f_favail; /* some file systems do not count them */
}

/* ---- Store ---- */

/* "THE LAST ERROR (3), ANOTHER (1)": how often each kind came, the last one first. */
static const char *describe_errors(const km_name_count *errors, size_t count, kmi_arena *arena) {
    const char *text = NULL;
    for (size_t i = 0; i < count; i++) {
        char *longer = kmi_arena_format(arena, "%s%s%s (%" PRIu64 ")", text == NULL ? "" : text, i == 0 ? "" : ", ",
                                        errors[i].name, errors[i].count);
        if (longer == NULL) break;
        text = longer;
    }
    return text;
}

static km_status read_failures(kmi_store *store, kmi_health_result *result, km_error *error) {
    static const km_task_state failed = KM_TASK_FAILED;
    kmi_task_row *rows = NULL;
    km_name_count *errors = NULL;
    size_t row_count = 0, error_count = 0;
    km_status status = kmi_store_task_list(store, &failed, false, 1, result->arena, &rows, &row_count, error);
    if (status == KM_OK)
        status = kmi_store_last_errors(store, ERROR_KINDS, result->arena, &errors, &error_count, error);
    if (row_count > 0) result->facts.failed_since_us = rows[0].finished_at_us;
    result->facts.last_error = describe_errors(errors, error_count, result->arena);
    return status;
}

static km_status read_store(kmi_store *store, const kmi_metrics *metrics, kmi_health_result *result, km_error *error) {
    kmi_health_facts *facts = &result->facts;
    int64_t counters[KMI_COUNTER_COUNT];
    km_status status = kmi_store_counters_get(store, counters, error);
    if (status == KM_OK)
        status = kmi_store_space(store, &facts->page_bytes, &facts->page_count, &facts->free_pages, error);
    if (status == KM_OK) status = kmi_store_schema_version(store, &result->public.schema_version, error);
    if (status != KM_OK) return status;
    facts->failed_tasks = (uint64_t)counters[KMI_COUNTER_TASKS_FAILED];
    facts->completed_tasks = (uint64_t)counters[KMI_COUNTER_TASKS_COMPLETED];
    facts->redactions = (uint64_t)counters[KMI_COUNTER_REDACTIONS];
    uint64_t seen = kmi_metrics_get(metrics, KMI_METRIC_REDACTIONS_SEEN);
    facts->redactions -= seen < facts->redactions ? seen : facts->redactions;
    result->public.memories = (uint64_t)counters[KMI_COUNTER_MEMORIES];
    return facts->failed_tasks == 0 ? KM_OK : read_failures(store, result, error);
}

/* SQLite takes its locks on these bytes of the database, whatever its size. */
#define STORE_LOCKS_AT ((off_t)0x40000000)
#define STORE_LOCKS 512

static void find_holder(int memory_dir_fd, kmi_health_result *result) {
    kmi_health_facts *facts = &result->facts;
    char name[64] = "unknown";
    facts->store_holder =
        kmi_lock_find_process(memory_dir_fd, "memories.db", STORE_LOCKS_AT, STORE_LOCKS_AT + STORE_LOCKS - 1);
    kmi_process_name(facts->store_holder, name, sizeof name);
    facts->store_holder_name = kmi_arena_copy_text(result->arena, name);
    if (facts->store_holder_name == NULL) facts->store_holder = 0;
}

static void look_at_store(km_project *project, kmi_health_result *result, kmi_store **ret_store) {
    kmi_health_facts *facts = &result->facts;
    km_error fault = {0};
    km_status status = kmi_project_glance_store(project, ret_store, &fault);
    facts->has_store = status != KM_E_NOT_FOUND;
    if (status == KM_E_NOT_FOUND) status = KM_OK;
    if (status == KM_OK && *ret_store != NULL)
        status = read_store(*ret_store, kmi_project_metrics(project), result, &fault);
    facts->store_status = status;
    if (status == KM_OK) return;
    facts->store_problem = kmi_arena_copy_text(result->arena, fault.message);
    kmi_store_free(*ret_store);
    *ret_store = NULL;
    if (status == KM_E_BUSY) find_holder(project->memory_dir_fd, result);
}

/* ---- Queue and worker ---- */

static km_status look_at_waiting(kmi_queue *queue, kmi_store *store, kmi_health_result *result, km_error *error) {
    uint64_t records = 0, backlog = 0;
    km_status status = kmi_journal_depth(queue, &records, &backlog, error);
    if (status != KM_OK) return status;
    result->facts.waiting = records + backlog;
    if (result->facts.waiting == 0) return KM_OK;
    int64_t oldest_us = KMI_OLDEST_NONE;
    status = kmi_oldest_in_queue(queue, store, &oldest_us, error);
    if (status == KM_OK && store != NULL && backlog > 0) status = kmi_oldest_in_store(store, &oldest_us, error);
    if (oldest_us != KMI_OLDEST_NONE) result->facts.oldest_waiting_at_us = oldest_us;
    return status;
}

static void look_at_worker(kmi_queue *queue, const kmi_metrics *metrics, kmi_health_result *result) {
    kmi_health_facts *facts = &result->facts;
    km_error fault = {0};
    km_status status = kmi_worker_look(queue, metrics, &facts->worker, &fault);
    if (status == KM_OK) status = kmi_worker_is_starting(queue, &facts->is_starting, &fault);
    if (status != KM_OK) facts->lock_problem = kmi_arena_copy_text(result->arena, fault.message);
    facts->crashes_in_row = kmi_metrics_get(metrics, KMI_METRIC_CRASHES_IN_ROW);
    facts->last_crash_at_us = (int64_t)kmi_metrics_get(metrics, KMI_METRIC_LAST_CRASH_US);
    facts->paused_since_us = (int64_t)kmi_metrics_get(metrics, KMI_METRIC_PAUSED_SINCE_US);
    facts->worker_version = kmi_metrics_get(metrics, KMI_METRIC_WORKER_VERSION);
    facts->clock_jump_at_us = (int64_t)kmi_metrics_get(metrics, KMI_METRIC_CLOCK_JUMP_AT_US);
    facts->clock_jump_by_us = (int64_t)kmi_metrics_get(metrics, KMI_METRIC_CLOCK_JUMP_BY_US);
}

static void look_at_queue(km_project *project, kmi_store *store, kmi_health_result *result) {
    kmi_queue *queue = NULL;
    km_error fault = {0};
    km_status status = kmi_project_find_queue(project, &queue, &fault);
    if (status == KM_OK && queue != NULL) {
        look_at_worker(queue, kmi_project_metrics(project), result);
        status = look_at_waiting(queue, store, result, &fault);
    }
    if (status == KM_OK) return;
    result->facts.queue_problem = kmi_arena_copy_text(result->arena, fault.message);
    result->facts.queue_status = status;
}

/* ---- The report ---- */

kmi_health_result *kmi_health_result_new(km_project *project) {
    kmi_health_result *result = calloc(1, sizeof *result);
    if (result == NULL || (result->arena = kmi_arena_new(REPORT_LIMIT_BYTES)) == NULL) {
        free(result);
        return NULL;
    }
    result->findings.arena = result->arena;
    result->facts.now_us = kmi_clock_now_us();
    result->facts.memory_dir = project->memory_dir;
    result->facts.project_name = strrchr(project->root, '/') + 1;
    result->facts.user = geteuid();
    result->facts.config = &project->config;
    result->facts.waiting_limit = (uint64_t)project->config.async_max_queue_size;
    return result;
}

void km_health_report_free(km_health_report *public) {
    kmi_health_result *result = (kmi_health_result *)public;
    if (result == NULL) return;
    kmi_arena_free(result->arena);
    free(result);
}

static void look_for_alerts(km_project *project, kmi_health_facts *facts) {
    kmi_alert alert;
    const kmi_alert_inputs inputs = {
        .now_us = facts->now_us,
        .queue_size = facts->waiting,
        .queue_limit = facts->waiting_limit,
        .oldest_waiting_us = facts->oldest_waiting_at_us == 0 ? 0 : facts->now_us - facts->oldest_waiting_at_us,
        .disk_free_bytes = facts->is_disk_known ? (int64_t)facts->disk_free_bytes : -1,
    };
    kmi_project_check_alerts(project, &inputs);
    if (kmi_alert_get(kmi_project_metrics(project), KMI_ALERT_DISK_SPACE, &alert) && alert.is_active)
        facts->disk_low_since_us = alert.began_at_us;
}

static bool needs_mount(const kmi_health_facts *facts) {
    return facts->is_read_only || facts->disk_free_bytes >> 20 < (uint64_t)facts->config->alerts_disk_free_mb ||
           facts->disk_free_files < KMI_HEALTH_FILES_MIN;
}

km_status kmi_health_look(km_project *project, kmi_health_result *result, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_project_info info;
    km_status status = km_project_get_info(project, &info, error); /* opens a directory that was made meanwhile */
    if (status != KM_OK) return status;
    look_at_config(project, result);
    if (info.memory_exists) {
        kmi_survey_facts(project->memory_dir_fd, &result->facts);
        look_at_disk(project->memory_dir_fd, &result->facts);
        look_at_store(project, result, &store);
        look_at_queue(project, store, result);
        look_for_alerts(project, &result->facts);
        if (needs_mount(&result->facts)) look_at_mount(project->memory_dir_fd, result);
    }
    return kmi_health_judge(&result->facts, &result->findings, error);
}

void kmi_health_result_finish(kmi_health_result *result) {
    km_health_report *report = &result->public;
    const kmi_health_facts *facts = &result->facts;
    kmi_findings_sort(&result->findings);
    report->health = kmi_findings_worst(&result->findings);
    report->checked_at_us = facts->now_us;
    report->elapsed_us = kmi_clock_now_us() - facts->now_us;
    report->finding_count = result->findings.count;
    report->findings = result->findings.items;
    report->worker = facts->worker;
    report->queue_size = facts->waiting;
    report->queue_limit = facts->waiting_limit;
    report->failed_tasks = facts->failed_tasks;
    report->oldest_waiting_us = facts->oldest_waiting_at_us == 0 ? 0 : facts->now_us - facts->oldest_waiting_at_us;
    report->database_bytes = facts->database_bytes;
    report->log_bytes = facts->log_bytes;
    report->disk_free_bytes = facts->disk_free_bytes;
    report->free_bytes = facts->free_pages * facts->page_bytes;
    report->quarantined_bytes = facts->quarantine.bytes;
}

km_status km_health_get(km_project *project, km_health_report **ret_report, km_error *error) {
    if (project == NULL || ret_report == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_report must not be NULL");
    kmi_health_result *result = kmi_health_result_new(project);
    if (result == NULL) return kmi_fail_memory(error);
    km_status status = kmi_health_look(project, result, error);
    kmi_health_result_finish(result);
    if (status != KM_OK)
        km_health_report_free(&result->public);
    else
        *ret_report = &result->public;
    return status;
}
