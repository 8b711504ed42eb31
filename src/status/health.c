/* The levels follow one rule. Broken: texts are refused, or memories cannot be read. Degraded: it goes on, but something is lost
 * from sight or will break. A notice is no fault: it is something the owner of the data will want to know.
 *
 * A rule looks at facts and adds at most one finding. Messages never hold the text of a memory. */
#include "status/health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "status/remedy.h"
#include "util/clock.h"
#include "util/error.h"

#define MIB ((uint64_t)1024 * 1024)
#define SECOND_US ((int64_t)1000000)
#define STARTUP_GRACE_US (2 * SECOND_US)   /* a text may wait so long before somebody must be working on it */
#define CLOCK_TOLERANCE_US (5 * SECOND_US) /* clocks are set by steps of a second or two all the time */
#define CLOCK_JUMP_SHOWN_US (3600 * SECOND_US)
#define CRASHES_IN_ROW_MAX 3 /* a task is failed after three: more means that it is not a task */
#define CRASH_SHOWN_US (3600 * SECOND_US)
#define STEADY_US (60 * SECOND_US) /* a worker that has run so long does not crash in a loop */
#define LOG_BYTES_MAX (64 * MIB)   /* the worker moves the log every 4 MiB */
#define FREE_BYTES_MAX (64 * MIB)
#define FULL_BYTES (MIB) /* with less than this, one batch does not fit */

typedef void (*rule)(const kmi_health_facts *f, kmi_findings *findings);

static const char *size_text(kmi_findings *findings, uint64_t bytes) {
    const char *text = bytes < MIB ? kmi_arena_format(findings->arena, "%.1f KiB", (double)bytes / 1024)
                                   : kmi_arena_format(findings->arena, "%.1f MiB", (double)bytes / (double)MIB);
    return text == NULL ? "" : text;
}

static const char *duration_text(kmi_findings *findings, int64_t duration_us) {
    char storage[32];
    const char *text = kmi_arena_copy_text(findings->arena, kmi_duration_format(duration_us, storage, sizeof storage));
    return text == NULL ? "" : text;
}

/* "FIRST", or "FIRST and 3 more". */
static const char *names_text(kmi_findings *findings, const kmi_file_faults *faults) {
    const char *text = faults->count <= 1 ? kmi_arena_format(findings->arena, "\"%s\"", faults->name)
                                          : kmi_arena_format(findings->arena, "\"%s\" and %" PRIu64 " more",
                                                             faults->name, faults->count - 1);
    return text == NULL ? "" : text;
}

/* ---- Store and disk ---- */

/* Messages of the store and the queue about files of a later program say so. */
static bool is_newer(const char *problem) {
    return problem != NULL &&
           (strstr(problem, "newer kuzu-memory") != NULL || strstr(problem, "newer version") != NULL);
}
#define WHY_NEWER "this program is older than the one that wrote it: update it, or use the newer one"
#define SHOW_PROGRAMS "which -a kuzu-memory"

static bool is_disk_full(const kmi_health_facts *f) {
    return f->disk_free_bytes < FULL_BYTES || f->disk_free_files < KMI_HEALTH_FILES_MIN;
}

/* SQLite cannot read without its file of locks where a log waits, and that must be writable. */
static bool has_other_cause(const kmi_health_facts *f) {
    return f->is_read_only || f->is_unwritable || (f->is_disk_known && is_disk_full(f));
}

static void judge_busy(const kmi_health_facts *f, kmi_findings *findings) {
    const char *what = f->store_holder == 0
                           ? f->store_problem
                           : kmi_arena_format(findings->arena, "process %" PRId64 " (%s) keeps memories.db locked",
                                              f->store_holder, f->store_holder_name);
    kmi_findings_add(findings, &(km_finding){
                                   .code = "store.busy",
                                   .level = KM_HEALTH_DEGRADED,
                                   .what = what,
                                   .why = "nothing can be recalled or learnt until it ends",
                                   .remedy = kmi_remedy_end_holder(f, findings->arena),
                               });
}

