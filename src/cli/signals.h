/* signals.h - what the program does about signals. */
#ifndef KMI_CLI_SIGNALS_H
#define KMI_CLI_SIGNALS_H

#include <stdint.h>

/* Holds SIGPIPE and SIGXFSZ back: a closed pipe and a file size limit become errors of a write, never the end of a
 * process that has something to keep. Blocking both is one system call, ignoring them would be two. A metrics page that
 * is cut short becomes an empty one of this process alone. */
void kmi_signals_hold(void);

/* From now on SIGINT, SIGTERM and SIGHUP only count: returns the counter, 0 until the first one came, at most 2. */
const volatile int *kmi_signals_watch(void);

/* After kmi_signals_watch(): from now on stops and changes of the window's size are seen in kmi_signals_sleep() only. */
void kmi_signals_follow_window(void);
/* From now on they are seen at any time again. */
void kmi_signals_follow_end(void);
/* Sleeps until the time is over or a signal came. */
void kmi_signals_sleep(int64_t pause_ms);

#endif
