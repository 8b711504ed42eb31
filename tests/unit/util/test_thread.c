/* Objects of a thread are freed with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "util/thread.h"

static _Thread_local int *mine;
static int freed_sum;

static void free_mine(void *object) {
    freed_sum += *(int *)object;
    mine = NULL;
}

static void *keep_two(void *context) {
    int *values = context;
    mine = &values[0];
    return kmi_thread_keep(&values[0], free_mine) && kmi_thread_keep(&values[1], free_mine) ? context : NULL;
}

static void the_end_of_a_thread_frees_its_objects(void **state) {
    (void)state;
    int values[2] = {3, 40};
    pthread_t thread;
    void *result = NULL;
    assert_int_equal(pthread_create(&thread, NULL, keep_two, values), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_non_null(result);
    assert_int_equal(freed_sum, 43);
    assert_null(mine); /* this thread never had one */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_end_of_a_thread_frees_its_objects)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
