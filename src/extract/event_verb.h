/* event_verb.h - verbs that tell what happened once, as against how things are; the base form of a verb. */
#ifndef KMI_EXTRACT_EVENT_VERB_H
#define KMI_EXTRACT_EVENT_VERB_H

#include "extract/tokens.h"

/* True for past forms such as "crashed" or "met". "The import crashed on a bakery" leaves what it crashed on before as true as it
 * was, so such a statement has no property that a later one could replace. False for verbs that set something: "settled on",
 * "upgraded to". */
bool kmi_is_event_verb(kmi_slice lower_word);

/* uses → use, replies → reply, watches → watch, is → be: enough to compare verbs with themselves. NULL: out of memory. */
const char *kmi_verb_base_form(const kmi_token *verb, kmi_arena *arena);

#endif
