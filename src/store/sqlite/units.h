/* units.h - from the text of a memory to the units of the index.
 *
 * A unit is what a search scores. A text of up to 60 words is one; a longer one is cut into windows of 40 words, each of which
 * begins 20 words after the one before, so that what stands together is together in at least one of them. The cut depends on
 * nothing but the text and the number of units, so that what was indexed can be cut again in order to delete it. */
#ifndef KMI_STORE_SQLITE_UNITS_H
#define KMI_STORE_SQLITE_UNITS_H

#include "util/error.h"
#include "util/slice.h"

#define KMI_UNIT_WHOLE_WORDS ((size_t)60) /* a text up to here is one unit */
#define KMI_UNIT_STEP_WORDS ((size_t)20)  /* a window is two steps long */

typedef struct kmi_units {
    kmi_slice text; /* borrowed */
    size_t count;   /* at least 1 */
    size_t step;    /* words from the start of one window to that of the next */
    size_t word_count, word_capacity;
    struct kmi_unit_word *words; /* NULL while the text is one unit */
} kmi_units;

/* Cuts a text into as many units as it asks for, or into `most` (at least 1) with longer steps if it asks for more.
 * End with kmi_units_deinit(). KM_E_NOMEM. */
km_status kmi_units_cut(kmi_slice text, size_t most, kmi_units *ret_units, km_error *error) KM_MUST_CHECK;
/* Returns: the text of unit `index`, borrowed. */
kmi_slice kmi_units_get(const kmi_units *units, size_t index);
void kmi_units_deinit(kmi_units *units);
#define KMI_CLEANUP_UNITS __attribute__((cleanup(kmi_units_deinit)))

#endif
