/* statement.c - finds subject, attribute and value by the grammar of short statements.
 *
 * No parser: the first finite verb splits a statement, and a handful of shapes behind it cover what people tell a memory
 * ("X is Y", "X runs on Y", "we use X for Y", "X requires 12 characters"). A statement of another shape keeps its subject
 * and gets no attribute; it is then never superseded by mistake, which would be the worse fault. */
#include "extract/statement.h"

#include <stdint.h>
#include <string.h>

#include "extract/event_verb.h"
#include "extract/statement_other.h"
#include "extract/statement_parse.h"
#include "extract/time_phrases.h"
#include "extract/types.h"

#define SUBJECT_WORDS_MAX 12
#define TEXT_BYTES_MAX 200
#define CHANGES_MAX 3 /* in one sentence: more is no correction but a story */

/* ---- subject ---- */

static bool is_plural_subject(const kmi_parse *self, size_t i) {
    return kmi_token_is_any(at(self, i), "i|we|you|they|user|users|team|people|both|all") ||
           (has_suffix(self, i, "s") && !has_suffix(self, i, "ss") && i > self->first) ||
           (i == self->first && has_suffix(self, i, "s"));
}

static bool is_finite_verb(const kmi_parse *self, size_t i) {
    const kmi_token *token = at(self, i);
    const kmi_token *before = i > self->first ? at(self, i - 1) : NULL;
    if (kmi_token_has(token, KMI_W_BE | KMI_W_AUXILIARY)) return true;
    if (!kmi_token_has(token, KMI_W_VERB | KMI_W_PERSON_VERB | KMI_W_CHANGE) || before == NULL ||
        is_article(self, i - 1) ||
        kmi_token_is_any(before, "my|your|their|its|every|each|no|these|of|for|in|and|to|any|all"))
        return false;
    /* "unit tests must …", "nightly builds run …": a noun before the verb. */
    if (has(self, i + 1, KMI_W_BE | KMI_W_AUXILIARY) ||
        (has_suffix(self, i, "s") && has(self, i + 1, KMI_W_VERB) && !has_suffix(self, i + 1, "s") &&
         !has_suffix(self, i + 1, "ed")))
        return false;
    bool is_inflected =
        has_suffix(self, i, "s") || has_suffix(self, i, "ed") ||
        kmi_token_is_any(token, "ran|had|kept|took|made|got|gave|went|came|left|chose|broke|held|sent|built|wrote|read|"
                                "found|moved|knew|met|paid|meant|learnt|grew|fell|sat|stood|lay|put|set|cost|split");
    if (is_inflected) return true;
    size_t subject = i - 1;
    while (subject > self->first && (kmi_token_has(at(self, subject), KMI_W_ADVERB | KMI_W_NEGATION) ||
                                     kmi_token_is(at(self, subject), "longer")))
        subject--;
    return is_plural_subject(self, subject);
}

/* "the gate squeaks": no list knows every verb, but its place and its ending give it away. */
static bool is_unknown_verb(const kmi_parse *self, size_t i) {
    bool ends_in_s = has_suffix(self, i, "s") && !has_suffix(self, i, "ss") && !has_suffix(self, i, "us");
    bool has_singular =
        i >= self->first + 2 && has(self, self->first, KMI_W_DETERMINER | KMI_W_I | KMI_W_WE) &&
        !has_suffix(self, i - 1, "s") &&
        !has(self, i - 1, KMI_W_DETERMINER | KMI_W_PREPOSITION | KMI_W_CONJUNCTION | KMI_W_ADVERB | KMI_W_NUMBER);
    bool is_followed = i + 1 >= self->end ||
                       has(self, i + 1, KMI_W_DETERMINER | KMI_W_PREPOSITION | KMI_W_NUMBER | KMI_W_ADVERB) ||
                       is_number(self, i + 1);
    size_t next = i + 1; /* "the practice sessions now start": a noun, for the verb comes behind it */
    while (has(self, next, KMI_W_ADVERB)) next++;
    if (next > i + 1 && has(self, next, KMI_W_VERB | KMI_W_BE | KMI_W_AUXILIARY)) return false;
    return ends_in_s && has_singular && is_followed && at(self, i)->classes == 0;
}

