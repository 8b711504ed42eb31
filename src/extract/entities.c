/* entities.c - finds known names and decides whether an ordinary word is meant as one ("go", "swift", "rust").
 *
 * Order: shapes first (nothing inside a path is a name), then known names, then proper names by context, which take only
 * tokens that are still free. */
#include "extract/entities.h"

#include <string.h>

const kmi_entity_found *kmi_entities_at(const kmi_entity_list *list, size_t at) {
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].from <= at && at < list->items[i].to) return &list->items[i];
    return NULL;
}

void kmi_entities_add(kmi_entity_list *list, kmi_slice name, const char *type, size_t from, size_t to) {
    if (list->count == KMI_ENTITIES_MAX || name.len == 0) return;
    list->items[list->count++] = (kmi_entity_found){name, type, from, to};
}

static bool is_name_like(const kmi_token *token) {
    return (token->flags & (KMI_T_CAPITAL | KMI_T_CODE)) != 0;
}

/* "Spring is the best season" is about no framework. */
static bool is_about_software(const kmi_tokens *tokens, size_t from) {
    for (size_t i = from; i < tokens->count; i++)
        if ((tokens->items[i].flags & (KMI_T_SHAPED | KMI_T_INNER_CAP | KMI_T_ALL_CAPS)) != 0 ||
            kmi_token_is_any(&tokens->items[i],
                             "we|our|us|i|my|framework|library|tool|database|server|service|gateway|used|written|"
                             "deployed|installed|version|plugin|app|code|broker|queue|build|compiler|editor|browser|"
                             "ide|cluster|proxy|cache|store|scheduler|client|team|backend|frontend|tests|configured|"
                             "supported|deprecated|monitoring|logging|orm|platform|stack|software|package|vendor|"
                             "customer|supplier|hosted|replaced|migrated|upgraded|removed|retired|api|cli|sdk|firmware|"
                             "script|scripts|bot|daemon|worker|open-source|running|down|broken|behind|software"))
            return true;
    return false;
}

/* A careful name at the start of a sentence needs a neighbour that makes it one: a version, a verb, another name. */
static bool is_supported(const kmi_names *names, const kmi_tokens *tokens, size_t end, bool is_language) {
    if (end >= tokens->count) return false;
    const kmi_token *next = &tokens->items[end];
    if ((next->flags & KMI_T_NUMBER) != 0 || tokens->items[end - 1].has_possessive) return true;
    if (kmi_token_has(next, KMI_W_BE)) return is_language || is_about_software(tokens, end);
    if (kmi_token_is_any(
            next,
            "code|service|services|app|apps|module|modules|backend|version|library|packages|programs|files|scripts|"
            "bindings|images|containers|charts|jobs|pipelines|dashboards|clusters|has|runs|can|"
            "database|databases|server|servers|instances|queries|licences|licenses|tables|pods|users|nodes|builds|"
            "does|requires|needs|supports|handles|will|doesn't|uses|cannot|for"))
        return true;
    size_t name_end = 0;
    if (kmi_token_is_any(next, "and|or|,|/|&") && end + 1 < tokens->count && is_name_like(&tokens->items[end + 1]))
        return kmi_names_at(names, tokens, end + 1, &name_end) != NULL;
    return false;
}

/* "we use celery", "plain pandas", "postgres and celery": a known tool in small letters. */
static bool is_tool_here(const kmi_tokens *tokens, size_t at, const kmi_entity_list *list) {
    const kmi_token *before = at > 0 ? &tokens->items[at - 1] : NULL;
    if (before == NULL) return false;
    if (kmi_token_is_any(before, "use|uses|using|plain|install|via|through|pip|npm")) return true;
    bool is_listed = kmi_token_is_any(before, "and|or|,|/|plus|with") && at >= 2;
    const kmi_entity_found *neighbour = is_listed ? kmi_entities_at(list, at - 2) : NULL;
    return neighbour != NULL && strcmp(neighbour->type, "technology") == 0;
}

/* "written in go", "a rust service": small letters count only here. */
static bool is_called_for(const kmi_tokens *tokens, size_t at) {
    bool is_used = at >= 2 && kmi_token_is_any(&tokens->items[at - 1], "use|uses|using|learning|prefer") &&
                   kmi_token_is_any(&tokens->items[at - 2], "i|we|they|mostly|still|am|are|is|to");
    bool goes_on = at + 1 >= tokens->count || (tokens->items[at + 1].flags & KMI_T_PUNCT) != 0 ||
                   kmi_token_is_any(&tokens->items[at + 1], "for|and|on|in|because|at|with|but|since|or|over");
    if (is_used && goes_on) return true;
    /* "the api is in go and the cli is in rust" */
    if (at >= 3 && goes_on && kmi_token_is(&tokens->items[at - 1], "in") &&
        kmi_token_is_any(&tokens->items[at - 2], "is|are|was|still|mostly|now|all|it's|be|partly") &&
        is_about_software(tokens, 0))
        return true;
    return at >= 2 && kmi_token_is(&tokens->items[at - 1], "in") &&
           kmi_token_is_any(
               &tokens->items[at - 2],
               "written|built|coded|implemented|programmed|developed|rewritten|prototyped|code|program|tools");
}

