/* entity_proper.c - names that no table knows.
 *
 * A capital letter alone proves nothing: every sentence starts with one. So a run of capitalised words becomes an entity
 * only with a reason: its last word ("Ltd", "Platform"), a known first name or title, or the words around it ("works at",
 * "written by", "lives in", "we use"). A run without a reason is left alone. */
#include "extract/entities.h"

#include <string.h>

typedef struct run {
    size_t from, to; /* tokens, all part of the name */
    bool opens;      /* the first word of the sentence is part of it */
} run;

static const kmi_token *token_at(const kmi_tokens *tokens, size_t first, size_t at, size_t back) {
    return at >= first + back && at - back < tokens->count ? &tokens->items[at - back] : NULL;
}

static bool is_any(const kmi_token *token, const char *words) {
    return token != NULL && kmi_token_is_any(token, words);
}

/* "April Summers", "June Park": a month before a family name, and no month. */
static bool is_month_name(const kmi_tokens *tokens, size_t at) {
    if (!kmi_token_is_any(&tokens->items[at], "april|may|june|august"))
        return kmi_token_has(&tokens->items[at], KMI_W_FIRST_NAME);
    if (at + 1 >= tokens->count || (at > 0 && kmi_token_has(&tokens->items[at - 1], KMI_W_PREPOSITION))) return false;
    const kmi_token *next = &tokens->items[at + 1];
    return (next->flags & (KMI_T_CAPITAL | KMI_T_DIGIT | KMI_T_SHAPED | KMI_T_ALL_CAPS | KMI_T_INNER_CAP)) ==
               KMI_T_CAPITAL &&
           (next->classes & ~(uint32_t)KMI_W_FIRST_NAME) == 0;
}

static bool can_be_in_name(const kmi_tokens *tokens, size_t first, size_t at, const kmi_entity_list *list) {
    const kmi_token *token = &tokens->items[at];
    if (kmi_token_has(token, KMI_W_TITLE) || (token->flags & KMI_T_CAPITAL) == 0 ||
        (token->flags & (KMI_T_PUNCT | KMI_T_CODE)) != 0 || (token->flags & KMI_T_SHAPED) != 0)
        return false;
    if ((token->flags & KMI_T_ALL_CAPS) != 0 && !kmi_token_has(token, KMI_W_COMPANY))
        return false; /* CTO, API: no part of a name */
    if (kmi_entities_at(list, at) != NULL || kmi_token_has(token, KMI_W_WEEKDAY | KMI_W_I | KMI_W_WE | KMI_W_PRONOUN |
                                                                      KMI_W_DETERMINER | KMI_W_AUXILIARY | KMI_W_BE))
        return kmi_token_has(token, KMI_W_FIRST_NAME) && kmi_entities_at(list, at) == NULL;
    if (kmi_token_has(token, KMI_W_MONTH) && !is_month_name(tokens, at)) return false;
    bool opens =
        at == first || (token->flags & KMI_T_CAPITAL && at > 0 && kmi_token_is_any(&tokens->items[at - 1], ":|.|!|?"));
    if (!opens) return true;
    /* The first word counts only if it is no ordinary word. */
    return kmi_token_has(token, KMI_W_FIRST_NAME) ||
           (token->classes & (KMI_W_COMMON | KMI_W_VERB | KMI_W_IMPERATIVE | KMI_W_PREPOSITION | KMI_W_CONJUNCTION |
                              KMI_W_QUESTION | KMI_W_THANKS | KMI_W_GREETING | KMI_W_FILLER | KMI_W_NUMBER |
                              KMI_W_ADVERB | KMI_W_SINGLE | KMI_W_NEGATION | KMI_W_CHANGE)) == 0;
}

static const char particles[] =
    "van|von|de|da|del|della|di|du|des|der|den|la|las|los|le|bin|ibn|al|el|do|dos|das|ter|ten|zu|zum|y|of|&";

