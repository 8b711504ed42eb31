/* Whole reads and writes. */
#include "temp_dir.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "util/file.h"

static void files_are_read_up_to_the_limit(void **state) {
    temp_dir *dir = *state;
    char text[40000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    temp_dir_write(dir, "file", text);
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, sizeof text - 1);
    assert_int_equal(kmi_file_read(dir->fd, "file", &buf, &dir->error), KM_OK);
    assert_int_equal(buf.len, sizeof text - 1);
    kmi_buf_clear(&buf);
    assert_int_equal(kmi_file_read_unchecked(dir->fd, "file", false, &buf, &dir->error), KM_OK);
    assert_int_equal(buf.len, sizeof text - 1);
    buf.limit--;
    kmi_buf_clear(&buf);
    assert_int_equal(kmi_file_read(dir->fd, "file", &buf, &dir->error), KM_E_INVALID);
    assert_string_equal(dir->error.message, "\"file\" is longer than the limit of 39998 bytes");
    kmi_buf_clear(&buf);
    assert_int_equal(kmi_file_read_unchecked(dir->fd, "file", false, &buf, &dir->error), KM_E_INVALID);
}

static void unchecked_reading_never_blocks(void **state) {
    temp_dir *dir = *state;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 1000);
    assert_int_equal(kmi_file_read_unchecked(dir->fd, "none", true, &buf, &dir->error), KM_E_NOT_FOUND);
    assert_int_equal(mkfifoat(dir->fd, "pipe", 0600), 0);
    assert_int_equal(kmi_file_read_unchecked(dir->fd, "pipe", true, &buf, &dir->error), KM_OK);
    assert_int_equal(buf.len, 0);
    assert_int_equal(kmi_file_read_unchecked(dir->fd, ".", true, &buf, &dir->error), KM_E_IO);
    assert_int_equal(kmi_file_read_unchecked(dir->fd, "/dev/zero", true, &buf, &dir->error), KM_E_INVALID);
    temp_dir_write(dir, "file", "text");
    assert_int_equal(symlinkat("file", dir->fd, "link"), 0);
    kmi_buf_clear(&buf);
    assert_int_equal(kmi_file_read_unchecked(dir->fd, "link", false, &buf, &dir->error), KM_E_PERMISSION);
    assert_int_equal(kmi_file_read_unchecked(dir->fd, "link", true, &buf, &dir->error), KM_OK);
    assert_string_equal(buf.ptr, "text");
}

typedef struct slow_writer {
    int fd;
    size_t len;
} slow_writer;

static void *write_slowly(void *context) {
    slow_writer *writer = context;
    for (size_t i = 0; i < writer->len; i++) {
        while (write(writer->fd, "y", 1) < 0 && errno == EAGAIN) {
        }
    }
    close(writer->fd);
    return NULL;
}

static void a_non_blocking_pipe_is_read_to_its_end(void **state) {
    temp_dir *dir = *state;
    int ends[2];
    pthread_t thread;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    slow_writer writer = {ends[1], 3000};
    assert_int_equal(pthread_create(&thread, NULL, write_slowly, &writer), 0);
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 10000);
    assert_int_equal(kmi_fd_read_all(ends[0], "standard input", &buf, &dir->error), KM_OK);
    pthread_join(thread, NULL);
    close(ends[0]);
    assert_int_equal(buf.len, 3000);
}

static void *read_all(void *context) {
    int fd = *(int *)context;
    char chunk[1000];
    size_t total = 0;
    ssize_t got = 0;
    while ((got = read(fd, chunk, sizeof chunk)) > 0) total += (size_t)got;
    return (void *)(uintptr_t)total;
}

static void a_full_non_blocking_pipe_is_waited_for(void **state) {
    temp_dir *dir = *state;
    static char text[300000];
    int ends[2];
    pthread_t thread;
    void *total = NULL;
    memset(text, 'z', sizeof text);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&thread, NULL, read_all, &ends[0]), 0);
    assert_int_equal(kmi_fd_write_all(ends[1], "standard output", text, sizeof text, &dir->error), KM_OK);
    close(ends[1]);
    pthread_join(thread, &total);
    close(ends[0]);
    assert_int_equal((uintptr_t)total, sizeof text);
}

