/* Queue and store against a model: random operations, in a random order, on one project, with a clock that jumps and handles that
 * are dropped in between. After every few steps what can be seen must be what the model says: each text that was accepted
 * is waiting, or stored once, or cancelled; keys are one task; a full queue refuses and keeps nothing; counters fit.
 *
 * The seed is printed. KM_TEST_SEED repeats a run, KM_TEST_SEQUENCES says how many (15); when one fails, its steps are run
 * again, fewer and fewer, and the shortest beginning that still fails is printed. */
#include "api_fixture.h"

#include <time.h>

#include "util/clock.h"

enum { texts_max = 64, steps_max = 40, queue_limit = 12, keys_max = 4 };

typedef enum text_state {
    TEXT_WAITING,
    TEXT_REPEATED, /* its key was used before: it waits until a worker finds that out, and is nothing then */
    TEXT_STORED,
    TEXT_CANCELLED,
    TEXT_GONE
} text_state;

typedef struct text {
    text_state state;
    char task[64];
    int key;         /* -1: none. One key, one text: which of two tasks comes first is up to their priorities */
    bool is_retried; /* waits in the store, not in the journal */
} text;

typedef struct model {
    text texts[texts_max];
    size_t count;
    bool is_key_used[keys_max];
    size_t in_journal; /* records that no worker has taken yet, whatever became of their tasks */
    uint64_t random;
    int operations[steps_max]; /* what was done, for the report */
    char complaint[300];
} model;

static uint64_t draw(model *m, uint64_t below) { /* xorshift64 */
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random % below;
}

__attribute__((format(printf, 2, 3))) static void complain(model *m, const char *format, ...) {
    va_list arguments;
    if (m->complaint[0] != '\0') return;
    va_start(arguments, format);
    vsnprintf(m->complaint, sizeof m->complaint, format, arguments);
    va_end(arguments);
}

static size_t count_state(const model *m, text_state state) {
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++) count += m->texts[i].state == state;
    return count;
}

static size_t count_retried(const model *m) {
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++) count += m->texts[i].state == TEXT_WAITING && m->texts[i].is_retried;
    return count;
}

/* The n-th text in this state, or NULL. */
static text *pick(model *m, text_state state) {
    size_t count = count_state(m, state);
    if (count == 0) return NULL;
    size_t n = draw(m, count);
    for (size_t i = 0; i < m->count; i++)
        if (m->texts[i].state == state && n-- == 0) return &m->texts[i];
    return NULL;
}

static void write_text(const model *m, const text *t, char *ret_text, size_t size) {
    size_t number = t->key >= 0 ? (size_t)(texts_max + t->key) : (size_t)(t - m->texts);
    snprintf(ret_text, size, "Warehouse item%04zu stands near gate%04zu.", number * 37 + 11, number * 101 + 7);
}

/* ---- Operations ---- */

static void append(api_fixture *f, model *m, bool has_key) {
    if (m->count == texts_max) return;
    text *t = &m->texts[m->count];
    char content[80], key[16];
    size_t key_number = draw(m, keys_max);
    snprintf(key, sizeof key, "key %zu", key_number);
    t->key = has_key ? (int)key_number : -1;
    write_text(m, t, content, sizeof content);
    km_learn_item item = {.content = content, .verbatim = true, .key = has_key ? key : NULL};
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    options.priority = (int)draw(m, 10);
    options.wait_ms = 0;
    size_t waiting = count_state(m, TEXT_WAITING);
    km_status status = km_learn(f->project, &item, 1, &options, &result, &f->error);
    /* A cancelled or repeated text keeps its place in the journal until a worker comes. */
    bool may_be_refused = waiting + m->in_journal >= queue_limit;
    if (status == KM_E_BUSY && may_be_refused) return;
    /* A retried task counts against the limit once a worker has told so, and here a worker leaves nothing that waits. */
    if (status != KM_OK || waiting - count_retried(m) >= queue_limit) {
        complain(m, "append with %zu waiting: %d %s", waiting, status, f->error.message);
    } else {
        snprintf(t->task, sizeof t->task, "%s", result->task_ids[0]);
        t->state = has_key && m->is_key_used[key_number] ? TEXT_REPEATED : TEXT_WAITING;
        if (has_key) m->is_key_used[key_number] = true;
        m->in_journal++;
        m->count++;
    }
    km_learn_result_free(result);
}

static void work(api_fixture *f, model *m) {
    if (km_worker_run(f->project, NULL, &f->error) != KM_OK) complain(m, "worker: %s", f->error.message);
    for (size_t i = 0; i < m->count; i++) {
        if (m->texts[i].state == TEXT_WAITING) m->texts[i].state = TEXT_STORED;
        if (m->texts[i].state == TEXT_REPEATED) m->texts[i].state = TEXT_GONE;
    }
    m->in_journal = 0;
}

static void cancel(api_fixture *f, model *m) {
    text *t = pick(m, TEXT_WAITING);
    if (t == NULL || t->key >= 0) return;
    if (km_task_cancel(f->project, t->task, &f->error) != KM_OK)
        complain(m, "cancel: %s", f->error.message);
    else
        t->state = TEXT_CANCELLED;
}

static void retry(api_fixture *f, model *m) {
    text *t = pick(m, TEXT_CANCELLED);
    size_t count = 0;
    if (t == NULL) return;
    km_status status = km_task_retry(f->project, t->task, &count, &f->error);
    if (status == KM_OK && count == 1) {
        t->state = TEXT_WAITING;
        t->is_retried = true;
    } else if (status != KM_E_NOT_FOUND) { /* purged */
        complain(m, "retry: %d %s", status, f->error.message);
    }
}

