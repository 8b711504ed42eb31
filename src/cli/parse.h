/* parse.h - from argv to a checked kmi_cli. */
#ifndef KMI_CLI_PARSE_H
#define KMI_CLI_PARSE_H

#include "cli/cli.h"

/* Finds command, options and arguments by the command table and checks them: names, kinds, ranges, number of arguments.
 * Options may stand before or after arguments, "--" ends them, "memory CMD" is CMD. argv is permuted, and cli points
 * into it. With --help or --version nothing behind them is checked. KM_E_INVALID says what is wrong; cli->command is set
 * when it was recognised, for the usage line. */
km_status kmi_parse(kmi_cli *cli, int argc, char **argv, km_error *error) KM_MUST_CHECK;

#endif
