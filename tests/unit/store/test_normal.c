/* Which statements are the same, and which only look so. */
#include "store_fixture.h"

#include "store/sqlite/handle.h"

static bool is_same(const char *a, const char *b) {
    unsigned char left[32];
    unsigned char right[32];
    assert_int_equal(kmi_normal_hash(kmi_slice_from(a), left, NULL), KM_OK);
    assert_int_equal(kmi_normal_hash(kmi_slice_from(b), right, NULL), KM_OK);
    return memcmp(left, right, sizeof left) == 0;
}

typedef struct pair {
    const char *a, *b;
} pair;

static void the_same(void **state) {
    (void)state;
    static const pair PAIRS[] = {
        {"We use Consul.", "we  use consul"},
        {"Team decided to move.", "The team decided to move"},
        {"I prefer tabs in Makefiles.", "i prefer tabs in makefiles"},
        {"The nightly job runs at 02:00.", "  The nightly   job runs at 02:00!"},
        {"Our branch is called trunk.", "our branch is called \"trunk\""},
        {"Our branch is called trunk.", "our branch is called “trunk”."},
        {"A cache sits in front", "cache sits in front"},
        {"We need an index", "we need index"},
        {"first, second, and third", "first second and third"},
        {"caf\xC3\xA9 is open", "cafe\xCC\x81 is open"},
        {"line one\nline two", "line one line two"},
        {"Use `make`:", "use make"},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        if (!is_same(PAIRS[i].a, PAIRS[i].b)) print_error("should be the same: %s | %s\n", PAIRS[i].a, PAIRS[i].b);
        assert_true(is_same(PAIRS[i].a, PAIRS[i].b));
    }
}

static void not_the_same(void **state) {
    (void)state;
    static const pair PAIRS[] = {
        {"We use Consul.", "We do not use Consul."},
        {"We use Consul.", "We don't use Consul."},
        {"Always run the linter", "Never run the linter"},
        {"The port is 8080", "The port is 8081"},
        {"The limit is 1.5 s", "The limit is 15 s"},
        {"The offset is -5", "The offset is 5"},
        {"We write C", "We write C++"},
        {"We write C", "We write C#"},
        {"Leave with :q!", "Leave with :q"},
        {"Choose option A for builds", "Choose option for builds"},
        {"!important wins", "important wins"},
        {"We moved from X to Y", "We moved from Y to X"},
        {"Is Docker used?", "Is Docker used"},
        {"keep src/a.c", "keep src/ac"},
        {"can deploy", "cannot deploy"},
        {"...", "???"},
        {"the", "an"},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        if (is_same(PAIRS[i].a, PAIRS[i].b)) print_error("should differ: %s | %s\n", PAIRS[i].a, PAIRS[i].b);
        assert_false(is_same(PAIRS[i].a, PAIRS[i].b));
    }
}

static void long_texts_are_compared_whole(void **state) {
    (void)state;
    size_t len = (size_t)1 << 20;
    char *a = malloc(len + 1);
    char *b = malloc(len + 1);
    assert_true(a != NULL && b != NULL);
    for (size_t i = 0; i < len; i++) a[i] = i % 7 == 6 ? ' ' : 'x';
    a[len] = '\0';
    memcpy(b, a, len + 1);
    assert_true(is_same(a, b));
    b[len - 2] = 'y';
    assert_false(is_same(a, b));
    memset(a, '.', len);
    assert_false(is_same(a, b));
    free(a);
    free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same),
        cmocka_unit_test(not_the_same),
        cmocka_unit_test(long_texts_are_compared_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
