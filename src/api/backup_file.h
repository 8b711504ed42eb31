/* backup_file.h - the form of a backup: an SQLite database, what waited in the queue as a segment, and a tail that tells and proves
 * both. docs/formats.md has it as a table. */
#ifndef KMI_API_BACKUP_FILE_H
#define KMI_API_BACKUP_FILE_H

#include "api/project.h"

#define KMI_BACKUP_VERSION 1
#define KMI_BACKUP_TAIL_BYTES 128

typedef struct kmi_backup_tail {
    km_backup_info info;
    uint64_t store_bytes;   /* from the beginning of the file */
    uint64_t segment_bytes; /* after it; 0: nothing waited */
    uint64_t journal_id;    /* of the segment */
} kmi_backup_tail;

/* Writes the tail behind what is in the file, whose first store_bytes + segment_bytes are in place, and syncs. */
km_status kmi_backup_seal(const km_project *project, int fd, const char *path, const kmi_backup_tail *tail,
                          km_error *error) KM_MUST_CHECK;
/* Reads the tail and checks the whole file against it. *ret_is_plain: there is no tail, and the file is an SQLite database: the
 * rest of *ret_tail is then empty but for the size. KM_E_INVALID: neither, or damaged. KM_E_STORE: a newer form. */
km_status kmi_backup_read(const km_project *project, int fd, const char *path, kmi_backup_tail *ret_tail,
                          bool *ret_is_plain, km_error *error) KM_MUST_CHECK;
/* Tells without reading all of it whether a file ends as a backup does. */
bool kmi_backup_is_one(int fd);
/* Copies a part of one file to the beginning of another. */
km_status kmi_backup_extract(const km_project *project, int from_fd, uint64_t offset, uint64_t len, int to_fd,
                             const char *path, km_error *error) KM_MUST_CHECK;

#endif
