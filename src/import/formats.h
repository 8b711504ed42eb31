/* formats.h - what can be imported: one row a format, found by name (--from) or by looking at the file. */
#ifndef KMI_IMPORT_FORMATS_H
#define KMI_IMPORT_FORMATS_H

#include "import/note.h"

typedef enum kmi_import_kind {
    KMI_IMPORT_EXPORT,      /* km_import() reads it as it stands */
    KMI_IMPORT_NOTES,       /* statements */
    KMI_IMPORT_CONVERSATION /* what was said, to be learnt from */
} kmi_import_kind;

/* What reading a file of statements may depend on. */
typedef struct kmi_import_reading {
    kmi_slice project; /* absolute path of the project */
} kmi_import_reading;

typedef struct kmi_import_format {
    const char *name;  /* as --from has it; NULL ends the table */
    const char *title; /* for people */
    kmi_import_kind kind;
    const char *source;    /* of the memories; NULL: the file's own name */
    bool is_one_statement; /* what a file says now replaces what it said before, however different */
    bool (*read)(kmi_slice text, const kmi_import_reading *reading, kmi_note_visit visit, void *context);
    const char *client; /* KMI_IMPORT_CONVERSATION: as hooks name it */
} kmi_import_format;

extern const kmi_import_format kmi_import_formats[];

/* Returns: the format of that name, or NULL. */
const kmi_import_format *kmi_import_format_find(const char *name);
/* Finds out by name and beginning of a file. Never NULL: what looks like nothing else is taken for an export, whose reader says
 * what is wrong with it. */
const kmi_import_format *kmi_import_format_detect(const char *path, kmi_slice beginning);

#endif
