/* memory_file.h - a file of Claude Code's memory: a head between two lines of three dashes (name, description, type), and below
 * it one statement with its reasons. */
#ifndef KMI_IMPORT_MEMORY_FILE_H
#define KMI_IMPORT_MEMORY_FILE_H

#include "import/note.h"

typedef struct kmi_memory_head {
    kmi_slice name, description, type; /* empty where not given */
    bool has_globs;                    /* a rule of an editor: its head says for which files it holds */
    size_t end;                        /* bytes of the head; 0: there is none */
    uint64_t lines;                    /* the same in lines */
} kmi_memory_head;

/* Reads the head. Anything may stand there. */
kmi_memory_head kmi_memory_head_read(kmi_slice text);

/* Visits what the file says: the body as one statement, or, if there is more in it, its statements one by one. Returns: false
 * when the visitor stopped it. */
bool kmi_memory_file_read(kmi_slice text, kmi_note_visit visit, void *context);

#endif
