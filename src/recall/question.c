/* Words are compared as they stand, without stems: "you told" and "my" have few forms, and a wrong guess costs rank. */
#include "recall/question.h"

#include <string.h>

#include "base/text.h"
#include "recall/word_reader.h"

#define LOOK_AT_BYTES ((size_t)4096)
/* ---- Who ---- */

/* What an assistant does in answering, as it follows "you" or "did you". */
static bool is_answering(const char *word) {
    static const char *const VERBS[] = {"recommend",    "recommended", "suggest",  "suggested", "tell",    "told",
                                        "advise",       "advised",     "propose",  "proposed",  "explain", "explained",
                                        "mention",      "mentioned",   "say",      "said",      "list",    "listed",
                                        "describe",     "described",   "give",     "gave",      "provide", "provided",
                                        "recommending", "answer",      "answered", "show",      "showed",  "write",
                                        "wrote",        "call",        "called",   "warn",      "warned"};
    return KMI_WORD_IN(word, VERBS);
}

static void read_persons(kmi_question *question) {
    static const char *const FIRST_PERSON[] = {"i", "my", "me", "mine", "myself", "we", "our", "ours", "us"};
    static const char *const ADVERBS[] = {"just",       "also",    "first", "previously", "earlier",
                                          "originally", "already", "have",  "had"};
    kmi_word_reader reader = {.text = question->text};
    bool was_you = false;
    bool was_did = false; /* "can you recommend" asks for new words, "did you recommend" for old ones */
    char before[KMI_WORD_LEN_MAX + 1] = "";
    while (kmi_word_next(&reader)) {
        if (KMI_WORD_IN(reader.lower, FIRST_PERSON)) question->is_first_person = true;
        if (was_you && is_answering(reader.lower)) {
            static const char *const PAST[] = {"told", "said", "gave", "wrote"};
            bool is_past = KMI_WORD_IN(reader.lower, PAST) ||
                           kmi_slice_ends_with(kmi_slice_from(reader.lower), KMI_SLICE_LITERAL("ed"));
            if (was_did || is_past) question->is_about_assistant = true;
        }
        if (kmi_word_is(&reader, "you")) {
            was_you = true;
            was_did = strcmp(before, "did") == 0;
        } else if (!KMI_WORD_IN(reader.lower, ADVERBS)) {
            was_you = false;
        }
        memcpy(before, reader.lower, sizeof before);
    }
}

bool kmi_question_names(const kmi_question *question, const char *speaker) {
    kmi_word_reader name = {.text = kmi_slice_from(speaker)};
    if (!kmi_word_next(&name) || name.at - name.start < 2) return false;
    kmi_slice wanted = kmi_slice_sub(name.text, name.start, name.at - name.start);
    bool is_capital = wanted.ptr[0] >= 'A' && wanted.ptr[0] <= 'Z'; /* "Will" is not called by "will" */
    kmi_word_reader reader = {.text = question->text};
    while (kmi_word_next(&reader)) {
        kmi_slice word = kmi_slice_sub(question->text, reader.start, reader.at - reader.start);
        bool is_same = kmi_slice_equal_nocase(word, wanted);
        if (is_same && (!is_capital || word.ptr[0] == wanted.ptr[0])) return true;
    }
    return false;
}

/* ---- When ---- */

static bool asks_when(kmi_slice text) {
    static const char *const TIMES[] = {"year", "month", "date", "day", "time"};
    kmi_word_reader reader = {.text = text};
    if (!kmi_word_next(&reader)) return false;
    if (kmi_word_is(&reader, "since") || kmi_word_is(&reader, "in") || kmi_word_is(&reader, "on")) {
        if (!kmi_word_next(&reader)) return false;
    }
    if (kmi_word_is(&reader, "when")) return true;
    bool is_how = kmi_word_is(&reader, "how");
    bool is_which = kmi_word_is(&reader, "what") || kmi_word_is(&reader, "which");
    if ((!is_how && !is_which) || !kmi_word_next(&reader)) return false;
    return is_how ? kmi_word_is(&reader, "long") : KMI_WORD_IN(reader.lower, TIMES);
}

