/* residue.h - what our entries leave behind in a file that somebody else changed meanwhile.
 *
 * Taking an entry out cannot know whether the empty object around it, or the line end before it, was there before us. A
 * rehearsal can: put our entries into the old content, take them out again, and what differs then is the residue. It is mended in
 * the new content where its surroundings stand unchanged and once. */
#ifndef KMI_INSTALL_RESIDUE_H
#define KMI_INSTALL_RESIDUE_H

#include "util/arena.h"
#include "util/slice.h"

/* `rehearsed` is what became of `before`; makes the same difference undone in `text`. Returns: the mended text in the arena, or
 * `text` itself where there is nothing to mend, or no place that is certain. */
kmi_slice kmi_install_mend(kmi_slice text, kmi_slice rehearsed, kmi_slice before, kmi_arena *arena);

#endif
