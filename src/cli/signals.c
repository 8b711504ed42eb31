/* Signals end most commands by their default action: nothing is open that a kill could hurt. Commands that have
 * something to tidy up (a worker's batch, an unfinished file, a wait) watch a counter instead. */
#include "cli/signals.h"

#include <signal.h>
#include <stddef.h>

static volatile int stop_count;

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

void kmi_signals_hold(void) {
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGPIPE);
    sigaddset(&held, SIGXFSZ);
    sigprocmask(SIG_BLOCK, &held, NULL);
}

const volatile int *kmi_signals_watch(void) {
    set_action(SIGINT, count_stop);
    set_action(SIGTERM, count_stop);
    set_action(SIGHUP, count_stop);
    return &stop_count;
}
