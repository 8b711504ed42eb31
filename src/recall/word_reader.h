/* word_reader.h - the words of a text one after the other, for comparing with lists of known words. */
#ifndef KMI_RECALL_WORD_READER_H
#define KMI_RECALL_WORD_READER_H

#include "util/slice.h"

#define KMI_WORD_LEN_MAX ((size_t)15)

/* Start with {.text = text}. Words are runs of ASCII letters and digits and of bytes beyond ASCII. */
typedef struct kmi_word_reader {
    kmi_slice text;
    size_t at;
    size_t start;                     /* of the word; it ends at `at` */
    char lower[KMI_WORD_LEN_MAX + 1]; /* in lower case (ASCII); empty: too long to be in any list */
} kmi_word_reader;

/* Returns: false behind the last word. */
bool kmi_word_next(kmi_word_reader *reader);
bool kmi_word_is(const kmi_word_reader *reader, const char *word);
bool kmi_word_is_listed(const char *word, const char *const *list, size_t count);
#define KMI_WORD_IN(word, list) kmi_word_is_listed(word, list, sizeof(list) / sizeof((list)[0]))

#endif
