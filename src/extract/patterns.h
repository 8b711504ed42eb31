/* patterns.h - what tells the type of a statement: one table of token patterns (patterns.inc).
 *
 * The language of a pattern, tokens separated by blanks:
 *     word        this word, lower case           a|b|c     one of them; %class may be among them
 *     %class      a word of a class (%be, %neg)   #         a token that begins with a digit, or a number word
 *     @cap        a capitalised word              @word     any word that is no punctuation
 *     x?          x or nothing                    ...       up to twelve tokens
 *     ^           at the start of the sentence    $         at its end (closing punctuation aside)
 * A pattern without ^ may match anywhere. */
#ifndef KMI_EXTRACT_PATTERNS_H
#define KMI_EXTRACT_PATTERNS_H

#include "extract/tokens.h"
#include "kuzu_memory.h"

typedef enum kmi_keep { KMI_KEEP_WHOLE, KMI_KEEP_REST } kmi_keep;

typedef struct kmi_pattern {
    const char *id;
    const char *match;
    const char *type;           /* NULL: says nothing about the type */
    const char *knowledge;      /* NULL: says nothing about the kind of knowledge */
    double confidence;          /* of type and candidate; the highest match decides */
    kmi_keep keep;              /* the whole sentence, or what follows the match */
    const char *example;        /* matches */
    const char *counterexample; /* does not match this pattern */
} kmi_pattern;

extern const kmi_pattern kmi_patterns[];
extern const size_t kmi_pattern_count;

typedef struct kmi_matcher kmi_matcher;

/* Returns: the compiled table in the arena, or NULL when out of memory. Adds the patterns' words to the lexicon, so tokens
 * must be split after this. */
kmi_matcher *kmi_matcher_new(kmi_lexicon *lexicon, kmi_arena *arena);

typedef struct kmi_pattern_hit {
    const kmi_pattern *pattern;
    size_t from, to; /* tokens of the match */
} kmi_pattern_hit;
#define KMI_PATTERN_HITS_MAX 48

/* Finds patterns that match tokens from `first` on (where the sentence proper starts), each at most once.
 * Returns: how many were written. */
size_t kmi_matcher_find(const kmi_matcher *matcher, const kmi_tokens *tokens, size_t first,
                        kmi_pattern_hit hits[KMI_PATTERN_HITS_MAX]);

/* Phrases of other tables (openers, chatter) use the same language. */
typedef struct kmi_phrase kmi_phrase;
/* Returns: the phrase compiled into the arena, or NULL (out of memory, or a fault in it: a defect found by unit tests). */
kmi_phrase *kmi_phrase_new(kmi_lexicon *lexicon, kmi_arena *arena, const char *match);
/* True if the phrase matches at exactly token `at`; *ret_end is the token behind. */
bool kmi_phrase_match(const kmi_phrase *phrase, const kmi_tokens *tokens, size_t at, size_t first, size_t *ret_end);

#endif
