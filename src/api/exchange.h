/* exchange.h - putting another file in the place of the store, while readers read and texts come in. */
#ifndef KMI_API_EXCHANGE_H
#define KMI_API_EXCHANGE_H

#include "api/project.h"

/* Longest name of a folder below aside/. */
#define KMI_ASIDE_NAME_SIZE 64

typedef struct kmi_exchange {
    km_project *project;
    int lock_fd;                     /* holds the starter's and the writer's byte */
    char aside[KMI_ASIDE_NAME_SIZE]; /* folder in aside/ that was made, or "" */
} kmi_exchange;
#define KMI_EXCHANGE_NONE \
    { .lock_fd = -1 }

/* From here to kmi_exchange_end() no worker runs and nobody writes. A running worker finishes its batch and leaves. KM_E_BUSY. */
km_status kmi_exchange_begin(km_project *project, kmi_exchange *ret_exchange, km_error *error) KM_MUST_CHECK;
/* Lets the file `name` of the memory directory, a whole store without a log, be the store, in one step. The one that was there is
 * kept in a new folder of aside/; fine when there is none. `why` is part of the folder's name. After a failure `name` may be gone. */
km_status kmi_exchange_replace(kmi_exchange *exchange, const char *name, const char *why,
                               km_error *error) KM_MUST_CHECK;
/* Gives the locks back and has a worker started if texts wait. */
void kmi_exchange_end(kmi_exchange *exchange);
#define KMI_CLEANUP_EXCHANGE __attribute__((cleanup(kmi_exchange_end)))

/* Moves `path` (relative to the memory directory) into a new folder of aside/, whose name is written to ret_aside. */
km_status kmi_set_aside(km_project *project, const char *path, const char *why, char ret_aside[KMI_ASIDE_NAME_SIZE],
                        km_error *error) KM_MUST_CHECK;
/* Opens a store file of the memory directory that nobody else uses, without any lock. */
km_status kmi_private_store_open(const km_project *project, const char *name, kmi_store_mode mode,
                                 kmi_store **ret_store, km_error *error) KM_MUST_CHECK;
/* Removes a store file of the memory directory with what SQLite keeps beside it. */
void kmi_private_store_remove(const km_project *project, const char *name);

#endif
