/* store_fixture.h - a store in a fresh temporary directory, for the tests of store, recall and learn. */
#ifndef KMI_TEST_STORE_FIXTURE_H
#define KMI_TEST_STORE_FIXTURE_H

#include "../util/temp_dir.h"

#include "store/store.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/lock.h"

#define LOCK_BYTE 3

typedef struct store_fixture {
    temp_dir *dir;
    char path[128];
    int lock_fd;
    kmi_store *store;
    kmi_arena *arena;
    km_error error;
} store_fixture;

#define expect_ok(call) \
    do { \
        km_status status_ = (call); \
        if (status_ != KM_OK) print_error("%s: %s\n", #call, f->error.message); \
        assert_int_equal(status_, KM_OK); \
    } while (0)

static inline kmi_store_options store_options(const store_fixture *f, kmi_store_mode mode) {
    return (kmi_store_options){
        .path = f->path, .mode = mode, .lock_fd = f->lock_fd, .lock_byte = LOCK_BYTE, .timeout_ms = 300};
}

static inline void store_reopen(store_fixture *f, kmi_store_mode mode) {
    kmi_store_options options = store_options(f, mode);
    kmi_store_free(f->store);
    f->store = NULL;
    expect_ok(kmi_store_open(&options, &f->store, &f->error));
}

/* The path of the kept file of a schema. */
static inline void compat_path(char *path, size_t size, int64_t version) {
    const char *data = getenv("KM_TEST_DATA");
    assert_non_null(data);
    snprintf(path, size, "%s/compat/store-%lld.db", data, (long long)version);
}

/* A copy, since SQLite leaves files beside what it opens. */
static inline void copy_store_file(const char *from, const char *to) {
    static char bytes[1024 * 1024];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) print_error("%s is missing\n", from);
    assert_true(in >= 0);
    ssize_t len = read(in, bytes, sizeof bytes);
    assert_true(len > 0 && len < (ssize_t)sizeof bytes);
    close(in);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(out >= 0);
    assert_int_equal(write(out, bytes, (size_t)len), len);
    close(out);
}

static inline int store_setup(void **state) {
    store_fixture *f = calloc(1, sizeof *f);
    if (f == NULL || temp_dir_setup((void **)&f->dir) != 0) return -1;
    snprintf(f->path, sizeof f->path, "%s/memories.db", f->dir->path);
    f->lock_fd = openat(f->dir->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    f->arena = kmi_arena_new((size_t)64 * 1024 * 1024);
    if (f->lock_fd < 0 || f->arena == NULL) return -1;
    store_reopen(f, KMI_STORE_CREATE);
    *state = f;
    return 0;
}

static inline int store_teardown(void **state) {
    store_fixture *f = *state;
    kmi_clock_set_offset_us(0);
    kmi_store_free(f->store);
    kmi_arena_free(f->arena);
    close(f->lock_fd);
    temp_dir_teardown((void **)&f->dir);
    free(f);
    return 0;
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, store_setup, store_teardown)

/* A time all tests agree on: 2026-01-01. */
#define TEST_NOW_US INT64_C(1767225600000000)

static inline kmi_candidate make_candidate(const char *content, const char *type) {
    return (kmi_candidate){.content = content,
                           .type = type,
                           .knowledge_type = "note",
                           .polarity = "neutral",
                           .pattern = "sentence",
                           .confidence = 0.8,
                           .importance = 0.5};
}

/* Stores a memory inside the caller's transaction. */
static inline kmi_uuid put_memory(store_fixture *f, const kmi_candidate *candidate) {
    kmi_memory_new memory = {.candidate = candidate, .source = "test", .created_at_us = TEST_NOW_US};
    expect_ok(kmi_uuid_make(&memory.id, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &memory, &f->error));
    return memory.id;
}

/* Stores a memory in a transaction of its own. */
static inline kmi_uuid keep_memory(store_fixture *f, const char *content, const char *type) {
    kmi_candidate candidate = make_candidate(content, type);
    expect_ok(kmi_store_begin(f->store, &f->error));
    kmi_uuid id = put_memory(f, &candidate);
    expect_ok(kmi_store_commit(f->store, &f->error));
    return id;
}

static inline int64_t count_of(store_fixture *f, kmi_counter counter) {
    int64_t values[KMI_COUNTER_COUNT];
    expect_ok(kmi_store_counters_get(f->store, values, &f->error));
    return values[counter];
}

/* The store is sound and its counters are what a recount gives. */
static inline void expect_sound(store_fixture *f) {
    bool is_equal = false;
    expect_ok(kmi_store_check(f->store, &f->error));
    expect_ok(kmi_store_counters_verify(f->store, &is_equal, &f->error));
    if (!is_equal) print_error("%s\n", f->error.message);
    assert_true(is_equal);
}

static inline size_t search_count(store_fixture *f, const char *text) {
    kmi_search_hit *hits = NULL;
    size_t count = 0;
    expect_ok(kmi_store_search(f->store, kmi_slice_from(text), NULL, 10, f->arena, &hits, &count, NULL, &f->error));
    return count;
}

/* Text of the best hit, "" without any. */
static inline const char *search_best(store_fixture *f, const char *text, const km_recall_query *query) {
    kmi_search_hit *hits = NULL;
    size_t count = 0;
    expect_ok(kmi_store_search(f->store, kmi_slice_from(text), query, 10, f->arena, &hits, &count, NULL, &f->error));
    if (count == 0) return "";
    km_memory memory;
    expect_ok(kmi_store_memory_by_seq(f->store, hits[0].seq, f->arena, &memory, &f->error));
    return memory.content;
}

#endif
