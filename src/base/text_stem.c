/* text_stem.c - stemming with libstemmer's English (Porter2).
 *
 * FTS5's own porter gives "deploi" for deploy and "deploy" for deployment, which must meet; Porter2 gives "deploy" for
 * both. One stem costs about a microsecond and every word of every memory needs one, but texts repeat their words: a
 * small direct-mapped cache answers most of them. Stemmer and cache belong to a thread, so nothing is locked. */
#include "base/text_stem.h"

#include <libstemmer.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/irregular.h"
#include "util/thread.h"

#define CACHE_ENTRIES 2048U /* a power of two; 96 KiB a thread */
#define CACHED_WORD_BYTES 22

typedef struct cache_entry {
    unsigned char word_len; /* 0: empty */
    unsigned char stem_len;
    char word[CACHED_WORD_BYTES];
    char stem[CACHED_WORD_BYTES + 2];
} cache_entry;

struct kmi_stemmer {
    struct sb_stemmer *porter;
    cache_entry cache[CACHE_ENTRIES];
};

static _Thread_local kmi_stemmer *thread_stemmer;

static void free_stemmer(void *object) {
    kmi_stemmer *stemmer = object;
    if (stemmer->porter != NULL) sb_stemmer_delete(stemmer->porter);
    free(stemmer);
    thread_stemmer = NULL;
}

kmi_stemmer *kmi_stemmer_require(void) {
    if (thread_stemmer != NULL) return thread_stemmer;
    kmi_stemmer *made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    made->porter = sb_stemmer_new("english", "UTF_8");
    if (made->porter == NULL || !kmi_thread_keep(made, free_stemmer)) {
        free_stemmer(made);
        return NULL;
    }
    thread_stemmer = made;
    return made;
}

static bool has_letters_only(kmi_slice word) {
    for (size_t i = 0; i < word.len; i++) {
        bool is_letter = word.ptr[i] >= 'a' && word.ptr[i] <= 'z';
        if (!is_letter && word.ptr[i] != '\'') return false;
    }
    return true;
}

/* FNV-1a: short keys, no need to resist anyone, since a collision costs one stem. */
static uint32_t hash_word(kmi_slice word) {
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < word.len; i++) hash = (hash ^ (unsigned char)word.ptr[i]) * 16777619U;
    return hash ^ hash >> 15;
}

static kmi_slice stem_uncached(kmi_stemmer *stemmer, kmi_slice word) {
    const char *base = kmi_irregular_find(word);
    kmi_slice regular = base != NULL ? kmi_slice_from(base) : word;
    const sb_symbol *stem = sb_stemmer_stem(stemmer->porter, (const sb_symbol *)regular.ptr, (int)regular.len);
    if (stem == NULL) return (kmi_slice){NULL, 0};
    int len = sb_stemmer_length(stemmer->porter);
    return len > 0 ? (kmi_slice){(const char *)stem, (size_t)len} : word;
}

kmi_slice kmi_stemmer_stem(kmi_stemmer *stemmer, kmi_slice folded_word) {
    if (folded_word.len < 3 || !has_letters_only(folded_word)) return folded_word;
    if (folded_word.len > CACHED_WORD_BYTES) return stem_uncached(stemmer, folded_word);
    cache_entry *entry = &stemmer->cache[hash_word(folded_word) % CACHE_ENTRIES];
    if (entry->word_len == folded_word.len && memcmp(entry->word, folded_word.ptr, folded_word.len) == 0) {
        return (kmi_slice){entry->stem, entry->stem_len};
    }
    kmi_slice stem = stem_uncached(stemmer, folded_word);
    if (stem.ptr == NULL || stem.len > sizeof entry->stem) return stem;
    memcpy(entry->word, folded_word.ptr, folded_word.len);
    memcpy(entry->stem, stem.ptr, stem.len);
    entry->word_len = (unsigned char)folded_word.len;
    entry->stem_len = (unsigned char)stem.len;
    return (kmi_slice){entry->stem, entry->stem_len};
}