static void judge_store(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->store_status == KM_OK) return;
    if (f->store_status == KM_E_BUSY) {
        judge_busy(f, findings);
        return;
    }
    km_finding finding = {
        .code = f->store_status == KM_E_STORE ? "store.unusable" : "store.unreadable",
        .level = KM_HEALTH_BROKEN,
        .what = f->store_problem,
        .since_us = f->store_changed_at_us,
        .why = "memories cannot be read, and texts wait in the queue",
        .remedy = "kuzu-memory doctor --fix",
    };
    if (is_newer(f->store_problem)) {
        finding.why = WHY_NEWER;
        finding.remedy = SHOW_PROGRAMS;
    } else if (f->store_status == KM_E_IO && has_other_cause(f)) {
        finding.remedy = f->is_read_only    ? kmi_remedy_remount(f, findings->arena)
                         : f->is_unwritable ? kmi_remedy_permit(f, findings->arena)
                                            : kmi_remedy_make_room(f, findings->arena);
    } else if (f->store_status == KM_E_IO) {
        finding.why = "the disk or its file system fails: save what can be read on another one";
        finding.remedy = kmi_remedy_rescue(f, findings->arena);
    } else if (f->store_status == KM_E_PERMISSION && f->odd.count == 0) {
        finding.remedy = kmi_remedy_permit(f, findings->arena);
    }
    kmi_findings_add(findings, &finding);
}

static void judge_log(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->log_bytes <= LOG_BYTES_MAX) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "store.log_long",
                                   .level = KM_HEALTH_DEGRADED,
                                   .what = kmi_arena_format(findings->arena, "the write-ahead log has grown to %s",
                                                            size_text(findings, f->log_bytes)),
                                   .since_us = f->store_written_at_us, /* when it was moved last */
                                   .why = "reading gets slow; a program that keeps the store open holds it back",
                                   .remedy = "kuzu-memory doctor --fix",
                               });
}

static void judge_free_pages(const kmi_health_facts *f, kmi_findings *findings) {
    uint64_t free_bytes = f->free_pages * f->page_bytes;
    if (free_bytes <= FREE_BYTES_MAX || f->free_pages * 2 <= f->page_count) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "store.free_space",
                                   .level = KM_HEALTH_OK,
                                   .what = kmi_arena_format(findings->arena, "%s of memories.db are unused",
                                                            size_text(findings, free_bytes)),
                                   .why = "they could be given back to the disk",
                                   .remedy = "kuzu-memory doctor --fix",
                               });
}

static void judge_disk(const kmi_health_facts *f, kmi_findings *findings) {
    if (!f->is_disk_known || f->is_read_only) return;
    uint64_t wanted = (uint64_t)f->config->alerts_disk_free_mb * MIB;
    bool is_full = is_disk_full(f);
    if (!is_full && f->disk_free_bytes >= wanted) return;
    kmi_findings_add(
        findings,
        &(km_finding){
            .code = is_full ? "disk.full" : "disk.low",
            .level = is_full ? KM_HEALTH_BROKEN : KM_HEALTH_DEGRADED,
            .what = kmi_arena_format(
                findings->arena, "%s are free on the disk of the memory%s", size_text(findings, f->disk_free_bytes),
                f->disk_free_files < KMI_HEALTH_FILES_MIN ? ", and no more files can be made" : ""),
            .since_us = f->disk_low_since_us,
            .why = is_full ? "new texts are refused and waiting ones are not learnt: delete "
                             "what you do not need, the largest come last"
                           : "when it is full, texts are refused: delete what you do not "
                             "need, the largest come last",
            .remedy = kmi_remedy_make_room(f, findings->arena),
        });
}

