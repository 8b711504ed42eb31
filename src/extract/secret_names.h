/* secret_names.h - names beside which a secret stands ("password", "api key", "alarm code"), and what counts as one there. */
#ifndef KMI_EXTRACT_SECRET_NAMES_H
#define KMI_EXTRACT_SECRET_NAMES_H

#include "util/slice.h"

/* What may stand beside a name. */
typedef enum kmi_secret_value {
    KMI_VALUE_PASSWORD, /* made up by people: a word with digits, three words with hyphens, a phrase */
    KMI_VALUE_TOKEN,    /* made up by programs, or what stands behind '=' */
    KMI_VALUE_RANDOM,   /* nothing but a long random value: the name alone says little */
    KMI_VALUE_HEADER,   /* "Bearer …" */
    KMI_VALUE_LOGIN,    /* a name and a password */
    KMI_VALUE_DIGITS,   /* "the PIN is 4821" */
    KMI_VALUE_CODES,    /* a row of recovery codes */
    KMI_VALUE_PHRASE    /* the words of a wallet */
} kmi_secret_value;

typedef struct kmi_secret_name {
    const char *suffix; /* lower case; the name ends with it */
    size_t suffix_len;
    const char *kind;
    kmi_secret_value value;
    const char *qualifiers; /* words of which one must stand directly before, separated by blanks; NULL: none needed */
    bool only_equals;       /* too common in prose for anything but '=' */
} kmi_secret_name;

/* Returns: the name that text[start..end) is, or NULL. */
const kmi_secret_name *kmi_secret_name_find(kmi_slice text, size_t start, size_t end);
/* A name beyond ASCII ("пароль", "密码") that starts at `at`. Returns: it, or NULL; *ret_end is behind it. */
const kmi_secret_name *kmi_secret_name_find_accented(kmi_slice text, size_t at, size_t *ret_end);

/* Behind a name: true if what follows makes another thing of it, as in "password manager", "token bucket". */
bool kmi_secret_name_is_compound(kmi_slice text, size_t end);

#endif
