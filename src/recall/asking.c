/* Judged by the first words that say anything: people open an order with its verb and a question with its question word. A
 * wrong guess costs a line too many or too few in the free places, so lists of common words are enough. */
#include "recall/asking.h"

#include <stdint.h>

#include "recall/small_talk.h"
#include "recall/word_reader.h"

#define WORDS_TO_READ 60
#define STATEMENT_WORDS_MAX 24 /* more is a story */
#define GENERAL_WITHIN 3       /* words: "We never …" is about all, "Run the checks, never …" about checks */
#define OPERATION_WORDS_MAX 10 /* a longer prompt says more than which button to press */

/* Politeness before the verb: "ok, now please run it". */
static const char *const OPENERS[] = {
    "a",    "also", "and",  "bit",  "but",   "can", "could", "first",  "hey",  "hi",      "i",    "just", "let",
    "lets", "me",   "need", "next", "now",   "ok",  "okay",  "please", "pls",  "quickly", "s",    "so",   "then",
    "to",   "us",   "want", "we",   "would", "yes", "you",   "d",      "like", "should",  "must", "help", "kindly"};

static const char *const OPERATIONS[] = {
    "abort",   "apply",    "approve", "bump",    "cancel", "check",   "checkout", "clean",  "close",  "commit",
    "compile", "continue", "delete",  "diff",    "do",     "execute", "find",     "finish", "fix",    "format",
    "go",      "grep",     "install", "keep",    "kill",   "lint",    "list",     "look",   "merge",  "move",
    "open",    "print",    "proceed", "pull",    "push",   "read",    "rebase",   "redo",   "remove", "rename",
    "repeat",  "rerun",    "restart", "resume",  "retry",  "revert",  "rollback", "run",    "save",   "search",
    "send",    "show",     "skip",    "squash",  "start",  "stash",   "stop",     "tag",    "test",   "tests",
    "try",     "undo",     "update",  "upgrade", "use",    "verify",  "wait"};

static const char *const WORK[] = {"add",      "adapt",   "arrange",   "automate", "build",     "change",    "choose",
                                   "clean",    "compose", "configure", "convert",  "create",    "debug",     "define",
                                   "deploy",   "design",  "develop",   "document", "draft",     "extend",    "extract",
                                   "generate", "handle",  "implement", "improve",  "integrate", "introduce", "make",
                                   "migrate",  "model",   "optimise",  "optimize", "organise",  "organize",  "outline",
                                   "plan",     "port",    "prepare",   "propose",  "prototype", "recommend", "refactor",
                                   "replace",  "review",  "rewrite",   "scaffold", "set",       "setup",     "simplify",
                                   "solve",    "split",   "structure", "suggest",  "support",   "wire",      "write"};

/* What is written to be read and not to be run: rules about work have nothing to say to it. */
static const char *const LITERATURE[] = {"ballad", "haiku", "joke", "jokes", "limerick", "lyrics",   "poem",    "poems",
                                         "pun",    "puns",  "quiz", "rap",   "rhyme",    "riddle",   "riddles", "song",
                                         "sonnet", "story", "tale", "toast", "verse",    "fairytale"};

/* "How do I handle …": about doing. "How many", "how long": about facts. */
static const char *const HOW_TO[] = {"do", "should", "can", "could", "would", "to", "might", "must", "shall"};
static const char *const DOERS[] = {"i", "we", "you", "one"};

static kmi_asking kind_of_how(kmi_word_reader reader) {
    if (!kmi_word_next(&reader) || !KMI_WORD_IN(reader.lower, HOW_TO)) return KMI_ASKING_ANSWER;
    if (kmi_word_is(&reader, "to")) return KMI_ASKING_WORK;
    return kmi_word_next(&reader) && KMI_WORD_IN(reader.lower, DOERS) ? KMI_ASKING_WORK : KMI_ASKING_ANSWER;
}

static bool names_literature(kmi_slice prompt) {
    kmi_word_reader reader = {.text = prompt};
    for (int i = 0; i < WORDS_TO_READ && kmi_word_next(&reader); i++) {
        if (KMI_WORD_IN(reader.lower, LITERATURE)) return true;
    }
    return false;
}

static int count_words(kmi_slice prompt) {
    kmi_word_reader reader = {.text = prompt};
    int count = 0;
    while (count < WORDS_TO_READ && kmi_word_next(&reader)) count++;
    return count;
}

/* A question, or words in other languages. */
static bool is_answer_wanted(kmi_slice prompt, const kmi_word_reader *first) {
    static const char *const ASKING[] = {
        "what", "which",    "who",     "whose",  "whom",    "when",     "where", "why",       "is",        "are",
        "was",  "were",     "do",      "does",   "did",     "has",      "have",  "had",       "will",      "explain",
        "tell", "describe", "compare", "define", "discuss", "estimate", "guess", "summarize", "summarise", "translate"};
    if (kmi_slice_find(prompt, KMI_SLICE_LITERAL("?"), 0) != SIZE_MAX || KMI_WORD_IN(first->lower, ASKING)) return true;
    for (size_t i = 0; i < prompt.len; i++) {
        if ((unsigned char)prompt.ptr[i] >= 0x80) return true;
    }
    return false;
}

