/* Entities, the mentions that tie memories to them, and relations between entities. An entity is a folded name with a type and
 * keeps the spelling under which it was first seen. The three actors that statements are about without naming them (user,
 * team, project) are entities as well once a relation starts from them. */
#include <string.h>

#include "base/text.h"
#include "store/sqlite/handle.h"

#define FOLDED_NAME_LIMIT_BYTES ((size_t)16 * 1024)

typedef struct actor {
    const char *name;
    const char *type;
} actor;

static const actor ACTORS[] = {{"user", "person"}, {"team", "organization"}, {"project", "project"}};
#define ACTOR_COUNT (sizeof(ACTORS) / sizeof(ACTORS[0]))
/* For the end of a relation that the memory does not list as entity; an imported file may hold one. */
#define UNLISTED_TYPE "technology"

static km_status find_entity(kmi_store *store, kmi_slice folded, const char *type, int64_t *ret_id, km_error *error) {
    static const char FIND_ENTITY[] = "SELECT id FROM entities WHERE folded=?1 AND type=?2";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, FIND_ENTITY, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_slice(&use, 1, folded);
    kmi_sql_bind_text(&use, 2, type);
    status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK) *ret_id = has_row ? kmi_sql_integer(&use, 0) : 0;
    return status;
}

static km_status insert_entity(kmi_store *store, kmi_slice folded, const char *type, const char *name, int64_t *ret_id,
                               km_error *error) {
    static const char INSERT_ENTITY[] = "INSERT INTO entities(folded,type,name) VALUES(?1,?2,?3)";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, INSERT_ENTITY, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_slice(&use, 1, folded);
    kmi_sql_bind_text(&use, 2, type);
    kmi_sql_bind_text(&use, 3, name);
    status = kmi_sql_run(&use, error);
    if (status != KM_OK) return status;
    *ret_id = sqlite3_last_insert_rowid(kmi_sql_handle(store->sql));
    return kmi_store_counter_add(store, KMI_COUNTER_ENTITIES, 1, error);
}

/* Finds or makes the entity; *ret_id 0: the name folds to nothing. */
static km_status require_entity(kmi_store *store, const char *name, const char *type, int64_t *ret_id,
                                km_error *error) {
    KMI_CLEANUP_BUF kmi_buf folded;
    kmi_buf_init(&folded, FOLDED_NAME_LIMIT_BYTES);
    km_status status = kmi_text_fold(kmi_slice_from(name), &folded, error);
    if (status == KM_OK && kmi_buf_status(&folded) != KM_OK) status = kmi_store_fail_nomem(store, error);
    if (status != KM_OK) return status;
    *ret_id = 0;
    if (folded.len == 0) return KM_OK;
    status = find_entity(store, kmi_buf_slice(&folded), type, ret_id, error);
    if (status != KM_OK || *ret_id != 0) return status;
    return insert_entity(store, kmi_buf_slice(&folded), type, name, ret_id, error);
}

static km_status add_mention(kmi_store *store, int64_t seq, int64_t entity, size_t position, km_error *error) {
    static const char INSERT_MENTION[] = "INSERT OR IGNORE INTO mentions(memory,entity,position) VALUES(?1,?2,?3)";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, INSERT_MENTION, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    kmi_sql_bind_integer(&use, 2, entity);
    kmi_sql_bind_integer(&use, 3, (int64_t)position);
    return kmi_sql_run(&use, error);
}

/* Type of a relation's end: as the memory lists it, else as an actor. */
static const char *type_of_end(const kmi_candidate *candidate, const char *name) {
    for (size_t i = 0; i < candidate->entity_count; i++) {
        if (strcmp(candidate->entities[i].name, name) == 0) return candidate->entities[i].type;
    }
    for (size_t i = 0; i < ACTOR_COUNT; i++) {
        if (kmi_slice_equal_nocase(kmi_slice_from(ACTORS[i].name), kmi_slice_from(name))) return ACTORS[i].type;
    }
    return UNLISTED_TYPE;
}

