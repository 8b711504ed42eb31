/* Appending, taking, reading, giving back; and what damage does to each. */
#include "queue_fixture.h"

#include "base/hash.h"
#include "queue/names.h"
#include "util/lock.h"

/* Takes the journal and opens it as a segment. */
static kmi_segment take(queue_fixture *f) {
    char name[KMI_SEGMENT_NAME_SIZE];
    kmi_segment segment;
    assert_int_equal(kmi_segment_take(&f->queue, 0, name, &f->error), KM_OK);
    assert_string_not_equal(name, "");
    assert_int_equal(kmi_segment_open(&f->queue, name, &segment, &f->error), KM_OK);
    return segment;
}

static void expect_payload(queue_fixture *f, const kmi_segment *segment, size_t index, const char *text) {
    kmi_buf payload;
    kmi_buf_init(&payload, 1 << 20);
    assert_true(index < segment->count);
    assert_int_equal(kmi_segment_read_payload(segment, &segment->entries[index], &payload, &f->error), KM_OK);
    assert_int_equal(payload.len, strlen(text));
    assert_memory_equal(payload.ptr, text, payload.len);
    kmi_buf_deinit(&payload);
}

static void appended_records_come_back_in_order(void **state) {
    queue_fixture *f = *state;
    uint64_t depth = 0;
    assert_int_equal(fixture_append(f, "one", 5, 10, &depth), KM_OK);
    assert_int_equal(depth, 1);
    assert_int_equal(fixture_append(f, "two", 0, 10, &depth), KM_OK);
    assert_int_equal(depth, 2);
    kmi_segment segment = take(f);
    assert_int_equal(segment.count, 2);
    expect_payload(f, &segment, 0, "one");
    expect_payload(f, &segment, 1, "two");
    assert_int_equal(segment.entries[1].priority, 0);
    kmi_segment_close(&segment);
}

static void full_queue_refuses_and_keeps_what_it_has(void **state) {
    queue_fixture *f = *state;
    uint64_t depth = 0;
    assert_int_equal(fixture_append(f, "one", 5, 2, NULL), KM_OK);
    assert_int_equal(fixture_append(f, "two", 5, 2, NULL), KM_OK);
    assert_int_equal(fixture_append(f, "three", 5, 2, &depth), KM_E_BUSY);
    assert_int_equal(depth, 2);
    kmi_segment segment = take(f);
    assert_int_equal(segment.count, 2);
    kmi_segment_close(&segment);
}

static void backlog_counts_against_the_limit(void **state) {
    queue_fixture *f = *state;
    assert_int_equal(fixture_append(f, "one", 5, 10, NULL), KM_OK);
    assert_int_equal(kmi_journal_set_backlog(&f->queue, 9, &f->error), KM_OK);
    assert_int_equal(fixture_append(f, "two", 5, 10, NULL), KM_E_BUSY);
    assert_int_equal(kmi_journal_set_backlog(&f->queue, 8, &f->error), KM_OK);
    assert_int_equal(fixture_append(f, "two", 5, 10, NULL), KM_OK);
}

static void taking_leaves_an_empty_journal_that_knows_the_backlog(void **state) {
    queue_fixture *f = *state;
    uint64_t records = 0, backlog = 0;
    assert_int_equal(fixture_append(f, "one", 5, 10, NULL), KM_OK);
    kmi_segment segment = take(f);
    assert_int_equal(kmi_journal_depth(&f->queue, &records, &backlog, &f->error), KM_OK);
    assert_int_equal(records, 0);
    assert_int_equal(backlog, 1);
    kmi_segment_close(&segment);
}

