/* The pattern table keeps its promises: every row matches its example and not its counterexample, ids are unique, types
 * and kinds of knowledge are known ones. Adding a row without fitting examples fails here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extract/patterns.h"
#include "extract/speech_act.h"
#include "extract/types.h"

typedef struct fixture {
    kmi_arena *arena, *scratch;
    kmi_lexicon *lexicon;
    kmi_speech_acts *acts;
    kmi_matcher *matcher;
} fixture;

static int set_up(void **state) {
    static fixture f;
    f.arena = kmi_arena_new(16u << 20);
    f.scratch = kmi_arena_new(1u << 20);
    f.lexicon = kmi_lexicon_new(f.arena);
    f.acts = kmi_speech_acts_new(f.lexicon, f.arena);
    f.matcher = kmi_matcher_new(f.lexicon, f.arena);
    *state = &f;
    return f.lexicon != NULL && f.acts != NULL && f.matcher != NULL ? 0 : -1;
}

static int tear_down(void **state) {
    fixture *f = *state;
    kmi_arena_free(f->scratch);
    kmi_arena_free(f->arena);
    return 0;
}

static bool has_hit(fixture *f, const char *text, const kmi_pattern *pattern) {
    kmi_tokens tokens;
    kmi_pattern_hit hits[KMI_PATTERN_HITS_MAX];
    kmi_arena_clear(f->scratch);
    assert_true(kmi_tokens_split(f->lexicon, kmi_slice_from(text), f->scratch, &tokens));
    size_t count = kmi_matcher_find(f->matcher, &tokens, 0, hits);
    for (size_t i = 0; i < count; i++)
        if (hits[i].pattern == pattern) return true;
    return false;
}

static void examples_match_and_counterexamples_do_not(void **state) {
    size_t faults = 0;
    for (size_t i = 0; i < kmi_pattern_count; i++) {
        const kmi_pattern *pattern = &kmi_patterns[i];
        if (!has_hit(*state, pattern->example, pattern)) {
            print_error("pattern \"%s\" does not match its example \"%s\"\n", pattern->id, pattern->example);
            faults++;
        }
        if (has_hit(*state, pattern->counterexample, pattern)) {
            print_error("pattern \"%s\" matches its counterexample \"%s\"\n", pattern->id, pattern->counterexample);
            faults++;
        }
    }
    assert_int_equal(faults, 0);
}

static void rows_are_well_formed(void **state) {
    (void)state;
    static const char *const kinds[] = {"rule", "pattern", "gotcha", "architecture", "convention", "note"};
    for (size_t i = 0; i < kmi_pattern_count; i++) {
        const kmi_pattern *pattern = &kmi_patterns[i];
        bool is_known = pattern->knowledge == NULL;
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            is_known |= pattern->knowledge != NULL && strcmp(kinds[k], pattern->knowledge) == 0;
        assert_true(is_known);
        assert_true(pattern->type == NULL || kmi_types_find(pattern->type) != NULL);
        assert_true(pattern->confidence > 0 && pattern->confidence <= 1);
        for (size_t j = i + 1; j < kmi_pattern_count; j++) assert_string_not_equal(pattern->id, kmi_patterns[j].id);
    }
}

static void the_language_of_patterns(void **state) {
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"^ red|blue door", "Red door open", true},
        {"^ red|blue door", "A red door", false},
        {"the very? red", "the red one", true},
        {"the very? red", "the very red one", true},
        {"from ... to", "from here over there to me", true},
        {"from ... to", "from here", false},
        {"# hours", "12 hours", true},
        {"# hours", "twelve hours", true},
        {"door $", "the door!", true},
        {"door $", "the door is red", false},
        {"@cap ,", "Bo, the cook", true},
        {"%be not", "it is not", true},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kmi_phrase *phrase = kmi_phrase_new(f->lexicon, f->arena, cases[i].pattern);
        kmi_tokens tokens;
        size_t end = 0;
        bool is_found = false;
        assert_non_null(phrase);
        assert_true(kmi_tokens_split(f->lexicon, kmi_slice_from(cases[i].text), f->arena, &tokens));
        for (size_t at = 0; at < tokens.count; at++) is_found |= kmi_phrase_match(phrase, &tokens, at, 0, &end);
        if (is_found != cases[i].matches) print_error("\"%s\" on \"%s\"\n", cases[i].pattern, cases[i].text);
        assert_int_equal(is_found, cases[i].matches);
    }
    assert_null(kmi_phrase_new(f->lexicon, f->arena, "%unknown"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_match_and_counterexamples_do_not),
        cmocka_unit_test(rows_are_well_formed),
        cmocka_unit_test(the_language_of_patterns),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