static km_status add_relation(kmi_store *store, int64_t seq, const kmi_candidate *candidate,
                              const kmi_relation *relation, km_error *error) {
    static const char INSERT_RELATION[] =
        "INSERT OR IGNORE INTO relations(memory,from_entity,name,to_entity) VALUES(?1,?2,?3,?4)";
    int64_t from = 0;
    int64_t to = 0;
    km_status status = require_entity(store, relation->from, type_of_end(candidate, relation->from), &from, error);
    if (status == KM_OK) status = require_entity(store, relation->to, type_of_end(candidate, relation->to), &to, error);
    if (status != KM_OK || from == 0 || to == 0) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, INSERT_RELATION, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    kmi_sql_bind_integer(&use, 2, from);
    kmi_sql_bind_text(&use, 3, relation->name);
    kmi_sql_bind_integer(&use, 4, to);
    status = kmi_sql_run(&use, error);
    if (status != KM_OK) return status;
    return kmi_store_counter_add(store, KMI_COUNTER_RELATIONS, sqlite3_changes(kmi_sql_handle(store->sql)), error);
}

km_status kmi_graph_add(kmi_store *store, int64_t seq, const kmi_candidate *candidate, km_error *error) {
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < candidate->entity_count; i++) {
        int64_t entity = 0;
        status = require_entity(store, candidate->entities[i].name, candidate->entities[i].type, &entity, error);
        if (status == KM_OK && entity != 0) status = add_mention(store, seq, entity, i, error);
    }
    for (size_t i = 0; status == KM_OK && i < candidate->relation_count; i++) {
        status = add_relation(store, seq, candidate, &candidate->relations[i], error);
    }
    return status;
}

/* Runs a statement whose only parameter is a number, and tells how many rows it changed. */
static km_status change_rows(kmi_store *store, const char *text, int64_t number, int64_t *ret_changed,
                             km_error *error) {
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, text, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, number);
    status = kmi_sql_run(&use, error);
    if (status == KM_OK) *ret_changed = sqlite3_changes(kmi_sql_handle(store->sql));
    return status;
}

/* The entities a memory refers to, found before its rows are deleted. */
static km_status list_referred(kmi_store *store, int64_t seq, kmi_arena *arena, int64_t **ret_ids, size_t *ret_count,
                               km_error *error) {
    static const char LIST_REFERRED[] = "SELECT entity FROM mentions WHERE memory=?1 UNION"
                                        " SELECT from_entity FROM relations WHERE memory=?1 UNION"
                                        " SELECT to_entity FROM relations WHERE memory=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, LIST_REFERRED, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    int64_t *ids = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool has_row = false;
    status = kmi_sql_step(&use, &has_row, error);
    while (status == KM_OK && has_row) {
        if (count == capacity) {
            size_t grown = capacity == 0 ? 16 : capacity * 2;
            int64_t *larger = kmi_arena_alloc_array(arena, grown, sizeof(*larger));
            if (larger == NULL) return kmi_store_fail_nomem(store, error);
            if (count > 0) memcpy(larger, ids, count * sizeof(*ids));
            ids = larger;
            capacity = grown;
        }
        ids[count++] = kmi_sql_integer(&use, 0);
        status = kmi_sql_step(&use, &has_row, error);
    }
    *ret_ids = ids;
    *ret_count = count;
    return status;
}

km_status kmi_graph_remove(kmi_store *store, int64_t seq, km_error *error) {
    static const char DELETE_MENTIONS[] = "DELETE FROM mentions WHERE memory=?1";
    static const char DELETE_RELATIONS[] = "DELETE FROM relations WHERE memory=?1";
    static const char DELETE_ORPHAN[] = "DELETE FROM entities WHERE id=?1"
                                        " AND NOT EXISTS(SELECT 1 FROM mentions WHERE entity=?1)"
                                        " AND NOT EXISTS(SELECT 1 FROM relations WHERE from_entity=?1)"
                                        " AND NOT EXISTS(SELECT 1 FROM relations WHERE to_entity=?1)";
    KMI_CLEANUP_ARENA kmi_arena *arena = kmi_arena_new((size_t)64 * 1024 * 1024);
    if (arena == NULL) return kmi_store_fail_nomem(store, error);
    int64_t *ids = NULL;
    size_t count = 0;
    int64_t changed = 0;
    km_status status = list_referred(store, seq, arena, &ids, &count, error);
    if (status == KM_OK) status = change_rows(store, DELETE_MENTIONS, seq, &changed, error);
    if (status == KM_OK) status = change_rows(store, DELETE_RELATIONS, seq, &changed, error);
    if (status == KM_OK) status = kmi_store_counter_add(store, KMI_COUNTER_RELATIONS, -changed, error);
    for (size_t i = 0; status == KM_OK && i < count; i++) {
        status = change_rows(store, DELETE_ORPHAN, ids[i], &changed, error);
        if (status == KM_OK) status = kmi_store_counter_add(store, KMI_COUNTER_ENTITIES, -changed, error);
    }
    return status;
}

