/* survey.h - the files of a memory as they lie there: which are ours, which are not as they should be, which are left over.
 * One walk serves both the quick look of `status` and the repairs of `doctor`. */
#ifndef KMI_API_SURVEY_H
#define KMI_API_SURVEY_H

#include <sys/stat.h>

#include "status/health.h"

typedef enum kmi_file_fault {
    KMI_FILE_OPEN = 1,     /* private, but with permissions for others */
    KMI_FILE_FOREIGN = 2,  /* of another user than the memory directory */
    KMI_FILE_ODD = 4,      /* has the name of a file of ours and is a link, a device, a pipe, or a directory */
    KMI_FILE_LEFTOVER = 8, /* a temporary file that nobody has touched for a minute */
    KMI_FILE_QUARANTINED = 16,
    KMI_FILE_ASIDE = 32, /* a folder of aside/ */
} kmi_file_fault;

typedef struct kmi_surveyed {
    int dir_fd;
    const char *name; /* in dir_fd */
    const char *path; /* relative to the memory directory; "." is itself */
    const struct stat *info;
    unsigned faults; /* of kmi_file_fault */
} kmi_surveyed;

/* Calls `visit` for everything in the memory directory and the directories of ours in it. What cannot be listed is passed over.
 * Bounded: at most 10 000 entries each. Return false to stop. */
typedef bool (*kmi_survey_visit)(const kmi_surveyed *file, void *context);
void kmi_survey(int memory_dir_fd, int64_t now_us, kmi_survey_visit visit, void *context);

/* Fills in the file parts of the facts. */
void kmi_survey_facts(int memory_dir_fd, kmi_health_facts *facts);

#endif
