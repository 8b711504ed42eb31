#include "cli/cli.h"
int kmi_run_hook(kmi_cli *cli) {
    (void)cli;
    return 0;
}
