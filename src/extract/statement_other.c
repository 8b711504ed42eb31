/* statement_other.c - German has its participle at the end of the sentence, Chinese no blanks: both are read by a few marks
 * that can hardly mean anything else. */
#include "extract/statement_other.h"

#include <stdint.h>
#include <string.h>

#define VALUE_WORDS_MAX 4
#define SUBJECT_WORDS_MAX 6
#define CHINESE_BYTES_MAX 200

static bool is_any(const kmi_tokens *tokens, size_t i, size_t end, const char *words) {
    return i < end && kmi_token_is_any(&tokens->items[i], words);
}

/* Words [from, to) in lower case with single blanks. */
static const char *join(const kmi_tokens *tokens, size_t from, size_t to, kmi_arena *arena) {
    size_t size = 1, n = 0;
    for (size_t i = from; i < to; i++) size += tokens->items[i].lower.len + 1;
    char *text = kmi_arena_alloc(arena, size);
    if (text == NULL) return NULL;
    for (size_t i = from; i < to; i++) {
        if ((tokens->items[i].flags & KMI_T_PUNCT) != 0) continue;
        if (n > 0) text[n++] = ' ';
        memcpy(text + n, tokens->items[i].lower.ptr, tokens->items[i].lower.len);
        n += tokens->items[i].lower.len;
    }
    text[n] = '\0';
    return text;
}

/* "Die Abgabe ist am 5. Oktober", "Die Miete beträgt jetzt 900 Euro", "… wurde auf den 12. Oktober verlegt". */
static bool find_german(const kmi_tokens *tokens, size_t first, size_t end, kmi_arena *arena,
                        kmi_statement *statement) {
    if (!is_any(tokens, first, end, "der|die|das|unser|unsere|mein|meine")) return false;
    bool is_change = is_any(tokens, end - 1, end,
                            "verlegt|verschoben|vorgezogen|erhöht|gesenkt|angehoben|reduziert|geändert|verlängert");
    size_t value_end = is_change ? end - 1 : end;
    for (size_t i = first + 2; i + 1 < value_end && i < first + SUBJECT_WORDS_MAX; i++) {
        if (!is_any(tokens, i, end, "ist|sind|beträgt|betragen|kostet|wurde|wurden|wird|werden")) continue;
        if (!is_change && is_any(tokens, i, end, "wurde|wurden|wird|werden")) return false;
        size_t value = i + 1;
        bool is_new = is_change;
        while (value + 1 < value_end &&
               is_any(tokens, value, end, "am|auf|den|die|das|bei|um|jetzt|nun|neuerdings|ab")) {
            is_new |= is_any(tokens, value, end, "jetzt|nun|neuerdings");
            value++;
        }
        if ((tokens->items[value].flags & KMI_T_NUMBER) == 0 || value_end > value + VALUE_WORDS_MAX) return false;
        statement->subject = join(tokens, first, i, arena);
        statement->value = join(tokens, value, value_end, arena);
        statement->is_correction |= is_new;
        return true;
    }
    return false;
}

/* "博物馆的开放时间现在是十点到十八点": what stands before 是 is what the rest is said of. */
static bool find_chinese(const kmi_tokens *tokens, size_t first, size_t end, kmi_arena *arena,
                         kmi_statement *statement) {
    static const char *const changed[] = {"现在是", "現在是", "现在改为", "现改为", "改为",
                                          "改成",   "改至",   "推迟到",   "是"};
    kmi_slice text = kmi_slice_trim(kmi_tokens_text(tokens, first, end));
    if (text.len == 0 || (unsigned char)text.ptr[0] < 0xE0 || text.len > CHINESE_BYTES_MAX) return false;
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
        kmi_slice mark = kmi_slice_from(changed[i]);
        size_t at = kmi_slice_find(text, mark, 0);
        if (at == SIZE_MAX) continue;
        kmi_slice value = kmi_slice_sub(text, at + mark.len, SIZE_MAX);
        while (kmi_slice_ends_with(value, KMI_SLICE_LITERAL("。"))) value.len -= strlen("。");
        if (at < 2 * strlen("是") || value.len == 0) return false;
        statement->subject = kmi_arena_copy(arena, kmi_slice_sub(text, 0, at));
        statement->value = kmi_arena_copy(arena, value);
        statement->is_correction |= i + 1 < sizeof changed / sizeof changed[0];
        return true;
    }
    return false;
}

bool kmi_statement_find_other(const kmi_tokens *tokens, size_t first, size_t end, kmi_arena *arena,
                              kmi_statement *statement, bool *ret_is_out_of_memory) {
    if (end <= first) return false;
    if (!find_chinese(tokens, first, end, arena, statement) && !find_german(tokens, first, end, arena, statement))
        return false;
    statement->attribute = "be";
    *ret_is_out_of_memory |= statement->subject == NULL || statement->value == NULL;
    return true;
}
