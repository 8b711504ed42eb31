/* content.h - the text of a memory, made to stand on its own: plain, with what its pronouns mean. */
#ifndef KMI_EXTRACT_CONTENT_H
#define KMI_EXTRACT_CONTENT_H

#include "extract/tokens.h"

#define KMI_ANTECEDENT_BYTES 80

/* What was talked about last, from sentence to sentence. */
typedef struct kmi_antecedent {
    char name[KMI_ANTECEDENT_BYTES]; /* "the app"; empty: unknown */
    kmi_slice sentence;              /* the sentence before; empty: none */
} kmi_antecedent;

typedef struct kmi_content_request {
    const kmi_tokens *tokens;
    size_t keep_from;                 /* token where the kept text starts */
    kmi_slice introduction;           /* the line before a list of fragments, or empty */
    const kmi_antecedent *antecedent; /* or NULL */
} kmi_content_request;

/* Returns: the text in the arena, or NULL when out of memory. */
char *kmi_content_make(const kmi_content_request *request, kmi_arena *arena);
/* True if the statement opens with a pronoun that needs the sentence before: "it is …", "they …". */
bool kmi_content_opens_with_pronoun(const kmi_tokens *tokens, size_t first);
/* Sets the antecedent's name from tokens [from, to) of a sentence; a pronoun or "we" leaves it as it was. */
void kmi_antecedent_set(kmi_antecedent *antecedent, const kmi_tokens *tokens, size_t from, size_t to);

#endif