static bool is_weekday(const char *word) {
    static const char *const DAYS[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                                       "mon",    "tues",    "wed",       "thurs",    "fri",    "sat",      "sun"};
    return KMI_WORD_IN(word, DAYS);
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
    return KMI_WORD_IN(word, WORDS) || is_year(word);
}

/* Says when behind last, next or this. */
static bool is_named_time(const char *word) {
    static const char *const WORDS[] = {"night",  "summer",  "winter", "spring", "fall",
                                        "autumn", "morning", "sprint", "quarter"};
    return KMI_WORD_IN(word, WORDS) || is_weekday(word);
}

bool kmi_text_tells_when(kmi_slice text) {
    kmi_word_reader reader = {.text = text};
    bool was_pointing = false;
    while (kmi_word_next(&reader)) {
        if (is_time_word(reader.lower) || (was_pointing && is_named_time(reader.lower))) return true;
        was_pointing = kmi_word_is(&reader, "last") || kmi_word_is(&reader, "next") || kmi_word_is(&reader, "this");
    }
    return false;
}

static bool is_in_time(const kmi_question *question, const char *at) {
    for (size_t i = 0; i < question->time_count; i++) {
        kmi_slice phrase = question->times[i].phrase;
        if (at >= phrase.ptr && at < phrase.ptr + phrase.len) return true;
    }
    return false;
}

/* Says no more than that something was said or done. */
static bool is_empty_word(const char *word) {
    static const char *const WORDS[] = {
        "achieve",    "achieved",  "agree",     "agreed",    "anything",  "began",     "begin",      "begun",
        "change",     "changed",   "changes",   "decide",    "decided",   "decision",  "decisions",  "discover",
        "discovered", "discuss",   "discussed", "done",      "else",      "events",    "everything", "figure",
        "figured",    "find",      "finish",    "finished",  "found",     "get",       "going",      "gone",
        "got",        "happen",    "happened",  "happening", "important", "learn",     "learned",    "learnt",
        "list",       "memories",  "mention",   "mentioned", "new",       "news",      "notes",      "notice",
        "noticed",    "one",       "out",       "recap",     "remember",  "said",      "say",        "show",
        "since",      "something", "start",     "started",   "stuff",     "summarise", "summarize",  "summary",
        "talk",       "talked",    "tell",      "thing",     "things",    "told",      "tried",      "try",
        "went",       "work",      "worked",    "working",   "wrong",     "yet"};
    return KMI_WORD_IN(word, WORDS);
}

static bool is_of_time_alone(const kmi_question *question) {
    kmi_word_reader reader = {.text = question->text};
    bool asks_what_was = false; /* "how are you doing today" does not */
    while (question->time_count > 0 && kmi_word_next(&reader)) {
        if (is_in_time(question, reader.text.ptr + reader.start)) continue;
        bool is_empty = is_empty_word(reader.lower);
        if (!is_empty && !kmi_text_is_stop_word(kmi_slice_from(reader.lower))) return false;
        asks_what_was = asks_what_was || is_empty || kmi_word_is(&reader, "did");
    }
    return asks_what_was;
}

void kmi_question_read(kmi_slice text, int64_t now_us, kmi_question *ret_question) {
    *ret_question = (kmi_question){.text = kmi_slice_sub(text, 0, LOOK_AT_BYTES)};
    read_persons(ret_question);
    ret_question->asks_when = asks_when(ret_question->text);
    ret_question->time_count = kmi_time_spans_find(ret_question->text, now_us, ret_question->times, KMI_TIME_SPANS_MAX);
    ret_question->is_of_time_alone = is_of_time_alone(ret_question);
}
