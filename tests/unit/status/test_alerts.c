/* Alerts: when they occur, how they are counted, acknowledged and told, and by whom. */
#include "../util/temp_dir.h"

#include <pthread.h>

#include "status/alerts.h"
#include "util/clock.h"

#define MINUTE_US INT64_C(60000000)
#define NOW_US INT64_C(1767225600000000)

typedef struct watched {
    kmi_metrics metrics;
    kmi_config config;
    kmi_alert_inputs inputs;
} watched;

static watched start(temp_dir *dir) {
    watched w = {.inputs = {.now_us = NOW_US, .queue_limit = 100, .disk_free_bytes = INT64_MAX}};
    assert_int_equal(kmi_metrics_open(&w.metrics, dir->fd, KMI_METRICS_REPAIR, &dir->error), KM_OK);
    kmi_config_init(&w.config);
    return w;
}

static unsigned check(watched *w) {
    return kmi_alerts_check(&w->metrics, &w->config, &w->inputs);
}

static bool is_known(const watched *w, kmi_alert_kind kind) {
    kmi_alert alert;
    return kmi_alert_get(&w->metrics, kind, &alert);
}

static void each_condition_begins_at_its_limit(void **state) {
    watched w = start(*state);
    w.inputs.queue_size = 79;
    w.inputs.oldest_waiting_us = 60 * 1000000 - 1;
    w.inputs.disk_free_bytes = (INT64_C(64) << 20);
    kmi_series_add(&w.metrics, KMI_SERIES_COMPLETED, 100, NOW_US);
    kmi_series_add(&w.metrics, KMI_SERIES_FAILED, 11, NOW_US);
    assert_int_equal(check(&w), 0);
    w.inputs.queue_size = 80;
    assert_int_equal(check(&w), 1U << KMI_ALERT_QUEUE_FULL);
    w.inputs.oldest_waiting_us = 60 * 1000000;
    assert_int_equal(check(&w), 1U << KMI_ALERT_OLDEST_WAITING);
    w.inputs.disk_free_bytes--;
    assert_int_equal(check(&w), 1U << KMI_ALERT_DISK_SPACE);
    kmi_series_add(&w.metrics, KMI_SERIES_FAILED, 1, NOW_US);
    assert_int_equal(check(&w), 1U << KMI_ALERT_FAILURES);
    assert_int_equal(check(&w), 0); /* they hold, they do not occur again */
    kmi_alert alert;
    assert_true(kmi_alert_get(&w.metrics, KMI_ALERT_DISK_SPACE, &alert));
    assert_int_equal(alert.value, 63);
    kmi_metrics_close(&w.metrics);
}

static void unknown_disk_and_empty_queue_are_no_alert(void **state) {
    watched w = start(*state);
    w.inputs.disk_free_bytes = -1;
    w.inputs.queue_limit = 0;
    assert_int_equal(check(&w), 0);
    kmi_metrics_close(&w.metrics);
}

static void occurrences_are_counted_until_acknowledged(void **state) {
    watched w = start(*state);
    kmi_alert alert;
    for (int i = 0; i < 3; i++) {
        w.inputs.queue_size = 90;
        check(&w);
        w.inputs.now_us += MINUTE_US;
        check(&w); /* still */
        w.inputs.queue_size = 0;
        w.inputs.now_us += MINUTE_US;
        check(&w);
    }
    assert_true(kmi_alert_get(&w.metrics, KMI_ALERT_QUEUE_FULL, &alert));
    assert_int_equal(alert.count, 3);
    assert_int_equal(alert.first_at_us, NOW_US);
    assert_int_equal(alert.last_at_us, NOW_US + 5 * MINUTE_US);
    assert_false(alert.is_active);
    assert_true(kmi_alert_acknowledge(&w.metrics, KMI_ALERT_QUEUE_FULL, w.inputs.now_us));
    assert_false(kmi_alert_acknowledge(&w.metrics, KMI_ALERT_QUEUE_FULL, w.inputs.now_us));
    assert_false(kmi_alert_acknowledge(&w.metrics, KMI_ALERT_DISK_SPACE, w.inputs.now_us));
    w.inputs.queue_size = 90;
    check(&w);
    assert_true(kmi_alert_get(&w.metrics, KMI_ALERT_QUEUE_FULL, &alert));
    assert_int_equal(alert.acknowledged_at_us, 0);
    assert_int_equal(alert.count, 1);
    assert_int_equal(alert.first_at_us, w.inputs.now_us);
    kmi_metrics_close(&w.metrics);
}

static void acknowledged_while_it_holds_stays_silent_until_it_is_over(void **state) {
    watched w = start(*state);
    kmi_alert alert;
    w.inputs.queue_size = 90;
    check(&w);
    kmi_alert_acknowledge(&w.metrics, KMI_ALERT_QUEUE_FULL, NOW_US + 1);
    assert_int_equal(check(&w), 0);
    assert_true(kmi_alert_get(&w.metrics, KMI_ALERT_QUEUE_FULL, &alert));
    assert_true(alert.is_active && alert.acknowledged_at_us != 0);
    assert_false(kmi_alert_claim_delivery(&w.metrics, KMI_ALERT_QUEUE_FULL, 60, NOW_US + 2));
    w.inputs.queue_size = 0;
    check(&w);
    w.inputs.queue_size = 90;
    assert_int_equal(check(&w), 1U << KMI_ALERT_QUEUE_FULL);
    kmi_metrics_close(&w.metrics);
}

