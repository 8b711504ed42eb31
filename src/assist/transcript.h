/* transcript.h - reading what was said, and what tools did, from the files in which assistants keep a conversation.
 *
 * All of them are JSON lines that only ever grow, so reading goes on where it ended. What a line means is a row of a
 * table. Only lines that hold a row's needle are parsed: nine tenths of such a file are prompts of the client's own. */
#ifndef KMI_ASSIST_TRANSCRIPT_H
#define KMI_ASSIST_TRANSCRIPT_H

#include <stdbool.h>

#include "kuzu_memory.h"
#include "util/slice.h"

typedef enum kmi_said {
    KMI_SAID_BY_USER,
    KMI_SAID_BY_ASSISTANT,
    KMI_SAID_COMMAND_START, /* a shell command: id and text */
    KMI_SAID_COMMAND_END,   /* its id, output and failure */
    KMI_SAID_COMMAND,       /* all in one line */
    KMI_SAID_FILE_CREATED   /* a tool made a file that was not there: its path */
} kmi_said;

#define KMI_TRANSCRIPT_CONDITIONS 4
#define KMI_TRANSCRIPT_NAME "*" /* instead of a path: the name under which the item stands in its object */

typedef struct kmi_transcript_row {
    const char *needle; /* the line holds it, or is not looked at; NULL ends the list */
    kmi_said said;
    const char *each; /* path of an array or object whose items are judged one by one; NULL: the line itself */
    struct {
        const char *path, *value; /* text that must stand there; NULL: must be absent, null or false */
    } conditions[KMI_TRANSCRIPT_CONDITIONS];
    const char *text;          /* what was said, or the command that starts, or its output, or the file's path */
    const char *id;            /* of the command */
    const char *command;       /* KMI_SAID_COMMAND: its text */
    const char *exit_code;     /* not 0, or true: it failed */
    bool is_end_told_in_words; /* no exit_code: lines below the output say that it failed */
} kmi_transcript_row;

extern const kmi_transcript_row kmi_transcript_claude[], kmi_transcript_codex[], kmi_transcript_gemini[],
    kmi_transcript_copilot[];

typedef struct kmi_transcript_item {
    kmi_said said;
    kmi_slice text, id;
    kmi_slice command; /* KMI_SAID_COMMAND; its output is `text` */
    kmi_slice time;    /* as the file has it; empty: unknown */
    bool is_failed;
} kmi_transcript_item;

/* Gets one item; what it points to lives until it returns. False stops the reading. */
typedef bool (*kmi_transcript_visit)(const kmi_transcript_item *item, void *context);

/* Reads complete lines. Bad ones are passed over. Returns: bytes read, up to the end of the last complete line that was
 * visited whole. */
size_t kmi_transcript_read(const kmi_transcript_row *rows, kmi_slice bytes, kmi_transcript_visit visit, void *context);

#endif
