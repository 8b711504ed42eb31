/* recall_batch.h - recall --batch: many queries from a file of JSON lines. */
#ifndef KMI_CLI_RECALL_BATCH_H
#define KMI_CLI_RECALL_BATCH_H

#include "cli/cli.h"

/* Returns: a query with the filters of the command line; its text stays empty. */
km_recall_query kmi_recall_make_query(const kmi_cli *cli);

/* Answers the lines of the file named by --batch. Returns: the exit code. */
int kmi_recall_batch(kmi_cli *cli);

#endif
