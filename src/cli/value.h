/* value.h - checking the argument of one option by its row in the table. */
#ifndef KMI_CLI_VALUE_H
#define KMI_CLI_VALUE_H

#include "cli/cli.h"

/* Checks `text` (NULL for flags and left-out optional arguments) and fills *ret_value. KM_E_INVALID names the option,
 * what was given and what would be right. */
km_status kmi_value_take(const kmi_option *option, const char *text, kmi_value *ret_value,
                         km_error *error) KM_MUST_CHECK;

#endif
