/* types.c - the best pattern decides the type; what no pattern knows is a fact if it says something and a note if not.
 *
 * Orders ("rename the file …") and work in progress ("I'm porting …") are recognised by their grammar rather than by
 * lists of verbs, which would never be complete. */
#include "extract/types.h"

#include <string.h>

#define FALLBACK_FACT_CONFIDENCE 0.6
#define FALLBACK_NOTE_CONFIDENCE 0.5
#define IMPERATIVE_CONFIDENCE 0.77
#define CONDITION_CONFIDENCE 0.83
#define PROGRESS_CONFIDENCE 0.895
#define ASSISTANT_FACTOR 0.9
#define SCRIPT_WORD_BYTES_MIN ((size_t)24) /* scripts without blanks: one token is a whole clause */

static bool is_punctuation(const kmi_token *token) {
    return (token->flags & KMI_T_PUNCT) != 0;
}

static bool ends_with(const kmi_token *token, const char *suffix) {
    return kmi_slice_ends_with(token->lower, kmi_slice_from(suffix));
}

static bool is_negation(const kmi_token *token) {
    return kmi_token_has(token, KMI_W_NEGATION) && !kmi_token_is_any(token, "without|no|nor|neither|none|nothing");
}

/* Adjectives that deny when somebody finds a thing so: "I find YAML annoying". */
static bool is_found_bad(const kmi_tokens *tokens, size_t first, size_t at) {
    if (!kmi_token_is_any(&tokens->items[at], "annoying|confusing|distracting|ugly|painful|tedious|irritating|awkward|"
                                              "boring|clunky|cumbersome|overkill|terrible|awful|unreadable|unusable"))
        return false;
    for (size_t i = first; i < at; i++)
        if (kmi_token_is_any(&tokens->items[i], "find|finds|found")) return true;
    return false;
}

/* "don't forget to", "not only", "never hesitate" turn the negation round. */
static bool is_harmless_negation(const kmi_tokens *tokens, size_t at) {
    const kmi_token *next = at + 1 < tokens->count ? &tokens->items[at + 1] : NULL;
    if (next != NULL && kmi_token_is_any(next, "forget|only|hesitate|worry|necessarily|miss")) return true;
    if (next != NULL && kmi_token_is(next, "just")) /* "it is not just …"; "don't just retry" forbids */
        return at > 0 || !kmi_token_is_any(&tokens->items[at], "don't|dont|never");
    if (next != NULL && kmi_token_is(next, "fail"))
        return at + 2 < tokens->count && kmi_token_is(&tokens->items[at + 2], "to");
    if (at == 0 || !kmi_token_is_any(&tokens->items[at], "not|never")) return false;
    const kmi_token *before = &tokens->items[at - 1];
    return kmi_token_is_any(before, ",|and|but|or|why|(|-|–|—|if|whether");
}

static bool is_dislike(const kmi_token *token) {
    return kmi_token_is_any(
        token,
        "dislike|dislikes|disliked|hate|hates|hated|loathe|loathes|detest|detests|despise|despises|forbidden|"
        "prohibited|banned|disallowed|unsupported|refuse|refuses|stopped|discourage|discouraged|annoys|irritates|"
        "bothers|frustrates");
}

static bool is_counting_no(const kmi_tokens *tokens, size_t first, size_t at) {
    if (!kmi_token_is_any(&tokens->items[at], "no|nobody|none|neither|nothing")) return false;
    if (at == first) return true;
    if (at + 1 < tokens->count &&
        kmi_token_is_any(&tokens->items[at + 1], "circumstances|circumstance|condition|case|account|means"))
        return true;
    const kmi_token *before = &tokens->items[at - 1];
    return kmi_token_has(before, KMI_W_BE | KMI_W_AUXILIARY | KMI_W_VERB | KMI_W_ADVERB | KMI_W_WE | KMI_W_I) ||
           (at + 1 < tokens->count && kmi_token_is_any(&tokens->items[at + 1], "longer|more"));
}

