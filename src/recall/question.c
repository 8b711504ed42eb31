/* Words are compared as they stand, without stems: "you told" and "my" have few forms, and a wrong guess costs rank. */
#include "recall/question.h"

#include <string.h>

#define LOOK_AT_BYTES ((size_t)4096)
#define WORD_LEN_MAX ((size_t)15)

/* One word after the other: runs of ASCII letters and digits and of other bytes, in lower case. */
typedef struct word_reader {
    kmi_slice text;
    size_t at;
    size_t start;                 /* of the word */
    char lower[WORD_LEN_MAX + 1]; /* empty: too long to be one of ours */
} word_reader;

static bool is_word_byte(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static char to_lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool next_word(word_reader *reader) {
    while (reader->at < reader->text.len && !is_word_byte(reader->text.ptr[reader->at])) reader->at++;
    if (reader->at >= reader->text.len) return false;
    reader->start = reader->at;
    while (reader->at < reader->text.len && is_word_byte(reader->text.ptr[reader->at])) reader->at++;
    size_t len = reader->at - reader->start;
    if (len > WORD_LEN_MAX) len = 0;
    for (size_t i = 0; i < len; i++) reader->lower[i] = to_lower(reader->text.ptr[reader->start + i]);
    reader->lower[len] = '\0';
    return true;
}

static bool is_listed(const char *word, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, list[i]) == 0) return true;
    }
    return false;
}
#define IS_LISTED(word, list) is_listed(word, list, sizeof(list) / sizeof((list)[0]))

/* ---- Who ---- */

/* What an assistant does in answering, as it follows "you" or "did you". */
static bool is_answering(const char *word) {
    static const char *const VERBS[] = {"recommend",    "recommended", "suggest",  "suggested", "tell",    "told",
                                        "advise",       "advised",     "propose",  "proposed",  "explain", "explained",
                                        "mention",      "mentioned",   "say",      "said",      "list",    "listed",
                                        "describe",     "described",   "give",     "gave",      "provide", "provided",
                                        "recommending", "answer",      "answered", "show",      "showed",  "write",
                                        "wrote",        "call",        "called",   "warn",      "warned"};
    return IS_LISTED(word, VERBS);
}

static void read_persons(kmi_question *question) {
    static const char *const FIRST_PERSON[] = {"i", "my", "me", "mine", "myself", "we", "our", "ours", "us"};
    static const char *const ADVERBS[] = {"just",       "also",    "first", "previously", "earlier",
                                          "originally", "already", "have",  "had"};
    word_reader reader = {.text = question->text};
    bool was_you = false;
    bool was_did = false; /* "can you recommend" asks for new words, "did you recommend" for old ones */
    char before[WORD_LEN_MAX + 1] = "";
    while (next_word(&reader)) {
        if (IS_LISTED(reader.lower, FIRST_PERSON)) question->is_first_person = true;
        if (was_you && is_answering(reader.lower)) {
            static const char *const PAST[] = {"told", "said", "gave", "wrote"};
            bool is_past = IS_LISTED(reader.lower, PAST) ||
                           kmi_slice_ends_with(kmi_slice_from(reader.lower), KMI_SLICE_LITERAL("ed"));
            if (was_did || is_past) question->is_about_assistant = true;
        }
        if (strcmp(reader.lower, "you") == 0) {
            was_you = true;
            was_did = strcmp(before, "did") == 0;
        } else if (!IS_LISTED(reader.lower, ADVERBS)) {
            was_you = false;
        }
        memcpy(before, reader.lower, sizeof before);
    }
}

bool kmi_question_names(const kmi_question *question, const char *speaker) {
    word_reader name = {.text = kmi_slice_from(speaker)};
    if (!next_word(&name) || name.at - name.start < 2) return false;
    kmi_slice wanted = kmi_slice_sub(name.text, name.start, name.at - name.start);
    bool is_capital = wanted.ptr[0] >= 'A' && wanted.ptr[0] <= 'Z'; /* "Will" is not called by "will" */
    word_reader reader = {.text = question->text};
    while (next_word(&reader)) {
        kmi_slice word = kmi_slice_sub(question->text, reader.start, reader.at - reader.start);
        bool is_same = kmi_slice_equal_nocase(word, wanted);
        if (is_same && (!is_capital || word.ptr[0] == wanted.ptr[0])) return true;
    }
    return false;
}

/* ---- When ---- */

static bool asks_when(kmi_slice text) {
    static const char *const TIMES[] = {"year", "month", "date", "day", "time"};
    word_reader reader = {.text = text};
    if (!next_word(&reader)) return false;
    if (strcmp(reader.lower, "since") == 0 || strcmp(reader.lower, "in") == 0 || strcmp(reader.lower, "on") == 0) {
        if (!next_word(&reader)) return false;
    }
    if (strcmp(reader.lower, "when") == 0) return true;
    bool is_how = strcmp(reader.lower, "how") == 0;
    bool is_which = strcmp(reader.lower, "what") == 0 || strcmp(reader.lower, "which") == 0;
    if ((!is_how && !is_which) || !next_word(&reader)) return false;
    return is_how ? strcmp(reader.lower, "long") == 0 : IS_LISTED(reader.lower, TIMES);
}

static bool is_weekday(const char *word) {
    static const char *const DAYS[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                                       "mon",    "tues",    "wed",       "thurs",    "fri",    "sat",      "sun"};
    return IS_LISTED(word, DAYS);
}

static bool is_year(const char *word) {
    return strlen(word) == 4 && strspn(word, "0123456789") == 4 &&
           (memcmp(word, "19", 2) == 0 || memcmp(word, "20", 2) == 0);
}

/* Says when by itself. */
static bool is_time_word(const char *word) {
    static const char *const WORDS[] = {"yesterday", "today",   "tonight",   "tomorrow", "ago",      "recently", "just",
                                        "since",     "week",    "weeks",     "weekend",  "month",    "months",   "year",
                                        "years",     "january", "february",  "march",    "april",    "may",      "june",
                                        "july",      "august",  "september", "october",  "november", "december"};
    return IS_LISTED(word, WORDS) || is_year(word);
}

/* Says when behind last, next or this. */
static bool is_named_time(const char *word) {
    static const char *const WORDS[] = {"night",  "summer",  "winter", "spring", "fall",
                                        "autumn", "morning", "sprint", "quarter"};
    return IS_LISTED(word, WORDS) || is_weekday(word);
}

bool kmi_text_tells_when(kmi_slice text) {
    word_reader reader = {.text = text};
    bool was_pointing = false;
    while (next_word(&reader)) {
        if (is_time_word(reader.lower) || (was_pointing && is_named_time(reader.lower))) return true;
        was_pointing =
            strcmp(reader.lower, "last") == 0 || strcmp(reader.lower, "next") == 0 || strcmp(reader.lower, "this") == 0;
    }
    return false;
}

void kmi_question_read(kmi_slice text, int64_t now_us, kmi_question *ret_question) {
    *ret_question = (kmi_question){.text = kmi_slice_sub(text, 0, LOOK_AT_BYTES)};
    read_persons(ret_question);
    ret_question->asks_when = asks_when(ret_question->text);
    ret_question->time_count = kmi_time_spans_find(ret_question->text, now_us, ret_question->times, KMI_TIME_SPANS_MAX);
}
