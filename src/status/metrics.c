/* One mapped file instead of a server: updating a counter costs no system call, and kill -9 cannot lose what is in the page
 * cache. Waiting for a commit uses a futex on the same page, so nobody polls. */
#include "status/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"
#include "util/guard.h"

static const char page_magic[8] = {'K', 'M', 'M', 'E', 'T', 'R', 'I', '\n'};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics must work across processes");

/* ---- Classes of histograms ---- */

static unsigned class_of(uint64_t value_us) {
    if (value_us < 16) return (unsigned)value_us;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(value_us);
    unsigned class = (exponent - 3) * 16 + (unsigned)(value_us >> (exponent - 4) & 15);
    return class < KMI_HISTOGRAM_CLASSES ? class : KMI_HISTOGRAM_CLASSES - 1;
}

/* Returns: the largest value of a class. */
static int64_t upper_bound(unsigned class) {
    if (class < 16) return class;
    unsigned exponent = class / 16 + 3;
    return (int64_t)(((uint64_t)(class % 16 + 17) << (exponent - 4)) - 1);
}

/* Maps a page that is whole and ours; ret_metrics->page stays NULL otherwise. */
static km_status map_page(int memory_dir_fd, kmi_metrics *ret_metrics, km_error *error) {
    KMI_CLEANUP_FD int fd = kmi_fd_open(memory_dir_fd, "state/metrics", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    struct stat file;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? KM_OK
                                                   : kmi_fail_errno(error, errno, "cannot open \"state/metrics\"");
    if (fstat(fd, &file) != 0 || !kmi_file_is_ours(&file) || file.st_size != (off_t)sizeof(kmi_metrics_page))
        return KM_OK;
    void *mapped = mmap(NULL, sizeof(kmi_metrics_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) return kmi_fail_errno(error, errno, "cannot map \"state/metrics\"");
    kmi_metrics_page *page = mapped;
    kmi_guard_add(page, sizeof *page);
    if (memcmp(page->magic, page_magic, sizeof page_magic) != 0 || page->version != KMI_METRICS_VERSION ||
        page->size != sizeof *page) {
        kmi_guard_remove(page);
        munmap(mapped, sizeof *page);
        return KM_OK;
    }
    ret_metrics->page = page;
    ret_metrics->fd = fd;
    fd = -1;
    return KM_OK;
}

/* ---- A page of version 1 ---- */

enum { v1_size = 23176, v1_histograms = 5, v1_histograms_at = 2056 };
_Static_assert(offsetof(kmi_metrics_page, histograms) == v1_histograms_at, "version 1 has its histograms there");

/* Version 1 kept no sums: the middle of each class stands for what is in it. */
static void estimate_sums(kmi_metrics_page *page) {
    for (size_t h = 0; h < v1_histograms; h++) {
        uint64_t sum_us = 0;
        for (unsigned c = 0; c < KMI_HISTOGRAM_CLASSES; c++) {
            uint64_t middle_us = c == 0 ? 0 : (uint64_t)(upper_bound(c - 1) + 1 + upper_bound(c)) / 2;
            sum_us += page->histograms[h][c] * middle_us;
        }
        page->histogram_sums_us[h] = sum_us;
    }
}

/* Fills *ret_page from the page of version 1 that lies in the place of ours, if it is one: the generation, which tells the lock byte
 * of a worker that may be running, the evidence of a crash, and all that was counted. What other processes count meanwhile is
 * lost. Everything but the head of the file stands where version 1 had it; the rest is new and begins with zeros. */
static void take_over_old_page(int state_fd, kmi_metrics_page *ret_page) {
    KMI_CLEANUP_FD int fd = -1;
    size_t len = 0;
    struct stat file;
    uint32_t head[4] = {0};
    if (kmi_file_open(state_fd, "metrics", O_RDONLY, &fd, NULL) != KM_OK) return;
    bool is_old = fstat(fd, &file) == 0 && file.st_size == v1_size &&
                  kmi_file_read_at(fd, "state/metrics", 0, head, sizeof head, &len, NULL) == KM_OK &&
                  len == sizeof head && memcmp(head, page_magic, sizeof page_magic) == 0 && head[2] == 1 &&
                  head[3] == v1_size;
    const size_t head_size = offsetof(kmi_metrics_page, generation);
    if (!is_old || kmi_file_read_at(fd, "state/metrics", (off_t)head_size, (char *)ret_page + head_size,
                                    v1_size - head_size, &len, NULL) != KM_OK)
        return;
    estimate_sums(ret_page);
}

/* ---- Making a page ---- */

/* Whoever creates the file makes it whole; whoever finds it does not touch it, so two that come at once end up with one page.
 * All of it is written, since a hole that the full disk cannot fill would end whoever touches it; the magic last: until then
 * the file is no page for anybody. */
static km_status create_page(int state_fd, kmi_metrics_page *page, km_error *error) {
    KMI_CLEANUP_FD int fd = -1;
    km_status status = kmi_file_open(state_fd, "metrics", O_RDWR | O_CREAT | O_EXCL, &fd, error);
    if (status != KM_OK) return faccessat(state_fd, "metrics", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? KM_OK : status;
    status = kmi_file_write_at(fd, "state/metrics", 0, page, sizeof *page, error);
    page->version = KMI_METRICS_VERSION;
    page->size = sizeof *page;
    memcpy(page->magic, page_magic, sizeof page_magic);
    if (status == KM_OK)
        status = kmi_file_write_at(fd, "state/metrics", 0, page, offsetof(kmi_metrics_page, generation), error);
    if (status != KM_OK) unlinkat(state_fd, "metrics", 0);
    return status;
}

/* Makes a page where there is none; with `replace` also where the file that is there is no page of this version. */
static km_status make_page(int memory_dir_fd, bool replace, km_error *error) {
    KMI_CLEANUP_FD int state_fd = -1;
    km_status status = kmi_dir_make(memory_dir_fd, "state", NULL, error);
    if (status == KM_OK) status = kmi_dir_open_own(memory_dir_fd, "state", &state_fd, error);
    if (status != KM_OK) return status;
    kmi_metrics_page *page = calloc(1, sizeof *page);
    if (page == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while making \"state/metrics\"");
    if (replace) {
        take_over_old_page(state_fd, page);
        unlinkat(state_fd, "metrics", 0);
    }
    status = create_page(state_fd, page, error);
    free(page);
    return status;
}

km_status kmi_metrics_open(kmi_metrics *metrics, int memory_dir_fd, kmi_metrics_mode mode, km_error *error) {
    *metrics = (kmi_metrics)KMI_METRICS_CLOSED;
    km_status status = map_page(memory_dir_fd, metrics, error);
    if (status != KM_OK || metrics->page != NULL || mode == KMI_METRICS_LOOK) return status;
    status = make_page(memory_dir_fd, mode == KMI_METRICS_REPAIR, error);
    return status == KM_OK ? map_page(memory_dir_fd, metrics, error) : status;
}

void kmi_metrics_close(kmi_metrics *metrics) {
    if (metrics->page == NULL) return;
    kmi_guard_remove(metrics->page);
    munmap(metrics->page, sizeof *metrics->page);
    metrics->page = NULL;
    kmi_fd_close(&metrics->fd);
}

bool kmi_metrics_is_current(const kmi_metrics *metrics) {
    struct stat file;
    return metrics->page != NULL && fstat(metrics->fd, &file) == 0 && file.st_nlink != 0;
}

void kmi_metrics_add(const kmi_metrics *metrics, kmi_metric metric, uint64_t amount) {
    if (metrics->page != NULL) atomic_fetch_add_explicit(&metrics->page->metrics[metric], amount, memory_order_relaxed);
}

void kmi_metrics_set(const kmi_metrics *metrics, kmi_metric metric, uint64_t value) {
    if (metrics->page != NULL) atomic_store_explicit(&metrics->page->metrics[metric], value, memory_order_relaxed);
}

uint64_t kmi_metrics_get(const kmi_metrics *metrics, kmi_metric metric) {
    return metrics->page == NULL ? 0 : atomic_load_explicit(&metrics->page->metrics[metric], memory_order_relaxed);
}

#define LEARNING_NUMBERS (sizeof(kmi_learning) / sizeof(uint64_t))

void kmi_metrics_add_learning(const kmi_metrics *metrics, const kmi_learning *learning) {
    uint64_t numbers[LEARNING_NUMBERS];
    if (metrics->page == NULL) return;
    memcpy(numbers, learning, sizeof numbers);
    for (size_t i = 0; i < LEARNING_NUMBERS; i++)
        if (numbers[i] != 0) atomic_fetch_add_explicit(&metrics->page->learning[i], numbers[i], memory_order_relaxed);
}

void kmi_metrics_learning(const kmi_metrics *metrics, kmi_learning *ret_learning) {
    uint64_t numbers[LEARNING_NUMBERS] = {0};
    for (size_t i = 0; metrics->page != NULL && i < LEARNING_NUMBERS; i++)
        numbers[i] = atomic_load_explicit(&metrics->page->learning[i], memory_order_relaxed);
    memcpy(ret_learning, numbers, sizeof numbers);
}

/* ---- Histograms ---- */

void kmi_metrics_observe(const kmi_metrics *metrics, kmi_histogram histogram, int64_t duration_us) {
    if (metrics->page == NULL) return;
    uint64_t value_us = duration_us < 0 ? 0 : (uint64_t)duration_us;
    atomic_fetch_add_explicit(&metrics->page->histograms[histogram][class_of(value_us)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->page->histogram_sums_us[histogram], value_us, memory_order_relaxed);
}

void kmi_metrics_buckets(const kmi_metrics *metrics, kmi_histogram histogram, const int64_t *bounds_us,
                         size_t bound_count, uint64_t *ret_counts, uint64_t *ret_count, uint64_t *ret_sum_us) {
    uint64_t count = 0;
    size_t bound = 0;
    *ret_sum_us = metrics->page == NULL
                      ? 0
                      : atomic_load_explicit(&metrics->page->histogram_sums_us[histogram], memory_order_relaxed);
    for (unsigned c = 0; c < KMI_HISTOGRAM_CLASSES && metrics->page != NULL; c++) {
        while (bound < bound_count && upper_bound(c) > bounds_us[bound]) ret_counts[bound++] = count;
        count += atomic_load_explicit(&metrics->page->histograms[histogram][c], memory_order_relaxed);
    }
    while (bound < bound_count) ret_counts[bound++] = count;
    *ret_count = count;
}

const char *kmi_metrics_histogram_name(kmi_histogram histogram) {
    static const char *const names[KMI_HISTOGRAM_COUNT] = {
        [KMI_HISTOGRAM_SUBMIT] = "submit", [KMI_HISTOGRAM_WAIT] = "wait",       [KMI_HISTOGRAM_PROCESS] = "process",
        [KMI_HISTOGRAM_COMMIT] = "commit", [KMI_HISTOGRAM_ENHANCE] = "enhance",
    };
    return names[histogram];
}

void kmi_metrics_latency(const kmi_metrics *metrics, kmi_histogram histogram, km_latency *ret_latency) {
    *ret_latency = (km_latency){0};
    if (metrics->page == NULL) return;
    uint64_t counts[KMI_HISTOGRAM_CLASSES];
    for (unsigned i = 0; i < KMI_HISTOGRAM_CLASSES; i++) {
        counts[i] = atomic_load_explicit(&metrics->page->histograms[histogram][i], memory_order_relaxed);
        ret_latency->count += counts[i];
        if (counts[i] != 0) ret_latency->max_us = upper_bound(i);
    }
    uint64_t below = 0;
    for (unsigned i = 0; i < KMI_HISTOGRAM_CLASSES; i++) {
        uint64_t up_to = below + counts[i];
        struct {
            uint64_t percent;
            int64_t *ret_us;
        } wanted[] = {{50, &ret_latency->p50_us}, {95, &ret_latency->p95_us}, {99, &ret_latency->p99_us}};
        for (size_t w = 0; w < 3; w++) {
            uint64_t rank = (ret_latency->count * wanted[w].percent + 99) / 100; /* nearest-rank percentile */
            if (rank > below && rank <= up_to) *wanted[w].ret_us = upper_bound(i);
        }
        below = up_to;
    }
}

/* ---- Waiting for a commit ---- */

void kmi_metrics_announce_change(const kmi_metrics *metrics) {
    if (metrics->page == NULL) return;
    atomic_fetch_add(&metrics->page->change, 1);
    syscall(SYS_futex, &metrics->page->change, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

uint32_t kmi_metrics_change(const kmi_metrics *metrics) {
    return metrics->page == NULL ? 0 : atomic_load(&metrics->page->change);
}

void kmi_metrics_wait_change(const kmi_metrics *metrics, uint32_t seen, int64_t timeout_ms) {
    struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000};
    if (metrics->page == NULL)
        nanosleep(&timeout, NULL);
    else
        syscall(SYS_futex, &metrics->page->change, FUTEX_WAIT, seen, &timeout, NULL, 0);
}
