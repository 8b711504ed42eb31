/* relations.h - edges between what a statement names: who uses, prefers, maintains, replaces what. */
#ifndef KMI_EXTRACT_RELATIONS_H
#define KMI_EXTRACT_RELATIONS_H

#include "base/candidate.h"
#include "extract/statement.h"

#define KMI_RELATIONS_MAX 8

/* Writes the relations of a statement; texts are in the arena or static. Returns how many; SIZE_MAX when out of memory. */
size_t kmi_relations_find(const kmi_tokens *tokens, const kmi_statement *statement, const kmi_entity_list *entities,
                          kmi_arena *arena, kmi_relation relations[KMI_RELATIONS_MAX]);

#endif
