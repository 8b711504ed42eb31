/* The hash of a hook as Codex 0.169.0 told it (`codex app-server`, hooks/list). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "install/codex_trust.h"

static void check(const char *event, const char *command, long long timeout, const char *hash) {
    kmi_arena *arena = kmi_arena_new(65536);
    assert_non_null(arena);
    assert_string_equal(kmi_codex_hook_hash(event, command, timeout, arena), hash);
    kmi_arena_free(arena);
}

static void test_hashes(void **state) {
    (void)state;
    check("user_prompt_submit", "kuzu-memory hook UserPromptSubmit --client codex", 5,
          "sha256:431120bc6f4dd24a26f184445d7f226e4a740358c75427442a596ab1eafbace6");
    check("stop", "kuzu-memory hook Stop --client codex", 600,
          "sha256:f7f67c9711fbb72edec7be7b007522eb34c7ea8cd3e6fdc0dd06026533e1f2b2");
    check("session_end", "kuzu-memory hook SessionEnd --client codex", 5,
          "sha256:68f70992e27012c07ae9672820cad57bf9b380be439cbf442ab9dad1202b734c");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hashes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
