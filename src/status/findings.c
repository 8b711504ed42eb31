/* A plain growing array: there are few findings, and they live as long as their arena. */
#include "status/findings.h"

#include <string.h>

void kmi_findings_add(kmi_findings *findings, const km_finding *finding) {
    if (findings->count == findings->capacity) {
        size_t capacity = findings->capacity == 0 ? 16 : findings->capacity * 2;
        km_finding *items = kmi_arena_alloc_array(findings->arena, capacity, sizeof *items);
        if (items == NULL) {
            findings->is_incomplete = true;
            return;
        }
        if (findings->count > 0) memcpy(items, findings->items, findings->count * sizeof *items);
        findings->items = items;
        findings->capacity = capacity;
    }
    if (finding->what == NULL || finding->remedy == NULL)
        findings->is_incomplete = true;
    else
        findings->items[findings->count++] = *finding;
}

km_finding *kmi_findings_find(const kmi_findings *findings, const char *code) {
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->items[i].code, code) == 0) return &findings->items[i];
    return NULL;
}

/* Insertion sort: stable, and there are few. */
void kmi_findings_sort(kmi_findings *findings) {
    for (size_t i = 1; i < findings->count; i++) {
        km_finding moved = findings->items[i];
        size_t at = i;
        for (; at > 0 && findings->items[at - 1].level < moved.level; at--)
            findings->items[at] = findings->items[at - 1];
        findings->items[at] = moved;
    }
}

km_health kmi_findings_worst(const kmi_findings *findings) {
    km_health worst = KM_HEALTH_OK;
    for (size_t i = 0; i < findings->count; i++)
        if (!findings->items[i].is_fixed && findings->items[i].level > worst) worst = findings->items[i].level;
    return worst;
}
