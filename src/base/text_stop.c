/* text_stop.c - English words that say nothing about what a text is about.
 *
 * Question words belong to it: queries are questions. Negations do too, because "never" and "not" stand in every kind of
 * statement; what a statement forbids is kept with the memory, not searched for. Common words say little: a big store knows
 * that from how often they stand in it, a small one must be told. Both are sorted by bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define LONGEST_STOP_WORD ((size_t)10)

static const char STOP_WORDS[][LONGEST_STOP_WORD + 1] = {
    // clang-format off
    "a", "about", "above", "after", "again", "all", "also", "am", "an", "and", "any", "are", "aren't", "as", "at",
    "be", "because", "been", "before", "being", "below", "between", "both", "but", "by", "can", "can't", "cannot",
    "could", "couldn't", "did", "didn't", "do", "does", "doesn't", "doing", "don't", "during", "each", "etc", "few",
    "for", "from", "further", "had", "hadn't", "has", "hasn't", "have", "haven't", "having", "he", "he's", "her",
    "here", "here's", "hers", "herself", "him", "himself", "his", "how", "how's", "i", "i'd", "i'll", "i'm", "i've",
    "if", "in", "into", "is", "isn't", "it", "it's", "its", "itself", "just", "let's", "may", "me", "might", "more",
    "most", "must", "my", "myself", "no", "nor", "not", "of", "off", "on", "once", "only", "or", "other", "our",
    "ours", "ourselves", "out", "over", "own", "please", "same", "shall", "she", "she's", "should", "shouldn't", "so",
    "some", "such", "tell", "than", "that", "that's", "the", "their", "theirs", "them", "themselves", "then", "there",
    "there's", "these", "they", "they'd", "they'll", "they're", "they've", "this", "those", "through", "to", "too",
    "until", "up", "upon", "us", "very", "via", "was", "wasn't", "we", "we'd", "we'll", "we're", "we've", "were",
    "weren't", "what", "what's", "when", "when's", "where", "where's", "which", "while", "who", "who's", "whom",
    "whose", "why", "why's", "will", "with", "won't", "would", "wouldn't", "you", "you'd", "you'll", "you're",
    "you've", "your", "yours", "yourself", "yourselves",
    // clang-format on
};

static const char COMMON_WORDS[][LONGEST_STOP_WORD + 1] = {
    // clang-format off
    "actually", "add", "adding", "adds", "ask", "back", "build", "call", "change", "check", "code", "come", "create",
    "different", "explain", "file", "find", "fix", "function", "get", "gets", "give", "go", "going", "good", "handle",
    "happen", "help", "implement", "keep", "know", "like", "list", "look", "make", "makes", "mean", "method", "move",
    "new", "now", "one", "project", "put", "really", "remove", "run", "running", "runs", "say", "see",
    "set", "show", "start", "still", "take", "thing", "things", "think", "time", "try", "trying", "turn", "update",
    "use", "used", "uses", "using", "want", "way", "well", "work", "working", "works", "write", "writing",
    // clang-format on
};

int kmi_text_compare_words(const void *word, const void *entry) {
    const kmi_slice *left = word;
    const char *right = entry;
    size_t right_len = strlen(right);
    int order = memcmp(left->ptr, right, left->len < right_len ? left->len : right_len);
    return order != 0 ? order : (left->len > right_len) - (left->len < right_len);
}

bool kmi_text_is_stop_word(kmi_slice folded_word) {
    if (folded_word.len == 0 || folded_word.len > LONGEST_STOP_WORD) return false;
    if ((unsigned char)folded_word.ptr[0] >= 0x80) return kmi_text_is_function_pair(folded_word);
    return bsearch(&folded_word, STOP_WORDS, sizeof STOP_WORDS / sizeof STOP_WORDS[0], sizeof STOP_WORDS[0],
                   kmi_text_compare_words) != NULL;
}

bool kmi_text_is_common_word(kmi_slice folded_word) {
    if (folded_word.len == 0 || folded_word.len > LONGEST_STOP_WORD) return false;
    return bsearch(&folded_word, COMMON_WORDS, sizeof COMMON_WORDS / sizeof COMMON_WORDS[0], sizeof COMMON_WORDS[0],
                   kmi_text_compare_words) != NULL;
}
