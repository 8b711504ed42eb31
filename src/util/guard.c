/* A fixed list without locks: the handler may come at any moment, also while the list is changed, in any thread. A place is free
 * when its address is NULL; the length is written before the address is, and read after. */
#include "util/guard.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

enum { places_max = 64 };

static struct {
    _Atomic uintptr_t at; /* 0: free; 1: taken, and not filled in yet */
    _Atomic size_t len;
} places[places_max];

void kmi_guard_add(void *at, size_t len) {
    for (size_t i = 0; i < places_max; i++) {
        uintptr_t is_free = 0;
        if (!atomic_compare_exchange_strong(&places[i].at, &is_free, 1)) continue;
        atomic_store(&places[i].len, len);
        atomic_store(&places[i].at, (uintptr_t)at);
        return;
    }
}

void kmi_guard_remove(const void *at) {
    for (size_t i = 0; i < places_max; i++) {
        uintptr_t expected = (uintptr_t)at;
        if (atomic_compare_exchange_strong(&places[i].at, &expected, 0)) return;
    }
}

bool kmi_guard_mend(const void *address) {
    uintptr_t wanted = (uintptr_t)address;
    for (size_t i = 0; i < places_max; i++) {
        uintptr_t at = atomic_load(&places[i].at);
        size_t len = atomic_load(&places[i].len);
        if (at <= 1 || wanted < at || wanted - at >= len) continue;
        void *start = (void *)at; /* NOLINT(performance-no-int-to-ptr): it was one */
        return mmap(start, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == start;
    }
    return false;
}
