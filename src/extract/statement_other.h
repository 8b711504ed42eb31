/* statement_other.h - a property and its value in languages that put their verbs elsewhere. */
#ifndef KMI_EXTRACT_STATEMENT_OTHER_H
#define KMI_EXTRACT_STATEMENT_OTHER_H

#include "extract/statement.h"

/* German and Chinese: "Die Abgabe wurde auf den 12. Oktober verlegt", "开放时间现在是十点". Returns: true when subject, attribute
 * and value were found in tokens [first, end). */
bool kmi_statement_find_other(const kmi_tokens *tokens, size_t first, size_t end, kmi_arena *arena,
                              kmi_statement *statement, bool *ret_is_out_of_memory);

#endif
