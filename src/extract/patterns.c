/* patterns.c - compiles the pattern table to elements of word numbers and class bits, and finds matches.
 *
 * Token patterns were chosen over regular expressions: compiling a hundred of those costs more than a whole `learn
 * --sync` may, and matching them all costs more than the rest of the extraction. Here a pattern is only tried at tokens
 * that can be its first word, so most tokens try none. Gaps are bounded, which bounds backtracking. */
#include "extract/patterns.h"

#include <string.h>

#define GAP_MAX 12
#define ALTERNATIVES_MAX 96
#define MATCH_DEPTH_MAX 24

const kmi_pattern kmi_patterns[] = {
#include "extract/patterns.inc"
};
const size_t kmi_pattern_count = sizeof kmi_patterns / sizeof kmi_patterns[0];

typedef enum element_kind {
    ELEMENT_WORDS,
    ELEMENT_NUMBER,
    ELEMENT_CAPITAL,
    ELEMENT_ANY,
    ELEMENT_GAP,
    ELEMENT_START,
    ELEMENT_END
} element_kind;

typedef struct element {
    element_kind kind;
    bool is_optional;
    uint32_t classes;
    uint32_t word_count;
    uint32_t *words;
} element;

struct kmi_phrase {
    size_t count;
    element *elements;
    /* What its first token must be: of these classes, or a word whose number has its bit set here (modulo 64). */
    uint32_t first_classes;
    uint64_t first_words;
};

typedef struct place { /* one pattern that can start with some word */
    uint32_t pattern;
    uint32_t next; /* 1 + index of the next place for the same word */
} place;

struct kmi_matcher {
    const kmi_lexicon *lexicon;
    kmi_phrase **phrases; /* by pattern */
    place *places;
    uint32_t place_count, place_capacity;
    uint32_t *generic; /* patterns that can start with any token */
    uint32_t generic_count;
};

static const struct {
    const char *name;
    uint32_t class;
} class_names[] = {
    {"i", KMI_W_I},
    {"we", KMI_W_WE},
    {"pronoun", KMI_W_PRONOUN},
    {"det", KMI_W_DETERMINER},
    {"be", KMI_W_BE},
    {"aux", KMI_W_AUXILIARY},
    {"verb", KMI_W_VERB},
    {"imp", KMI_W_IMPERATIVE},
    {"neg", KMI_W_NEGATION},
    {"prep", KMI_W_PREPOSITION},
    {"conj", KMI_W_CONJUNCTION},
    {"q", KMI_W_QUESTION},
    {"month", KMI_W_MONTH},
    {"day", KMI_W_WEEKDAY},
    {"adv", KMI_W_ADVERB},
    {"unit", KMI_W_UNIT},
    {"role", KMI_W_ROLE},
    {"single", KMI_W_SINGLE},
    {"change", KMI_W_CHANGE},
    {"thanks", KMI_W_THANKS},
    {"greet", KMI_W_GREETING},
    {"num", KMI_W_NUMBER},
};

static uint32_t find_class(kmi_slice name) {
    for (size_t i = 0; i < sizeof class_names / sizeof class_names[0]; i++)
        if (kmi_slice_equal(name, kmi_slice_from(class_names[i].name))) return class_names[i].class;
    return 0;
}

static bool compile_alternatives(kmi_lexicon *lexicon, kmi_arena *arena, kmi_slice text, element *ret_element) {
    uint32_t words[ALTERNATIVES_MAX];
    uint32_t count = 0;
    while (text.len > 0) {
        const char *bar = memchr(text.ptr, '|', text.len);
        kmi_slice part = {text.ptr, bar != NULL && text.len > 1 ? (size_t)(bar - text.ptr) : text.len};
        if (part.len > 1 && part.ptr[0] == '%') {
            uint32_t class = find_class((kmi_slice){part.ptr + 1, part.len - 1});
            if (class == 0) return false;
            ret_element->classes |= class;
        } else {
            const kmi_word *word = kmi_lexicon_add(lexicon, part, 0);
            if (word == NULL || count == ALTERNATIVES_MAX) return false;
            words[count++] = word->number;
        }
        text = kmi_slice_sub(text, part.len + 1, SIZE_MAX);
    }
    ret_element->word_count = count;
    ret_element->words = kmi_arena_alloc_array(arena, count > 0 ? count : 1, sizeof *ret_element->words);
    if (ret_element->words == NULL) return false;
    memcpy(ret_element->words, words, count * sizeof *words);
    return true;
}

