/* learn_report.h - what learn and remember tell: gathered over the parts of a batch, then printed as text or JSON. */
#ifndef KMI_CLI_LEARN_REPORT_H
#define KMI_CLI_LEARN_REPORT_H

#include "cli/cli.h"
#include "cli/json_out.h"
#include "util/uuid.h"

typedef struct kmi_learn_report {
    km_learn_state state;
    uint64_t item_count, task_count, queue_size;
    uint64_t stored_count, strengthened_count, preference_count;
    int64_t elapsed_us;
    char first_task[KMI_UUID_TEXT_SIZE];
    /* Parts of the answer: items of JSON arrays, or with --dry-run lines of text. */
    kmi_buf task_ids, memories, skipped, redactions;
    kmi_json_out task_ids_out, memories_out, skipped_out, redactions_out;
} kmi_learn_report;

/* The report points into itself: it must not be copied. */
void kmi_learn_report_init(kmi_learn_report *report);
void kmi_learn_report_deinit(kmi_learn_report *report);
/* Says on standard error why preferences did not get into the user's own memory. */
void kmi_learn_tell_problem(const km_learn_result *result);
/* Adds a result. `cli` tells which form will be wanted. */
void kmi_learn_report_add(kmi_learn_report *report, const kmi_cli *cli, const km_learn_result *result,
                          size_t item_count);
/* Puts the answer into cli->out: nothing with --quiet. `is_learn` is false for remember, which is always synchronous
 * and does not say so. */
void kmi_learn_report_print(const kmi_learn_report *report, kmi_cli *cli, bool is_learn);

#endif
