/* extract.c - the pipeline: prose → sentences → tokens → speech act → type → candidate.
 *
 * One sentence at a time with a scratch arena that is cleared in between, so that memory follows what is kept and not
 * what is read. Every cost behind the cutting into sentences is bounded per sentence, which makes the whole linear. */
#include "extract/extract.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "extract/clauses.h"
#include "extract/content.h"
#include "extract/custom_patterns.h"
#include "extract/entities.h"
#include "extract/prose.h"
#include "extract/relations.h"
#include "extract/sentences.h"
#include "extract/statement.h"
#include "extract/time_phrases.h"
#include "extract/types.h"
#include "extract/worth.h"
#include "util/error.h"

#define EXTRACTOR_LIMIT_BYTES ((size_t)16 * 1024 * 1024)
#define SCRATCH_FIRST_BYTES ((size_t)2 * 1024)
#define SCRATCH_LARGEST_BYTES ((size_t)64 * 1024)
#define SCRATCH_LIMIT_BYTES ((size_t)8 * 1024 * 1024)
#define RESULT_BASE_BYTES ((size_t)1024 * 1024)
#define RESULT_FACTOR 24 /* result arena per byte of text: candidates of short sentences with their entities */
#define CANDIDATES_MAX ((size_t)4096)
#define SEEN_MAX ((size_t)32768)
#define CONTENT_SEED 0x9E3779B97F4A7C15u /* a content and its own sentence are two entries */
#define SKIPPED_MAX ((size_t)256)
#define SKIPPED_TEXT_BYTES ((size_t)120)
#define SENTENCE_BYTES_MIN ((size_t)3)
#define CLAUSE_BREAKS_MAX ((size_t)3) /* in one sentence */
#define INTRODUCTION_BYTES ((size_t)200)

struct kmi_extractor {
    kmi_arena *arena;
    kmi_lexicon *lexicon;
    kmi_matcher *matcher;
    kmi_speech_acts *acts;
    kmi_names *names;
    kmi_custom_patterns *custom; /* NULL: none */
};

typedef struct extraction_run {
    const kmi_extractor *extractor;
    const kmi_extract_input *input;
    kmi_arena *arena; /* of the result */
    kmi_arena *scratch;
    kmi_candidate *candidates;
    size_t candidate_count, candidate_capacity;
    km_skipped *skipped;
    size_t skipped_count, skipped_capacity;
    uint64_t *seen; /* hashes of sentences and contents: what is said twice in a text is one candidate */
    size_t seen_count, seen_capacity;
    kmi_slice introduction;    /* "We support:" before a list */
    kmi_antecedent antecedent; /* what "it" means at the start of the next sentence */
    kmi_custom_budget budget;  /* of the user's patterns */
    bool is_assistant;
    bool is_aside; /* the clause before in the same sentence was not worth keeping */
    bool is_plan;  /* the items to come are what an assistant does next */
    uint64_t stage_ns[KMI_STAGE_COUNT];
    uint64_t mark_ns; /* up to here the time is accounted for */
    km_error *error;
} extraction_run;

void kmi_extractor_free(kmi_extractor *extractor) {
    if (extractor == NULL) return;
    kmi_custom_patterns_free(extractor->custom);
    kmi_arena_free(extractor->arena);
    free(extractor);
}

km_status kmi_extractor_new(const char *custom_patterns_json, kmi_extractor **ret_extractor, km_error *error) {
    kmi_extractor *extractor = calloc(1, sizeof *extractor);
    if (extractor != NULL) extractor->arena = kmi_arena_new(EXTRACTOR_LIMIT_BYTES);
    if (extractor != NULL && extractor->arena != NULL) extractor->lexicon = kmi_lexicon_new(extractor->arena);
    if (extractor != NULL && extractor->lexicon != NULL) {
        extractor->acts = kmi_speech_acts_new(extractor->lexicon, extractor->arena);
        extractor->matcher = kmi_matcher_new(extractor->lexicon, extractor->arena);
        extractor->names = kmi_names_new(extractor->lexicon, extractor->arena);
    }
    if (extractor == NULL || extractor->acts == NULL || extractor->matcher == NULL || extractor->names == NULL) {
        kmi_extractor_free(extractor);
        return kmi_fail(error, KM_E_NOMEM, "out of memory for the extractor");
    }
    if (custom_patterns_json != NULL) {
        km_status status = kmi_custom_patterns_new(custom_patterns_json, &extractor->custom, error);
        if (status != KM_OK) {
            kmi_extractor_free(extractor);
            return status;
        }
    }
    *ret_extractor = extractor;
    return KM_OK;
}