static run take_run(const kmi_tokens *tokens, size_t first, size_t at, const kmi_entity_list *list) {
    run found = {at, at + 1, at == first};
    while (found.to < tokens->count && found.to - found.from < 6) {
        const kmi_token *token = &tokens->items[found.to];
        if (tokens->items[found.to - 1].has_possessive) break;
        /* "University of Ghent": a known place inside the name of an organization. */
        if (kmi_token_is(token, "of") && found.to + 1 < tokens->count &&
            kmi_token_is_any(&tokens->items[found.to - 1],
                             "university|bank|institute|ministry|college|city|museum|department|school|academy|port") &&
            (tokens->items[found.to + 1].flags & KMI_T_CAPITAL) != 0) {
            found.to += 2;
            continue;
        }
        size_t behind = found.to; /* "van der Heijden", "de los Ángeles" */
        while (behind < found.to + 3 && behind + 1 < tokens->count &&
               kmi_token_is_any(&tokens->items[behind], particles))
            behind++;
        bool is_particle = behind > found.to && can_be_in_name(tokens, first, behind, list);
        if (!is_particle && !can_be_in_name(tokens, first, found.to, list)) break;
        if (kmi_token_is(token, "of") && !kmi_token_has(&tokens->items[found.to - 1], KMI_W_COMPANY)) break;
        found.to = is_particle ? behind + 1 : found.to + 1;
    }
    return found;
}

/* ---- reasons ---- */

static const char *type_by_last_word(const kmi_tokens *tokens, const run *found) {
    const kmi_token *last = &tokens->items[found->to - 1];
    if (found->to - found->from < 2) return NULL;
    if (kmi_token_has(last, KMI_W_COMPANY) &&
        !kmi_token_is_any(last, "media|energy|systems|solutions|software|analytics|networks"))
        return "organization";
    if (kmi_token_has(last, KMI_W_PRODUCT)) return "project";
    if (kmi_token_has(last, KMI_W_COMPANY)) return "organization";
    if (kmi_token_is_any(last, "island|islands|valley|county|province|beach|bay|hills|springs|heights|peninsula"))
        return "place";
    const kmi_token *head = &tokens->items[found->from];
    return kmi_token_is_any(head,
                            "university|bank|institute|ministry|college|city|church|order|society|museum|"
                            "department|school|academy|stiftung|verein|stichting|fondation|fondazione|"
                            "fundación|fundação|fundacja|università|universität|université|universidad|"
                            "universiteit|hochschule|klinikum|banco|banque|banca|compagnie|società|gruppo|"
                            "grupo|cooperativa|association|asociación|associação|hotel|café|restaurante|"
                            "ristorante|gasthaus|autohaus|bäckerei|papierhaus|druckerei|kanzlei|praxis|ministerio|"
                            "instituto|institut|escuela|école|clínica|clinique|hospital|club|team|fc")
               ? "organization"
               : NULL;
}

/* "Zoltán Halmosi", "Mette Sundqvist": two unknown words, the last with an ending that names of families have. */
static bool has_surname_ending(const kmi_tokens *tokens, const run *found) {
    static const char *const endings[] = {
#include "extract/surname_endings.inc"
    };
    const kmi_token *head = &tokens->items[found->from], *last = &tokens->items[found->to - 1];
    if (found->to != found->from + 2 || (head->classes & ~(uint32_t)KMI_W_FIRST_NAME) != 0 ||
        (last->classes & ~(uint32_t)KMI_W_FIRST_NAME) != 0 || last->lower.len < 5 || head->lower.len < 3)
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (last->lower.len > strlen(endings[i]) && kmi_slice_ends_with(last->lower, kmi_slice_from(endings[i])))
            return true;
    return (head->flags & KMI_T_ACCENTED) != 0 && (last->flags & KMI_T_ACCENTED) != 0;
}

