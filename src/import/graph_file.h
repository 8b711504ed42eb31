/* graph_file.h - the file of the Model Context Protocol's reference memory server: one entity with its observations, or one
 * relation, a line. */
#ifndef KMI_IMPORT_GRAPH_FILE_H
#define KMI_IMPORT_GRAPH_FILE_H

#include "import/note.h"

/* Visits every observation as a statement about its entity, and every relation as one about two. Lines that are none of
 * both are told with their number. Returns: false when the visitor stopped it. */
bool kmi_graph_file_read(kmi_slice text, kmi_note_visit visit, void *context);

#endif
