/* plan.h - what an installation or its undoing would change, file by file, before anything is written. */
#ifndef KMI_INSTALL_PLAN_H
#define KMI_INSTALL_PLAN_H

#include <sys/types.h>

#include "install/clients.h"

/* Where things are. All paths absolute. */
typedef struct kmi_install_where {
    const char *base;    /* the home directory, or the project's root */
    bool is_project;     /* which of the two files of an entry is meant */
    bool is_home;        /* base is the home directory: variables that move folders of it count */
    bool ignores_files;  /* as if no file were there yet */
    const char *program; /* as the clients are to call us */
} kmi_install_where;

/* One file that an entry of a chosen client stands in, or would. */
typedef struct kmi_install_file {
    const char *path; /* the file itself, links followed */
    kmi_install_format format;
    bool exists;
    mode_t mode;             /* of the file, when it exists */
    struct timespec changed; /* its last change, to notice another writer */
    kmi_slice before, after; /* contents; equal: nothing to do */
    bool is_removed;         /* the file goes (only ours stood in it) */
    const char *problem;     /* why it is left alone, or NULL */
    km_status problem_status;
} kmi_install_file;

typedef enum kmi_install_state {
    KMI_INSTALL_NOT_AVAILABLE, /* the client has no such thing here */
    KMI_INSTALL_ABSENT,
    KMI_INSTALL_CONFIGURED,
    KMI_INSTALL_STALE, /* ours, of another version or program path */
    KMI_INSTALL_UNREADABLE
} kmi_install_state;

/* Most files that all clients have together. */
#define KMI_INSTALL_FILES_MAX 64

typedef struct kmi_install_plan {
    kmi_arena *arena; /* the caller's */
    kmi_install_where where;
    kmi_install_file files[KMI_INSTALL_FILES_MAX];
    size_t count;
} kmi_install_plan;

void kmi_install_plan_init(kmi_install_plan *plan, const kmi_install_where *where, kmi_arena *arena);
/* Adds what installing (or, with `remove`, uninstalling) a client changes. A file that cannot be read or edited gets its
 * `problem`; the call fails only when out of memory. */
km_status kmi_install_plan_add(kmi_install_plan *plan, const kmi_install_client *client, bool remove,
                               km_error *error) KM_MUST_CHECK;
/* Tells how a client's server or hooks stand: the worst of its entries. */
km_status kmi_install_inspect(const kmi_install_where *where, const kmi_install_client *client, kmi_install_kind kind,
                              kmi_arena *arena, kmi_install_state *ret_state, km_error *error) KM_MUST_CHECK;
/* Tells whether the client is there: its program on PATH, or its folder in the home directory. */
bool kmi_install_is_present(const kmi_install_client *client, const char *home);
/* Returns: the path of a file of clients, where a variable may have moved its folder, in the arena; NULL: out of memory. */
const char *kmi_install_full_path(const kmi_install_where *where, const char *name, kmi_arena *arena);
/* The text of an entry's value with our program in it. NULL: out of memory. */
const char *kmi_install_value(const char *value, const char *program, kmi_arena *arena);
/* Takes every entry of any client out of a file's text, for a state to go back to when a file was changed by others too. */
km_status kmi_install_strip(const kmi_install_where *where, const char *path, kmi_slice text, kmi_arena *arena,
                            kmi_slice *ret_text, km_error *error) KM_MUST_CHECK;
/* Puts entries into a text and takes them out again: the difference to `text` is what they leave behind. kinds: bits, 1 <<
 * kmi_install_kind; 0: all. */
km_status kmi_install_rehearse(const kmi_install_where *where, const char *path, kmi_slice text, unsigned kinds,
                               kmi_arena *arena, kmi_slice *ret_text, km_error *error) KM_MUST_CHECK;

#endif