static bool compile_element(kmi_lexicon *lexicon, kmi_arena *arena, kmi_slice text, element *ret_element) {
    if (text.len > 1 && text.ptr[text.len - 1] == '?') {
        ret_element->is_optional = true;
        text.len--;
    }
    static const struct {
        const char *text;
        element_kind kind;
    } specials[] = {{"#", ELEMENT_NUMBER}, {"@cap", ELEMENT_CAPITAL}, {"@word", ELEMENT_ANY},
                    {"...", ELEMENT_GAP},  {"^", ELEMENT_START},      {"$", ELEMENT_END}};
    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
        if (kmi_slice_equal(text, kmi_slice_from(specials[i].text))) {
            ret_element->kind = specials[i].kind;
            return true;
        }
    }
    return compile_alternatives(lexicon, arena, text, ret_element);
}

/* Optional elements pass the question on to the next one; what is told by its shape may be any token. */
static void note_first(kmi_phrase *phrase) {
    for (size_t i = 0; i < phrase->count; i++) {
        const element *what = &phrase->elements[i];
        if (what->kind == ELEMENT_START) continue;
        if (what->kind != ELEMENT_WORDS) break;
        phrase->first_classes |= what->classes;
        for (uint32_t k = 0; k < what->word_count; k++) phrase->first_words |= (uint64_t)1 << (what->words[k] % 64);
        if (!what->is_optional) return;
    }
    phrase->first_words = UINT64_MAX;
}

kmi_phrase *kmi_phrase_new(kmi_lexicon *lexicon, kmi_arena *arena, const char *match) {
    kmi_phrase *phrase = kmi_arena_alloc(arena, sizeof *phrase);
    size_t most = 1;
    for (const char *c = match; *c != '\0'; c++) most += *c == ' ';
    if (phrase != NULL) phrase->elements = kmi_arena_alloc_array(arena, most, sizeof *phrase->elements);
    if (phrase == NULL || phrase->elements == NULL || most > MATCH_DEPTH_MAX) return NULL;
    while (*match != '\0') {
        size_t len = strcspn(match, " ");
        if (len > 0 && !compile_element(lexicon, arena, (kmi_slice){match, len}, &phrase->elements[phrase->count++]))
            return NULL;
        match += len + (match[len] == ' ');
    }
    note_first(phrase);
    return phrase->count > 0 ? phrase : NULL;
}

static bool matches_token(const element *what, const kmi_token *token) {
    switch (what->kind) {
    case ELEMENT_WORDS:
        if ((token->classes & what->classes) != 0) return true;
        for (uint32_t i = 0; i < what->word_count; i++)
            if (what->words[i] == token->word) return true;
        return false;
    case ELEMENT_NUMBER:
        return (token->flags & KMI_T_NUMBER) != 0 || kmi_token_has(token, KMI_W_NUMBER);
    case ELEMENT_CAPITAL:
        return (token->flags & KMI_T_CAPITAL) != 0;
    case ELEMENT_ANY:
        return (token->flags & KMI_T_PUNCT) == 0;
    default:
        return false;
    }
}

static bool is_at_end(const kmi_tokens *tokens, size_t at) {
    while (at < tokens->count && (tokens->items[at].flags & KMI_T_PUNCT) != 0) at++;
    return at >= tokens->count;
}

/* Backtracks over optional elements and gaps; depth is bounded by the number of elements. */
static bool match_from(const kmi_phrase *phrase, size_t index, const kmi_tokens *tokens, size_t at, size_t first,
                       size_t *ret_end) {
    for (; index < phrase->count; index++) {
        const element *what = &phrase->elements[index];
        if (what->kind == ELEMENT_START) {
            if (at != first) return false;
            continue;
        }
        if (what->kind == ELEMENT_END) {
            if (!is_at_end(tokens, at)) return false;
            continue;
        }
        if (what->kind == ELEMENT_GAP) {
            for (size_t skip = 0; skip <= GAP_MAX && at + skip <= tokens->count; skip++)
                if (match_from(phrase, index + 1, tokens, at + skip, first, ret_end)) return true;
            return false;
        }
        bool fits = at < tokens->count && matches_token(what, &tokens->items[at]);
        if (what->is_optional && fits && match_from(phrase, index + 1, tokens, at + 1, first, ret_end)) return true;
        if (what->is_optional) continue;
        if (!fits) return false;
        at++;
    }
    *ret_end = at;
    return true;
}

