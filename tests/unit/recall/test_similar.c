/* Nearly the same words, and the few words that make all the difference. */
#include "../util/temp_dir.h"

#include "recall/similar.h"

static bool are_similar(const char *a, const char *b) {
    kmi_arena *arena = kmi_arena_new(1 << 20);
    kmi_word_set left;
    kmi_word_set right;
    assert_int_equal(kmi_word_set_make(kmi_slice_from(a), arena, &left, NULL), KM_OK);
    assert_int_equal(kmi_word_set_make(kmi_slice_from(b), arena, &right, NULL), KM_OK);
    bool is_similar = kmi_word_set_is_similar(&left, &right);
    assert_int_equal(is_similar, kmi_word_set_is_similar(&right, &left));
    kmi_arena_free(arena);
    return is_similar;
}

static void similar_statements(void **state) {
    (void)state;
    assert_true(are_similar("Team uses Docker", "team uses docker!"));
    assert_true(are_similar("the big red service talks to the small blue database over the wire",
                            "The big red service talks to the small blue database over wires"));
    assert_false(are_similar("Team uses Docker", "Team uses Podman"));
    assert_false(are_similar("the old red service never talks to the small blue database over the wire",
                             "the old red service talks to the small blue database over the wire"));
    assert_false(are_similar("the old red service talks to the small blue database at port 8080 over the wire",
                             "the old red service talks to the small blue database at port 9090 over the wire"));
    assert_false(are_similar("", ""));
    assert_false(are_similar("", "word"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(similar_statements)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
