/* lexicon.h - the words the extractor knows, each with a number and the classes it belongs to.
 *
 * One hash table serves tokens, patterns and names: a word of a text is looked up once, everything after compares
 * numbers and bits. Built by kmi_extractor_new() in well under a millisecond, read-only afterwards. */
#ifndef KMI_EXTRACT_LEXICON_H
#define KMI_EXTRACT_LEXICON_H

#include <stdint.h>

#include "util/arena.h"
#include "util/slice.h"

/* Classes of words (words.inc says which words are in them). A word can be in several. */
typedef enum kmi_word_class {
    KMI_W_I = 1u << 0,          /* i, i'm, my */
    KMI_W_WE = 1u << 1,         /* we, our, team */
    KMI_W_PRONOUN = 1u << 2,    /* it, they, this: needs the sentence before when it opens one */
    KMI_W_DETERMINER = 1u << 3, /* the, a, our, every */
    KMI_W_BE = 1u << 4,         /* is, are, was */
    KMI_W_AUXILIARY = 1u << 5,  /* can, will, does, has */
    KMI_W_VERB = 1u << 6,       /* finite forms of common verbs: uses, runs, returned */
    KMI_W_IMPERATIVE = 1u << 7, /* base forms that open instructions: use, run, keep */
    KMI_W_NEGATION = 1u << 8,   /* not, never, don't */
    KMI_W_PREPOSITION = 1u << 9,
    KMI_W_CONJUNCTION = 1u << 10,
    KMI_W_QUESTION = 1u << 11, /* what, how, wo, où */
    KMI_W_THANKS = 1u << 12,   /* core words of acknowledgements: a sentence of these and fillers says nothing */
    KMI_W_GREETING = 1u << 13,
    KMI_W_FILLER = 1u << 14, /* words that carry no fact of their own beside thanks and greetings */
    KMI_W_MONTH = 1u << 15,
    KMI_W_WEEKDAY = 1u << 16,
    KMI_W_NUMBER = 1u << 17, /* one, two, forty */
    KMI_W_FIRST_NAME = 1u << 18,
    KMI_W_TITLE = 1u << 19,       /* mr, dr */
    KMI_W_COMPANY = 1u << 20,     /* ltd, gmbh, technologies: last words of names of organizations */
    KMI_W_PRODUCT = 1u << 21,     /* platform, portal: last words of names of projects */
    KMI_W_ROLE = 1u << 22,        /* manager, maintainer: says that a person is meant */
    KMI_W_ADVERB = 1u << 23,      /* always, mostly, also, now */
    KMI_W_UNIT = 1u << 24,        /* seconds, mb, characters */
    KMI_W_SINGLE = 1u << 25,      /* nouns that have one value at a time: port, timeout, deadline */
    KMI_W_PERSON_VERB = 1u << 26, /* what only people do: joined, approves, leaves */
    KMI_W_NAMED = 1u << 27,       /* first word of a name of several words */
    KMI_W_CHANGE = 1u << 28,      /* moved, switched, replaced */
    KMI_W_COMMON = 1u << 29,      /* ordinary words that are often capitalised at the start: no names */
} kmi_word_class;

typedef struct kmi_word {
    kmi_slice text;   /* lower case */
    uint32_t classes; /* kmi_word_class */
    uint32_t number;  /* from 1 */
    uint32_t name;    /* 1 + index in the table of names, 0: none */
    const struct kmi_word
        *meant;         /* the word that this one is a careless spelling of: "pls" is "please"; NULL: itself */
    uint32_t first_use; /* for patterns: 1 + index of the first place that starts with this word, 0: none */
} kmi_word;

typedef struct kmi_lexicon kmi_lexicon;

/* Returns: a lexicon of the built-in words in the arena, or NULL when out of memory. */
kmi_lexicon *kmi_lexicon_new(kmi_arena *arena);
/* Returns: the word (added if new, classes joined), or NULL when out of memory. `text` must outlive the lexicon. */
kmi_word *kmi_lexicon_add(kmi_lexicon *lexicon, kmi_slice text, uint32_t classes);
/* Returns: the word or NULL. `text` is lower case, `hash` is kmi_word_hash(text). */
const kmi_word *kmi_lexicon_find(const kmi_lexicon *lexicon, kmi_slice text, uint32_t hash);
/* Visits words by number: NULL behind the last. */
kmi_word *kmi_lexicon_at(const kmi_lexicon *lexicon, uint32_t number);

#endif
