/* signals.h - what the program does about signals. */
#ifndef KMI_CLI_SIGNALS_H
#define KMI_CLI_SIGNALS_H

/* Holds SIGPIPE and SIGXFSZ back: a closed pipe and a file size limit become errors of a write, never the end of a
 * process that has something to keep. Blocking both is one system call, ignoring them would be two. */
void kmi_signals_hold(void);

/* From now on SIGINT, SIGTERM and SIGHUP only count: returns the counter, 0 until the first one came, at most 2. */
const volatile int *kmi_signals_watch(void);

#endif
