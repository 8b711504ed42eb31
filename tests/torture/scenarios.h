/* scenarios.h - what is done while something fails: one row for everything that a user can have done. */
#ifndef KMI_TORTURE_SCENARIOS_H
#define KMI_TORTURE_SCENARIOS_H

#include <stdbool.h>

#include "kuzu_memory.h"
#include "util/buf.h"

#define SECRET_WORD "quokka" /* stands in texts; an error must never show it */

typedef struct scene {
    char root[128]; /* of the project, which is a copy made for this run; HOME lies beside */
    char beside[160];
    km_project *project; /* opened before, in the well */
    km_error error;
} scene;

typedef struct scenario {
    const char *name; /* NULL ends the table */
    /* Does it. `is_program`: the status is an exit code of a command instead of a km_status. */
    int (*act)(scene *s);
    bool is_program;
    bool opens_itself;   /* s->project is NULL: opening is part of it */
    bool needs_drained;  /* nothing waits in the queue */
    const char *program; /* also tell a change in this file beside the project, or NULL */
} scenario;

extern const scenario scenarios[];

/* Makes the project that every run begins with a copy of: memories, a correction, tasks that wait, one that failed. */
void scene_make_template(const char *root);
/* Chooses what edit, forget and cancel are about; s->project is open. */
void scene_prepare(scene *s, const scenario *what);
/* Opens the project of a scene without any fault. */
km_project *scene_open(const scene *s);
/* Appends all that a user can see of the project, without times and ids: two that read the same are equal. */
void scene_describe(const scene *s, const scenario *done, kmi_buf *ret_text);

#endif
