/* Events by time, buckets and sums of histograms, and a page that an older version left. */
#include "../util/temp_dir.h"

#include <pthread.h>

#include "status/metrics.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)
#define NOON_US (INT64_C(20400) * DAY_US + 43200 * SECOND_US)

static kmi_metrics open_page(temp_dir *dir, kmi_metrics_mode mode) {
    kmi_metrics metrics;
    assert_int_equal(kmi_metrics_open(&metrics, dir->fd, mode, &dir->error), KM_OK);
    return metrics;
}

static void recent_events_are_those_of_the_last_minutes(void **state) {
    kmi_metrics metrics = open_page(*state, KMI_METRICS_REPAIR);
    for (int64_t second = 0; second < 1200; second += 10)
        kmi_series_add(&metrics, KMI_SERIES_COMPLETED, 2, NOON_US + second * SECOND_US);
    int64_t now_us = NOON_US + 1195 * SECOND_US;
    assert_int_equal(kmi_series_recent(&metrics, KMI_SERIES_COMPLETED, 1, now_us), 12);
    assert_int_equal(kmi_series_recent(&metrics, KMI_SERIES_COMPLETED, 5, now_us), 60);
    assert_int_equal(kmi_series_recent(&metrics, KMI_SERIES_COMPLETED, 15, now_us), 180);
    assert_int_equal(kmi_series_recent(&metrics, KMI_SERIES_FAILED, 15, now_us), 0);
    assert_true(kmi_series_per_second(&metrics, KMI_SERIES_COMPLETED, 1, now_us) == 0.2);
    /* an hour later the ring still holds them, and knows that they are old */
    assert_int_equal(kmi_series_recent(&metrics, KMI_SERIES_COMPLETED, 15, now_us + 3600 * SECOND_US), 0);
    kmi_metrics_close(&metrics);
}

static void days_are_counted_by_date(void **state) {
    kmi_metrics metrics = open_page(*state, KMI_METRICS_REPAIR);
    for (int day = 0; day < 200; day++)
        kmi_series_add(&metrics, KMI_SERIES_ENHANCED, (uint64_t)day + 1, NOON_US + day * DAY_US);
    for (int day = 110; day < 200; day++)
        assert_int_equal(kmi_series_day(&metrics, KMI_SERIES_ENHANCED, 20400 + day), day + 1);
    assert_int_equal(kmi_series_day(&metrics, KMI_SERIES_ENHANCED, 20400), 0);
    assert_int_equal(kmi_series_day(&metrics, KMI_SERIES_ENHANCED, 20600), 0);
    kmi_metrics_close(&metrics);
}

static void strange_times_and_amounts_hurt_nothing(void **state) {
    kmi_metrics metrics = open_page(*state, KMI_METRICS_REPAIR), none = KMI_METRICS_CLOSED;
    kmi_series_add(&metrics, KMI_SERIES_FAILED, 1, -1);
    kmi_series_add(&metrics, KMI_SERIES_FAILED, UINT64_MAX, NOON_US);
    kmi_series_add(&metrics, KMI_SERIES_FAILED, 7, NOON_US);
    assert_int_equal(kmi_series_recent(&metrics, KMI_SERIES_FAILED, 1, NOON_US), UINT32_MAX);
    assert_int_equal(kmi_series_recent(&metrics, KMI_SERIES_FAILED, 15, 0), 0);
    kmi_series_add(&none, KMI_SERIES_FAILED, 1, NOON_US);
    assert_int_equal(kmi_series_recent(&none, KMI_SERIES_FAILED, 1, NOON_US), 0);
    assert_int_equal(kmi_series_day(&none, KMI_SERIES_FAILED, 20400), 0);
    kmi_metrics_close(&metrics);
}

static void *add_thousand(void *context) {
    for (int i = 0; i < 1000; i++) kmi_series_add(context, KMI_SERIES_SUBMITTED, 1, NOON_US + (i % 2) * SECOND_US);
    return NULL;
}

static void nothing_is_lost_when_many_count_at_once(void **state) {
    kmi_metrics metrics = open_page(*state, KMI_METRICS_REPAIR);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, add_thousand, &metrics), 0);
    for (size_t i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    assert_int_equal(kmi_series_recent(&metrics, KMI_SERIES_SUBMITTED, 1, NOON_US), 4000);
    assert_int_equal(kmi_series_day(&metrics, KMI_SERIES_SUBMITTED, 20400), 4000);
    kmi_metrics_close(&metrics);
}

