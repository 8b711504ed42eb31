/* One mapped file instead of a server: updating a counter costs no system call, and kill -9 cannot lose what is in the page
 * cache. Waiting for a commit uses a futex on the same page, so nobody polls. */
#include "status/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

static const char page_magic[8] = {'K', 'M', 'M', 'E', 'T', 'R', 'I', '\n'};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics must work across processes");

/* Maps a page that is whole and ours; ret_metrics->page stays NULL otherwise. */
static km_status map_page(int memory_dir_fd, kmi_metrics *ret_metrics, km_error *error) {
    KMI_CLEANUP_FD int fd = kmi_fd_open(memory_dir_fd, "state/metrics", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    struct stat file;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? KM_OK
                                                   : kmi_fail_errno(error, errno, "cannot open \"state/metrics\"");
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || file.st_size != (off_t)sizeof(kmi_metrics_page))
        return KM_OK;
    void *mapped = mmap(NULL, sizeof(kmi_metrics_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) return kmi_fail_errno(error, errno, "cannot map \"state/metrics\"");
    kmi_metrics_page *page = mapped;
    if (memcmp(page->magic, page_magic, sizeof page_magic) != 0 || page->version != KMI_METRICS_VERSION ||
        page->size != sizeof *page) {
        munmap(mapped, sizeof *page);
        return KM_OK;
    }
    ret_metrics->page = page;
    ret_metrics->fd = fd;
    fd = -1;
    return KM_OK;
}

/* Whoever creates the file makes it whole; whoever finds it does not touch it, so two that come at once end up with one page.
 * All of it is written, since a hole that the full disk cannot fill would end whoever touches it; the magic last: until then
 * the file is no page for anybody. */
static km_status create_page(int state_fd, km_error *error) {
    static const kmi_metrics_page zeros;
    KMI_CLEANUP_FD int fd = -1;
    km_status status = kmi_file_open(state_fd, "metrics", O_RDWR | O_CREAT | O_EXCL, &fd, error);
    if (status != KM_OK) return faccessat(state_fd, "metrics", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? KM_OK : status;
    kmi_metrics_page head = {.version = KMI_METRICS_VERSION, .size = sizeof head};
    memcpy(head.magic, page_magic, sizeof page_magic);
    status = kmi_file_write_at(fd, "state/metrics", 0, &zeros, sizeof zeros, error);
    if (status == KM_OK)
        status = kmi_file_write_at(fd, "state/metrics", 0, &head, offsetof(kmi_metrics_page, generation), error);
    if (status != KM_OK) unlinkat(state_fd, "metrics", 0);
    return status;
}

/* Makes a page where there is none; with `replace` also where the file that is there is no page of this version. */
static km_status make_page(int memory_dir_fd, bool replace, km_error *error) {
    KMI_CLEANUP_FD int state_fd = -1;
    km_status status = kmi_dir_make(memory_dir_fd, "state", NULL, error);
    if (status == KM_OK) status = kmi_dir_open(memory_dir_fd, "state", &state_fd, error);
    if (status != KM_OK) return status;
    if (replace) unlinkat(state_fd, "metrics", 0);
    return create_page(state_fd, error);
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

void kmi_metrics_observe(const kmi_metrics *metrics, kmi_histogram histogram, int64_t duration_us) {
    if (metrics->page == NULL) return;
    unsigned class = class_of(duration_us < 0 ? 0 : (uint64_t)duration_us);
    atomic_fetch_add_explicit(&metrics->page->histograms[histogram][class], 1, memory_order_relaxed);
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
