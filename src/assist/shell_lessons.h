/* shell_lessons.h - what shell commands taught: one that could not work here, and the one that did instead.
 *
 * Conservative on purpose. A command that fails because the code is broken teaches nothing; one that is not there, is not
 * allowed or was called wrongly teaches how things are done on this machine. So the output must say so, the command that
 * worked must follow soon and look alike, and looking around (ls, grep, cat) never counts. */
#ifndef KMI_ASSIST_SHELL_LESSONS_H
#define KMI_ASSIST_SHELL_LESSONS_H

#include "assist/transcript.h"

#define KMI_SHELL_COMMAND_BYTES 200
#define KMI_SHELL_COMMANDS_OPEN 16 /* started ones without an end yet, and those that ended last */

typedef struct kmi_shell_command {
    char id[64];
    char text[KMI_SHELL_COMMAND_BYTES];
} kmi_shell_command;

typedef struct kmi_shell_lessons {
    kmi_shell_command open[KMI_SHELL_COMMANDS_OPEN];
    size_t next;              /* place of the next start */
    kmi_shell_command failed; /* text empty: none */
    unsigned since_failure;   /* commands that ended since */
} kmi_shell_lessons;

/* Takes a command item of a transcript. Returns: true when a lesson was learnt; it is then a sentence in ret_lesson. */
bool kmi_shell_lessons_take(kmi_shell_lessons *commands, const kmi_transcript_item *item, char *ret_lesson,
                            size_t size);

#endif
