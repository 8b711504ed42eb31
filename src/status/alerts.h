/* alerts.h - what should not stay unnoticed: conditions with limits from the configuration, and what is known about each.
 *
 * An alert is kept on the metrics page, since the disk may be full when it is needed most. It *occurs* when its condition begins
 * to hold; it counts occurrences since it was last acknowledged, and is told until it is acknowledged, also when it holds no
 * more. Any process may check; whoever sees the change first counts it. Without a page nothing is kept. */
#ifndef KMI_STATUS_ALERTS_H
#define KMI_STATUS_ALERTS_H

#include "base/config.h"
#include "status/metrics.h"

typedef enum kmi_alert_kind { /* places of the page: numbers are never used again */
                              KMI_ALERT_QUEUE_FULL,
                              KMI_ALERT_OLDEST_WAITING,
                              KMI_ALERT_FAILURES,
                              KMI_ALERT_DISK_SPACE,
                              KMI_ALERT_KINDS
} kmi_alert_kind;

#define KMI_ALERT_FAILURE_MINUTES 15 /* the time over which failures are looked at */

/* What was measured. Failures come from the page. */
typedef struct kmi_alert_inputs {
    int64_t now_us;
    uint64_t queue_size, queue_limit;
    int64_t oldest_waiting_us; /* 0: nobody waits */
    int64_t disk_free_bytes;   /* negative: not known */
} kmi_alert_inputs;

/* Returns: free bytes for us on the file system of an open directory, or -1. */
int64_t kmi_disk_free_bytes(int dir_fd);

/* Compares with the limits and notes what holds. Returns: a bit (1 << kind) for each alert that has just occurred. */
unsigned kmi_alerts_check(const kmi_metrics *metrics, const kmi_config *config, const kmi_alert_inputs *inputs);

typedef struct kmi_alert {
    kmi_alert_kind kind;
    bool is_active; /* holds now, as far as anybody has looked */
    bool is_shown;
    int64_t first_at_us, last_at_us;
    int64_t began_at_us;        /* the occurrence that holds now, or the last one */
    int64_t acknowledged_at_us; /* 0: not */
    uint64_t count;
    int64_t value, limit; /* percent, seconds, percent, MiB */
} kmi_alert;

/* *ret_alert is what is known. Returns: false when there is nothing. */
bool kmi_alert_get(const kmi_metrics *metrics, kmi_alert_kind kind, kmi_alert *ret_alert);
/* Returns: false when there was nothing to acknowledge. */
bool kmi_alert_acknowledge(const kmi_metrics *metrics, kmi_alert_kind kind, int64_t now_us);
void kmi_alert_mark_shown(const kmi_metrics *metrics, kmi_alert_kind kind, int64_t now_us);
/* True for one caller only, and not again within repeat_minutes: this one tells the user's command. */
bool kmi_alert_claim_delivery(const kmi_metrics *metrics, kmi_alert_kind kind, int64_t repeat_minutes, int64_t now_us);

/* Returns: the stable name, "queue_full". */
const char *kmi_alert_code(kmi_alert_kind kind);
/* Returns: false for an unknown name. */
bool kmi_alert_find_code(const char *code, kmi_alert_kind *ret_kind);
/* Appends what is the case, in one sentence without a dot. */
void kmi_alert_add_message(kmi_buf *buf, const kmi_alert *alert);
/* Returns: what helps, a command first. */
const char *kmi_alert_remedy(kmi_alert_kind kind);

#endif