static void find_verb(kmi_parse *self) {
    self->verb = self->end;
    size_t limit = self->first + SUBJECT_WORDS_MAX < self->end ? self->first + SUBJECT_WORDS_MAX : self->end;
    bool in_relative = false;
    for (size_t i = self->first; i < limit; i++) {
        const kmi_token *token = at(self, i);
        if (i > self->first && kmi_token_is_any(token, "that|which|who|whose")) {
            in_relative = true;
            continue;
        }
        if (in_relative) { /* its verb, whatever the form: "tests that need the network" */
            in_relative = !kmi_token_has(token, KMI_W_VERB | KMI_W_BE | KMI_W_AUXILIARY);
            continue;
        }
        if (i == self->first ? kmi_token_has(token, KMI_W_I | KMI_W_WE | KMI_W_PRONOUN) &&
                                   kmi_token_has(token, KMI_W_BE | KMI_W_AUXILIARY)
                             : is_finite_verb(self, i) || is_unknown_verb(self, i)) {
            self->verb = i;
            return;
        }
        if (kmi_token_is_any(token, ",|;|:") && !is_quote(self, i)) return;
    }
}

static void find_subject(kmi_parse *self) {
    size_t from = kmi_time_setting_end(self->tokens, self->first, self->verb), to = self->verb;
    if (to == from) to++; /* "we're", "I've": subject and verb in one */
    while (to > from + 1 && (has(self, to - 1, KMI_W_ADVERB | KMI_W_NEGATION) || is_any(self, to - 1, "longer"))) to--;
    self->out->subject_from = from;
    self->out->subject_to = to;
    const kmi_token *head = at(self, from);
    if (kmi_token_has(head, KMI_W_I) && to == from + 1) {
        self->out->subject = "user";
    } else if (to > from + 1 && kmi_token_is(head, "my")) {
        self->out->subject = kmi_parse_format(self, "user", kmi_parse_join(self, from + 1, to));
    } else if (kmi_token_is_any(head, "we|we're|we've|we'll|we'd|us") && to - from <= 2) {
        self->out->subject = "team";
    } else {
        self->out->subject = kmi_parse_join(self, from, to);
    }
    if (self->out->subject != NULL && strcmp(self->out->subject, "i") == 0) self->out->subject = "user";
}

/* Steps over auxiliaries, adverbs and negations to the word that carries the meaning. */
static void find_rest(kmi_parse *self) {
    size_t i = self->verb;
    while (i + 1 < self->end && has(self, i, KMI_W_AUXILIARY | KMI_W_BE) && !has(self, i, KMI_W_BE) &&
           (has(self, i + 1, KMI_W_VERB | KMI_W_IMPERATIVE | KMI_W_BE | KMI_W_ADVERB | KMI_W_NEGATION | KMI_W_CHANGE) ||
            is_any(self, i + 1, "longer|been|got|to")))
        i++;
    if (kmi_token_is_any(at(self, self->verb), "has|have|had") && i > self->verb &&
        !has(self, self->verb + 1, KMI_W_ADVERB | KMI_W_NEGATION) && !has_suffix(self, self->verb + 1, "ed") &&
        !is_any(self, self->verb + 1, "been|to"))
        i = self->verb;
    while (i + 1 < self->end && (has(self, i, KMI_W_ADVERB | KMI_W_NEGATION) || is_any(self, i, "longer|to")) &&
           i > self->verb - 1)
        i++;
    self->verb = i;
    i++;
    while (i < self->end && (has(self, i, KMI_W_ADVERB | KMI_W_NEGATION) || is_any(self, i, "now|also|longer")) &&
           !is_any(self, i, "no|nothing|none|without"))
        i++;
    self->rest = i;
    for (size_t k = self->first; k < self->end; k++) {
        self->has_also |= is_any(self, k, "also|too|additionally");
        self->has_now |= k > self->first && is_any(self, k, "now|nowadays|meanwhile");
    }
}

