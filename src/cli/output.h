/* output.h - results that are too long to collect: streamed to standard output, or into a file that appears only when
 * it is complete.
 *
 * A file is written beside its final name (mode 0600) and renamed by kmi_output_commit(); without it
 * kmi_output_deinit() removes it, so a failure leaves the old file as it was. What is not a regular file (a device, a
 * pipe) is written directly. */
#ifndef KMI_CLI_OUTPUT_H
#define KMI_CLI_OUTPUT_H

#include <limits.h>

#include "util/buf.h"

typedef struct kmi_output {
    int fd;
    bool owns_fd;
    kmi_buf buf;
    char path[PATH_MAX];           /* final name; empty: none is to appear */
    char temporary_path[PATH_MAX]; /* empty: written directly, or renamed already */
    const char *name;              /* for messages */
} kmi_output;

/* Opens `path`; NULL or "-" is standard output. End with kmi_output_deinit(). */
km_status kmi_output_open(kmi_output *output, const char *path, km_error *error) KM_MUST_CHECK;
/* Adds text; writes when enough has gathered. */
km_status kmi_output_add(kmi_output *output, kmi_slice text, km_error *error) KM_MUST_CHECK;
/* Writes the rest and lets the file appear, synced. */
km_status kmi_output_commit(kmi_output *output, km_error *error) KM_MUST_CHECK;
void kmi_output_deinit(kmi_output *output);

#endif
