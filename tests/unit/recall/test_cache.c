/* The cache file by itself: what is put is found, what is damaged is not, and whoever else writes to it does no harm. */
#include "../util/temp_dir.h"

#include <sys/wait.h>

#include "base/hash.h"
#include "recall/cache.h"

#define LIMIT_BYTES ((uint64_t)1 << 20)
#define SET_BYTES 8192
#define ONE_SET_BYTES ((uint64_t)2 * SET_BYTES)
#define NOW_US INT64_C(1767225600000000)

static kmi_cache open_cache(const temp_dir *dir, uint64_t limit_bytes) {
    kmi_cache cache;
    kmi_cache_open(&cache, dir->fd, limit_bytes);
    assert_true(cache.fd >= 0);
    return cache;
}

static kmi_cache_key key_of(const kmi_cache *cache, unsigned number) {
    kmi_slice part = {(const char *)&number, sizeof number};
    return kmi_cache_key_make(cache, &part, 1);
}

/* An entry all of whose numbers follow from one. */
static kmi_cache_entry entry_of(unsigned number, uint32_t count) {
    kmi_cache_entry entry = {
        .generation = 7, .valid_until_us = INT64_MAX, .confidence = (double)number / 1000, .count = count};
    for (uint32_t i = 0; i < count; i++) {
        entry.items[i] = (kmi_chosen){.seq = number + i,
                                      .score = number * 0.1,
                                      .confidence = 0.5,
                                      .match = {.words = number, .coverage = 0.25, .factor = 1.5},
                                      .has_match = 1,
                                      .reason = KMI_REASON_STANDING,
                                      .max_chars = number};
    }
    return entry;
}

static bool put_at(const kmi_cache *cache, unsigned number, int64_t now_us, uint64_t generation) {
    kmi_cache_key key = key_of(cache, number);
    kmi_cache_entry entry = entry_of(number, 5);
    entry.generation = generation;
    bool has_evicted = true;
    assert_true(kmi_cache_put(cache, &key, now_us, &entry, &has_evicted));
    return has_evicted;
}

static bool put(const kmi_cache *cache, unsigned number) {
    return put_at(cache, number, NOW_US, 7);
}

static bool finds(const kmi_cache *cache, unsigned number) {
    kmi_cache_key key = key_of(cache, number);
    kmi_cache_entry found;
    if (!kmi_cache_find(cache, &key, NOW_US + 1000, &found)) return false;
    kmi_cache_entry expected = entry_of(number, found.count);
    assert_memory_equal(found.items, expected.items, sizeof expected.items);
    assert_true(found.confidence == expected.confidence);
    return true;
}

static struct stat look(const temp_dir *dir) {
    struct stat file;
    assert_int_equal(fstatat(dir->fd, "state/cache", &file, AT_SYMLINK_NOFOLLOW), 0);
    return file;
}

