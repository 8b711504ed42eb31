/* clauses.c - cuts a sentence between two clauses that both say something of their own, and of another type.
 *
 * A memory has one type, so a rule that hangs on a fact by an "and" would be lost in it. Whatever belongs together stays
 * whole, however: conditions, reasons, comparisons, corrections, problem and solution, and two statements of one type. In
 * doubt nothing is cut. */
#include "extract/clauses.h"

#include <string.h>

#include "extract/types.h"

#define CLAUSE_WORDS_MIN 4
#define SENTENCE_TOKENS_MAX 80 /* a longer one is no talk but a list or worse */
#define TRIES_MAX 4

static bool is_mark(const kmi_token *token) {
    return (token->flags & KMI_T_PUNCT) != 0;
}

/* Words that tie clauses together, or say that one corrects the other. */
static const char ties[] =
    "if|when|whenever|because|unless|until|while|since|although|though|whether|that|which|who|whose|where|before|after|"
    "so|once|than|instead|rather|either|both|neither|between|over|actually|anymore|longer|not|never|no|don't|doesn't|"
    "isn't|aren't|won't|can't|cannot|didn't|to|then|otherwise|except|only|now|too|replaced|switched|moved|migrated|"
    "changed";

static bool is_tied(const kmi_tokens *tokens, size_t from, size_t to, bool is_first) {
    for (size_t i = from; i < to; i++) {
        const kmi_token *token = &tokens->items[i];
        if (kmi_token_is_any(token, "to|no|not|never|only|don't|doesn't|over|that")) {
            bool corrects =
                kmi_token_is(token, "no") && i + 1 < to && kmi_token_is_any(&tokens->items[i + 1], "longer|more");
            if (corrects || (is_first && kmi_token_is_any(token, "not|never|don't|doesn't"))) return true;
            continue; /* common inside of one clause */
        }
        if (kmi_token_is_any(token, ties)) return true;
    }
    return false;
}

static bool opens_clause(const kmi_tokens *tokens, size_t at) {
    return at + 2 < tokens->count &&
           (kmi_token_has(&tokens->items[at], KMI_W_I | KMI_W_WE | KMI_W_DETERMINER) ||
            kmi_token_is_any(&tokens->items[at],
                             "he|she|they|there|everyone|everybody|nobody|all|every|always|never|please"));
}

/* A finite verb soon behind the subject. */
static bool has_verb(const kmi_tokens *tokens, size_t from, size_t to) {
    for (size_t i = from + 1; i < to && i < from + 7; i++) {
        const kmi_token *token = &tokens->items[i];
        if (kmi_token_has(token, KMI_W_BE | KMI_W_AUXILIARY)) return true;
        if (kmi_token_has(token, KMI_W_VERB) &&
            !kmi_token_has(&tokens->items[i - 1], KMI_W_DETERMINER | KMI_W_PREPOSITION))
            return true;
    }
    return kmi_token_is_any(&tokens->items[from], "i'm|we're|always|never|please");
}

static size_t count_words(const kmi_tokens *tokens, size_t from, size_t to) {
    size_t words = 0;
    for (size_t i = from; i < to; i++) words += !is_mark(&tokens->items[i]);
    return words;
}

static const char *type_of(const kmi_matcher *matcher, const kmi_tokens *tokens, size_t from, size_t to) {
    kmi_tokens part = {.text = tokens->text, .count = to - from, .items = tokens->items + from};
    kmi_speech_act act = {0};
    const char *type = kmi_types_judge(matcher, &part, &act, false).type;
    return strcmp(type, "note") == 0 ? "fact" : type;
}

size_t kmi_clauses_break(const kmi_matcher *matcher, const kmi_tokens *tokens, const kmi_speech_act *act,
                         size_t *ret_end) {
    size_t first = act->first;
    size_t tries = 0;
    if (act->is_correction || tokens->count < first + 2 * CLAUSE_WORDS_MIN || tokens->count > SENTENCE_TOKENS_MAX)
        return 0;
    for (size_t i = first + CLAUSE_WORDS_MIN; i + CLAUSE_WORDS_MIN < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        if (is_tied(tokens, i - (i == first + CLAUSE_WORDS_MIN ? CLAUSE_WORDS_MIN : 1), i, true)) return 0;
        bool is_semicolon = kmi_token_is(token, ";");
        if (!is_semicolon && !kmi_token_is_any(token, ",|and|but")) continue;
        size_t next = i + 1;
        if (kmi_token_is(token, ",") && kmi_token_is_any(&tokens->items[next], "and|but")) next++;
        if (!opens_clause(tokens, next) || !has_verb(tokens, next, tokens->count) || !has_verb(tokens, first, i) ||
            count_words(tokens, first, i) < CLAUSE_WORDS_MIN ||
            count_words(tokens, next, tokens->count) < CLAUSE_WORDS_MIN || is_tied(tokens, next, tokens->count, false))
            continue;
        if (++tries > TRIES_MAX) return 0;
        const char *left = type_of(matcher, tokens, first, i), *right = type_of(matcher, tokens, next, tokens->count);
        if (strcmp(left, right) == 0 || strcmp(left, "solution") == 0 || strcmp(right, "solution") == 0) continue;
        *ret_end = i;
        return next;
    }
    return 0;
}
