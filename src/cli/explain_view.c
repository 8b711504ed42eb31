#include "cli/explain_view.h"

#include <inttypes.h>

#include "util/clock.h"

/* What a prior adds to the factor, from its own strength; the weights are the library's. */
static void add_prior(kmi_buf *buf, const char *name, double value) {
    if (value > 0) kmi_buf_add_format(buf, ", %s %.2f", name, value);
}

void kmi_explain_add_match(kmi_buf *buf, const km_match *match) {
    kmi_buf_add_format(buf, "words %.3g, cover %.0f%%", match->words, 100 * match->coverage);
    add_prior(buf, "session", match->session);
    add_prior(buf, "speaker", match->speaker);
    add_prior(buf, "date", match->date);
    add_prior(buf, "when", match->cue);
    if (match->factor > 1) kmi_buf_add_format(buf, "; times %.2f", match->factor);
}

void kmi_explain_add_json_match(kmi_json_out *out, const km_match *match) {
    if (match == NULL) {
        kmi_json_out_null(out, "match");
        return;
    }
    kmi_json_out_object(out, "match");
    kmi_json_out_real(out, "words", match->words);
    kmi_json_out_real(out, "coverage", match->coverage);
    kmi_json_out_real(out, "session", match->session);
    kmi_json_out_real(out, "speaker", match->speaker);
    kmi_json_out_real(out, "date", match->date);
    kmi_json_out_real(out, "cue", match->cue);
    kmi_json_out_real(out, "factor", match->factor);
    kmi_json_out_object_end(out);
}

static void add_json_terms(kmi_json_out *out, const km_explanation *explanation) {
    kmi_json_out_array(out, "terms");
    for (size_t i = 0; i < explanation->term_count; i++) {
        kmi_json_out_object(out, NULL);
        kmi_json_out_text(out, "text", explanation->terms[i].text);
        kmi_json_out_real(out, "weight", explanation->terms[i].weight);
        kmi_json_out_object_end(out);
    }
    kmi_json_out_array_end(out);
}

static void add_json_times(kmi_json_out *out, const km_explanation *explanation) {
    kmi_json_out_array(out, "times");
    for (size_t i = 0; i < explanation->time_count; i++) {
        kmi_json_out_object(out, NULL);
        kmi_json_out_text(out, "phrase", explanation->times[i].phrase);
        kmi_json_out_time(out, "from", explanation->times[i].from_us);
        kmi_json_out_time(out, "until", explanation->times[i].until_us);
        kmi_json_out_object_end(out);
    }
    kmi_json_out_array_end(out);
}

void kmi_explain_add_json(kmi_json_out *out, const km_explanation *explanation) {
    if (explanation == NULL) {
        kmi_json_out_null(out, "explanation");
        return;
    }
    kmi_json_out_object(out, "explanation");
    add_json_terms(out, explanation);
    kmi_json_out_count(out, "skipped_terms", explanation->skipped_term_count);
    kmi_json_out_text(out, "speaker", explanation->speaker);
    add_json_times(out, explanation);
    kmi_json_out_bool(out, "asks_when", explanation->asks_when);
    kmi_json_out_bool(out, "of_time_alone", explanation->is_of_time_alone);
    kmi_json_out_real(out, "coverage", explanation->coverage);
    kmi_json_out_count(out, "own_words", explanation->own_words);
    kmi_json_out_real(out, "margin", explanation->margin);
    kmi_json_out_real(out, "unseen_share", explanation->unseen_share);
    kmi_json_out_count(out, "units", explanation->unit_count);
    kmi_json_out_real(out, "confidence", explanation->confidence);
    kmi_json_out_real(out, "threshold", explanation->threshold);
    kmi_json_out_bool(out, "silent", explanation->confidence < explanation->threshold);
    kmi_json_out_object_end(out);
}

void kmi_explain_add_text(kmi_buf *buf, const km_explanation *explanation) {
    if (explanation == NULL) return;
    kmi_buf_add_text(buf, "# words:");
    for (size_t i = 0; i < explanation->term_count; i++)
        kmi_buf_add_format(buf, "%s %s %.2f", i > 0 ? "," : "", explanation->terms[i].text,
                           explanation->terms[i].weight);
    kmi_buf_add_char(buf, '\n');
    if (explanation->speaker != NULL) kmi_buf_add_format(buf, "# said by: %s\n", explanation->speaker);
    for (size_t i = 0; i < explanation->time_count; i++) {
        char from[KMI_TIME_TEXT_SIZE];
        char last[KMI_TIME_TEXT_SIZE];
        kmi_buf_add_format(buf, "# time: \"%s\" is %s to %s\n", explanation->times[i].phrase,
                           kmi_time_format_date(explanation->times[i].from_us, from),
                           kmi_time_format_date(explanation->times[i].until_us - 1, last));
    }
    if (explanation->asks_when) kmi_buf_add_text(buf, "# asks when\n");
    if (explanation->is_of_time_alone) {
        kmi_buf_add_text(buf, "# names a time and nothing else: what was said then, the latest first\n");
    } else if (explanation->coverage > 0) {
        kmi_buf_add_format(
            buf,
            "# best match: covers %.0f%%, says %zu of %zu words itself, %.2f times the 20th; unseen words "
            "%.0f%%; %" PRIu64 " units\n",
            100 * explanation->coverage, explanation->own_words, explanation->term_count, explanation->margin,
            100 * explanation->unseen_share, explanation->unit_count);
    } else {
        kmi_buf_add_text(buf, "# no memory holds any of these words\n");
    }
    kmi_buf_add_format(buf, "# confidence %.2f, threshold %.2f: enhance %s\n", explanation->confidence,
                       explanation->threshold,
                       explanation->confidence < explanation->threshold ? "is silent" : "gives what is relevant");
}
