/* thread.h - objects that belong to a thread: made on demand, freed when the thread ends.
 *
 * For things that are costly to make and not to be shared, such as a stemmer. The owner keeps the pointer itself:
 *
 *     static _Thread_local thing *mine;
 *     static void free_mine(void *object) { thing_free(object); mine = NULL; }
 *     ...
 *     if (mine == NULL && (mine = thing_new()) != NULL && !kmi_thread_keep(mine, free_mine)) { free_mine(mine); } */
#ifndef KMI_UTIL_THREAD_H
#define KMI_UTIL_THREAD_H

#include <stdbool.h>

/* Has free_object(object) called when this thread ends, or the process by exit() or return from main(). Returns false
 * when out of memory: the object is then still the caller's. */
bool kmi_thread_keep(void *object, void (*free_object)(void *object)) __attribute__((warn_unused_result));

#endif
