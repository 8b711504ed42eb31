/* state/hooks: what is remembered of many conversations, in a file that may be gone, foreign or damaged. */
#include "../util/temp_dir.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "assist/state.h"

static void make_id(unsigned number, unsigned char ret_id[KMI_HOOK_HASH_BYTES]) {
    kmi_slice part = {(const char *)&number, sizeof number};
    kmi_hook_hash(&part, 1, ret_id);
}

static void set_offset(const temp_dir *dir, unsigned number, uint64_t offset) {
    unsigned char id[KMI_HOOK_HASH_BYTES];
    kmi_hook_state state;
    make_id(number, id);
    kmi_hook_state_begin(dir->path, id, &state);
    state.slot.offset = offset;
    kmi_hook_state_end(&state);
}

static uint64_t get_offset(const temp_dir *dir, unsigned number) {
    unsigned char id[KMI_HOOK_HASH_BYTES];
    kmi_hook_state state;
    make_id(number, id);
    kmi_hook_state_begin(dir->path, id, &state);
    uint64_t offset = state.slot.offset;
    kmi_hook_state_end(&state);
    return offset;
}

static void conversations_keep_their_places(void **state) {
    temp_dir *dir = *state;
    for (unsigned i = 1; i <= 64; i++) set_offset(dir, i, i * 10);
    for (unsigned i = 1; i <= 64; i++) assert_int_equal(get_offset(dir, i), i * 10);
    set_offset(dir, 100, 7); /* the one unused for longest makes room */
    assert_int_equal(get_offset(dir, 100), 7);
    assert_int_equal(get_offset(dir, 64), 640);
}

static void a_file_that_is_not_ours_is_made_anew(void **state) {
    temp_dir *dir = *state;
    set_offset(dir, 1, 5);
    int fd = openat(dir->fd, "state/hooks", O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "something else", 14, 0), 14);
    close(fd);
    assert_int_equal(get_offset(dir, 1), 0);
    set_offset(dir, 1, 6);
    assert_int_equal(get_offset(dir, 1), 6);
    assert_int_equal(unlinkat(dir->fd, "state/hooks", 0), 0);
    assert_int_equal(get_offset(dir, 1), 0);
}

static void without_a_folder_nothing_is_kept_and_nothing_fails(void **state) {
    (void)state;
    unsigned char id[KMI_HOOK_HASH_BYTES];
    kmi_hook_state hook_state;
    make_id(1, id);
    kmi_hook_state_begin("/nonexistent/kuzu-memories", id, &hook_state);
    assert_int_equal(hook_state.fd, -1);
    assert_int_equal(hook_state.slot.offset, 0);
    kmi_hook_state_end(&hook_state);
}

static void parts_of_a_hash_have_borders(void **state) {
    (void)state;
    unsigned char a[KMI_HOOK_HASH_BYTES], b[KMI_HOOK_HASH_BYTES];
    kmi_slice one[] = {KMI_SLICE_LITERAL("ab"), KMI_SLICE_LITERAL("c")};
    kmi_slice two[] = {KMI_SLICE_LITERAL("a"), KMI_SLICE_LITERAL("bc")};
    kmi_hook_hash(one, 2, a);
    kmi_hook_hash(two, 2, b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(conversations_keep_their_places, temp_dir_setup, temp_dir_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_ours_is_made_anew, temp_dir_setup, temp_dir_teardown),
        cmocka_unit_test(without_a_folder_nothing_is_kept_and_nothing_fails),
        cmocka_unit_test(parts_of_a_hash_have_borders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
