/* transfer_fixture.h - exports as lists of lines, and imports with the counts they are to give. */
#ifndef KMI_TEST_TRANSFER_FIXTURE_H
#define KMI_TEST_TRANSFER_FIXTURE_H

#include "api_fixture.h"

/* ---- Test data ---- */

static char *history; /* tests/data/transfer/history.jsonl */

static inline char *read_data(const char *name) {
    char path[512];
    const char *data = getenv("KM_TEST_DATA");
    assert_non_null(data);
    snprintf(path, sizeof path, "%s/transfer/%s", data, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("no test data \"%s\"", path);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

static inline int load_history(void **state) {
    (void)state;
    history = read_data("history.jsonl");
    return 0;
}

static inline int unload_history(void **state) {
    (void)state;
    free(history);
    return 0;
}

/* ---- Exports as lists of lines ---- */

typedef struct lines {
    size_t count, capacity;
    char **items;
    size_t stop_after; /* 0: never */
} lines;

static inline bool keep_line(const char *json, size_t json_len, void *context) {
    lines *all = context;
    if (all->count == all->capacity) {
        all->capacity = all->capacity == 0 ? 64 : 2 * all->capacity;
        all->items = reallocarray(all->items, all->capacity, sizeof *all->items);
        assert_non_null(all->items);
    }
    assert_null(memchr(json, '\n', json_len));
    all->items[all->count] = strndup(json, json_len);
    assert_non_null(all->items[all->count]);
    all->count++;
    return all->stop_after == 0 || all->count < all->stop_after;
}

static inline void free_lines(lines *all) {
    for (size_t i = 0; i < all->count; i++) free(all->items[i]);
    free(all->items);
    *all = (lines){0};
}

static inline lines export_all(api_fixture *f, km_project *project) {
    lines all = {0};
    expect_ok(km_export(project, keep_line, &all, &f->error));
    assert_true(all.count >= 1);
    assert_non_null(strstr(all.items[0], "\"format\":\"kuzu-memory-export\""));
    return all;
}

/* The lines joined to one text. */
static inline char *join_lines(const lines *all, const char *before, const char *between, const char *behind) {
    size_t size = strlen(before) + strlen(behind) + 1;
    for (size_t i = 0; i < all->count; i++) size += strlen(all->items[i]) + strlen(between);
    char *text = malloc(size);
    assert_non_null(text);
    char *at = stpcpy(text, before);
    for (size_t i = 0; i < all->count; i++) {
        at = stpcpy(at, all->items[i]);
        if (i + 1 < all->count) at = stpcpy(at, between);
    }
    stpcpy(at, behind);
    return text;
}

/* Equal but for the header, which tells when. */
static inline void expect_equal_lines(const lines *a, const lines *b) {
    assert_int_equal(a->count, b->count);
    for (size_t i = 1; i < a->count; i++) assert_string_equal(a->items[i], b->items[i]);
}

static inline km_import_result import_text(api_fixture *f, km_project *project, const char *text, bool dry_run) {
    km_import_result result = {0};
    expect_ok(km_import(project, text, strlen(text), dry_run, &result, &f->error));
    return result;
}

static inline void expect_counts(km_import_result result, uint64_t imported, uint64_t duplicates, uint64_t rejected) {
    if (result.rejected != rejected)
        print_error("line %u: %s\n", (unsigned)result.first_bad_line, result.first_bad_reason);
    assert_int_equal(result.imported, imported);
    assert_int_equal(result.duplicates, duplicates);
    assert_int_equal(result.rejected, rejected);
}

/* A dry run and the run itself say the same. */
static inline void expect_import(api_fixture *f, const char *text, uint64_t imported, uint64_t duplicates,
                                 uint64_t rejected) {
    expect_counts(import_text(f, f->project, text, true), imported, duplicates, rejected);
    expect_counts(import_text(f, f->project, text, false), imported, duplicates, rejected);
}

/* An import into an empty project of its own below the fixture's. */
static inline km_project *open_second(api_fixture *f) {
    char path[128];
    snprintf(path, sizeof path, "%s/second", f->dir->path);
    assert_true(mkdir(path, 0700) == 0 || access(path, W_OK) == 0);
    km_options options = {.project_dir = path, .program = "/nonexistent/kuzu-memory"};
    km_project *project = NULL;
    expect_ok(km_project_open(&options, &project, &f->error));
    return project;
}

/* Number of memories; `superseded` counts those too. */
static inline size_t count_memories(api_fixture *f, km_project *project, bool superseded) {
    km_recall_query query = {.limit = 1000, .include_superseded = superseded};
    km_memory_list *list = NULL;
    expect_ok(km_recent(project, &query, &list, &f->error));
    size_t count = list->count;
    km_memory_list_free(list);
    return count;
}

#endif
