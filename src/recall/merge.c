/* Scores of two stores cannot be compared: a word's weight is its rarity among the memories of one. So places are given out
 * by kind and origin, and only the question whether two statements are about the same thing is asked across. */
#include "recall/merge.h"

#include <string.h>

#include "recall/similar.h"
#include "util/error.h"

typedef struct merging {
    const km_memory *first; /* all that was chosen of the first store, taken or not */
    size_t first_count;
    kmi_store *first_store;
    km_memory *items;
    const char **lines;
    kmi_word_set *words;
    size_t count, limit;
    size_t chars_left;
    kmi_arena *arena;
} merging;

static km_status fail_nomem(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while merging memories");
}

/* The same property of the same thing, whoever told it. */
static bool is_same_property(const km_memory *a, const km_memory *b) {
    return a->subject != NULL && b->subject != NULL && a->attribute != NULL && b->attribute != NULL &&
           strcmp(a->subject, b->subject) == 0 && strcmp(a->attribute, b->attribute) == 0;
}

/* Does the first store say so already, or otherwise? */
static km_status is_told(const merging *m, const km_memory *memory, const kmi_word_set *words, bool *ret_is,
                         km_error *error) {
    km_memory *same = NULL;
    size_t count = 0;
    *ret_is = true;
    for (size_t i = 0; i < m->first_count; i++)
        if (is_same_property(&m->first[i], memory)) return KM_OK;
    for (size_t i = 0; i < m->count; i++) /* one store does not repeat itself */
        if (!m->items[i].is_user_memory && kmi_word_set_is_similar(words, &m->words[i])) return KM_OK;
    km_status status = KM_OK;
    if (m->first_store != NULL && memory->subject != NULL && memory->attribute != NULL)
        status = kmi_store_memory_find_subject(m->first_store, memory->subject, memory->attribute, 1, m->arena, &same,
                                               &count, error);
    *ret_is = count > 0;
    return status;
}

static size_t count_chars(const char *line) {
    size_t count = 0;
    for (; *line != '\0'; line++) count += ((unsigned char)*line & 0xC0) != 0x80;
    return count;
}

/* line NULL: a list without lines, which has no budget. */
static km_status offer(merging *m, const km_memory *memory, const char *line, bool is_users, km_error *error) {
    kmi_word_set words;
    size_t chars = line != NULL ? count_chars(line) : 0;
    if (m->count == m->limit || (chars > m->chars_left && m->count > 0)) return KM_OK;
    km_status status = kmi_word_set_make(kmi_slice_from(memory->content), m->arena, &words, error);
    bool is_known = false;
    if (status == KM_OK && is_users) status = is_told(m, memory, &words, &is_known, error);
    if (status != KM_OK || is_known) return status;
    m->words[m->count] = words;
    if (m->lines != NULL) m->lines[m->count] = line;
    m->items[m->count] = *memory;
    m->items[m->count++].is_user_memory = is_users;
    m->chars_left -= chars < m->chars_left ? chars : m->chars_left;
    return KM_OK;
}

static km_status start(merging *m, bool has_lines, size_t limit, size_t most, kmi_arena *arena, km_error *error) {
    *m = (merging){.limit = limit < most ? limit : most, .arena = arena};
    m->items = kmi_arena_alloc_array(arena, most + 1, sizeof *m->items);
    m->words = kmi_arena_alloc_array(arena, most + 1, sizeof *m->words);
    m->lines = has_lines ? kmi_arena_alloc_array(arena, most + 1, sizeof *m->lines) : NULL;
    return m->items == NULL || m->words == NULL || (has_lines && m->lines == NULL) ? fail_nomem(error) : KM_OK;
}

/* Those of one context that were found by their words, or those that were not. */
static km_status offer_kind(merging *m, const kmi_context *from, bool is_standing, bool is_users, size_t most,
                            km_error *error) {
    km_status status = KM_OK;
    size_t before = m->count;
    for (size_t i = 0; status == KM_OK && i < from->count && m->count - before < most; i++)
        if ((from->items[i].match == NULL) == is_standing)
            status = offer(m, &from->items[i], from->lines[i], is_users, error);
    return status;
}

km_status kmi_context_merge(const kmi_context *first, kmi_store *first_store, const kmi_context *second,
                            const kmi_context_request *request, kmi_arena *arena, kmi_context *ret_merged,
                            km_error *error) {
    merging m;
    km_status status = start(&m, true, request->max_memories, first->count + second->count, arena, error);
    m.first = first->items;
    m.first_count = first->count;
    m.first_store = first_store;
    m.chars_left = request->max_chars;
    if (status == KM_OK) status = offer_kind(&m, first, false, false, m.limit, error);
    if (status == KM_OK) status = offer_kind(&m, second, false, true, m.limit, error);
    size_t found = m.count;
    if (status == KM_OK) status = offer_kind(&m, first, true, false, request->standing_memories, error);
    if (status == KM_OK)
        status = offer_kind(&m, second, true, true, request->standing_memories - (m.count - found), error);
    *ret_merged = (kmi_context){.items = m.items, .lines = m.lines, .count = m.count};
    return status;
}

km_status kmi_list_merge(const km_memory *first, size_t first_count, const km_memory *second, size_t second_count,
                         size_t limit, size_t reserved, kmi_arena *arena, km_memory **ret_items, size_t *ret_count,
                         km_error *error) {
    merging m;
    km_status status = start(&m, false, limit, first_count + second_count, arena, error);
    m.first = first;
    m.first_count = first_count;
    if (reserved > second_count) reserved = second_count;
    if (reserved > m.limit) reserved = m.limit;
    if (first_count > m.limit - reserved) first_count = m.limit - reserved;
    for (size_t i = 0; status == KM_OK && i < first_count; i++) status = offer(&m, &first[i], NULL, false, error);
    for (size_t i = 0; status == KM_OK && i < second_count; i++) status = offer(&m, &second[i], NULL, true, error);
    *ret_items = m.items;
    *ret_count = m.count;
    return status;
}
