/* metrics.h - the mapped page state/metrics: what every process of a project may look at and update without waiting.
 *
 * Fixed size, versioned, safe to delete: a worker makes a new one. All numbers are updated with relaxed atomic operations; a
 * crash may lose the last update, never tear one. A page of an older version is taken over by the next worker. It also carries the worker's signs of life and, for each of its threads,
 * the task in hand: what stands there after a crash is the evidence against a task.
 *
 * Every function accepts a kmi_metrics without a page and then does nothing or returns zeros. */
#ifndef KMI_STATUS_METRICS_H
#define KMI_STATUS_METRICS_H

#include <stdatomic.h>

#include "base/stages.h"
#include "kuzu_memory.h"
#include "util/uuid.h"

#define KMI_METRICS_VERSION 2
#define KMI_WORKER_SLOTS 66 /* 64 extraction threads, the committing one, one spare */
#define KMI_WORKER_BEAT_MS 1000
#define KMI_WORKER_BEATS_STALLED 3  /* a worker that misses so many is called stalled */
#define KMI_WORKER_BEATS_TAKEOVER 5 /* and after so many, another one takes its place */

typedef enum kmi_histogram {
    KMI_HISTOGRAM_SUBMIT,
    KMI_HISTOGRAM_WAIT,
    KMI_HISTOGRAM_PROCESS,
    KMI_HISTOGRAM_COMMIT,
    KMI_HISTOGRAM_ENHANCE,
    KMI_HISTOGRAM_COUNT
} kmi_histogram;

typedef enum kmi_metric {
    KMI_METRIC_CACHE_HITS,
    KMI_METRIC_CACHE_MISSES,
    KMI_METRIC_SLOW_RECALLS,
    KMI_METRIC_CACHE_EVICTIONS,
    KMI_METRIC_CACHE_ASIDE, /* answers for which the cache was not needed */
    /* From the top, marks that are set and not counted. */
    KMI_METRIC_REDACTIONS_SEEN = 9,   /* how many removed secrets the user has acknowledged */
    KMI_METRIC_CLOCK_JUMP_BY_US = 10, /* signed; noticed by the running worker */
    KMI_METRIC_CLOCK_JUMP_AT_US = 11, /* 0: none */
    KMI_METRIC_PAUSED_SINCE_US = 12,  /* of the running worker; 0: it is not paused */
    KMI_METRIC_CRASHES_IN_ROW = 13,   /* workers that did not end in order since one did */
    KMI_METRIC_LAST_CRASH_US = 14,    /* when the last of them was noticed */
    KMI_METRIC_WORKER_VERSION = 15,   /* of the running worker: major, 16 bits of minor, 16 of patch */
    KMI_METRIC_COUNT = 16             /* room for more without a new version */
} kmi_metric;

/* Log-linear classes: 16 to each power of two, so that a class is at most 1/16 wide; up to 2^36 µs. */
#define KMI_HISTOGRAM_CLASSES 528

/* Events by time, for throughput and history. */
typedef enum kmi_series {
    KMI_SERIES_SUBMITTED, /* tasks that were queued */
    KMI_SERIES_COMPLETED, /* tasks that a worker learnt */
    KMI_SERIES_FAILED,    /* tasks whose attempts were used up */
    KMI_SERIES_ENHANCED,  /* prompts */
    KMI_SERIES_COUNT = 6  /* room for more without a new version */
} kmi_series;
#define KMI_SERIES_FINE_SECONDS 5  /* what one place of the fine ring stands for */
#define KMI_SERIES_FINE_PLACES 192 /* sixteen minutes */
#define KMI_SERIES_DAY_PLACES 128

/* Rings of counts: each place holds the number of its period since 1970 in the upper half, and a count in the lower one, so that
 * whoever comes first in a new period begins it anew with the same atomic operation that counts. */
typedef struct kmi_series_rings {
    _Atomic uint64_t fine[KMI_SERIES_FINE_PLACES];
    _Atomic uint64_t days[KMI_SERIES_DAY_PLACES];
} kmi_series_rings;

/* What is known about one kind of alert; the kinds are status/alerts.h's. Times of the wall clock, 0: never. */
typedef struct kmi_alert_place {
    _Atomic int64_t first_at_us; /* since it was last acknowledged; 0: nothing to tell */
    _Atomic int64_t last_at_us;  /* when it was last seen to hold */
    _Atomic int64_t began_at_us; /* the occurrence that holds now, or the last one */
    _Atomic int64_t acknowledged_at_us;
    _Atomic int64_t shown_at_us;
    _Atomic int64_t delivered_at_us; /* handed to the user's command */
    _Atomic uint64_t count;          /* occurrences since first_at_us */
    _Atomic int64_t value;           /* last measured, in the unit of the condition */
    _Atomic int64_t limit;
    _Atomic uint64_t is_holding;
} kmi_alert_place;
#define KMI_ALERT_PLACES 16

typedef struct kmi_worker_slot {    /* one thread of the worker */
    _Atomic uint64_t started_at_us; /* monotonic; 0: nothing in hand */
    unsigned char task_id[16];
} kmi_worker_slot;