static void purge(api_fixture *f, model *m) {
    size_t count = 0;
    if (km_task_purge(f->project, &count, &f->error) != KM_OK) complain(m, "purge: %s", f->error.message);
    for (size_t i = 0; i < m->count; i++)
        if (m->texts[i].state == TEXT_CANCELLED) m->texts[i].state = TEXT_GONE;
}

static void crash(api_fixture *f) {
    km_project_free(f->project);
    f->project = api_open(f);
}

static void jump(model *m) {
    static const int64_t HOURS[] = {-48, -1, 0, 1, 24 * 400};
    kmi_clock_set_offset_us(HOURS[draw(m, 5)] * INT64_C(3600000000));
}

/* ---- Looking ---- */

static void look(api_fixture *f, model *m) {
    km_stats *stats = NULL;
    km_recall_query query = {.limit = 1000};
    km_memory_list *list = NULL;
    if (km_stats_get(f->project, &stats, &f->error) != KM_OK ||
        km_recent(f->project, &query, &list, &f->error) != KM_OK) {
        complain(m, "cannot look: %s", f->error.message);
    } else {
        size_t stored = count_state(m, TEXT_STORED);
        for (size_t i = 0; i < m->count && m->complaint[0] == '\0'; i++) {
            char content[80];
            size_t found = 0;
            write_text(m, &m->texts[i], content, sizeof content);
            for (size_t k = 0; k < list->count; k++) found += strcmp(list->items[k].content, content) == 0;
            bool is_repeated =
                m->texts[i].key >= 0 && m->texts[i].state != TEXT_STORED; /* of which another may be stored */
            if (!is_repeated && found != (m->texts[i].state == TEXT_STORED))
                complain(m, "text %zu, state %d, is there %zu times", i, m->texts[i].state, found);
        }
        if (list->count != stored) complain(m, "%zu memories, the model has %zu", list->count, stored);
        if (stats->memories != stored) complain(m, "the counter says %ju memories", (uintmax_t)stats->memories);
        if (stats->failed_tasks != 0) complain(m, "%ju failed tasks", (uintmax_t)stats->failed_tasks);
    }
    km_stats_free(stats);
    km_memory_list_free(list);
}

static void step(api_fixture *f, model *m, int number) {
    m->operations[number] = (int)draw(m, 12);
    switch (m->operations[number]) {
    case 0:
    case 1:
    case 2:
    case 3:
        append(f, m, false);
        break;
    case 4:
        append(f, m, true);
        break;
    case 5:
    case 6:
        work(f, m);
        look(f, m);
        break;
    case 7:
        cancel(f, m);
        break;
    case 8:
        retry(f, m);
        break;
    case 9:
        purge(f, m);
        break;
    case 10:
        crash(f);
        break;
    default:
        jump(m);
        break;
    }
}

/* ---- Sequences ---- */

static void set_up(void **state) {
    assert_int_equal(api_setup(state), 0);
    api_fixture *f = *state;
    expect_ok(km_project_init(f->project, false, NULL, &f->error));
    expect_ok(km_config_set(f->project, "async.worker_idle_seconds", "0", &f->error));
    expect_ok(km_config_set(f->project, "async.durability", "process", &f->error));
    expect_ok(km_config_set(f->project, "async.max_queue_size", "12", &f->error));
}

/* Runs the first `steps` steps of a sequence; `looks_always` looks after each of them. Returns: steps until the complaint. */
static int run_sequence(model *m, uint64_t seed, int steps, bool looks_always) {
    void *state = NULL;
    int done = 0;
    set_up(&state);
    api_fixture *f = state;
    memset(m, 0, sizeof *m);
    m->random = seed * 2654435761u + 88172645463325252u;
    for (; done < steps && m->complaint[0] == '\0'; done++) {
        step(f, m, done);
        if (looks_always) look(f, m);
    }
    if (m->complaint[0] == '\0') {
        work(f, m);
        look(f, m);
    }
    kmi_clock_set_offset_us(0);
    api_teardown(&state);
    return done;
}

static void report(uint64_t seed, int steps) {
    static const char *const NAMES[] = {"append", "append", "append", "append", "append-key", "work",
                                        "work",   "cancel", "retry",  "purge",  "crash",      "jump"};
    model m;
    while (steps > 1) { /* a shorter beginning that fails as well */
        run_sequence(&m, seed, steps - 1, true);
        if (m.complaint[0] == '\0') break;
        steps--;
    }
    run_sequence(&m, seed, steps, true);
    print_error("KM_TEST_SEED=%ju KM_TEST_SEQUENCES=1: %s; steps:", (uintmax_t)seed, m.complaint);
    for (int i = 0; i < steps; i++) print_error(" %s", NAMES[m.operations[i]]);
    print_error("\n");
}

static void project_agrees_with_the_model(void **state) {
    (void)state;
    const char *given = getenv("KM_TEST_SEED");
    const char *count_text = getenv("KM_TEST_SEQUENCES");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 1000;
    long sequences = count_text != NULL ? strtol(count_text, NULL, 10) : 15;
    model m;
    print_message("# seed %ju, %ld sequences\n", (uintmax_t)seed, sequences);
    for (long i = 0; i < sequences; i++) {
        int done = run_sequence(&m, seed + (uint64_t)i, steps_max, false);
        if (m.complaint[0] == '\0') continue;
        report(seed + (uint64_t)i, done);
        fail();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(project_agrees_with_the_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
