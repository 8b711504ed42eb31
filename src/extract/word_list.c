/* word_list.c - one small table for each thread, found by the address of the list.
 *
 * The alternatives were a bit for each list in every word of the lexicon, which takes the lists away from the places that
 * they explain, and comparing strings, which was more than half of all the time that learning took. */
#include "extract/word_list.h"

#include <string.h>

#define LISTS_MAX 1024u /* a power of two, four times the number of lists there are */
#define MASK_WORDS 4u   /* 256 bits, two for each word: hardly any strange word is looked up in a list in vain */

/* A long list would set them all. It has 2048 more, in a table aside, so that the masks of the many short ones stay close together. */
#define LONG_LIST_WORDS 32u
#define LONG_LISTS_MAX 128u
#define LONG_MASK_WORDS 32u

typedef struct known_list {
    const char *list; /* NULL: free */
    uint64_t mask[MASK_WORDS];
    uint32_t long_number; /* 0: it has no long mask; else long_masks[long_number - 1] */
} known_list;

static _Thread_local known_list known_lists[LISTS_MAX];
static _Thread_local uint32_t known_count;
static _Thread_local uint64_t long_masks[LONG_LISTS_MAX][LONG_MASK_WORDS];
static _Thread_local uint32_t long_count;

static unsigned char lower(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 0x20 : c);
}

uint32_t kmi_word_hash(kmi_slice word) {
    uint32_t hash = 2166136261u; /* FNV-1a, its high bits mixed into the low ones */
    for (size_t i = 0; i < word.len; i++) hash = (hash ^ lower(word.ptr[i])) * 16777619u;
    return hash ^ (hash >> 15);
}

static bool ends_word(char c) {
    return c == '|' || c == ' ' || c == '\0';
}

/* The next word of the list; empty at its end. */
static kmi_slice next_word(const char **list) {
    size_t len = 0;
    while (!ends_word((*list)[len])) len++;
    kmi_slice word = {*list, len};
    *list += len + ((*list)[len] != '\0');
    return word;
}

static void set_bits(uint64_t *mask, uint32_t words, uint32_t hash) {
    mask[hash / 64 % words] |= (uint64_t)1 << (hash % 64);
    mask[(hash >> 16) / 64 % words] |= (uint64_t)1 << ((hash >> 16) % 64);
}
static bool has_bits(const uint64_t *mask, uint32_t words, uint32_t hash) {
    return (mask[hash / 64 % words] >> (hash % 64) & mask[(hash >> 16) / 64 % words] >> ((hash >> 16) % 64) & 1) != 0;
}

static uint32_t count_words(const char *list) {
    uint32_t count = 0;
    for (; *list != '\0'; count++) (void)next_word(&list);
    return count;
}

/* Not inlined, as the search below: what remains of the function that is called all the time is then short. */
__attribute__((noinline)) static const known_list *learn_list(uint32_t place, const char *list) {
    if (known_count >= LISTS_MAX / 2) { /* a program with far more lists than this one: begin anew */
        memset(known_lists, 0, sizeof known_lists);
        memset(long_masks, 0, sizeof long_masks);
        known_count = long_count = 0;
    }
    known_list *known = &known_lists[place];
    *known = (known_list){.list = list};
    if (count_words(list) >= LONG_LIST_WORDS && long_count < LONG_LISTS_MAX) known->long_number = ++long_count;
    while (*list != '\0') {
        uint32_t hash = kmi_word_hash(next_word(&list));
        set_bits(known->mask, MASK_WORDS, hash);
        if (known->long_number != 0) set_bits(long_masks[known->long_number - 1], LONG_MASK_WORDS, hash);
    }
    known_count++;
    return known;
}

static const known_list *find_list(const char *list) {
    uint32_t place =
        (uint32_t)((uint64_t)(uintptr_t)list * 0x9E3779B97F4A7C15u >> 32) % LISTS_MAX; /* Fibonacci hashing */
    const known_list *lists = known_lists;
    while (lists[place].list != list) {
        if (lists[place].list == NULL) return learn_list(place, list);
        place = (place + 1) % LISTS_MAX;
    }
    return &lists[place];
}

__attribute__((noinline)) static bool is_in_list(const char *list, kmi_slice word) {
    unsigned char first = lower(word.ptr[0]);
    while (*list != '\0') {
        bool may_be = lower(*list) == first;
        kmi_slice listed = next_word(&list);
        if (may_be && kmi_slice_equal_nocase(listed, word)) return true;
    }
    return false;
}

bool kmi_word_list_has(const char *list, kmi_slice word, uint32_t hash) {
    const known_list *known = find_list(list);
    if (!has_bits(known->mask, MASK_WORDS, hash) || word.len == 0) return false;
    bool may_be = known->long_number == 0 || has_bits(long_masks[known->long_number - 1], LONG_MASK_WORDS, hash);
    return may_be && is_in_list(list, word);
}
