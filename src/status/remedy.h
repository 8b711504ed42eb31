/* remedy.h - commands that mend a finding, as a person can paste them into a shell: paths quoted, `sudo` in front where it takes
 * root. Where only a person can decide (what to delete, what a value was meant to be), the command brings to the place where it
 * is decided. All live in the arena; NULL when it is out of memory. */
#ifndef KMI_STATUS_REMEDY_H
#define KMI_STATUS_REMEDY_H

#include "status/health.h"

/* Returns: the text as one word of a shell. */
const char *kmi_remedy_word(kmi_arena *arena, const char *text);

/* Lists what takes most room on the disk of the memory, the largest last. */
const char *kmi_remedy_make_room(const kmi_health_facts *f, kmi_arena *arena);
/* Makes the mount writable. */
const char *kmi_remedy_remount(const kmi_health_facts *f, kmi_arena *arena);
/* Lets the user who asks read and write the memory's files. */
const char *kmi_remedy_permit(const kmi_health_facts *f, kmi_arena *arena);
/* Gives all files to the owner of the memory directory. */
const char *kmi_remedy_give_back(const kmi_health_facts *f, kmi_arena *arena);
/* Moves the memory below the home directory and names its new place to this shell. */
const char *kmi_remedy_move(const kmi_health_facts *f, kmi_arena *arena);
/* Makes a copy that can be mended on a sound disk. */
const char *kmi_remedy_rescue(const kmi_health_facts *f, kmi_arena *arena);
/* Ends the process that holds the store, or shows it. */
const char *kmi_remedy_end_holder(const kmi_health_facts *f, kmi_arena *arena);
/* Opens the configuration file that is wrong. */
const char *kmi_remedy_edit(const kmi_health_facts *f, kmi_arena *arena);
/* Removes a folder of the memory directory. */
const char *kmi_remedy_remove(const kmi_health_facts *f, const char *folder, kmi_arena *arena);

#endif
