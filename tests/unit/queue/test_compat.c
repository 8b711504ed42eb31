/* Journals of other versions. tests/data/compat/journal-N was written by the release whose journals have version N and is never
 * written again:
 *
 *     KM_UPDATE_COMPAT=1 KM_TEST_DATA=tests/data …/queue-compat      writes the file of the present version if there is none
 *
 * and journal-later, the same with a version that nobody has, for the tests of the whole program. */
#include "queue_fixture.h"

#include "base/hash.h"
#include "queue/format.h"
#include "queue/names.h"
#include "queue/payload.h"
#include "queue/snapshot.h"

enum { checksum_at = 8, kind_at = 49, flags_at = 50, reserved_at = 60, record_count = 3 };

static const char *const TEXTS[record_count] = {"We deploy with Podman", "The API listens on port 8080",
                                                "A later program said more than this one knows"};

static void compat_path(char *path, size_t size) {
    const char *data = getenv("KM_TEST_DATA");
    assert_non_null(data);
    snprintf(path, size, "%s/compat/journal-%d", data, KMI_JOURNAL_VERSION);
}

static size_t read_all(const queue_fixture *f, const char *name, unsigned char *bytes, size_t size) {
    int fd = fixture_open(f, name);
    ssize_t len = read(fd, bytes, size);
    assert_true(len > 0 && (size_t)len < size);
    close(fd);
    return (size_t)len;
}

/* The last one has a field that no program knows. */
static void append_kept(queue_fixture *f, size_t i) {
    static const char UNKNOWN[] = "\310\003\0\0\0new";
    km_learn_item item = {.content = TEXTS[i], .source = "kept", .verbatim = true};
    kmi_buf payload;
    kmi_buf_init(&payload, 1 << 20);
    kmi_payload_add(&payload, &item);
    if (i == record_count - 1) kmi_buf_add(&payload, UNKNOWN, sizeof UNKNOWN - 1);
    kmi_record record = {.task_id = {{(unsigned char)(i + 1)}},
                         .created_at_us = 1767225600000000 + (int64_t)i,
                         .priority = (uint8_t)(3 * i),
                         .is_keyed = i == 1,
                         .item_count = 1,
                         .redaction_count = (uint32_t)(2 * i),
                         .payload = kmi_buf_slice(&payload)};
    kmi_append_request request = {.records = &record, .record_count = 1, .depth_limit = 10, .is_durable = true};
    bool is_full = false;
    uint64_t depth = 0;
    assert_int_equal(kmi_journal_append(&f->queue, &request, &depth, &is_full, &f->error), KM_OK);
    kmi_buf_deinit(&payload);
}

/* Gives the file a higher version, with a checksum that fits. */
static void make_newer(const queue_fixture *f, const char *name, unsigned char version) {
    unsigned char bytes[KMI_JOURNAL_HEADER_BYTES];
    int fd = fixture_open(f, name);
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), sizeof bytes);
    bytes[8] = version;
    kmi_slice fields = {(const char *)bytes, sizeof bytes - 8};
    uint64_t checksum = kmi_hash_checksum(0, &fields, 1);
    for (int i = 0; i < 8; i++) bytes[56 + i] = (unsigned char)(checksum >> (8 * i));
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, 0), sizeof bytes);
    close(fd);
}