/* The time since the last call was spent on this stage. */
static void account(extraction_run *run, kmi_stage stage) {
    if (run->input->clock_ns == NULL) return;
    uint64_t now_ns = run->input->clock_ns();
    run->stage_ns[stage] += now_ns - run->mark_ns;
    run->mark_ns = now_ns;
}

static km_status out_of_memory(extraction_run *run) {
    return kmi_fail(run->error, KM_E_NOMEM, "out of memory for extracting a text of %zu bytes", run->input->text.len);
}

static kmi_slice cut_text(kmi_slice text, size_t most) {
    if (text.len <= most) return text;
    while (most > 0 && ((unsigned char)text.ptr[most] & 0xC0) == 0x80) most--;
    return (kmi_slice){text.ptr, most};
}

static km_status put_skipped(extraction_run *run, kmi_slice text, const char *reason) {
    if (run->skipped_count == run->skipped_capacity) {
        size_t capacity = run->skipped_capacity == 0 ? 8 : run->skipped_capacity * 2;
        km_skipped *items = kmi_arena_alloc_array(run->arena, capacity, sizeof *items);
        if (items == NULL) return out_of_memory(run);
        if (run->skipped_count > 0) memcpy(items, run->skipped, run->skipped_count * sizeof *items);
        run->skipped = items;
        run->skipped_capacity = capacity;
    }
    char *copy = kmi_arena_copy(run->arena, cut_text(text, SKIPPED_TEXT_BYTES));
    if (copy == NULL) return out_of_memory(run);
    run->skipped[run->skipped_count++] = (km_skipped){copy, reason};
    return KM_OK;
}

static km_status add_skipped(extraction_run *run, kmi_slice text, const char *reason) {
    return run->skipped_count < SKIPPED_MAX ? put_skipped(run, text, reason) : KM_OK;
}

static uint64_t hash_text(kmi_slice text, uint64_t seed) {
    uint64_t hash = 1469598103934665603u ^ seed;
    for (size_t i = 0; i < text.len; i++) hash = (hash ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    return hash ^ (hash >> 29) ^ (hash == 0);
}

static void put_hash(uint64_t *seen, size_t capacity, uint64_t hash) {
    size_t at = hash & (capacity - 1);
    while (seen[at] != 0 && seen[at] != hash) at = (at + 1) & (capacity - 1);
    seen[at] = hash;
}

/* Remembers a hash; *ret_is_new is false if it was there. The set doubles when half full, up to a limit behind which
 * texts count as new. */
static km_status note_hash(extraction_run *run, uint64_t hash, bool *ret_is_new) {
    *ret_is_new = true;
    if (run->seen_count >= SEEN_MAX) return KM_OK;
    if (run->seen_count * 2 >= run->seen_capacity) {
        size_t capacity = run->seen_capacity == 0 ? 16 : run->seen_capacity * 2;
        uint64_t *seen = kmi_arena_alloc_array(run->arena, capacity, sizeof *seen);
        if (seen == NULL) return out_of_memory(run);
        for (size_t i = 0; i < run->seen_capacity; i++)
            if (run->seen[i] != 0) put_hash(seen, capacity, run->seen[i]);
        run->seen = seen;
        run->seen_capacity = capacity;
    }
    size_t at = hash & (run->seen_capacity - 1);
    while (run->seen[at] != 0 && run->seen[at] != hash) at = (at + 1) & (run->seen_capacity - 1);
    *ret_is_new = run->seen[at] == 0;
    run->seen_count += *ret_is_new;
    run->seen[at] = hash;
    return KM_OK;
}

static kmi_candidate *add_candidate(extraction_run *run) {
    if (run->candidate_count == run->candidate_capacity) {
        size_t capacity = run->candidate_capacity == 0 ? 4 : run->candidate_capacity * 2;
        kmi_candidate *items = kmi_arena_alloc_array(run->arena, capacity, sizeof *items);
        if (items == NULL) return NULL;
        if (run->candidate_count > 0) memcpy(items, run->candidates, run->candidate_count * sizeof *items);
        run->candidates = items;
        run->candidate_capacity = capacity;
    }
    return &run->candidates[run->candidate_count++];
}

static size_t count_words(const kmi_tokens *tokens) {
    size_t words = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        if ((token->flags & KMI_T_PUNCT) != 0) continue;
        words++;
        if ((token->flags & KMI_T_ACCENTED) != 0 && token->lower.len >= 12)
            words++; /* scripts without blanks: one token is a whole clause */
    }
    return words;
}

