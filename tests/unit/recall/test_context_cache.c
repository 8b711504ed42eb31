/* Answers from the cache: the same as choosing would give, until memories, the day, or the question change. */
#include "../store/store_fixture.h"

#include "recall/cache.h"
#include "recall/context_cache.h"

#define LIMIT_BYTES ((uint64_t)1 << 20)
#define DAY_US (INT64_C(86400) * 1000000)

typedef struct answer {
    km_memory *items;
    size_t count;
    double confidence;
    kmi_cache_report report;
} answer;

static kmi_context_request make_request(const char *prompt) {
    return (kmi_context_request){.prompt = kmi_slice_from(prompt),
                                 .max_memories = 5,
                                 .confidence_threshold = 0.3,
                                 .max_chars = 4000,
                                 .standing_memories = 2,
                                 .now_us = TEST_NOW_US};
}

static answer ask_within(store_fixture *f, const kmi_context_request *request, uint64_t limit_bytes) {
    answer found = {.count = 77};
    kmi_cache_place place = {.memory_dir_fd = f->dir->fd, .limit_bytes = limit_bytes};
    expect_ok(kmi_context_find(f->store, request, &place, f->arena, &found.items, &found.count, &found.confidence,
                               &found.report, &f->error));
    return found;
}

static answer ask(store_fixture *f, const kmi_context_request *request) {
    return ask_within(f, request, LIMIT_BYTES);
}

static answer ask_prompt(store_fixture *f, const char *prompt) {
    kmi_context_request request = make_request(prompt);
    return ask(f, &request);
}

static bool has_file(const store_fixture *f) {
    return faccessat(f->dir->fd, "state/cache", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A store in which the cache has its place: `count` statements of several shapes and types. */
static void fill(store_fixture *f, unsigned count) {
    static const char *const TYPES[] = {"fact", "decision", "rule", "preference", "solution", "note"};
    static const char *const THINGS[] = {"cellar", "orchard", "kiln", "loom", "quarry", "ferry", "granary"};
    static const char *const DEEDS[] = {"closes early", "needs a new roof", "was painted green", "is owned by Ada",
                                        "burns oak only"};
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (unsigned i = 0; i < count; i++) {
        char text[160];
        snprintf(text, sizeof text, "The %s number %u %s since year %u", THINGS[i % 7], i, DEEDS[i % 5], i % 90);
        kmi_candidate candidate = make_candidate(text, TYPES[i % 6]);
        put_memory(f, &candidate);
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void expect_text(const char *a, const char *b) {
    assert_true((a == NULL) == (b == NULL));
    if (a != NULL) assert_string_equal(a, b);
}

static void expect_equal(const answer *a, const answer *b) {
    assert_int_equal(a->count, b->count);
    assert_true(a->confidence == b->confidence);
    for (size_t i = 0; i < a->count; i++) {
        const km_memory *left = &a->items[i];
        const km_memory *right = &b->items[i];
        assert_int_equal(left->seq, right->seq);
        expect_text(left->id, right->id);
        expect_text(left->content, right->content);
        expect_text(left->type, right->type);
        expect_text(left->source, right->source);
        expect_text(left->reason, right->reason);
        assert_true(left->score == right->score && left->confidence == right->confidence);
        assert_true(left->created_at_us == right->created_at_us && left->observed_at_us == right->observed_at_us);
        assert_int_equal(left->entity_count, right->entity_count);
        assert_true((left->match == NULL) == (right->match == NULL));
        if (left->match != NULL) assert_memory_equal(left->match, right->match, sizeof *left->match);
    }
}

static void a_hit_is_what_choosing_gives(void **state) {
    store_fixture *f = *state;
    fill(f, 1200);
    store_reopen(f, KMI_STORE_READ);
    static const char *const PROMPTS[] = {"What about the kiln number 17?",
                                          "Who owns the orchard?",
                                          "oak",
                                          "Which ferry was painted green since year 20?",
                                          "nothing of this is known",
                                          "?!",
                                          "the loom 44\nthe loom 45",
                                          "Does the cellar close early?"};
    size_t chosen_count = 0;
    for (size_t p = 0; p < sizeof PROMPTS / sizeof PROMPTS[0]; p++) {
        for (size_t max_memories = 1; max_memories <= 21; max_memories += 4) {
            kmi_context_request request = make_request(PROMPTS[p]);
            request.max_memories = max_memories;
            request.max_chars = 20 * max_memories + 5; /* the first one is often shortened */
            request.confidence_threshold = max_memories == 5 ? 0 : 0.3;
            answer off = ask_within(f, &request, 0);
            answer first = ask(f, &request);
            answer second = ask(f, &request);
            assert_int_equal(off.report.use, KMI_CACHE_OFF);
            assert_int_equal(first.report.use, KMI_CACHE_MISS);
            assert_int_equal(second.report.use, KMI_CACHE_HIT);
            expect_equal(&off, &first);
            expect_equal(&off, &second);
            chosen_count += off.count;
        }
        kmi_arena_clear(f->arena);
    }
    assert_true(chosen_count > 50);
}

static void other_options_are_another_question(void **state) {
    store_fixture *f = *state;
    fill(f, 1200);
    kmi_context_request request = make_request("Which kiln needs a new roof?");
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);
    request.max_memories = 4;
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);
    request.max_chars = 3000;
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);
    request.standing_memories = 1;
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);
    request.confidence_threshold = 0.31;
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);
    request.prompt.len--;
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_HIT);
}

