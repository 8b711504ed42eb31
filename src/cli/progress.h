/* progress.h - how far long work has come, on standard error: done/total, rate, time left.
 *
 * --progress auto shows it on a terminal only, as one line that is rewritten; always writes lines elsewhere too; json
 * writes objects; never is silent. At most ten updates a second on a terminal, one a second elsewhere. */
#ifndef KMI_CLI_PROGRESS_H
#define KMI_CLI_PROGRESS_H

#include "cli/cli.h"

typedef enum kmi_progress_mode {
    KMI_PROGRESS_NEVER,
    KMI_PROGRESS_REWRITTEN,
    KMI_PROGRESS_LINES,
    KMI_PROGRESS_JSON
} kmi_progress_mode;

typedef struct kmi_progress {
    kmi_progress_mode mode;
    const char *what; /* "memories" */
    int64_t started_us, shown_us;
    bool is_shown;
    uint64_t done, total;     /* as last told */
    const volatile int *stop; /* for kmi_progress_step(): becomes positive when the work is to stop; may be NULL */
} kmi_progress;

/* Starts by --progress and --quiet. */
kmi_progress kmi_progress_start(const kmi_cli *cli, const char *what);
/* Tells the state; total 0 means unknown. */
void kmi_progress_update(kmi_progress *progress, uint64_t done, uint64_t total);
/* A km_progress for km_project_set_progress(), `context` is the kmi_progress: shows the work step by step, each under its own
 * name. */
bool kmi_progress_step(const char *what, uint64_t done, uint64_t total, void *context);
/* Shows the last state and ends the line. */
void kmi_progress_end(kmi_progress *progress, uint64_t done, uint64_t total);

#endif
