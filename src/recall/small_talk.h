/* small_talk.h - greetings, thanks, and "go on". */
#ifndef KMI_RECALL_SMALL_TALK_H
#define KMI_RECALL_SMALL_TALK_H

#include "util/slice.h"

/* True if a prompt says nothing but a greeting, thanks, agreement, or that work is to go on or back: no memory has anything to say
 * to that. English, German, French, Spanish, Italian, Portuguese, Dutch, Russian, Chinese, Japanese and Korean. */
bool kmi_is_small_talk(kmi_slice prompt);

#endif