bool kmi_types_is_negative(const kmi_tokens *tokens, size_t first) {
    bool in_condition = false;
    for (size_t i = first; i < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        if (kmi_token_is_any(token, "if|when|whenever|because|unless|until|although|since|where|which|who|whose"))
            in_condition = true;
        else if (is_punctuation(token) || kmi_token_is(token, "then"))
            in_condition = false;
        if (in_condition) continue;
        if ((is_negation(token) && !is_harmless_negation(tokens, i)) || is_dislike(token) ||
            is_counting_no(tokens, first, i) || is_found_bad(tokens, first, i))
            return true;
        if (kmi_token_is(token, "allergic") || (kmi_token_is(token, "anymore") && i + 2 >= tokens->count)) return true;
    }
    return false;
}

/* A finite verb in the main clause: before a conjunction opens another one. */
static bool has_main_verb(const kmi_tokens *tokens, size_t from) {
    for (size_t i = from; i < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        if (kmi_token_has(token, KMI_W_BE | KMI_W_AUXILIARY)) return true;
        if (kmi_token_is_any(token, "that|which|who|if|when|before|after|until|where|what|whether|because|so|unless|"
                                    "while|how|,|;|:|and|as"))
            return false;
    }
    return false;
}

/* "Rose Keller …", "Node A …", "Test files sit …": what could be an order is a name or a noun by what follows. */
static bool is_noun_here(const kmi_tokens *tokens, size_t first) {
    const kmi_token *verb = &tokens->items[first], *next = &tokens->items[first + 1],
                    *third = &tokens->items[first + 2];
    bool is_next_capital = (next->flags & KMI_T_CAPITAL) != 0;
    if (is_next_capital && kmi_token_has(verb, KMI_W_FIRST_NAME)) return true;
    if (is_next_capital && next->lower.len == 1 && !kmi_token_is(next, "i")) return true;
    bool is_plural = ends_with(next, "s") && !ends_with(next, "ss") && !kmi_token_has(next, KMI_W_DETERMINER);
    return is_plural && kmi_token_has(third, KMI_W_VERB) && !ends_with(third, "s") && !ends_with(third, "ed") &&
           !kmi_token_has(third, KMI_W_PREPOSITION | KMI_W_CONJUNCTION);
}

bool kmi_types_is_imperative(const kmi_tokens *tokens, size_t first) {
    if (first + 2 >= tokens->count) return false;
    const kmi_token *verb = &tokens->items[first], *next = &tokens->items[first + 1];
    if (is_punctuation(verb) || is_punctuation(next) || has_main_verb(tokens, first + 1) ||
        kmi_token_is(&tokens->items[first + 2], ":") || kmi_token_is_any(verb, "dear|hey|um|uh|fyi|btw|yo") ||
        (verb->flags & (KMI_T_SHAPED | KMI_T_DIGIT | KMI_T_ALL_CAPS)) != 0 || is_noun_here(tokens, first))
        return false;
    bool is_known = kmi_token_has(verb, KMI_W_IMPERATIVE);
    bool has_object = kmi_token_has(next, KMI_W_DETERMINER | KMI_W_ADVERB | KMI_W_NUMBER) ||
                      (next->flags & (KMI_T_NUMBER | KMI_T_CAPITAL | KMI_T_SHAPED | KMI_T_QUOTED)) != 0;
    /* "Release 1.8.0 ships …": a name with its number, and then the verb. */
    if ((next->flags & (KMI_T_NUMBER | KMI_T_CAPITAL)) != 0 && kmi_token_has(&tokens->items[first + 2], KMI_W_VERB) &&
        ends_with(&tokens->items[first + 2], "s"))
        return false;
    bool is_plain_order =
        kmi_token_is_any(verb, "keep|use|put|write|add|set|make|avoid|ensure|prefer|send|store|name|treat|"
                               "run|read|return|follow|close|open|move|remove|delete|include|skip");
    bool is_plural = ends_with(next, "s") && !ends_with(next, "ss");
    if (is_known) return !kmi_token_has(next, KMI_W_VERB) || has_object || (is_plain_order && is_plural);
    /* An unknown word before an article or a pronoun can only be a verb: "Reference the ticket …", "Recalibrate it". */
    bool is_object =
        kmi_token_is_any(next, "the|a|an|all|every|each|your|our|any|them|its|their|both|everything") ||
        (kmi_token_is_any(next, "it|this|these|those") && !kmi_token_has(&tokens->items[first + 2], KMI_W_VERB));
    return verb->classes == 0 && !ends_with(verb, "s") && !ends_with(verb, "ed") && !ends_with(verb, "ing") &&
           !ends_with(verb, "ly") && !kmi_token_is_any(verb, "given|taken|meanwhile|afterward|once|per") && is_object;
}

