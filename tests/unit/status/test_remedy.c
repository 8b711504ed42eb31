/* Remedies as they are pasted: quoting, sudo, and which command for which facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "status/remedy.h"

typedef struct remedy_fixture {
    kmi_arena *arena;
    kmi_config config;
    kmi_health_facts facts;
} remedy_fixture;

static int setup(void **state) {
    remedy_fixture *f = calloc(1, sizeof *f);
    if (f == NULL || (f->arena = kmi_arena_new((size_t)1 << 20)) == NULL) return -1;
    kmi_config_init(&f->config);
    f->facts = (kmi_health_facts){.memory_dir = "/my work/it's $HOME/kuzu-memories",
                                  .project_name = "it's $HOME",
                                  .config = &f->config,
                                  .user = 1000,
                                  .owner = 1000,
                                  .disk_free_files = 1000};
    *state = f;
    return 0;
}

static int teardown(void **state) {
    remedy_fixture *f = *state;
    kmi_arena_free(f->arena);
    free(f);
    return 0;
}

static void words_are_quoted_where_they_must_be(void **state) {
    remedy_fixture *f = *state;
    static const char *const cases[][2] = {{"/plain/path-1.0_x", "/plain/path-1.0_x"},
                                           {"", "''"},
                                           {"-rf", "'-rf'"},
                                           {"a b", "'a b'"},
                                           {"$(touch x)", "'$(touch x)'"},
                                           {"`x`\"y\"", "'`x`\"y\"'"},
                                           {"it's", "'it'\\''s'"},
                                           {"\303\274ber", "'\303\274ber'"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(kmi_remedy_word(f->arena, cases[i][0]), cases[i][1]);
    assert_null(kmi_remedy_word(f->arena, NULL));
}

static void mounts_are_made_writable_where_they_are_not(void **state) {
    remedy_fixture *f = *state;
    f->facts.mount_point = "/mnt";
    assert_string_equal(kmi_remedy_remount(&f->facts, f->arena), "sudo mount -o remount,rw /mnt");
    f->facts.is_mount_only = true;
    assert_string_equal(kmi_remedy_remount(&f->facts, f->arena), "sudo mount -o remount,bind,rw /mnt");
    f->facts.user = 0;
    assert_string_equal(kmi_remedy_remount(&f->facts, f->arena), "mount -o remount,bind,rw /mnt");
}

static void modes_and_owners(void **state) {
    remedy_fixture *f = *state;
    f->facts.memory_dir = "/p/kuzu-memories";
    assert_string_equal(kmi_remedy_permit(&f->facts, f->arena), "chmod -R u+rwX /p/kuzu-memories");
    f->facts.owner = 7;
    assert_string_equal(kmi_remedy_permit(&f->facts, f->arena), "sudo chown -R 1000 /p/kuzu-memories");
    assert_string_equal(kmi_remedy_give_back(&f->facts, f->arena), "sudo chown -R 7 /p/kuzu-memories");
}

static void room_is_looked_for_in_bytes_or_in_files(void **state) {
    remedy_fixture *f = *state;
    assert_string_equal(kmi_remedy_make_room(&f->facts, f->arena),
                        "du -xam '/my work/it'\\''s $HOME/kuzu-memories' | sort -n | tail -n 20");
    f->facts.mount_point = "/";
    f->facts.disk_free_files = 0;
    assert_string_equal(kmi_remedy_make_room(&f->facts, f->arena), "du -x --inodes / | sort -n | tail -n 20");
}

static void what_is_wrong_is_opened_ended_removed(void **state) {
    remedy_fixture *f = *state;
    assert_string_equal(kmi_remedy_edit(&f->facts, f->arena), "kuzu-memory config check");
    f->facts.config_file = "/c.json";
    assert_string_equal(kmi_remedy_edit(&f->facts, f->arena), "\"${EDITOR:-vi}\" /c.json");
    f->facts.memory_dir = "/p/kuzu-memories";
    assert_string_equal(kmi_remedy_remove(&f->facts, "aside", f->arena), "rm -r /p/kuzu-memories/aside");
    assert_string_equal(kmi_remedy_end_holder(&f->facts, f->arena), "fuser -v /p/kuzu-memories/memories.db");
    f->facts.store_holder = 12;
    assert_string_equal(kmi_remedy_end_holder(&f->facts, f->arena), "kill 12");
}

static void out_of_memory_is_no_half_command(void **state) {
    remedy_fixture *f = *state;
    kmi_arena *tiny = kmi_arena_new(1);
    assert_non_null(tiny);
    assert_null(kmi_remedy_move(&f->facts, tiny));
    assert_null(kmi_remedy_rescue(&f->facts, tiny));
    assert_null(kmi_remedy_remove(&f->facts, "aside", tiny));
    kmi_arena_free(tiny);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_are_quoted_where_they_must_be, setup, teardown),
        cmocka_unit_test_setup_teardown(mounts_are_made_writable_where_they_are_not, setup, teardown),
        cmocka_unit_test_setup_teardown(modes_and_owners, setup, teardown),
        cmocka_unit_test_setup_teardown(room_is_looked_for_in_bytes_or_in_files, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_opened_ended_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(out_of_memory_is_no_half_command, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
