/* signals.h - what the program does about signals. */
#ifndef KMI_CLI_SIGNALS_H
#define KMI_CLI_SIGNALS_H

/* Ignores SIGPIPE and SIGXFSZ: a closed pipe and a file size limit become errors of a write, never the end of a
 * process that has something to keep. */
void kmi_signals_ignore(void);

/* From now on SIGINT, SIGTERM and SIGHUP only count: returns the counter, 0 until the first one came, at most 2. */
const volatile int *kmi_signals_watch(void);

#endif
