/* jsonc_edit.h - putting an entry into a JSON file and taking it out again, every other byte untouched.
 *
 * New text follows the file: its indentation, its line ends, one line where the container is on one line. What
 * kmi_jsonc_put() adds, kmi_jsonc_take_out() removes to the byte, if nothing around it was changed; containers that become
 * empty stay unless asked. All functions append the whole new text to `ret_text`. */
#ifndef KMI_INSTALL_JSONC_EDIT_H
#define KMI_INSTALL_JSONC_EDIT_H

#include "install/jsonc.h"
#include "util/buf.h"

#define KMI_JSONC_PATH 4

/* Where an entry belongs: the members to go through, outermost first, the rest NULL. The last one is the entry's own key,
 * or, for an item of an array, the key of that array. */
typedef struct kmi_jsonc_place {
    const char *keys[KMI_JSONC_PATH];
    bool is_item;
    /* Items have no key: tells whether one is ours. */
    bool (*is_ours)(kmi_slice text, const kmi_jsonc_node *item);
} kmi_jsonc_place;

typedef enum kmi_jsonc_state {
    KMI_JSONC_ABSENT,
    KMI_JSONC_PRESENT, /* as wanted, perhaps with more members of the user's */
    KMI_JSONC_STALE    /* ours, but not as wanted */
} kmi_jsonc_state;

/* Looks for the entry. KM_E_CONFLICT: something else stands in its way ("mcpServers" is no object). */
km_status kmi_jsonc_find(const kmi_jsonc_document *document, const kmi_jsonc_place *place, kmi_slice wanted_value,
                         kmi_arena *arena, kmi_jsonc_state *ret_state, km_error *error) KM_MUST_CHECK;
/* Adds the entry, or brings a stale one up to date: only the members that differ, so that what the user added stays. */
km_status kmi_jsonc_put(kmi_slice text, const kmi_jsonc_place *place, kmi_slice value, kmi_arena *arena,
                        kmi_buf *ret_text, km_error *error) KM_MUST_CHECK;
/* Removes the entry; the text stays as it is when there is none. With `prune`, the containers on its way that are empty
 * then go too. */
km_status kmi_jsonc_take_out(kmi_slice text, const kmi_jsonc_place *place, bool prune, kmi_arena *arena,
                             kmi_buf *ret_text, km_error *error) KM_MUST_CHECK;

#endif
