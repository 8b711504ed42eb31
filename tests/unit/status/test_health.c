/* Every rule at its threshold: quiet below it, a finding with all its parts above. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "status/health.h"

#define NOW_US INT64_C(1767225600000000)
#define SECOND_US INT64_C(1000000)
#define MIB ((uint64_t)1024 * 1024)

typedef struct health_fixture {
    kmi_arena *arena;
    kmi_config config;
    kmi_health_facts facts;
    kmi_findings findings;
} health_fixture;

static int setup(void **state) {
    health_fixture *f = calloc(1, sizeof *f);
    if (f == NULL || (f->arena = kmi_arena_new(MIB)) == NULL) return -1;
    kmi_config_init(&f->config);
    f->facts = (kmi_health_facts){.now_us = NOW_US,
                                  .memory_dir = "/p/kuzu-memories",
                                  .project_name = "p",
                                  .config = &f->config,
                                  .waiting_limit = 100,
                                  .has_store = true,
                                  .page_bytes = 4096,
                                  .page_count = 100,
                                  .database_bytes = 409600,
                                  .is_disk_known = true,
                                  .disk_free_bytes = 1000 * MIB,
                                  .disk_free_files = 1000};
    f->findings.arena = f->arena;
    *state = f;
    return 0;
}

static int teardown(void **state) {
    health_fixture *f = *state;
    kmi_arena_free(f->arena);
    free(f);
    return 0;
}

static void judge(health_fixture *f) {
    km_error error;
    f->findings = (kmi_findings){.arena = f->arena};
    assert_int_equal(kmi_health_judge(&f->facts, &f->findings, &error), KM_OK);
    for (size_t i = 0; i < f->findings.count; i++) {
        const km_finding *finding = &f->findings.items[i];
        assert_non_null(finding->code);
        assert_true(strlen(finding->what) > 0 && strlen(finding->why) > 0 && strlen(finding->remedy) > 0);
        assert_null(finding->repair);
        assert_null(strchr(finding->what, '\n'));
    }
}

static const km_finding *find(health_fixture *f, const char *code) {
    judge(f);
    return kmi_findings_find(&f->findings, code);
}

#define expect_finding(code_, level_) \
    do { \
        const km_finding *finding_ = find(f, code_); \
        if (finding_ == NULL) print_error("no %s\n", code_); \
        assert_non_null(finding_); \
        assert_int_equal(finding_->level, level_); \
    } while (0)
#define expect_none(code_) assert_null(find(f, code_))

static void healthy_facts_have_no_findings(void **state) {
    health_fixture *f = *state;
    judge(f);
    assert_int_equal(f->findings.count, 0);
    assert_int_equal(kmi_findings_worst(&f->findings), KM_HEALTH_OK);
}

static void the_store_and_its_sizes(void **state) {
    health_fixture *f = *state;
    f->facts.store_status = KM_E_STORE;
    f->facts.store_problem = "it is damaged";
    expect_finding("store.unusable", KM_HEALTH_BROKEN);
    f->facts.store_status = KM_E_IO;
    expect_finding("store.unreadable", KM_HEALTH_BROKEN);
    assert_non_null(strstr(f->findings.items[0].remedy, "cp -a"));
    f->facts.is_read_only = true; /* then it is not the disk that fails */
    expect_finding("store.unreadable", KM_HEALTH_BROKEN);
    assert_non_null(strstr(f->findings.items[0].remedy, "remount"));
    f->facts.is_read_only = false;
    f->facts.disk_free_bytes = 0;
    expect_finding("store.unreadable", KM_HEALTH_BROKEN);
    assert_non_null(strstr(f->findings.items[0].remedy, "du -x"));
    f->facts.disk_free_bytes = 1000 * MIB;
    f->facts.store_status = KM_E_BUSY;
    expect_finding("store.busy", KM_HEALTH_DEGRADED);
    f->facts.store_holder = 1234;
    f->facts.store_holder_name = "python3";
    expect_finding("store.busy", KM_HEALTH_DEGRADED);
    assert_string_equal(f->findings.items[0].what, "process 1234 (python3) keeps memories.db locked");
    assert_string_equal(f->findings.items[0].remedy, "kill 1234");
    f->facts.store_status = KM_OK;
    f->facts.log_bytes = 64 * MIB;
    expect_none("store.log_long");
    f->facts.log_bytes++;
    expect_finding("store.log_long", KM_HEALTH_DEGRADED);
    f->facts.page_count = 40000;
    f->facts.free_pages = 20000;
    expect_none("store.free_space");
    f->facts.free_pages++;
    expect_finding("store.free_space", KM_HEALTH_OK);
}

