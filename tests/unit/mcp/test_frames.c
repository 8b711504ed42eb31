/* Messages out of a byte stream: however it is cut, whatever it holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/frames.h"

enum { limit = 40 };

static void feed(kmi_frames *frames, const char *text) {
    assert_int_equal(kmi_frames_add(frames, kmi_slice_from(text), NULL), KM_OK);
}

static void expect_line(kmi_frames *frames, const char *text) {
    kmi_frame frame;
    kmi_frames_next(frames, &frame);
    assert_int_equal(frame.kind, KMI_FRAME_LINE);
    assert_int_equal(frame.line.len, strlen(text));
    assert_memory_equal(frame.line.ptr, text, frame.line.len);
}

static void expect_none(kmi_frames *frames) {
    kmi_frame frame;
    kmi_frames_next(frames, &frame);
    assert_int_equal(frame.kind, KMI_FRAME_NONE);
}

static void expect_too_long(kmi_frames *frames, const char *id) {
    kmi_frame frame;
    kmi_frames_next(frames, &frame);
    assert_int_equal(frame.kind, KMI_FRAME_TOO_LONG);
    assert_string_equal(frame.id, id);
}

static void lines_come_out_however_they_are_cut(void **state) {
    static const char text[] = "{\"a\":1}\r\n\n  \n{\"b\":2}\nrest";
    (void)state;
    for (size_t cut = 0; cut < sizeof text; cut++) {
        kmi_frames frames;
        kmi_frame frame;
        kmi_frames_init(&frames, limit);
        size_t seen = 0;
        for (int part = 0; part < 2; part++) {
            size_t from = part == 0 ? 0 : cut, to = part == 0 ? cut : sizeof text - 1;
            if (to < from) continue;
            assert_int_equal(kmi_frames_add(&frames, (kmi_slice){text + from, to - from}, NULL), KM_OK);
            for (kmi_frames_next(&frames, &frame); frame.kind == KMI_FRAME_LINE; kmi_frames_next(&frames, &frame))
                seen++;
        }
        assert_int_equal(seen, 2);
        kmi_frames_last(&frames, &frame);
        assert_int_equal(frame.kind, KMI_FRAME_LINE);
        assert_int_equal(frame.line.len, 4);
        kmi_frames_last(&frames, &frame);
        assert_int_equal(frame.kind, KMI_FRAME_NONE);
        kmi_frames_deinit(&frames);
    }
}

static void a_line_of_the_limit_passes_and_a_longer_one_does_not(void **state) {
    (void)state;
    char fits[limit + 2], longer[limit + 3];
    kmi_frames frames;
    kmi_frames_init(&frames, limit);
    memset(fits, 'x', limit);
    memcpy(fits + limit, "\n", 2);
    memset(longer, 'y', limit + 1);
    memcpy(longer + limit + 1, "\n", 2);
    feed(&frames, fits);
    feed(&frames, longer);
    feed(&frames, "{}\n");
    fits[limit] = '\0';
    expect_line(&frames, fits);
    expect_too_long(&frames, "null");
    expect_line(&frames, "{}");
    expect_none(&frames);
    kmi_frames_deinit(&frames);
}

static void the_id_of_a_long_message_is_found_wherever_it_stands(void **state) {
    static const struct {
        const char *before, *after, *id;
    } cases[] = {
        {"{\"id\":17,\"params\":{\"text\":\"", "\"}}", "17"},
        {"{\"params\":{\"id\":3,\"text\":\"", "\"},\"id\":\"abc-1\"}", "\"abc-1\""},
        {"{\"params\":[{\"t\":\"\\\"}]\\\\", "\"}], \"id\" : -5 }", "-5"},
        {"{\"text\":\"\\\\\\\"id\\\":1", "\",\"id\":2}", "2"},
        {"{\"text\":\"", "\",\"id\":null}", "null"},
        {"{\"text\":\"", "\",\"id\":{\"a\":1}}", "null"},
        {"{\"text\":\"", "\",\"id\":1.5}", "null"},
        {"{\"text\":\"", "\",\"id\":\"a\\u0022b\"}", "null"},
        {"[{\"id\":4,\"text\":\"", "\"}]", "null"},
        {"{\"idx\":9,\"text\":\"", "\"}", "null"},
    };
    (void)state;
    char filling[3 * limit];
    memset(filling, 'z', sizeof filling - 1);
    filling[sizeof filling - 1] = '\0';
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kmi_frames frames;
        kmi_frames_init(&frames, limit);
        feed(&frames, cases[i].before);
        expect_none(&frames);
        feed(&frames, filling);
        expect_none(&frames);
        assert_true(frames.pending.len - frames.start <= limit); /* nothing of it is kept */
        feed(&frames, cases[i].after);
        feed(&frames, "\n{\"id\":1}\n");
        expect_too_long(&frames, cases[i].id);
        expect_line(&frames, "{\"id\":1}");
        kmi_frames_deinit(&frames);
    }
}

static void a_long_id_is_no_id(void **state) {
    (void)state;
    kmi_frames frames;
    kmi_frames_init(&frames, limit);
    feed(&frames, "{\"id\":\"");
    for (int i = 0; i < KMI_SKIM_ID_BYTES; i++) feed(&frames, "0123456789");
    feed(&frames, "\"}\n");
    expect_too_long(&frames, "null");
    kmi_frames_deinit(&frames);
}

static void memory_of_a_long_line_is_given_back(void **state) {
    (void)state;
    enum { large = 1024 * 1024 };
    kmi_frames frames;
    char *text = malloc(large + 1);
    assert_non_null(text);
    memset(text, 'a', large);
    text[large] = '\0';
    kmi_frames_init(&frames, 2 * large);
    feed(&frames, text);
    feed(&frames, "\n");
    expect_line(&frames, text);
    feed(&frames, "{}\n");
    expect_line(&frames, "{}");
    assert_true(frames.pending.capacity < large);
    kmi_frames_deinit(&frames);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_out_however_they_are_cut),
        cmocka_unit_test(a_line_of_the_limit_passes_and_a_longer_one_does_not),
        cmocka_unit_test(the_id_of_a_long_message_is_found_wherever_it_stands),
        cmocka_unit_test(a_long_id_is_no_id),
        cmocka_unit_test(memory_of_a_long_line_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
