/* help.h - texts about commands, made from the command table. */
#ifndef KMI_CLI_HELP_H
#define KMI_CLI_HELP_H

#include "cli/command.h"
#include "util/buf.h"

/* Adds the help of the whole program. */
void kmi_help_program(kmi_buf *buf);
/* Adds the help of one command; `group` is NULL unless the command is a verb. */
void kmi_help_command(const kmi_command *group, const kmi_command *command, kmi_buf *buf);
/* Adds "--limit N" as it stands in help texts, without the letter. */
void kmi_help_option_usage(const kmi_option *option, kmi_buf *buf);
/* Adds what follows the help sentence: the words of a choice, the range of a number. */
void kmi_help_option_range(const kmi_option *option, kmi_buf *buf);

/* Adds a completion script for "bash", "zsh" or "fish". KM_E_INVALID for another shell. */
km_status kmi_completion_script(const char *shell, kmi_buf *buf, km_error *error) KM_MUST_CHECK;
/* Adds the manual page (man macros). */
void kmi_man_page(kmi_buf *buf);

#endif
