/* clients.h - the assistants we can be installed into, as data: a renamed path is one row.
 *
 * What the rows say was found by running the programs, or read in their documents where `checked` says so; docs/assistants.md
 * has the details. Life: static constants. */
#ifndef KMI_INSTALL_CLIENTS_H
#define KMI_INSTALL_CLIENTS_H

#include "install/jsonc_edit.h"
#include "install/toml_edit.h"

typedef enum kmi_install_format {
    KMI_INSTALL_JSON,  /* strict: the client loads nothing of a file with a comment in it */
    KMI_INSTALL_JSONC, /* with comments */
    KMI_INSTALL_TOML,
    KMI_INSTALL_OWN_FILE /* a JSON file that is all ours */
} kmi_install_format;

typedef enum kmi_install_kind { KMI_INSTALL_MCP, KMI_INSTALL_HOOK } kmi_install_kind;

/* One entry of ours in one file. In `value` and in the body of a table, @PROGRAM@ stands for our program as a string in
 * quotes, and @HOOK EVENT@ for the whole command of a hook as a string in quotes. */
typedef struct kmi_install_entry {
    kmi_install_kind kind;
    kmi_install_format format;
    const char *user_file;    /* below the home directory; NULL: the client has none */
    const char *project_file; /* below the project's root; NULL: none */
    kmi_jsonc_place place;    /* JSON */
    const char *table;        /* TOML */
    const char *value;        /* JSON, or the lines of the TOML table */
} kmi_install_entry;

typedef struct kmi_install_client {
    const char *name;    /* on our command line; NULL ends the table */
    const char *title;   /* for people */
    const char *program; /* on PATH when it is installed, or NULL */
    const char *folder;  /* below the home directory, there when it was used; or NULL */
    const char *checked; /* version that it was tried with; NULL: only read about */
    const char *advice;  /* what the user has to do then, or NULL */
    const kmi_install_entry *entries;
    size_t entry_count;
} kmi_install_client;

extern const kmi_install_client KMI_INSTALL_CLIENTS[];

/* Returns: the client of that name, or NULL. */
const kmi_install_client *kmi_install_client_find(const char *name);

#endif