/* "reload it", "replace it": two words are enough behind a condition. */
static bool is_short_order(const kmi_tokens *tokens, size_t at) {
    return at + 1 < tokens->count && kmi_token_has(&tokens->items[at], KMI_W_IMPERATIVE) &&
           !kmi_token_has(&tokens->items[at], KMI_W_PRONOUN | KMI_W_DETERMINER | KMI_W_I | KMI_W_WE) &&
           !is_punctuation(&tokens->items[at + 1]) && !has_main_verb(tokens, at + 1) &&
           (at + 2 >= tokens->count || is_punctuation(&tokens->items[at + 2]) ||
            kmi_token_has(&tokens->items[at + 2], KMI_W_PREPOSITION));
}

/* "If the door sticks, oil the hinge": a condition and what to do then. */
static bool is_conditional_order(const kmi_tokens *tokens, size_t first, const char *openings) {
    if (first >= tokens->count || !kmi_token_is_any(&tokens->items[first], openings)) return false;
    for (size_t i = first + 2; i < tokens->count; i++)
        if (kmi_token_is_any(&tokens->items[i], ",|then"))
            return is_short_order(tokens, i + 1) || kmi_types_is_imperative(tokens, i + 1) ||
                   (i + 2 < tokens->count && kmi_token_is_any(&tokens->items[i + 1], "then|always|never|please|just") &&
                    kmi_types_is_imperative(tokens, i + 2));
    return false;
}

/* "if the reload dies just delete the cache", "when it hangs restart it": no comma, but an order behind a finite verb. */
static bool is_bare_conditional_order(const kmi_tokens *tokens, size_t first) {
    if (first >= tokens->count || !kmi_token_is_any(&tokens->items[first], "if|when|whenever|once")) return false;
    bool has_verb = false;
    for (size_t i = first + 2; i + 1 < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i], *before = &tokens->items[i - 1];
        if (is_punctuation(token)) return false;
        if (kmi_token_is_any(token, "just|simply|please|then"))
            return is_short_order(tokens, i + 1) || kmi_types_is_imperative(tokens, i + 1);
        bool is_order =
            has_verb && kmi_token_has(token, KMI_W_IMPERATIVE) &&
            !kmi_token_has(token, KMI_W_PREPOSITION | KMI_W_DETERMINER | KMI_W_ADVERB | KMI_W_BE | KMI_W_AUXILIARY) &&
            !kmi_token_has(before, KMI_W_DETERMINER | KMI_W_PREPOSITION | KMI_W_BE | KMI_W_AUXILIARY | KMI_W_I |
                                       KMI_W_WE | KMI_W_PRONOUN | KMI_W_CONJUNCTION | KMI_W_NEGATION) &&
            !kmi_token_is_any(before, "to|you|not|a|the");
        if (is_order && (kmi_token_has(&tokens->items[i + 1], KMI_W_DETERMINER | KMI_W_PRONOUN | KMI_W_NUMBER) ||
                         (tokens->items[i + 1].flags & (KMI_T_SHAPED | KMI_T_QUOTED | KMI_T_CAPITAL)) != 0))
            return true;
        has_verb |=
            kmi_token_has(token, KMI_W_VERB | KMI_W_BE | KMI_W_AUXILIARY) || (ends_with(token, "s") && i > first + 2);
    }
    return false;
}

/* "Public types need a comment": plural things without an article are all such things. */
static bool is_general_need(const kmi_tokens *tokens, size_t first) {
    for (size_t i = first + 1; i + 2 < tokens->count && i < first + 4; i++) {
        const kmi_token *subject = &tokens->items[i - 1], *opening = &tokens->items[first];
        if (!kmi_token_is_any(&tokens->items[i], "need|require|get|carry")) continue;
        return ends_with(subject, "s") &&
               !kmi_token_has(opening, KMI_W_DETERMINER | KMI_W_I | KMI_W_WE | KMI_W_PRONOUN | KMI_W_NUMBER) &&
               (opening->flags & (KMI_T_INNER_CAP | KMI_T_SHAPED)) == 0 &&
               kmi_token_is_any(&tokens->items[i + 1],
                                "a|an|at|two|one|three|their|its|both|approval|tests|docs|review");
    }
    return false;
}

