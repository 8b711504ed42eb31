/* discover.h - which directory is the project? */
#ifndef KMI_API_DISCOVER_H
#define KMI_API_DISCOVER_H

#include "kuzu_memory.h"

typedef struct kmi_discovery {
    char *root;  /* absolute */
    char *found; /* the folder that was found, where its memory is linked to that of `root`; else NULL */
    char *note;  /* one clause that a person should know, or NULL: a link that is broken, a worktree nobody lists */
    km_root_origin origin;
    int memory_dir_fd; /* kuzu-memories/ of the root, or -1 when there is none */
} kmi_discovery;

/* Finds the root of the project: the given directory, KUZU_MEMORY_PROJECT, the nearest parent with kuzu-memories/, the main
 * worktree of the enclosing git repository, the current directory; and from there, unless ignore_link, the memory that was
 * chosen for it. KM_E_NOT_FOUND: the named directory does not exist. */
km_status kmi_discover_root(const char *project_dir, bool ignore_link, kmi_discovery *ret_discovery,
                            km_error *error) KM_MUST_CHECK;
/* The folder that holds the user's own kuzu-memories/: $XDG_DATA_HOME/kuzu-memory, else ~/.local/share/kuzu-memory; it need not
 * exist. KM_E_INVALID: neither variable says where. */
km_status kmi_discover_user(char **ret_root, int *ret_memory_dir_fd, km_error *error) KM_MUST_CHECK;
/* True for the user's home directory and everything above it: never a project unless named. */
bool kmi_is_home_or_above(const char *directory);

#endif
