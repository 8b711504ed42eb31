/* Running a user's program: its input, its surroundings, its end, and its time. */
#include "temp_dir.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "util/clock.h"
#include "util/command.h"

static kmi_command_result run(temp_dir *dir, const char *script, const char *input, int output_fd, int64_t timeout_ms) {
    const char *arguments[] = {"sh", "-c", script, NULL};
    kmi_command_result result = {0};
    assert_int_equal(kmi_command_run(arguments, kmi_slice_from(input), output_fd, timeout_ms, &result, &dir->error),
                     KM_OK);
    return result;
}

static int open_output(temp_dir *dir) {
    return openat(dir->fd, "output", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void input_arrives_and_output_goes_where_it_should(void **state) {
    temp_dir *dir = *state;
    int out = open_output(dir);
    kmi_command_result result = run(dir, "cat; echo said; echo wrong >&2; exit 7", "{\"x\":1}\n", out, 20000);
    close(out);
    assert_int_equal(result.exit_code, 7);
    assert_false(result.is_timed_out);
    assert_string_equal(temp_dir_read(dir, "output"), "{\"x\":1}\nsaid\nwrong\n");
}

static void arguments_are_not_read_by_a_shell(void **state) {
    temp_dir *dir = *state;
    int out = open_output(dir);
    const char *arguments[] = {"echo", "$HOME; `id` | *", NULL};
    kmi_command_result result = {0};
    assert_int_equal(kmi_command_run(arguments, kmi_slice_from(""), out, 20000, &result, &dir->error), KM_OK);
    close(out);
    assert_string_equal(temp_dir_read(dir, "output"), "$HOME; `id` | *\n");
}

static void program_stands_in_the_root_and_gets_no_descriptors(void **state) {
    temp_dir *dir = *state;
    int out = open_output(dir);
    int leaking = open("/dev/null", O_RDONLY); /* not close-on-exec, as a host program may leave one */
    const char *arguments[] = {"ls", "-l", "/proc/self/fd", "/proc/self/cwd", NULL};
    kmi_command_result result = {0};
    assert_int_equal(kmi_command_run(arguments, kmi_slice_from(""), out, 20000, &result, &dir->error), KM_OK);
    close(leaking);
    close(out);
    const char *text = temp_dir_read(dir, "output");
    assert_non_null(strstr(text, "/proc/self/cwd -> /\n"));
    assert_null(strstr(text, " 4 -> "));
    assert_null(strstr(text, "/dev/null"));
}

static void program_that_does_not_read_is_no_trouble(void **state) {
    temp_dir *dir = *state;
    char input[KMI_COMMAND_INPUT_BYTES + 2];
    memset(input, 'x', sizeof input);
    input[KMI_COMMAND_INPUT_BYTES] = '\0';
    assert_int_equal(run(dir, "exec <&-; true", input, -1, 20000).exit_code, 0);
    input[KMI_COMMAND_INPUT_BYTES] = 'x';
    input[KMI_COMMAND_INPUT_BYTES + 1] = '\0';
    const char *arguments[] = {"true", NULL};
    kmi_command_result result;
    assert_int_equal(kmi_command_run(arguments, kmi_slice_from(input), -1, 1000, &result, &dir->error), KM_E_INVALID);
}

static void signal_is_told(void **state) {
    temp_dir *dir = *state;
    assert_int_equal(run(dir, "kill -USR1 $$", "", -1, 20000).exit_code, 128 + SIGUSR1);
}

static void missing_program_is_an_error(void **state) {
    temp_dir *dir = *state;
    const char *arguments[] = {"no-such-program-anywhere", NULL};
    kmi_command_result result;
    assert_int_equal(kmi_command_run(arguments, kmi_slice_from(""), -1, 1000, &result, &dir->error), KM_E_NOT_FOUND);
    assert_non_null(strstr(dir->error.message, "no-such-program-anywhere"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* and leaves no zombie */
    assert_int_equal(errno, ECHILD);
}

static void nobody_of_its_family_outlives_the_time(void **state) {
    temp_dir *dir = *state;
    int out = open_output(dir);
    kmi_command_result result = run(dir, "trap '' TERM; sleep 600 & echo $! $$; sleep 600", "", out, 200);
    close(out);
    int child = 0, leader = 0;
    assert_int_equal(sscanf(temp_dir_read(dir, "output"), "%d %d", &child, &leader), 2);
    assert_true(result.is_timed_out);
    assert_true(result.elapsed_us >= 200000 && result.elapsed_us < 15000000);
    assert_int_equal(kill(leader, 0), -1);
    int64_t deadline_us = kmi_clock_monotonic_us() + 10000000; /* the orphan is init's to reap */
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    bool is_gone = false;
    while (!is_gone && kmi_clock_monotonic_us() < deadline_us) {
        FILE *file = fopen(path, "r");
        is_gone = file == NULL || fgets(line, sizeof line, file) == NULL || strstr(line, ") Z ") != NULL;
        if (file != NULL) fclose(file);
        if (!is_gone) usleep(2000);
    }
    assert_true(is_gone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEMP_DIR_TEST(input_arrives_and_output_goes_where_it_should),
        TEMP_DIR_TEST(arguments_are_not_read_by_a_shell),
        TEMP_DIR_TEST(program_stands_in_the_root_and_gets_no_descriptors),
        TEMP_DIR_TEST(program_that_does_not_read_is_no_trouble),
        TEMP_DIR_TEST(signal_is_told),
        TEMP_DIR_TEST(missing_program_is_an_error),
        TEMP_DIR_TEST(nobody_of_its_family_outlives_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
