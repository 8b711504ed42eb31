/* Three shapes come in: one JSON text a line, a JSON array, and an object that holds the array "memories". The last two could be
 * parsed as a whole, but then a single NaN, as Python writes it, or one bad byte would lose all of it, and the tree of a
 * large file would take many times its size. Strings and brackets are all that has to be understood to find where an
 * entry ends; whether it is JSON is for the parser to say. */
#include "api/transfer_split.h"

#include <string.h>

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char look(const kmi_split *split) {
    return split->at < split->text.len ? split->text.ptr[split->at] : '\0';
}

static bool is_at_end(const kmi_split *split) {
    return split->at >= split->text.len;
}

static void step(kmi_split *split) {
    if (split->text.ptr[split->at] == '\n') split->line++;
    split->at++;
}

static void skip_space(kmi_split *split) {
    while (!is_at_end(split) && is_space(look(split))) step(split);
}

/* Skips a string from its opening quote to behind its closing one. False when the text ends inside it. */
static bool skip_string(kmi_split *split) {
    step(split);
    while (!is_at_end(split)) {
        char c = look(split);
        step(split);
        if (c == '"') return true;
        if (c == '\\' && !is_at_end(split)) step(split);
    }
    return false;
}

/* Goes on behind the '[' of the member "memories" of the object that begins here. False when it has none. */
static bool enter_memories(kmi_split *split) {
    size_t depth = 0;
    while (!is_at_end(split)) {
        char c = look(split);
        if (c == '"') {
            size_t start = split->at;
            if (!skip_string(split)) return false;
            kmi_slice name = kmi_slice_sub(split->text, start, split->at - start);
            skip_space(split);
            if (depth != 1 || look(split) != ':') continue;
            step(split);
            skip_space(split);
            if (look(split) != '[' || !kmi_slice_equal(name, KMI_SLICE_LITERAL("\"memories\""))) continue;
            step(split);
            return true;
        }
        if (c == '{' || c == '[') depth++;
        if ((c == '}' || c == ']') && --depth == 0) return false;
        step(split);
    }
    return false;
}

void kmi_split_start(kmi_split *split, kmi_slice text) {
    if (kmi_slice_starts_with(text, KMI_SLICE_LITERAL("\xEF\xBB\xBF"))) text = kmi_slice_sub(text, 3, text.len);
    *split = (kmi_split){.text = text, .line = 1};
    skip_space(split);
    if (look(split) == '[') {
        split->is_document = true;
        step(split);
    } else if (look(split) == '{' && enter_memories(split)) {
        split->is_document = true;
        split->is_object = true;
    } else {
        *split = (kmi_split){.text = text, .line = 1};
    }
}

/* ---- Lines ---- */

static bool next_line(kmi_split *split, kmi_slice *ret_entry, uint64_t *ret_line) {
    while (!is_at_end(split)) {
        const char *start = split->text.ptr + split->at;
        size_t left = split->text.len - split->at;
        const char *newline = memchr(start, '\n', left);
        size_t len = newline != NULL ? (size_t)(newline - start) : left;
        *ret_entry = kmi_slice_trim((kmi_slice){start, len});
        *ret_line = split->line;
        split->at += newline != NULL ? len + 1 : len;
        split->line++;
        if (ret_entry->len > 0) return true;
    }
    split->is_done = true;
    return false;
}

/* ---- Elements of an array ---- */

/* Behind the array: the object's other members hold nothing for us, but both must end where the text ends. */
static void finish(kmi_split *split) {
    size_t depth = split->is_object ? 1 : 0;
    split->is_done = true;
    while (depth > 0 && !is_at_end(split)) {
        char c = look(split);
        if (c == '"') {
            if (!skip_string(split)) break;
            continue;
        }
        if (c == '{' || c == '[') depth++;
        if (c == '}' || c == ']') depth--;
        step(split);
    }
    skip_space(split);
    if (depth > 0)
        split->problem = "the document ends too early";
    else if (!is_at_end(split))
        split->problem = "there is something behind the end of the document";
}

/* Goes to the ',' or ']' that ends the element. False when the text ends inside of it. */
static bool skip_element(kmi_split *split) {
    size_t depth = 0;
    while (!is_at_end(split)) {
        char c = look(split);
        if (c == '"') {
            if (!skip_string(split)) return false;
            continue;
        }
        if (depth == 0 && (c == ',' || c == ']')) return true;
        if (c == '{' || c == '[') depth++;
        if ((c == '}' || c == ']') && depth > 0) depth--;
        step(split);
    }
    return depth == 0;
}

static bool next_element(kmi_split *split, kmi_slice *ret_entry, uint64_t *ret_line) {
    skip_space(split);
    while (look(split) == ',') {
        step(split);
        skip_space(split);
    }
    if (is_at_end(split)) {
        split->is_done = true;
        split->problem = "the document ends too early";
        return false;
    }
    if (look(split) == ']') {
        step(split);
        finish(split);
        return false;
    }
    size_t start = split->at;
    *ret_line = split->line;
    bool is_whole = skip_element(split);
    *ret_entry = kmi_slice_trim(kmi_slice_sub(split->text, start, split->at - start));
    if (!is_whole) split->is_done = true; /* the entry itself will be found bad */
    return true;
}

bool kmi_split_next(kmi_split *split, kmi_slice *ret_entry, uint64_t *ret_line) {
    if (split->is_done) return false;
    return split->is_document ? next_element(split, ret_entry, ret_line) : next_line(split, ret_entry, ret_line);
}