static void truncate_file(const temp_dir *dir, off_t size) {
    int fd = openat(dir->fd, "state/cache", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

static void flip_byte(const temp_dir *dir, off_t at) {
    unsigned char byte = 0;
    int fd = openat(dir->fd, "state/cache", O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x40;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* ---- Keeping ---- */

static void what_is_put_is_found(void **state) {
    const temp_dir *dir = *state;
    kmi_cache cache = open_cache(dir, LIMIT_BYTES);
    assert_false(finds(&cache, 1));
    for (unsigned i = 0; i < 16; i++) assert_false(put(&cache, i)); /* more may meet in one set */
    for (unsigned i = 0; i < 16; i++) assert_true(finds(&cache, i));
    kmi_cache other = open_cache(dir, LIMIT_BYTES);
    for (unsigned i = 0; i < 16; i++) assert_true(finds(&other, i));
    assert_false(finds(&other, 16));
    kmi_cache_close(&other);
    assert_false(finds(&other, 1));
    kmi_cache_close(&cache);
}

static void entries_may_be_empty_or_full_but_no_fuller(void **state) {
    kmi_cache cache = open_cache(*state, LIMIT_BYTES);
    const uint32_t counts[] = {0, 1, KMI_CACHE_ENTRY_MAX};
    kmi_cache_entry entry, found;
    bool has_evicted = false;
    for (unsigned i = 0; i < 3; i++) {
        kmi_cache_key key = key_of(&cache, 100 + i);
        entry = entry_of(100 + i, counts[i]);
        assert_true(kmi_cache_put(&cache, &key, NOW_US, &entry, &has_evicted));
        assert_true(kmi_cache_find(&cache, &key, NOW_US, &found));
        assert_int_equal(found.count, counts[i]);
        assert_memory_equal(found.items, entry.items, sizeof entry.items);
    }
    kmi_cache_key key = key_of(&cache, 200);
    entry = entry_of(200, KMI_CACHE_ENTRY_MAX);
    entry.count++;
    assert_false(kmi_cache_put(&cache, &key, NOW_US, &entry, &has_evicted));
    assert_false(kmi_cache_find(&cache, &key, NOW_US, &found));
    kmi_cache_close(&cache);
}

static void an_entry_holds_from_when_it_was_made_until_it_ends(void **state) {
    kmi_cache cache = open_cache(*state, LIMIT_BYTES);
    kmi_cache_key key = key_of(&cache, 1);
    kmi_cache_entry entry = entry_of(1, 2), found;
    bool has_evicted = false;
    entry.valid_until_us = NOW_US + 10;
    assert_true(kmi_cache_put(&cache, &key, NOW_US, &entry, &has_evicted));
    assert_true(kmi_cache_find(&cache, &key, NOW_US, &found));
    assert_true(kmi_cache_find(&cache, &key, NOW_US + 9, &found));
    assert_false(kmi_cache_find(&cache, &key, NOW_US + 10, &found));
    assert_false(kmi_cache_find(&cache, &key, NOW_US - 1, &found)); /* the clock went back */
    kmi_cache_close(&cache);
}

static void a_full_set_gives_up_what_is_worth_least(void **state) {
    kmi_cache cache = open_cache(*state, ONE_SET_BYTES);
    for (unsigned i = 0; i < KMI_CACHE_WAYS; i++) assert_false(put_at(&cache, i, NOW_US + i, 7));
    assert_false(put_at(&cache, 0, NOW_US + 20, 7)); /* again: in its own place */
    assert_true(put_at(&cache, 10, NOW_US + 30, 7)); /* over number 1, now the oldest */
    assert_false(finds(&cache, 1));
    assert_true(finds(&cache, 0) && finds(&cache, 2) && finds(&cache, 3) && finds(&cache, 10));
    assert_false(put_at(&cache, 11, NOW_US + 40, 8)); /* of a new generation: those of the old one are of no use */
    assert_int_equal(finds(&cache, 0) + finds(&cache, 2) + finds(&cache, 3) + finds(&cache, 10), 3);
    for (unsigned i = 12; i < 15; i++) assert_false(put_at(&cache, i, NOW_US + 40 + i, 8));
    for (unsigned i = 11; i < 15; i++) assert_true(finds(&cache, i));
    kmi_cache_close(&cache);
}

static void entries_out_of_date_go_first(void **state) {
    kmi_cache cache = open_cache(*state, ONE_SET_BYTES);
    for (unsigned i = 0; i < KMI_CACHE_WAYS; i++) assert_false(put_at(&cache, i, NOW_US + i, 7));
    kmi_cache_key key = key_of(&cache, 2);
    kmi_cache_entry entry = entry_of(2, 5);
    bool has_evicted = true;
    entry.valid_until_us = NOW_US + 50;
    assert_true(kmi_cache_put(&cache, &key, NOW_US + 40, &entry, &has_evicted));
    assert_false(has_evicted);
    assert_false(put_at(&cache, 20, NOW_US + 60, 7)); /* over number 2, although it is the newest */
    assert_true(finds(&cache, 0) && finds(&cache, 1) && finds(&cache, 3) && finds(&cache, 20));
    kmi_cache_close(&cache);
}

/* ---- The file ---- */

static void the_file_is_private_bounded_and_mostly_a_hole(void **state) {
    const temp_dir *dir = *state;
    const uint64_t limits[] = {ONE_SET_BYTES, ONE_SET_BYTES + 1, (uint64_t)5 << 20, (uint64_t)1 << 30};
    mode_t old_mask = umask(0);
    for (size_t i = 0; i < 4; i++) {
        kmi_cache cache = open_cache(dir, limits[i]);
        put(&cache, 1);
        struct stat file = look(dir);
        assert_int_equal(file.st_mode & 07777, 0600);
        assert_true((uint64_t)file.st_size <= limits[i] && (uint64_t)file.st_size + SET_BYTES > limits[i]);
        assert_in_range(file.st_blocks * 512, 1, 65536);
        kmi_cache_close(&cache);
    }
    umask(old_mask);
    assert_int_equal(fstatat(dir->fd, "state", &(struct stat){0}, 0), 0);
}

static void without_room_there_is_no_cache(void **state) {
    const temp_dir *dir = *state;
    kmi_cache cache;
    kmi_cache_open(&cache, dir->fd, ONE_SET_BYTES - 1);
    assert_int_equal(cache.fd, -1);
    kmi_cache_open(&cache, dir->fd, 0);
    assert_int_equal(cache.fd, -1);
    kmi_cache_open(&cache, -1, LIMIT_BYTES);
    assert_int_equal(cache.fd, -1);
    assert_int_equal(faccessat(dir->fd, "state", F_OK, 0), -1);
}

static void another_size_is_another_file(void **state) {
    const temp_dir *dir = *state;
    kmi_cache cache = open_cache(dir, LIMIT_BYTES);
    put(&cache, 1);
    kmi_cache bigger = open_cache(dir, 2 * LIMIT_BYTES);
    assert_false(finds(&bigger, 1));
    assert_int_equal(look(dir).st_size, 2 * LIMIT_BYTES);
    put(&cache, 2); /* the old one has lost its name only */
    assert_true(finds(&cache, 1));
    kmi_cache_close(&cache);
    kmi_cache_close(&bigger);
}

static void secrets_differ_from_file_to_file(void **state) {
    const temp_dir *dir = *state;
    kmi_cache cache = open_cache(dir, LIMIT_BYTES);
    kmi_cache_key first = key_of(&cache, 1);
    kmi_cache_close(&cache);
    kmi_cache_erase(dir->fd);
    assert_int_equal(faccessat(dir->fd, "state/cache", F_OK, 0), -1);
    kmi_cache_erase(dir->fd);
    cache = open_cache(dir, LIMIT_BYTES);
    kmi_cache_key second = key_of(&cache, 1);
    assert_memory_not_equal(first.bytes, second.bytes, sizeof first.bytes);
    kmi_cache_close(&cache);
}

/* ---- Damage ---- */

static void no_damaged_byte_of_an_entry_goes_unnoticed(void **state) {
    const temp_dir *dir = *state;
    kmi_cache cache = open_cache(dir, ONE_SET_BYTES);
    put(&cache, 1);
    for (off_t at = 0; at < (off_t)(KMI_CACHE_ENTRY_HEAD_BYTES + 5 * sizeof(kmi_chosen)); at++) {
        flip_byte(dir, SET_BYTES + at);
        assert_false(finds(&cache, 1));
        flip_byte(dir, SET_BYTES + at);
    }
    assert_true(finds(&cache, 1));
    kmi_cache_close(&cache);
}

static void half_an_entry_is_none_and_makes_room(void **state) {
    const temp_dir *dir = *state;
    kmi_cache cache = open_cache(dir, ONE_SET_BYTES);
    unsigned char slot[sizeof(kmi_cache_entry)];
    bool has_evicted = false;
    kmi_cache_key key = key_of(&cache, 1);
    kmi_cache_entry old = entry_of(1, KMI_CACHE_ENTRY_MAX), new = entry_of(2, KMI_CACHE_ENTRY_MAX);
    assert_true(kmi_cache_put(&cache, &key, NOW_US, &old, &has_evicted));
    assert_int_equal(pread(cache.fd, slot, sizeof slot, SET_BYTES), sizeof slot);
    assert_true(kmi_cache_put(&cache, &key, NOW_US, &new, &has_evicted));
    /* the first half of an old write over the second half of a new one, and an entry in a place that is not its own */
    assert_int_equal(pwrite(cache.fd, slot, sizeof slot / 2, SET_BYTES), sizeof slot / 2);
    assert_int_equal(pwrite(cache.fd, slot, sizeof slot, SET_BYTES + 2 * KMI_CACHE_SLOT_BYTES), sizeof slot);
    assert_false(finds(&cache, 1));
    for (unsigned i = 2; i < 2 + KMI_CACHE_WAYS; i++) assert_false(put(&cache, i));
    for (unsigned i = 2; i < 2 + KMI_CACHE_WAYS; i++) assert_true(finds(&cache, i));
    kmi_cache_close(&cache);
}

static void a_damaged_header_makes_a_new_file(void **state) {
    const temp_dir *dir = *state;
    for (off_t at = 0; at < 64; at++) {
        kmi_cache cache = open_cache(dir, LIMIT_BYTES);
        put(&cache, 1);
        kmi_cache_close(&cache);
        ino_t before = look(dir).st_ino;
        int held = openat(dir->fd, "state/cache", O_RDONLY | O_CLOEXEC); /* so that its number is not used again */
        flip_byte(dir, at);
        cache = open_cache(dir, LIMIT_BYTES);
        assert_false(finds(&cache, 1));
        assert_true(look(dir).st_ino != before);
        put(&cache, 1);
        assert_true(finds(&cache, 1));
        kmi_cache_close(&cache);
        close(held);
    }
}

static void any_other_size_makes_a_new_file(void **state) {
    const temp_dir *dir = *state;
    const off_t sizes[] = {0, 1, 63, 64, SET_BYTES, SET_BYTES + 100, (off_t)LIMIT_BYTES - 1, (off_t)LIMIT_BYTES + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        kmi_cache cache = open_cache(dir, LIMIT_BYTES);
        put(&cache, 1);
        truncate_file(dir, sizes[i]);
        kmi_cache next = open_cache(dir, LIMIT_BYTES);
        assert_false(finds(&next, 1));
        assert_int_equal(look(dir).st_size, LIMIT_BYTES);
        kmi_cache_close(&next);
        kmi_cache_close(&cache);
    }
}

static void a_file_cut_short_under_an_open_cache_is_a_miss(void **state) {
    const temp_dir *dir = *state;
    const off_t sizes[] = {SET_BYTES + 1500, SET_BYTES + 1, SET_BYTES, 10, 0};
    kmi_cache cache = open_cache(dir, ONE_SET_BYTES);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (unsigned k = 0; k < KMI_CACHE_WAYS; k++) put(&cache, k);
        truncate_file(dir, sizes[i]);
        for (unsigned k = 2; k < KMI_CACHE_WAYS; k++) assert_false(finds(&cache, k));
    }
    put(&cache, 5); /* into a file that ends before the place */
    assert_true(finds(&cache, 5));
    kmi_cache_close(&cache);
    cache = open_cache(dir, ONE_SET_BYTES);
    assert_false(finds(&cache, 5));
    kmi_cache_close(&cache);
}

/* Gives the file the header of another version, whole in itself. */
static void set_version(const temp_dir *dir, uint32_t version) {
    unsigned char header[64];
    int fd = openat(dir->fd, "state/cache", O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, header, sizeof header, 0), sizeof header);
    memcpy(header + 16, &version, sizeof version);
    kmi_slice covered = {(const char *)header + 8, sizeof header - 8};
    uint64_t checksum = kmi_hash_checksum(version, &covered, 1);
    memcpy(header, &checksum, sizeof checksum);
    assert_int_equal(pwrite(fd, header, sizeof header, 0), sizeof header);
    close(fd);
}

static void a_newer_file_is_left_alone_and_an_older_one_replaced(void **state) {
    const temp_dir *dir = *state;
    kmi_cache cache = open_cache(dir, LIMIT_BYTES);
    put(&cache, 1);
    kmi_cache_close(&cache);
    set_version(dir, KMI_CACHE_VERSION); /* the helper writes what the program reads */
    cache = open_cache(dir, LIMIT_BYTES);
    assert_true(finds(&cache, 1));
    kmi_cache_close(&cache);
    set_version(dir, KMI_CACHE_VERSION + 1);
    ino_t before = look(dir).st_ino;
    kmi_cache_open(&cache, dir->fd, LIMIT_BYTES);
    assert_int_equal(cache.fd, -1);
    assert_true(look(dir).st_ino == before);
    set_version(dir, KMI_CACHE_VERSION - 1);
    cache = open_cache(dir, LIMIT_BYTES);
    assert_false(finds(&cache, 1));
    kmi_cache_close(&cache);
}

static void strangers_in_its_place_are_replaced_or_left(void **state) {
    const temp_dir *dir = *state;
    kmi_cache cache;
    assert_int_equal(mkdirat(dir->fd, "state", 0700), 0);
    temp_dir_write(dir, "state/cache", "a list of things to buy");
    cache = open_cache(dir, LIMIT_BYTES);
    kmi_cache_close(&cache);
    kmi_cache_erase(dir->fd);

    temp_dir_write(dir, "elsewhere", "not ours");
    assert_int_equal(symlinkat("../elsewhere", dir->fd, "state/cache"), 0);
    kmi_cache_open(&cache, dir->fd, LIMIT_BYTES);
    assert_int_equal(cache.fd, -1);
    assert_string_equal(temp_dir_read(dir, "elsewhere"), "not ours");
    kmi_cache_erase(dir->fd);
    assert_string_equal(temp_dir_read(dir, "elsewhere"), "not ours");

    assert_int_equal(mkfifoat(dir->fd, "state/cache", 0600), 0);
    kmi_cache_open(&cache, dir->fd, LIMIT_BYTES);
    assert_int_equal(cache.fd, -1);
    kmi_cache_erase(dir->fd);

    assert_int_equal(mkdirat(dir->fd, "state/cache", 0700), 0);
    kmi_cache_open(&cache, dir->fd, LIMIT_BYTES);
    assert_int_equal(cache.fd, -1);
}

static void a_state_folder_that_is_a_link_is_not_followed(void **state) {
    const temp_dir *dir = *state;
    kmi_cache cache;
    assert_int_equal(mkdirat(dir->fd, "other", 0700), 0);
    assert_int_equal(symlinkat("other", dir->fd, "state"), 0);
    kmi_cache_open(&cache, dir->fd, LIMIT_BYTES);
    assert_int_equal(cache.fd, -1);
    assert_int_equal(faccessat(dir->fd, "other/cache", F_OK, 0), -1);
}

/* ---- Many processes ---- */

#define PROCESSES 4

static void run_children(int (*work)(const temp_dir *dir, unsigned number), const temp_dir *dir) {
    pid_t children[PROCESSES];
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) _exit(work(dir, i));
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
}

/* Twice as many keys as places, all in one set; every number of an entry tells which put wrote it. */
static int hammer(const temp_dir *dir, unsigned number) {
    kmi_cache cache;
    kmi_cache_open(&cache, dir->fd, ONE_SET_BYTES);
    unsigned found_count = 0;
    for (unsigned round = 0; round < 5000; round++) {
        unsigned wanted = (round * 7 + number) % (2 * KMI_CACHE_WAYS);
        kmi_cache_key key = key_of(&cache, wanted);
        kmi_cache_entry entry;
        bool has_evicted = false;
        if (kmi_cache_find(&cache, &key, NOW_US + 10000, &entry)) {
            found_count++;
            for (uint32_t i = 0; i < entry.count; i++) {
                if (entry.items[i].seq != entry.items[0].seq || entry.items[i].max_chars != wanted) return 1;
            }
            if (entry.confidence != (double)entry.items[0].seq || entry.count != KMI_CACHE_ENTRY_MAX) return 2;
        }
        entry = entry_of(wanted, KMI_CACHE_ENTRY_MAX);
        int64_t stamp = number * 100000 + round;
        entry.confidence = (double)stamp;
        for (uint32_t i = 0; i < entry.count; i++) entry.items[i].seq = stamp;
        if (!kmi_cache_put(&cache, &key, NOW_US + round, &entry, &has_evicted)) return 3;
    }
    kmi_cache_close(&cache);
    return found_count > 0 ? 0 : 4;
}

static void processes_never_see_half_of_each_others_entries(void **state) {
    kmi_cache cache = open_cache(*state, ONE_SET_BYTES);
    kmi_cache_close(&cache);
    run_children(hammer, *state);
}

static int make_and_unmake(const temp_dir *dir, unsigned number) {
    for (unsigned round = 0; round < 300; round++) {
        kmi_cache cache;
        kmi_cache_open(&cache, dir->fd, LIMIT_BYTES); /* may be none: another one is making it */
        kmi_cache_key key = key_of(&cache, number);
        kmi_cache_entry entry = entry_of(number, 3), found;
        bool has_evicted = false;
        if (cache.fd >= 0) kmi_cache_put(&cache, &key, NOW_US, &entry, &has_evicted);
        if (kmi_cache_find(&cache, &key, NOW_US, &found) && found.items[0].seq != number) return 1;
        kmi_cache_close(&cache);
        if (round % 16 == number) kmi_cache_erase(dir->fd);
    }
    return 0;
}

static void processes_may_make_and_remove_the_file_at_once(void **state) {
    const temp_dir *dir = *state;
    run_children(make_and_unmake, dir);
    kmi_cache cache = open_cache(dir, LIMIT_BYTES);
    put(&cache, 1);
    kmi_cache_close(&cache);
    cache = open_cache(dir, LIMIT_BYTES);
    assert_true(finds(&cache, 1));
    kmi_cache_close(&cache);
}

#define CACHE_TEST(function) cmocka_unit_test_setup_teardown(function, temp_dir_setup, temp_dir_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CACHE_TEST(what_is_put_is_found),
        CACHE_TEST(entries_may_be_empty_or_full_but_no_fuller),
        CACHE_TEST(an_entry_holds_from_when_it_was_made_until_it_ends),
        CACHE_TEST(a_full_set_gives_up_what_is_worth_least),
        CACHE_TEST(entries_out_of_date_go_first),
        CACHE_TEST(the_file_is_private_bounded_and_mostly_a_hole),
        CACHE_TEST(without_room_there_is_no_cache),
        CACHE_TEST(another_size_is_another_file),
        CACHE_TEST(secrets_differ_from_file_to_file),
        CACHE_TEST(no_damaged_byte_of_an_entry_goes_unnoticed),
        CACHE_TEST(half_an_entry_is_none_and_makes_room),
        CACHE_TEST(a_damaged_header_makes_a_new_file),
        CACHE_TEST(any_other_size_makes_a_new_file),
        CACHE_TEST(a_file_cut_short_under_an_open_cache_is_a_miss),
        CACHE_TEST(a_newer_file_is_left_alone_and_an_older_one_replaced),
        CACHE_TEST(strangers_in_its_place_are_replaced_or_left),
        CACHE_TEST(a_state_folder_that_is_a_link_is_not_followed),
        CACHE_TEST(processes_never_see_half_of_each_others_entries),
        CACHE_TEST(processes_may_make_and_remove_the_file_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
