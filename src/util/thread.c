/* thread.c - one list of objects per thread.
 *
 * A pthread key's destructor runs when a thread ends, but not for the thread that ends the process: that one's list is
 * freed by a destructor function of the library. The key goes with it, so that a library that is unloaded leaves no
 * pointer to its code behind. C++'s thread_local would do the same, through a private function of the C library. */
#include "util/thread.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct kept_object {
    struct kept_object *next;
    void *object;
    void (*free_object)(void *object);
} kept_object;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key;

static void free_list(void *first) {
    kept_object *at = first;
    while (at != NULL) {
        kept_object *next = at->next;
        at->free_object(at->object);
        free(at);
        at = next;
    }
}

static void make_key(void) {
    has_key = pthread_key_create(&key, free_list) == 0;
}

__attribute__((destructor)) static void free_last_thread(void) {
    if (has_key) {
        free_list(pthread_getspecific(key));
        (void)pthread_key_delete(key);
        has_key = false;
    }
}

bool kmi_thread_keep(void *object, void (*free_object)(void *object)) {
    (void)pthread_once(&key_once, make_key);
    kept_object *kept = has_key ? malloc(sizeof *kept) : NULL;
    if (kept == NULL) {
        return false;
    }
    *kept = (kept_object){pthread_getspecific(key), object, free_object};
    if (pthread_setspecific(key, kept) != 0) {
        free(kept);
        return false;
    }
    return true;
}
