/* content.c - a memory is read months later, alone: "It listens on 8080" says nothing then.
 *
 * What a pronoun at the start means is added in brackets, "It (the gateway) listens on 8080": the sentence stays as it was
 * said and the guess can be told from it. Where no noun is known the sentence before is kept in front. */
#include "extract/content.h"

#include <stdint.h>
#include <string.h>

#define PREVIOUS_BYTES_MAX 200

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

/* True for the two marks of Markdown's strong emphasis where they open or close a word. */
static bool is_emphasis(kmi_slice text, size_t i, size_t written) {
    char c = text.ptr[i];
    if (i + 1 >= text.len || (c != '*' && c != '_') || text.ptr[i + 1] != c) return false;
    size_t from = i, to = i; /* a longer row masks something: "********" */
    while (from > 0 && i - from < 4 && text.ptr[from - 1] == c) from--;
    while (to < text.len && to - i < 4 && text.ptr[to] == c) to++;
    if (to - from > 3) return false;
    bool opens = i == 0 || is_space(text.ptr[i - 1]) || written == 0;
    bool closes = i + 2 >= text.len || strchr(" .,:;!?)\n", text.ptr[i + 2]) != NULL;
    return opens || closes;
}

/* Writes text with single blanks and without emphasis marks; returns the bytes written (at most text.len). */
static size_t write_plain(kmi_slice text, char *to) {
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_space(c)) {
            if (n > 0 && to[n - 1] != ' ') to[n++] = ' ';
        } else if (is_emphasis(text, i, n)) {
            i++;
        } else {
            to[n++] = c;
        }
    }
    while (n > 0 && to[n - 1] == ' ') n--;
    return n;
}

bool kmi_content_opens_with_pronoun(const kmi_tokens *tokens, size_t first) {
    if (first + 1 >= tokens->count) return false;
    const kmi_token *token = &tokens->items[first], *next = &tokens->items[first + 1];
    if (kmi_token_is_any(token, "it's|they're|he's|she's|that's|it'll|they'll")) return true;
    if (kmi_token_is_any(token, "its|their") && (next->flags & KMI_T_PUNCT) == 0) return true;
    if (kmi_token_is_any(token, "it|they|he|she")) return (next->flags & KMI_T_PUNCT) == 0;
    bool is_pronoun = kmi_token_is_any(token, "this|that|these|those");
    return is_pronoun && kmi_token_has(next, KMI_W_BE | KMI_W_AUXILIARY | KMI_W_VERB | KMI_W_ADVERB);
}

/* "It is" for "It's": the bracket has to stand between them. */
static const struct {
    const char *word, *pronoun, *verb;
} contractions[] = {{"it's", "It", " is"},       {"they're", "They", " are"}, {"he's", "He", " is"},
                    {"she's", "She", " is"},     {"that's", "That", " is"},   {"it'll", "It", " will"},
                    {"they'll", "They", " will"}};

static size_t append(char *to, size_t at, const char *text) {
    for (; *text != '\0'; text++) to[at++] = *text;
    return at;
}

/* Writes "It (the app)" for the pronoun; returns the bytes written. */
static size_t write_pronoun(const kmi_token *token, kmi_slice spelt, const char *name, char *to) {
    for (size_t i = 0; i < sizeof contractions / sizeof contractions[0]; i++) {
        if (kmi_token_is(token, contractions[i].word)) {
            size_t n = append(to, 0, contractions[i].pronoun);
            n = append(to, n, " (");
            n = append(to, n, name);
            n = append(to, n, ")");
            return append(to, n, contractions[i].verb);
        }
    }
    memcpy(to, spelt.ptr, spelt.len);
    size_t n = append(to, spelt.len, " (");
    n = append(to, n, name);
    return append(to, n, ")");
}

static size_t write_kept(const kmi_content_request *request, kmi_slice kept, char *to) {
    const kmi_antecedent *antecedent = request->antecedent;
    if (antecedent == NULL || !kmi_content_opens_with_pronoun(request->tokens, request->keep_from))
        return write_plain(kept, to);
    const kmi_token *token = &request->tokens->items[request->keep_from];
    if (antecedent->name[0] == '\0') {
        if (antecedent->sentence.len == 0 || antecedent->sentence.len > PREVIOUS_BYTES_MAX)
            return write_plain(kept, to);
        size_t n = write_plain(antecedent->sentence, to);
        to[n++] = ' ';
        return n + write_plain(kept, to + n);
    }
    kmi_slice spelt = kmi_slice_sub(request->tokens->text, token->start, token->end - token->start);
    size_t n = write_pronoun(token, spelt, antecedent->name, to);
    kmi_slice after = kmi_slice_sub(request->tokens->text, token->end, SIZE_MAX);
    if (after.len > 0 && is_space(after.ptr[0])) to[n++] = ' ';
    return n + write_plain(after, to + n);
}

char *kmi_content_make(const kmi_content_request *request, kmi_arena *arena) {
    const kmi_tokens *tokens = request->tokens;
    size_t from = request->keep_from;
    size_t start = from > 0 && from < tokens->count ? tokens->items[from].start : 0;
    kmi_slice kept = kmi_slice_sub(tokens->text, start, SIZE_MAX);
    size_t extra = request->antecedent != NULL ? KMI_ANTECEDENT_BYTES + PREVIOUS_BYTES_MAX + 16 : 0;
    char *content = kmi_arena_alloc(arena, request->introduction.len + kept.len + extra + 2);
    if (content == NULL) return NULL;
    size_t n = write_plain(request->introduction, content);
    if (n > 0) content[n++] = ' ';
    n += write_kept(request, kept, content + n);
    content[n] = '\0';
    bool is_name = from < tokens->count &&
                   (tokens->items[from].flags & (KMI_T_SHAPED | KMI_T_INNER_CAP | KMI_T_QUOTED | KMI_T_DIGIT)) != 0;
    if (from > 0 && request->introduction.len == 0 && !is_name && content[0] >= 'a' && content[0] <= 'z')
        content[0] = (char)(content[0] - 0x20);
    return content;
}

void kmi_antecedent_set(kmi_antecedent *antecedent, const kmi_tokens *tokens, size_t from, size_t to) {
    if (from >= to || to > tokens->count) return;
    const kmi_token *head = &tokens->items[from];
    if (kmi_token_has(head, KMI_W_PRONOUN) &&
        (to == from + 1 || kmi_token_is_any(head, "it's|they're|it|they|its|their")))
        return; /* "it" goes on meaning what it meant */
    antecedent->name[0] = '\0';
    if (to == from + 1 &&
        (kmi_token_has(head, KMI_W_I | KMI_W_WE) || kmi_token_is_any(head, "you|both|there|nobody|everyone|someone")) &&
        !kmi_token_is(head, "team"))
        return;
    kmi_slice text = kmi_tokens_text(tokens, from, to);
    if (text.len + 1 > sizeof antecedent->name) return;
    size_t n = write_plain(text, antecedent->name);
    antecedent->name[n] = '\0';
    bool is_small = kmi_token_has(head, KMI_W_DETERMINER | KMI_W_COMMON | KMI_W_I | KMI_W_WE) &&
                    (head->flags & KMI_T_ALL_CAPS) == 0;
    if (is_small && antecedent->name[0] >= 'A' && antecedent->name[0] <= 'Z')
        antecedent->name[0] = (char)(antecedent->name[0] + 0x20);
}
