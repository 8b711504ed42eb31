/* The doctor looks, tells, mends if asked to, and looks again: what a finding is called mended by is that the second look does not
 * find it any more, never that a repair said it went well.
 *
 * Repairs keep everything that can be read. What cannot be read is moved to aside/. Order: files first (without them nothing
 * opens), the store, then the worker, who may need both. */

#include "api/doctor.h"

#include <string.h>

#include "api/health.h"
#include "api/result.h"
#include "queue/inspect.h"
#include "store/repair.h"
#include "util/error.h"

/* ---- The deep look ---- */

static bool tell_checks(uint64_t done, uint64_t total, void *context) {
    return kmi_project_tell(context, "checks", done, total, NULL) == KM_OK;
}

static void add_fault(kmi_health_result *result, kmi_store_fault fault, const char *detail) {
    static const km_finding findings[KMI_FAULT_COUNT] = {
        [KMI_FAULT_PAGES] = {.code = "store.damaged",
                             .level = KM_HEALTH_BROKEN,
                             .why = "memories on those pages cannot be read, and new ones may be lost"},
        [KMI_FAULT_INDEXES] = {.code = "store.index_damaged",
                               .level = KM_HEALTH_DEGRADED,
                               .why = "memories may be overlooked"},
        [KMI_FAULT_SEARCH] = {.code = "search.index_damaged",
                              .level = KM_HEALTH_DEGRADED,
                              .why = "recall overlooks memories or shows wrong ones"},
        [KMI_FAULT_EDGES] = {.code = "graph.dangling",
                             .level = KM_HEALTH_DEGRADED,
                             .why = "entities and successions are wrong"},
        [KMI_FAULT_COUNTERS] = {.code = "counters.wrong",
                                .level = KM_HEALTH_DEGRADED,
                                .why = "the numbers of stats are wrong"},
    };
    km_finding finding = findings[fault];
    finding.what = kmi_arena_copy_text(result->arena, detail);
    finding.remedy = "kuzu-memory doctor --fix";
    kmi_findings_add(&result->findings, &finding);
}

/* A handle for writing sees more; where none can be had, one for reading sees enough to tell. */
static km_status look_into_store(km_project *project, kmi_health_result *result, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    const kmi_store_listener listener = {tell_checks, project};
    kmi_store_diagnosis diagnosis = {0};
    km_error detail = {0};
    if (!result->facts.has_store || result->facts.store_status != KM_OK) return KM_OK;
    km_status status = kmi_project_open_store(project, KMI_STORE_WRITE, &store, &detail);
    if (status == KM_OK) status = kmi_store_diagnose(store, &listener, &diagnosis, &detail);
    if (status == KM_E_IO || status == KM_E_PERMISSION || status == KM_E_NOT_FOUND || status == KM_E_BUSY) {
        kmi_store_free(store);
        store = NULL;
        status = kmi_project_open_store(project, KMI_STORE_READ, &store, &detail);
        if (status == KM_OK) status = kmi_store_diagnose(store, &listener, &diagnosis, &detail);
    }
    if (status != KM_OK && error != NULL) *error = detail;
    for (int fault = 0; status == KM_OK && fault < KMI_FAULT_COUNT; fault++)
        if (diagnosis.has[fault]) add_fault(result, (kmi_store_fault)fault, diagnosis.detail[fault]);
    return status;
}

static void judge_queue_damage(kmi_health_result *result, const kmi_queue_damage *damage) {
    if (damage->damaged_bytes == 0 && damage->bad_headers == 0) return;
    kmi_findings_add(&result->findings, &(km_finding){
                                            .code = "queue.damaged",
                                            .level = KM_HEALTH_DEGRADED,
                                            .what = kmi_arena_format(
                                                result->arena, "%llu bytes of \"queue/%s\" and others cannot be read%s",
                                                (unsigned long long)damage->damaged_bytes, damage->name,
                                                damage->bad_headers > 0 ? "; a header is damaged" : ""),
                                            .why = "texts in it are lost; the worker saves the rest",
                                            .remedy = "kuzu-memory doctor --fix",
                                        });
}

