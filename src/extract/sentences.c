/* sentences.c - where a sentence ends.
 *
 * A full stop ends one only before a blank, and not behind an abbreviation, an initial or a number that opens a list;
 * so "2.3 million", "docs/style.md", "v1.2" and "e.g. /v2/orders" stay whole. Marks of Chinese and Japanese end one
 * without a blank. */
#include "extract/sentences.h"

#include <stdint.h>
#include <string.h>

/* Lower case, without the dot. The second row also ends sentences ("etc."), so a capital must not follow. */
static const char *const abbreviations[] = {"mr",  "mrs",  "ms",  "dr",  "prof", "st",     "e.g", "i.e",  "eg",   "ie",
                                            "vs",  "cf",   "no",  "nr",  "fig",  "approx", "ca",  "bzw",  "z.b",  "d.h",
                                            "sen", "gen",  "col", "vol", "dept", "est",    "ext", "incl", "resp", "jan",
                                            "feb", "mar",  "apr", "jun", "jul",  "aug",    "sep", "sept", "oct",  "nov",
                                            "dec", "p.ex", "usw", "rev", "tel",  "viz",    "sec", "min",  "max"};
static const char *const soft_abbreviations[] = {"etc", "inc", "ltd", "co",  "corp", "jr", "sr",
                                                 "a.m", "p.m", "u.s", "u.k", "al",   "ver"};

/* With a capital they stand before a name; without one they are words. */
static const char *const titles[] = {"Mag", "Ing", "Dipl", "Hon",  "Capt", "Lt", "Sgt", "Maj",  "Gov",  "Fr",
                                     "Rep", "Mme", "Mlle", "Dott", "Avv",  "Ir", "Drs", "Adm",  "Cmdr", "Mt",
                                     "Cpl", "Pvt", "Sra",  "Srta", "Pres", "Hr", "Fam", "Bros", "Msgr", "Univ"};

/* Abbreviations that are units behind a number, where they end a sentence as any word does: "p95 is 180 ms. The …" */
static const char *const units[] = {"ms", "sec", "min", "s", "h", "est", "no", "dec"};

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_one_of(kmi_slice word, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (kmi_slice_equal_nocase(word, kmi_slice_from(list[i]))) return true;
    return false;
}

static char next_visible(kmi_slice text, size_t at) {
    while (at < text.len && (is_blank(text.ptr[at]) || text.ptr[at] == '"' || text.ptr[at] == '(')) at++;
    return at < text.len ? text.ptr[at] : '\0';
}

/* The word directly before the dot at `dot`, not longer than an abbreviation can be. */
static kmi_slice word_before(kmi_slice text, size_t start, size_t dot) {
    size_t from = dot;
    while (from > start && dot - from < 10 && !is_blank(text.ptr[from - 1]) && text.ptr[from - 1] != '(') from--;
    return (kmi_slice){text.ptr + from, dot - from};
}

static bool is_after_number(kmi_slice text, size_t start, kmi_slice word) {
    size_t at = (size_t)(word.ptr - text.ptr);
    while (at > start && text.ptr[at - 1] == ' ') at--;
    return at > start && text.ptr[at - 1] >= '0' && text.ptr[at - 1] <= '9';
}

static kmi_slice word_at(kmi_slice text, size_t at) {
    while (at < text.len && is_blank(text.ptr[at])) at++;
    size_t end = at;
    while (end < text.len && !is_blank(text.ptr[end]) && strchr(".,;:!?)", text.ptr[end]) == NULL) end++;
    return (kmi_slice){text.ptr + at, end - at};
}

/* "5. Oktober", "am 31. März", "der 31. ist": in many languages a dot makes a number an ordinal. What follows shows it: the
 * name of a month, or a small letter where such a number has an article or a preposition before it. */
