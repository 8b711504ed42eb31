/* A prior multiplies the score of the words: it moves a memory among those that match and never brings in one that does not.
 * The weights are best or nearly so on chats between friends and on chats with an assistant alike; what each is worth is
 * measured in docs/decisions/0017-priors-and-gate.md.
 *
 * A session counts by its best two memories: one conversation on the subject beats many that touch it, and no second index
 * over sessions is needed. */
#include "recall/prior.h"

#include <string.h>

#define SESSION_LOOK_AT ((size_t)200) /* best hits that make up the sessions' sums */
#define SESSION_BEST ((size_t)2)
#define SPEAKERS_MAX ((size_t)64)

const kmi_prior_weights kmi_prior_weights_default = {.session = 0.4, .speaker = 1.2, .date = 1.5, .cue = 0.7};

double kmi_prior_factor(const kmi_prior_weights *weights, const kmi_priors *priors) {
    return (1 + weights->session * priors->session) * (1 + weights->speaker * priors->speaker) *
           (1 + weights->date * priors->date) * (1 + weights->cue * priors->cue);
}

/* ---- Sessions ---- */

typedef struct session_sum {
    int64_t session;
    size_t seen;
    double sum;
} session_sum;

typedef struct session_sums {
    size_t count;
    double best;
    session_sum items[SESSION_LOOK_AT];
} session_sums;

static session_sum *find_sum(session_sums *sums, int64_t session) {
    for (size_t i = 0; i < sums->count; i++) {
        if (sums->items[i].session == session) return &sums->items[i];
    }
    return NULL;
}

static void add_to_session(session_sums *sums, const kmi_search_hit *hit) {
    session_sum *sum = find_sum(sums, hit->session);
    if (sum == NULL) {
        sum = &sums->items[sums->count++];
        *sum = (session_sum){.session = hit->session};
    }
    if (sum->seen == SESSION_BEST) return;
    sum->seen++;
    sum->sum += hit->score;
    if (sum->sum > sums->best) sums->best = sum->sum;
}

static void find_sessions(const kmi_search_hit *hits, size_t count, kmi_priors *priors) {
    session_sums sums = {.count = 0};
    for (size_t i = 0; i < count && i < SESSION_LOOK_AT; i++) {
        if (hits[i].session != 0) add_to_session(&sums, &hits[i]);
    }
    if (sums.best <= 0) return;
    for (size_t i = 0; i < count; i++) {
        if (hits[i].session == 0) continue;
        const session_sum *sum = find_sum(&sums, hits[i].session);
        if (sum != NULL) priors[i].session = sum->sum / sums.best;
    }
}

/* ---- Speakers ---- */

static const char USER[] = "user";
static const char ASSISTANT[] = "assistant";

static bool is_speaker(const kmi_search_hit *hit, const char *speaker) {
    const char *said_by = hit->speaker != NULL ? hit->speaker : USER;
    return kmi_slice_equal_nocase(kmi_slice_from(said_by), kmi_slice_from(speaker));
}

static bool is_role(const kmi_search_hit *hit) {
    return is_speaker(hit, USER) || is_speaker(hit, ASSISTANT);
}

const char *kmi_prior_speaker(const kmi_question *question, const kmi_search_hit *hits, size_t count) {
    const char *named = NULL;
    const char *seen[SPEAKERS_MAX];
    size_t seen_count = 0;
    for (size_t i = 0; i < count && seen_count < SPEAKERS_MAX; i++) {
        if (is_role(&hits[i])) continue;
        size_t k = 0;
        while (k < seen_count && strcmp(seen[k], hits[i].speaker) != 0) k++;
        if (k < seen_count) continue;
        seen[seen_count++] = hits[i].speaker;
        if (!kmi_question_names(question, hits[i].speaker)) continue;
        if (named != NULL) return NULL; /* about both: either may have said it */
        named = hits[i].speaker;
    }
    if (named != NULL) return named;
    if (question->is_about_assistant) return ASSISTANT;
    return question->is_first_person ? USER : NULL;
}

/* ---- Dates ---- */

double kmi_prior_date(const kmi_question *question, int64_t time_us) {
    double best = 0;
    for (size_t i = 0; i < question->time_count && time_us != 0; i++) {
        double fit = kmi_time_span_fit(&question->times[i], time_us);
        if (fit > best) best = fit;
    }
    return best;
}

void kmi_priors_find(const kmi_question *question, const kmi_search_hit *hits, size_t count, kmi_priors *ret_priors) {
    const char *speaker = kmi_prior_speaker(question, hits, count);
    for (size_t i = 0; i < count; i++) {
        ret_priors[i] = (kmi_priors){.speaker = speaker != NULL && is_speaker(&hits[i], speaker) ? 1 : 0,
                                     .date = kmi_prior_date(question, hits[i].observed_at_us)};
    }
    find_sessions(hits, count, ret_priors);
}
