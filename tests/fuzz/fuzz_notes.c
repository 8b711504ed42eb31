/* A foreign file of memories with anything in it: what is found are whole lines with a place and a text, in order, the same
 * the second time, and reading stops when it is told to. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/formats.h"
#include "kuzu_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct seen {
    kmi_slice text;
    size_t count, limit;
    uint64_t lines, hash;
} seen;

static bool take(const kmi_note *note, const char *problem, void *context) {
    seen *all = context;
    if (note->line == 0 || note->line > all->lines) abort();
    if (problem == NULL) {
        if (note->text.len == 0 || note->text.len > KMI_NOTE_LIMIT_BYTES) abort();
        if (note->type != NULL) {
            const char *const *type = km_memory_types();
            while (*type != NULL && strcmp(*type, note->type) != 0) type++;
            if (*type == NULL) abort();
        }
        for (size_t i = 0; i < note->text.len; i++) all->hash = all->hash * 31 + (unsigned char)note->text.ptr[i];
        if (note->heading.len > 0 && note->heading.ptr == NULL) abort();
    } else if (problem[0] == '\0') {
        abort();
    }
    return ++all->count < all->limit;
}

static seen read_all(const kmi_import_format *format, kmi_slice text, uint64_t lines, size_t limit) {
    kmi_import_reading reading = {.project = KMI_SLICE_LITERAL("/p")};
    seen all = {.text = text, .limit = limit, .lines = lines};
    bool is_whole = format->read(text, &reading, take, &all);
    if (is_whole != (all.count < limit)) abort();
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"AGENTS.md", "MEMORY.md", "x.jsonl", "-"};
    if (size < 1 || size > 65536) return 0;
    kmi_slice text = {(const char *)data + 1, size - 1};
    uint64_t lines = 1;
    for (size_t i = 0; i < text.len; i++) lines += text.ptr[i] == '\n';
    const char *name = names[data[0] % 4];
    const kmi_import_format *found = kmi_import_format_detect(name, text);
    if (found == NULL || kmi_import_format_find(found->name) != found) abort();
    for (const kmi_import_format *format = kmi_import_formats; format->name != NULL; format++) {
        if (format->kind != KMI_IMPORT_NOTES) continue;
        seen first = read_all(format, text, lines, SIZE_MAX);
        seen second = read_all(format, text, lines, SIZE_MAX);
        if (first.count != second.count || first.hash != second.hash) abort();
        if (first.count > 1 && read_all(format, text, lines, 1).count != 1) abort();
    }
    return 0;
}
