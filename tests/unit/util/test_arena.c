/* Arena: zeroed, aligned, bounded memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "util/arena.h"

static void memory_is_zeroed_and_aligned_even_after_clear(void **state) {
    (void)state;
    kmi_arena *arena = kmi_arena_new(1 << 20);
    for (int round = 0; round < 2; round++) {
        assert_string_equal(kmi_arena_copy_text(arena, "odd"), "odd");
        for (size_t size = 0; size < 3000; size += 7) {
            unsigned char *bytes = kmi_arena_alloc(arena, size);
            assert_non_null(bytes);
            assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++) assert_int_equal(bytes[i], 0);
            memset(bytes, 0xAA, size);
        }
        kmi_arena_clear(arena);
        assert_int_equal(kmi_arena_used(arena), 0);
    }
    kmi_arena_free(arena);
}

static void the_limit_holds(void **state) {
    (void)state;
    kmi_arena *arena = kmi_arena_new(10000);
    assert_null(kmi_arena_alloc(arena, 10001));
    assert_non_null(kmi_arena_alloc(arena, 10000));
    assert_int_equal(kmi_arena_used(arena), 10000);
    assert_null(kmi_arena_alloc(arena, 1));
    assert_null(kmi_arena_copy_text(arena, ""));
    kmi_arena_clear(arena);
    assert_non_null(kmi_arena_alloc(arena, 1));
    kmi_arena_free(arena);
}

static void sizes_that_overflow_are_refused(void **state) {
    (void)state;
    kmi_arena *arena = kmi_arena_new(SIZE_MAX);
    assert_null(kmi_arena_alloc_array(arena, SIZE_MAX / 2, 3));
    assert_null(kmi_arena_alloc(arena, SIZE_MAX - 8));
    assert_non_null(kmi_arena_alloc_array(arena, 0, 8));
    kmi_arena_free(arena);
    kmi_arena_free(NULL);
}

static void texts_are_copied(void **state) {
    (void)state;
    kmi_arena *arena = kmi_arena_new(1 << 20);
    assert_null(kmi_arena_copy_text(arena, NULL));
    assert_string_equal(kmi_arena_copy(arena, (kmi_slice){"abcdef", 3}), "abc");
    assert_string_equal(kmi_arena_copy(arena, (kmi_slice){NULL, 0}), "");
    assert_string_equal(kmi_arena_format(arena, "%s-%d", "a", 7), "a-7");
    char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_string_equal(kmi_arena_format(arena, "%s", longer), longer);
    kmi_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned_even_after_clear),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(texts_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