/* "I'm trying to fix …" is of today, "I'm trying to learn …" and "to keep … small" are not: what is not known to pass stays. */
static bool is_passing_try(const kmi_token *verb) {
    return kmi_token_is_any(verb, "fix|get|debug|figure|find|reproduce|understand|solve|resolve|install|run|connect|"
                                  "deploy|set|upgrade|update|migrate|port|compile|load|log|open|import|export|merge|"
                                  "rebase|test|determine|track|trace|configure|add|remove|convert|finish|parse|start|"
                                  "restart|reach|restore|recover|isolate|diagnose|squeeze|wrap|unblock|work");
}

/* "I'm studying law", "I'm learning Go": a time of life; "I'm studying the logs" is today's work. */
static bool is_lasting_verb(const kmi_token *verb, const kmi_token *next) {
    return kmi_token_is_any(verb, "studying|learning|majoring|training|volunteering|raising") && next != NULL &&
           !kmi_token_is_any(next, "the|this|that|these|those|a|an|how|why|what");
}

/* "I'm porting …", "we are still waiting …": a verb in progress, but not a lasting state ("we're using …"). */
static bool is_in_progress(const kmi_tokens *tokens, size_t first) {
    size_t at = first;
    if (at + 2 >= tokens->count) return false;
    if (kmi_token_is_any(&tokens->items[at], "i|we|she|he|they") &&
        kmi_token_is_any(&tokens->items[at + 1], "am|are|is"))
        at += 2;
    else if (kmi_token_is_any(&tokens->items[at], "i'm|we're|she's|he's|they're|im"))
        at++;
    else
        return false;
    while (at + 1 < tokens->count && kmi_token_has(&tokens->items[at], KMI_W_ADVERB)) at++;
    const kmi_token *verb = &tokens->items[at];
    if (verb->lower.len < 6 || !ends_with(verb, "ing") ||
        kmi_token_is_any(verb, "using|going|having|living|running|hosting|looking|being|missing|expecting|hoping|"
                               "assuming|boring|interesting|amazing|exciting|nothing|something|anything|everything|"
                               "morning|evening|targeting|storing|relying"))
        return false;
    const kmi_token *next = at + 1 < tokens->count ? &tokens->items[at + 1] : NULL;
    if (kmi_token_is(verb, "trying") && at + 2 < tokens->count && kmi_token_is(next, "to"))
        return is_passing_try(&tokens->items[at + 2]);
    if (is_lasting_verb(verb, next)) return false;
    return !(next != NULL && kmi_token_is(verb, "working") && kmi_token_is_any(next, "as|at|for|from|with|in"));
}

static bool says_something(const kmi_tokens *tokens, size_t first) {
    size_t words = 0;
    for (size_t i = first; i < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        words += !is_punctuation(token);
        if ((token->flags & KMI_T_ACCENTED) != 0 && token->lower.len >= SCRIPT_WORD_BYTES_MIN) return true;
        if (i > first && kmi_token_has(token, KMI_W_BE | KMI_W_AUXILIARY | KMI_W_VERB)) return true;
        /* "Runtime: Deno 1.40": a name and its value */
        if (i > first && i < first + 5 && i + 1 < tokens->count && words <= 3 &&
            (kmi_token_is_any(token, ":|–|—|=|→") || (kmi_token_is(token, "-") && i + 2 < tokens->count)))
            return true;
    }
    return words >= 4;
}

static const struct {
    const char *type;
    double importance;
} type_table[] = {{"rule", 0.85},    {"decision", 0.8}, {"identity", 0.8}, {"preference", 0.75},
                  {"solution", 0.7}, {"fact", 0.6},     {"status", 0.4},   {"note", 0.35}};

double kmi_types_importance(const char *type) {
    for (size_t i = 0; i < sizeof type_table / sizeof type_table[0]; i++)
        if (strcmp(type_table[i].type, type) == 0) return type_table[i].importance;
    return 0.5;
}

const char *kmi_types_find(const char *name) {
    for (size_t i = 0; i < sizeof type_table / sizeof type_table[0]; i++)
        if (strcmp(type_table[i].type, name) == 0) return type_table[i].type;
    return NULL;
}

static const char *default_knowledge(const char *type) {
    if (strcmp(type, "rule") == 0) return "rule";
    if (strcmp(type, "preference") == 0) return "convention";
    if (strcmp(type, "solution") == 0) return "gotcha";
    return "note";
}

