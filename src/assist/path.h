/* path.h - a value inside of a JSON value, named by a path: "message.content", "command.2". */
#ifndef KMI_ASSIST_PATH_H
#define KMI_ASSIST_PATH_H

#include "base/json.h"
#include "util/slice.h"

/* Returns: the value, borrowed, or NULL. Numbers are places in arrays. A path of "" is the value itself. */
json_t *kmi_path_get(json_t *value, const char *path);
/* Returns: its text, or an empty slice when it is none. path NULL: empty. */
kmi_slice kmi_path_text(json_t *value, const char *path);

#endif