static void judge_writable(const kmi_health_facts *f, kmi_findings *findings) {
    if (!f->is_read_only && !f->is_unwritable) return;
    km_finding finding = {
        .code = "files.read_only",
        .level = KM_HEALTH_BROKEN,
        .what = "the memory lies on a file system that is mounted read-only",
        .why = "memories can be read, new texts are refused",
        .remedy = kmi_remedy_remount(f, findings->arena),
    };
    if (!f->is_read_only) {
        finding.code = "files.not_writable";
        finding.what = "you may not write into the memory's directory";
        finding.since_us = f->dir_changed_at_us;
        finding.remedy = kmi_remedy_permit(f, findings->arena);
    }
    kmi_findings_add(findings, &finding);
}

static void judge_locks(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->lock_problem != NULL) {
        kmi_findings_add(findings,
                         &(km_finding){
                             .code = "files.no_locks",
                             .level = KM_HEALTH_BROKEN,
                             .what = f->lock_problem,
                             .why = "without locks nothing can be learnt safely, so nothing is: keep the memory on a "
                                    "local disk, and set KUZU_MEMORY_PROJECT to its place",
                             .remedy = kmi_remedy_move(f, findings->arena),
                         });
    } else if (f->weak_fs != NULL) {
        kmi_findings_add(
            findings,
            &(km_finding){
                .code = "files.weak_file_system",
                .level = KM_HEALTH_DEGRADED,
                .what = kmi_arena_format(findings->arena, "the memory lies on a %s file system", f->weak_fs),
                .why = "locks and mapped files may not hold there between machines: keep the memory on a local disk, "
                       "and set KUZU_MEMORY_PROJECT to its place",
                .remedy = kmi_remedy_move(f, findings->arena),
            });
    }
}

/* ---- Worker ---- */

static bool is_alive(const kmi_health_facts *f) {
    return f->worker.state != KM_WORKER_STOPPED;
}

static void judge_stalled(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->worker.state != KM_WORKER_STALLED) return;
    kmi_findings_add(
        findings, &(km_finding){
                      .code = "worker.stalled",
                      .level = KM_HEALTH_DEGRADED,
                      .what = kmi_arena_format(findings->arena,
                                               "the worker (process %" PRId64 ") gives no sign of life", f->worker.pid),
                      .since_us = f->worker.heartbeat_at_us,
                      .why = "texts are accepted and not learnt until another worker takes over",
                      .remedy = "kuzu-memory worker start",
                  });
}

/* What keeps the worker from working is most often a finding of its own, and stands before this one. Else it is over, and a new
 * worker need not wait for the next try. */
static void judge_paused(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->worker.state != KM_WORKER_PAUSED) return;
    const char *remedy = "kuzu-memory worker stop && kuzu-memory worker start";
    for (size_t i = findings->count; i > 0; i--)
        if (findings->items[i - 1].level == KM_HEALTH_BROKEN && strncmp(findings->items[i - 1].code, "config.", 7) != 0)
            remedy = findings->items[i - 1].remedy;
    kmi_findings_add(findings,
                     &(km_finding){
                         .code = "worker.paused",
                         .level = KM_HEALTH_DEGRADED,
                         .what = kmi_arena_format(findings->arena, "the worker is paused: %s", f->worker.problem),
                         .since_us = f->paused_since_us,
                         .why = "texts wait; it goes on by itself once the cause is mended",
                         .remedy = remedy,
                     });
}

/* A text that was handed over this moment has no worker yet, and need not have one. */
static void judge_missing(const kmi_health_facts *f, kmi_findings *findings) {
    if (is_alive(f) || f->is_starting || f->waiting == 0 || f->lock_problem != NULL) return;
    if (f->oldest_waiting_at_us != 0 && f->now_us - f->oldest_waiting_at_us < STARTUP_GRACE_US) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "worker.missing",
                                   .level = KM_HEALTH_DEGRADED,
                                   .what = kmi_arena_format(findings->arena,
                                                            "%" PRIu64 " tasks wait and no worker runs", f->waiting),
                                   .since_us = f->oldest_waiting_at_us,
                                   .why = "what they say is not remembered yet",
                                   .remedy = "kuzu-memory worker start",
                               });
}

