/* relations.c - reads a relation off the word that governs an entity, through one table of cues. */
#include "extract/relations.h"

#include <stdint.h>
#include <string.h>

static const struct {
    const char *words;     /* the cue, at most four tokens before the entity */
    const char *with_type; /* the entity's type must be this, NULL: any */
    const char *name;
} cues[] = {
    {"prefer|prefers|preferred|favour|favours|favor|favors|like|likes|love|loves|favourite|favorite", NULL, "prefers"},
    {"dislike|dislikes|hate|hates|avoid|avoids", NULL, "avoids"},
    {"decided|chose|chosen|picked|selected|adopted|settled|opted|agreed", NULL, "decided"},
    {"replaced|replaces|replace|replacing", NULL, "replaces"},
    {"work|works|worked|working|joined|employed", "organization", "works_at"},
    {"live|lives|based|located|office|moved|headquartered|born|from", "place", "located_at"},
    {"maintained|owned|written|reviewed|led|managed|maintainer|owner|designed", "person", "maintained_by"},
    {"written|built|implemented|rewritten|coded|developed", NULL, "built_with"},
    {"runs|run|hosted|deployed|deploy|deploys|running", NULL, "runs_on"},
    {"stored|stores|store|stores|persisted|kept|cached", NULL, "stored_in"},
    {"depends|requires|needs|require|depend", NULL, "depends_on"},
    {"part|belongs", NULL, "part_of"},
    {"listens|talks|connects|calls|communicates", NULL, "talks_to"},
    {"use|uses|using|used|with|via", NULL, "uses"},
    {"in|at", "place", "located_at"},
    {"in|at|is|are|lives|to", "file", "located_at"},
    {"in|at|is|are|lives|to", "url", "located_at"},
};

static const char *find_cue(const kmi_tokens *tokens, const kmi_entity_found *entity, size_t verb) {
    size_t from = entity->from > 4 ? entity->from - 4 : 0;
    for (size_t i = 0; i < sizeof cues / sizeof cues[0]; i++) {
        if (cues[i].with_type != NULL && strcmp(cues[i].with_type, entity->type) != 0) continue;
        if (verb < entity->from && kmi_token_is_any(&tokens->items[verb], cues[i].words)) return cues[i].name;
        for (size_t k = entity->from; k-- > from;)
            if (kmi_token_is_any(&tokens->items[k], cues[i].words)) return cues[i].name;
    }
    return NULL;
}

static bool is_pronoun(const char *subject) {
    static const char *const pronouns[] = {"it", "they", "he", "she", "these", "those", "there", "you"};
    for (size_t i = 0; subject != NULL && i < sizeof pronouns / sizeof pronouns[0]; i++)
        if (strcmp(subject, pronouns[i]) == 0) return true;
    return false;
}

/* "…, not on Jenkins", "instead of polling": named only to be passed over. */
static bool is_set_aside(const kmi_tokens *tokens, const kmi_entity_found *entity) {
    for (size_t k = entity->from; k-- > 0 && entity->from - k <= 3;) {
        if (kmi_token_is_any(&tokens->items[k], "not|instead|than|over|except")) return true;
        if (kmi_token_is_any(&tokens->items[k], ",|and")) return false;
    }
    return false;
}

/* The side that acts: an entity in the subject, the speaker, the team, or the project itself. */
static const char *find_actor(const kmi_statement *statement, const kmi_entity_list *entities, kmi_arena *arena) {
    for (size_t i = 0; i < entities->count; i++)
        if (entities->items[i].from >= statement->subject_from && entities->items[i].to <= statement->subject_to)
            return kmi_arena_copy(arena, entities->items[i].name);
    if (statement->subject != NULL && strncmp(statement->subject, "user", 4) == 0) return "user";
    if (statement->subject != NULL && strcmp(statement->subject, "team") == 0) return "team";
    return "project";
}

size_t kmi_relations_find(const kmi_tokens *tokens, const kmi_statement *statement, const kmi_entity_list *entities,
                          kmi_arena *arena, kmi_relation relations[KMI_RELATIONS_MAX]) {
    size_t count = 0;
    /* What is denied is no relation, and who "she" is must be known first. */
    if (entities->count == 0 || statement->verb >= tokens->count || statement->is_negative ||
        is_pronoun(statement->subject))
        return 0;
    const char *actor = find_actor(statement, entities, arena);
    if (actor == NULL) return SIZE_MAX;
    for (size_t i = 0; i < entities->count && count < KMI_RELATIONS_MAX; i++) {
        const kmi_entity_found *entity = &entities->items[i];
        if (entity->from < statement->subject_to || strcmp(entity->type, "version") == 0 ||
            strcmp(entity->type, "date") == 0)
            continue;
        const char *name = is_set_aside(tokens, entity) ? NULL : find_cue(tokens, entity, statement->verb);
        if (name == NULL) continue;
        char *to = kmi_arena_copy(arena, entity->name);
        if (to == NULL) return SIZE_MAX;
        relations[count++] = (kmi_relation){actor, name, to};
    }
    /* "We replaced A with B": B replaces A. */
    if (statement->has_change && statement->replaces != NULL && statement->value != NULL && count < KMI_RELATIONS_MAX)
        relations[count++] = (kmi_relation){statement->value, "replaces", statement->replaces};
    return count;
}
