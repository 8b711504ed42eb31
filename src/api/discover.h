/* discover.h - which directory is the project? */
#ifndef KMI_API_DISCOVER_H
#define KMI_API_DISCOVER_H

#include "kuzu_memory.h"

/* Finds the root of the project: the given directory, KUZU_MEMORY_PROJECT, the nearest parent with kuzu-memories/, the main
 * worktree of the enclosing git repository, the current directory. *ret_root is absolute and yours (free()).
 * *ret_memory_dir_fd: its kuzu-memories/, or -1 when there is none. KM_E_NOT_FOUND: the named directory does not exist. */
km_status kmi_discover_root(const char *project_dir, char **ret_root, km_root_origin *ret_origin,
                            int *ret_memory_dir_fd, km_error *error) KM_MUST_CHECK;
/* The folder that holds the user's own kuzu-memories/: $XDG_DATA_HOME/kuzu-memory, else ~/.local/share/kuzu-memory; it need not
 * exist. KM_E_INVALID: neither variable says where. */
km_status kmi_discover_user(char **ret_root, int *ret_memory_dir_fd, km_error *error) KM_MUST_CHECK;
/* True for the user's home directory and everything above it: never a project unless named. */
bool kmi_is_home_or_above(const char *directory);

#endif
