/* preferences.h - what the user prefers is learnt in the user's own memory too, where learn.user_preferences says so. */
#ifndef KMI_API_PREFERENCES_H
#define KMI_API_PREFERENCES_H

#include "kuzu_memory.h"

/* Looks for preferences of the user in texts that this project has taken, and queues them for the user's own memory, each
 * once. Does nothing unless learn.user_preferences is true. What comes of it is told in the result; the call itself has
 * succeeded already. */
void kmi_preferences_hand_on(km_project *project, const km_learn_item *items, size_t item_count,
                             km_learn_result *result);

#endif
