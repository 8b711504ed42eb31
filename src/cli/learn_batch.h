/* learn_batch.h - learn --batch: many texts from a file of JSON lines. */
#ifndef KMI_CLI_LEARN_BATCH_H
#define KMI_CLI_LEARN_BATCH_H

#include "cli/cli.h"

/* Fills an item and the options from the command line; the content stays empty. */
void kmi_learn_fill_item(const kmi_cli *cli, km_learn_item *ret_item);
km_learn_options kmi_learn_make_options(const kmi_cli *cli);

/* Learns the lines of the file named by --batch. Returns: the exit code. */
int kmi_learn_batch(kmi_cli *cli);

#endif