static bool is_only_marker(const kmi_tokens *tokens) {
    for (size_t i = 0; i < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        if ((token->flags & KMI_T_PUNCT) == 0 && !kmi_slice_starts_with(token->lower, KMI_SLICE_LITERAL("redacted:")) &&
            !kmi_token_is_any(token, "private|[private|[redacted"))
            return false;
    }
    return true;
}

static const char *find_blank_reason(const kmi_tokens *tokens, bool has_introduction) {
    size_t words = count_words(tokens);
    if (words == 0) return "empty";
    if (is_only_marker(tokens)) return "redacted";
    return words < 2 && !has_introduction ? "too short" : NULL;
}

static km_status apply_custom_patterns(extraction_run *run, const char *content, kmi_judgement *judgement) {
    if (run->extractor->custom == NULL) return KM_OK;
    bool is_found = false;
    kmi_custom_hit hit;
    km_status status = kmi_custom_patterns_find(run->extractor->custom, kmi_slice_from(content), &run->budget,
                                                &is_found, &hit, run->error);
    if (status == KM_OK && is_found) {
        judgement->type = hit.type;
        judgement->confidence = hit.confidence;
        judgement->importance = kmi_types_importance(hit.type);
        judgement->pattern = kmi_arena_copy_text(run->arena, hit.name);
        if (judgement->pattern == NULL) return out_of_memory(run);
    }
    return status;
}

static km_status copy_entities(extraction_run *run, const kmi_entity_list *list, kmi_candidate *candidate) {
    if (list->count == 0) return KM_OK;
    km_entity *entities = kmi_arena_alloc_array(run->arena, list->count, sizeof *entities);
    for (size_t i = 0; entities != NULL && i < list->count; i++) {
        entities[i] = (km_entity){kmi_arena_copy(run->arena, list->items[i].name), list->items[i].type};
        if (entities[i].name == NULL) return out_of_memory(run);
    }
    candidate->entities = entities;
    candidate->entity_count = list->count;
    return entities != NULL ? KM_OK : out_of_memory(run);
}

/* "The app" as statement.c folds it: lower case, without its article. */
static const char *fold_subject(extraction_run *run, const char *name) {
    static const char *const articles[] = {"the ", "our ", "a ", "an "};
    for (size_t i = 0; i < sizeof articles / sizeof articles[0]; i++) {
        if (strncmp(name, articles[i], strlen(articles[i])) == 0) {
            name += strlen(articles[i]);
            break;
        }
    }
    char *folded = kmi_arena_copy_text(run->arena, name);
    for (char *c = folded; c != NULL && *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 0x20);
    return folded;
}

/* Subject and value, relations, times: what the learner compares and the graph holds. */
static km_status describe(extraction_run *run, const kmi_tokens *tokens, const kmi_speech_act *act,
                          kmi_candidate *candidate) {
    kmi_entity_list entities;
    kmi_statement statement;
    kmi_relation relations[KMI_RELATIONS_MAX];
    /* "Dear Ann, the servers …": who is addressed stands before the statement. */
    bool is_addressed = act->first > 0 && kmi_token_is_any(&tokens->items[0], "dear|hi|hello|hey");
    kmi_entities_find(run->extractor->names, tokens, is_addressed ? 0 : act->first, &entities);
    if (!kmi_statement_find(tokens, act, &entities, run->scratch, run->arena, &statement)) return out_of_memory(run);
    candidate->subject = statement.subject;
    candidate->attribute = statement.attribute;
    candidate->value = statement.value;
    candidate->replaces = statement.replaces;
    candidate->is_correction = statement.is_correction;
    candidate->is_reversal = statement.is_reversal;
    if (kmi_content_opens_with_pronoun(tokens, act->first) && run->antecedent.name[0] != '\0' &&
        candidate->subject != NULL)
        candidate->subject = fold_subject(run, run->antecedent.name);
    size_t count = kmi_relations_find(tokens, &statement, &entities, run->arena, relations);
    if (count == SIZE_MAX || (candidate->subject == NULL && statement.subject != NULL)) return out_of_memory(run);
    if (count > 0) {
        kmi_relation *copy = kmi_arena_alloc_array(run->arena, count, sizeof *copy);
        if (copy == NULL) return out_of_memory(run);
        memcpy(copy, relations, count * sizeof *copy);
        candidate->relations = copy;
        candidate->relation_count = count;
    }
    kmi_time_found when = kmi_time_phrase_find(tokens, act->first, run->input->said_at_us);
    if (when.phrase.len > 0 && (candidate->time_phrase = kmi_arena_copy(run->arena, when.phrase)) == NULL)
        return out_of_memory(run);
    candidate->event_at_us = when.at_us;
    kmi_antecedent_set(&run->antecedent, tokens, statement.subject_from, statement.subject_to);
    return copy_entities(run, &entities, candidate);
}

