/* Plain on purpose: the lists are of English words, and folding by the book costs more than it finds. */
#include "recall/word_reader.h"

#include <string.h>

static bool is_word_byte(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static char to_lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool kmi_word_next(kmi_word_reader *reader) {
    while (reader->at < reader->text.len && !is_word_byte(reader->text.ptr[reader->at])) reader->at++;
    if (reader->at >= reader->text.len) return false;
    reader->start = reader->at;
    while (reader->at < reader->text.len && is_word_byte(reader->text.ptr[reader->at])) reader->at++;
    size_t len = reader->at - reader->start;
    if (len > KMI_WORD_LEN_MAX) len = 0;
    for (size_t i = 0; i < len; i++) reader->lower[i] = to_lower(reader->text.ptr[reader->start + i]);
    reader->lower[len] = '\0';
    return true;
}

bool kmi_word_is(const kmi_word_reader *reader, const char *word) {
    return strcmp(reader->lower, word) == 0;
}

bool kmi_word_is_listed(const char *word, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, list[i]) == 0) return true;
    }
    return false;
}
