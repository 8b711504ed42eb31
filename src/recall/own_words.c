#include "recall/own_words.h"

#include "base/text.h"

#define LOOK_AT_BYTES ((size_t)64 * 1024)
#define WINDOW_WORDS 40u /* as the units of long texts */
#define TERMS_MAX ((size_t)64)

typedef struct count {
    const kmi_search_info *info;
    uint64_t skipped_terms;
    size_t term_count;
    size_t most;
    uint32_t word;            /* number of the word in hand, from 1 */
    uint32_t last[TERMS_MAX]; /* word at which a term stood last; 0: not yet */
} count;

static size_t count_near(const count *c) {
    size_t near = 0;
    for (size_t i = 0; i < c->term_count; i++) near += c->last[i] != 0 && c->word - c->last[i] < WINDOW_WORDS;
    return near;
}

static bool look_at_word(const kmi_text_word *word, void *context) {
    count *c = context;
    if (!word->is_part) c->word++;
    for (size_t i = 0; i < c->term_count; i++) {
        if ((c->skipped_terms >> i & 1) != 0) continue;
        if (!kmi_slice_equal(word->term, kmi_slice_from(c->info->terms[i]))) continue;
        c->last[i] = c->word;
        size_t near = count_near(c);
        if (near > c->most) c->most = near;
        break;
    }
    return c->most < c->term_count;
}

km_status kmi_own_words_count(kmi_slice text, const kmi_search_info *info, bool skip_common, size_t *ret_count,
                              km_error *error) {
    count c = {.info = info,
               .skipped_terms = skip_common ? info->common_terms : 0,
               .term_count = info->term_count < TERMS_MAX ? info->term_count : TERMS_MAX};
    if (info->unseen_share >= 1) {
        *ret_count = c.term_count;
        return KM_OK;
    }
    km_status status = kmi_text_words(kmi_slice_sub(text, 0, LOOK_AT_BYTES), look_at_word, &c, error);
    if (status == KM_OK) *ret_count = c.most;
    return status;
}
