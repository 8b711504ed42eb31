/* A later number in the place of an earlier one, and what only looks like it. */
#include "../util/temp_dir.h"

#include "recall/outdated.h"

static bool is_outdated(const char *earlier, const char *later) {
    bool answer = false;
    assert_int_equal(kmi_is_outdated(kmi_slice_from(earlier), kmi_slice_from(later), &answer, NULL), KM_OK);
    return answer;
}

static void a_change_of_the_number(void **state) {
    (void)state;
    assert_true(is_outdated("The API server listens on port 8080", "We moved the API server to port 9090"));
    assert_true(is_outdated("The session timeout is 15 minutes", "We raised the session timeout to 30 minutes"));
    assert_true(is_outdated("The gateway runs Java 17", "The gateway runs Java 21 now"));
    assert_true(is_outdated("The budget of the kitchen is 900 euros", "The kitchen budget went up to 1,200 euros"));
    assert_true(is_outdated("POOL_LIMIT is 200", "We raised POOL_LIMIT to 450"));
}

static void another_value_now(void **state) {
    (void)state;
    assert_true(is_outdated("Bills go out on the last Friday", "Bills now go out on the 3rd, through the bank"));
    assert_true(is_outdated("The forecast is computed every Monday", "the forecast is now computed each night"));
    assert_true(is_outdated("El archivo está en Burgos", "El archivo ahora está en Cádiz"));
    assert_true(is_outdated("Сервер стоит в подвале", "Сервер теперь стоит на чердаке"));
    assert_true(is_outdated("图书馆的闭馆时间是九点", "图书馆的闭馆时间现在是十点"));
    assert_true(is_outdated("メールの上限は 20 MB", "メールの上限は今は 50 MB"));
    assert_true(is_outdated("Reports are made with Calc", "We took up Typst, reports are no longer made with Calc"));
    assert_false(is_outdated("Bills go out on the last Friday", "Bills now also go out on the 3rd"));
    assert_false(is_outdated("Bills go out on the last Friday", "Bills are now printed in colour"));
    assert_false(is_outdated("Bills go out on the last Friday", "Receipts now go out on the 3rd"));
    assert_false(is_outdated("We use Redis for sessions", "We now use Redis for the queue"));
    assert_false(is_outdated("The tests are slow", "The lift is no longer slow"));
    assert_false(is_outdated("Now it is late", "Now it is early"));
}

static void what_stands_side_by_side(void **state) {
    (void)state;
    /* no word of change */
    assert_false(is_outdated("Team Alpha has 5 people", "Team Alpha had 6 people in spring"));
    /* another thing */
    assert_false(is_outdated("The API server listens on port 8080", "We moved the mail relay to port 2525"));
    assert_false(is_outdated("POOL_LIMIT is 200", "We raised the timeout to 450"));
    /* the same number, or none */
    assert_false(is_outdated("The API server listens on port 8080", "The API server still listens on port 8080 now"));
    assert_false(is_outdated("The API server listens on a port", "We moved the API server to port 9090"));
    assert_false(is_outdated("Lena is the designer", "Lena moved to the web team"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_change_of_the_number), cmocka_unit_test(another_value_now),
                                       cmocka_unit_test(what_stands_side_by_side)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