static bool is_person_by_name(const kmi_tokens *tokens, size_t first, const run *found) {
    const kmi_token *head = &tokens->items[found->from];
    const kmi_token *before = token_at(tokens, first, found->from, 1);
    if (before != NULL && kmi_token_is(before, ".")) /* "Dr." is a token and its dot another */
        before = token_at(tokens, first, found->from, 2);
    if (before != NULL && kmi_token_has(before, KMI_W_TITLE)) return true;
    /* "Hanneke de Vries": a particle in small letters between two capitalised words. */
    for (size_t i = found->from + 1; i + 1 < found->to; i++)
        if ((tokens->items[i].flags & KMI_T_CAPITAL) == 0 &&
            kmi_token_is_any(&tokens->items[i],
                             "van|von|de|der|den|del|della|di|du|da|do|dos|das|bin|ibn|ter|ten|al|el|los|las|zu"))
            return true;
    if (has_surname_ending(tokens, found)) return true;
    if (kmi_token_has(head, KMI_W_MONTH) && found->to - found->from >= 2) return true; /* see is_month_name() */
    if (!kmi_token_has(head, KMI_W_FIRST_NAME)) return false;
    if (found->to - found->from >= 2) return true;
    /* Alone, a first name that is also a word ("Will", "Mark", "Grace") needs more than its capital at the start. */
    const kmi_token *next = found->to < tokens->count ? &tokens->items[found->to] : NULL;
    if (found->opens &&
        kmi_token_is_any(head, "grace|chase|hope|faith|joy|pat|art|grant|drew|lance|skip|chip|cliff|dawn|rich|"
                               "frank|jack|guy|dean|rose|bill|sandy|penny|holly|ivy|daisy|violet|iris|olive|"
                               "amber|pearl|summer|autumn|sky|reed|wade|trip|chance|hunter|mason|carter|"
                               "cooper|tanner|porter|page|major|king|prince|angel|melody|harmony|destiny"))
        return head->has_possessive || (next != NULL && kmi_token_has(next, KMI_W_PERSON_VERB));
    return !found->opens || (head->classes & ~(uint32_t)(KMI_W_FIRST_NAME | KMI_W_COMMON)) == 0;
}

/* Walks back over articles, adjectives in small letters and dots to the word that governs a run. */
static size_t governor_of(const kmi_tokens *tokens, size_t first, size_t at) {
    while (at > first && kmi_token_is_any(&tokens->items[at - 1], "the|our|a|an|new|old|company|city|town|firm|\"|'|“"))
        at--;
    return at;
}

/* "ask …", "written by …", "reports to …", "with approval from …": the words `b` and `a` before a name. */
static bool is_said_of_person(const kmi_token *a, const kmi_token *b, size_t words) {
    if (is_any(a, "ask|contact|ping|notify|cc|thank|meet|email|tell|phone|consult") ||
        (is_any(a, "me") && is_any(b, "call")))
        return true;
    if (is_any(a, "call") && words <= 3) return true;
    if (is_any(a, "by") && is_any(b, "written|maintained|owned|done|led|managed|reviewed|approved|designed|created|"
                                     "handled|run|signed|authored|reported|found|fixed|supervised|headed|tested|made|"
                                     "implemented|assigned|started|proposed|suggested|requested|decided"))
        return true;
    if (is_any(a, "to") && is_any(b, "assigned|reports|report|belongs|talk|speak|escalate|delegated|ask|handed"))
        return true;
    if (is_any(a, "from|by|with") &&
        is_any(b, "approval|review|sign-off|permission|input|help|feedback|together|paired|pairing"))
        return true;
    return false;
}

