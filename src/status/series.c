/* Events by time, in rings on the metrics page. The wall clock numbers the periods, because days mean nothing else and because a
 * page outlives a boot; a clock that jumps costs the counts of the periods that it runs through twice. */
#include "status/metrics.h"

#define DAY_US ((int64_t)86400 * 1000000)
#define FINE_US ((int64_t)KMI_SERIES_FINE_SECONDS * 1000000)
#define FINE_PER_MINUTE (60 / KMI_SERIES_FINE_SECONDS)

_Static_assert(15 * FINE_PER_MINUTE + 1 < KMI_SERIES_FINE_PLACES, "fifteen minutes and the period that runs");

static void add_to_place(_Atomic uint64_t *place, uint32_t period, uint64_t amount) {
    uint64_t old = atomic_load_explicit(place, memory_order_relaxed);
    uint64_t new = 0;
    do {
        uint64_t count = old >> 32 == period ? old & UINT32_MAX : 0;
        count = amount > UINT32_MAX - count ? UINT32_MAX : count + amount;
        new = (uint64_t)period << 32 | count;
    } while (!atomic_compare_exchange_weak_explicit(place, &old, new, memory_order_relaxed, memory_order_relaxed));
}

static uint64_t count_at(_Atomic uint64_t *place, uint32_t period) {
    uint64_t now = atomic_load_explicit(place, memory_order_relaxed);
    return now >> 32 == period ? now & UINT32_MAX : 0;
}

void kmi_series_add(const kmi_metrics *metrics, kmi_series series, uint64_t amount, int64_t now_us) {
    if (metrics->page == NULL || amount == 0 || now_us < 0) return;
    kmi_series_rings *rings = &metrics->page->series[series];
    uint32_t fine = (uint32_t)(now_us / FINE_US), day = (uint32_t)(now_us / DAY_US);
    add_to_place(&rings->fine[fine % KMI_SERIES_FINE_PLACES], fine, amount);
    add_to_place(&rings->days[day % KMI_SERIES_DAY_PLACES], day, amount);
}

uint64_t kmi_series_recent(const kmi_metrics *metrics, kmi_series series, int64_t minutes, int64_t now_us) {
    if (metrics->page == NULL || now_us < 0) return 0;
    kmi_series_rings *rings = &metrics->page->series[series];
    uint32_t last = (uint32_t)(now_us / FINE_US);
    uint64_t count = 0;
    for (uint32_t back = 0; back <= (uint32_t)minutes * FINE_PER_MINUTE && back <= last; back++)
        count += count_at(&rings->fine[(last - back) % KMI_SERIES_FINE_PLACES], last - back);
    return count;
}

double kmi_series_per_second(const kmi_metrics *metrics, kmi_series series, int64_t minutes, int64_t now_us) {
    double seconds = (double)minutes * 60 + (double)(now_us % FINE_US) / 1e6;
    return (double)kmi_series_recent(metrics, series, minutes, now_us) / seconds;
}

uint64_t kmi_series_day(const kmi_metrics *metrics, kmi_series series, int64_t day) {
    if (metrics->page == NULL || day < 0) return 0;
    return count_at(&metrics->page->series[series].days[day % KMI_SERIES_DAY_PLACES], (uint32_t)day);
}