/* Writes the journal as it is, up to its last record, unless the file is there. */
static void keep_journal(const queue_fixture *f, const char *path, size_t len) {
    static unsigned char bytes[1 << 20];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return;
    assert_true(read_all(f, KMI_JOURNAL_NAME, bytes, sizeof bytes) >= len);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

/* On request. */
static void write_compat_files(void **state) {
    queue_fixture *f = *state;
    char path[512], later[512];
    kmi_journal_header header;
    if (getenv("KM_UPDATE_COMPAT") == NULL) return;
    compat_path(path, sizeof path);
    snprintf(later, sizeof later, "%s/compat/journal-later", getenv("KM_TEST_DATA"));
    for (size_t i = 0; i < record_count; i++) append_kept(f, i);
    assert_true(kmi_journal_header_read(&f->queue, KMI_JOURNAL_NAME, &header));
    keep_journal(f, path, header.next_offset);
    make_newer(f, KMI_JOURNAL_NAME, 200);
    keep_journal(f, later, header.next_offset);
}

static void put_file(const queue_fixture *f, const char *from, const char *name) {
    static unsigned char bytes[1 << 20];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) print_error("%s is missing\n", from);
    assert_true(in >= 0);
    ssize_t len = read(in, bytes, sizeof bytes);
    assert_true(len > KMI_JOURNAL_DATA_OFFSET && len < (ssize_t)sizeof bytes);
    close(in);
    unlinkat(f->queue.dir_fd, name, 0);
    int out = openat(f->queue.dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(out >= 0);
    assert_int_equal(write(out, bytes, (size_t)len), len);
    close(out);
}

static void kept_journal_is_read_and_goes_on(void **state) {
    queue_fixture *f = *state;
    char path[512], name[KMI_SEGMENT_NAME_SIZE];
    kmi_segment segment;
    kmi_buf payload;
    kmi_arena *arena = kmi_arena_new(1 << 20);
    km_learn_item *items = NULL;
    size_t count = 0;
    assert_non_null(arena);
    kmi_buf_init(&payload, 1 << 20);
    compat_path(path, sizeof path);
    put_file(f, path, KMI_JOURNAL_NAME);
    assert_int_equal(fixture_append(f, "a new text", 5, 10, NULL), KM_OK);
    assert_int_equal(kmi_segment_take(&f->queue, 0, name, &f->error), KM_OK);
    assert_int_equal(kmi_segment_open(&f->queue, name, &segment, &f->error), KM_OK);
    assert_int_equal(segment.count, record_count + 1);
    assert_int_equal(segment.damaged_bytes, 0);
    for (size_t i = 0; i < record_count; i++) {
        const kmi_segment_entry *entry = &segment.entries[i];
        assert_int_equal(entry->task_id.bytes[0], i + 1);
        assert_int_equal(entry->created_at_us, 1767225600000000 + (int64_t)i);
        assert_int_equal(entry->priority, 3 * i);
        assert_int_equal(entry->is_keyed, i == 1);
        assert_int_equal(entry->item_count, 1);
        assert_int_equal(entry->redaction_count, 2 * i);
        assert_int_equal(kmi_segment_read_payload(&segment, entry, &payload, &f->error), KM_OK);
        assert_int_equal(kmi_payload_read(kmi_buf_slice(&payload), arena, &items, &count, &f->error), KM_OK);
        assert_int_equal(count, 1);
        assert_string_equal(items[0].content, TEXTS[i]);
        assert_string_equal(items[0].source, "kept");
        assert_true(items[0].verbatim);
    }
    kmi_buf_deinit(&payload);
    kmi_arena_free(arena);
    kmi_segment_close(&segment);
}

static void expect_refusal(queue_fixture *f, km_status status) {
    assert_int_equal(status, KM_E_STORE);
    assert_non_null(strstr(f->error.message, "newer version of kuzu-memory; upgrade this one"));
    f->error = (km_error){0};
}

static void newer_journal_is_refused_by_all_and_untouched(void **state) {
    queue_fixture *f = *state;
    static unsigned char before[1 << 20], after[1 << 20];
    char name[KMI_SEGMENT_NAME_SIZE];
    kmi_queue_snapshot snapshot = {0};
    assert_int_equal(fixture_append(f, "a text", 5, 10, NULL), KM_OK);
    make_newer(f, KMI_JOURNAL_NAME, KMI_JOURNAL_VERSION + 1);
    size_t len = read_all(f, KMI_JOURNAL_NAME, before, sizeof before);
    expect_refusal(f, fixture_append(f, "refused", 5, 10, NULL));
    expect_refusal(f, kmi_segment_take(&f->queue, 0, name, &f->error));
    expect_refusal(f, kmi_queue_snapshot_take(&f->queue, NULL, NULL, &snapshot, &f->error));
    kmi_buf_deinit(&snapshot.image);
    assert_int_equal(read_all(f, KMI_JOURNAL_NAME, after, sizeof after), len);
    assert_memory_equal(before, after, len);
}

static void newer_segment_is_refused_and_untouched(void **state) {
    queue_fixture *f = *state;
    static unsigned char before[1 << 20], after[1 << 20];
    char name[KMI_SEGMENT_NAME_SIZE];
    kmi_segment segment;
    assert_int_equal(fixture_append(f, "a text", 5, 10, NULL), KM_OK);
    assert_int_equal(kmi_segment_take(&f->queue, 0, name, &f->error), KM_OK);
    make_newer(f, name, KMI_JOURNAL_VERSION + 1);
    size_t len = read_all(f, name, before, sizeof before);
    expect_refusal(f, kmi_segment_open(&f->queue, name, &segment, &f->error));
    assert_int_equal(read_all(f, name, after, sizeof after), len);
    assert_memory_equal(before, after, len);
    assert_int_equal(kmi_quarantine_bytes(&f->queue), 0);
    assert_int_equal(fixture_append(f, "intake goes on", 5, 10, NULL), KM_OK);
}

/* Changes a byte of the only record's header, and makes its checksum fit. */
static void change_record(const queue_fixture *f, size_t at, unsigned char value, const char *text) {
    unsigned char bytes[KMI_RECORD_HEADER_BYTES];
    int fd = fixture_open(f, KMI_JOURNAL_NAME);
    assert_int_equal(pread(fd, bytes, sizeof bytes, KMI_JOURNAL_DATA_OFFSET), sizeof bytes);
    bytes[at] = value;
    kmi_slice parts[] = {{(const char *)bytes, 8}, {(const char *)bytes + 16, sizeof bytes - 16}, kmi_slice_from(text)};
    uint64_t checksum = kmi_hash_checksum(0, parts, 3);
    for (int i = 0; i < 8; i++) bytes[checksum_at + i] = (unsigned char)(checksum >> (8 * i));
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, KMI_JOURNAL_DATA_OFFSET), sizeof bytes);
    close(fd);
}

