/* record.h - what a file was like before we came, kept so that it can be put back to the byte.
 *
 * Below $XDG_STATE_HOME/kuzu-memory/install (or ~/.local/state/…), mode 0700 and 0600: for each edited file a JSON record named
 * after the SHA-256 of its path, and beside it the old content. A record that is damaged counts as none; one that cannot be read
 * just now (memory, descriptors, disk, rights) is an error, for without it the file would not be as it was. */
#ifndef KMI_INSTALL_RECORD_H
#define KMI_INSTALL_RECORD_H

#include "util/arena.h"
#include "util/error.h"

typedef struct kmi_install_record {
    bool is_found;
    bool existed;          /* before us */
    unsigned made_folders; /* how many of the file's parent folders we made */
    kmi_slice before;      /* what stood in it */
    kmi_slice after;       /* SHA-256 of what we left, in hexadecimal */
} kmi_install_record;

km_status kmi_install_record_read(const char *path, kmi_arena *arena, kmi_install_record *ret_record,
                                  km_error *error) KM_MUST_CHECK;
km_status kmi_install_record_write(const char *path, const kmi_install_record *record, kmi_arena *arena,
                                   km_error *error) KM_MUST_CHECK;
/* Forgets a file. Fine if there was no record. */
void kmi_install_record_remove(const char *path, kmi_arena *arena);
/* SHA-256 in hexadecimal, in the arena; ptr is NULL when out of memory. */
kmi_slice kmi_install_digest(kmi_slice content, kmi_arena *arena);
/* Removes temporary files that a killed install has left among the records. */
void kmi_install_record_sweep(void);

#endif
