/* memory_view.h - memories as text and as JSON, the same wherever they are printed. */
#ifndef KMI_CLI_MEMORY_VIEW_H
#define KMI_CLI_MEMORY_VIEW_H

#include "cli/cli.h"
#include "cli/json_out.h"

/* Which members a memory has in JSON. */
typedef enum kmi_memory_detail {
    KMI_MEMORY_PLAIN,     /* as recent prints it */
    KMI_MEMORY_SCORED,    /* and score and reason: recall, enhance */
    KMI_MEMORY_EXPLAINED, /* and how the score came about: --explain */
    KMI_MEMORY_WHOLE      /* everything: show, edit */
} kmi_memory_detail;

void kmi_memory_add_json(kmi_json_out *out, const char *key, const km_memory *memory, kmi_memory_detail detail);
/* Adds an array of memories. */
void kmi_memory_add_json_list(kmi_json_out *out, const char *key, const km_memory *memories, size_t count,
                              kmi_memory_detail detail);

/* Adds memories by --format table, list or raw (without one: table on a terminal, else list). With `explain` score and
 * how it came about are shown. KM_E_NOMEM is the only failure. */
km_status kmi_memory_add_list(kmi_cli *cli, const km_memory *memories, size_t count, bool explain,
                              km_error *error) KM_MUST_CHECK;
/* Adds one memory with all that is known of it, as "Name: value" lines. */
void kmi_memory_add_page(kmi_cli *cli, const km_memory *memory);

#endif
