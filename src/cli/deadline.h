/* deadline.h - a last resort against a disk that does not answer: the answer that was agreed on is written when time is up. */
#ifndef KMI_CLI_DEADLINE_H
#define KMI_CLI_DEADLINE_H

#include "util/buf.h"

/* From now on, if kmi_deadline_disarm() has not been called when the time is over, the process writes `answer` to standard
 * output and `message` to standard error and ends with exit_code. Both must stay as they are until then. */
void kmi_deadline_arm(double seconds, kmi_slice answer, const char *message, int exit_code);
void kmi_deadline_disarm(void);

#endif