static void retired_segment_becomes_the_next_journal_and_holds_no_text(void **state) {
    queue_fixture *f = *state;
    char bytes[KMI_JOURNAL_PREFILL_BYTES];
    assert_int_equal(fixture_append(f, "a very telling text", 5, 10, NULL), KM_OK);
    kmi_segment segment = take(f);
    assert_int_equal(kmi_segment_retire(&f->queue, &segment, &f->error), KM_OK);
    kmi_segment_close(&segment);
    kmi_segment_names names;
    assert_int_equal(kmi_segment_list(&f->queue, &names, &f->error), KM_OK);
    assert_int_equal(names.count, 0);
    kmi_segment_names_deinit(&names);
    int fd = fixture_open(f, KMI_JOURNAL_NEXT_NAME);
    assert_int_equal(read(fd, bytes, sizeof bytes), sizeof bytes);
    assert_null(memmem(bytes, sizeof bytes, "telling", 7));
    close(fd);
    assert_int_equal(fixture_append(f, "two", 5, 10, NULL), KM_OK);
    segment = take(f);
    assert_int_equal(segment.count, 1);
    expect_payload(f, &segment, 0, "two");
    kmi_segment_close(&segment);
}

static void retiring_twice_spares_the_new_life_of_the_file(void **state) {
    queue_fixture *f = *state;
    assert_int_equal(fixture_append(f, "one", 5, 10, NULL), KM_OK);
    kmi_segment segment = take(f);
    kmi_segment other;
    assert_int_equal(kmi_segment_open(&f->queue, segment.name, &other, &f->error), KM_OK);
    assert_int_equal(kmi_segment_retire(&f->queue, &segment, &f->error), KM_OK);
    kmi_segment_close(&segment);
    assert_int_equal(fixture_append(f, "two", 5, 10, NULL), KM_OK);
    segment = take(f); /* the recycled file is the journal now */
    kmi_segment_close(&segment);
    assert_int_equal(fixture_append(f, "three", 5, 10, NULL), KM_OK);
    assert_int_equal(kmi_segment_retire(&f->queue, &other, &f->error), KM_OK);
    kmi_segment_close(&other);
    segment = take(f);
    assert_int_equal(segment.count, 1);
    expect_payload(f, &segment, 0, "three");
    kmi_segment_close(&segment);
}

/* Writes a record of `size` bytes behind what is there, of which only the first `written` bytes reached the disk. */
static kmi_scan_result scan_torn(queue_fixture *f, const unsigned char *bytes, size_t size, size_t written) {
    kmi_journal_header header;
    assert_true(kmi_journal_header_read(&f->queue, KMI_JOURNAL_NAME, &header));
    unsigned char *torn = calloc(1, size);
    memcpy(torn, bytes, written);
    int fd = fixture_open(f, KMI_JOURNAL_NAME);
    assert_int_equal(pwrite(fd, torn, size, (off_t)header.next_offset), (ssize_t)size);
    free(torn);
    const kmi_journal_header before = header;
    header.next_offset += size;
    header.record_count++;
    assert_int_equal(kmi_journal_write_header(fd, &header, "journal", &f->error), KM_OK);
    kmi_scan_result result;
    kmi_scan_visitor nobody = {0};
    assert_int_equal(kmi_scan_file(fd, "journal", &nobody, &result, &f->error), KM_OK);
    assert_int_equal(kmi_journal_write_header(fd, &before, "journal", &f->error), KM_OK);
    close(fd);
    return result;
}

/* A record over several sectors, in ret_bytes; returns its size. */
static size_t make_long_record(queue_fixture *f, unsigned char ret_bytes[4096]) {
    char payload[3000];
    kmi_journal_header header;
    assert_true(kmi_journal_header_read(&f->queue, KMI_JOURNAL_NAME, &header));
    memset(payload, 'x', sizeof payload);
    kmi_record record = {.created_at_us = 5, .item_count = 1, .payload = {payload, sizeof payload}};
    memset(ret_bytes, 0, 4096);
    kmi_record_header_encode(header.journal_id, &record, ret_bytes);
    memcpy(ret_bytes + KMI_RECORD_HEADER_BYTES, payload, sizeof payload);
    return kmi_record_size(sizeof payload);
}

