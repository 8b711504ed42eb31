/* The library stops a search at its deadline, but nothing in a process can hurry a read() that a slow disk holds up. A timer
 * signal can end the process between two of them. The handler calls nothing but write() and _exit(). */
#include "cli/deadline.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static kmi_slice last_answer;
static const char *last_message;
static int last_exit_code;
static volatile sig_atomic_t is_armed; /* a signal that comes late, as under a debugger, finds nothing to say */

static void write_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written <= 0) return;
        bytes += written;
        len -= (size_t)written;
    }
}

static void end_process(int signal_number) {
    (void)signal_number;
    if (!is_armed) return;
    write_all(STDOUT_FILENO, last_answer.ptr, last_answer.len);
    write_all(STDERR_FILENO, last_message, strlen(last_message));
    _exit(last_exit_code);
}

static void set_timer(double seconds) {
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)seconds}};
    timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
    setitimer(ITIMER_REAL, &timer, NULL);
}

void kmi_deadline_arm(double seconds, kmi_slice answer, const char *message, int exit_code) {
    last_answer = answer;
    last_message = message;
    last_exit_code = exit_code;
    is_armed = 1;
    struct sigaction action = {.sa_handler = end_process};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    set_timer(seconds);
}

void kmi_deadline_disarm(void) {
    set_timer(0);
    is_armed = 0;
}
