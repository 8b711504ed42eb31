/* event_verb.h - verbs that tell what happened once, as against how things are. */
#ifndef KMI_EXTRACT_EVENT_VERB_H
#define KMI_EXTRACT_EVENT_VERB_H

#include "util/slice.h"

/* True for past forms such as "crashed" or "met". "The import crashed on a bakery" leaves what it crashed on before as true as it
 * was, so such a statement has no property that a later one could replace. False for verbs that set something: "settled on",
 * "upgraded to". */
bool kmi_is_event_verb(kmi_slice lower_word);

#endif
