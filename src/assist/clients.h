/* clients.h - what each assistant calls its events, what it hands over, and how it wants its answer: one table.
 *
 * A renamed event or key is one row. Formats were seen with the versions named there; rows marked otherwise were only
 * read in the client's documents. */
#ifndef KMI_ASSIST_CLIENTS_H
#define KMI_ASSIST_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum kmi_event_kind {
    KMI_EVENT_NOTHING, /* known, and there is nothing to do */
    KMI_EVENT_PROMPT,
    KMI_EVENT_TURN_END,
    KMI_EVENT_SESSION_START,
    KMI_EVENT_SESSION_END,
    KMI_EVENT_COMPACTION
} kmi_event_kind;

typedef enum kmi_answer_form {
    KMI_ANSWER_NONE,   /* whatever is printed does harm or nothing */
    KMI_ANSWER_NESTED, /* {"hookSpecificOutput":{"hookEventName":…,"additionalContext":…}} */
    KMI_ANSWER_FLAT,   /* {"additionalContext":…} */
    KMI_ANSWER_TEXT    /* the context itself */
} kmi_answer_form;

typedef struct kmi_client_event {
    const char *name; /* NULL ends the list */
    kmi_event_kind kind;
    kmi_answer_form answer;
    const char *user_text; /* paths of what was said; NULL: not in this event */
    const char *assistant_text;
} kmi_client_event;

struct kmi_transcript_row;

typedef struct kmi_client {
    const char *name;                        /* NULL ends the table */
    const char *checked;                     /* version it was seen with; NULL: read, not tried */
    const char *session, *turn, *transcript; /* paths in the input; NULL: has none */
    const char *silent_if;                   /* an environment variable that tells that another client plays this one */
    const struct kmi_transcript_row *transcript_rows; /* NULL: not read */
    const kmi_client_event *events;
} kmi_client;

extern const kmi_client kmi_clients[];

/* Returns: the client of that name, or NULL. */
const kmi_client *kmi_client_find(const char *name);
/* Returns: the event of that name, or NULL. */
const kmi_client_event *kmi_client_find_event(const kmi_client *client, const char *name);

#endif
