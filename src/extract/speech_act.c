/* speech_act.c - keeps questions, thanks and chatter out of memory.
 *
 * Order matters: a question mark decides first; then openers are peeled off, so that "Thanks, we use tape" is judged by
 * what follows the thanks; what is left is compared with phrases that say nothing. In doubt a sentence is a statement:
 * a stored pleasantry is noise, a dropped fact is a loss. */
#include "extract/speech_act.h"

#include <string.h>

typedef enum opener_kind { KMI_OPENER_ASIDE, KMI_OPENER_IMPORTANT, KMI_OPENER_CORRECTION } opener_kind;

static const struct {
    const char *match;
    opener_kind kind;
} openers[] = {
#define OPENERS
#include "extract/phrases.inc"
#undef OPENERS
};
static const struct {
    const char *match;
    const char *reason;
    kmi_speaker_kind speaker;
} skips[] = {
#define SKIPS
#include "extract/phrases.inc"
#undef SKIPS
};
#define OPENER_COUNT (sizeof openers / sizeof openers[0])
#define SKIP_COUNT (sizeof skips / sizeof skips[0])
#define OPENERS_IN_A_ROW_MAX 6
#define PLEASANTRY_WORDS_MAX 14

struct kmi_speech_acts {
    kmi_phrase *openers[OPENER_COUNT];
    kmi_phrase *skips[SKIP_COUNT];
};

kmi_speech_acts *kmi_speech_acts_new(kmi_lexicon *lexicon, kmi_arena *arena) {
    kmi_speech_acts *acts = kmi_arena_alloc(arena, sizeof *acts);
    for (size_t i = 0; acts != NULL && i < OPENER_COUNT; i++)
        if ((acts->openers[i] = kmi_phrase_new(lexicon, arena, openers[i].match)) == NULL) return NULL;
    for (size_t i = 0; acts != NULL && i < SKIP_COUNT; i++)
        if ((acts->skips[i] = kmi_phrase_new(lexicon, arena, skips[i].match)) == NULL) return NULL;
    return acts;
}

size_t kmi_speech_acts_count(const kmi_speech_acts *acts) {
    return acts != NULL ? OPENER_COUNT + SKIP_COUNT : 0;
}

static bool is_punctuation(const kmi_token *token) {
    return (token->flags & KMI_T_PUNCT) != 0;
}

static size_t count_words(const kmi_tokens *tokens, size_t from) {
    size_t words = 0;
    for (size_t i = from; i < tokens->count; i++) words += !is_punctuation(&tokens->items[i]);
    return words;
}

/* Only words of politeness and agreement, and at least one of them, or a handful of words that carry nothing. */
static const char *find_pleasantry(const kmi_tokens *tokens, size_t from) {
    size_t words = 0, thanks = 0, greetings = 0;
    for (size_t i = from; i < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        if (is_punctuation(token)) continue;
        words++;
        thanks += kmi_token_has(token, KMI_W_THANKS);
        greetings += kmi_token_has(token, KMI_W_GREETING);
        if (!kmi_token_has(token, KMI_W_THANKS | KMI_W_GREETING | KMI_W_FILLER)) return NULL;
    }
    if (words > PLEASANTRY_WORDS_MAX || (thanks + greetings == 0 && words > 6)) return NULL;
    return greetings > thanks ? "greeting" : "acknowledgement";
}

static bool ends_with_question_mark(const kmi_tokens *tokens) {
    for (size_t i = tokens->count; i-- > 0;) {
        const kmi_token *token = &tokens->items[i];
        if (kmi_slice_ends_with(token->lower, KMI_SLICE_LITERAL("？")) ||
            kmi_slice_ends_with(token->lower, KMI_SLICE_LITERAL("ですか。")) ||
            kmi_slice_ends_with(token->lower, KMI_SLICE_LITERAL("ますか。")) ||
            kmi_slice_ends_with(token->lower, KMI_SLICE_LITERAL("吗。")))
            return true;
        if (!is_punctuation(token)) return false;
        if (token->lower.ptr[0] == '?') return true;
    }
    return false;
}

