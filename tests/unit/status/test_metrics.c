/* The mapped page: classes of the histograms, percentiles, versions, waiting for a change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "status/metrics.h"
#include "util/clock.h"

typedef struct fixture {
    char directory[64];
    int dir_fd;
    kmi_metrics metrics;
} fixture;

static int setup(void **state) {
    fixture *f = calloc(1, sizeof *f);
    memcpy(f->directory, "/tmp/km-metrics-XXXXXX", sizeof "/tmp/km-metrics-XXXXXX");
    if (mkdtemp(f->directory) == NULL) return -1;
    f->dir_fd = open(f->directory, O_RDONLY | O_DIRECTORY);
    *state = f;
    return kmi_metrics_open(&f->metrics, f->dir_fd, KMI_METRICS_REPAIR, NULL) == KM_OK ? 0 : -1;
}

static int teardown(void **state) {
    fixture *f = *state;
    kmi_metrics_close(&f->metrics);
    unlinkat(f->dir_fd, "state/metrics", 0);
    unlinkat(f->dir_fd, "state", AT_REMOVEDIR);
    close(f->dir_fd);
    rmdir(f->directory);
    free(f);
    return 0;
}

static void percentiles_are_upper_bounds_at_most_a_sixteenth_too_high(void **state) {
    fixture *f = *state;
    for (int64_t us = 1; us <= 100000; us++) kmi_metrics_observe(&f->metrics, KMI_HISTOGRAM_SUBMIT, us);
    km_latency latency;
    kmi_metrics_latency(&f->metrics, KMI_HISTOGRAM_SUBMIT, &latency);
    assert_int_equal(latency.count, 100000);
    const struct {
        int64_t found, exact;
    } checks[] = {{latency.p50_us, 50000}, {latency.p95_us, 95000}, {latency.p99_us, 99000}, {latency.max_us, 100000}};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        assert_in_range(checks[i].found, checks[i].exact, checks[i].exact + checks[i].exact / 16);
}

static void extreme_values_have_a_class(void **state) {
    fixture *f = *state;
    const int64_t values[] = {INT64_MIN, -1, 0, 15, 16, 17, INT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        kmi_metrics_observe(&f->metrics, KMI_HISTOGRAM_WAIT, values[i]);
    km_latency latency;
    kmi_metrics_latency(&f->metrics, KMI_HISTOGRAM_WAIT, &latency);
    assert_int_equal(latency.count, 7);
    assert_int_equal(latency.p50_us, 15);
}

static void two_processes_see_one_page(void **state) {
    fixture *f = *state;
    kmi_metrics other;
    assert_int_equal(kmi_metrics_open(&other, f->dir_fd, KMI_METRICS_LOOK, NULL), KM_OK);
    kmi_metrics_add(&f->metrics, KMI_METRIC_CACHE_HITS, 3);
    assert_int_equal(kmi_metrics_get(&other, KMI_METRIC_CACHE_HITS), 3);
    kmi_metrics_close(&other);
    assert_int_equal(kmi_metrics_get(&other, KMI_METRIC_CACHE_HITS), 0);
}

static void unusable_page_is_none_and_is_made_anew(void **state) {
    fixture *f = *state;
    kmi_metrics other;
    kmi_metrics_add(&f->metrics, KMI_METRIC_CACHE_HITS, 1);
    int fd = openat(f->dir_fd, "state/metrics", O_WRONLY);
    assert_int_equal(pwrite(fd, "\xff", 1, 8), 1); /* a version nobody knows */
    assert_int_equal(kmi_metrics_open(&other, f->dir_fd, KMI_METRICS_LOOK, NULL), KM_OK);
    assert_null(other.page);
    assert_int_equal(ftruncate(fd, 100), 0);
    close(fd);
    assert_int_equal(kmi_metrics_open(&other, f->dir_fd, KMI_METRICS_LOOK, NULL), KM_OK);
    assert_null(other.page);
    assert_int_equal(kmi_metrics_open(&other, f->dir_fd, KMI_METRICS_REPAIR, NULL), KM_OK);
    assert_non_null(other.page);
    assert_int_equal(kmi_metrics_get(&other, KMI_METRIC_CACHE_HITS), 0);
    assert_false(kmi_metrics_is_current(&f->metrics));
    kmi_metrics_close(&other);
}

static void *announce(void *context) {
    kmi_metrics_announce_change(context);
    return NULL;
}

static void wait_ends_with_the_change(void **state) {
    fixture *f = *state;
    pthread_t thread;
    uint32_t seen = kmi_metrics_change(&f->metrics);
    int64_t start_us = kmi_clock_monotonic_us();
    assert_int_equal(pthread_create(&thread, NULL, announce, &f->metrics), 0);
    while (kmi_metrics_change(&f->metrics) == seen && kmi_clock_monotonic_us() - start_us < 30000000)
        kmi_metrics_wait_change(&f->metrics, seen, 30000);
    pthread_join(thread, NULL);
    assert_int_equal(kmi_metrics_change(&f->metrics), seen + 1);
    kmi_metrics_wait_change(&f->metrics, seen, 30000); /* what has changed already does not wait */
    assert_true(kmi_clock_monotonic_us() - start_us < 30000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(percentiles_are_upper_bounds_at_most_a_sixteenth_too_high, setup, teardown),
        cmocka_unit_test_setup_teardown(extreme_values_have_a_class, setup, teardown),
        cmocka_unit_test_setup_teardown(two_processes_see_one_page, setup, teardown),
        cmocka_unit_test_setup_teardown(unusable_page_is_none_and_is_made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(wait_ends_with_the_change, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
