/* regex.c - PCRE2 with limits.
 *
 * Patterns may come from a project's configuration, so from a stranger. PCRE2's own limits count places to go back to,
 * anew for each place where a match may begin: a pattern that reads far at each of them stays below any limit and takes
 * minutes. So every pattern is compiled with a callout before each of its items, and what the items may cost is counted
 * over the whole search, the same on every machine. PCRE2's \C could cut a character in half, so it is off. Text was
 * validated at the edge (PCRE2_NO_UTF_CHECK).
 *
 * Match data belong to one thread and cost an allocation: each thread keeps its own (util/thread.h). */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "base/regex.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "util/thread.h"

#define BYTES_PER_STEP 16U /* a repeated character is read about that fast, compared with a callout (20 to 30 ns) */
#define DEPTH_LIMIT 10000U
#define HEAP_LIMIT_KIB 2048U
#define PATTERN_LIMIT_BYTES ((size_t)16 * 1024)

struct kmi_regex {
    pcre2_code *code;
    char *pattern; /* the callouts speak of places in it */
};

/* What a search may still cost. */
typedef struct allowance {
    const char *pattern;
    uint64_t steps;
} allowance;

/* What a thread needs for matching. */
typedef struct matcher {
    pcre2_match_data *data;
    pcre2_match_context *context;
} matcher;

static _Thread_local matcher *thread_matcher;

static void free_matcher(void *object) {
    matcher *old = object;
    pcre2_match_data_free(old->data);
    pcre2_match_context_free(old->context);
    free(old);
    thread_matcher = NULL;
}

/* Returns: the matcher of this thread, or NULL when out of memory. */
static matcher *require_matcher(void) {
    if (thread_matcher != NULL) {
        return thread_matcher;
    }
    matcher *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    made->data = pcre2_match_data_create(KMI_REGEX_GROUPS, NULL);
    made->context = pcre2_match_context_create(NULL);
    if (made->data == NULL || made->context == NULL || !kmi_thread_keep(made, free_matcher)) {
        free_matcher(made);
        return NULL;
    }
    (void)pcre2_set_depth_limit(made->context, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(made->context, HEAP_LIMIT_KIB);
    thread_matcher = made;
    return made;
}

/* True for items that may read the text up to its end before the next callout: repetitions, references, \X. */
static bool may_read_on(const char *item, size_t len) {
    if (len == 0) return false;
    if (memchr("*+?}", item[len - 1], 4) != NULL) return true;
    if (len >= 2 && item[0] == '\\') return memchr("123456789gkXR", item[1], 13) != NULL;
    return len >= 3 && item[0] == '(' && item[1] == '?' && item[2] == 'P';
}

static int count_step(pcre2_callout_block *place, void *context) {
    allowance *allowed = context;
    uint64_t steps = 1;
    if (may_read_on(allowed->pattern + place->pattern_position, place->next_item_length))
        steps += (place->subject_length - place->current_position) / BYTES_PER_STEP;
    if (allowed->steps < steps) return PCRE2_ERROR_MATCHLIMIT;
    allowed->steps -= steps;
    return 0;
}

km_status kmi_regex_compile(kmi_slice pattern, bool ignore_case, bool use_jit, kmi_regex **ret_regex, km_error *error) {
    if (pattern.len > PATTERN_LIMIT_BYTES) {
        return kmi_fail(error, KM_E_INVALID, "pattern has %zu bytes, more than %zu", pattern.len, PATTERN_LIMIT_BYTES);
    }
    if (pattern.ptr == NULL) pattern = KMI_SLICE_LITERAL("");
    uint32_t options =
        PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT | (ignore_case ? PCRE2_CASELESS : 0);
    int fault = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, options, &fault, &offset, NULL);
    if (code == NULL) {
        PCRE2_UCHAR text[160] = {0};
        (void)pcre2_get_error_message(fault, text, sizeof text); /* cut if too long, which is fine */
        km_status status = fault == PCRE2_ERROR_HEAP_FAILED ? KM_E_NOMEM : KM_E_INVALID;
        return kmi_fail(error, status, "pattern is wrong at offset %zu: %s", (size_t)offset, (const char *)text);
    }
    kmi_regex *regex = calloc(1, sizeof *regex);
    if (regex != NULL) regex->pattern = malloc(pattern.len + 1);
    if (regex == NULL || regex->pattern == NULL) {
        free(regex);
        pcre2_code_free(code);
        return kmi_fail(error, KM_E_NOMEM, "out of memory while compiling a pattern");
    }
    if (use_jit) {
        /* Where there is no JIT (hardened kernels, odd machines) the interpreter gives the same answers. */
        (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    }
    memcpy(regex->pattern, pattern.ptr, pattern.len);
    regex->code = code;
    *ret_regex = regex;
    return KM_OK;
}

void kmi_regex_free(kmi_regex *regex) {
    if (regex != NULL) {
        pcre2_code_free(regex->code);
        free(regex->pattern);
        free(regex);
    }
}

static void read_groups(const matcher *found, kmi_slice text, int group_count, kmi_regex_match *ret_match) {
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(found->data);
    /* 0 means that the pattern has more groups than there is room for: all places are filled then. */
    int filled = group_count == 0 ? KMI_REGEX_GROUPS : group_count;
    *ret_match = (kmi_regex_match){.start = offsets[0], .end = offsets[1]};
    for (int i = 0; i < filled && i < KMI_REGEX_GROUPS; i++) {
        PCRE2_SIZE start = offsets[2 * i];
        PCRE2_SIZE end = offsets[2 * i + 1];
        if (start != PCRE2_UNSET && start <= end && end <= text.len) {
            ret_match->group[i] = (kmi_slice){text.ptr + start, end - start};
        }
    }
}

km_status kmi_regex_search(const kmi_regex *regex, kmi_slice text, size_t from, uint64_t *steps, bool *ret_found,
                           kmi_regex_match *ret_match, bool *ret_limited, km_error *error) {
    *ret_limited = false;
    *ret_found = false;
    if (from > text.len) {
        return KM_OK;
    }
    if (text.ptr == NULL) {
        text.ptr = "";
    }
    matcher *mine = require_matcher();
    if (mine == NULL) {
        return kmi_fail(error, KM_E_NOMEM, "out of memory while matching a pattern");
    }
    allowance allowed = {regex->pattern, *steps};
    (void)pcre2_set_callout(mine->context, count_step, &allowed);
    int result =
        pcre2_match(regex->code, (PCRE2_SPTR)text.ptr, text.len, from, PCRE2_NO_UTF_CHECK, mine->data, mine->context);
    *steps = allowed.steps;
    if (result >= 0) {
        read_groups(mine, text, result, ret_match);
        /* \K can put the start behind the end; nobody can use such a match. */
        *ret_found = ret_match->start <= ret_match->end;
        return KM_OK;
    }
    if (result == PCRE2_ERROR_NOMATCH) {
        return KM_OK;
    }
    if (result == PCRE2_ERROR_NOMEMORY) {
        return kmi_fail(error, KM_E_NOMEM, "out of memory while matching a pattern");
    }
    *ret_limited = true; /* steps, depth, heap or JIT stack: this pattern is too costly for this text */
    return KM_OK;
}
