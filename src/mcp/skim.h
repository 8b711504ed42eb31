/* skim.h - finding the id of a message that is too long to be kept.
 *
 * A client that gets an error without an id waits for ever. So the bytes that are thrown away are looked at once, one
 * by one, for the member "id" of the outermost object. Fed with any bytes in any pieces; never allocates. */
#ifndef KMI_MCP_SKIM_H
#define KMI_MCP_SKIM_H

#include <stdbool.h>

#include "util/slice.h"

#define KMI_SKIM_ID_BYTES 256 /* the longest id that is found, quotes included */

typedef struct kmi_skim {
    char id[KMI_SKIM_ID_BYTES]; /* JSON text of the id */
    size_t id_len;              /* 0: none yet */
    char key[4];                /* first bytes of the outermost key in hand, its quotes left out */
    size_t key_len;
    unsigned long depth;
    bool is_in_string, is_escaped;
    bool is_value;    /* behind a colon of the outermost object */
    bool takes_id;    /* the value in hand is the id */
    bool is_too_long; /* an id longer than its room */
} kmi_skim;

void kmi_skim_start(kmi_skim *skim);
void kmi_skim_add(kmi_skim *skim, kmi_slice bytes);
/* Returns: the id as JSON text (a string or an integer), or "null". Valid until the next call. */
const char *kmi_skim_id(kmi_skim *skim);

#endif
