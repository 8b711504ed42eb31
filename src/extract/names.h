/* names.h - the table of known names: languages, technologies, organizations, places, with their other spellings. */
#ifndef KMI_EXTRACT_NAMES_H
#define KMI_EXTRACT_NAMES_H

#include "extract/tokens.h"

typedef enum kmi_name_care { KMI_NAME_PLAIN, KMI_NAME_CAREFUL, KMI_NAME_EXACT } kmi_name_care;

typedef struct kmi_name {
    const char *name; /* the spelling that is kept */
    const char *type; /* static */
    kmi_name_care care;
} kmi_name;

typedef struct kmi_names kmi_names;

/* Returns: the table in the arena, its words added to the lexicon; NULL when out of memory. */
kmi_names *kmi_names_new(kmi_lexicon *lexicon, kmi_arena *arena);
/* The longest name at token `at`, whether or not it is meant as one here: *ret_end is the token behind. NULL: none. */
const kmi_name *kmi_names_at(const kmi_names *names, const kmi_tokens *tokens, size_t at, size_t *ret_end);

#endif