static void write_that_a_power_cut_stopped_is_dropped(void **state) {
    queue_fixture *f = *state;
    unsigned char bytes[4096];
    assert_int_equal(fixture_append(f, "whole", 5, 10, NULL), KM_OK);
    const size_t size = make_long_record(f, bytes);
    const size_t first_sector = 512 - kmi_record_size(5) % 512;
    for (size_t written = 0; written + 512 < size; written = written == 0 ? first_sector : written + 512) {
        kmi_scan_result result = scan_torn(f, bytes, size, written);
        assert_int_equal(result.record_count, 1);
        assert_int_equal(result.damaged_bytes, 0);
        assert_int_equal(result.torn_bytes, size);
    }
    assert_int_equal(scan_torn(f, bytes, size, size).record_count, 2);
}

static void whole_record_that_was_damaged_at_the_end_is_reported(void **state) {
    queue_fixture *f = *state;
    unsigned char bytes[4096];
    assert_int_equal(fixture_append(f, "whole", 5, 10, NULL), KM_OK);
    const size_t size = make_long_record(f, bytes);
    for (size_t at = 0; at < KMI_RECORD_HEADER_BYTES + 3000; at += 61) {
        bytes[at] ^= 0x10;
        kmi_scan_result result = scan_torn(f, bytes, size, size);
        bytes[at] ^= 0x10;
        assert_int_equal(result.record_count, 1);
        assert_int_equal(result.damaged_bytes, size);
        assert_int_equal(result.torn_bytes, 0);
    }
}

static void file_that_was_cut_keeps_all_before_the_cut(void **state) {
    queue_fixture *f = *state;
    assert_int_equal(fixture_append(f, "first", 5, 10, NULL), KM_OK);
    assert_int_equal(fixture_append(f, "second", 5, 10, NULL), KM_OK);
    int fd = fixture_open(f, KMI_JOURNAL_NAME);
    const off_t second = KMI_JOURNAL_DATA_OFFSET + (off_t)kmi_record_size(5);
    for (off_t end = second + KMI_RECORD_HEADER_BYTES + 5; end >= second; end--) {
        assert_int_equal(ftruncate(fd, end), 0);
        kmi_scan_result result;
        kmi_scan_visitor nobody = {0};
        assert_int_equal(kmi_scan_file(fd, "journal", &nobody, &result, &f->error), KM_OK);
        assert_int_equal(result.record_count, 1);
        assert_int_equal(result.damaged_bytes, 0);
    }
    close(fd);
}

static void damaged_record_is_quarantined_and_neighbours_live(void **state) {
    queue_fixture *f = *state;
    assert_int_equal(fixture_append(f, "first", 5, 10, NULL), KM_OK);
    assert_int_equal(fixture_append(f, "second", 5, 10, NULL), KM_OK);
    assert_int_equal(fixture_append(f, "third", 5, 10, NULL), KM_OK);
    int fd = fixture_open(f, KMI_JOURNAL_NAME);
    off_t second = KMI_JOURNAL_DATA_OFFSET + (off_t)kmi_record_size(5);
    assert_int_equal(pwrite(fd, "X", 1, second + KMI_RECORD_HEADER_BYTES), 1);
    close(fd);
    kmi_segment segment = take(f);
    assert_int_equal(segment.count, 2);
    expect_payload(f, &segment, 0, "first");
    expect_payload(f, &segment, 1, "third");
    assert_int_equal(segment.damaged_bytes, kmi_record_size(6));
    assert_int_equal(kmi_quarantine_bytes(&f->queue), kmi_record_size(6));
    kmi_segment_close(&segment);
}

