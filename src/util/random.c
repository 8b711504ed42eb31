/* Little is fetched at first, because a `learn` needs the random part of one id and a seed, and ends.
 *
 * A child of fork() must not repeat its parent's bytes. pthread_atfork counts forks; a thread that sees the count changed
 * throws its bytes away. That costs no system call, which asking for the process id each time would. */
#include "util/random.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>

#include "util/error.h"

enum { first_fetch_bytes = 48, pool_bytes = 256 };

typedef struct random_pool {
    unsigned char bytes[pool_bytes];
    size_t len;
    size_t used;
    bool has_fetched;
    unsigned fork_count;
} random_pool;

static _Thread_local random_pool thread_pool;
static _Atomic unsigned fork_count;
static atomic_flag is_watching_forks = ATOMIC_FLAG_INIT;

static void count_fork(void) {
    atomic_fetch_add_explicit(&fork_count, 1, memory_order_relaxed);
}

/* A flag instead of pthread_once(), which ends in a system call, and which could not be tried again. */
static bool watch_forks(void) {
    if (atomic_flag_test_and_set(&is_watching_forks)) return true;
    bool is_done = pthread_atfork(NULL, NULL, count_fork) == 0;
    if (!is_done) atomic_flag_clear(&is_watching_forks);
    return is_done;
}

static km_status fetch(random_pool *pool, km_error *error) {
    size_t wanted = pool->has_fetched ? pool_bytes : first_fetch_bytes;
    size_t done = 0;
    pool->len = pool->used = 0;
    while (done < wanted) {
        ssize_t got = getrandom(pool->bytes + done, wanted - done, 0);
        if (got < 0 && errno != EINTR)
            return kmi_fail(error, KM_E_IO, "cannot get random bytes from the kernel (errno %d)", errno);
        done += got > 0 ? (size_t)got : 0;
    }
    pool->len = wanted;
    pool->has_fetched = true;
    return KM_OK;
}

km_status kmi_random_bytes(void *ret_bytes, size_t len, unsigned *ret_fork_count, km_error *error) {
    if (len > KMI_RANDOM_LIMIT_BYTES) return kmi_fail(error, KM_E_INVALID, "more than 32 random bytes at once");
    if (!watch_forks()) return kmi_fail(error, KM_E_NOMEM, "out of memory while preparing random bytes");
    random_pool *pool = &thread_pool;
    unsigned forks = atomic_load_explicit(&fork_count, memory_order_relaxed);
    if (pool->fork_count != forks) pool->len = pool->used = 0;
    pool->fork_count = forks;
    if (pool->len - pool->used < len) {
        km_status status = fetch(pool, error);
        if (status != KM_OK) return status;
    }
    memcpy(ret_bytes, pool->bytes + pool->used, len);
    /* What was handed out stays secret from whoever reads this memory later. */
    memset(pool->bytes + pool->used, 0, len);
    pool->used += len;
    if (ret_fork_count != NULL) *ret_fork_count = forks;
    return KM_OK;
}