static void judge_segments(kmi_health_result *result, const kmi_queue_damage *damage) {
    if (damage->segments == 0 || result->facts.worker.state != KM_WORKER_STOPPED || result->facts.is_starting) return;
    kmi_findings_add(
        &result->findings,
        &(km_finding){
            .code = "queue.segments",
            .level = KM_HEALTH_DEGRADED,
            .what = kmi_arena_format(result->arena, "%llu files of the queue were left by a worker that died",
                                     (unsigned long long)damage->segments),
            .why = "texts may wait in them",
            .remedy = "kuzu-memory doctor --fix",
        });
}

static void look_into_queue(km_project *project, kmi_health_result *result) {
    kmi_queue *queue = NULL;
    kmi_queue_damage damage = {0};
    if (kmi_project_find_queue(project, &queue, NULL) != KM_OK || queue == NULL) return;
    if (kmi_queue_scan(queue, &damage, NULL) != KM_OK) return; /* queue.unreadable tells */
    judge_queue_damage(result, &damage);
    judge_segments(result, &damage);
}

static km_status look(km_project *project, kmi_health_result **ret_result, km_error *error) {
    kmi_health_result *result = kmi_health_result_new(project);
    if (result == NULL) return kmi_fail_memory(error);
    km_status status = kmi_health_look(project, result, error);
    if (status == KM_OK) look_into_queue(project, result);
    if (status == KM_OK) status = look_into_store(project, result, error);
    if (status == KM_OK) kmi_doctor_note_repairs(project, &result->findings);
    kmi_health_result_finish(result);
    if (status != KM_OK)
        km_health_report_free(&result->public);
    else
        *ret_result = result;
    return status;
}

/* ---- Mending ---- */

/* Takes the findings of the second look over; what the first had and it has not, and somebody tried to mend, is mended. */
static km_status compare(kmi_health_result *now, const kmi_health_result *before, km_error *error) {
    for (size_t i = 0; i < before->findings.count; i++) {
        km_finding finding = before->findings.items[i];
        if (finding.repair == NULL || kmi_findings_find(&now->findings, finding.code) != NULL) continue;
        finding.is_fixed = true;
        finding.repair = kmi_arena_copy_text(now->arena, finding.repair);
        finding.what = kmi_arena_copy_text(now->arena, finding.what);
        finding.why = kmi_arena_copy_text(now->arena, finding.why);
        finding.remedy = kmi_arena_copy_text(now->arena, finding.remedy);
        kmi_findings_add(&now->findings, &finding);
    }
    /* What is left of a store that nothing could be read of, only a backup replaces. */
    km_finding *unusable = kmi_findings_find(&now->findings, "store.unusable");
    if (unusable != NULL && strcmp(unusable->remedy, "kuzu-memory doctor --fix") == 0) {
        unusable->why = "nothing of it can be read: put a backup in its place";
        unusable->remedy = "kuzu-memory restore FILE";
    }
    kmi_health_result_finish(now);
    return now->findings.is_incomplete ? kmi_fail_memory(error) : KM_OK;
}

static km_status mend(km_project *project, kmi_health_result *before, kmi_health_result **ret_now, km_error *error) {
    km_status status = kmi_doctor_repair(project, &before->findings, error);
    if (status == KM_OK) status = look(project, ret_now, error);
    return *ret_now != NULL ? compare(*ret_now, before, error) : status;
}

km_status km_doctor(km_project *project, bool fix, km_health_report **ret_report, km_error *error) {
    if (project == NULL || ret_report == NULL)
        return kmi_fail(error, KM_E_INVALID, "project and ret_report must not be NULL");
    kmi_health_result *before = NULL, *now = NULL;
    km_status status = look(project, &before, error);
    if (before == NULL) return status;
    if (!fix || before->findings.count == 0) {
        *ret_report = &before->public;
        return KM_OK;
    }
    status = mend(project, before, &now, error);
    km_health_report_free(&before->public);
    if (status == KM_OK)
        *ret_report = &now->public;
    else if (now != NULL)
        km_health_report_free(&now->public);
    return status;
}