typedef struct kmi_metrics_page {
    char magic[8];
    uint32_t version;
    uint32_t size;
    _Atomic uint64_t generation;       /* picks the lock byte of the worker; raised by a take-over */
    _Atomic int64_t pid;               /* of the worker, 0: none */
    _Atomic uint64_t start_ticks;      /* tells two processes of the same pid apart */
    _Atomic int64_t started_at_us;     /* wall clock */
    _Atomic int64_t heartbeat_at_us;   /* wall clock */
    _Atomic int64_t heartbeat_mono_us; /* monotonic: comparable within one boot */
    _Atomic uint32_t worker_state;     /* km_worker_state */
    _Atomic uint32_t change;           /* futex: rises with every commit */
    _Atomic uint64_t active_tasks;
    _Atomic uint64_t worker_clean_exit; /* 1 when the last worker left in order */
    char problem[256];
    kmi_worker_slot slots[KMI_WORKER_SLOTS];
    _Atomic uint64_t metrics[KMI_METRIC_COUNT];
    _Atomic uint64_t histograms[KMI_HISTOGRAM_COUNT][KMI_HISTOGRAM_CLASSES];
    _Atomic uint64_t histogram_sums_us[KMI_HISTOGRAM_COUNT];
    _Atomic uint64_t worker_resident_bytes;
    _Atomic uint64_t worker_peak_bytes;
    _Atomic uint64_t worker_cpu_us;
    kmi_alert_place alerts[KMI_ALERT_PLACES];
    kmi_series_rings series[KMI_SERIES_COUNT];
    _Atomic uint64_t learning[sizeof(kmi_learning) / sizeof(uint64_t)]; /* the sums of a kmi_learning, in its order */
} kmi_metrics_page;

typedef struct kmi_metrics {
    int fd;                 /* of the page, -1: none */
    kmi_metrics_page *page; /* NULL: none */
} kmi_metrics;
#define KMI_METRICS_CLOSED \
    { .fd = -1 }

typedef enum kmi_metrics_mode {
    KMI_METRICS_LOOK,  /* a missing or unusable page is none */
    KMI_METRICS_ADD,   /* a missing page is made */
    KMI_METRICS_REPAIR /* an unusable one is replaced, too: for the worker, while it holds the starter's lock */
} kmi_metrics_mode;

/* Maps state/metrics below the memory directory. No page is KM_OK with page NULL. Cost: open, fstat, mmap. */
km_status kmi_metrics_open(kmi_metrics *metrics, int memory_dir_fd, kmi_metrics_mode mode,
                           km_error *error) KM_MUST_CHECK;
void kmi_metrics_close(kmi_metrics *metrics);
/* True while the mapped page is still the file of the directory; false also when there is none. */
bool kmi_metrics_is_current(const kmi_metrics *metrics);

void kmi_metrics_add(const kmi_metrics *metrics, kmi_metric metric, uint64_t amount);
void kmi_metrics_set(const kmi_metrics *metrics, kmi_metric metric, uint64_t value);
uint64_t kmi_metrics_get(const kmi_metrics *metrics, kmi_metric metric);
void kmi_metrics_observe(const kmi_metrics *metrics, kmi_histogram histogram, int64_t duration_us);
void kmi_metrics_latency(const kmi_metrics *metrics, kmi_histogram histogram, km_latency *ret_latency);
/* How many durations were at most bounds_us[i], for each i; bounds rise, and each is the end of a class: 2^n - 1 with n > 3.
 * *ret_count is that of all, *ret_sum_us the sum of all durations. */
void kmi_metrics_buckets(const kmi_metrics *metrics, kmi_histogram histogram, const int64_t *bounds_us,
                         size_t bound_count, uint64_t *ret_counts, uint64_t *ret_count, uint64_t *ret_sum_us);
/* Returns: what a histogram measures, in one word: "submit". NULL for one without a name. */
const char *kmi_metrics_histogram_name(kmi_histogram histogram);

/* Counts `amount` events at now_us (wall clock). */
void kmi_series_add(const kmi_metrics *metrics, kmi_series series, uint64_t amount, int64_t now_us);
/* Returns: events in the last `minutes` (1 to 15) and in the period of KMI_SERIES_FINE_SECONDS that runs. */
uint64_t kmi_series_recent(const kmi_metrics *metrics, kmi_series series, int64_t minutes, int64_t now_us);
/* Returns: the same as a rate. */
double kmi_series_per_second(const kmi_metrics *metrics, kmi_series series, int64_t minutes, int64_t now_us);
/* Returns: events of one day since 1970 (UTC), 0 for one that is too long ago. */
uint64_t kmi_series_day(const kmi_metrics *metrics, kmi_series series, int64_t day);

/* Adds up what learning took; reads the sums. */
void kmi_metrics_add_learning(const kmi_metrics *metrics, const kmi_learning *learning);
void kmi_metrics_learning(const kmi_metrics *metrics, kmi_learning *ret_learning);

/* Tells everybody who waits in kmi_metrics_wait_change() that tasks were committed. */
void kmi_metrics_announce_change(const kmi_metrics *metrics);
uint32_t kmi_metrics_change(const kmi_metrics *metrics);
/* Sleeps until the change counter differs from `seen` or timeout_ms is over. Without a page: sleeps timeout_ms. */
void kmi_metrics_wait_change(const kmi_metrics *metrics, uint32_t seen, int64_t timeout_ms);

#endif