static bool is_person_by_context(const kmi_tokens *tokens, size_t first, const run *found) {
    const kmi_token *a = token_at(tokens, first, found->from, 1), *b = token_at(tokens, first, found->from, 2),
                    *c = token_at(tokens, first, found->from, 3);
    const kmi_token *next = found->to < tokens->count ? &tokens->items[found->to] : NULL;
    size_t words = found->to - found->from;
    if (is_any(a, "dear|hi|hello|hey") && token_at(tokens, first, found->from, 2) == NULL) return true;
    if (is_said_of_person(a, b, words)) return true;
    if (is_any(a, "is") &&
        (is_any(b, "name") || (b != NULL && kmi_token_has(b, KMI_W_ROLE)) || is_any(b, "surname|nickname")))
        return true;
    if (is_any(a, "i'm|im") || (is_any(a, "am") && is_any(b, "i")))
        return next == NULL || is_any(next, ",|and|.|from|-|–|—|!|the");
    if (is_any(a, "is|was|:") &&
        (is_any(b, "owner|maintainer|author|contact|lead|manager|reviewer|boss|ceo|cto|founder") ||
         (is_any(c, "of|for") || (found->from > first + 4 && is_any(token_at(tokens, first, found->from, 4),
                                                                    "owner|maintainer|lead|contact|head")))))
        return is_any(b, "owner|maintainer|author|contact|lead|manager|reviewer|boss|ceo|cto|founder") ||
               is_any(token_at(tokens, first, found->from, 4), "owner|maintainer|lead|contact|head") ||
               is_any(token_at(tokens, first, found->from, 5), "owner|maintainer|lead|contact|head");
    if (a != NULL && kmi_token_has(a, KMI_W_ROLE) && (a->flags & KMI_T_CAPITAL) == 0) return true;
    if (words >= 2 && is_any(a, ",") && b != NULL && kmi_token_has(b, KMI_W_ROLE))
        return true; /* "the intern, Hye-jin Park" */
    if (is_any(a, "only") && is_any(next, "can|may|has|is|knows")) return true;
    if (next != NULL && (!found->opens || words >= 2) &&
        is_any(next, "joined|said|thinks|wrote|suggested|retires|prefers|leaves|approves|reviews|believes|likes|loves|"
                     "hates|joins|asked|told|knows|wants|owns|maintains|leads"))
        return true;
    if (words >= 2 && words <= 3 && next != NULL && kmi_token_has(next, KMI_W_PERSON_VERB) &&
        !kmi_token_is_any(next, "is|'s|will|can|works|takes|handles|manages|moved|worked"))
        return true;
    /* "Ingrid Solberg is our release manager" */
    if (words >= 2 && is_any(next, "is|was") && found->to + 1 < tokens->count) {
        for (size_t i = found->to + 1; i < tokens->count && i < found->to + 8; i++)
            if (kmi_token_has(&tokens->items[i], KMI_W_ROLE) ||
                kmi_token_is_any(&tokens->items[i], "responsible|on-call"))
                return true;
        for (size_t i = found->to + 1; i + 1 < tokens->count && i < found->to + 4; i++)
            if (kmi_token_is(&tokens->items[i], "on") &&
                kmi_token_is_any(&tokens->items[i + 1], "call|vacation|leave|holiday|parental|sick"))
                return true;
    }
    return next != NULL && found->opens && words == 1 && kmi_token_is(next, ",") && found->to + 2 < tokens->count &&
           (kmi_token_has(&tokens->items[found->to + 2], KMI_W_ROLE));
}

