/* word_list.c - one small table for each thread, found by the address of the list.
 *
 * The alternatives were a bit for each list in every word of the lexicon, which takes the lists away from the places that
 * they explain, and comparing strings, which was more than half of all the time that learning took. */
#include "extract/word_list.h"

#include <string.h>

#define LISTS_MAX 1024u /* a power of two, four times the number of lists there are */
#define MASK_WORDS 4u   /* 256 bits, two for each word: hardly any strange word is looked up in a list in vain */

typedef struct known_list {
    const char *list; /* NULL: free */
    uint64_t mask[MASK_WORDS];
} known_list;

static _Thread_local known_list known_lists[LISTS_MAX];
static _Thread_local uint32_t known_count;

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

static void set_bit(known_list *known, uint32_t bit) {
    known->mask[bit / 64 % MASK_WORDS] |= (uint64_t)1 << (bit % 64);
}
static bool has_bit(const known_list *known, uint32_t bit) {
    return (known->mask[bit / 64 % MASK_WORDS] >> (bit % 64) & 1) != 0;
}

/* Not inlined, as the search below: what remains of the function that is called all the time is then short. */
__attribute__((noinline)) static const known_list *learn_list(uint32_t place, const char *list) {
    if (known_count >= LISTS_MAX / 2) { /* a program with far more lists than this one: begin anew */
        memset(known_lists, 0, sizeof known_lists);
        known_count = 0;
    }
    known_list *known = &known_lists[place];
    *known = (known_list){.list = list};
    while (*list != '\0') {
        uint32_t hash = kmi_word_hash(next_word(&list));
        set_bit(known, hash);
        set_bit(known, hash >> 16);
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
    return has_bit(known, hash) && has_bit(known, hash >> 16) && word.len > 0 && is_in_list(list, word);
}
