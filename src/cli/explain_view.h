/* explain_view.h - why memories were chosen, as text and as JSON: what --explain adds. */
#ifndef KMI_CLI_EXPLAIN_VIEW_H
#define KMI_CLI_EXPLAIN_VIEW_H

#include "cli/json_out.h"
#include "kuzu_memory.h"

/* Adds the members "explanation" of an answer and "match" of a memory; NULL is null. */
void kmi_explain_add_json(kmi_json_out *out, const km_explanation *explanation);
void kmi_explain_add_json_match(kmi_json_out *out, const km_match *match);

/* Adds lines that begin with "# ". */
void kmi_explain_add_text(kmi_buf *buf, const km_explanation *explanation);
/* Adds "words 4.1 (64%), session +0.32, speaker +1.20", without a line end. */
void kmi_explain_add_match(kmi_buf *buf, const km_match *match);

#endif
