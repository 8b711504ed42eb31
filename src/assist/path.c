#include "assist/path.h"

#include <stdlib.h>
#include <string.h>

enum { part_size = 64 };

json_t *kmi_path_get(json_t *value, const char *path) {
    while (value != NULL && *path != '\0') {
        char part[part_size];
        size_t len = strcspn(path, ".");
        if (len >= sizeof part) return NULL;
        memcpy(part, path, len);
        part[len] = '\0';
        path += len + (path[len] == '.' ? 1 : 0);
        value = json_is_array(value) ? json_array_get(value, strtoul(part, NULL, 10)) : json_object_get(value, part);
    }
    return value;
}

kmi_slice kmi_path_text(json_t *value, const char *path) {
    json_t *found = path != NULL ? kmi_path_get(value, path) : NULL;
    if (!json_is_string(found)) return (kmi_slice){"", 0};
    return (kmi_slice){json_string_value(found), json_string_length(found)};
}
