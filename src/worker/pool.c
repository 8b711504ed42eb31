/* Tasks are taken by an atomic index rather than a queue: the batch is complete before the first thread looks at it. */
#include "worker/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "util/error.h"

enum { threads_max = 64, stack_bytes = 1024 * 1024 };

typedef struct pool_thread {
    kmi_pool *pool;
    kmi_worker_slot *slot;
    pthread_t handle;
} pool_thread;

struct kmi_pool {
    const kmi_extractor *extractor;
    const kmi_config *config;
    pthread_mutex_t mutex;
    pthread_cond_t work; /* a batch has come, or the end */
    pthread_cond_t done; /* all tasks of the batch are through, and no thread holds it any more */
    kmi_batch *batch;    /* NULL: none */
    size_t
        holder_count; /* threads that look at the batch: one that came too late to get a task may still be on its way */
    bool is_ending;
    size_t thread_count;
    pool_thread threads[threads_max];
};

/* Takes tasks until none is left. */
static void extract_tasks(kmi_pool *pool, kmi_batch *batch, kmi_worker_slot *slot) {
    size_t index;
    while ((index = atomic_fetch_add(&batch->next, 1)) < batch->count) {
        kmi_batch_extract(&batch->tasks[index], pool->extractor, pool->config, slot);
        atomic_fetch_add(&batch->extracted, 1);
    }
}

static void *run_thread(void *argument) {
    pool_thread *thread = argument;
    kmi_pool *pool = thread->pool;
    pthread_mutex_lock(&pool->mutex);
    while (!pool->is_ending) {
        kmi_batch *batch = pool->batch;
        if (batch == NULL || atomic_load(&batch->next) >= batch->count) {
            pthread_cond_wait(&pool->work, &pool->mutex);
            continue;
        }
        pool->holder_count++;
        pthread_mutex_unlock(&pool->mutex);
        extract_tasks(pool, batch, thread->slot);
        pthread_mutex_lock(&pool->mutex);
        if (--pool->holder_count == 0) pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Signals are for the thread that runs the worker. */
static int start_thread(pool_thread *thread, const pthread_attr_t *attributes) {
    sigset_t all, old;
    sigfillset(&all);
    sigdelset(&all, SIGBUS); /* of the metrics page, cut short: mended where it comes, deadly where it is held */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failure = pthread_create(&thread->handle, attributes, run_thread, thread);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return failure;
}

km_status kmi_pool_new(size_t thread_count, const kmi_extractor *extractor, const kmi_config *config,
                       const kmi_metrics *metrics, kmi_pool **ret_pool, km_error *error) {
    kmi_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while starting the worker");
    pool->extractor = extractor;
    pool->config = config;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    int failure = 0;
    while (pool->thread_count < thread_count && pool->thread_count < threads_max && failure == 0) {
        pool_thread *thread = &pool->threads[pool->thread_count];
        thread->pool = pool;
        thread->slot = metrics->page == NULL ? NULL : &metrics->page->slots[pool->thread_count + 1];
        failure = start_thread(thread, &attributes);
        if (failure == 0) pool->thread_count++;
    }
    pthread_attr_destroy(&attributes);
    if (pool->thread_count == 0) {
        kmi_pool_free(pool);
        return kmi_fail_errno(error, failure, "cannot start an extraction thread");
    }
    *ret_pool = pool; /* fewer threads than asked for do the work, too */
    return KM_OK;
}

void kmi_pool_free(kmi_pool *pool) {
    if (pool == NULL) return;
    pthread_mutex_lock(&pool->mutex);
    pool->is_ending = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->thread_count; i++) pthread_join(pool->threads[i].handle, NULL);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

void kmi_pool_start(kmi_pool *pool, kmi_batch *batch) {
    pthread_mutex_lock(&pool->mutex);
    pool->batch = batch;
    if (batch->count > 1)
        pthread_cond_broadcast(&pool->work);
    else
        pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
}

void kmi_pool_wait(kmi_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    while (pool->batch != NULL &&
           (pool->holder_count != 0 || atomic_load(&pool->batch->extracted) < pool->batch->count))
        pthread_cond_wait(&pool->done, &pool->mutex);
    pool->batch = NULL;
    pthread_mutex_unlock(&pool->mutex);
}
