/* statements.h - statements of other programs' files, turned into the entries that km_import() reads.
 *
 * A statement is known by its source, its file and its words, so that a second import finds it again. What a file said at the
 * last import and no longer says is looked for among its new statements: the one that resembles it most replaces it.
 *
 * Life: kmi_statements_init(), kmi_statements_read() for each file, kmi_statements_import(), kmi_statements_deinit(). */
#ifndef KMI_IMPORT_STATEMENTS_H
#define KMI_IMPORT_STATEMENTS_H

#include "import/formats.h"
#include "kuzu_memory.h"
#include "util/arena.h"
#include "util/buf.h"

#define KMI_STATEMENTS_SAMPLES 3
#define KMI_STATEMENTS_MAX ((size_t)100000)

typedef struct kmi_statements_file {
    const char *label;  /* the path as it is kept with the memories */
    const char *source; /* of the memories */
    const kmi_import_format *format;
    int64_t changed_us;
    size_t count;      /* statements found */
    size_t replacing;  /* of these: stand for one that the file does not have any more */
    size_t gone;       /* statements of the last import that nothing resembles now */
    uint64_t bad_line; /* the first line that holds nothing; 0: none */
    size_t bad_count;
    const char *bad_reason;
    const char *samples[KMI_STATEMENTS_SAMPLES];
} kmi_statements_file;

typedef struct kmi_statements_place {
    const kmi_statements_file *file;
    uint64_t line;
} kmi_statements_place;

typedef struct kmi_statements {
    km_project *project;
    kmi_arena *arena;
    kmi_import_reading reading;
    kmi_buf entries;              /* JSON lines */
    kmi_statements_place *places; /* of entry i */
    size_t count;
} kmi_statements;

km_status kmi_statements_init(kmi_statements *all, km_project *project, kmi_arena *arena,
                              km_error *error) KM_MUST_CHECK;
void kmi_statements_deinit(kmi_statements *all);
/* Reads a file's text and compares it with what was imported of it before. `file` is filled in where it says what was found; its
 * label, format and time are given. */
km_status kmi_statements_read(kmi_statements *all, kmi_slice text, kmi_statements_file *file,
                              km_error *error) KM_MUST_CHECK;
/* Stores everything, or with dry_run counts it, in one transaction. */
km_status kmi_statements_import(const kmi_statements *all, bool dry_run, km_import_result *ret_result,
                                km_error *error) KM_MUST_CHECK;

#endif
