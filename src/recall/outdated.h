/* outdated.h - has a later statement taken the place of an earlier one? Pure but for the arena. */
#ifndef KMI_RECALL_OUTDATED_H
#define KMI_RECALL_OUTDATED_H

#include "util/error.h"
#include "util/slice.h"

/* True when the later one says that something changed ("moved", "now", "instead"), says most of what the earlier one is
 * about, and has another number: "The API server listens on port 8080", "We moved the API server to port 9090"; that it "no longer"
 * holds; or begins like the earlier one but for a word for "now", in one of the languages of kmi_text_foreignness(). */
km_status kmi_is_outdated(kmi_slice earlier, kmi_slice later, bool *ret_is_outdated, km_error *error) KM_MUST_CHECK;

#endif