/* Where a value ends: at a clause of its own, a contrast, a reason. */
static size_t value_end(const kmi_parse *self, size_t from) {
    for (size_t i = from; i < self->end; i++) {
        if (is_quote(self, i)) continue;
        if (is_mark(self, i) && kmi_token_is_any(at(self, i), ",|;|:|(|–|—|-")) {
            bool joins_numbers = i + 1 < self->end && is_number(self, i + 1) && i > from && is_number(self, i - 1);
            if (!joins_numbers) return i;
        }
        if (i > from &&
            kmi_token_is_any(at(self, i),
                             "because|since|so|but|although|though|which|who|unless|instead|if|when|whenever|while"))
            return i;
    }
    return self->end;
}

/* ---- shapes of predicates ---- */

static void set_attribute(kmi_parse *self, const char *attribute, size_t value_from, size_t value_to) {
    const char *value = kmi_parse_join(self, value_from, value_to);
    if (value == NULL || self->has_also) return;
    self->out->attribute = attribute;
    self->out->value = value;
}

static bool is_participle(const kmi_parse *self, size_t i) {
    return has_suffix(self, i, "ed") ||
           is_any(
               self, i,
               "written|built|kept|sent|held|run|made|paid|set|put|stored|driven|given|taken|drawn|bound|sold|bought|"
               "read|due|served|split|spread|rewritten|hidden|shown|chosen|done|located|available|responsible|based");
}

static bool names_one_value(const kmi_parse *self) {
    for (size_t i = self->out->subject_from; i < self->out->subject_to; i++)
        if (is_any(self, i,
                   "favourite|favorite|default|current|main|maximum|minimum|max|min|primary|official|preferred|latest|"
                   "next|only|total"))
            return true;
    if (self->out->subject_to <= self->out->subject_from) return false;
    size_t last = self->out->subject_to - 1;
    /* "our supplier for paper": what it is for stands behind. */
    for (size_t i = self->out->subject_from + 2; i < self->out->subject_to; i++)
        if (is_any(self, i, "for|of|at|in|on") && has(self, i - 1, KMI_W_SINGLE | KMI_W_ROLE)) return true;
    bool is_the = is_any(self, self->out->subject_from, "the"); /* "the admin" */
    return has(self, last, is_the ? KMI_W_ROLE | KMI_W_SINGLE : KMI_W_SINGLE);
}

static bool has_value_shape(const kmi_parse *self, size_t from, size_t to) {
    if (is_number(self, from)) return true;
    const kmi_token *token = at(self, from);
    return to == from + 1 && (token->flags & (KMI_T_SHAPED | KMI_T_DIGIT)) != 0;
}

/* "now retrained on the first of each month": a new time, whichever word opens it. */
static bool names_time(const kmi_parse *self, size_t from) {
    for (size_t i = from; i < self->end; i++)
        if (has(self, i, KMI_W_WEEKDAY | KMI_W_MONTH) ||
            is_any(self, i, "day|night|week|month|quarter|year|hour|noon|midnight|morning|evening|minutes|hours|days"))
            return true;
    return false;
}

/* "is Y", "is called Y", "is kept for Y", "is on Y". */
static void take_being(kmi_parse *self) {
    size_t from = self->rest;
    if (from >= self->end) return;
    if (is_any(self, from, "called|named|titled|codenamed|known|renamed|rebranded")) {
        bool is_renaming = is_any(self, from, "renamed|rebranded");
        self->out->is_correction |= is_renaming;
        size_t value = from + 1 + is_any(self, from + 1, "as|to|into");
        set_attribute(self, "name", value, value_end(self, value));
        return;
    }
    if (is_participle(self, from) && from + 1 < self->end) {
        bool has_preposition = has(self, from + 1, KMI_W_PREPOSITION | KMI_W_CONJUNCTION);
        size_t value = from + 1 + has_preposition;
        if (self->has_now && is_any(self, from + 1, "on|at|in|by|every|each") && names_time(self, value)) {
            set_attribute(self, kmi_parse_format(self, "be", kmi_parse_join(self, from, from + 1)), value,
                          value_end(self, value));
            return;
        }
        set_attribute(self, kmi_parse_format(self, "be", kmi_parse_join(self, from, value)), value,
                      value_end(self, value));
        return;
    }
    if (has(self, from, KMI_W_PREPOSITION)) {
        set_attribute(self, kmi_parse_format(self, "be", kmi_parse_join(self, from, from + 1)), from + 1,
                      value_end(self, from + 1));
        return;
    }
    size_t to = value_end(self, from);
    if (names_one_value(self) || has_value_shape(self, from, to)) set_attribute(self, "be", from, to);
}