static void damaged_header_stops_neither_intake_nor_recovery(void **state) {
    queue_fixture *f = *state;
    assert_int_equal(fixture_append(f, "before", 5, 10, NULL), KM_OK);
    int fd = fixture_open(f, KMI_JOURNAL_NAME);
    assert_int_equal(pwrite(fd, "rubbish!", 8, 0), 8);
    close(fd);
    assert_int_equal(fixture_append(f, "after", 5, 10, NULL), KM_OK);
    kmi_segment_names names;
    assert_int_equal(kmi_segment_list(&f->queue, &names, &f->error), KM_OK);
    assert_int_equal(names.count, 1);
    kmi_segment segment;
    assert_int_equal(kmi_segment_open(&f->queue, names.items[0], &segment, &f->error), KM_OK);
    assert_int_equal(segment.count, 1);
    expect_payload(f, &segment, 0, "before");
    kmi_segment_close(&segment);
    kmi_segment_names_deinit(&names);
    segment = take(f);
    expect_payload(f, &segment, 0, "after");
    kmi_segment_close(&segment);
}

/* Gives the journal another version, with a sound checksum or without. */
static void set_version(queue_fixture *f, bool is_sound) {
    unsigned char bytes[KMI_JOURNAL_HEADER_BYTES];
    int fd = fixture_open(f, KMI_JOURNAL_NAME);
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), sizeof bytes);
    bytes[8] = 2;
    kmi_slice fields = {(const char *)bytes, sizeof bytes - 8};
    uint64_t checksum = kmi_hash_checksum(0, &fields, 1);
    for (int i = 0; i < 8 && is_sound; i++) bytes[56 + i] = (unsigned char)(checksum >> (8 * i));
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, 0), sizeof bytes);
    close(fd);
}

static void newer_version_is_refused(void **state) {
    queue_fixture *f = *state;
    assert_int_equal(fixture_append(f, "one", 5, 10, NULL), KM_OK);
    set_version(f, true);
    assert_int_equal(fixture_append(f, "two", 5, 10, NULL), KM_E_STORE);
    assert_non_null(strstr(f->error.message, "newer version"));
}

static void damaged_version_is_damage(void **state) {
    queue_fixture *f = *state;
    assert_int_equal(fixture_append(f, "one", 5, 10, NULL), KM_OK);
    set_version(f, false);
    assert_int_equal(fixture_append(f, "two", 5, 10, NULL), KM_OK);
}

static void taking_that_was_cut_short_is_finished(void **state) {
    queue_fixture *f = *state;
    char name[KMI_SEGMENT_NAME_SIZE];
    assert_int_equal(fixture_append(f, "one", 5, 10, NULL), KM_OK);
    assert_int_equal(kmi_segment_take(&f->queue, 0, name, &f->error), KM_OK);
    /* As after the exchange, before the rename. */
    assert_int_equal(renameat(f->queue.dir_fd, name, f->queue.dir_fd, KMI_JOURNAL_NEXT_NAME), 0);
    kmi_segment_names names;
    assert_int_equal(kmi_segment_list(&f->queue, &names, &f->error), KM_OK);
    assert_int_equal(names.count, 1);
    assert_string_equal(names.items[0], name);
    kmi_segment_names_deinit(&names);
}

static void sealed_journal_that_was_not_exchanged_is_still_the_journal(void **state) {
    queue_fixture *f = *state;
    assert_int_equal(fixture_append(f, "one", 5, 10, NULL), KM_OK);
    kmi_journal_header header;
    assert_true(kmi_journal_header_read(&f->queue, KMI_JOURNAL_NAME, &header));
    header.is_sealed = true;
    int fd = fixture_open(f, KMI_JOURNAL_NAME);
    assert_int_equal(kmi_journal_write_header(fd, &header, "journal", &f->error), KM_OK);
    close(fd);
    assert_int_equal(fixture_append(f, "two", 5, 10, NULL), KM_OK);
    kmi_segment segment = take(f);
    assert_int_equal(segment.count, 2);
    kmi_segment_close(&segment);
}

