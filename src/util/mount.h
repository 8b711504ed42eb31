/* mount.h - on which mounted file system a directory lies, as /proc tells it. */
#ifndef KMI_UTIL_MOUNT_H
#define KMI_UTIL_MOUNT_H

#include <stdbool.h>

#define KMI_MOUNT_POINT_SIZE 4096

typedef struct kmi_mount {
    char point[KMI_MOUNT_POINT_SIZE]; /* absolute path */
    bool is_mount_read_only;          /* this place in the tree */
    bool is_file_system_read_only;    /* the file system itself: all its places are */
} kmi_mount;

/* Returns: false when it cannot be told. Cost: two files of /proc. */
bool kmi_mount_find(int dir_fd, kmi_mount *ret_mount);

#endif
