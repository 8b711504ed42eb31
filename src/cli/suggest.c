/* Spelling distance with swaps (optimal string alignment), three rows of a table: command and option names are short,
 * so nothing cleverer is needed. */
#include "cli/suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LONGEST_WORD 40

static size_t least_of(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t kmi_suggest_distance(const char *a, const char *b) {
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    if (a_len > LONGEST_WORD || b_len > LONGEST_WORD) return SIZE_MAX;
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++) last[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = least_of(replaced, 1 + least_of(last[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least_of(row[j], before[j - 2] + 1);
            }
        }
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[b_len];
}

kmi_suggest kmi_suggest_start(const char *wanted) {
    return (kmi_suggest){.wanted = wanted, .best = NULL, .best_distance = SIZE_MAX};
}

/* Near enough: a third of the letters, at most three, or the beginning of the word. */
void kmi_suggest_offer(kmi_suggest *suggest, const char *word) {
    size_t len = strlen(suggest->wanted);
    size_t most = least_of(3, (len + 2) / 3);
    size_t distance = kmi_suggest_distance(suggest->wanted, word);
    bool is_prefix = len >= 3 && strncmp(suggest->wanted, word, len) == 0;
    if (is_prefix) {
        distance = least_of(distance, 1);
    }
    if (distance <= most && distance < suggest->best_distance) {
        suggest->best = word;
        suggest->best_distance = distance;
    }
}