static void worker_lock_is_released_only_when_nothing_waits(void **state) {
    queue_fixture *f = *state;
    bool is_released = true;
    assert_int_equal(kmi_queue_open_lock(&f->queue, &f->error), KM_OK);
    assert_int_equal(kmi_lock_try(f->queue.lock_fd, KMI_LOCK_BYTE_WORKER, &f->error), KM_OK);
    int other = openat(f->queue.dir_fd, "lock", O_RDWR);
    assert_int_equal(fixture_append(f, "one", 5, 10, NULL), KM_OK);
    assert_int_equal(kmi_queue_release_if_empty(&f->queue, KMI_LOCK_BYTE_WORKER, &is_released, &f->error), KM_OK);
    assert_false(is_released);
    assert_int_equal(kmi_lock_try(other, KMI_LOCK_BYTE_WORKER, &f->error), KM_E_BUSY);
    kmi_segment segment = take(f);
    assert_int_equal(kmi_queue_release_if_empty(&f->queue, KMI_LOCK_BYTE_WORKER, &is_released, &f->error), KM_OK);
    assert_false(is_released);
    assert_int_equal(kmi_segment_retire(&f->queue, &segment, &f->error), KM_OK);
    kmi_segment_close(&segment);
    assert_int_equal(kmi_queue_release_if_empty(&f->queue, KMI_LOCK_BYTE_WORKER, &is_released, &f->error), KM_OK);
    assert_true(is_released);
    assert_int_equal(kmi_lock_try(other, KMI_LOCK_BYTE_WORKER, &f->error), KM_OK);
    close(other);
}

static void sleeper_does_not_append_to_a_recycled_file(void **state) {
    queue_fixture *f = *state;
    assert_int_equal(fixture_append(f, "one", 5, 10, NULL), KM_OK);
    kmi_segment segment = take(f);
    assert_int_equal(kmi_segment_retire(&f->queue, &segment, &f->error), KM_OK);
    kmi_segment_close(&segment);
    /* Whoever opened the file when it was the journal must see that it is not the journal any more. */
    kmi_journal_header header;
    assert_true(kmi_journal_header_read(&f->queue, KMI_JOURNAL_NEXT_NAME, &header));
    assert_true(header.is_sealed);
    assert_true(kmi_journal_header_read(&f->queue, KMI_JOURNAL_NAME, &header));
    assert_false(header.is_sealed);
}

static void links_and_foreign_files_are_refused(void **state) {
    queue_fixture *f = *state;
    assert_int_equal(fixture_append(f, "one", 5, 10, NULL), KM_OK);
    assert_int_equal(linkat(f->queue.dir_fd, KMI_JOURNAL_NAME, f->queue.dir_fd, "second-name", 0), 0);
    assert_int_equal(fixture_append(f, "two", 5, 10, NULL), KM_E_PERMISSION);
    assert_int_equal(unlinkat(f->queue.dir_fd, KMI_JOURNAL_NAME, 0), 0);
    assert_int_equal(symlinkat("second-name", f->queue.dir_fd, KMI_JOURNAL_NAME), 0);
    assert_int_equal(fixture_append(f, "three", 5, 10, NULL), KM_E_PERMISSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appended_records_come_back_in_order, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(full_queue_refuses_and_keeps_what_it_has, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(backlog_counts_against_the_limit, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(taking_leaves_an_empty_journal_that_knows_the_backlog, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(retired_segment_becomes_the_next_journal_and_holds_no_text, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(retiring_twice_spares_the_new_life_of_the_file, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(write_that_a_power_cut_stopped_is_dropped, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(whole_record_that_was_damaged_at_the_end_is_reported, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(file_that_was_cut_keeps_all_before_the_cut, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(damaged_record_is_quarantined_and_neighbours_live, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(damaged_header_stops_neither_intake_nor_recovery, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(damaged_version_is_damage, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(newer_version_is_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(taking_that_was_cut_short_is_finished, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(sealed_journal_that_was_not_exchanged_is_still_the_journal, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(worker_lock_is_released_only_when_nothing_waits, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(sleeper_does_not_append_to_a_recycled_file, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(links_and_foreign_files_are_refused, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