static bool is_using(const kmi_parse *self, size_t i) {
    return is_any(self, i,
                  "use|uses|used|using|prefer|prefers|preferred|favour|favours|favor|favors|adopt|adopts|adopted|"
                  "choose|chose|chosen|picked|pick|selected|select|employ|keep|keeps");
}

static const char preferring_words[] = "prefer|prefers|preferred|favour|favours|favor|favors";
static const char purpose_words[] = "for|as|in|on|when|with|to|inside|within|during|at";

/* "use X for Y", "prefer A over B", "use Node 18". */
static void take_using(kmi_parse *self, size_t verb) {
    size_t from = verb + 1;
    size_t end = value_end(self, from);
    bool is_preferring = is_any(self, verb, preferring_words);
    const char *name = is_preferring ? "prefer" : "use";
    size_t split = from;
    while (split < end && !kmi_token_is_any(at(self, split), purpose_words) &&
           !is_any(self, split, "over|instead|rather|to|than"))
        split++;
    if (split == from) return;
    const char *object = kmi_parse_join(self, from, split);
    if (split < end && is_any(self, split, "over|than") && object != NULL) {
        const char *other = kmi_parse_join(self, split + 1, end);
        bool is_first = other == NULL || strcmp(object, other) < 0;
        if (other != NULL)
            set_attribute(self,
                          kmi_arena_format(self->arena, "%s %s or %s", name, is_first ? object : other,
                                           is_first ? other : object),
                          from, split);
        return;
    }
    if (split < end) {
        set_attribute(self, kmi_arena_format(self->arena, "%s %s", name, kmi_parse_join(self, split, end)), from,
                      split);
        return;
    }
    bool is_versioned = split - from >= 2 && (at(self, split - 1)->flags & KMI_T_NUMBER) != 0 &&
                        (at(self, split - 2)->flags & KMI_T_CAPITAL) != 0;
    if (is_versioned)
        set_attribute(self, kmi_arena_format(self->arena, "%s %s version", name, kmi_parse_join(self, from, split - 1)),
                      split - 1, split);
}

/* "requires 12 characters": the sentence with its only number taken out is the attribute. */
static void take_number(kmi_parse *self) {
    size_t found = self->end, count = 0, end = value_end(self, self->verb);
    for (size_t i = self->verb + 1; i < end; i++) {
        if (is_number(self, i) && !is_any(self, i, "first|second|one|half")) {
            found = i;
            count++;
        }
    }
    if (count != 1) return;
    const char *before = kmi_parse_join(self, self->verb + 1, found), *after = kmi_parse_join(self, found + 1, end);
    const char *verb = kmi_parse_base_form(self);
    if (verb != NULL)
        set_attribute(self,
                      kmi_arena_format(self->arena, "%s%s%s #%s%s", verb, before != NULL ? " " : "",
                                       before != NULL ? before : "", after != NULL ? " " : "",
                                       after != NULL ? after : ""),
                      found, found + 1);
}

/* "runs at noon", "listens on port 8080", "deploy from GitLab". */
static bool take_preposition(kmi_parse *self) {
    size_t from = self->rest;
    if (from + 1 >= self->end || !has(self, from, KMI_W_PREPOSITION) ||
        is_any(self, from, "like|than|as|without|about") || kmi_is_event_verb(at(self, self->verb)->lower))
        return false;
    if (is_any(self, from, "to") &&
        is_any(self, self->verb,
               "decided|decides|agreed|agree|chose|choose|plan|plans|planned|want|wants|need|needs|tend|tends|try|"
               "tries|hope|expect|expects|have|has|had|like|likes|started|began|used"))
        return false;
    size_t value = from + 1;
    const char *verb = kmi_parse_base_form(self);
    bool has_port = is_any(self, value, "port|line|page|floor|host|branch|server") && value + 1 < self->end;
    if (verb != NULL)
        set_attribute(self, kmi_parse_format(self, verb, kmi_parse_join(self, from, value + has_port)),
                      value + has_port, value_end(self, value + has_port));
    return true;
}

