/* statement_parse.h - what the files that read a statement share: the statement in hand, questions about its tokens, and texts
 * made of them. Private to them. */
#ifndef KMI_EXTRACT_STATEMENT_PARSE_H
#define KMI_EXTRACT_STATEMENT_PARSE_H

#include <stdint.h>

#include "extract/statement.h"

typedef struct kmi_parse {
    const kmi_tokens *tokens;
    const kmi_entity_list *entities;
    kmi_arena *arena;
    kmi_statement *out;
    size_t first, end; /* the statement, closing punctuation aside */
    size_t verb;       /* the main verb; end: none */
    size_t rest;       /* behind the verb, its adverbs and negations */
    bool has_also, has_now;
    bool has_new_value; /* a change named it */
    bool is_out_of_memory;
} kmi_parse;

static inline const kmi_token *at(const kmi_parse *self, size_t i) {
    return &self->tokens->items[i];
}
static inline bool is_any(const kmi_parse *self, size_t i, const char *words) {
    return i >= self->first && i < self->end && kmi_token_is_any(at(self, i), words);
}
static inline bool has(const kmi_parse *self, size_t i, uint32_t classes) {
    return i >= self->first && i < self->end && kmi_token_has(at(self, i), classes);
}
static inline bool is_mark(const kmi_parse *self, size_t i) {
    return i < self->end && (at(self, i)->flags & KMI_T_PUNCT) != 0;
}
static inline bool is_quote(const kmi_parse *self, size_t i) {
    return is_mark(self, i) && (kmi_token_is_any(at(self, i), "\"|'|`|“|”|‘|’|*"));
}
static inline bool is_number(const kmi_parse *self, size_t i) {
    return i < self->end && ((at(self, i)->flags & KMI_T_NUMBER) != 0 || kmi_token_has(at(self, i), KMI_W_NUMBER));
}
static inline bool has_suffix(const kmi_parse *self, size_t i, const char *suffix) {
    return i < self->end && kmi_slice_ends_with(at(self, i)->lower, kmi_slice_from(suffix));
}

/* Articles say nothing; the A of "Service A" is none. */
static inline bool is_article(const kmi_parse *self, size_t i) {
    bool is_label = i > self->first && (at(self, i)->flags & KMI_T_CAPITAL) != 0;
    return !is_label && kmi_token_is_any(at(self, i), "the|a|an|our|this|that");
}

/* Tokens [from, to) in lower case, joined by blanks, without articles, marks and words of time. NULL when empty. */
const char *kmi_parse_join(kmi_parse *self, size_t from, size_t to);
/* "head tail"; a copy of head when tail is NULL. */
const char *kmi_parse_format(kmi_parse *self, const char *head, const char *tail);
/* The infinitive of the main verb. */
const char *kmi_parse_base_form(kmi_parse *self);

#endif
