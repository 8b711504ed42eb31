/* Signals end most commands by their default action: nothing is open that a kill could hurt. Commands that have
 * something to tidy up (a worker's batch, an unfinished file, a wait) watch a counter instead. */
#include "cli/signals.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>

#include "util/guard.h"

static volatile int stop_count;
static sigset_t while_asleep; /* the mask under which kmi_signals_sleep() sleeps */

static void count_stop(int signal_number) {
    (void)signal_number;
    if (stop_count < 2) {
        stop_count = stop_count + 1;
    }
}

static void set_action(int signal_number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

/* A page of numbers that somebody cuts short must not end who only counts in it. Anything else ends as it would without us:
 * the default action comes when the same address is touched again. */
static void mend_mapping(int signal_number, siginfo_t *info, void *context) {
    (void)context;
    if (!kmi_guard_mend(info->si_addr)) signal(signal_number, SIG_DFL);
}

void kmi_signals_hold(void) {
    sigset_t held;
    struct sigaction action = {.sa_sigaction = mend_mapping, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
    sigemptyset(&held);
    sigaddset(&held, SIGPIPE);
    sigaddset(&held, SIGXFSZ);
    sigprocmask(SIG_BLOCK, &held, NULL);
}

static void do_nothing(int signal_number) {
    (void)signal_number;
}

void kmi_signals_follow_window(void) {
    sigset_t wanted;
    set_action(SIGWINCH, do_nothing);
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGHUP);
    sigaddset(&wanted, SIGWINCH);
    sigprocmask(SIG_BLOCK, &wanted, &while_asleep); /* what comes before the sleep then ends it at once */
}

void kmi_signals_follow_end(void) {
    sigprocmask(SIG_SETMASK, &while_asleep, NULL);
}

void kmi_signals_sleep(int64_t pause_ms) {
    struct timespec pause = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000};
    ppoll(NULL, 0, &pause, &while_asleep);
}

const volatile int *kmi_signals_watch(void) {
    set_action(SIGINT, count_stop);
    set_action(SIGTERM, count_stop);
    set_action(SIGHUP, count_stop);
    return &stop_count;
}