static bool is_person_subject(const kmi_parse *self) {
    return self->out->subject != NULL &&
           (strcmp(self->out->subject, "user") == 0 || strcmp(self->out->subject, "team") == 0);
}

static void take_predicate(kmi_parse *self) {
    if (has(self, self->verb, KMI_W_BE)) {
        take_being(self);
        return;
    }
    if (is_using(self, self->verb)) {
        take_using(self, self->verb);
        return;
    }
    for (size_t i = self->verb; i < self->end && i < self->verb + 8; i++) {
        if (i > self->verb && is_using(self, i) && is_any(self, i - 1, "to|will|shall|not|now|we|i") &&
            is_any(self, i, "use|adopt|choose|pick|prefer|keep")) {
            take_using(self, i);
            return;
        }
    }
    if (take_preposition(self)) return;
    if (!is_any(self, self->verb, "like|likes|love|loves|hate|hates|dislike|dislikes|want|wants")) take_number(self);
}

/* ---- corrections ---- */

/* The object behind `from`: up to a preposition that ends it or the end of the clause. */
static size_t object_end(const kmi_parse *self, size_t from) {
    size_t end = value_end(self, from);
    for (size_t i = from; i < end; i++)
        if (i > from &&
            (is_any(self, i, "for|with|by|to|in|as|any|anymore|and|on|from|after|before|due|last|this|at|into") ||
             is_any(self, i, "now|yesterday|today")))
            return i;
    return end;
}

/* From `from` on stands the old value, from `to` on the new one. */
static void take_values(kmi_parse *self, size_t from, size_t from_end, size_t to) {
    self->out->replaces = kmi_parse_join(self, from, from_end);
    self->out->value = kmi_parse_join(self, to, object_end(self, to));
    self->out->attribute = NULL;
    self->out->is_correction = self->out->has_change = self->out->replaces != NULL;
}

/* "replaced X with Y", "Y replaces X", "X was replaced by Y". */
static void take_replacing(kmi_parse *self, size_t verb) {
    size_t middle = object_end(self, verb + 1);
    if (is_any(self, verb, "replaced") && is_any(self, verb + 1, "by|with") && verb > self->first &&
        (has(self, verb - 1, KMI_W_BE) || is_any(self, verb - 1, "been|got"))) {
        self->out->replaces = self->out->subject;
        self->out->value = kmi_parse_join(self, verb + 2, object_end(self, verb + 2));
    } else {
        self->out->replaces = kmi_parse_join(self, verb + 1, middle);
        if (is_any(self, middle, "with|by|for"))
            self->out->value = kmi_parse_join(self, middle + 1, object_end(self, middle + 1));
        else if (is_any(self, verb, "replaces") && self->out->subject != NULL)
            self->out->value = self->out->subject;
    }
    self->out->is_correction = self->out->has_change = self->out->replaces != NULL;
    self->out->attribute = NULL;
}

static void take_change(kmi_parse *self, size_t verb) {
    self->has_new_value = true;
    size_t from = self->end, to = self->end;
    for (size_t i = verb + 1; i < self->end && i < verb + 16; i++) {
        if (from == self->end && is_any(self, i, "from"))
            from = i;
        else if (to == self->end && is_any(self, i, "to"))
            to = i;
    }
    if (from < to && to < self->end) {
        take_values(self, from + 1, to, to + 1);
    } else if (to == verb + 1 && from < self->end && is_any(self, verb, "switched|migrated|moved")) {
        take_values(self, from + 1, object_end(self, from + 1), to + 1); /* "switched to Y from X" */
    } else if (is_any(self, verb, "replaced|replace|replaces|swapped|replacing")) {
        take_replacing(self, verb);
    } else if (is_any(self, verb, "renamed|rename") && to < self->end) {
        self->out->is_correction = true;
    } else if (is_any(self, verb, "dropped|ditched|scrapped|abandoned|retired|deprecated|removed") &&
               is_person_subject(self)) {
        self->out->replaces = kmi_parse_join(self, verb + 1, object_end(self, verb + 1));
        self->out->is_correction = true;
    } else if (is_any(self, verb, "moved") && to < self->end && self->out->subject != NULL &&
               strcmp(self->out->subject, "user") == 0) {
        self->out->attribute = "live in";
        self->out->value = kmi_parse_join(self, to + 1, object_end(self, to + 1));
        self->out->is_correction = true;
    }
}