bool kmi_phrase_match(const kmi_phrase *phrase, const kmi_tokens *tokens, size_t at, size_t first, size_t *ret_end) {
    bool may_start = phrase->first_words == UINT64_MAX;
    if (!may_start && at < tokens->count) {
        const kmi_token *token = &tokens->items[at];
        may_start =
            (token->classes & phrase->first_classes) != 0 || (phrase->first_words >> (token->word % 64) & 1) != 0;
    }
    return may_start && match_from(phrase, 0, tokens, at, first, ret_end);
}

static bool add_place(kmi_matcher *matcher, kmi_word *word, uint32_t pattern) {
    if (word->first_use != 0 && matcher->places[word->first_use - 1].pattern == pattern) return true;
    if (matcher->place_count == matcher->place_capacity) return false;
    matcher->places[matcher->place_count] = (place){pattern, word->first_use};
    word->first_use = ++matcher->place_count;
    return true;
}

/* Notes under which words a pattern can start; optional elements pass the question on to the next one. */
static bool note_starts(kmi_matcher *matcher, uint32_t pattern, kmi_lexicon *lexicon) {
    const kmi_phrase *phrase = matcher->phrases[pattern];
    for (size_t i = 0; i < phrase->count; i++) {
        const element *what = &phrase->elements[i];
        if (what->kind == ELEMENT_START) continue;
        if (what->kind != ELEMENT_WORDS) {
            matcher->generic[matcher->generic_count++] = pattern;
            return true;
        }
        for (uint32_t w = 0; w < what->word_count; w++)
            if (!add_place(matcher, kmi_lexicon_at(lexicon, what->words[w]), pattern)) return false;
        kmi_word *word;
        for (uint32_t n = 1; what->classes != 0 && (word = kmi_lexicon_at(lexicon, n)) != NULL; n++)
            if ((word->classes & what->classes) != 0 && !add_place(matcher, word, pattern)) return false;
        if (!what->is_optional) return true;
    }
    return true;
}

kmi_matcher *kmi_matcher_new(kmi_lexicon *lexicon, kmi_arena *arena) {
    kmi_matcher *matcher = kmi_arena_alloc(arena, sizeof *matcher);
    if (matcher == NULL) return NULL;
    matcher->lexicon = lexicon;
    matcher->place_capacity = 8192;
    matcher->phrases = kmi_arena_alloc_array(arena, kmi_pattern_count, sizeof(kmi_phrase *));
    matcher->places = kmi_arena_alloc_array(arena, matcher->place_capacity, sizeof *matcher->places);
    matcher->generic = kmi_arena_alloc_array(arena, kmi_pattern_count, sizeof *matcher->generic);
    if (matcher->phrases == NULL || matcher->places == NULL || matcher->generic == NULL) return NULL;
    for (uint32_t i = 0; i < kmi_pattern_count; i++) {
        matcher->phrases[i] = kmi_phrase_new(lexicon, arena, kmi_patterns[i].match);
        if (matcher->phrases[i] == NULL) return NULL;
    }
    for (uint32_t i = 0; i < kmi_pattern_count; i++)
        if (!note_starts(matcher, i, lexicon)) return NULL;
    return matcher;
}

typedef struct finder {
    const kmi_matcher *matcher;
    const kmi_tokens *tokens;
    size_t first;
    kmi_pattern_hit *hits;
    size_t count;
} finder;

static void try_pattern(finder *self, uint32_t pattern, size_t at) {
    size_t end = 0;
    if (self->count == KMI_PATTERN_HITS_MAX) return;
    for (size_t i = 0; i < self->count; i++)
        if (self->hits[i].pattern == &kmi_patterns[pattern]) return;
    if (kmi_phrase_match(self->matcher->phrases[pattern], self->tokens, at, self->first, &end))
        self->hits[self->count++] = (kmi_pattern_hit){&kmi_patterns[pattern], at, end};
}

size_t kmi_matcher_find(const kmi_matcher *matcher, const kmi_tokens *tokens, size_t first,
                        kmi_pattern_hit hits[KMI_PATTERN_HITS_MAX]) {
    finder self = {matcher, tokens, first, hits, 0};
    for (size_t at = first; at < tokens->count; at++) {
        const kmi_word *word = kmi_lexicon_at(matcher->lexicon, tokens->items[at].word);
        for (uint32_t next = word != NULL ? word->first_use : 0; next != 0; next = matcher->places[next - 1].next)
            try_pattern(&self, matcher->places[next - 1].pattern, at);
        for (uint32_t i = 0; i < matcher->generic_count; i++) try_pattern(&self, matcher->generic[i], at);
    }
    return self.count;
}
