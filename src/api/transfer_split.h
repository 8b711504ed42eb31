/* transfer_split.h - cuts the text of an import into its entries without parsing it, so that one damaged entry costs one
 * entry, and memory is needed for one entry at a time. */
#ifndef KMI_API_TRANSFER_SPLIT_H
#define KMI_API_TRANSFER_SPLIT_H

#include <stdint.h>

#include "util/slice.h"

typedef struct kmi_split {
    kmi_slice text;
    size_t at;
    uint64_t line;    /* of `at`, from 1 */
    bool is_document; /* one JSON array, or an object with the array "memories"; else one entry a line */
    bool is_object;   /* the array is a member of an object */
    bool is_done;
    const char *problem; /* after the last entry: what is wrong with the document around them, or NULL */
} kmi_split;

void kmi_split_start(kmi_split *split, kmi_slice text);
/* Gives the next entry and the number of the line it begins on. False at the end. */
bool kmi_split_next(kmi_split *split, kmi_slice *ret_entry, uint64_t *ret_line);

#endif
