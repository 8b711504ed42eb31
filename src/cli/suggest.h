/* suggest.h - near spellings, for messages about unknown names. */
#ifndef KMI_CLI_SUGGEST_H
#define KMI_CLI_SUGGEST_H

#include <stddef.h>

/* Returns: how many letters must be added, dropped, replaced or swapped with their neighbour to make one word of the
 * other. Words of more than 40 bytes are as far apart as can be (SIZE_MAX). */
size_t kmi_suggest_distance(const char *a, const char *b);

/* The nearest of many words, offered one by one; near enough to be meant, or none. */
typedef struct kmi_suggest {
    const char *wanted;
    const char *best; /* NULL: none is near */
    size_t best_distance;
} kmi_suggest;
kmi_suggest kmi_suggest_start(const char *wanted);
void kmi_suggest_offer(kmi_suggest *suggest, const char *word);

#endif
