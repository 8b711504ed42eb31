/* files.h - which files an argument of `import` means: itself, or, for a folder, those in it that assistants keep rules,
 * memories and conversations in. Other files of a project are never looked at. */
#ifndef KMI_IMPORT_FILES_H
#define KMI_IMPORT_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "kuzu_memory.h"
#include "util/arena.h"

#define KMI_IMPORT_FILES_MAX ((size_t)5000)

typedef struct kmi_import_file {
    const char *path;
    bool is_named; /* itself, not only its folder */
    ino_t inode;
    dev_t device;
} kmi_import_file;

typedef struct kmi_import_files {
    kmi_arena *arena;
    kmi_import_file *items; /* in the order of arguments; within a folder by name; no file twice */
    size_t count;
} kmi_import_files;

/* Adds the files that `path` means. KM_E_NOT_FOUND: there is nothing of that name, or nothing in the folder. KM_E_INVALID: too
 * many. */
km_status kmi_import_files_add(kmi_import_files *files, const char *path, km_error *error) KM_MUST_CHECK;

#endif
