#include "import/demand.h"

#include <stddef.h>

enum { word_max = 24 };

/* A sentence that begins with one of these asks for something. Nouns that look the same (test, build) are left out. */
static const char *const commanding[] = {
    "add",    "all",   "always", "ask",      "avoid",   "be",       "check",     "commit",  "cover", "create",
    "do",     "don't", "ensure", "every",    "follow",  "format",   "implement", "include", "keep",  "leave",
    "limit",  "make",  "must",   "name",     "never",   "no",       "only",      "pin",     "place", "please",
    "prefer", "put",   "read",   "remember", "respect", "return",   "run",       "skip",    "stay",  "stop",
    "store",  "treat", "try",    "update",   "use",     "validate", "verify",    "wrap",    "write", NULL,
};
/* One of these anywhere makes a sentence one that binds. */
static const char *const binding[] = {
    "always", "avoid",  "don't",    "forbidden", "mandatory", "must", "mustn't",
    "never",  "prefer", "required", "should",    "shouldn't", NULL,
};
static const char *const descriptive[] = {
    "about",   "architecture", "commands", "components", "dependencies", "directories", "directory",
    "files",   "folders",      "layout",   "links",      "modules",      "overview",    "resources",
    "scripts", "setup",        "stack",    "structure",  "technologies", "tree",        NULL,
};
static const char *const empty[] = {
    "agents",    "and",        "basics",     "convention",  "conventions",  "for",  "general", "guidance",
    "guideline", "guidelines", "important",  "instruction", "instructions", "misc", "note",    "notes",
    "other",     "project",    "repository", "rule",        "rules",        "the",  NULL,
};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'';
}

/* Gets the next word in lower case, its typographic apostrophes as plain ones. False at the end. */
static bool next_word(kmi_slice text, size_t *at, char word[word_max]) {
    static const kmi_slice apostrophe = KMI_SLICE_LITERAL("\xE2\x80\x99");
    size_t len = 0;
    while (*at < text.len && !is_letter(text.ptr[*at])) ++*at;
    while (*at < text.len) {
        bool is_typographic = kmi_slice_starts_with(kmi_slice_sub(text, *at, text.len), apostrophe);
        char c = is_typographic ? '\'' : text.ptr[*at];
        if (!is_letter(c)) break;
        if (len + 1 < word_max) word[len++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        *at += is_typographic ? apostrophe.len : 1;
    }
    word[len] = '\0';
    return len > 0;
}

static bool holds(const char *const *list, const char *word) {
    for (; *list != NULL; list++)
        if (strcmp(*list, word) == 0) return true;
    return false;
}

bool kmi_demand_is_one(kmi_slice sentence) {
    char word[word_max], before[word_max] = "";
    size_t at = 0;
    bool is_first = true;
    while (next_word(sentence, &at, word)) {
        if ((is_first && holds(commanding, word)) || holds(binding, word)) return true;
        if (strcmp(before, "do") == 0 && strcmp(word, "not") == 0) return true;
        memcpy(before, word, sizeof before);
        is_first = false;
    }
    return false;
}

bool kmi_demand_is_descriptive(kmi_slice heading) {
    char word[word_max];
    size_t at = 0;
    while (next_word(heading, &at, word))
        if (holds(descriptive, word)) return true;
    return false;
}

bool kmi_demand_is_empty(kmi_slice heading) {
    char word[word_max];
    size_t at = 0;
    while (next_word(heading, &at, word))
        if (!holds(empty, word)) return false;
    return true;
}