static double importance_of(const char *type, const kmi_tokens *tokens, const kmi_speech_act *act) {
    double importance = kmi_types_importance(type);
    bool is_stressed = act->is_important || act->is_correction;
    for (size_t i = 0; i < tokens->count && !is_stressed; i++)
        is_stressed = kmi_token_is_any(&tokens->items[i],
                                       "important|critical|crucial|essential|must|mandatory|never|security|urgent");
    return is_stressed && importance < 0.9 ? importance + 0.1 : importance;
}

static void take_hits(kmi_judgement *judgement, const kmi_pattern_hit *hits, size_t count) {
    double knowledge_confidence = 0;
    for (size_t i = 0; i < count; i++) {
        const kmi_pattern *pattern = hits[i].pattern;
        if (pattern->type != NULL && pattern->confidence > judgement->confidence) {
            judgement->type = pattern->type;
            judgement->pattern = pattern->id;
            judgement->confidence = pattern->confidence;
            judgement->keep_from = pattern->keep == KMI_KEEP_REST ? hits[i].to : judgement->keep_from;
        }
        if (pattern->knowledge != NULL && pattern->confidence > knowledge_confidence) {
            judgement->knowledge_type = pattern->knowledge;
            knowledge_confidence = pattern->confidence;
        }
    }
}

kmi_judgement kmi_types_judge(const kmi_matcher *matcher, const kmi_tokens *tokens, const kmi_speech_act *act,
                              bool is_assistant) {
    kmi_pattern_hit hits[KMI_PATTERN_HITS_MAX];
    kmi_judgement judgement = {.keep_from = act->first};
    size_t count = kmi_matcher_find(matcher, tokens, act->first, hits);
    take_hits(&judgement, hits, count);
    if (judgement.confidence < PROGRESS_CONFIDENCE && is_in_progress(tokens, act->first)) {
        judgement.type = "status";
        judgement.pattern = "status-in-progress";
        judgement.confidence = PROGRESS_CONFIDENCE;
        judgement.knowledge_type = "note";
    } else if (judgement.confidence < CONDITION_CONFIDENCE &&
               (is_conditional_order(tokens, act->first, "if|when|whenever|should|once|in") ||
                is_bare_conditional_order(tokens, act->first))) {
        judgement.type = "solution";
        judgement.pattern = "solve-condition";
        judgement.confidence = CONDITION_CONFIDENCE;
    } else if (judgement.confidence < CONDITION_CONFIDENCE &&
               is_conditional_order(tokens, act->first, "before|after|while|until|unless|during|for|as|instead|on")) {
        judgement.type = "rule";
        judgement.pattern = "rule-order-of-work";
        judgement.confidence = CONDITION_CONFIDENCE;
        if (judgement.knowledge_type == NULL) judgement.knowledge_type = "rule";
    } else if (judgement.confidence < IMPERATIVE_CONFIDENCE && is_general_need(tokens, act->first)) {
        judgement.type = "rule";
        judgement.pattern = "rule-general-need";
        judgement.confidence = IMPERATIVE_CONFIDENCE;
        if (judgement.knowledge_type == NULL) judgement.knowledge_type = "rule";
    } else if (judgement.confidence < IMPERATIVE_CONFIDENCE && !is_assistant &&
               kmi_types_is_imperative(tokens, act->first)) {
        judgement.type = "rule";
        judgement.pattern = "rule-imperative";
        judgement.confidence = IMPERATIVE_CONFIDENCE;
        if (judgement.knowledge_type == NULL) judgement.knowledge_type = "rule";
    }
    if (judgement.type == NULL || judgement.confidence < 0.55) {
        bool is_fact = says_something(tokens, act->first);
        judgement.type = is_fact ? "fact" : "note";
        judgement.pattern = "sentence";
        judgement.confidence = is_fact ? FALLBACK_FACT_CONFIDENCE : FALLBACK_NOTE_CONFIDENCE;
    }
    if (judgement.knowledge_type == NULL) judgement.knowledge_type = default_knowledge(judgement.type);
    if (is_assistant) judgement.confidence *= ASSISTANT_FACTOR;
    bool is_negative = kmi_types_is_negative(tokens, act->first);
    judgement.polarity = is_negative ? "negative" : strcmp(judgement.type, "note") == 0 ? "neutral" : "positive";
    judgement.importance = importance_of(judgement.type, tokens, act);
    return judgement;
}
