/* link.h - one folder that uses another one's memory, because its user said so.
 *
 * The folder's kuzu-memories/link names the other one, and a token; the other one's kuzu-memories/links must hold that token.
 * So a folder from a stranger cannot choose a memory: its link is not acknowledged. Both a relative and an absolute path are
 * noted, so that the link holds when both move together, or only the other one stays where it is. */
#ifndef KMI_API_LINK_H
#define KMI_API_LINK_H

#include "kuzu_memory.h"

#define KMI_LINK_HOPS_MAX 4

typedef enum kmi_link_state {
    KMI_LINK_NONE,
    KMI_LINK_GOOD,
    KMI_LINK_BROKEN /* there is one that leads nowhere, or is not acknowledged */
} kmi_link_state;

/* Looks whether the memory in memory_dir_fd, which lies in the folder `root`, hands on to another one. Without a link it costs one
 * failed open. *ret_root is absolute and yours (free()), *ret_fd its kuzu-memories/: both only for KMI_LINK_GOOD. Broken:
 * ret_problem tells why, in one clause. */
kmi_link_state kmi_link_follow(const char *root, int memory_dir_fd, char **ret_root, int *ret_fd,
                               km_error *ret_problem);

/* Makes `from` use the memory of `to`; both kuzu-memories/ are open and there. A link that was there is replaced. */
km_status kmi_link_make(const char *from_root, int from_fd, const char *to_root, int to_fd,
                        km_error *error) KM_MUST_CHECK;
/* Ends the link, if there is one. ret_had (optional): whether there was. */
km_status kmi_link_remove(const char *root, int memory_dir_fd, bool *ret_had, km_error *error) KM_MUST_CHECK;

#endif