static bool has_comma(const kmi_tokens *tokens, size_t from) {
    for (size_t i = from; i < tokens->count; i++)
        if (is_punctuation(&tokens->items[i]) && strchr(",;:", tokens->items[i].lower.ptr[0]) != NULL) return true;
    return false;
}

/* "how do I …", "is it …", "do you …" without a question mark. */
static bool is_worded_as_question(const kmi_tokens *tokens, size_t first) {
    if (first + 2 >= tokens->count) return false;
    const kmi_token *a = &tokens->items[first], *b = &tokens->items[first + 1], *c = &tokens->items[first + 2];
    bool is_subject = kmi_token_has(b, KMI_W_I | KMI_W_WE) ||
                      kmi_token_is_any(b, "you|u|ya|they|there|he|she|it|this|that|anyone|someone|somebody|anybody");
    if (kmi_token_is_any(a, "do|does|did|can|could|would|should|is|are|was|were|has|am") && is_subject &&
        !kmi_token_is_any(a, "do"))
        return true;
    /* "Did the build pass", "is the server up": no statement begins so. */
    bool is_noun = (kmi_token_has(b, KMI_W_DETERMINER) && !kmi_token_is_any(b, "a|an|no")) ||
                   kmi_token_is_any(b, "anyone|any|my|your|our|someone|everyone|all");
    if (kmi_token_is_any(a, "did|does|is|are|was|were|has|could|would") && is_noun &&
        (a->flags & KMI_T_ALL_CAPS) == 0 && !has_comma(tokens, first))
        return true;
    if (kmi_token_is(a, "have") && kmi_token_is_any(b, "you|we|they|i")) return true;
    if (kmi_token_is(a, "do") && kmi_token_is_any(b, "you|u|we|i|they|these|those")) return true;
    if (kmi_token_is_any(a, "whats|wheres|whos|hows|whens|whys|what's|where's|who's|how's|when's|why's")) return true;
    if (kmi_token_is_any(a, "how") && kmi_token_is_any(b, "come|to|many|much|long|often|far|fast|big")) return true;
    if (kmi_token_is_any(a, "why") && kmi_token_is_any(b, "not|no|so")) return true;
    bool is_asking = kmi_token_is_any(a, "what|where|when|why|how|who|which|whose");
    bool is_inverted = kmi_token_is_any(b, "is|are|was|were|do|does|did|can|could|should|would|will|has|have") &&
                       !kmi_token_has(c, KMI_W_VERB | KMI_W_AUXILIARY | KMI_W_BE);
    return is_asking && is_inverted &&
           (kmi_token_has(c, KMI_W_DETERMINER | KMI_W_I | KMI_W_WE | KMI_W_PRONOUN) || kmi_token_is(c, "you"));
}

static bool find_opener(const kmi_speech_acts *acts, const kmi_tokens *tokens, size_t at, size_t *ret_end,
                        opener_kind *ret_kind) {
    for (size_t i = 0; i < OPENER_COUNT; i++) {
        size_t end = 0;
        /* Something must be left to say. */
        if (kmi_phrase_match(acts->openers[i], tokens, at, at, &end) && end > at && count_words(tokens, end) >= 2) {
            *ret_end = end;
            *ret_kind = openers[i].kind;
            return true;
        }
    }
    return false;
}

/* "um wait the hall is …", "fyi the cert …": what people say before they begin, without a comma behind it. Returns: the token
 * behind, or `at`. */