static bool is_ordinal(kmi_slice text, size_t start, kmi_slice number, size_t after, bool is_next_lower) {
    static const char *const months[] = {
        "januar",     "jänner",   "februar",    "märz",       "mars",        "april",      "mai",         "maj",
        "juni",       "juli",     "august",     "september",  "oktober",     "november",   "dezember",    "desember",
        "december",   "augusti",  "tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta",  "kesäkuuta",
        "heinäkuuta", "elokuuta", "syyskuuta",  "lokakuuta",  "marraskuuta", "joulukuuta", "ledna",       "února",
        "března",     "dubna",    "května",     "června",     "července",    "srpna",      "září",        "října",
        "listopadu",  "prosince", "január",     "február",    "marec",       "jún",        "júl",         "október",
        "januára",    "februára", "marca",      "apríla",     "mája",        "júna",       "júla",        "augusta",
        "septembra",  "októbra",  "novembra",   "decembra",   "január",      "március",    "április",     "május",
        "június",     "július",   "augusztus",  "szeptember", "ocak",        "quartal",    "jahrhundert", "stock",
        "etage",      "klasse"};
    static const char *const leads[] = {"am", "der", "den", "dem",  "die", "das",  "vom",   "zum",   "bis",
                                        "ab", "im",  "des", "beim", "zur", "seit", "jeden", "jeder", "den",
                                        "d",  "til", "fra", "pr",   "dne", "od",   "do"};
    if (number.len == 0 || number.len > 2) return false;
    for (size_t i = 0; i < number.len; i++)
        if (number.ptr[i] < '0' || number.ptr[i] > '9') return false;
    if (is_one_of(word_at(text, after), months, sizeof months / sizeof months[0])) return true;
    size_t at = (size_t)(number.ptr - text.ptr);
    while (at > start && is_blank(text.ptr[at - 1])) at--;
    kmi_slice lead = word_before(text, start, at);
    return is_next_lower && is_one_of(lead, leads, sizeof leads / sizeof leads[0]);
}

static bool dot_ends_sentence(kmi_slice text, size_t start, size_t dot, size_t after) {
    if (after < text.len && !is_blank(text.ptr[after])) return false;
    if (dot > start && text.ptr[dot - 1] == '.')
        return next_visible(text, after) == '\0' ||
               (next_visible(text, after) >= 'A' && next_visible(text, after) <= 'Z');
    kmi_slice word = word_before(text, start, dot);
    char next = next_visible(text, after);
    bool is_next_lower = next >= 'a' && next <= 'z';
    bool is_unit = is_one_of(word, units, sizeof units / sizeof units[0]) && is_after_number(text, start, word);
    if (is_unit) return !is_next_lower;
    bool is_version = word.len > 2 && memchr(word.ptr, '.', word.len) != NULL && word.ptr[word.len - 1] >= '0' &&
                      word.ptr[word.len - 1] <= '9'; /* "Version 1.2.3. is the last one" */
    if (is_next_lower && is_version) return false;
    if (is_ordinal(text, start, word, after, is_next_lower)) return false;
    if (is_one_of(word, abbreviations, sizeof abbreviations / sizeof abbreviations[0])) {
        /* "No." alone answers; "min." and "max." before a capital end. */
        if (kmi_slice_equal_nocase(word, KMI_SLICE_LITERAL("no"))) return !(next >= '0' && next <= '9');
        return false;
    }
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        if (kmi_slice_equal(word, kmi_slice_from(titles[i]))) return !(next >= 'A' && next <= 'Z');
    if (is_next_lower && is_one_of(word, soft_abbreviations, sizeof soft_abbreviations / sizeof soft_abbreviations[0]))
        return false;
    bool is_initial = word.len == 1 && word.ptr[0] >= 'A' && word.ptr[0] <= 'Z' && word.ptr[0] != 'I';
    if (is_initial && next >= 'A' && next <= 'Z') {
        size_t at = (size_t)(word.ptr - text.ptr);
        bool is_behind_dot = at > start + 1 && text.ptr[at - 2] == '.'; /* "Mr. J. R. Smith" */
        return at > start && dot - start > 12 && !is_behind_dot;        /* "J. Smith", but "Service A. Then" */
    }
    if (word.len > 0 && word.len <= 2 && word.ptr == text.ptr + start && word.ptr[0] >= '0' && word.ptr[0] <= '9')
        return false; /* "1. item" */
    return true;
}

