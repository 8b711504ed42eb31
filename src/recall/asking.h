/* asking.h - what kind of prompt this is, as far as standing memories care. English. */
#ifndef KMI_RECALL_ASKING_H
#define KMI_RECALL_ASKING_H

#include "util/slice.h"

typedef enum kmi_asking {
    KMI_ASKING_NOTHING,   /* a greeting, thanks, "ok", "go on": no memory applies */
    KMI_ASKING_OPERATION, /* "run the tests again", "looks good, ship it": what stands in the prompt and no more */
    KMI_ASKING_ANSWER,    /* a question, a joke, a text in another language */
    KMI_ASKING_TASK,      /* an order or a report of more than a line */
    KMI_ASKING_WORK       /* how to do something, or to write, build or change something */
} kmi_asking;

kmi_asking kmi_asking_of(kmi_slice prompt);

/* False for what carries the type of a rule or preference and is none for later: a question, a request, talk in passing ("I'm
 * worried that I never …", "yeah, I'd love …"). */
bool kmi_is_lasting(kmi_slice statement);

/* How wide a standing statement reaches. */
typedef enum kmi_reach {
    KMI_REACH_ANSWERS, /* how answers are to be given */
    KMI_REACH_ALL,     /* begins with always, never, every */
    KMI_REACH_NARROW,  /* one tool, one subject, one person's habit */
    KMI_REACH_NAMED    /* "when I ask about X", or told at length: what it names must be in the prompt */
} kmi_reach;

kmi_reach kmi_reach_of(kmi_slice statement);

#endif