static void the_disk(void **state) {
    health_fixture *f = *state;
    f->facts.disk_free_bytes = 64 * MIB;
    expect_none("disk.low");
    f->facts.disk_free_bytes--;
    expect_finding("disk.low", KM_HEALTH_DEGRADED);
    f->facts.disk_free_bytes = MIB - 1;
    expect_none("disk.low");
    expect_finding("disk.full", KM_HEALTH_BROKEN);
    f->facts.is_read_only = true;
    expect_none("disk.full");
    expect_finding("files.read_only", KM_HEALTH_BROKEN);
    f->facts.is_read_only = false;
    f->facts.disk_free_bytes = 1000 * MIB;
    f->facts.disk_free_files = 7;
    expect_finding("disk.full", KM_HEALTH_BROKEN);
    f->facts.is_unwritable = true;
    expect_finding("files.not_writable", KM_HEALTH_BROKEN);
}

static void file_systems(void **state) {
    health_fixture *f = *state;
    f->facts.weak_fs = "NFS";
    expect_finding("files.weak_file_system", KM_HEALTH_DEGRADED);
    f->facts.lock_problem = "cannot lock byte 16";
    expect_finding("files.no_locks", KM_HEALTH_BROKEN);
    expect_none("files.weak_file_system");
}

static void the_worker(void **state) {
    health_fixture *f = *state;
    f->facts.worker.state = KM_WORKER_STALLED;
    expect_finding("worker.stalled", KM_HEALTH_DEGRADED);
    f->facts.worker.state = KM_WORKER_PAUSED;
    f->facts.paused_since_us = NOW_US - 1;
    expect_finding("worker.paused", KM_HEALTH_DEGRADED);
    assert_true(kmi_findings_find(&f->findings, "worker.paused")->since_us == NOW_US - 1);
    f->facts.is_read_only = true; /* what holds it up is what must be mended */
    judge(f);
    assert_string_equal(kmi_findings_find(&f->findings, "worker.paused")->remedy,
                        kmi_findings_find(&f->findings, "files.read_only")->remedy);
    f->facts.is_read_only = false;
    f->facts.worker.state = KM_WORKER_STOPPED;
    f->facts.waiting = 1;
    f->facts.oldest_waiting_at_us = NOW_US - 2 * SECOND_US + 1;
    expect_none("worker.missing");
    f->facts.oldest_waiting_at_us--;
    expect_finding("worker.missing", KM_HEALTH_DEGRADED);
    f->facts.is_starting = true;
    expect_none("worker.missing");
    f->facts.worker.state = KM_WORKER_IDLE;
    f->facts.worker_version = kmi_health_version();
    expect_none("worker.version");
    f->facts.worker_version++;
    expect_finding("worker.version", KM_HEALTH_DEGRADED);
    f->facts.worker.state = KM_WORKER_STOPPED;
    expect_none("worker.version");
}

static void crashes_in_a_row(void **state) {
    health_fixture *f = *state;
    f->facts.crashes_in_row = 2;
    f->facts.last_crash_at_us = NOW_US - SECOND_US;
    expect_none("worker.crash_loop");
    f->facts.crashes_in_row = 3;
    expect_finding("worker.crash_loop", KM_HEALTH_DEGRADED);
    f->facts.worker = (km_worker_info){.state = KM_WORKER_RUNNING, .started_at_us = NOW_US - 30 * SECOND_US};
    expect_finding("worker.crash_loop", KM_HEALTH_DEGRADED);
    f->facts.worker.started_at_us = NOW_US - 61 * SECOND_US; /* it has settled */
    expect_none("worker.crash_loop");
    f->facts.worker.state = KM_WORKER_STOPPED;
    f->facts.last_crash_at_us = NOW_US - 3601 * SECOND_US;
    expect_none("worker.crash_loop");
}

static void the_clock(void **state) {
    health_fixture *f = *state;
    f->facts.worker.heartbeat_at_us = NOW_US + 5 * SECOND_US;
    expect_none("clock.jumped");
    f->facts.worker.heartbeat_at_us++;
    expect_finding("clock.jumped", KM_HEALTH_DEGRADED);
    assert_non_null(strstr(kmi_findings_find(&f->findings, "clock.jumped")->what, "back"));
    f->facts.worker = (km_worker_info){.state = KM_WORKER_IDLE, .heartbeat_at_us = NOW_US};
    f->facts.clock_jump_at_us = NOW_US - SECOND_US;
    f->facts.clock_jump_by_us = 7200 * SECOND_US;
    expect_finding("clock.jumped", KM_HEALTH_DEGRADED);
    assert_non_null(strstr(kmi_findings_find(&f->findings, "clock.jumped")->what, "forward by 2h"));
    f->facts.worker.state = KM_WORKER_STOPPED; /* whose clock it was is gone */
    expect_none("clock.jumped");
}