km_status kmi_graph_entities(kmi_store *store, int64_t seq, kmi_arena *arena, km_entity **ret_entities,
                             size_t *ret_count, km_error *error) {
    static const char LIST_ENTITIES[] = "SELECT e.name,e.type FROM mentions n JOIN entities e ON e.id=n.entity"
                                        " WHERE n.memory=?1 ORDER BY n.position";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, LIST_ENTITIES, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    km_entity *entities = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool has_row = false;
    status = kmi_sql_step(&use, &has_row, error);
    while (status == KM_OK && has_row) {
        if (count == capacity) {
            size_t grown = capacity == 0 ? 4 : capacity * 2;
            km_entity *larger = kmi_arena_alloc_array(arena, grown, sizeof(*larger));
            if (larger == NULL) return kmi_store_fail_nomem(store, error);
            if (count > 0) memcpy(larger, entities, count * sizeof(*entities));
            entities = larger;
            capacity = grown;
        }
        status = kmi_sql_copy_text(&use, 0, arena, &entities[count].name, error);
        if (status == KM_OK) status = kmi_sql_copy_text(&use, 1, arena, &entities[count].type, error);
        if (status != KM_OK) break;
        count++;
        status = kmi_sql_step(&use, &has_row, error);
    }
    if (status != KM_OK) return status;
    *ret_entities = entities;
    *ret_count = count;
    return KM_OK;
}

static km_status read_relation(const kmi_sql_use *use, kmi_arena *arena, kmi_relation_row *ret_row, km_error *error) {
    char id_text[KMI_UUID_TEXT_SIZE] = "";
    kmi_slice id = kmi_sql_slice(use, 3);
    kmi_uuid uuid = {{0}};
    if (id.len == sizeof(uuid.bytes)) memcpy(uuid.bytes, id.ptr, sizeof(uuid.bytes));
    km_status status = kmi_sql_copy_text(use, 0, arena, &ret_row->from, error);
    if (status == KM_OK) status = kmi_sql_copy_text(use, 1, arena, &ret_row->name, error);
    if (status == KM_OK) status = kmi_sql_copy_text(use, 2, arena, &ret_row->to, error);
    if (status != KM_OK) return status;
    ret_row->memory_id = kmi_arena_copy_text(arena, kmi_uuid_format(&uuid, id_text));
    return ret_row->memory_id != NULL ? KM_OK : kmi_fail(error, KM_E_NOMEM, "out of memory while reading relations");
}

km_status kmi_store_relation_each(kmi_store *store, bool (*visit)(const kmi_relation_row *row, void *context),
                                  void *context, km_error *error) {
    static const char EACH_RELATION[] = "SELECT f.name,r.name,t.name,m.id FROM relations r"
                                        " JOIN entities f ON f.id=r.from_entity JOIN entities t ON t.id=r.to_entity"
                                        " JOIN memories m ON m.seq=r.memory"
                                        " ORDER BY r.memory,r.from_entity,r.name,r.to_entity";
    KMI_CLEANUP_ARENA kmi_arena *arena = kmi_arena_new((size_t)1024 * 1024);
    if (arena == NULL) return kmi_store_fail_nomem(store, error);
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, EACH_RELATION, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    while (status == KM_OK && has_row) {
        kmi_relation_row row = {0};
        kmi_arena_clear(arena);
        status = read_relation(&use, arena, &row, error);
        if (status != KM_OK || !visit(&row, context)) break;
        status = kmi_sql_step(&use, &has_row, error);
    }
    return status;
}
