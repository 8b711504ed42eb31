/* jsonc.h - JSON with comments, read as a tree of places in the text, so that an edit can leave every other byte alone.
 *
 * Comments (line and block ones) and commas before a closing bracket are understood and reported, because some programs
 * refuse a file that has them. Nesting is limited to KMI_JSONC_DEPTH. The tree lives in the arena and points into the text. */
#ifndef KMI_INSTALL_JSONC_H
#define KMI_INSTALL_JSONC_H

#include "util/arena.h"
#include "util/error.h"

#define KMI_JSONC_DEPTH 64

typedef enum kmi_jsonc_kind { KMI_JSONC_OBJECT, KMI_JSONC_ARRAY, KMI_JSONC_STRING, KMI_JSONC_OTHER } kmi_jsonc_kind;

typedef struct kmi_jsonc_node {
    kmi_jsonc_kind kind;
    size_t start, end;           /* of the value, quotes and brackets included */
    size_t key_start;            /* of the member's key with its quote; equals start in arrays and at the top */
    kmi_slice key;               /* without quotes, escapes as they are written; empty outside of objects */
    bool has_comma;              /* a comma follows */
    size_t comma;                /* where */
    struct kmi_jsonc_node *next; /* the next member or item */
    struct kmi_jsonc_node *first_child, *last_child;
} kmi_jsonc_node;

typedef struct kmi_jsonc_document {
    kmi_slice text;
    kmi_jsonc_node *root; /* NULL: nothing but white space and comments */
    bool is_strict;       /* neither comments nor commas before a closing bracket */
} kmi_jsonc_document;

/* KM_E_INVALID names the line and the fault. A byte order mark at the start is passed over. */
km_status kmi_jsonc_parse(kmi_slice text, kmi_arena *arena, kmi_jsonc_document *ret_document,
                          km_error *error) KM_MUST_CHECK;
/* Returns: the member of an object with this key, the last one if there are several (which is the one that counts), or NULL. */
kmi_jsonc_node *kmi_jsonc_member(const kmi_jsonc_node *object, const char *key);
/* Tells whether two values say the same: members in any order, items in theirs. Numbers and strings as they are written. */
bool kmi_jsonc_equal(kmi_slice a_text, const kmi_jsonc_node *a, kmi_slice b_text, const kmi_jsonc_node *b);
/* Returns: the text of the value, for strings without their quotes. */
kmi_slice kmi_jsonc_text(kmi_slice text, const kmi_jsonc_node *node);

#endif