/* '!' and '?' end a sentence before a blank; inside a word ("a?b=1") they do not. */
static bool mark_ends_sentence(kmi_slice text, size_t after) {
    /* `The column "status?" holds …`: a mark inside quotes, and the sentence goes on. */
    bool is_quoted = after >= 2 && strchr("\"'`", text.ptr[after - 1]) != NULL;
    char next = next_visible(text, after);
    if (is_quoted && next >= 'a' && next <= 'z') return false;
    return after >= text.len || is_blank(text.ptr[after]) || (unsigned char)text.ptr[after] >= 0xE0;
}

static size_t wide_mark(kmi_slice text, size_t at) {
    static const char *const marks[] = {"。", "！", "？", "｡"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t len = strlen(marks[i]);
        if (text.len - at >= len && memcmp(text.ptr + at, marks[i], len) == 0) return len;
    }
    return 0;
}

/* Closing quotes and brackets, and further marks ("?!"), belong to the sentence they end, as far as it may go. */
static size_t take_closers(kmi_slice text, size_t start, size_t at) {
    while (at < text.len && at - start < KMI_SENTENCE_LIMIT_BYTES) {
        if (strchr(".!?\"')]*_`", text.ptr[at]) != NULL)
            at++;
        else if (text.len - at >= 3 && (memcmp(text.ptr + at, "”", 3) == 0 || memcmp(text.ptr + at, "’", 3) == 0 ||
                                        memcmp(text.ptr + at, "」", 3) == 0))
            at += 3;
        else
            break;
    }
    return at;
}

static bool is_paragraph_break(kmi_slice text, size_t at) {
    return text.ptr[at] == '\n' && at + 1 < text.len && text.ptr[at + 1] == '\n';
}

static size_t find_end(kmi_slice text, size_t start) {
    bool in_code = false;
    size_t last_blank = 0;
    for (size_t at = start; at < text.len; at++) {
        char c = text.ptr[at];
        if (at - start >= KMI_SENTENCE_LIMIT_BYTES) {
            size_t end = last_blank > start ? last_blank : at;
            while (end > start && ((unsigned char)text.ptr[end] & 0xC0) == 0x80) end--;
            return end;
        }
        if (is_blank(c)) last_blank = at;
        if (c == '`')
            in_code =
                !in_code && memchr(text.ptr + at + 1, '`', text.len - at - 1 < 200 ? text.len - at - 1 : 200) != NULL;
        if (in_code) continue;
        if (is_paragraph_break(text, at)) return at;
        if (c == '.' || c == '!' || c == '?') {
            size_t after = take_closers(text, start, at + 1);
            bool is_ellipsis = c == '.' && at + 1 < text.len && text.ptr[at + 1] == '.';
            if (c == '.' ? dot_ends_sentence(text, start, is_ellipsis ? at + 1 : at, after)
                         : mark_ends_sentence(text, after))
                return after;
            at = after - 1;
        } else if ((unsigned char)c >= 0xE0) {
            size_t len = wide_mark(text, at);
            if (len > 0) return take_closers(text, start, at + len);
        }
    }
    return text.len;
}

bool kmi_sentences_next(kmi_slice block, size_t *at, kmi_slice *ret_sentence) {
    while (*at < block.len) {
        while (*at < block.len && is_blank(block.ptr[*at])) (*at)++;
        if (*at >= block.len) return false;
        size_t end = find_end(block, *at);
        kmi_slice sentence = kmi_slice_trim(kmi_slice_sub(block, *at, end - *at));
        *at = end > *at ? end : *at + 1;
        if (sentence.len > 0) {
            *ret_sentence = sentence;
            return true;
        }
    }
    return false;
}
