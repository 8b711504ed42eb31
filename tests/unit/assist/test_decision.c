/* Decision records: which files are some, and what is said of them. */
#include "../util/temp_dir.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assist/decision.h"

static const char *take(const temp_dir *dir, const char *path) {
    static char note[KMI_DECISION_BYTES];
    char full[512];
    snprintf(full, sizeof full, "%s/%s", dir->path, path);
    return kmi_decision_take(dir->path, kmi_slice_from(full), note, sizeof note) ? note : "";
}

static int setup(void **state) {
    static const char *const folders[] = {"docs", "docs/decisions", "docs/adr", "doc", "doc/adr", "adr", "src"};
    if (temp_dir_setup(state) != 0) return -1;
    const temp_dir *dir = *state;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (mkdirat(dir->fd, folders[i], 0700) != 0) return -1;
    return 0;
}

static void a_record_is_named_with_its_title(void **state) {
    const temp_dir *dir = *state;
    temp_dir_write(dir, "docs/decisions/0007-use-sqlite.md", "\n# 0007: Use SQLite \r\n\nBecause.\n# Another\n");
    assert_string_equal(take(dir, "docs/decisions/0007-use-sqlite.md"),
                        "Decision recorded in docs/decisions/0007-use-sqlite.md: Use SQLite");
    temp_dir_write(dir, "docs/adr/a.md", "---\n# a comment\nstatus: accepted\n---\n# ADR-0012: Split the gateway");
    assert_string_equal(take(dir, "docs/adr/a.md"), "Decision recorded in docs/adr/a.md: Split the gateway");
    temp_dir_write(dir, "doc/adr/0001.md", "# 1. Record decisions\n");
    assert_string_equal(take(dir, "doc/adr/0001.md"), "Decision recorded in doc/adr/0001.md: Record decisions");
    temp_dir_write(dir, "adr/x.md", "# 64 shards are enough\n");
    assert_string_equal(take(dir, "adr/x.md"), "Decision recorded in adr/x.md: 64 shards are enough");
}

static void other_files_are_none(void **state) {
    static const char *const paths[] = {
        "docs/notes.md",          "docs/decisions/README.md",    "docs/decisions/.hidden.md",
        "docs/decisions/a.txt",   "docs/decisions/../notes.md",  "docs/decisions/",
        "docs/decisions/no.md",   "docs/decisions/link.md",      "docs/decisions/absent.md",
        "docs/decisions/zero.md", "src/../docs/decisions/ok.md", "",
    };
    const temp_dir *dir = *state;
    char note[KMI_DECISION_BYTES], long_title[1024] = "# ";
    memset(long_title + 2, 'a', sizeof long_title - 3);
    for (size_t i = 0; i < 5; i++)
        if (paths[i][strlen(paths[i]) - 1] != '/') temp_dir_write(dir, paths[i], "# Title\n");
    temp_dir_write(dir, "docs/decisions/ok.md", "# Title\n");
    temp_dir_write(dir, "docs/decisions/no.md", "Text without a heading\n## Second\n");
    temp_dir_write(dir, "docs/decisions/zero.md", "");
    temp_dir_write(dir, "docs/decisions/long.md", long_title);
    assert_int_equal(symlinkat("ok.md", dir->fd, "docs/decisions/link.md"), 0);
    assert_int_equal(symlinkat("docs/decisions", dir->fd, "decisions"), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) assert_string_equal(take(dir, paths[i]), "");
    assert_string_equal(take(dir, "docs/decisions/long.md"), "");
    assert_string_equal(take(dir, "decisions/ok.md"), ""); /* through a link */
    assert_string_not_equal(take(dir, "docs/decisions/ok.md"), "");
    assert_false(kmi_decision_take(dir->path, KMI_SLICE_LITERAL("docs/decisions/ok.md"), note, sizeof note));
    assert_false(kmi_decision_take("/nonexistent", KMI_SLICE_LITERAL("/nonexistent/adr/a.md"), note, sizeof note));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_is_named_with_its_title, setup, temp_dir_teardown),
        cmocka_unit_test_setup_teardown(other_files_are_none, setup, temp_dir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
