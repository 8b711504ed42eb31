/* tokens.c - cutting at blanks first and peeling punctuation off both ends keeps everything with inner punctuation
 * whole, which is where names, versions and paths are; general word-break rules would cut them apart. */
#include "extract/tokens.h"

#include <stdint.h>
#include <string.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_alnum(char c) {
    return is_upper(c) || is_lower(c) || is_digit(c) || (unsigned char)c >= 0x80;
}

typedef struct splitter {
    const kmi_lexicon *lexicon;
    kmi_arena *scratch;
    kmi_tokens *tokens;
    char *lower; /* next free byte for lower-case text; the whole sentence fits */
    size_t most; /* tokens there is room for */
    bool in_quotes, in_code;
} splitter;

/* Latin-1 capitals with accents (U+00C0 to U+00DE) are C3 80 to C3 9E; the small letters follow 0x20 later. */
static size_t lower_into(char *to, kmi_slice from) {
    size_t n = 0;
    for (size_t i = 0; i < from.len; i++) {
        unsigned char c = (unsigned char)from.ptr[i];
        if (c == 0xE2 && i + 2 < from.len && (unsigned char)from.ptr[i + 1] == 0x80 &&
            ((unsigned char)from.ptr[i + 2] & 0xFE) == 0x98) { /* ‘ and ’ */
            to[n++] = '\'';
            i += 2;
        } else if (c == 0xC3 && i + 1 < from.len && (unsigned char)from.ptr[i + 1] >= 0x80 &&
                   (unsigned char)from.ptr[i + 1] <= 0x9E && (unsigned char)from.ptr[i + 1] != 0x97) {
            to[n++] = (char)c;
            to[n++] = (char)((unsigned char)from.ptr[++i] + 0x20);
        } else if (c == 0xD0 && i + 1 < from.len && (unsigned char)from.ptr[i + 1] >= 0x90 &&
                   (unsigned char)from.ptr[i + 1] <= 0xAF) {
            unsigned char low = (unsigned char)from.ptr[++i]; /* Cyrillic А to Я */
            to[n++] = (char)(low < 0xA0 ? 0xD0 : 0xD1);
            to[n++] = (char)(low < 0xA0 ? low + 0x20 : low - 0x20);
        } else {
            to[n++] = (char)(is_upper((char)c) ? c + 0x20 : c);
        }
    }
    return n;
}

static bool is_capital_at(kmi_slice text) {
    if (text.len == 0) return false;
    if (is_upper(text.ptr[0])) return true;
    return text.len > 1 && (unsigned char)text.ptr[0] == 0xC3 && (unsigned char)text.ptr[1] <= 0x9E;
}

static uint32_t flags_of(kmi_slice text) {
    uint32_t flags = is_capital_at(text) ? KMI_T_CAPITAL : 0;
    size_t upper = 0, lower = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_upper(c)) {
            if (i > 0 && is_lower(text.ptr[i - 1])) flags |= KMI_T_INNER_CAP;
            upper++;
        } else if (is_lower(c)) {
            lower++;
        } else if (is_digit(c)) {
            flags |= KMI_T_DIGIT;
        } else if ((unsigned char)c >= 0x80) {
            flags |= KMI_T_ACCENTED;
            lower++;
        } else if (strchr("/_@.:\\", c) != NULL) {
            flags |= KMI_T_SHAPED;
        }
    }
    if (upper >= 2 && lower == 0) flags |= KMI_T_ALL_CAPS;
    if (text.len > 0 && is_digit(text.ptr[0])) flags |= KMI_T_NUMBER;
    return flags;
}

static kmi_token *push(splitter *self, size_t start, size_t end) {
    if (self->tokens->count == self->most || start >= end) return NULL;
    kmi_token *token = &self->tokens->items[self->tokens->count++];
    *token = (kmi_token){.start = (uint32_t)start, .end = (uint32_t)end};
    token->lower.ptr = self->lower;
    token->lower.len = lower_into(self->lower, (kmi_slice){self->tokens->text.ptr + start, end - start});
    self->lower += token->lower.len;
    return token;
}

static void attach_word(splitter *self, kmi_token *token) {
    token->hash = kmi_word_hash(token->lower);
    const kmi_word *word = kmi_lexicon_find(self->lexicon, token->lower, token->hash);
    if (word != NULL && word->meant != NULL && (token->flags & KMI_T_CODE) == 0) {
        word = word->meant;
        token->lower = word->text;
        token->hash = kmi_word_hash(word->text);
    }
    if (word != NULL) {
        token->word = word->number;
        token->classes = word->classes;
    }
}

static void push_punctuation(splitter *self, size_t start, size_t end) {
    kmi_token *token = push(self, start, end);
    if (token == NULL) return;
    token->flags = KMI_T_PUNCT;
    attach_word(self, token);
    char c = self->tokens->text.ptr[start];
    if (c == '`')
        self->in_code = !self->in_code;
    else if (c == '"')
        self->in_quotes = !self->in_quotes;
}

