/* demand.h - does a sentence tell somebody what to do? Word lists, for choosing among the sentences of instruction files. */
#ifndef KMI_IMPORT_DEMAND_H
#define KMI_IMPORT_DEMAND_H

#include <stdbool.h>

#include "util/slice.h"

/* True for "Never push to main", "All tests must pass", "Prefer X over Y". */
bool kmi_demand_is_one(kmi_slice sentence);
/* True when what stands under this heading describes rather than demands: "Project structure", "Tech stack". */
bool kmi_demand_is_descriptive(kmi_slice heading);
/* True for headings that add nothing to what stands below them: "Rules", "General guidelines". */
bool kmi_demand_is_empty(kmi_slice heading);

#endif
