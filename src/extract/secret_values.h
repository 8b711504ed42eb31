/* secret_values.h - how much a value looks like a secret, given the name beside it and what links the two. */
#ifndef KMI_EXTRACT_SECRET_VALUES_H
#define KMI_EXTRACT_SECRET_VALUES_H

#include "extract/secret_names.h"

/* What stands between name and value, from nothing to what leaves no doubt. */
typedef enum kmi_secret_link {
    KMI_LINK_NONE,
    KMI_LINK_SPACE,  /* "the token abc…" */
    KMI_LINK_WITH,   /* "with password abc…": as SPACE, but a value is to be expected */
    KMI_LINK_IS,     /* "the token is abc…" */
    KMI_LINK_COLON,  /* "token: abc…", "token" in quotes and a value behind a comma */
    KMI_LINK_EQUALS, /* "token=abc…", "<token>abc…" */
    KMI_LINK_OPTION  /* "--token abc…" */
} kmi_secret_link;

typedef struct kmi_secret_found {
    size_t start, end;
    bool is_quoted, ends_line, is_call, ends_clause, is_ascii;
} kmi_secret_found;

/* True if the value text[found) beside this name, linked so, is a secret. */
bool kmi_secret_value_is(kmi_slice text, const kmi_secret_name *name, kmi_secret_link how,
                         const kmi_secret_found *found);
/* True if the words from `at` to the end of the clause can only be a phrase that opens something ("correct horse battery
 * staple"): `least` and more plain words, none of which builds sentences. *ret_end is behind them. */
bool kmi_secret_value_is_phrase(kmi_slice text, size_t at, size_t least, size_t *ret_end);
/* A row of codes ("8f3k-29dk, 77ab-x0p2") from `at` on. */
bool kmi_secret_value_is_codes(kmi_slice text, size_t at, size_t *ret_end);
/* Digits and letters mixed, or letters and signs that no sentence has. */
bool kmi_secret_looks_random(kmi_slice value, size_t least_len);

#endif