static bool is_organization_by_context(const kmi_tokens *tokens, size_t first, const run *found) {
    size_t at = governor_of(tokens, first, found->from);
    const kmi_token *a = token_at(tokens, first, at, 1), *b = token_at(tokens, first, at, 2);
    if (is_any(a, "at|for|with") &&
        is_any(b, "work|works|worked|working|job|employed|consultant|intern|interned|engineer|developer|manager|lead|"
                  "hired|freelance|analyst|tester|contract|contracted|partnered"))
        return true;
    /* "we buy the boards from Nordic Semiconductor" */
    for (size_t i = first; is_any(a, "from") && i < at; i++)
        if (kmi_token_is_any(&tokens->items[i], "buy|buys|bought|buying|order|orders|ordered|rent|rents|rented|lease|"
                                                "leases|leased|purchase|purchased|source|sourced|license|licensed|"
                                                "supplied|delivered|invoice|invoices|quote|quotes|subscribe"))
            return true;
    if (is_any(a, "joined|joining|acquired|joins|left|leaving") ||
        (is_any(a, "by") && is_any(b, "acquired|bought|employed|hired|sponsored|funded")))
        return true;
    if (is_any(a, "is|are|:|called|named") &&
        is_any(b, "vendor|customer|client|supplier|partner|carrier|competitor|employer|company|provider|agency|sponsor|"
                  "contractor|bank|insurer|firm|startup"))
        return true;
    if (is_any(a, "vendor|customer|client|supplier|partner|carrier|competitor|employer|agency|contractor")) return true;
    const kmi_token *next = found->to < tokens->count ? &tokens->items[found->to] : NULL;
    if (is_any(next, "is|are")) {
        for (size_t i = found->to + 1; i < tokens->count && i < found->to + 6; i++)
            if (kmi_token_is_any(&tokens->items[i], "vendor|customer|client|supplier|carrier|competitor|employer|"
                                                    "company|agency|contractor|insurer|reseller|distributor"))
                return true;
    }
    return false;
}

static bool is_place_by_context(const kmi_tokens *tokens, size_t first, const run *found) {
    size_t at = governor_of(tokens, first, found->from);
    const kmi_token *a = token_at(tokens, first, at, 1), *b = token_at(tokens, first, at, 2);
    if (is_any(a, "in|near|to|from|at") &&
        is_any(b, "live|lives|lived|living|based|located|office|offices|born|moved|move|grew|up|travel|travelled|place|"
                  "headquartered|headquarters|commute|i'm|am|staying|resides|relocated|flew|datacenter|warehouse|"
                  "factory|plant|branch|office's"))
        return is_any(a, "in|near|from") || is_any(b, "moved|relocated|travel|travelled|flew|commute");
    /* "Nordlicht GmbH in Kiel" */
    if (is_any(a, "in|from") && b != NULL && kmi_token_has(b, KMI_W_COMPANY) && (b->flags & KMI_T_CAPITAL) != 0)
        return true;
    return is_any(a, "in") && is_any(b, "is|are|held") && found->to >= tokens->count - 1 &&
           is_any(token_at(tokens, first, at, 3), "office|team|headquarters|support|teammates|warehouse|factory|server|"
                                                  "servers|datacenter|customers|meetup|conference");
}

static bool is_project_by_context(const kmi_tokens *tokens, size_t first, const run *found) {
    size_t at = governor_of(tokens, first, found->from);
    const kmi_token *a = token_at(tokens, first, at, 1);
    const kmi_token *next = found->to < tokens->count ? &tokens->items[found->to] : NULL;
    if (is_any(a, "project|codename|codenamed") || is_any(next, "project|initiative|codebase|repo|repository"))
        return true;
    /* "we are building the Coastal Erosion Monitor" */
    if (found->to >= found->from + 2 && at < found->from &&
        is_any(a, "building|build|developing|develop|launching|launched|shipping|releasing|released|maintaining|"
                  "prototyping|rewriting|redesigning|porting|designing|started|begun|finishing|kicking|planning"))
        return true;
    bool is_naming = is_any(a, "called|named|codenamed|titled") ||
                     (is_any(a, "to|as") && is_any(token_at(tokens, first, at, 2), "renamed|rebranded"));
    /* "the internal name of the tool is Marmot" */
    if (!is_naming && is_any(a, "is|:"))
        for (size_t i = first; i < found->from && !is_naming; i++)
            is_naming = kmi_token_is_any(&tokens->items[i], "name|codename|nickname|title") &&
                        !(i > first && kmi_token_has(&tokens->items[i - 1], KMI_W_I | KMI_W_PRONOUN));
    if (!is_naming) return false;
    for (size_t i = first; i < found->from; i++)
        if (kmi_token_has(&tokens->items[i], KMI_W_PRODUCT) ||
            kmi_token_is_any(&tokens->items[i], "project|product|repository|repo|game|program|bot|tool|prototype|"
                                                "package|crate|plugin|extension|database|cluster|robot"))
            return true;
    return false;
}