/* What a later program of the same version may have put there does not cost the text. */
static void unknown_flags_and_reserved_bytes_are_passed_over(void **state) {
    queue_fixture *f = *state;
    char name[KMI_SEGMENT_NAME_SIZE];
    kmi_segment segment;
    assert_int_equal(fixture_append(f, "a text", 5, 10, NULL), KM_OK);
    change_record(f, flags_at, 0xfe, "a text");
    change_record(f, flags_at + 1, 0xff, "a text");
    change_record(f, reserved_at + 11, 0xff, "a text");
    assert_int_equal(kmi_segment_take(&f->queue, 0, name, &f->error), KM_OK);
    assert_int_equal(kmi_segment_open(&f->queue, name, &segment, &f->error), KM_OK);
    assert_int_equal(segment.count, 1);
    assert_int_equal(segment.damaged_bytes, 0);
    assert_false(segment.entries[0].is_keyed);
    kmi_segment_close(&segment);
}

/* A record of a kind nobody knows cannot be learnt; its bytes are kept. */
static void unknown_kind_is_set_aside(void **state) {
    queue_fixture *f = *state;
    char name[KMI_SEGMENT_NAME_SIZE];
    kmi_segment segment;
    assert_int_equal(fixture_append(f, "a text", 5, 10, NULL), KM_OK);
    assert_int_equal(fixture_append(f, "its neighbour", 5, 10, NULL), KM_OK);
    change_record(f, kind_at, 2, "a text");
    assert_int_equal(kmi_segment_take(&f->queue, 0, name, &f->error), KM_OK);
    assert_int_equal(kmi_segment_open(&f->queue, name, &segment, &f->error), KM_OK);
    assert_int_equal(segment.count, 1);
    assert_int_equal(segment.damaged_bytes, kmi_record_size(6));
    assert_int_equal(kmi_quarantine_bytes(&f->queue), kmi_record_size(6));
    kmi_segment_close(&segment);
}

#define QUEUE_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(write_compat_files),
        QUEUE_TEST(kept_journal_is_read_and_goes_on),
        QUEUE_TEST(newer_journal_is_refused_by_all_and_untouched),
        QUEUE_TEST(newer_segment_is_refused_and_untouched),
        QUEUE_TEST(unknown_flags_and_reserved_bytes_are_passed_over),
        QUEUE_TEST(unknown_kind_is_set_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