static void judge_crash_loop(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->crashes_in_row < CRASHES_IN_ROW_MAX || f->now_us - f->last_crash_at_us > CRASH_SHOWN_US) return;
    if (is_alive(f) && f->now_us - f->worker.started_at_us > STEADY_US) return;
    kmi_findings_add(findings,
                     &(km_finding){
                         .code = "worker.crash_loop",
                         .level = KM_HEALTH_DEGRADED,
                         .what = kmi_arena_format(findings->arena, "%" PRIu64 " workers in a row did not end in order",
                                                  f->crashes_in_row),
                         .since_us = f->last_crash_at_us,
                         .why = "learning is slow or stands still, and memory or a text may be the cause",
                         .remedy = "kuzu-memory worker run --until-idle",
                     });
}

static void judge_version(const kmi_health_facts *f, kmi_findings *findings) {
    uint64_t version = f->worker_version;
    if (!is_alive(f) || version == 0 || version == kmi_health_version()) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "worker.version",
                                   .level = KM_HEALTH_DEGRADED,
                                   .what = kmi_arena_format(findings->arena,
                                                            "the worker that runs is version %" PRIu64 ".%" PRIu64
                                                            ".%" PRIu64 ", this program is %s",
                                                            version >> 32, version >> 16 & 0xFFFF, version & 0xFFFF,
                                                            KM_VERSION_STRING),
                                   .since_us = f->worker.started_at_us,
                                   .why = "texts are learnt by the rules of the other version",
                                   .remedy = "kuzu-memory worker stop",
                               });
}

static void judge_clock(const kmi_health_facts *f, kmi_findings *findings) {
    int64_t jump_us = 0, since_us = 0;
    if (f->worker.heartbeat_at_us > f->now_us + CLOCK_TOLERANCE_US)
        jump_us = f->now_us - f->worker.heartbeat_at_us;
    else if (is_alive(f) && f->clock_jump_at_us != 0 && f->now_us - f->clock_jump_at_us < CLOCK_JUMP_SHOWN_US)
        jump_us = f->clock_jump_by_us, since_us = f->clock_jump_at_us;
    if (jump_us == 0) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "clock.jumped",
                                   .level = KM_HEALTH_DEGRADED,
                                   .what = kmi_arena_format(findings->arena, "the clock of the machine went %s by %s",
                                                            jump_us < 0 ? "back" : "forward",
                                                            duration_text(findings, jump_us < 0 ? -jump_us : jump_us)),
                                   .since_us = since_us,
                                   .why = "times of memories, retries and expiry may be off by as much; where the "
                                          "clock is right now, a new worker goes by it",
                                   .remedy = is_alive(f) ? "date; kuzu-memory worker stop && kuzu-memory worker start"
                                                         : "date; kuzu-memory worker run --until-idle",
                               });
}

/* ---- Queue and tasks ---- */

static void judge_queue(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->queue_problem == NULL) return;
    km_finding finding = {
        .code = "queue.unreadable",
        .level = KM_HEALTH_BROKEN,
        .what = f->queue_problem,
        .why = "texts cannot be handed over or taken",
        .remedy = "kuzu-memory doctor --fix",
    };
    if (is_newer(f->queue_problem)) {
        finding.why = WHY_NEWER;
        finding.remedy = SHOW_PROGRAMS;
    } else if (f->queue_status == KM_E_PERMISSION && f->odd.count == 0) {
        finding.remedy = kmi_remedy_permit(f, findings->arena);
    }
    kmi_findings_add(findings, &finding);
}

