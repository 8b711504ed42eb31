/* One row a kind; the rest is bookkeeping with single atomic operations: `is_holding` is exchanged, so that of all processes that
 * look at the same moment one sees the change. The other fields tell about that change and may be a moment behind. */
#include "status/alerts.h"

#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "util/clock.h"

typedef struct measure {
    bool holds;
    int64_t value, limit;
} measure;

typedef measure (*take_measure)(const kmi_metrics *metrics, const kmi_config *config, const kmi_alert_inputs *inputs);

typedef struct alert_row {
    const char *code;
    take_measure take;
    const char *remedy;
} alert_row;

static measure measure_queue(const kmi_metrics *metrics, const kmi_config *config, const kmi_alert_inputs *inputs) {
    (void)metrics;
    measure m = {.limit = config->alerts_queue_percent};
    if (inputs->queue_limit != 0) m.value = (int64_t)(inputs->queue_size * 100 / inputs->queue_limit);
    m.holds = m.value >= m.limit;
    return m;
}

static measure measure_waiting(const kmi_metrics *metrics, const kmi_config *config, const kmi_alert_inputs *inputs) {
    (void)metrics;
    measure m = {.value = inputs->oldest_waiting_us / 1000000, .limit = config->alerts_oldest_waiting_seconds};
    m.holds = m.value >= m.limit;
    return m;
}

static measure measure_failures(const kmi_metrics *metrics, const kmi_config *config, const kmi_alert_inputs *inputs) {
    uint64_t failed = kmi_series_recent(metrics, KMI_SERIES_FAILED, KMI_ALERT_FAILURE_MINUTES, inputs->now_us);
    uint64_t done = kmi_series_recent(metrics, KMI_SERIES_COMPLETED, KMI_ALERT_FAILURE_MINUTES, inputs->now_us);
    measure m = {.limit = config->alerts_failure_percent};
    if (failed != 0) m.value = (int64_t)(failed * 100 / (failed + done));
    m.holds = failed != 0 && m.value >= m.limit;
    return m;
}

static measure measure_disk(const kmi_metrics *metrics, const kmi_config *config, const kmi_alert_inputs *inputs) {
    (void)metrics;
    measure m = {.value = inputs->disk_free_bytes >> 20, .limit = config->alerts_disk_free_mb};
    m.holds = inputs->disk_free_bytes >= 0 && inputs->disk_free_bytes < m.limit << 20;
    return m;
}

static const alert_row rows[KMI_ALERT_KINDS] = {
    [KMI_ALERT_QUEUE_FULL] = {"queue_full", measure_queue,
                              "see \"kuzu-memory worker status\"; raise async.max_queue_size for bursts"},
    [KMI_ALERT_OLDEST_WAITING] = {"oldest_waiting", measure_waiting,
                                  "run \"kuzu-memory worker start\", then look into \"kuzu-memory logs\""},
    [KMI_ALERT_FAILURES] = {"failures", measure_failures,
                            "see \"kuzu-memory tasks --state failed\", then \"kuzu-memory tasks retry --all\""},
    [KMI_ALERT_DISK_SPACE] = {"disk_space", measure_disk, "make room on the disk of the project"},
};
_Static_assert(KMI_ALERT_KINDS <= KMI_ALERT_PLACES, "every kind has its place on the page");

int64_t kmi_disk_free_bytes(int dir_fd) {
    struct statvfs disk;
    if (dir_fd < 0 || fstatvfs(dir_fd, &disk) != 0) return -1;
    uint64_t block = disk.f_frsize != 0 ? disk.f_frsize : disk.f_bsize;
    return disk.f_bavail > INT64_MAX / (block + 1) ? INT64_MAX : (int64_t)(disk.f_bavail * block);
}

/* The first look that sees the condition hold. */
static void begin(kmi_alert_place *place, int64_t now_us) {
    bool was_acknowledged = atomic_exchange(&place->acknowledged_at_us, 0) != 0;
    if (was_acknowledged || atomic_load(&place->first_at_us) == 0) {
        atomic_store(&place->count, 1);
        atomic_store(&place->first_at_us, now_us);
    } else {
        atomic_fetch_add(&place->count, 1);
    }
    atomic_store(&place->began_at_us, now_us);
    atomic_store(&place->shown_at_us, 0);
}

