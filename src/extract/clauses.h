/* clauses.h - two statements in one sentence: "my office is upstairs and visitors must register". */
#ifndef KMI_EXTRACT_CLAUSES_H
#define KMI_EXTRACT_CLAUSES_H

#include "extract/patterns.h"
#include "extract/speech_act.h"

/* Returns: the token with which a second statement of another type begins, 0 if the sentence is one statement; *ret_end is
 * the token behind the first. */
size_t kmi_clauses_break(const kmi_matcher *matcher, const kmi_tokens *tokens, const kmi_speech_act *act,
                         size_t *ret_end);

#endif
