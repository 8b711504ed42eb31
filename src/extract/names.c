/* names.c - names live in the lexicon beside all other words, so a token's one look-up tells its name too; names of
 * several words are looked up joined, only where a first word calls for it. */
#include "extract/names.h"

#include <string.h>

#define NAME_WORDS_MAX 4
#define NAME_BYTES_MAX 64

struct kmi_names {
    const kmi_lexicon *lexicon;
    kmi_name *items;
    uint32_t count;
};

static const struct {
    const char *type;
    kmi_name_care care;
    const char *entries;
} name_lists[] = {
#include "extract/names.inc"
};
#define NAME_LIST_COUNT (sizeof name_lists / sizeof name_lists[0])

/* Marks a name whose spelling is an ordinary word: it must look like a name to be one. */
static void mark_careful(kmi_names *names, kmi_slice spelling) {
    const kmi_word *word = kmi_lexicon_find(names->lexicon, spelling, kmi_word_hash(spelling));
    if (word != NULL && word->name != 0) names->items[word->name - 1].care = KMI_NAME_CAREFUL;
}

static bool add_spelling(kmi_lexicon *lexicon, kmi_arena *arena, kmi_slice spelling, uint32_t name) {
    char *lower = kmi_arena_copy(arena, spelling);
    if (lower == NULL) return false;
    for (char *c = lower; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 0x20);
    kmi_word *word = kmi_lexicon_add(lexicon, kmi_slice_from(lower), 0);
    if (word == NULL) return false;
    if (word->name == 0) word->name = name;
    const char *blank = strchr(lower, ' ');
    if (blank == NULL) return true;
    return kmi_lexicon_add(lexicon, (kmi_slice){lower, (size_t)(blank - lower)}, KMI_W_NAMED) != NULL;
}

/* "PostgreSQL=postgres=pg": one name, three spellings. */
static bool add_entry(kmi_names *names, kmi_lexicon *lexicon, kmi_arena *arena, kmi_slice entry, size_t list) {
    uint32_t number = ++names->count;
    for (size_t at = 0; at < entry.len;) {
        const char *equals = memchr(entry.ptr + at, '=', entry.len - at);
        size_t len = equals != NULL ? (size_t)(equals - (entry.ptr + at)) : entry.len - at;
        kmi_slice spelling = {entry.ptr + at, len};
        if (at == 0) {
            names->items[number - 1] =
                (kmi_name){kmi_arena_copy(arena, spelling), name_lists[list].type, name_lists[list].care};
            if (names->items[number - 1].name == NULL) return false;
        }
        if (!add_spelling(lexicon, arena, spelling, number)) return false;
        at += len + 1;
    }
    return true;
}

kmi_names *kmi_names_new(kmi_lexicon *lexicon, kmi_arena *arena) {
    kmi_names *names = kmi_arena_alloc(arena, sizeof *names);
    size_t most = NAME_LIST_COUNT;
    for (size_t i = 0; i < NAME_LIST_COUNT; i++)
        for (const char *c = name_lists[i].entries; *c != '\0'; c++) most += *c == ';';
    if (names == NULL || (names->items = kmi_arena_alloc_array(arena, most, sizeof *names->items)) == NULL) return NULL;
    names->lexicon = lexicon;
    for (size_t i = 0; i < NAME_LIST_COUNT; i++) {
        const char *entry = name_lists[i].entries;
        while (*entry != '\0') {
            size_t len = strcspn(entry, ";");
            if (name_lists[i].type == NULL)
                mark_careful(names, (kmi_slice){entry, len});
            else if (len > 0 && !add_entry(names, lexicon, arena, (kmi_slice){entry, len}, i))
                return NULL;
            entry += len + (entry[len] == ';');
        }
    }
    return names;
}

/* The name spelt by `count` tokens joined with blanks. */
static const kmi_word *find_joined(const kmi_names *names, const kmi_tokens *tokens, size_t at, size_t count) {
    char joined[NAME_BYTES_MAX];
    size_t n = 0;
    for (size_t i = at; i < at + count; i++) {
        const kmi_token *token = &tokens->items[i];
        if ((token->flags & KMI_T_PUNCT) != 0 || n + token->lower.len + 1 > sizeof joined) return NULL;
        if (i > at) joined[n++] = ' ';
        memcpy(joined + n, token->lower.ptr, token->lower.len);
        n += token->lower.len;
    }
    kmi_slice text = {joined, n};
    return kmi_lexicon_find(names->lexicon, text, kmi_word_hash(text));
}

const kmi_name *kmi_names_at(const kmi_names *names, const kmi_tokens *tokens, size_t at, size_t *ret_end) {
    const kmi_token *token = &tokens->items[at];
    const kmi_word *word = NULL;
    if (kmi_token_has(token, KMI_W_NAMED)) {
        for (size_t count = NAME_WORDS_MAX; count > 1; count--) {
            if (at + count > tokens->count) continue;
            word = find_joined(names, tokens, at, count);
            if (word != NULL && word->name != 0) {
                *ret_end = at + count;
                return &names->items[word->name - 1];
            }
        }
    }
    word = kmi_lexicon_at(names->lexicon, token->word);
    if (word == NULL || word->name == 0) return NULL;
    *ret_end = at + 1;
    return &names->items[word->name - 1];
}