static void buckets_are_exact_at_their_bounds(void **state) {
    kmi_metrics metrics = open_page(*state, KMI_METRICS_REPAIR);
    const int64_t bounds[] = {63, 127, 1023};
    const int64_t values[] = {0, 62, 63, 64, 127, 128, 1023, 1024, 5000000};
    uint64_t counts[3], count = 0, sum = 0, expected_sum = 0;
    for (size_t i = 0; i < 9; i++) {
        kmi_metrics_observe(&metrics, KMI_HISTOGRAM_COMMIT, values[i]);
        expected_sum += (uint64_t)values[i];
    }
    kmi_metrics_buckets(&metrics, KMI_HISTOGRAM_COMMIT, bounds, 3, counts, &count, &sum);
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 5);
    assert_int_equal(counts[2], 7);
    assert_int_equal(count, 9);
    assert_int_equal(sum, expected_sum);
    kmi_metrics_close(&metrics);
}

/* A page as version 1 laid it out: 23 176 bytes, the histograms from byte 2056 on. */
static void write_old_page(const temp_dir *dir, size_t size) {
    static const char magic[] = "KMMETRI\n\1\0\0\0\x88\x5a\0\0";
    uint64_t *words = calloc(1, size);
    assert_non_null(words);
    memcpy(words, magic, 16);
    words[16 / 8] = 5;                  /* generation */
    words[24 / 8] = 4711;               /* pid */
    words[1928 / 8 + 2] = 9;            /* slow recalls */
    words[2056 / 8 + 100] = 4;          /* submit, class 100: 640 to 671 µs */
    words[2056 / 8 + 4 * 528 + 20] = 6; /* enhance */
    assert_int_equal(mkdirat(dir->fd, "state", 0700), 0);
    int fd = openat(dir->fd, "state/metrics", O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_int_equal(write(fd, words, size), size);
    close(fd);
    free(words);
}

static void an_older_page_is_taken_over(void **state) {
    write_old_page(*state, 23176);
    kmi_metrics metrics = open_page(*state, KMI_METRICS_LOOK);
    assert_null(metrics.page); /* for all but the worker it is no page */
    metrics = open_page(*state, KMI_METRICS_ADD);
    assert_null(metrics.page);
    metrics = open_page(*state, KMI_METRICS_REPAIR);
    assert_non_null(metrics.page);
    assert_int_equal(atomic_load(&metrics.page->generation), 5);
    assert_int_equal(atomic_load(&metrics.page->pid), 4711);
    assert_int_equal(kmi_metrics_get(&metrics, KMI_METRIC_SLOW_RECALLS), 9);
    const int64_t bound = 2047;
    uint64_t below = 0, count = 0, sum = 0;
    kmi_metrics_buckets(&metrics, KMI_HISTOGRAM_SUBMIT, &bound, 1, &below, &count, &sum);
    assert_int_equal(count, 4);
    assert_in_range(sum, 4 * 640, 4 * 672);
    kmi_metrics_buckets(&metrics, KMI_HISTOGRAM_ENHANCE, &bound, 1, &below, &count, &sum);
    assert_int_equal(count, 6);
    assert_int_equal(kmi_series_day(&metrics, KMI_SERIES_SUBMITTED, 20400), 0);
    kmi_metrics_close(&metrics);
}

static void a_page_of_the_wrong_size_is_not(void **state) {
    write_old_page(*state, 23168);
    kmi_metrics metrics = open_page(*state, KMI_METRICS_REPAIR);
    assert_non_null(metrics.page);
    assert_int_equal(atomic_load(&metrics.page->generation), 0);
    kmi_metrics_close(&metrics);
}

static void every_histogram_has_a_name(void **state) {
    (void)state;
    for (int h = 0; h < KMI_HISTOGRAM_COUNT; h++) assert_non_null(kmi_metrics_histogram_name((kmi_histogram)h));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEMP_DIR_TEST(recent_events_are_those_of_the_last_minutes),
        TEMP_DIR_TEST(days_are_counted_by_date),
        TEMP_DIR_TEST(strange_times_and_amounts_hurt_nothing),
        TEMP_DIR_TEST(nothing_is_lost_when_many_count_at_once),
        TEMP_DIR_TEST(buckets_are_exact_at_their_bounds),
        TEMP_DIR_TEST(an_older_page_is_taken_over),
        TEMP_DIR_TEST(a_page_of_the_wrong_size_is_not),
        cmocka_unit_test(every_histogram_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
