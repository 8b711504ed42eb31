/* text.h - Unicode text: validity, folding, words, stems and terminal widths. The door to utf8proc and libstemmer. */
#ifndef KMI_BASE_TEXT_H
#define KMI_BASE_TEXT_H

#include "util/buf.h"
#include "util/error.h"

/* Checks content at the edge: valid UTF-8, no NUL, no surrogates. KM_E_INVALID names `what` and the byte offset. */
km_status kmi_text_check_utf8(kmi_slice text, const char *what, km_error *error) KM_MUST_CHECK;
/* True if there is nothing but white space and control characters. */
bool kmi_text_is_blank(kmi_slice text);
/* Decodes one character at *offset of valid UTF-8 and moves the offset behind it. */
int32_t kmi_text_next(kmi_slice text, size_t *offset);
bool kmi_text_is_word_char(int32_t codepoint); /* letter, number or mark */
bool kmi_text_is_cjk(int32_t codepoint);       /* scripts written without spaces */

/* Appends the text folded for comparison: compatibility-decomposed, case-folded, accents removed, control characters
 * to spaces, white space runs to one space, trimmed. */
km_status kmi_text_fold(kmi_slice text, kmi_buf *buf, km_error *error) KM_MUST_CHECK;

/* One word of a text as search sees it. */
typedef struct kmi_text_word {
    size_t start, end; /* bytes in the original text */
    kmi_slice term;    /* folded, irregular forms resolved and stemmed; valid during the call only */
    kmi_slice folded;  /* before that, for kmi_text_is_stop_word(); valid during the call only */
    bool is_part;      /* a part of the word before it (getUserName → get, user, name); shares its place */
} kmi_text_word;
/* Return false to stop. */
typedef bool (*kmi_text_word_found)(const kmi_text_word *word, void *context);
/* Splits valid UTF-8 into search terms: words (English Porter2 stems, so "deploy" equals "deployment"), identifiers and
 * paths also by their parts, scripts without spaces as pairs of characters. The same function serves index and query. */
km_status kmi_text_words(kmi_slice text, kmi_text_word_found found, void *context, km_error *error) KM_MUST_CHECK;
/* For bsearch() of a kmi_slice in a table of words sorted by bytes, all in arrays of one size. */
int kmi_text_compare_words(const void *word, const void *entry);
/* True for English stop words, given as folded, unstemmed word, and for pairs of characters that are only grammar. */
bool kmi_text_is_stop_word(kmi_slice folded_word);
/* True for words that stand in prompts about anything: "use", "write", "function". */
bool kmi_text_is_common_word(kmi_slice folded_word);

typedef enum kmi_foreignness {
    KMI_FOREIGN_NOT,
    KMI_FOREIGN_PERHAPS, /* an English word or name as well: "die", "car" */
    KMI_FOREIGN_SURELY
} kmi_foreignness;
/* Function words of the commonest languages beside English, given as folded, unstemmed word. */
kmi_foreignness kmi_text_foreignness(kmi_slice folded_word);
/* True for a pair of Chinese or Japanese characters (or one alone) of which each serves grammar. */
bool kmi_text_is_function_pair(kmi_slice folded_word);

/* Columns a terminal needs for the text; escape sequences are not understood. */
size_t kmi_text_width(kmi_slice text);
/* Returns: the longest prefix that fits into `columns`, never cutting a character or its combining marks. */
kmi_slice kmi_text_cut(kmi_slice text, size_t columns);

#endif