static void push_word(splitter *self, size_t start, size_t end) {
    kmi_token *token = push(self, start, end);
    if (token == NULL) return;
    token->flags = flags_of((kmi_slice){self->tokens->text.ptr + start, end - start});
    if (self->in_code) token->flags |= KMI_T_CODE | KMI_T_QUOTED;
    if (self->in_quotes) token->flags |= KMI_T_QUOTED;
    attach_word(self, token);
    if (token->word == 0 && token->lower.len > 2 && memcmp(token->lower.ptr + token->lower.len - 2, "'s", 2) == 0) {
        token->lower.len -= 2;
        token->has_possessive = true;
        attach_word(self, token);
    }
}

/* Length of the punctuation mark at the start, 0 if the byte belongs to a word. */
static size_t leading_mark(kmi_slice text) {
    unsigned char c = (unsigned char)text.ptr[0];
    if (strchr("([{\"'`*,;:!?<>|=+&#^%)]}\\", (char)c) != NULL) return 1;
    if (c == '-' || c == '.')
        return text.len > 1 && (is_alnum(text.ptr[1]) || text.ptr[1] == '/' || text.ptr[1] == '.' || text.ptr[1] == '-')
                   ? 0
                   : 1;
    if (text.len >= 3 && c == 0xE2 && (unsigned char)text.ptr[1] == 0x80)
        return 3; /* dashes, curly quotes, bullets, ellipsis */
    if (text.len >= 2 && c == 0xC2 && ((unsigned char)text.ptr[1] == 0xAB || (unsigned char)text.ptr[1] == 0xBB))
        return 2; /* « » */
    return 0;
}

static size_t trailing_mark(kmi_slice text) {
    unsigned char c = (unsigned char)text.ptr[text.len - 1];
    if (strchr(".,;:!?)]}\"'`*<>|=", (char)c) != NULL) return 1;
    if (text.len >= 3 && (unsigned char)text.ptr[text.len - 3] == 0xE2 && (unsigned char)text.ptr[text.len - 2] == 0x80)
        return 3;
    if (text.len >= 2 && (unsigned char)text.ptr[text.len - 2] == 0xC2 && (c == 0xAB || c == 0xBB)) return 2;
    return 0;
}

static void push_chunk(splitter *self, size_t start, size_t end) {
    const char *ptr = self->tokens->text.ptr;
    for (size_t n = 0; start < end && (n = leading_mark((kmi_slice){ptr + start, end - start})) > 0; start += n) {
        if (start + 2 < end && ptr[start] == '{' && memchr(ptr + start, '}', end - start) != NULL &&
            ptr[start + 1] != ' ')
            break; /* {id}: part of a path */
        push_punctuation(self, start, start + n);
    }
    size_t word_end = end;
    for (size_t n = 0; word_end > start && (n = trailing_mark((kmi_slice){ptr + start, word_end - start})) > 0;
         word_end -= n) {
        char c = ptr[word_end - 1];
        if ((c == ')' && memchr(ptr + start, '(', word_end - start) != NULL) ||
            (c == '}' && memchr(ptr + start, '{', word_end - start) != NULL))
            break; /* write(), ${HOME} */
    }
    push_word(self, start, word_end);
    for (size_t n = 0; word_end < end; word_end += n) {
        n = 1;
        while (word_end + n < end && ((unsigned char)ptr[word_end + n] & 0xC0) == 0x80) n++;
        push_punctuation(self, word_end, word_end + n);
    }
}

/* "[runbook](https://…)": text and address are two things. */
static void push_link(splitter *self, size_t start, size_t end) {
    size_t seam = kmi_slice_find((kmi_slice){self->tokens->text.ptr + start, end - start}, KMI_SLICE_LITERAL("]("), 0);
    if (seam == SIZE_MAX) {
        push_chunk(self, start, end);
        return;
    }
    push_chunk(self, start, start + seam + 1);
    push_chunk(self, start + seam + 1, end);
}

bool kmi_tokens_split(const kmi_lexicon *lexicon, kmi_slice sentence, kmi_arena *scratch, kmi_tokens *ret_tokens) {
    size_t most = sentence.len / 2 + 16 < KMI_TOKENS_MAX ? sentence.len / 2 + 16 : KMI_TOKENS_MAX;
    *ret_tokens = (kmi_tokens){.text = sentence, .items = kmi_arena_alloc_array(scratch, most, sizeof(kmi_token))};
    splitter self = {.lexicon = lexicon,
                     .scratch = scratch,
                     .tokens = ret_tokens,
                     .most = most,
                     .lower = kmi_arena_alloc(scratch, sentence.len + 1)};
    if (ret_tokens->items == NULL || self.lower == NULL) return false;
    size_t at = 0;
    while (at < sentence.len && ret_tokens->count < most) {
        while (at < sentence.len && is_blank(sentence.ptr[at])) at++;
        size_t end = at;
        while (end < sentence.len && !is_blank(sentence.ptr[end])) end++;
        if (end > at) push_link(&self, at, end);
        at = end;
    }
    return true;
}

kmi_slice kmi_tokens_text(const kmi_tokens *tokens, size_t from, size_t to) {
    if (to > tokens->count) to = tokens->count;
    if (from >= to) return (kmi_slice){tokens->text.ptr, 0};
    return (kmi_slice){tokens->text.ptr + tokens->items[from].start,
                       tokens->items[to - 1].end - tokens->items[from].start};
}
