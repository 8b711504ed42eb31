/* lexicon.c - an open-addressing hash table over words that live in the program's text, so that building it copies
 * nothing. Sized once for the built-in words with room for those of patterns and names; it grows by doubling. */
#include "extract/lexicon.h"

#include <string.h>

#include "extract/word_list.h"

#define FIRST_SLOTS 32768u /* twice the words that are built in, so that it never grows for them */

struct kmi_lexicon {
    kmi_arena *arena;
    uint32_t *slots; /* numbers of words, 0: free */
    uint32_t slot_count;
    kmi_word **pages; /* pages of words: their addresses never change */
    uint32_t page_count, word_count;
};
#define PAGE_WORDS 1024u
#define PAGES_MAX 64u

static const struct {
    uint32_t classes;
    const char *words; /* separated by spaces */
} word_lists[] = {
#include "extract/first_names.inc"
#include "extract/words.inc"
};

/* How people type when they are in a hurry, and what they mean: "typed=meant", separated by blanks. */
static const char spellings[] =
#include "extract/spellings.inc"
    ;

kmi_word *kmi_lexicon_at(const kmi_lexicon *lexicon, uint32_t number) {
    if (number == 0 || number > lexicon->word_count) return NULL;
    return &lexicon->pages[(number - 1) / PAGE_WORDS][(number - 1) % PAGE_WORDS];
}

static uint32_t *find_slot(const kmi_lexicon *lexicon, kmi_slice text, uint32_t hash) {
    uint32_t mask = lexicon->slot_count - 1;
    for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t number = lexicon->slots[i];
        if (number == 0) return &lexicon->slots[i];
        const kmi_word *word = kmi_lexicon_at(lexicon, number);
        if (word->text.len == text.len && memcmp(word->text.ptr, text.ptr, text.len) == 0) return &lexicon->slots[i];
    }
}

const kmi_word *kmi_lexicon_find(const kmi_lexicon *lexicon, kmi_slice text, uint32_t hash) {
    return kmi_lexicon_at(lexicon, *find_slot(lexicon, text, hash));
}

static bool grow_slots(kmi_lexicon *lexicon) {
    uint32_t count = lexicon->slot_count * 2;
    uint32_t *slots = kmi_arena_alloc_array(lexicon->arena, count, sizeof *slots);
    if (slots == NULL) return false;
    lexicon->slots = slots;
    lexicon->slot_count = count;
    for (uint32_t number = 1; number <= lexicon->word_count; number++) {
        kmi_slice text = kmi_lexicon_at(lexicon, number)->text;
        *find_slot(lexicon, text, kmi_word_hash(text)) = number;
    }
    return true;
}

static kmi_word *new_word(kmi_lexicon *lexicon) {
    if (lexicon->word_count == lexicon->page_count * PAGE_WORDS) {
        if (lexicon->page_count == PAGES_MAX) return NULL;
        kmi_word *page = kmi_arena_alloc_array(lexicon->arena, PAGE_WORDS, sizeof *page);
        if (page == NULL) return NULL;
        lexicon->pages[lexicon->page_count++] = page;
    }
    lexicon->word_count++;
    kmi_word *word = kmi_lexicon_at(lexicon, lexicon->word_count);
    word->number = lexicon->word_count;
    return word;
}

kmi_word *kmi_lexicon_add(kmi_lexicon *lexicon, kmi_slice text, uint32_t classes) {
    uint32_t hash = kmi_word_hash(text);
    uint32_t *slot = find_slot(lexicon, text, hash);
    kmi_word *word = kmi_lexicon_at(lexicon, *slot);
    if (word == NULL) {
        if (lexicon->word_count >= lexicon->slot_count / 2) {
            if (!grow_slots(lexicon)) return NULL;
            slot = find_slot(lexicon, text, hash);
        }
        word = new_word(lexicon);
        if (word == NULL) return NULL;
        word->text = text;
        *slot = word->number;
    }
    word->classes |= classes;
    return word;
}

static bool add_list(kmi_lexicon *lexicon, uint32_t classes, const char *words) {
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        if (len > 0 && kmi_lexicon_add(lexicon, (kmi_slice){words, len}, classes) == NULL) return false;
        words += len + (words[len] == ' ');
    }
    return true;
}

static bool add_spellings(kmi_lexicon *lexicon, const char *pairs) {
    while (*pairs != '\0') {
        size_t typed = strcspn(pairs, "="), end = strcspn(pairs, " ");
        kmi_word *meant = kmi_lexicon_add(lexicon, (kmi_slice){pairs + typed + 1, end - typed - 1}, 0);
        kmi_word *word = kmi_lexicon_add(lexicon, (kmi_slice){pairs, typed}, 0);
        if (meant == NULL || word == NULL) return false;
        word->meant = meant;
        pairs += end + (pairs[end] == ' ');
    }
    return true;
}

kmi_lexicon *kmi_lexicon_new(kmi_arena *arena) {
    kmi_lexicon *lexicon = kmi_arena_alloc(arena, sizeof *lexicon);
    if (lexicon == NULL) return NULL;
    lexicon->arena = arena;
    lexicon->slot_count = FIRST_SLOTS;
    lexicon->slots = kmi_arena_alloc_array(arena, FIRST_SLOTS, sizeof *lexicon->slots);
    lexicon->pages = kmi_arena_alloc_array(arena, PAGES_MAX, sizeof(kmi_word *));
    if (lexicon->slots == NULL || lexicon->pages == NULL) return NULL;
    for (size_t i = 0; i < sizeof word_lists / sizeof word_lists[0]; i++)
        if (!add_list(lexicon, word_lists[i].classes, word_lists[i].words)) return NULL;
    return add_spellings(lexicon, spellings) ? lexicon : NULL;
}
