/* time_note.h - when a memory is of, where its text alone would mislead a later reader. */
#ifndef KMI_RECALL_TIME_NOTE_H
#define KMI_RECALL_TIME_NOTE_H

#include "kuzu_memory.h"

#define KMI_TIME_NOTE_SIZE ((size_t)48)

/* Writes "(said 3 weeks ago)", "(since March 2026)", "(17 November 2026)", or nothing where time does not matter:
 *   a status                        how long ago it was said
 *   one that superseded another     since when it holds
 *   "next Friday", "since March"    the date that was meant
 *   "yesterday", "currently" …      when it was said
 * Nothing younger than a day needs a note. Returns: its length. */
size_t kmi_time_note(const km_memory *memory, bool has_superseded, int64_t now_us, char ret_note[KMI_TIME_NOTE_SIZE]);

#endif