static bool is_identifier(const kmi_token *token) {
    static const char *const endings[] = {"service", "controller", "factory",    "manager",  "handler",  "exception",
                                          "error",   "bean",       "repository", "provider", "type",     "test",
                                          "model",   "view",       "component",  "helper",   "utils",    "config",
                                          "impl",    "case",       "builder",    "adapter",  "listener", "options",
                                          "state",   "props",      "()",         NULL};
    for (size_t i = 0; endings[i] != NULL; i++)
        if (kmi_slice_ends_with(token->lower, kmi_slice_from(endings[i]))) return true;
    return token->lower.len > 16;
}

static bool is_technology_by_context(const kmi_tokens *tokens, size_t first, const run *found) {
    const kmi_token *head = &tokens->items[found->from];
    size_t words = found->to - found->from;
    size_t at = governor_of(tokens, first, found->from);
    const kmi_token *a = token_at(tokens, first, at, 1), *b = token_at(tokens, first, at, 2);
    if (words > 2 || is_identifier(head) || (head->flags & KMI_T_ALL_CAPS) != 0) return false;
    if (is_any(a, "use|uses|using|used|adopt|adopted|adopting|prefer|prefers|chose|picked|install|installed|via|"
                  "embrace|embraced"))
        return true;
    if (is_any(a, "by|with") &&
        is_any(
            b,
            "replaced|replace|replacing|built|powered|generated|backed|managed|monitored|compiled|packaged|provisioned|"
            "formatted|linted|tested|shipped|collected|ingested|forwarded|scraped|indexed|cached|served|proxied|made|"
            "written|developed|secured|combined|orchestrated|rendered|bundled"))
        return true;
    if (is_any(a, "to|from") && is_any(b, "switched|migrated|moved|switch|migrate|move|switching|migrating|moving|"
                                          "upgraded|changed|exported|synced|sent|deploy|moves|pushed|published"))
        return true;
    if (is_any(a, "to") && found->from >= first + 4 && is_any(token_at(tokens, first, at, 3), "from")) return true;
    if (is_any(a, "on|in|with|inside|behind|under") &&
        is_any(b, "runs|run|running|built|hosted|deployed|written|based|implemented|stored|developed|works|work|lives|"
                  "queue|wrote|live|rewritten|ported|backed|tracked|documented|modelled|prototyped|monitored"))
        return is_any(a, "on|with") || (head->flags & KMI_T_INNER_CAP) != 0 ||
               is_any(b, "written|implemented|built|stored|wrote|rewritten|queue|tracked|documented|modelled|"
                         "prototyped|monitored");
    const kmi_token *next = found->to < tokens->count ? &tokens->items[found->to] : NULL;
    if (is_any(next,
               "library|framework|plugin|cli|sdk|orm|database|cluster|server|broker|step|pipeline|container|operator|"
               "exporter|runner|chart|extension|middleware|driver|daemon|syntax|backend|queue|topic") &&
        !found->opens)
        return true;
    return words == 1 && (head->flags & KMI_T_INNER_CAP) != 0 && !is_any(head, "pascalcase|camelcase");
}

static const char *type_of(const kmi_tokens *tokens, size_t first, const run *found) {
    const char *type = type_by_last_word(tokens, found);
    if (type != NULL) return type;
    if (is_project_by_context(tokens, first, found)) return "project";
    if (is_organization_by_context(tokens, first, found)) return "organization";
    if (is_place_by_context(tokens, first, found)) return "place";
    if (is_person_by_name(tokens, first, found) || is_person_by_context(tokens, first, found)) return "person";
    return is_technology_by_context(tokens, first, found) ? "technology" : NULL;
}