static size_t skip_hesitation(const kmi_tokens *tokens, size_t at, bool *ret_is_correction) {
    if (at + 3 > tokens->count || count_words(tokens, at) < 4) return at;
    const kmi_token *word = &tokens->items[at], *next = &tokens->items[at + 1];
    if (is_punctuation(next) || (word->flags & KMI_T_SHAPED) != 0) return at;
    if (kmi_token_is_any(word, "um|uh|uhm|er|erm|hmm|hm|mhm|oh|ah|fyi|btw|psa|lol|omg|yo|haha|ps|reminder|note"))
        return at + 1;
    bool begins = kmi_token_has(next, KMI_W_DETERMINER | KMI_W_WE | KMI_W_I | KMI_W_PRONOUN) ||
                  kmi_token_is_any(next, "um|uh|er|erm|hmm|hm|wait|no|sorry|actually|so|well|we|the|you");
    if (!begins) return at;
    if (kmi_token_is_any(word, "wait|oops|whoops|nope|nah") ||
        (kmi_token_is_any(word, "sorry|no") && kmi_token_is_any(next, "the|our|we|wait|actually"))) {
        *ret_is_correction = true;
        return at + 1;
    }
    return at + kmi_token_is_any(word,
                                 "ok|okay|well|yeah|yep|right|anyway|also|basically|honestly|hey|alright|like|so|cool");
}

/* "谢谢你的帮助": scripts without blanks put thanks in front of the rest of one word. */
static bool begins_with_thanks(const kmi_tokens *tokens, size_t first) {
    static const char *const thanks[] = {"谢谢",       "謝謝",   "感谢", "感謝",   "多谢",
                                         "ありがとう", "有難う", "감사", "고마워", "고맙"};
    kmi_slice word = tokens->items[first].lower;
    for (size_t i = 0; i < sizeof thanks / sizeof thanks[0]; i++)
        if (kmi_slice_starts_with(word, kmi_slice_from(thanks[i])))
            return tokens->text.len <= 60 && !has_comma(tokens, first);
    return false;
}

static const char *find_skip(const kmi_speech_acts *acts, const kmi_tokens *tokens, size_t first, bool is_assistant) {
    for (size_t i = 0; i < SKIP_COUNT; i++) {
        size_t end = 0;
        if (skips[i].speaker == KMI_SPEAKER_ASSISTANT && !is_assistant) continue;
        if (kmi_phrase_match(acts->skips[i], tokens, first, first, &end)) return skips[i].reason;
    }
    if (begins_with_thanks(tokens, first)) return "acknowledgement";
    if (kmi_token_is_any(&tokens->items[first], "thanks|thank") && !has_comma(tokens, first)) return "acknowledgement";
    return NULL;
}

kmi_speech_act kmi_speech_act_of(const kmi_speech_acts *acts, const kmi_tokens *tokens, bool is_assistant) {
    kmi_speech_act act = {0};
    if (ends_with_question_mark(tokens)) return (kmi_speech_act){.skip_reason = "question"};
    act.skip_reason = find_pleasantry(tokens, 0);
    if (act.skip_reason == NULL) act.skip_reason = find_skip(acts, tokens, 0, is_assistant);
    for (size_t i = 0; i < OPENERS_IN_A_ROW_MAX && act.skip_reason == NULL; i++) {
        size_t end = 0;
        opener_kind kind = KMI_OPENER_ASIDE;
        if (!find_opener(acts, tokens, act.first, &end, &kind)) {
            end = skip_hesitation(tokens, act.first, &act.is_correction);
            if (end == act.first) break;
            act.first = end;
            continue;
        }
        act.first = end;
        act.is_correction |= kind == KMI_OPENER_CORRECTION;
        act.is_important |= kind == KMI_OPENER_IMPORTANT;
    }
    if (act.skip_reason == NULL && act.first > 0) {
        act.skip_reason = find_pleasantry(tokens, act.first);
        if (act.skip_reason == NULL && (!act.is_correction || count_words(tokens, act.first) <= 3))
            act.skip_reason = find_skip(acts, tokens, act.first, is_assistant);
    }
    if (act.skip_reason == NULL && is_worded_as_question(tokens, act.first)) act.skip_reason = "question";
    return act;
}