static km_status keep_statement(extraction_run *run, const kmi_tokens *tokens, const kmi_speech_act *act,
                                kmi_slice introduction) {
    kmi_judgement judgement = kmi_types_judge(run->extractor->matcher, tokens, act, run->is_assistant);
    /* "Click on Save": what an assistant tells to do once. */
    if (run->is_assistant && !run->input->is_verbatim && strcmp(judgement.pattern, "sentence") == 0 &&
        kmi_types_is_imperative(tokens, act->first))
        return add_skipped(run, tokens->text, "chatter");
    bool is_asked_for = run->input->is_verbatim || run->input->type != NULL || introduction.len > 0;
    const char *doubt = is_asked_for ? NULL : kmi_worth_doubt(tokens, act, &judgement, run->is_aside);
    if (doubt != NULL) return add_skipped(run, tokens->text, doubt);
    kmi_content_request request = {tokens, judgement.keep_from, introduction, &run->antecedent};
    char *content = kmi_content_make(&request, run->scratch);
    if (content == NULL) return out_of_memory(run);
    if (content[strspn(content, "*_~ ")] == '\0' && !run->input->is_verbatim) /* nothing but marks of emphasis */
        return add_skipped(run, tokens->text, "empty");
    bool is_new = true;
    km_status status = note_hash(run, hash_text(kmi_slice_from(content), CONTENT_SEED), &is_new);
    if (status != KM_OK) return status;
    if (!is_new) return add_skipped(run, tokens->text, "repeated");
    content = kmi_arena_copy_text(run->arena, content);
    if (content == NULL) return out_of_memory(run);
    status = apply_custom_patterns(run, content, &judgement);
    if (status != KM_OK) return status;
    if (run->input->type != NULL && kmi_types_find(run->input->type) != NULL)
        judgement.type = kmi_types_find(run->input->type);
    kmi_candidate *candidate = add_candidate(run);
    if (candidate == NULL) return out_of_memory(run);
    *candidate = (kmi_candidate){.content = content,
                                 .type = judgement.type,
                                 .knowledge_type = judgement.knowledge_type,
                                 .polarity = judgement.polarity,
                                 .pattern = judgement.pattern,
                                 .confidence = judgement.confidence,
                                 .importance = judgement.importance};
    account(run, KMI_STAGE_PATTERNS);
    status = describe(run, tokens, act, candidate);
    account(run, KMI_STAGE_ENTITIES);
    run->antecedent.sentence = tokens->text;
    return status;
}

static km_status extract_sentence(extraction_run *run, kmi_slice sentence, bool is_item, size_t breaks) {
    if (sentence.len < SENTENCE_BYTES_MIN) return KM_OK;
    bool is_new = true;
    /* Said before, word for word and of the same thing: not even looked at. */
    km_status status = note_hash(run, hash_text(sentence, hash_text(kmi_slice_from(run->antecedent.name), 0)), &is_new);
    if (status != KM_OK || !is_new) return status != KM_OK ? status : add_skipped(run, sentence, "repeated");
    if (run->candidate_count >= CANDIDATES_MAX) return add_skipped(run, sentence, "too many");
    kmi_arena_clear(run->scratch);
    kmi_tokens tokens;
    if (!kmi_tokens_split(run->extractor->lexicon, sentence, run->scratch, &tokens)) return out_of_memory(run);
    kmi_slice introduction = {0};
    if (is_item && run->introduction.len > 0 && count_words(&tokens) < 3) introduction = run->introduction;
    const char *reason = find_blank_reason(&tokens, introduction.len > 0);
    if (reason != NULL) return add_skipped(run, sentence, reason);
    kmi_speech_act act = kmi_speech_act_of(run->extractor->acts, &tokens, run->is_assistant);
    if (act.skip_reason != NULL) return add_skipped(run, sentence, act.skip_reason);
    if (is_item && run->is_plan && kmi_token_has(&tokens.items[act.first], KMI_W_IMPERATIVE))
        return add_skipped(run, sentence, "chatter");
    size_t end = 0, next = breaks > 0 ? kmi_clauses_break(run->extractor->matcher, &tokens, &act, &end) : 0;
    if (next == 0) return keep_statement(run, &tokens, &act, introduction);
    /* Two statements: the rest is a sentence of its own, which may break again. */
    kmi_slice rest = kmi_slice_sub(sentence, tokens.items[next].start, SIZE_MAX);
    kmi_slice begun = kmi_slice_sub(sentence, 0, tokens.items[end].start);
    size_t kept = run->candidate_count;
    status = extract_sentence(run, kmi_slice_trim(begun), is_item, 0);
    run->is_aside = run->candidate_count == kept;
    if (status == KM_OK) status = extract_sentence(run, rest, is_item, breaks - 1);
    run->is_aside = false;
    return status;
}

