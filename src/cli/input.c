/* Reading what the user names. Unlike files of the project, a batch or a prompt may be anything that can be read: a
 * pipe, a process substitution, a link into another folder. So none of the project's file rules apply here; only the
 * size is limited. */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

const char *kmi_input_name(const char *path) {
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

km_status kmi_input_text(kmi_cli *cli, int index, kmi_buf *storage, kmi_slice *ret_text, km_error *error) {
    const char *argument = index < cli->argument_count ? cli->arguments[index] : NULL;
    if (argument != NULL && strcmp(argument, "-") != 0) {
        *ret_text = kmi_slice_from(argument);
        return KM_OK;
    }
    if (argument == NULL && isatty(STDIN_FILENO) == 1) {
        return kmi_fail(error, KM_E_INVALID, "no text given: name it as an argument, or send it through a pipe");
    }
    km_error problem = {0};
    km_status status = kmi_fd_read_all(STDIN_FILENO, "standard input", storage, &problem);
    if (status != KM_OK && problem.os_errno == EBADF) {
        return kmi_fail(error, KM_E_INVALID, "no text given, and standard input is closed");
    }
    if (status != KM_OK) {
        *error = problem;
        return status;
    }
    *ret_text = storage->ptr != NULL ? kmi_buf_slice(storage) : KMI_SLICE_LITERAL("");
    return KM_OK;
}

km_status kmi_input_file(const char *path, kmi_buf *buf, km_error *error) {
    if (strcmp(path, "-") == 0) return kmi_fd_read_all(STDIN_FILENO, "standard input", buf, error);
    KMI_CLEANUP_FD int fd = kmi_fd_open(AT_FDCWD, path, O_RDONLY | O_NOCTTY, 0);
    if (fd < 0) return kmi_fail_errno(error, errno, "cannot open \"%s\"", path);
    return kmi_fd_read_all(fd, path, buf, error);
}

static uint64_t count_lines(kmi_slice text) {
    uint64_t count = 0;
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        count++;
        at = newline != NULL ? newline + 1 : end;
    }
    return count;
}

kmi_lines kmi_lines_start(kmi_slice text) {
    static const kmi_slice byte_order_mark = {"\xEF\xBB\xBF", 3};
    if (kmi_slice_starts_with(text, byte_order_mark)) {
        text = kmi_slice_sub(text, 3, text.len);
    }
    return (kmi_lines){.rest = text, .number = 0, .total = text.len > 0 ? count_lines(text) : 0};
}

bool kmi_lines_next(kmi_lines *lines, kmi_slice *ret_line) {
    while (lines->rest.len > 0) {
        const char *newline = memchr(lines->rest.ptr, '\n', lines->rest.len);
        size_t len = newline != NULL ? (size_t)(newline - lines->rest.ptr) : lines->rest.len;
        kmi_slice line = {lines->rest.ptr, len};
        size_t used = newline != NULL ? len + 1 : len;
        lines->rest = (kmi_slice){lines->rest.ptr + used, lines->rest.len - used};
        lines->number++;
        if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
            line.len--;
        }
        if (kmi_slice_trim(line).len > 0) {
            *ret_line = line;
            return true;
        }
    }
    return false;
}
