/* A snapshot holds every record, wherever it stands, and put back it is a queue again. */
#include "queue_fixture.h"

#include "queue/snapshot.h"
#include "util/file.h"

static bool count_record(const kmi_record *record, void *context) {
    (void)record;
    ++*(int *)context;
    return true;
}

static bool begins_with_b(const kmi_record *record, void *context) {
    (void)context;
    return record->payload.len > 0 && record->payload.ptr[0] == 'b';
}

static int count_waiting(queue_fixture *f) {
    int count = 0;
    assert_int_equal(kmi_queue_each(&f->queue, count_record, &count, &f->error), KM_OK);
    return count;
}

static void records_of_journal_and_segments_are_taken(void **state) {
    queue_fixture *f = *state;
    kmi_queue_snapshot snapshot;
    char segment[KMI_SEGMENT_NAME_SIZE];
    assert_int_equal(fixture_append(f, "alpha", 5, 100, NULL), KM_OK);
    assert_int_equal(fixture_append(f, "beta", 0, 100, NULL), KM_OK);
    assert_int_equal(kmi_segment_take(&f->queue, 0, segment, &f->error), KM_OK);
    assert_int_equal(fixture_append(f, "gamma, with a length of its own", 9, 100, NULL), KM_OK);
    assert_int_equal(kmi_queue_snapshot_take(&f->queue, NULL, NULL, &snapshot, &f->error), KM_OK);
    assert_int_equal(snapshot.record_count, 3);
    assert_int_equal(snapshot.image.len % 8, 0);
    assert_int_equal(count_waiting(f), 3); /* nothing was moved */
    kmi_buf_deinit(&snapshot.image);
    assert_int_equal(kmi_queue_snapshot_take(&f->queue, begins_with_b, NULL, &snapshot, &f->error), KM_OK);
    assert_int_equal(snapshot.record_count, 1);
    kmi_buf_deinit(&snapshot.image);
}

static void what_was_taken_is_a_segment(void **state) {
    queue_fixture *f = *state;
    queue_fixture *other = NULL;
    kmi_queue_snapshot snapshot;
    kmi_segment segment;
    kmi_segment_names names = {0};
    assert_int_equal(fixture_setup((void **)&other), 0);
    for (int i = 0; i < 50; i++) assert_int_equal(fixture_append(f, "some text", (uint8_t)(i % 10), 100, NULL), KM_OK);
    assert_int_equal(kmi_queue_snapshot_take(&f->queue, NULL, NULL, &snapshot, &f->error), KM_OK);
    char name[KMI_SEGMENT_NAME_SIZE];
    kmi_segment_name_format(snapshot.journal_id, name);
    assert_int_equal(kmi_file_replace(other->queue.dir_fd, name, kmi_buf_slice(&snapshot.image), &f->error), KM_OK);
    assert_int_equal(count_waiting(other), 50);
    assert_int_equal(kmi_segment_list(&other->queue, &names, &f->error), KM_OK);
    assert_int_equal(names.count, 1);
    assert_int_equal(kmi_segment_open(&other->queue, names.items[0], &segment, &f->error), KM_OK);
    assert_int_equal(segment.count, 50);
    assert_int_equal(segment.damaged_bytes, 0);
    assert_int_equal(segment.entries[13].priority, 3);
    assert_int_equal(segment.entries[13].created_at_us, 1000);
    kmi_segment_close(&segment);
    kmi_segment_names_deinit(&names);
    kmi_buf_deinit(&snapshot.image);
    fixture_teardown((void **)&other);
}

static void nothing_waiting_gives_an_empty_image(void **state) {
    queue_fixture *f = *state;
    kmi_queue_snapshot snapshot;
    assert_int_equal(kmi_queue_snapshot_take(&f->queue, NULL, NULL, &snapshot, &f->error), KM_OK);
    assert_int_equal(snapshot.record_count, 0);
    assert_int_equal(snapshot.image.len, 0);
    kmi_buf_deinit(&snapshot.image);
}

static void a_scan_tells_damage(void **state) {
    queue_fixture *f = *state;
    kmi_queue_damage damage;
    assert_int_equal(fixture_append(f, "alpha and some more", 5, 100, NULL), KM_OK);
    assert_int_equal(fixture_append(f, "beta", 5, 100, NULL), KM_OK);
    assert_int_equal(kmi_queue_scan(&f->queue, &damage, &f->error), KM_OK);
    assert_int_equal(damage.damaged_bytes + damage.bad_headers + damage.segments, 0);
    int fd = fixture_open(f, "journal");
    assert_int_equal(pwrite(fd, "X", 1, KMI_JOURNAL_DATA_OFFSET + KMI_RECORD_HEADER_BYTES + 2), 1);
    assert_int_equal(kmi_queue_scan(&f->queue, &damage, &f->error), KM_OK);
    assert_true(damage.damaged_bytes > 0);
    assert_string_equal(damage.name, "journal");
    assert_int_equal(pwrite(fd, "X", 1, 20), 1);
    assert_int_equal(kmi_queue_scan(&f->queue, &damage, &f->error), KM_OK);
    assert_int_equal(damage.bad_headers, 1);
    close(fd);
}

#define QUEUE_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(records_of_journal_and_segments_are_taken),
        QUEUE_TEST(what_was_taken_is_a_segment),
        QUEUE_TEST(nothing_waiting_gives_an_empty_image),
        QUEUE_TEST(a_scan_tells_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