static bool is_exact_name(const kmi_names *names, const kmi_tokens *tokens, size_t at, const kmi_name *name) {
    const kmi_token *token = &tokens->items[at];
    kmi_slice text = kmi_tokens_text(tokens, at, at + 1);
    if (!kmi_slice_equal(text, kmi_slice_from(name->name))) return false;
    if (text.len > 1) return true; /* C17 */
    const kmi_token *before = at > 0 ? &tokens->items[at - 1] : NULL;
    const kmi_token *next = at + 1 < tokens->count ? &tokens->items[at + 1] : NULL;
    (void)token;
    if (next != NULL &&
        kmi_token_is_any(next, "code|program|programs|library|compiler|extension|extensions|package|packages|developer|"
                               "programmer|api|bindings|source|files|and|or") &&
        before != NULL &&
        !kmi_token_is_any(
            before,
            "service|plan|team|option|class|type|step|part|section|vitamin|hall|building|group|version|variant"))
        return !kmi_token_is_any(next, "and|or") || kmi_token_is_any(before, "in|using|use|uses|with|write|from");
    size_t end = 0;
    bool follows_name = before != NULL && kmi_token_is_any(before, "and|or|,") && at >= 2 &&
                        kmi_names_at(names, tokens, at - 2, &end) != NULL;
    return before != NULL &&
           (follows_name ||
            kmi_token_is_any(before, "in|using|use|uses|embedded|write|writes|know|knows|learn|prefer|little|"
                                     "prefers|plain|pure|modern|from|ansi|portable|with"));
}

/* "Chop the celery", "a python was found", "React quickly": words of everyday life in a sentence that is about no software. */
static bool is_everyday_thing(const kmi_tokens *tokens, size_t first, size_t at) {
    const kmi_token *token = &tokens->items[at], *before = at > first ? &tokens->items[at - 1] : NULL;
    if (!kmi_token_is_any(token,
                          "python|celery|react|java|perl|panda|pandas|jest|mocha|chai|express|scala|lua|cobra|salt|"
                          "cypress|selenium|solr|spring|storm|hive|puma|sass|less|docker|cucumber|bower|rails"))
        return false;
    if (at == first && at + 1 < tokens->count && kmi_token_is(token, "react"))
        return kmi_slice_ends_with(tokens->items[at + 1].lower, KMI_SLICE_LITERAL("ly")) ||
               kmi_token_is(&tokens->items[at + 1], "to");
    bool is_plain = (token->flags & (KMI_T_CAPITAL | KMI_T_CODE)) == 0 && before != NULL;
    if (is_plain && kmi_token_is_any(token, "react|express|storm|salt") && /* "I react badly" */
        (kmi_token_has(before, KMI_W_I | KMI_W_WE | KMI_W_PRONOUN | KMI_W_AUXILIARY | KMI_W_NEGATION) ||
         kmi_token_is_any(before, "you|they|people|users|who")))
        return true;
    return is_plain && kmi_token_is_any(before, "the|a|some|of|fresh|my|your|his|her") &&
           !is_about_software(tokens, first);
}

static bool is_meant(const kmi_names *names, const kmi_tokens *tokens, size_t first, size_t at, size_t end,
                     const kmi_name *name, const kmi_entity_list *list) {
    const kmi_token *token = &tokens->items[at];
    if (end == at + 1 && is_everyday_thing(tokens, first, at)) return false;
    if (name->care == KMI_NAME_EXACT) return is_exact_name(names, tokens, at, name);
    if (name->care == KMI_NAME_PLAIN || end > at + 1)
        return name->care == KMI_NAME_PLAIN || (token->flags & KMI_T_CAPITAL) != 0;
    if ((token->flags & KMI_T_CODE) != 0) return true;
    /* "my aunt Julia", "Crystal and her team": a name of people, too, where people are spoken of. */
    if (kmi_token_has(token, KMI_W_FIRST_NAME) && at > first &&
        kmi_token_has(&tokens->items[at - 1], KMI_W_ROLE | KMI_W_TITLE))
        return false;
    if (kmi_token_has(token, KMI_W_FIRST_NAME) && end < tokens->count &&
        kmi_token_has(&tokens->items[end], KMI_W_PERSON_VERB) &&
        !kmi_token_is_any(&tokens->items[end], "is|'s|will|can|works|takes|handles|manages|moved|reported|reports"))
        return false;
    if ((token->flags & KMI_T_CAPITAL) == 0)
        return (strcmp(name->type, "language") == 0 && is_called_for(tokens, at)) ||
               (strcmp(name->type, "technology") == 0 && token->lower.len > 3 && token->classes == 0 &&
                is_tool_here(tokens, at, list));
    /* "Store: Cassandra": the value of a label, unless the label is a person's. */
    if (at > first && at <= first + 8 && kmi_token_is(&tokens->items[at - 1], ":") && end >= tokens->count)
        return !(kmi_token_has(token, KMI_W_FIRST_NAME) && at > first + 1 &&
                 kmi_token_has(&tokens->items[at - 2], KMI_W_ROLE));
    bool opens = at == first || (at > 0 && kmi_token_is_any(&tokens->items[at - 1], ".|:|!|?|\"|'|“"));
    return !opens || is_supported(names, tokens, end, strcmp(name->type, "language") == 0) ||
           (token->flags & KMI_T_INNER_CAP) != 0 || strcmp(name->type, "place") == 0;
}

