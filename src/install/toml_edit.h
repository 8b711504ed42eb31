/* toml_edit.h - one table of ours in a TOML file: added at its end, removed again, every other byte untouched. */
#ifndef KMI_INSTALL_TOML_EDIT_H
#define KMI_INSTALL_TOML_EDIT_H

#include "util/buf.h"
#include "util/error.h"

/* A table's name as it stands between brackets: "mcp_servers.kuzu-memory". */
typedef struct kmi_toml_table {
    const char *name;
    const char *body; /* lines `key = value`, each ended by a newline */
} kmi_toml_table;

typedef enum kmi_toml_state { KMI_TOML_ABSENT, KMI_TOML_PRESENT, KMI_TOML_STALE } kmi_toml_state;

/* Looks for the table. Present: every line of `body` stands in it (white space aside); further lines are the user's.
 * KM_E_CONFLICT: it is there in a form we do not edit (an inline table, dotted keys). KM_E_INVALID: a string or a bracket has no end. */
km_status kmi_toml_find(kmi_slice text, const kmi_toml_table *table, kmi_toml_state *ret_state,
                        km_error *error) KM_MUST_CHECK;
/* Appends the whole text with the table in it; lines of a stale one are replaced by key, the user's own lines stay. */
km_status kmi_toml_put(kmi_slice text, const kmi_toml_table *table, kmi_buf *ret_text, km_error *error) KM_MUST_CHECK;
/* Appends the whole text without the table and its sub-tables. */
km_status kmi_toml_take_out(kmi_slice text, const kmi_toml_table *table, kmi_buf *ret_text,
                            km_error *error) KM_MUST_CHECK;

#endif