/* "Tom Baker and Yuki Tanaka": what stands beside a person with "and" is one too, and so for other types. */
static const char *type_of_neighbour(const kmi_tokens *tokens, size_t first, const run *found,
                                     const kmi_entity_list *list) {
    if (found->from < first + 2 || !kmi_token_is_any(&tokens->items[found->from - 1], "and|or|,|&")) return NULL;
    size_t at = found->from - 2;
    if (kmi_token_is(&tokens->items[at], ",") && at > first) at--;
    const kmi_entity_found *neighbour = kmi_entities_at(list, at);
    if (neighbour == NULL) return NULL;
    bool spreads = strcmp(neighbour->type, "person") == 0 || strcmp(neighbour->type, "organization") == 0 ||
                   strcmp(neighbour->type, "place") == 0 || strcmp(neighbour->type, "technology") == 0;
    return spreads ? neighbour->type : NULL;
}

/* What the longer name holds is no entity of its own. */
static void drop_inside(const run *found, kmi_entity_list *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].from < found->from || list->items[i].to > found->to) list->items[kept++] = list->items[i];
    list->count = kept;
}

static void add_run(const kmi_tokens *tokens, run found, const char *type, kmi_entity_list *list) {
    kmi_slice name = kmi_tokens_text(tokens, found.from, found.to);
    const kmi_token *last = &tokens->items[found.to - 1];
    if (last->has_possessive) /* the blank of "Weber's" is a "'s" or "’s" */
        name.len = name.len >= 2 && name.ptr[name.len - 2] == '\'' ? name.len - 2
                   : name.len >= 4                                 ? name.len - 4
                                                                   : name.len;
    drop_inside(&found, list);
    kmi_entities_add(list, name, type, found.from, found.to);
}

/* "ping björn lindqvist": in a text without capitals a first name counts beside a word that calls for people. */
static bool find_small_name(const kmi_tokens *tokens, size_t first, size_t at, kmi_entity_list *list) {
    const kmi_token *token = &tokens->items[at], *before = token_at(tokens, first, at, 1);
    const kmi_token *next = at + 1 < tokens->count ? &tokens->items[at + 1] : NULL;
    if ((token->classes & ~(uint32_t)KMI_W_COMMON) != KMI_W_FIRST_NAME || kmi_entities_at(list, at) != NULL ||
        (token->flags & (KMI_T_CAPITAL | KMI_T_SHAPED | KMI_T_CODE | KMI_T_DIGIT)) != 0)
        return false;
    bool is_called =
        is_any(before, "ping|ask|tell|cc|contact|call|email|notify|with|by|from|to|and|for|meet|dear|hi|hey|is") ||
        (before != NULL && kmi_token_has(before, KMI_W_ROLE | KMI_W_TITLE));
    bool acts =
        next != NULL && (kmi_token_has(next, KMI_W_PERSON_VERB) || kmi_token_is_any(next, "is|has|was|and|doesn't"));
    if (!is_called && !acts && !token->has_possessive) return false;
    bool has_surname = is_called && next != NULL && next->classes == 0 && next->lower.len > 3 &&
                       (next->flags & (KMI_T_SHAPED | KMI_T_PUNCT | KMI_T_DIGIT | KMI_T_CAPITAL)) == 0 &&
                       kmi_entities_at(list, at + 1) == NULL &&
                       !kmi_slice_ends_with(next->lower, KMI_SLICE_LITERAL("ing")) &&
                       !kmi_slice_ends_with(next->lower, KMI_SLICE_LITERAL("ed")) && next->word == 0;
    add_run(tokens, (run){at, at + 1 + has_surname, at == first}, "person", list);
    return true;
}

void kmi_entities_find_proper(const kmi_tokens *tokens, size_t first, kmi_entity_list *list) {
    for (size_t at = first; at < tokens->count; at++) {
        if (!can_be_in_name(tokens, first, at, list)) {
            (void)find_small_name(tokens, first, at, list);
            continue;
        }
        run found = take_run(tokens, first, at, list);
        const char *type = type_of(tokens, first, &found);
        if (type == NULL) type = type_of_neighbour(tokens, first, &found, list);
        if (type != NULL) add_run(tokens, found, type, list);
        at = found.to - 1;
    }
}