static void the_queue(void **state) {
    health_fixture *f = *state;
    f->facts.is_starting = true;
    f->facts.waiting = 79;
    expect_none("queue.filling");
    f->facts.waiting = 80;
    expect_finding("queue.filling", KM_HEALTH_DEGRADED);
    f->facts.waiting = 100;
    expect_none("queue.filling");
    expect_finding("queue.full", KM_HEALTH_BROKEN);
    f->facts.oldest_waiting_at_us = NOW_US - 60 * SECOND_US + 1;
    expect_none("queue.waiting");
    f->facts.oldest_waiting_at_us--;
    expect_finding("queue.waiting", KM_HEALTH_DEGRADED);
    f->facts.queue_problem = "cannot list it";
    expect_finding("queue.unreadable", KM_HEALTH_BROKEN);
    f->facts.quarantine = (kmi_file_faults){.count = 1, .bytes = 100, .since_us = 5, .name = "queue/quarantine/x"};
    expect_finding("queue.quarantined", KM_HEALTH_DEGRADED);
}

static void failures(void **state) {
    health_fixture *f = *state;
    f->facts.failed_tasks = 1;
    f->facts.completed_tasks = 99;
    f->facts.last_error = "extraction stopped at its deadline";
    expect_finding("tasks.failed", KM_HEALTH_DEGRADED);
    assert_non_null(strstr(f->findings.items[0].what, "deadline"));
    f->facts.completed_tasks = 9;
    expect_finding("tasks.failing", KM_HEALTH_DEGRADED);
    expect_none("tasks.failed");
}

static void configuration_and_files(void **state) {
    health_fixture *f = *state;
    f->facts.config_warning = "unknown key";
    f->facts.config_warning_count = 2;
    expect_finding("config.warning", KM_HEALTH_DEGRADED);
    f->facts.config_problem = "not JSON";
    expect_finding("config.invalid", KM_HEALTH_BROKEN);
    expect_none("config.warning");
    const kmi_file_faults faults = {.count = 3, .bytes = 2 * MIB, .since_us = 5, .name = "queue/lock"};
    f->facts.open_files = f->facts.foreign = f->facts.odd = f->facts.leftover = f->facts.aside = faults;
    f->facts.redactions = 1;
    expect_finding("files.open", KM_HEALTH_DEGRADED);
    expect_finding("files.foreign", KM_HEALTH_DEGRADED);
    expect_finding("files.odd", KM_HEALTH_BROKEN);
    expect_finding("files.leftover", KM_HEALTH_OK);
    expect_finding("files.set_aside", KM_HEALTH_OK);
    expect_finding("secrets.redacted", KM_HEALTH_OK);
    assert_non_null(strstr(kmi_findings_find(&f->findings, "files.open")->what, "\"queue/lock\" and 2 more"));
}

static void the_worst_comes_first_and_mended_ones_do_not_count(void **state) {
    health_fixture *f = *state;
    f->facts.redactions = 1;
    f->facts.failed_tasks = 1;
    f->facts.config_problem = "not JSON";
    judge(f);
    assert_int_equal(f->findings.count, 3);
    assert_string_equal(f->findings.items[0].code, "config.invalid");
    assert_string_equal(f->findings.items[2].code, "secrets.redacted");
    assert_int_equal(kmi_findings_worst(&f->findings), KM_HEALTH_BROKEN);
    f->findings.items[0].is_fixed = true;
    assert_int_equal(kmi_findings_worst(&f->findings), KM_HEALTH_DEGRADED);
}

static void running_out_of_memory_is_an_error(void **state) {
    health_fixture *f = *state;
    km_error error = {0};
    kmi_arena *small = kmi_arena_new(64);
    f->facts.redactions = 1;
    f->findings = (kmi_findings){.arena = small};
    assert_int_equal(kmi_health_judge(&f->facts, &f->findings, &error), KM_E_NOMEM);
    kmi_arena_free(small);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(healthy_facts_have_no_findings),
        TEST(the_store_and_its_sizes),
        TEST(the_disk),
        TEST(file_systems),
        TEST(the_worker),
        TEST(crashes_in_a_row),
        TEST(the_clock),
        TEST(the_queue),
        TEST(failures),
        TEST(configuration_and_files),
        TEST(the_worst_comes_first_and_mended_ones_do_not_count),
        TEST(running_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