kmi_asking kmi_asking_of(kmi_slice prompt) {
    if (kmi_is_small_talk(prompt)) return KMI_ASKING_NOTHING;
    kmi_word_reader reader = {.text = prompt};
    bool has_word = kmi_word_next(&reader);
    if (has_word && (kmi_word_is(&reader, "should") || kmi_word_is(&reader, "shall"))) return KMI_ASKING_WORK;
    for (int i = 0; has_word && i < WORDS_TO_READ && KMI_WORD_IN(reader.lower, OPENERS); i++)
        has_word = kmi_word_next(&reader);
    if (!has_word) return KMI_ASKING_ANSWER;
    if (kmi_word_is(&reader, "how")) return kind_of_how(reader);
    bool is_long = count_words(prompt) > OPERATION_WORDS_MAX;
    if (KMI_WORD_IN(reader.lower, OPERATIONS)) return is_long ? KMI_ASKING_TASK : KMI_ASKING_OPERATION;
    if (KMI_WORD_IN(reader.lower, WORK)) return names_literature(prompt) ? KMI_ASKING_ANSWER : KMI_ASKING_WORK;
    if (is_answer_wanted(prompt, &reader)) return KMI_ASKING_ANSWER;
    return is_long ? KMI_ASKING_TASK : KMI_ASKING_OPERATION;
}

/* "Write to me in German", "use British English"; and not "write the comments in German". */
static bool is_language_of_answers(const kmi_word_reader *reader, bool *says) {
    static const char *const SAYING[] = {"use", "write", "speak", "talk", "communicate", "chat"};
    static const char *const BETWEEN[] = {"in",   "to",       "with",    "me",     "us",    "always",
                                          "only", "american", "british", "simple", "plain", "please"};
    static const char *const LANGUAGES[] = {"arabic",  "chinese", "dutch",    "english", "french",   "german",
                                            "hindi",   "italian", "japanese", "korean",  "polish",   "portuguese",
                                            "russian", "spanish", "swedish",  "turkish", "ukrainian"};
    bool is_language = *says && KMI_WORD_IN(reader->lower, LANGUAGES);
    *says = KMI_WORD_IN(reader->lower, SAYING) || (*says && KMI_WORD_IN(reader->lower, BETWEEN));
    return is_language;
}

kmi_reach kmi_reach_of(kmi_slice statement) {
    static const char *const GENERAL[] = {"always",     "never", "every", "everything",
                                          "everywhere", "all",   "any",   "anything"};
    static const char *const ANSWERS[] = {
        "answer",      "answers",      "answering", "reply",     "replies", "respond",  "response", "responses",
        "explanation", "explanations", "explain",   "tone",      "brief",   "briefly",  "concise",  "concisely",
        "verbose",     "emoji",        "emojis",    "slang",     "jargon",  "formally", "informal", "politely",
        "flattery",    "disclaimers",  "apologise", "apologize", "greet"};
    static const char *const CONDITIONS[] = {"when", "whenever", "if", "unless"};
    kmi_word_reader reader = {.text = statement};
    kmi_reach reach = KMI_REACH_NARROW;
    bool is_narrow = false;
    bool says = false;
    bool is_habit = false; /* "I never work on Fridays" */
    int start = 0;         /* of the sentence, behind a heading: "Code style: use tabs, never spaces" */
    for (int i = 0; i < WORDS_TO_READ && kmi_word_next(&reader); i++) {
        if (KMI_WORD_IN(reader.lower, CONDITIONS) || i >= STATEMENT_WORDS_MAX) return KMI_REACH_NAMED;
        if (kmi_word_is(&reader, "for")) is_narrow = true; /* "never use tabs for Python" */
        if (i == 0) is_habit = kmi_word_is(&reader, "i");
        if (KMI_WORD_IN(reader.lower, ANSWERS) || is_language_of_answers(&reader, &says)) reach = KMI_REACH_ANSWERS;
        bool is_general = i - start < GENERAL_WITHIN && !is_habit && KMI_WORD_IN(reader.lower, GENERAL);
        if (is_general && reach == KMI_REACH_NARROW) reach = KMI_REACH_ALL;
        if (reader.at < statement.len && statement.ptr[reader.at] == ':') start = i + 1;
    }
    return is_narrow ? KMI_REACH_NARROW : reach;
}

bool kmi_is_lasting(kmi_slice statement) {
    static const char *const TALK[] = {"ah",   "cool", "great", "hey",  "hi",    "hmm",     "hm",    "maybe",
                                       "nice", "oh",   "ok",    "okay", "sorry", "sure",    "thank", "thanks",
                                       "well", "wow",  "yeah",  "yep",  "yes",   "actually"};
    /* What follows "I" where somebody says how things are to be. All else with "I" tells of a day. */
    static const char *const WISHES[] = {"always", "avoid",   "d",    "dislike", "do",    "don",
                                         "expect", "hate",    "like", "love",    "never", "only",
                                         "prefer", "usually", "want", "use",     "work"};
    static const char *const QUESTION_WORDS[] = {"how", "what", "why", "who", "where", "which", "can", "could"};
    if (kmi_slice_find(statement, KMI_SLICE_LITERAL("?"), 0) != SIZE_MAX) return false;
    kmi_word_reader reader = {.text = statement};
    if (!kmi_word_next(&reader)) return false;
    if (reader.at < statement.len && statement.ptr[reader.at] == ':' && !kmi_word_next(&reader))
        return false; /* "User: …" */
    if (KMI_WORD_IN(reader.lower, TALK)) return false;
    if (KMI_WORD_IN(reader.lower, QUESTION_WORDS)) return false;
    if (!kmi_word_is(&reader, "i")) return true;
    return kmi_word_next(&reader) && KMI_WORD_IN(reader.lower, WISHES);
}
