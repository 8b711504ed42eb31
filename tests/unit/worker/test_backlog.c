/* What comes next: priority with ageing. The clock is the test's. */
#include "../store/store_fixture.h"

#include "queue/journal.h"
#include "worker/backlog.h"

#define MINUTE_US INT64_C(60000000)
#define STEP_US (MINUTE_US / 4)

typedef struct fixture {
    temp_dir *dir;
    kmi_queue queue;
    kmi_backlog *backlog;
    int64_t now_us; /* since the beginning of the test */
    int64_t began_us;
    km_error error;
} fixture;

static int setup(void **state) {
    fixture *f = calloc(1, sizeof *f);
    if (f == NULL || temp_dir_setup((void **)&f->dir) != 0) return -1;
    if (kmi_queue_open(&f->queue, f->dir->fd, f->dir->path, true, &f->error) != KM_OK) return -1;
    if (kmi_backlog_new(&f->queue, &f->backlog, &f->error) != KM_OK) return -1;
    f->began_us = kmi_clock_now_us();
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture *f = *state;
    kmi_clock_set_offset_us(0);
    kmi_backlog_free(f->backlog);
    kmi_queue_deinit(&f->queue);
    temp_dir_teardown((void **)&f->dir);
    free(f);
    return 0;
}

/* The clock never runs behind what was handed over. */
static void set_time(fixture *f, int64_t now_us) {
    f->now_us = now_us;
    kmi_clock_set_offset_us(now_us + MINUTE_US);
}

static void hand_over(fixture *f, int priority, const char *text) {
    kmi_record record = {.priority = (uint8_t)priority,
                         .created_at_us = f->began_us + f->now_us,
                         .item_count = 1,
                         .payload = kmi_slice_from(text)};
    kmi_append_request request = {.records = &record, .record_count = 1, .depth_limit = 10000};
    bool is_full = false;
    uint64_t depth = 0;
    expect_ok(kmi_uuid_make(&record.task_id, &f->error));
    expect_ok(kmi_journal_append(&f->queue, &request, &depth, &is_full, &f->error));
    assert_false(is_full);
}

/* Takes what was handed over, and does the first task. Returns: its priority, -1 when there was none. *ret_created_us: when it was
 * handed over, since the beginning. */
static int do_next(fixture *f, int64_t *ret_created_us) {
    kmi_batch *batch = kmi_batch_new();
    int64_t next_run_at_us = 0;
    int priority = -1;
    assert_non_null(batch);
    expect_ok(kmi_backlog_refresh(f->backlog, NULL, false, NULL, &f->error));
    expect_ok(kmi_backlog_pick(f->backlog, NULL, false, 1, 1 << 20, batch, &next_run_at_us, &f->error));
    if (batch->count > 0) {
        assert_int_equal(batch->count, 1);
        priority = batch->tasks[0].priority;
        *ret_created_us = batch->tasks[0].created_at_us - f->began_us;
        kmi_backlog_mark_done(batch->tasks[0].segment, batch->tasks[0].entry);
    }
    kmi_batch_free(batch);
    expect_ok(kmi_backlog_retire(f->backlog, &f->error));
    return priority;
}

/* More tasks of priority 0 come than are done, for ever: one of a lower priority gives way to those that came within so many minutes
 * after it, to each of them and to no other. */
static void nothing_starves(void **state) {
    (void)state;
    for (int priority = 1; priority <= KM_PRIORITY_LAST; priority++) {
        void *own = NULL;
        assert_int_equal(setup(&own), 0);
        fixture *f = own;
        int64_t created_us = 0;
        int before = 0;
        set_time(f, 0);
        hand_over(f, priority, "waits");
        for (int step = 0;; step++) {
            assert_true(step < 8 * 9 + 10);
            set_time(f, 1 + step * STEP_US);
            hand_over(f, 0, "first");
            hand_over(f, 0, "second");
            if (do_next(f, &created_us) == priority) break;
            assert_true(created_us < priority * MINUTE_US);
            before++;
        }
        assert_int_equal(created_us, 0);
        assert_int_equal(before, 2 * priority * 4);
        teardown(&own);
    }
}

static void of_one_priority_the_first_comes_first(void **state) {
    fixture *f = *state;
    int64_t created_us = 0;
    for (int i = 0; i < 20; i++) {
        set_time(f, i * 1000);
        hand_over(f, 5, "task");
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(do_next(f, &created_us), 5);
        assert_int_equal(created_us, i * 1000);
    }
    assert_int_equal(do_next(f, &created_us), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_starves),
        cmocka_unit_test_setup_teardown(of_one_priority_the_first_comes_first, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
