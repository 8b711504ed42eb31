/* said.h - what somebody said in a conversation, made ready to be learnt, and the key by which it is learnt once: of an
 * event, of the same event run twice, of the transcript, and of an import of it later. */
#ifndef KMI_ASSIST_SAID_H
#define KMI_ASSIST_SAID_H

#include "util/buf.h"

#define KMI_SAID_KEY_SIZE 38 /* "hook:", 16 bytes in hexadecimal, NUL */

/* Adds the text without what machines put there, cut to what may be learnt. */
void kmi_said_clean(kmi_slice text, kmi_buf *buf);
/* "/compact" and "/review the diff" are for the client; "/etc/hosts is wrong" is not. */
bool kmi_said_is_slash_command(kmi_slice text);
/* Makes the key of a cleaned text. session may be NULL. */
void kmi_said_make_key(const char *client, const char *session, const char *speaker, kmi_slice text,
                       char ret_key[KMI_SAID_KEY_SIZE]);

#endif
