/* mcp: the pipes around the server. Standard output belongs to the protocol alone: it is moved to another number first, and
 * what takes its old place is standard error, so that no message of a library can ever stand between two answers.
 *
 * It ends at the end of its input, when nobody reads its answers, and by the default action of SIGTERM and SIGINT: nothing
 * is open between two calls, and what a call writes is safe against being cut off. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "mcp/server.h"
#include "util/error.h"
#include "util/file.h"

#define OUT_LIMIT_BYTES ((size_t)80 * 1024 * 1024)
enum { read_bytes = 64 * 1024, answers_keep_bytes = 256 * 1024 };

typedef struct pipes {
    int in_fd, out_fd;
    bool is_ended; /* no more input */
    kmi_frames frames;
} pipes;

/* Moves a standard descriptor away and puts `stand_in` (or the null device) in its place. */
static km_status move_away(int fd, int stand_in, const char *name, int *ret_fd, km_error *error) {
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0) return kmi_fail_errno(error, errno, "cannot use %s", name);
    *ret_fd = moved;
    if (stand_in >= 0 && dup2(stand_in, fd) >= 0) return KM_OK;
    int null_fd = kmi_fd_open(AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY, 0);
    if (null_fd < 0 || dup2(null_fd, fd) < 0) close(fd); /* then nobody can write to it either */
    kmi_fd_close(&null_fd);
    return KM_OK;
}

/* Reads what is there. With `wait` it waits for something; without, it only looks. Returns: false when nothing came. */
static bool read_some(pipes *p, bool wait) {
    static char bytes[read_bytes];
    struct pollfd in = {.fd = p->in_fd, .events = POLLIN};
    if (p->is_ended || (!wait && poll(&in, 1, 0) <= 0)) return false;
    for (;;) {
        ssize_t got = read(p->in_fd, bytes, sizeof bytes);
        if (got > 0 && kmi_frames_add(&p->frames, (kmi_slice){bytes, (size_t)got}, NULL) == KM_OK) return true;
        if (got > 0) break; /* out of memory: the client starts another one */
        if (got < 0 && errno == EINTR) continue;
        bool is_empty = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK); /* somebody made it non-blocking */
        if (!is_empty) break;
        if (!wait) return false;
        (void)poll(&in, 1, -1);
    }
    p->is_ended = true;
    return false;
}

/* Hands complete messages over while there is room. */
static void take_messages(pipes *p, kmi_mcp *server) {
    kmi_frame frame;
    while (kmi_mcp_has_room(server)) {
        kmi_frames_next(&p->frames, &frame);
        if (frame.kind == KMI_FRAME_NONE && p->is_ended) kmi_frames_last(&p->frames, &frame);
        if (frame.kind == KMI_FRAME_NONE) return;
        kmi_mcp_take(server, &frame);
    }
}

/* Returns: false when nobody reads any more. */
static bool write_answers(int fd, kmi_slice text) {
    while (text.len > 0) {
        ssize_t written = write(fd, text.ptr, text.len);
        if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            struct pollfd out = {.fd = fd, .events = POLLOUT};
            (void)poll(&out, 1, -1);
            continue;
        }
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text = kmi_slice_sub(text, (size_t)written, text.len);
    }
    return true;
}

static void serve(pipes *p, kmi_mcp *server) {
    KMI_CLEANUP_BUF kmi_buf answers;
    kmi_buf_init(&answers, OUT_LIMIT_BYTES);
    for (;;) {
        take_messages(p, server);
        bool has_work = server->count > 0;
        if (!has_work && p->is_ended) return;
        /* Reading ahead lets a cancellation overtake the requests before it. */
        if (kmi_mcp_has_room(server) && read_some(p, !has_work)) continue;
        if (!kmi_mcp_answer(server, &answers)) continue;
        if (kmi_buf_status(&answers) != KM_OK) return;
        if (answers.len > 0 && !write_answers(p->out_fd, kmi_buf_slice(&answers))) return;
        if (answers.capacity > answers_keep_bytes) {
            kmi_buf_deinit(&answers);
            kmi_buf_init(&answers, OUT_LIMIT_BYTES);
        }
        kmi_buf_clear(&answers);
    }
}

int kmi_run_mcp(kmi_cli *cli) {
    km_error error = {0};
    pipes p = {.in_fd = -1, .out_fd = -1};
    if (move_away(STDOUT_FILENO, STDERR_FILENO, "standard output", &p.out_fd, &error) != KM_OK ||
        move_away(STDIN_FILENO, -1, "standard input", &p.in_fd, &error) != KM_OK) {
        return kmi_cli_fail(&error);
    }
    static kmi_mcp server;
    kmi_frames_init(&p.frames, KMI_MCP_LIMIT_BYTES);
    kmi_mcp_init(&server, cli);
    serve(&p, &server);
    kmi_mcp_deinit(&server);
    kmi_frames_deinit(&p.frames);
    kmi_fd_close(&p.in_fd);
    kmi_fd_close(&p.out_fd);
    return KMI_EXIT_OK;
}