static void a_reader_that_is_gone_is_an_error(void **state) {
    temp_dir *dir = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(kmi_fd_write_all(ends[1], "standard output", "x", 1, &dir->error), KM_E_IO);
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(dir->error.os_errno, EPIPE);
    close(ends[1]);
}

static void offsets_are_kept(void **state) {
    temp_dir *dir = *state;
    KMI_CLEANUP_FD int fd = -1;
    assert_int_equal(kmi_file_open(dir->fd, "file", O_RDWR | O_CREAT, &fd, &dir->error), KM_OK);
    assert_int_equal(kmi_file_write_at(fd, "file", 4, "5678", 4, &dir->error), KM_OK);
    assert_int_equal(kmi_file_write_at(fd, "file", 0, "1234", 4, &dir->error), KM_OK);
    assert_int_equal(kmi_file_write_at(fd, "file", 0, "", 0, &dir->error), KM_OK);
    char bytes[16];
    size_t len = 99;
    assert_int_equal(kmi_file_read_at(fd, "file", 2, bytes, 4, &len, &dir->error), KM_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(bytes, "3456", 4);
    assert_int_equal(kmi_file_read_at(fd, "file", 6, bytes, sizeof bytes, &len, &dir->error), KM_OK);
    assert_int_equal(len, 2);
    assert_int_equal(kmi_file_read_at(fd, "file", 100, bytes, sizeof bytes, &len, &dir->error), KM_OK);
    assert_int_equal(len, 0);
    assert_int_equal(kmi_file_sync_data(fd, "file", &dir->error), KM_OK);
    assert_int_equal(kmi_file_sync_data(-1, "file", &dir->error), KM_E_IO);
}

static void more_parts_than_one_call_takes_are_written(void **state) {
    temp_dir *dir = *state;
    enum { COUNT = IOV_MAX + 500 };
    static struct iovec parts[COUNT];
    static char digits[] = "0123456789";
    KMI_CLEANUP_FD int fd = -1;
    assert_int_equal(kmi_file_open(dir->fd, "file", O_RDWR | O_CREAT, &fd, &dir->error), KM_OK);
    for (size_t i = 0; i < COUNT; i++) parts[i] = (struct iovec){digits + i % 10, i % 3 == 0 ? 0 : 1};
    assert_int_equal(kmi_file_writev_at(fd, "file", 1, parts, COUNT, &dir->error), KM_OK);
    const char *text = temp_dir_read(dir, "file");
    size_t at = 1;
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 3 != 0) assert_int_equal(text[at++], digits[i % 10]);
    }
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_size, at);
}

/* A file size limit makes the kernel write a part first and fail then. */
static void a_short_write_is_continued_to_its_error(void **state) {
    temp_dir *dir = *state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {1000, 1000};
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(9);
        static char text[1500];
        int fd = -1;
        km_error error = {.status = KM_OK};
        if (kmi_file_open(dir->fd, "file", O_RDWR | O_CREAT, &fd, &error) != KM_OK) _exit(8);
        km_status status = kmi_file_write_at(fd, "file", 0, text, sizeof text, &error);
        bool is_refused = status == KM_E_IO && error.os_errno == EFBIG;
        /* replace must not leave its temporary file behind */
        bool is_clean = kmi_file_replace(dir->fd, "other", (kmi_slice){text, sizeof text}, &error) == KM_E_IO;
        _exit(is_refused && is_clean ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct stat info;
    assert_int_equal(fstatat(dir->fd, "file", &info, 0), 0);
    assert_int_equal(info.st_size, 1000);
    assert_int_equal(unlinkat(dir->fd, "file", 0), 0);
    assert_int_equal(rmdir(dir->path), 0); /* it is empty */
    assert_int_equal(mkdir(dir->path, 0700), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEMP_DIR_TEST(files_are_read_up_to_the_limit),
        TEMP_DIR_TEST(unchecked_reading_never_blocks),
        TEMP_DIR_TEST(a_non_blocking_pipe_is_read_to_its_end),
        TEMP_DIR_TEST(a_full_non_blocking_pipe_is_waited_for),
        TEMP_DIR_TEST(a_reader_that_is_gone_is_an_error),
        TEMP_DIR_TEST(offsets_are_kept),
        TEMP_DIR_TEST(more_parts_than_one_call_takes_are_written),
        TEMP_DIR_TEST(a_short_write_is_continued_to_its_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
