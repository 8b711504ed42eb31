/* regex.h - the door to PCRE2: UTF-8 patterns with match limits, so that no pattern can hang the worker.
 * Compiled patterns may be shared by threads; match data belong to one thread. */
#ifndef KMI_BASE_REGEX_H
#define KMI_BASE_REGEX_H

#include <stdint.h>

#include "util/error.h"
#include "util/slice.h"

typedef struct kmi_regex kmi_regex;

/* Compiles a pattern (case-insensitive if asked, JIT if asked and there). KM_E_INVALID tells message and offset. */
km_status kmi_regex_compile(kmi_slice pattern, bool ignore_case, bool use_jit, kmi_regex **ret_regex,
                            km_error *error) KM_MUST_CHECK;
void kmi_regex_free(kmi_regex *regex);

#define KMI_REGEX_GROUPS 10
typedef struct kmi_regex_match {
    kmi_slice group[KMI_REGEX_GROUPS]; /* group[0] is the whole match; ptr NULL where a group took no part */
    size_t start, end;                 /* of the whole match */
} kmi_regex_match;
/* Searches from byte `from` on in valid UTF-8. *ret_found tells. *steps is how much the search may cost, and afterwards
 * what is left of it: a step is an item of the pattern that was tried, 20 to 30 ns. A search that would cost more, or
 * goes too deep, counts as not found and sets *ret_limited. KM_E_NOMEM is the only failure. */
km_status kmi_regex_search(const kmi_regex *regex, kmi_slice text, size_t from, uint64_t *steps, bool *ret_found,
                           kmi_regex_match *ret_match, bool *ret_limited, km_error *error) KM_MUST_CHECK;

#endif