/* "We raised X to 5", "the budget went up to 5", "X was postponed to May": X is what the statement is about, and its value is new. */
static void take_new_value(kmi_parse *self) {
    static const char changing[] =
        "raised|lowered|increased|decreased|reduced|cut|bumped|moved|postponed|pushed|changed|"
        "extended|shortened|dropped|rose|fell|grew|shrank|delayed|shifted|rescheduled|upped|"
        "migrated|switched|went|gone|grown|risen|fallen|shrunk|upgraded|updated|downgraded|doubled|halved|brought|"
        "ported|converted|transferred";
    size_t verb = self->first + 1, to = self->end, from = self->end;
    while (verb < self->end && !is_any(self, verb, changing)) verb++;
    if (self->verb >= self->end || verb > self->verb + 3 || verb >= self->end || self->out->subject == NULL) return;
    for (size_t i = self->end; i-- > verb + 1;) {
        if (is_any(self, i, "to") && !is_mark(self, i + 1)) to = i;
        if (is_any(self, i, "from")) from = i;
    }
    if (to + 1 >= self->end) return;
    if (from < to && is_any(self, from + 1, "now|today|then")) return;
    size_t object_to = from < to ? from : to;
    while (object_to > verb + 1 && is_any(self, object_to - 1, "up|down|back|over|again")) object_to--;
    bool is_travel = is_any(self, verb, "went|gone") && !is_any(self, verb + 1, "up|down|from");
    bool is_person = is_person_subject(self) || is_any(self, self->out->subject_from, "they|he|she");
    const char *object = object_to > verb + 1 ? kmi_parse_join(self, verb + 1, object_to) : NULL;
    if (is_travel || (is_person ? object == NULL : object != NULL)) return;
    if (is_person) self->out->subject = object;
    self->out->is_correction = self->out->has_change = true;
    if (from < to) return; /* the old value is named: take_change() has it */
    self->out->attribute = "be";
    self->out->value = kmi_parse_join(self, to + 1, value_end(self, to + 1));
}

/* "no longer use X", "don't use X any more": X is what is replaced. */
static void take_ending(kmi_parse *self, size_t verb) {
    size_t object = verb + 1;
    while (object < self->end && has(self, object, KMI_W_PREPOSITION | KMI_W_DETERMINER)) object++;
    if (object >= self->end) return;
    self->out->replaces = kmi_parse_join(self, object, object_end(self, object));
    self->out->is_correction = true;
    size_t clause = value_end(self, object);
    /* ", we use Y now": the new value stands in the next clause. */
    for (size_t i = clause; i + 1 < self->end; i++) {
        if (is_using(self, i) || is_any(self, i, "it's|its|but|is")) {
            self->out->value = kmi_parse_join(self, i + 1, object_end(self, i + 1));
            return;
        }
    }
    if (!self->has_new_value) self->out->value = NULL;
}

/* "changed its mind", "reconsidered". */
static bool is_turn(const kmi_parse *self, size_t i) {
    bool is_mind = is_any(self, i, "mind|minds") && i > self->first + 1 && is_any(self, i - 2, "changed|change");
    return is_mind || is_any(self, i, "reconsidered|backtracked");
}

/* "stopped using X". */
static size_t take_stopping(kmi_parse *self, size_t i) {
    if (!is_any(self, i, "stopped|quit|ceased") || !is_any(self, i + 1, "using|running|supporting|selling")) return 0;
    take_ending(self, i + 1);
    return 1;
}

