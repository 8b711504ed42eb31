/* Ids: order, uniqueness across fork and threads, prefixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/uuid.h"

static kmi_uuid make(void) {
    kmi_uuid uuid;
    km_error error;
    assert_int_equal(kmi_uuid_make(&uuid, &error), KM_OK);
    return uuid;
}

static void ids_rise_and_carry_time_and_version(void **state) {
    (void)state;
    int64_t before_ms = kmi_clock_now_us() / 1000;
    kmi_uuid last = {{0}};
    for (int i = 0; i < 20000; i++) {
        kmi_uuid next = make();
        assert_true(kmi_uuid_compare(&last, &next) < 0);
        assert_int_equal(next.bytes[6] >> 4, 7);
        assert_int_equal(next.bytes[8] >> 6, 2);
        last = next;
    }
    int64_t ms = 0;
    for (int i = 0; i < 6; i++) ms = ms << 8 | last.bytes[i];
    assert_true(ms >= before_ms && ms <= kmi_clock_now_us() / 1000 + 1);
}

static void ids_rise_when_the_clock_goes_back(void **state) {
    (void)state;
    kmi_uuid before = make();
    kmi_clock_set_offset_us(INT64_C(-3600) * 1000000);
    kmi_uuid after = make();
    kmi_clock_set_offset_us(0);
    assert_true(kmi_uuid_compare(&before, &after) < 0);
}

static void a_forked_child_makes_other_ids(void **state) {
    (void)state;
    (void)make(); /* random bytes are in store now */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        kmi_uuid ids[8];
        for (size_t i = 0; i < 8; i++) {
            if (kmi_uuid_make(&ids[i], NULL) != KM_OK) _exit(1);
        }
        _exit(write(ends[1], ids, sizeof ids) == (ssize_t)sizeof ids ? 0 : 1);
    }
    kmi_uuid ours[8];
    kmi_uuid theirs[8];
    for (size_t i = 0; i < 8; i++) ours[i] = make();
    assert_int_equal(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (size_t i = 0; i < 8; i++) {
        /* not only different: no shared random bytes behind the time and the counting half */
        for (size_t k = 0; k < 8; k++) assert_memory_not_equal(ours[i].bytes + 8, theirs[k].bytes + 8, 8);
    }
    close(ends[0]);
    close(ends[1]);
}

static void *make_many(void *context) {
    kmi_uuid *ids = context;
    for (size_t i = 0; i < 1000; i++) {
        if (kmi_uuid_make(&ids[i], NULL) != KM_OK) return NULL;
    }
    return context;
}

static void threads_make_different_ids(void **state) {
    (void)state;
    static kmi_uuid ids[2][1000];
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, make_many, ids[i]), 0);
    for (size_t i = 0; i < 2; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, ids[i]);
    }
    for (size_t i = 0; i < 1000; i++) {
        for (size_t k = 0; k < 1000; k++) assert_int_not_equal(kmi_uuid_compare(&ids[0][i], &ids[1][k]), 0);
    }
}

static void text_form_comes_back(void **state) {
    (void)state;
    kmi_uuid uuid = make();
    kmi_uuid parsed;
    char text[KMI_UUID_TEXT_SIZE];
    assert_int_equal(strlen(kmi_uuid_format(&uuid, text)), 36);
    assert_int_equal(kmi_uuid_parse(text, &parsed, NULL), KM_OK);
    assert_int_equal(kmi_uuid_compare(&uuid, &parsed), 0);
    assert_int_equal(kmi_uuid_parse("0192C3B0-7D1E-7C4A-9F00-2B6F1A3C5D7E", &parsed, NULL), KM_OK);
    assert_string_equal(kmi_uuid_format(&parsed, text), "0192c3b0-7d1e-7c4a-9f00-2b6f1a3c5d7e");
    static const char *const WRONG[] = {
        NULL,
        "",
        "x",
        "0192c3b07d1e7c4a9f002b6f1a3c5d7e",
        "0192c3b0-7d1e-7c4a-9f00-2b6f1a3c5d7",
        "0192c3b0-7d1e-7c4a-9f00-2b6f1a3c5d7e0",
        "0192c3b-07d1e-7c4a-9f00-2b6f1a3c5d7e",
        "0192c3b0-7d1e-7c4a-9f00-2b6f1a3c5d7g",
        "0192c3b0--7d1e-7c4a-9f002b6f1a3c5d7e",
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        km_error error = {.status = KM_OK};
        assert_int_equal(kmi_uuid_parse(WRONG[i], &parsed, &error), KM_E_INVALID);
        assert_int_equal(error.status, KM_E_INVALID);
    }
}

static void a_prefix_is_a_range(void **state) {
    (void)state;
    kmi_uuid low;
    kmi_uuid high;
    char text[KMI_UUID_TEXT_SIZE];
    assert_int_equal(kmi_uuid_prefix_range("0192C3b07", &low, &high, NULL), KM_OK);
    assert_string_equal(kmi_uuid_format(&low, text), "0192c3b0-7000-0000-0000-000000000000");
    assert_string_equal(kmi_uuid_format(&high, text), "0192c3b0-7fff-ffff-ffff-ffffffffffff");
    assert_int_equal(kmi_uuid_prefix_range("0192c3b0-7d1e-", &low, &high, NULL), KM_OK);
    assert_string_equal(kmi_uuid_format(&low, text), "0192c3b0-7d1e-0000-0000-000000000000");
    assert_int_equal(kmi_uuid_prefix_range("0192c3b0-7d1e-7c4a-9f00-2b6f1a3c5d7e", &low, &high, NULL), KM_OK);
    assert_int_equal(kmi_uuid_compare(&low, &high), 0);
    static const char *const WRONG[] = {NULL,        "", "-", "zz", "0192-", "0192c3b0-7d1e-7c4a-9f00-2b6f1a3c5d7e0",
                                        "0192c3b0--"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        assert_int_equal(kmi_uuid_prefix_range(WRONG[i], &low, &high, NULL), KM_E_INVALID);
    }
}

static void a_derived_id_has_the_same_layout(void **state) {
    (void)state;
    unsigned char hash[16];
    memset(hash, 0xFF, sizeof hash);
    kmi_uuid uuid = kmi_uuid_from_hash(hash);
    char text[KMI_UUID_TEXT_SIZE];
    assert_string_equal(kmi_uuid_format(&uuid, text), "ffffffff-ffff-7fff-bfff-ffffffffffff");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_rise_and_carry_time_and_version),
        cmocka_unit_test(ids_rise_when_the_clock_goes_back),
        cmocka_unit_test(a_forked_child_makes_other_ids),
        cmocka_unit_test(threads_make_different_ids),
        cmocka_unit_test(text_form_comes_back),
        cmocka_unit_test(a_prefix_is_a_range),
        cmocka_unit_test(a_derived_id_has_the_same_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
