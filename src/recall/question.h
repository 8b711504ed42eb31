/* question.h - what a question asks for beside its words: whose words, of which time, and whether it asks when. English. */
#ifndef KMI_RECALL_QUESTION_H
#define KMI_RECALL_QUESTION_H

#include "base/time_span.h"

typedef struct kmi_question {
    kmi_slice text;          /* borrowed: what was looked at */
    bool is_first_person;    /* I, my, we: the user's own words are meant */
    bool is_about_assistant; /* "what did you recommend": the assistant's words are meant */
    bool asks_when;
    bool is_of_time_alone; /* "what happened last week?": names a time, and nothing else that could be searched for */
    size_t time_count;
    kmi_time_span times[KMI_TIME_SPANS_MAX]; /* named in it */
} kmi_question;

/* Looks at the first 4 KiB. Phrases such as "last week" count from now_us. */
void kmi_question_read(kmi_slice text, int64_t now_us, kmi_question *ret_question);

/* True if the question calls this speaker by the first word of the name. */
bool kmi_question_names(const kmi_question *question, const char *speaker);

/* True if a memory says when something is, was or will be: a date, a weekday, "last week", "since". */
bool kmi_text_tells_when(kmi_slice text);

#endif