static void find_corrections(kmi_parse *self) {
    size_t changes = 0;
    self->out->is_negative = kmi_types_is_negative(self->tokens, self->first);
    for (size_t i = self->first; i < self->end && changes <= CHANGES_MAX; i++) {
        if (has(self, i, KMI_W_CHANGE) ||
            is_any(self, i,
                   "replaces|replace|went|go|ditched|scrapped|abandoned|retired|deprecated|removed|rename|switch")) {
            take_change(self, i);
            changes++;
        }
        if (is_any(self, i, "longer") && i > self->first && is_any(self, i - 1, "no|any")) {
            size_t verb = i + 1 < self->end && !is_mark(self, i + 1) ? i + 1 : self->verb;
            take_ending(self, verb);
            changes++;
        }
        if (is_any(self, i, "anymore") || (is_any(self, i, "any") && is_any(self, i + 1, "more"))) {
            for (size_t k = i; k-- > self->first;) {
                if (has(self, k, KMI_W_NEGATION)) {
                    take_ending(self, k + 1);
                    changes++;
                    break;
                }
            }
        }
        changes += take_stopping(self, i);
        bool is_contrast = is_any(self, i, "not") && i > self->first && (is_any(self, i - 1, ",|and|(|-|–|—"));
        if (is_contrast && !is_any(self, i + 1, "only|just|because|when|if|always|yet")) {
            size_t old = i + 1;
            while (old < self->end && has(self, old, KMI_W_PREPOSITION | KMI_W_DETERMINER)) old++;
            if (self->out->replaces == NULL && old < self->end)
                self->out->replaces = kmi_parse_join(self, old, object_end(self, old));
            self->out->is_correction |= has(self, self->verb, KMI_W_BE) && self->verb < self->end;
        }
        if (is_any(self, i, "but") && self->out->replaces == NULL) {
            for (size_t k = i; k-- > self->first;) {
                if (is_any(self, k, "not|isn't") && i - k <= 6) {
                    self->out->replaces = kmi_parse_join(self, k + 1, i);
                    self->out->value = kmi_parse_join(self, i + 1, value_end(self, i + 1));
                    self->out->is_correction = true;
                    break;
                }
            }
        }
        self->out->is_reversal |= is_turn(self, i);
    }
    self->out->is_correction |= self->out->is_reversal;
    take_new_value(self);
    if (self->has_now && !self->has_also)
        self->out->is_correction |= self->out->attribute != NULL || is_any(self, self->verb, preferring_words);
}

/* Moves a text from the scratch arena into the result; what is longer than any name or value is none. */
static bool keep_text(const char **text, kmi_arena *arena) {
    if (*text != NULL && strlen(*text) > TEXT_BYTES_MAX) *text = NULL;
    if (*text == NULL) return true;
    *text = kmi_arena_copy_text(arena, *text);
    return *text != NULL;
}

bool kmi_statement_find(const kmi_tokens *tokens, const kmi_speech_act *act, const kmi_entity_list *entities,
                        kmi_arena *scratch, kmi_arena *arena, kmi_statement *ret_statement) {
    *ret_statement = (kmi_statement){.is_correction = act->is_correction, .verb = tokens->count};
    kmi_parse self = {.tokens = tokens,
                      .entities = entities,
                      .arena = scratch,
                      .out = ret_statement,
                      .first = act->first,
                      .end = tokens->count};
    while (self.end > self.first && (tokens->items[self.end - 1].flags & KMI_T_PUNCT) != 0) self.end--;
    bool is_other =
        kmi_statement_find_other(tokens, self.first, self.end, scratch, ret_statement, &self.is_out_of_memory);
    if (is_other || self.end < self.first + 2) {
        bool is_kept = keep_text(&ret_statement->subject, arena) && keep_text(&ret_statement->attribute, arena) &&
                       keep_text(&ret_statement->value, arena);
        return is_kept && !self.is_out_of_memory;
    }
    find_verb(&self);
    if (self.verb < self.end) {
        find_subject(&self);
        find_rest(&self);
        ret_statement->verb = self.verb;
        take_predicate(&self);
    }
    find_corrections(&self);
    bool is_kept = keep_text(&ret_statement->subject, arena) && keep_text(&ret_statement->attribute, arena) &&
                   keep_text(&ret_statement->value, arena) && keep_text(&ret_statement->replaces, arena);
    if (ret_statement->value == NULL)
        ret_statement->attribute = ret_statement->is_correction ? ret_statement->attribute : NULL;
    return is_kept && !self.is_out_of_memory;
}