unsigned kmi_alerts_check(const kmi_metrics *metrics, const kmi_config *config, const kmi_alert_inputs *inputs) {
    unsigned occurred = 0;
    for (int kind = 0; kind < KMI_ALERT_KINDS && metrics->page != NULL; kind++) {
        kmi_alert_place *place = &metrics->page->alerts[kind];
        measure m = rows[kind].take(metrics, config, inputs);
        if (!m.holds) { /* written only when it changes: a look leaves the page clean */
            if (atomic_load(&place->is_holding) != 0) atomic_store(&place->is_holding, 0);
            continue;
        }
        atomic_store(&place->value, m.value);
        atomic_store(&place->limit, m.limit);
        atomic_store(&place->last_at_us, inputs->now_us);
        if (atomic_exchange(&place->is_holding, 1) != 0) continue;
        begin(place, inputs->now_us);
        occurred |= 1U << kind;
    }
    return occurred;
}

bool kmi_alert_get(const kmi_metrics *metrics, kmi_alert_kind kind, kmi_alert *ret_alert) {
    if (metrics->page == NULL) return false;
    kmi_alert_place *place = &metrics->page->alerts[kind];
    *ret_alert = (kmi_alert){
        .kind = kind,
        .is_active = atomic_load(&place->is_holding) != 0,
        .is_shown = atomic_load(&place->shown_at_us) != 0,
        .first_at_us = atomic_load(&place->first_at_us),
        .last_at_us = atomic_load(&place->last_at_us),
        .began_at_us = atomic_load(&place->began_at_us),
        .acknowledged_at_us = atomic_load(&place->acknowledged_at_us),
        .count = atomic_load(&place->count),
        .value = atomic_load(&place->value),
        .limit = atomic_load(&place->limit),
    };
    return ret_alert->first_at_us != 0;
}

bool kmi_alert_acknowledge(const kmi_metrics *metrics, kmi_alert_kind kind, int64_t now_us) {
    kmi_alert alert;
    if (!kmi_alert_get(metrics, kind, &alert) || alert.acknowledged_at_us != 0) return false;
    int64_t none = 0;
    return atomic_compare_exchange_strong(&metrics->page->alerts[kind].acknowledged_at_us, &none, now_us);
}

void kmi_alert_mark_shown(const kmi_metrics *metrics, kmi_alert_kind kind, int64_t now_us) {
    if (metrics->page != NULL) atomic_store(&metrics->page->alerts[kind].shown_at_us, now_us);
}

bool kmi_alert_claim_delivery(const kmi_metrics *metrics, kmi_alert_kind kind, int64_t repeat_minutes, int64_t now_us) {
    kmi_alert alert;
    if (!kmi_alert_get(metrics, kind, &alert) || !alert.is_active || alert.acknowledged_at_us != 0) return false;
    _Atomic int64_t *delivered_at_us = &metrics->page->alerts[kind].delivered_at_us;
    int64_t last_us = atomic_load(delivered_at_us);
    bool is_due = last_us == 0 || now_us < last_us || now_us - last_us >= repeat_minutes * 60000000;
    return is_due && atomic_compare_exchange_strong(delivered_at_us, &last_us, now_us);
}

const char *kmi_alert_code(kmi_alert_kind kind) {
    return rows[kind].code;
}

bool kmi_alert_find_code(const char *code, kmi_alert_kind *ret_kind) {
    for (int kind = 0; kind < KMI_ALERT_KINDS; kind++) {
        if (strcmp(rows[kind].code, code) != 0) continue;
        *ret_kind = (kmi_alert_kind)kind;
        return true;
    }
    return false;
}

const char *kmi_alert_remedy(kmi_alert_kind kind) {
    return rows[kind].remedy;
}

void kmi_alert_add_message(kmi_buf *buf, const kmi_alert *alert) {
    char value[32], limit[32];
    switch (alert->kind) {
    case KMI_ALERT_QUEUE_FULL:
        kmi_buf_add_format(buf, "the queue is %" PRId64 "%% full (limit %" PRId64 "%%)", alert->value, alert->limit);
        break;
    case KMI_ALERT_OLDEST_WAITING:
        kmi_buf_add_format(buf, "a task has been waiting for %s (limit %s)",
                           kmi_duration_format(alert->value * 1000000, value, sizeof value),
                           kmi_duration_format(alert->limit * 1000000, limit, sizeof limit));
        break;
    case KMI_ALERT_FAILURES:
        kmi_buf_add_format(buf, "%" PRId64 "%% of the tasks of the last %d minutes failed (limit %" PRId64 "%%)",
                           alert->value, KMI_ALERT_FAILURE_MINUTES, alert->limit);
        break;
    case KMI_ALERT_DISK_SPACE:
        kmi_buf_add_format(buf, "%" PRId64 " MiB of disk space are free (limit %" PRId64 " MiB)", alert->value,
                           alert->limit);
        break;
    case KMI_ALERT_KINDS:
        break;
    }
}