static void judge_depth(const kmi_health_facts *f, kmi_findings *findings) {
    bool is_full = f->waiting >= f->waiting_limit;
    uint64_t percent = f->waiting_limit == 0 ? 0 : f->waiting * 100 / f->waiting_limit;
    if (!is_full && percent < (uint64_t)f->config->alerts_queue_percent) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = is_full ? "queue.full" : "queue.filling",
                                   .level = is_full ? KM_HEALTH_BROKEN : KM_HEALTH_DEGRADED,
                                   .what = kmi_arena_format(findings->arena,
                                                            "%" PRIu64 " tasks wait; async.max_queue_size is %" PRIu64,
                                                            f->waiting, f->waiting_limit),
                                   .since_us = f->oldest_waiting_at_us,
                                   .why = is_full ? "new texts are refused" : "when it is full, new texts are refused",
                                   .remedy = "kuzu-memory tasks wait --all",
                               });
}

static void judge_oldest(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->oldest_waiting_at_us == 0) return;
    int64_t age_us = f->now_us - f->oldest_waiting_at_us;
    if (age_us < f->config->alerts_oldest_waiting_seconds * SECOND_US) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "queue.waiting",
                                   .level = KM_HEALTH_DEGRADED,
                                   .what = kmi_arena_format(findings->arena, "a task has been waiting for %s",
                                                            duration_text(findings, age_us)),
                                   .since_us = f->oldest_waiting_at_us,
                                   .why = "what it says is not remembered yet",
                                   .remedy = "kuzu-memory worker start && kuzu-memory tasks wait --all",
                               });
}

static void judge_quarantine(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->quarantine.count == 0) return;
    kmi_findings_add(
        findings, &(km_finding){
                      .code = "queue.quarantined",
                      .level = KM_HEALTH_DEGRADED,
                      .what = kmi_arena_format(findings->arena, "%s of damaged queue data were set aside",
                                               size_text(findings, f->quarantine.bytes)),
                      .since_us = f->quarantine.since_us,
                      .why = "texts in it were not learnt; look (strings), hand over what can be saved, then delete it",
                      .remedy = kmi_remedy_remove(f, "queue/quarantine", findings->arena),
                  });
}

static void judge_failures(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->failed_tasks == 0) return;
    uint64_t percent = f->failed_tasks * 100 / (f->failed_tasks + f->completed_tasks);
    bool is_frequent = percent >= (uint64_t)f->config->alerts_failure_percent;
    kmi_findings_add(findings, &(km_finding){
                                   .code = is_frequent ? "tasks.failing" : "tasks.failed",
                                   .level = KM_HEALTH_DEGRADED,
                                   .what = kmi_arena_format(
                                       findings->arena, "%" PRIu64 " tasks failed (%" PRIu64 "%% of all); last: %s",
                                       f->failed_tasks, percent, f->last_error == NULL ? "unknown" : f->last_error),
                                   .since_us = f->failed_since_us,
                                   .why = "their texts are kept and not remembered",
                                   .remedy = "kuzu-memory tasks retry --all",
                               });
}

static void judge_redactions(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->redactions == 0) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "secrets.redacted",
                                   .level = KM_HEALTH_OK,
                                   .what = kmi_arena_format(
                                       findings->arena, "%" PRIu64 " secrets were removed from texts", f->redactions),
                                   .why = "they were handed over, so they stand elsewhere too: renew them, then "
                                          "acknowledge it",
                                   .remedy = "kuzu-memory alerts ack secrets",
                               });
}

/* ---- Configuration and files ---- */

