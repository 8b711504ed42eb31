/* Random bytes: fresh for everyone, also behind a fork. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/random.h"

static void bytes_never_repeat(void **state) {
    (void)state;
    unsigned char all[200][16];
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(kmi_random_bytes(all[i], sizeof all[i], NULL, NULL), KM_OK);
        for (size_t k = 0; k < i; k++) assert_memory_not_equal(all[i], all[k], sizeof all[i]);
    }
}

static void too_many_at_once_are_refused(void **state) {
    (void)state;
    unsigned char bytes[KMI_RANDOM_LIMIT_BYTES + 1];
    km_error error;
    assert_int_equal(kmi_random_bytes(bytes, KMI_RANDOM_LIMIT_BYTES, NULL, &error), KM_OK);
    assert_int_equal(kmi_random_bytes(bytes, sizeof bytes, NULL, &error), KM_E_INVALID);
}

/* The second caller in the child must see the fork as well as the first. */
static void a_fork_is_seen_by_every_caller(void **state) {
    (void)state;
    unsigned char ours[16];
    unsigned char theirs[16];
    unsigned before = 0;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(kmi_random_bytes(ours, sizeof ours, &before, NULL), KM_OK);
    pid_t child = fork();
    if (child == 0) {
        unsigned first = before;
        unsigned second = before;
        if (kmi_random_bytes(theirs, sizeof theirs, &first, NULL) != KM_OK) _exit(1);
        if (write(ends[1], theirs, sizeof theirs) != (ssize_t)sizeof theirs) _exit(2);
        if (kmi_random_bytes(theirs, sizeof theirs, &second, NULL) != KM_OK) _exit(3);
        _exit(first != before && second != before ? 0 : 4);
    }
    unsigned after = 0;
    assert_int_equal(kmi_random_bytes(ours, sizeof ours, &after, NULL), KM_OK);
    assert_int_equal(after, before);
    assert_int_equal(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    assert_memory_not_equal(ours, theirs, sizeof ours);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_never_repeat),
        cmocka_unit_test(too_many_at_once_are_refused),
        cmocka_unit_test(a_fork_is_seen_by_every_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
