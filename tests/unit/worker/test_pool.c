/* The extraction threads: every task once, and none of them looks at a batch that was waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>

#include "worker/pool.h"

enum { threads = 16, rounds = 2000 };

/* Tasks without items need no extractor: only their way through the threads counts. */
static void a_batch_that_was_waited_for_belongs_to_its_owner_alone(void **state) {
    (void)state;
    kmi_metrics none = KMI_METRICS_CLOSED;
    kmi_config config;
    kmi_pool *pool = NULL;
    kmi_config_init(&config);
    assert_int_equal(kmi_pool_new(threads, NULL, &config, &none, &pool, NULL), KM_OK);
    kmi_batch *batch = kmi_batch_new();
    assert_non_null(batch);
    for (int round = 0; round < rounds; round++) {
        batch->count = 2 + (size_t)round % 3;
        atomic_store(&batch->extracted, 0);
        atomic_store(&batch->next, 0);
        kmi_pool_start(pool, batch);
        kmi_pool_wait(pool);
        assert_int_equal(atomic_load(&batch->extracted), batch->count);
        atomic_store(&batch->next,
                     0); /* as the next batch would look that lies in the same place and is being filled */
        for (int pause = 0; pause < 3; pause++) sched_yield();
        assert_int_equal(atomic_load(&batch->next), 0);
        for (size_t i = 0; i < batch->count; i++) {
            free(batch->tasks[i].extractions);
            batch->tasks[i].extractions = NULL;
        }
    }
    kmi_pool_free(pool);
    kmi_batch_free(batch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_that_was_waited_for_belongs_to_its_owner_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
