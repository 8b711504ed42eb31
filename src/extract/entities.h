/* entities.h - the things a sentence names, with their types and places in it. */
#ifndef KMI_EXTRACT_ENTITIES_H
#define KMI_EXTRACT_ENTITIES_H

#include "extract/names.h"
#include "kuzu_memory.h"

#define KMI_ENTITIES_MAX 32 /* of one sentence */

typedef struct kmi_entity_found {
    kmi_slice name;   /* canonical if known, else as written */
    const char *type; /* static */
    size_t from, to;  /* tokens */
} kmi_entity_found;

typedef struct kmi_entity_list {
    size_t count;
    kmi_entity_found items[KMI_ENTITIES_MAX];
} kmi_entity_list;

void kmi_entities_find(const kmi_names *names, const kmi_tokens *tokens, size_t first, kmi_entity_list *ret_list);
/* Returns: the entity that covers token `at`, or NULL. */
const kmi_entity_found *kmi_entities_at(const kmi_entity_list *list, size_t at);

/* ---- for entities.c: the finders by kind ---- */
void kmi_entities_add(kmi_entity_list *list, kmi_slice name, const char *type, size_t from, size_t to);
/* URLs, addresses, files, versions, dates, endpoints, settings, tables: told by shape. */
void kmi_entities_find_shapes(const kmi_tokens *tokens, size_t first, kmi_entity_list *list);
/* Persons, organizations, projects, places and technologies that no table knows: told by capitals and context. */
void kmi_entities_find_proper(const kmi_tokens *tokens, size_t first, kmi_entity_list *list);

#endif