static void every_change_of_memories_counts(void **state) {
    store_fixture *f = *state;
    const char *prompt = "Which lighthouse has a blue door?";
    fill(f, 1200);
    assert_int_equal(ask_prompt(f, prompt).report.use, KMI_CACHE_MISS);
    kmi_uuid id = keep_memory(f, "The lighthouse of the north has a blue door", "fact");
    answer found = ask_prompt(f, prompt);
    assert_int_equal(found.report.use, KMI_CACHE_MISS);
    assert_string_equal(found.items[0].content, "The lighthouse of the north has a blue door");
    assert_int_equal(ask_prompt(f, prompt).report.use, KMI_CACHE_HIT);

    kmi_candidate changed = make_candidate("The lighthouse of the south has a blue door", "fact");
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_edit(f->store, &id, &changed, TEST_NOW_US, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    found = ask_prompt(f, prompt);
    assert_int_equal(found.report.use, KMI_CACHE_MISS);
    assert_string_equal(found.items[0].content, "The lighthouse of the south has a blue door");

    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_strengthen(f->store, &id, TEST_NOW_US + 5, 0.9, 0, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_int_equal(ask_prompt(f, prompt).report.use, KMI_CACHE_MISS);

    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_delete(f->store, &id, 1, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    found = ask_prompt(f, prompt);
    assert_int_equal(found.report.use, KMI_CACHE_MISS);
    for (size_t i = 0; i < found.count; i++) assert_null(strstr(found.items[i].content, "lighthouse"));

    expect_ok(kmi_store_begin(f->store, &f->error)); /* a transaction that changes no memory */
    expect_ok(kmi_store_counter_add(f->store, KMI_COUNTER_SKIPPED, 1, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_int_equal(ask_prompt(f, prompt).report.use, KMI_CACHE_HIT);
}

static void a_change_that_is_not_committed_is_not_seen(void **state) {
    store_fixture *f = *state;
    fill(f, 1200);
    kmi_store *writer = f->store;
    f->store = NULL;
    store_reopen(f, KMI_STORE_READ);
    kmi_store *reader = f->store;
    assert_int_equal(ask_prompt(f, "Which quarry?").report.use, KMI_CACHE_MISS);
    f->store = writer;
    expect_ok(kmi_store_begin(f->store, &f->error));
    kmi_candidate candidate = make_candidate("The quarry is haunted", "fact");
    put_memory(f, &candidate);
    f->store = reader;
    assert_int_equal(ask_prompt(f, "Which quarry?").report.use, KMI_CACHE_HIT);
    f->store = writer;
    expect_ok(kmi_store_commit(f->store, &f->error));
    f->store = reader;
    assert_int_equal(ask_prompt(f, "Which quarry?").report.use, KMI_CACHE_MISS);
    kmi_store_free(writer);
}

static void copy_file(const store_fixture *f, const char *from, const char *to) {
    char bytes[65536];
    ssize_t got = 0;
    int in = openat(f->dir->fd, from, O_RDONLY | O_CLOEXEC);
    int out = openat(f->dir->fd, to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0);
    while ((got = read(in, bytes, sizeof bytes)) > 0) assert_int_equal(write(out, bytes, (size_t)got), got);
    close(in);
    close(out);
}

/* A copy that is put back, and goes on from there, has as many changes behind it as the store that it replaces. */
static void a_store_put_back_from_a_copy_is_another_store(void **state) {
    store_fixture *f = *state;
    fill(f, 1200);
    expect_ok(kmi_store_checkpoint(f->store, true, &f->error)); /* everything is in the file itself */
    copy_file(f, "memories.db", "copy");
    keep_memory(f, "The heron sits on the pier", "fact");
    assert_int_equal(ask_prompt(f, "Where does the heron sit?").report.use, KMI_CACHE_MISS);
    assert_int_equal(ask_prompt(f, "Where does the heron sit?").report.use, KMI_CACHE_HIT);
    kmi_store_free(f->store);
    f->store = NULL;
    copy_file(f, "copy", "memories.db");
    unlinkat(f->dir->fd, "memories.db-wal", 0);
    unlinkat(f->dir->fd, "memories.db-shm", 0);
    store_reopen(f, KMI_STORE_WRITE);
    assert_int_equal(count_of(f, KMI_COUNTER_MEMORIES), 1200);
    keep_memory(f, "The heron sits on the mast", "fact");
    answer found = ask_prompt(f, "Where does the heron sit?");
    assert_int_equal(found.report.use, KMI_CACHE_MISS);
    assert_string_equal(found.items[0].content, "The heron sits on the mast");
}

static void an_answer_ends_with_the_day_and_with_what_expires(void **state) {
    store_fixture *f = *state;
    fill(f, 1200);
    kmi_clock_set_offset_us(TEST_NOW_US - kmi_clock_now_us());
    kmi_context_request request = make_request("Is the bridge closed?");
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);
    request.now_us = TEST_NOW_US + DAY_US - 1; /* the tests' time is a midnight */
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_HIT);
    request.now_us++;
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);
    request.now_us = TEST_NOW_US - 1;
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);

    kmi_candidate candidate = make_candidate("The bridge is closed for repairs", "status");
    kmi_memory_new memory = {.candidate = &candidate,
                             .source = "test",
                             .created_at_us = TEST_NOW_US,
                             .expires_at_us = TEST_NOW_US + 1000000};
    expect_ok(kmi_uuid_make(&memory.id, &f->error));
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_insert(f->store, &memory, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    request.now_us = TEST_NOW_US + 999998;
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);
    request.now_us++;
    answer found = ask(f, &request);
    assert_int_equal(found.report.use, KMI_CACHE_HIT);
    assert_string_equal(found.items[0].content, "The bridge is closed for repairs");
    request.now_us++;
    found = ask(f, &request);
    assert_int_equal(found.report.use, KMI_CACHE_MISS);
    for (size_t i = 0; i < found.count; i++) assert_null(strstr(found.items[i].content, "bridge"));
}

static void small_stores_and_huge_prompts_do_without(void **state) {
    store_fixture *f = *state;
    char *huge = calloc(1, KMI_CACHE_PROMPT_BYTES_MAX + 2);
    assert_non_null(huge);
    memset(huge, 'x', KMI_CACHE_PROMPT_BYTES_MAX + 1);
    fill(f, (unsigned)KMI_CACHE_UNITS_MIN - 1);
    assert_int_equal(ask_prompt(f, "Which quarry?").report.use, KMI_CACHE_ASIDE);
    assert_int_equal(ask_prompt(f, "Which quarry?").report.use, KMI_CACHE_ASIDE);
    assert_false(has_file(f));
    keep_memory(f, "One more makes it big enough", "fact");
    assert_int_equal(ask_prompt(f, huge).report.use, KMI_CACHE_ASIDE);
    assert_false(has_file(f));
    huge[KMI_CACHE_PROMPT_BYTES_MAX] = '\0';
    assert_int_equal(ask_prompt(f, huge).report.use, KMI_CACHE_MISS);
    assert_true(has_file(f));
    free(huge);
}

static void long_answers_are_not_kept(void **state) {
    store_fixture *f = *state;
    fill(f, 1200);
    kmi_context_request request = make_request("Which orchard of them all is painted green?");
    request.max_memories = 100;
    request.max_chars = 1000000;
    request.confidence_threshold = 0;
    answer found = ask(f, &request);
    assert_true(found.count > KMI_CACHE_ENTRY_MAX);
    assert_int_equal(found.report.use, KMI_CACHE_MISS);
    assert_int_equal(ask(f, &request).report.use, KMI_CACHE_MISS);
}

static void nothing_of_prompt_or_memories_is_in_the_file(void **state) {
    store_fixture *f = *state;
    fill(f, 1200);
    assert_true(ask_prompt(f, "Which granary burns oak only?").count > 0);
    assert_int_equal(ask_prompt(f, "Which granary burns oak only?").report.use, KMI_CACHE_HIT);
    int fd = openat(f->dir->fd, "state/cache", O_RDONLY | O_CLOEXEC);
    char *bytes = malloc(LIMIT_BYTES);
    assert_non_null(bytes);
    ssize_t len = read(fd, bytes, LIMIT_BYTES);
    assert_int_equal(len, LIMIT_BYTES);
    static const char *const WORDS[] = {"granary", "Which", "oak", "The ", "standing", "fact", "test", "cover"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        assert_null(memmem(bytes, (size_t)len, WORDS[i], strlen(WORDS[i])));
    free(bytes);
    close(fd);
}

/* The file is cut short between two questions, and at last there is no place for one. */
static void a_cache_that_comes_and_goes_is_no_failure(void **state) {
    store_fixture *f = *state;
    fill(f, 1200);
    store_reopen(f, KMI_STORE_READ);
    assert_int_equal(ask_prompt(f, "Which ferry?").report.use, KMI_CACHE_MISS);
    int fd = openat(f->dir->fd, "state/cache", O_RDWR | O_CLOEXEC);
    struct stat file;
    assert_int_equal(fstat(fd, &file), 0);
    for (unsigned i = 0; i < 20; i++) {
        char prompt[64];
        snprintf(prompt, sizeof prompt, "Which ferry number %u?", i);
        assert_int_equal(ftruncate(fd, i * 200), 0); /* somebody cuts it short all the time */
        answer found = ask_prompt(f, prompt);
        assert_int_equal(found.report.use, KMI_CACHE_MISS);
        assert_true(found.count > 0);
        close(fd);
        fd = openat(f->dir->fd, "state/cache", O_RDWR | O_CLOEXEC);
    }
    close(fd);
    kmi_cache_erase(f->dir->fd);
    assert_int_equal(unlinkat(f->dir->fd, "state", AT_REMOVEDIR), 0);
    temp_dir_write(f->dir, "state", "a file where the folder belongs");
    answer found = ask_prompt(f, "Which ferry?");
    assert_int_equal(found.report.use, KMI_CACHE_OFF);
    assert_true(found.count > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_hit_is_what_choosing_gives),
        STORE_TEST(other_options_are_another_question),
        STORE_TEST(every_change_of_memories_counts),
        STORE_TEST(a_change_that_is_not_committed_is_not_seen),
        STORE_TEST(a_store_put_back_from_a_copy_is_another_store),
        STORE_TEST(an_answer_ends_with_the_day_and_with_what_expires),
        STORE_TEST(small_stores_and_huge_prompts_do_without),
        STORE_TEST(long_answers_are_not_kept),
        STORE_TEST(nothing_of_prompt_or_memories_is_in_the_file),
        STORE_TEST(a_cache_that_comes_and_goes_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
