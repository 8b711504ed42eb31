/* The backoff formula: bounds, growth, cap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/retry.h"

static void delay_lies_between_half_and_whole_of_the_exponential(void **state) {
    (void)state;
    int64_t whole_us = 2000000;
    for (uint32_t attempts = 1; attempts <= 11; attempts++, whole_us *= 2) {
        assert_int_equal(kmi_retry_delay_us(attempts, 0), whole_us / 2);
        assert_int_equal(kmi_retry_delay_us(attempts, (uint64_t)whole_us / 2), whole_us);
        for (uint64_t random = 1; random < 1000; random++)
            assert_in_range(kmi_retry_delay_us(attempts, random * 7919), whole_us / 2, whole_us);
    }
}

static void delay_is_capped_at_an_hour(void **state) {
    (void)state;
    const int64_t hour_us = INT64_C(3600000000);
    assert_int_equal(kmi_retry_delay_us(12, (uint64_t)hour_us / 2), hour_us);
    assert_int_equal(kmi_retry_delay_us(UINT32_MAX, 0), hour_us / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delay_lies_between_half_and_whole_of_the_exponential),
        cmocka_unit_test(delay_is_capped_at_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