/* A line such as "Project notes:" is the name of a list; "We support:" is the beginning of its items. */
static bool is_heading_line(extraction_run *run, kmi_slice text) {
    kmi_arena_clear(run->scratch);
    kmi_tokens tokens;
    if (text.len > INTRODUCTION_BYTES || !kmi_tokens_split(run->extractor->lexicon, text, run->scratch, &tokens))
        return false;
    size_t words = count_words(&tokens);
    for (size_t i = 0; i < tokens.count; i++)
        if (kmi_token_has(&tokens.items[i], KMI_W_BE | KMI_W_AUXILIARY | KMI_W_VERB) && words > 2)
            return words < 5 && i + 2 >= tokens.count && !kmi_token_has(&tokens.items[i], KMI_W_VERB);
    return true;
}

/* "Here's the plan:" of an assistant: the items are what it does next. */
static bool is_plan_line(extraction_run *run, kmi_slice text) {
    kmi_arena_clear(run->scratch);
    kmi_tokens tokens;
    if (!kmi_tokens_split(run->extractor->lexicon, text, run->scratch, &tokens)) return false;
    for (size_t i = 0; i < tokens.count; i++)
        if (kmi_token_is_any(&tokens.items[i], "plan|steps|todo|todos|to-do|to-dos|approach|i'll|we'll")) return true;
    return false;
}

/* "Here is the reader:" says nothing itself. What was said before it in the same paragraph does. */
static km_status introduce(extraction_run *run, kmi_slice sentence) {
    run->introduction = sentence;
    run->is_plan = run->is_assistant && is_plan_line(run, sentence);
    return add_skipped(run, sentence, is_heading_line(run, sentence) ? "heading" : "introduction");
}

static km_status extract_block(extraction_run *run, const kmi_prose_block *block) {
    if (block->skip_reason != NULL) {
        run->introduction = (kmi_slice){0};
        /* "That also goes for …" below a quotation means what was quoted. */
        kmi_slice quoted = kmi_slice_trim(block->text);
        if (strcmp(block->skip_reason, "quote") == 0 && memchr(quoted.ptr, '\n', quoted.len) == NULL) {
            run->antecedent = (kmi_antecedent){0};
            run->antecedent.sentence = kmi_slice_trim(kmi_slice_sub(quoted, 1, SIZE_MAX));
        }
        return add_skipped(run, block->text, block->skip_reason);
    }
    if (!block->is_item) {
        run->introduction = (kmi_slice){0};
        run->is_plan = false;
    }
    if (block->is_item) run->antecedent = (kmi_antecedent){0}; /* items of a list do not refer to each other */
    size_t at = 0;
    kmi_slice sentence;
    while (kmi_sentences_next(block->text, &at, &sentence)) {
        if (run->input->is_overdue != NULL && run->input->is_overdue(run->input->overdue_context))
            return kmi_fail(run->error, KM_E_BUSY, "extraction stopped at its deadline");
        bool is_last = block->ends_with_colon && at >= block->text.len;
        if (is_last && !block->is_item && sentence.len <= INTRODUCTION_BYTES) return introduce(run, sentence);
        account(run, KMI_STAGE_SENTENCES);
        km_status status = extract_sentence(run, sentence, block->is_item, CLAUSE_BREAKS_MAX);
        account(run, KMI_STAGE_PATTERNS);
        if (status != KM_OK) return status;
    }
    return KM_OK;
}

