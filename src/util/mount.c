/* The mount is known by its number, never by comparing paths: a directory may lie below several mount points, one over the other.
 *
 * A line of mountinfo: ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAGS ...] - TYPE SOURCE OPTIONS-OF-THE-FILE-SYSTEM */
#include "util/mount.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOUNTS_MAX 10000
#define LINE_SIZE 16384

enum { field_id = 0, field_point = 4, field_options = 5, fields_before_tags = 6 };

/* Returns: the number of the mount that an open file lies on, or -1. */
static long mount_number(int fd) {
    char path[64], line[256];
    long number = -1;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(path, "re");
    if (file == NULL) return -1;
    for (int i = 0; i < 64 && number < 0 && fgets(line, sizeof line, file) != NULL; i++)
        if (strncmp(line, "mnt_id:", 7) == 0) number = strtol(line + 7, NULL, 10);
    fclose(file);
    return number;
}

/* Spaces, tabs, newlines and backslashes stand as three octal digits behind a backslash. */
static void unescape(const char *from, char *to, size_t size) {
    size_t len = 0;
    while (*from != '\0' && len + 1 < size) {
        if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
            to[len++] = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            to[len++] = *from++;
        }
    }
    to[len] = '\0';
}

static bool has_option(char *options, const char *wanted) {
    char *rest = NULL;
    for (char *option = strtok_r(options, ",\n", &rest); option != NULL; option = strtok_r(NULL, ",\n", &rest))
        if (strcmp(option, wanted) == 0) return true;
    return false;
}

static bool parse(char *line, long number, kmi_mount *ret_mount) {
    char *fields[fields_before_tags] = {NULL}, *rest = NULL;
    for (int i = 0; i < fields_before_tags; i++)
        if ((fields[i] = strtok_r(i == 0 ? line : NULL, " ", &rest)) == NULL) return false;
    if (strtol(fields[field_id], NULL, 10) != number) return false;
    char *word = strtok_r(NULL, " ", &rest);
    while (word != NULL && strcmp(word, "-") != 0) word = strtok_r(NULL, " ", &rest);
    char *type = strtok_r(NULL, " ", &rest), *source = strtok_r(NULL, " ", &rest);
    char *options = strtok_r(NULL, " \n", &rest);
    if (type == NULL || source == NULL || options == NULL) return false;
    unescape(fields[field_point], ret_mount->point, sizeof ret_mount->point);
    ret_mount->is_mount_read_only = has_option(fields[field_options], "ro");
    ret_mount->is_file_system_read_only = has_option(options, "ro");
    return true;
}

bool kmi_mount_find(int dir_fd, kmi_mount *ret_mount) {
    long number = mount_number(dir_fd);
    FILE *file = number < 0 ? NULL : fopen("/proc/self/mountinfo", "re");
    if (file == NULL) return false;
    char *line = malloc(LINE_SIZE);
    bool is_found = false;
    for (int i = 0; line != NULL && i < MOUNTS_MAX && !is_found && fgets(line, LINE_SIZE, file) != NULL; i++)
        is_found = parse(line, number, ret_mount);
    free(line);
    fclose(file);
    return is_found;
}