static void judge_config(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->config_problem != NULL) {
        kmi_findings_add(findings, &(km_finding){
                                       .code = "config.invalid",
                                       .level = KM_HEALTH_BROKEN,
                                       .what = f->config_problem,
                                       .since_us = f->config_changed_at_us,
                                       .why = "new texts are refused; reading commands use defaults: correct it",
                                       .remedy = kmi_remedy_edit(f, findings->arena),
                                   });
    } else if (f->config_warning_count > 0) {
        kmi_findings_add(findings, &(km_finding){
                                       .code = "config.warning",
                                       .level = KM_HEALTH_DEGRADED,
                                       .what = f->config_warning_count == 1
                                                   ? f->config_warning
                                                   : kmi_arena_format(findings->arena, "%s (and %zu more warnings)",
                                                                      f->config_warning, f->config_warning_count - 1),
                                       .since_us = f->config_changed_at_us,
                                       .why = "what was meant by it does not hold: correct it",
                                       .remedy = kmi_remedy_edit(f, findings->arena),
                                   });
    }
}

static void judge_open_files(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->open_files.count == 0) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "files.open",
                                   .level = KM_HEALTH_DEGRADED,
                                   .what = kmi_arena_format(findings->arena, "%s can be read or written by other users",
                                                            names_text(findings, &f->open_files)),
                                   .since_us = f->open_files.since_us,
                                   .why = "memories are private",
                                   .remedy = "kuzu-memory doctor --fix",
                               });
}

static void judge_foreign(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->foreign.count == 0) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "files.foreign",
                                   .level = KM_HEALTH_DEGRADED,
                                   .what = kmi_arena_format(findings->arena, "%s belong to another user than the rest",
                                                            names_text(findings, &f->foreign)),
                                   .since_us = f->foreign.since_us,
                                   .why = "a command of one of the two is refused",
                                   .remedy = kmi_remedy_give_back(f, findings->arena),
                               });
}

static void judge_odd(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->odd.count == 0) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "files.odd",
                                   .level = KM_HEALTH_BROKEN,
                                   .what = kmi_arena_format(findings->arena, "%s is no plain file or directory",
                                                            names_text(findings, &f->odd)),
                                   .since_us = f->odd.since_us,
                                   .why = "links and devices are never followed, so what needs it is refused",
                                   .remedy = "kuzu-memory doctor --fix",
                               });
}

static void judge_leftover(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->leftover.count == 0) return;
    kmi_findings_add(findings, &(km_finding){
                                   .code = "files.leftover",
                                   .level = KM_HEALTH_OK,
                                   .what = kmi_arena_format(findings->arena, "%s was left by a process that died (%s)",
                                                            names_text(findings, &f->leftover),
                                                            size_text(findings, f->leftover.bytes)),
                                   .since_us = f->leftover.since_us,
                                   .why = "it takes room and nobody will use it",
                                   .remedy = "kuzu-memory doctor --fix",
                               });
}

static void judge_aside(const kmi_health_facts *f, kmi_findings *findings) {
    if (f->aside.count == 0) return;
    kmi_findings_add(findings,
                     &(km_finding){
                         .code = "files.set_aside",
                         .level = KM_HEALTH_OK,
                         .what = kmi_arena_format(findings->arena, "an earlier store is kept in \"aside/%s\" (%s)",
                                                  f->aside.name, size_text(findings, f->aside.bytes)),
                         .since_us = f->aside.since_us,
                         .why = "it holds old memories, forgotten ones too: delete it when you do not need it",
                         .remedy = kmi_remedy_remove(f, "aside", findings->arena),
                     });
}

static const rule rules[] = {
    judge_store,   judge_queue,      judge_locks,      judge_disk,     judge_writable,   judge_config,
    judge_odd,     judge_stalled,    judge_paused,     judge_missing,  judge_crash_loop, judge_depth,
    judge_oldest,  judge_quarantine, judge_failures,   judge_clock,    judge_version,    judge_open_files,
    judge_foreign, judge_log,        judge_free_pages, judge_leftover, judge_aside,      judge_redactions,
};

km_status kmi_health_judge(const kmi_health_facts *facts, kmi_findings *findings, km_error *error) {
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) rules[i](facts, findings);
    if (findings->is_incomplete)
        return kmi_fail(error, KM_E_NOMEM, "out of memory while looking at the memory's health");
    kmi_findings_sort(findings);
    return KM_OK;
}