/* A capitalised neighbour makes a known word part of another name: "Contoso Bank", "Vault Street". */
static bool is_part_of_longer(const kmi_tokens *tokens, size_t at, size_t end, const kmi_name *name) {
    if (end < tokens->count && kmi_token_has(&tokens->items[end], KMI_W_COMPANY) &&
        (tokens->items[end].flags & KMI_T_CAPITAL) != 0)
        return true;
    for (size_t i = end + 1; i < tokens->count && i < end + 4 && kmi_token_is(&tokens->items[end], "&"); i++) {
        if ((tokens->items[i].flags & KMI_T_CAPITAL) == 0) break;
        if (i > end + 1 && kmi_token_has(&tokens->items[i], KMI_W_COMPANY)) return true; /* "Harbor & Lane LLP" */
    }
    if (name->care != KMI_NAME_CAREFUL) return false;
    bool next_is_name =
        end < tokens->count && (tokens->items[end].flags & KMI_T_CAPITAL) != 0 && tokens->items[end].word == 0;
    size_t before = at > 1 && kmi_token_is(&tokens->items[at - 1], ".") ? at - 2 : at - 1; /* the dot of "Dr." */
    bool previous_is_first_name = at > 0 && kmi_token_has(&tokens->items[before], KMI_W_FIRST_NAME | KMI_W_TITLE) &&
                                  (tokens->items[before].flags & KMI_T_CAPITAL) != 0;
    if (strcmp(name->type, "place") == 0)
        return previous_is_first_name || (next_is_name && kmi_token_has(&tokens->items[at], KMI_W_FIRST_NAME));
    return next_is_name || previous_is_first_name;
}

/* A place keeps the spelling of the text (Bogotá), and so does a short form that the table knows in small letters (OPA). */
static kmi_slice spelling_of(const kmi_tokens *tokens, size_t at, size_t end, const kmi_name *name) {
    bool has_capital = false;
    for (const char *c = name->name; *c != '\0'; c++)
        has_capital |= (*c >= 'A' && *c <= 'Z') || (unsigned char)*c >= 0x80;
    bool is_place = strcmp(name->type, "place") == 0 && (tokens->items[at].flags & KMI_T_CAPITAL) != 0 &&
                    !tokens->items[end - 1].has_possessive;
    if (!is_place && has_capital) return kmi_slice_from(name->name);
    return tokens->items[end - 1].has_possessive ? kmi_slice_from(name->name) : kmi_tokens_text(tokens, at, end);
}

static void find_known(const kmi_names *names, const kmi_tokens *tokens, size_t first, kmi_entity_list *list) {
    for (size_t at = first; at < tokens->count; at++) {
        size_t end = at + 1;
        if ((tokens->items[at].flags & KMI_T_PUNCT) != 0 || kmi_entities_at(list, at) != NULL) continue;
        const kmi_name *name = kmi_names_at(names, tokens, at, &end);
        if (name == NULL || !is_meant(names, tokens, first, at, end, name, list) ||
            is_part_of_longer(tokens, at, end, name))
            continue;
        if (kmi_token_is(&tokens->items[at], "apache") && end == at + 1 && end < tokens->count &&
            (tokens->items[end].flags & KMI_T_CAPITAL) != 0) { /* Apache Airflow is one thing */
            const kmi_name *rest = kmi_names_at(names, tokens, end, &end);
            name = rest != NULL ? rest : name;
        }
        kmi_entities_add(list, spelling_of(tokens, at, end, name), name->type, at, end);
        at = end - 1;
    }
}

/* The same thing named twice is one entity; a file inside a URL is none of its own. */
static void drop_repeats(kmi_entity_list *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        bool is_new = true;
        for (size_t k = 0; k < kept; k++) is_new &= !kmi_slice_equal_nocase(list->items[k].name, list->items[i].name);
        if (is_new) list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

void kmi_entities_find(const kmi_names *names, const kmi_tokens *tokens, size_t first, kmi_entity_list *ret_list) {
    ret_list->count = 0;
    kmi_entities_find_shapes(tokens, first, ret_list);
    find_known(names, tokens, first, ret_list);
    kmi_entities_find_proper(tokens, first, ret_list);
    drop_repeats(ret_list);
}