static void told_once_in_so_many_minutes(void **state) {
    watched w = start(*state);
    assert_false(kmi_alert_claim_delivery(&w.metrics, KMI_ALERT_QUEUE_FULL, 60, NOW_US)); /* there is none */
    w.inputs.queue_size = 90;
    check(&w);
    assert_true(kmi_alert_claim_delivery(&w.metrics, KMI_ALERT_QUEUE_FULL, 60, NOW_US));
    assert_false(kmi_alert_claim_delivery(&w.metrics, KMI_ALERT_QUEUE_FULL, 60, NOW_US + 1));
    for (int i = 0; i < 2; i++) { /* it comes and goes */
        w.inputs.queue_size = i == 0 ? 0 : 90;
        check(&w);
    }
    assert_false(kmi_alert_claim_delivery(&w.metrics, KMI_ALERT_QUEUE_FULL, 60, NOW_US + 60 * MINUTE_US - 1));
    assert_true(kmi_alert_claim_delivery(&w.metrics, KMI_ALERT_QUEUE_FULL, 60, NOW_US + 60 * MINUTE_US));
    assert_true(kmi_alert_claim_delivery(&w.metrics, KMI_ALERT_QUEUE_FULL, 60, NOW_US)); /* the clock went back */
    w.inputs.queue_size = 0;
    check(&w);
    assert_false(kmi_alert_claim_delivery(&w.metrics, KMI_ALERT_QUEUE_FULL, 1, NOW_US + 600 * MINUTE_US)); /* over */
    kmi_metrics_close(&w.metrics);
}

static void shown_until_it_occurs_anew(void **state) {
    watched w = start(*state);
    kmi_alert alert;
    w.inputs.queue_size = 90;
    check(&w);
    kmi_alert_mark_shown(&w.metrics, KMI_ALERT_QUEUE_FULL, NOW_US);
    check(&w);
    assert_true(kmi_alert_get(&w.metrics, KMI_ALERT_QUEUE_FULL, &alert));
    assert_true(alert.is_shown);
    w.inputs.queue_size = 0;
    check(&w);
    w.inputs.queue_size = 95;
    check(&w);
    assert_true(kmi_alert_get(&w.metrics, KMI_ALERT_QUEUE_FULL, &alert));
    assert_false(alert.is_shown);
    kmi_metrics_close(&w.metrics);
}

static void *claim(void *context) {
    watched *w = context;
    return kmi_alert_claim_delivery(&w->metrics, KMI_ALERT_QUEUE_FULL, 60, NOW_US) ? context : NULL;
}

static void one_of_many_tells(void **state) {
    watched w = start(*state);
    w.inputs.queue_size = 90;
    check(&w);
    pthread_t threads[8];
    int claims = 0;
    for (size_t i = 0; i < 8; i++) assert_int_equal(pthread_create(&threads[i], NULL, claim, &w), 0);
    for (size_t i = 0; i < 8; i++) {
        void *is_mine = NULL;
        pthread_join(threads[i], &is_mine);
        claims += is_mine != NULL;
    }
    assert_int_equal(claims, 1);
    kmi_metrics_close(&w.metrics);
}

static void without_a_page_nothing_is_known(void **state) {
    (void)state;
    watched w = {.metrics = KMI_METRICS_CLOSED};
    kmi_config_init(&w.config);
    w.inputs = (kmi_alert_inputs){.now_us = NOW_US, .queue_limit = 1, .queue_size = 1};
    assert_int_equal(check(&w), 0);
    assert_false(is_known(&w, KMI_ALERT_QUEUE_FULL));
    assert_false(kmi_alert_claim_delivery(&w.metrics, KMI_ALERT_QUEUE_FULL, 1, NOW_US));
    assert_false(kmi_alert_acknowledge(&w.metrics, KMI_ALERT_QUEUE_FULL, NOW_US));
}

static void every_kind_has_code_message_and_remedy(void **state) {
    (void)state;
    for (int kind = 0; kind < KMI_ALERT_KINDS; kind++) {
        char text[256];
        kmi_buf message;
        kmi_alert_kind found = KMI_ALERT_KINDS;
        kmi_alert alert = {.kind = (kmi_alert_kind)kind, .value = 7, .limit = 5};
        kmi_buf_init_fixed(&message, text, sizeof text);
        kmi_alert_add_message(&message, &alert);
        assert_int_equal(kmi_buf_status(&message), KM_OK);
        assert_non_null(strchr(text, '7'));
        assert_true(strlen(kmi_alert_remedy((kmi_alert_kind)kind)) > 0);
        assert_true(kmi_alert_find_code(kmi_alert_code((kmi_alert_kind)kind), &found));
        assert_int_equal(found, kind);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEMP_DIR_TEST(each_condition_begins_at_its_limit),
        TEMP_DIR_TEST(unknown_disk_and_empty_queue_are_no_alert),
        TEMP_DIR_TEST(occurrences_are_counted_until_acknowledged),
        TEMP_DIR_TEST(acknowledged_while_it_holds_stays_silent_until_it_is_over),
        TEMP_DIR_TEST(told_once_in_so_many_minutes),
        TEMP_DIR_TEST(shown_until_it_occurs_anew),
        TEMP_DIR_TEST(one_of_many_tells),
        cmocka_unit_test(without_a_page_nothing_is_known),
        cmocka_unit_test(every_kind_has_code_message_and_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
