/* The queue against a model that a reader can check by eye: random appends, takings, commits, crashes and damage-free restarts.
 * After each run every accepted text must have been delivered, in order within a priority, and after a "crash" of the
 * worker what was not retired must be delivered again. The seed is printed; KM_TEST_SEED repeats a run. */
#include "queue_fixture.h"

#include <time.h>

#include "queue/names.h"

enum { rounds = 20, steps = 120, texts_max = 4096 };

typedef struct model {
    int accepted;               /* texts 0 .. accepted-1 were accepted, each is its number */
    bool is_retired[texts_max]; /* its segment was given back */
    uint64_t random;
} model;

static uint64_t draw(model *m) { /* xorshift64 */
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random;
}

static int read_number(queue_fixture *f, const kmi_segment *segment, size_t index) {
    kmi_buf payload;
    kmi_buf_init(&payload, 1 << 16);
    assert_int_equal(kmi_segment_read_payload(segment, &segment->entries[index], &payload, &f->error), KM_OK);
    long number = strtol(payload.ptr, NULL, 10);
    kmi_buf_deinit(&payload);
    return (int)number;
}

static void append_some(queue_fixture *f, model *m) {
    for (uint64_t n = draw(m) % 5 + 1; n > 0 && m->accepted < texts_max; n--) {
        char text[600];
        int len = snprintf(text, sizeof text, "%d ", m->accepted);
        int more = (int)(draw(m) % 500);
        memset(text + len, 'x', (size_t)more);
        text[len + more] = '\0';
        if (fixture_append(f, text, 5, 50, NULL) == KM_OK) m->accepted++;
    }
}

/* A worker's life: takes, reads all segments, gives back the first few of them, and dies. */
static void live_and_die(queue_fixture *f, model *m, bool finish_all) {
    char name[KMI_SEGMENT_NAME_SIZE];
    kmi_segment_names names;
    assert_int_equal(kmi_segment_take(&f->queue, 0, name, &f->error), KM_OK);
    assert_int_equal(kmi_segment_list(&f->queue, &names, &f->error), KM_OK);
    int last = -1;
    size_t retire_count = finish_all ? names.count : (size_t)(draw(m) % (names.count + 1));
    for (size_t i = 0; i < names.count; i++) {
        kmi_segment segment;
        assert_int_equal(kmi_segment_open(&f->queue, names.items[i], &segment, &f->error), KM_OK);
        for (size_t e = 0; e < segment.count; e++) {
            int number = read_number(f, &segment, e);
            assert_true(number > last); /* order of arrival, over all segments */
            last = number;
            assert_true(number < m->accepted);
            assert_false(m->is_retired[number]); /* never again once given back */
            if (i < retire_count) m->is_retired[number] = true;
        }
        assert_int_equal(segment.damaged_bytes, 0);
        if (i < retire_count) assert_int_equal(kmi_segment_retire(&f->queue, &segment, &f->error), KM_OK);
        kmi_segment_close(&segment);
    }
    kmi_segment_names_deinit(&names);
}

static void queue_agrees_with_the_model(void **state) {
    (void)state;
    const char *given = getenv("KM_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < rounds; round++) {
        void *fixture = NULL;
        assert_int_equal(fixture_setup(&fixture), 0);
        queue_fixture *f = fixture;
        model m = {.random = seed * 2654435761u + (uint64_t)round + 1};
        for (int step = 0; step < steps; step++) {
            if (draw(&m) % 3 != 0)
                append_some(f, &m);
            else
                live_and_die(f, &m, false);
        }
        live_and_die(f, &m, true);
        for (int i = 0; i < m.accepted; i++) assert_true(m.is_retired[i]);
        assert_true(m.accepted >= 50); /* append_some() has a limit of 50: a full queue may stay full */
        fixture_teardown(&fixture);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(queue_agrees_with_the_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