/* The text as it is, judged by its first sentence. What is to be kept word for word is no passing status unless it was called one:
 * it would be forgotten as a whole after a day ("I'm trying to …" opens most messages of a chat). */
static km_status extract_verbatim(extraction_run *run) {
    kmi_slice text = kmi_slice_trim(run->input->text);
    if (text.len == 0) return KM_OK;
    size_t at = 0;
    kmi_slice sentence = text;
    if (!kmi_sentences_next(text, &at, &sentence)) sentence = cut_text(text, KMI_SENTENCE_LIMIT_BYTES);
    kmi_tokens tokens;
    if (!kmi_tokens_split(run->extractor->lexicon, sentence, run->scratch, &tokens)) return out_of_memory(run);
    kmi_speech_act act = kmi_speech_act_of(run->extractor->acts, &tokens, run->is_assistant);
    act.skip_reason = NULL;
    km_status status = keep_statement(run, &tokens, &act, (kmi_slice){0});
    if (status != KM_OK || run->candidate_count == 0) return status;
    run->candidates[0].content = kmi_arena_copy(run->arena, text);
    run->candidates[0].confidence = 1.0;
    bool is_judged = run->input->type == NULL;
    if (is_judged && strcmp(run->candidates[0].type, "status") == 0) run->candidates[0].type = "note";
    return run->candidates[0].content != NULL ? KM_OK : out_of_memory(run);
}

static km_status extract_prose(extraction_run *run) {
    kmi_prose prose;
    kmi_prose_block block;
    kmi_prose_init(&prose, run->input->text);
    while (kmi_prose_next(&prose, &block)) {
        if (run->input->is_overdue != NULL && run->input->is_overdue(run->input->overdue_context))
            return kmi_fail(run->error, KM_E_BUSY, "extraction stopped at its deadline");
        km_status status = extract_block(run, &block);
        if (status != KM_OK) return status;
    }
    return KM_OK;
}

km_status kmi_extract(const kmi_extractor *extractor, const kmi_extract_input *input, kmi_extraction *ret_extraction,
                      km_error *error) {
    extraction_run run = {.extractor = extractor, .input = input, .error = error};
    run.arena = kmi_arena_new(RESULT_BASE_BYTES + input->text.len * RESULT_FACTOR);
    run.scratch = kmi_arena_new(SCRATCH_LIMIT_BYTES);
    run.budget = kmi_custom_budget_new();
    run.mark_ns = input->clock_ns != NULL ? input->clock_ns() : 0;
    run.is_assistant = input->speaker != NULL && strcmp(input->speaker, "assistant") == 0;
    km_status status = KM_OK;
    /* One first block that fits the sentences to come: clearing keeps it. */
    size_t scratch_bytes = SCRATCH_FIRST_BYTES + input->text.len * sizeof(kmi_token) / 2;
    if (scratch_bytes > SCRATCH_LARGEST_BYTES) scratch_bytes = SCRATCH_LARGEST_BYTES;
    if (run.arena == NULL || run.scratch == NULL || kmi_arena_alloc(run.scratch, scratch_bytes) == NULL)
        status = out_of_memory(&run);
    else
        status = input->is_verbatim ? extract_verbatim(&run) : extract_prose(&run);
    kmi_arena_free(run.scratch);
    const char *costly = NULL;
    if (status == KM_OK && run.budget.costly != NULL) {
        status = put_skipped(&run, kmi_slice_from(run.budget.costly), "costly pattern");
        if (run.skipped_count > 0) costly = run.skipped[run.skipped_count - 1].text;
    }
    if (status != KM_OK) {
        kmi_arena_free(run.arena);
        return status;
    }
    account(&run, KMI_STAGE_SENTENCES);
    *ret_extraction = (kmi_extraction){.arena = run.arena,
                                       .candidate_count = run.candidate_count,
                                       .candidates = run.candidates,
                                       .skipped_count = run.skipped_count,
                                       .skipped = run.skipped,
                                       .costly_pattern = costly};
    memcpy(ret_extraction->stage_ns, run.stage_ns, sizeof run.stage_ns);
    return KM_OK;
}

void kmi_extraction_deinit(kmi_extraction *extraction) {
    kmi_arena_free(extraction->arena);
    *extraction = (kmi_extraction){0};
}
