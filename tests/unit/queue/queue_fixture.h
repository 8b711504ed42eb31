/* queue_fixture.h - a queue in a fresh temporary directory, for the tests of this folder. */
#ifndef KMI_TEST_QUEUE_FIXTURE_H
#define KMI_TEST_QUEUE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/inspect.h"
#include "queue/journal.h"
#include "queue/scan.h"
#include "queue/segment.h"
#include "util/file.h"

typedef struct queue_fixture {
    char directory[64];
    int dir_fd;
    kmi_queue queue;
    km_error error;
} queue_fixture;

static inline int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static inline int fixture_setup(void **state) {
    queue_fixture *f = calloc(1, sizeof *f);
    snprintf(f->directory, sizeof f->directory, "/tmp/km-queue-XXXXXX");
    if (mkdtemp(f->directory) == NULL) return -1;
    f->dir_fd = open(f->directory, O_RDONLY | O_DIRECTORY);
    if (kmi_queue_open(&f->queue, f->dir_fd, f->directory, true, &f->error) != KM_OK) return -1;
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state) {
    queue_fixture *f = *state;
    kmi_queue_deinit(&f->queue);
    close(f->dir_fd);
    nftw(f->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

/* Appends one record with this text; priority 5 unless given. Returns the status. */
static inline km_status fixture_append(queue_fixture *f, const char *text, uint8_t priority, uint64_t limit,
                                       uint64_t *ret_depth) {
    kmi_record record = {.priority = priority, .created_at_us = 1000, .item_count = 1, .payload = kmi_slice_from(text)};
    assert_int_equal(kmi_uuid_make(&record.task_id, &f->error), KM_OK);
    kmi_append_request request = {.records = &record, .record_count = 1, .depth_limit = limit, .is_durable = true};
    bool is_full = false;
    uint64_t depth = 0;
    km_status status = kmi_journal_append(&f->queue, &request, &depth, &is_full, &f->error);
    assert_int_equal(is_full, status == KM_E_BUSY);
    if (ret_depth != NULL) *ret_depth = depth;
    return status;
}

/* Opens queue/NAME for reading and writing as raw bytes. */
static inline int fixture_open(const queue_fixture *f, const char *name) {
    int fd = openat(f->queue.dir_fd, name, O_RDWR);
    assert_true(fd >= 0);
    return fd;
}

#endif
