/* metrics.h - the mapped page state/metrics: what every process of a project may look at and update without waiting.
 *
 * Fixed size, versioned, safe to delete: a worker makes a new one. All numbers are updated with relaxed atomic operations; a
 * crash may lose the last update, never tear one. It also carries the worker's signs of life and, for each of its threads,
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
    KMI_METRIC_COUNT = 16 /* room for more without a new version */
} kmi_metric;

/* Log-linear classes: 16 to each power of two, so that a class is at most 1/16 wide; up to 2^36 µs. */
#define KMI_HISTOGRAM_CLASSES 528

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
uint64_t kmi_metrics_get(const kmi_metrics *metrics, kmi_metric metric);
void kmi_metrics_observe(const kmi_metrics *metrics, kmi_histogram histogram, int64_t duration_us);
void kmi_metrics_latency(const kmi_metrics *metrics, kmi_histogram histogram, km_latency *ret_latency);

/* Adds up what learning took; reads the sums. */
void kmi_metrics_add_learning(const kmi_metrics *metrics, const kmi_learning *learning);
void kmi_metrics_learning(const kmi_metrics *metrics, kmi_learning *ret_learning);

/* Tells everybody who waits in kmi_metrics_wait_change() that tasks were committed. */
void kmi_metrics_announce_change(const kmi_metrics *metrics);
uint32_t kmi_metrics_change(const kmi_metrics *metrics);
/* Sleeps until the change counter differs from `seen` or timeout_ms is over. Without a page: sleeps timeout_ms. */
void kmi_metrics_wait_change(const kmi_metrics *metrics, uint32_t seen, int64_t timeout_ms);

#endif
