/* tokens.h - a sentence as a row of tokens: words, numbers, names with inner punctuation, punctuation marks.
 *
 * Paths, URLs, versions, "C++", "Node.js" and "don't" stay whole. Tokens borrow the sentence; their lower-case forms
 * live in the scratch arena given. */
#ifndef KMI_EXTRACT_TOKENS_H
#define KMI_EXTRACT_TOKENS_H

#include <string.h>

#include "extract/lexicon.h"
#include "extract/word_list.h"
#include "util/arena.h"

#define KMI_TOKENS_MAX 640 /* a sentence has at most KMI_SENTENCE_LIMIT_BYTES; what is behind is not looked at */

enum {
    KMI_T_CAPITAL = 1,    /* begins with an upper-case letter */
    KMI_T_ALL_CAPS = 2,   /* two or more letters, all upper-case */
    KMI_T_INNER_CAP = 4,  /* an upper-case letter behind a lower-case one: camelCase, PostgreSQL */
    KMI_T_DIGIT = 8,      /* holds a digit */
    KMI_T_NUMBER = 16,    /* begins with a digit */
    KMI_T_PUNCT = 32,     /* a punctuation mark */
    KMI_T_SHAPED = 64,    /* holds '/', '_', '@', '.', ':' inside: a path, a name, a version */
    KMI_T_QUOTED = 128,   /* stands in quotes or backticks */
    KMI_T_CODE = 256,     /* stands in backticks */
    KMI_T_ACCENTED = 512, /* holds bytes beyond ASCII */
};

typedef struct kmi_token {
    uint32_t start, end; /* bytes in the sentence */
    uint32_t flags;
    uint32_t classes; /* of the word, 0 for unknown ones */
    uint32_t word;    /* number in the lexicon, 0: unknown */
    uint32_t hash;    /* kmi_word_hash() of `lower` */
    kmi_slice lower;  /* lower case (ASCII and Latin), ’ as ', without a possessive 's */
    bool has_possessive;
} kmi_token;

typedef struct kmi_tokens {
    kmi_slice text; /* the sentence */
    size_t count;
    kmi_token *items;
} kmi_tokens;

/* Splits the sentence. Returns false when out of memory. */
bool kmi_tokens_split(const kmi_lexicon *lexicon, kmi_slice sentence, kmi_arena *scratch, kmi_tokens *ret_tokens);

/* Returns: the sentence's bytes of tokens [from, to). */
kmi_slice kmi_tokens_text(const kmi_tokens *tokens, size_t from, size_t to);
/* True if the token is this lower-case word. */
static inline bool kmi_token_is(const kmi_token *token, const char *word) {
    size_t len = strlen(word);
    return token->lower.len == len && memcmp(token->lower.ptr, word, len) == 0;
}
/* True if the token is one of these lower-case words, separated by '|': a literal or a static text (see word_list.h). */
static inline bool kmi_token_is_any(const kmi_token *token, const char *words) {
    return kmi_word_list_has(words, token->lower, token->hash);
}

static inline bool kmi_token_has(const kmi_token *token, uint32_t classes) {
    return (token->classes & classes) != 0;
}

#endif
