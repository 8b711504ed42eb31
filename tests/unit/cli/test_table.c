/* The table printer: widths in terminal cells, cutting, and nothing cut elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "cli/table.h"

static const kmi_table_column columns[] = {
    {.title = "ID"}, {.title = "TEXT", .is_flexible = true}, {.title = "N", .is_right = true}};

static kmi_buf print(const kmi_table *table, kmi_terminal terminal) {
    kmi_buf buf;
    kmi_buf_init(&buf, 1 << 16);
    assert_int_equal(kmi_table_print(table, &terminal, &buf), KM_OK);
    return buf;
}

static void columns_are_aligned_without_a_terminal(void **state) {
    (void)state;
    kmi_table table;
    kmi_table_init(&table, columns, 3);
    kmi_table_add(&table, (const char *const[]){"a", "short", "1"});
    kmi_table_add(&table, (const char *const[]){"bcd", "a longer text", "200"});
    kmi_table_add(&table, (const char *const[]){"e", NULL, "3"});
    kmi_buf buf = print(&table, (kmi_terminal){.columns = 0});
    assert_string_equal(buf.ptr, "ID   TEXT             N\n"
                                 "a    short            1\n"
                                 "bcd  a longer text  200\n"
                                 "e                     3\n");
    kmi_buf_deinit(&buf);
    kmi_table_deinit(&table);
}

static void a_terminal_cuts_the_flexible_column(void **state) {
    (void)state;
    kmi_table table;
    kmi_table_init(&table, columns, 3);
    kmi_table_add(&table, (const char *const[]){"a", "日本語のテキストは幅が広い", "1"});
    kmi_table_add(&table, (const char *const[]){"b", "plain letters that are far too many", "2"});
    kmi_buf buf = print(&table, (kmi_terminal){.is_terminal = true, .columns = 30});
    kmi_slice rest = kmi_buf_slice(&buf);
    for (int line = 0; line < 3; line++) {
        size_t end = kmi_slice_find(rest, KMI_SLICE_LITERAL("\n"), 0);
        assert_true(kmi_text_width(kmi_slice_sub(rest, 0, end)) <= 30);
        rest = kmi_slice_sub(rest, end + 1, rest.len);
    }
    assert_int_not_equal(kmi_slice_find(kmi_buf_slice(&buf), KMI_SLICE_LITERAL("…"), 0), SIZE_MAX);
    kmi_buf_deinit(&buf);
    kmi_table_deinit(&table);
}

static void cells_stay_on_one_line(void **state) {
    (void)state;
    kmi_table table;
    kmi_table_init(&table, columns, 3);
    kmi_table_add(&table, (const char *const[]){"a", "x\ny\tz\033[31m\xC2\x9B!", "1"});
    kmi_buf buf = print(&table, (kmi_terminal){.columns = 0});
    assert_string_equal(buf.ptr, "ID  TEXT           N\na   x y z [31m  !  1\n");
    kmi_buf_deinit(&buf);
    kmi_table_deinit(&table);
}

static void a_narrow_terminal_leaves_optional_columns_out(void **state) {
    (void)state;
    static const kmi_table_column four[] = {{.title = "ID"},
                                            {.title = "COUNT", .is_right = true, .is_optional = true},
                                            {.title = "SIZE", .is_optional = true},
                                            {.title = "ERROR", .is_flexible = true}};
    static const struct {
        size_t columns;
        const char *expected;
    } cases[] = {{0, "ID    COUNT  SIZE  ERROR\nabcd      1  2     it failed because of this\n"},
                 {29, "ID    COUNT  SIZE  ERROR\nabcd      1  2     it failed…\n"},
                 {28, "ID    COUNT  ERROR\nabcd      1  it failed beca…\n"},
                 {16, "ID    ERROR\nabcd  it failed…\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kmi_table table;
        kmi_table_init(&table, four, 4);
        kmi_table_add(&table, (const char *const[]){"abcd", "1", "2", "it failed because of this"});
        kmi_buf buf = print(&table, (kmi_terminal){.is_terminal = true, .columns = cases[i].columns});
        assert_string_equal(buf.ptr, cases[i].expected);
        kmi_buf_deinit(&buf);
        kmi_table_deinit(&table);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned_without_a_terminal),
        cmocka_unit_test(a_terminal_cuts_the_flexible_column),
        cmocka_unit_test(cells_stay_on_one_line),
        cmocka_unit_test(a_narrow_terminal_leaves_optional_columns_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
